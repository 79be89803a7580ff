//! What a person sees and can do, on views mounted into the page.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on must fail"
)]

#[path = "view/days.rs"]
mod days;
#[path = "view/long.rs"]
mod long;
#[path = "view/page.rs"]
mod page;
#[path = "view/payments.rs"]
mod payments;
#[path = "view/rows.rs"]
mod rows;
#[path = "view/strangers.rs"]
mod strangers;

use dm3_core::delivery::Refusal;
use dm3_core::device::Notice;
use dm3_core::identity::Address;
use dm3_core::ports::Unreachable;
use dm3_core::session::FindError;
use dm3_core::web::Outage;
use dm3_widget::app::fault::Fault;
use dm3_widget::app::state::*;
use dm3_widget::app::{Act, Command, SettingsAsk};
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::*;
use web_sys::{Event, EventInit, HtmlElement, HtmlTextAreaElement};

use page::*;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn without_a_wallet_it_is_said_and_can_be_looked_for_again() {
    let mut page = Page::sign_in(SignInStep::Connect { wallets: vec![] }).await;
    assert!(page.text().contains("No wallet was found"));
    page.click("Look again").await;
    assert_eq!(page.asked(), [Command::UseAnotherWallet]);
}

#[wasm_bindgen_test]
async fn the_only_wallet_is_connected_at_once() {
    let mut page = Page::sign_in(SignInStep::Connect { wallets: vec![wallet("MetaMask")] }).await;
    page.click("Connect wallet").await;
    assert_eq!(page.asked(), [Command::Connect("id of MetaMask".into())]);
}

#[wasm_bindgen_test]
async fn of_several_wallets_one_is_chosen_by_its_name() {
    let wallets = vec![wallet("MetaMask"), wallet("Rabby")];
    let mut page = Page::sign_in(SignInStep::Connect { wallets }).await;
    page.click("Connect wallet").await;
    assert_eq!(page.asked(), []);
    page.click("Rabby").await;
    assert_eq!(page.asked(), [Command::Connect("id of Rabby".into())]);
}

#[wasm_bindgen_test]
async fn a_step_shows_the_exact_text_before_the_wallet_opens() {
    let mut page = Page::sign_in(keys_step()).await;
    assert_eq!(page.one("details pre").text_content().unwrap(), "the exact text");
    page.click("Create keys").await;
    assert_eq!(page.asked(), [Command::CreateKeys]);
}

#[wasm_bindgen_test]
async fn a_refused_step_says_so_and_can_be_repeated_or_left() {
    let mut page = Page::open(|s| s.screen.set(sign_in(keys_step(), None, declined()))).await;
    assert!(
        page.one("[role=alert]")
            .text_content()
            .unwrap()
            .starts_with("You declined the request in your wallet.")
    );
    page.click("Create keys").await;
    page.click("Use another wallet").await;
    assert_eq!(page.asked(), [Command::CreateKeys, Command::UseAnotherWallet]);
}

#[wasm_bindgen_test]
async fn a_step_is_not_asked_for_twice_while_the_wallet_waits() {
    let mut page = Page::open(|s| s.screen.set(sign_in(keys_step(), Some(Busy::Wallet), None))).await;
    page.click("Waiting for your wallet").await;
    assert_eq!(page.asked(), []);
    assert_eq!(page.one("[aria-disabled=true]").text_content().unwrap(), "Waiting for your wallet…");
}

#[wasm_bindgen_test]
async fn the_unfolded_text_stays_unfolded_when_the_step_fails() {
    let page = Page::sign_in(keys_step()).await;
    page.one("details").set_attribute("open", "").unwrap();
    page.state.screen.set(sign_in(keys_step(), None, declined()));
    settled().await;
    assert!(page.one("details").has_attribute("open"));
}

#[wasm_bindgen_test]
async fn enter_in_the_search_field_opens_what_is_typed() {
    let mut page = Page::list(vec![]).await;
    page.type_text("input", "  alice.eth ").await;
    page.press_enter("input", |_| ()).await;
    let typed = Command::LookUp("  alice.eth ".into());
    assert_eq!(page.asked(), [typed, Command::Open("alice.eth".into())]);
}

#[wasm_bindgen_test]
async fn enter_that_belongs_to_an_input_method_opens_nothing() {
    let mut page = Page::list(vec![]).await;
    page.type_text("input", "ありす").await;
    page.press_enter("input", |key| key.set_is_composing(true)).await;
    // Safari says of the Enter that ends a composition that it is over.
    page.press_enter("input", |key| key.set_key_code(229)).await;
    // What is typed is looked up, and nothing is opened.
    assert_eq!(page.asked(), [Command::LookUp("ありす".into())]);
}

#[wasm_bindgen_test]
async fn where_there_is_room_the_list_stands_beside_the_conversation_and_marks_its_row() {
    let page = Page::thread(bob(), vec![bubble(1, "hi", Delivery::Received)]).await;
    page.state.conversations.set(Some(vec![row(carol(), "hello", 0), row(bob(), "hi", 0)]));
    settled().await;
    assert_eq!(page.all(".side .row").len(), 0);
    let message = page.one(".message");
    page.state.wide.set(true);
    settled().await;
    assert_eq!(page.texts(".side .name"), ["0x15d3…6A65", "bob.eth"]);
    assert_eq!(page.texts(".side [aria-current=true] .name"), ["bob.eth"]);
    // What was there is still the same.
    assert_eq!(page.one(".main .message"), message);
    page.state.thread.set(None);
    page.state.screen.set(Screen::List);
    settled().await;
    assert_eq!(page.all("[aria-current]").len(), 0);
    assert_eq!(page.texts(".main h3"), ["No conversation is open"]);
    page.state.wide.set(false);
    settled().await;
    assert_eq!((page.all(".side .row").len(), page.all(".main > *").len()), (2, 0));
}

#[wasm_bindgen_test]
async fn escape_leads_back_where_the_panel_cannot_be_closed() {
    let mut page = Page::thread(bob(), vec![]).await;
    page.press_enter("textarea", |key| key.set_key("Escape")).await;
    assert_eq!(page.asked(), []);
    page.state.closable.set(false);
    settled().await;
    page.press_enter("textarea", |key| key.set_key("Escape")).await;
    assert_eq!(page.asked(), [Command::Back]);
    page.state.composing.set(Composing::Reply(dm3_core::thread::Quote {
        hash: hash(1),
        own: false,
        shown: dm3_core::thread::Quoted::Text("hi".into()),
    }));
    settled().await;
    page.press_enter("textarea", |key| key.set_key("Escape")).await;
    // That it is no answer any more is kept with the draft.
    let kept = vec![Command::Typed(String::new())];
    assert_eq!((page.asked(), page.state.composing.get_untracked()), (kept, Composing::New));
}

#[wasm_bindgen_test]
async fn typing_finds_conversations_by_name_and_by_address() {
    let page = Page::list(vec![row(bob(), "hi", 0), row(carol(), "hello", 0)]).await;
    assert_eq!(page.all("li").len(), 2);
    page.type_text("input", "BOB").await;
    assert_eq!(page.texts("li .name"), ["bob.eth"]);
    page.type_text("input", "0x15d34a").await;
    assert_eq!(page.texts("li .name"), ["0x15d3…6A65"]);
}

#[wasm_bindgen_test]
async fn a_long_list_draws_its_first_rows_and_the_others_as_somebody_scrolls() {
    let peer = |n: u8| Person { address: Address::from_bytes([n; 20]), ..person(None, BOB) };
    let page = Page::list((0..100).map(|n| row(peer(n), "hello", 0)).collect()).await;
    for (drawn, next) in [(40, "scroll"), (80, "focusin"), (100, "scroll"), (100, "scroll")] {
        assert_eq!(page.all(".row").len(), drawn);
        page.one(".list").dispatch_event(&Event::new(next).unwrap()).unwrap();
        settled().await;
    }
    page.state.conversations.update(|rows| rows.as_mut().unwrap().truncate(60));
    settled().await;
    assert_eq!(page.all(".row").len(), 60);
}

#[wasm_bindgen_test]
async fn the_list_is_one_stop_of_the_tab_key_at_the_row_that_had_the_focus_last() {
    let peer = |n: u8| Person { address: Address::from_bytes([n; 20]), ..person(None, BOB) };
    let page = Page::list((0..3).map(|n| row(peer(n), "hello", 0)).collect()).await;
    let stops =
        || page.all(".row").iter().map(|row| row.get_attribute("tabindex").unwrap()).collect::<Vec<_>>();
    assert_eq!(stops(), ["0", "-1", "-1"]);
    let row_at = |place: usize| page.all(".row")[place].clone().unchecked_into::<HtmlElement>();
    row_at(0).focus().unwrap();
    settled().await;
    for (key, place) in [("End", 2), ("ArrowUp", 1), ("Home", 0), ("ArrowDown", 1)] {
        page.press_enter(".row[tabindex='0']", |it| it.set_key(key)).await;
        assert!(row_at(place).is_same_node(document().active_element().as_deref()), "{key}");
        assert_eq!(stops().iter().position(|stop| stop == "0"), Some(place), "{key}");
        assert_eq!(page.all(".row[tabindex='0']").len(), 1);
    }
    // Where that row is not listed, the first is.
    page.state.conversations.update(|rows| drop(rows.as_mut().unwrap().remove(1)));
    settled().await;
    assert_eq!(stops(), ["0", "-1"]);
}

#[wasm_bindgen_test]
async fn the_account_menu_closes_by_escape_which_leads_back_to_its_button_and_by_a_press_beside_it() {
    let page = Page::list(vec![row(bob(), "hi", 0)]).await;
    page.state.account.set(Some(bob()));
    settled().await;
    page.click("Account").await;
    page.button("Sign out").focus().unwrap();
    page.press_enter(".menu-card > .button:last-child", |key| key.set_key("Escape")).await;
    assert_eq!(page.all(".menu-card").len(), 0);
    assert!(page.button("Account").is_same_node(document().active_element().as_deref()));
    page.click("Account").await;
    let press = |selector: &str| {
        let bubbling = EventInit::new();
        bubbling.set_bubbles(true);
        let pressed = Event::new_with_event_init_dict("pointerdown", &bubbling).unwrap();
        page.one(selector).dispatch_event(&pressed).unwrap();
    };
    press(".menu-card");
    settled().await;
    assert_eq!(page.all(".menu-card").len(), 1);
    press(".list");
    settled().await;
    assert_eq!(page.all(".menu-card").len(), 0);
}

#[wasm_bindgen_test]
async fn a_row_tells_what_is_new_and_opens_its_conversation() {
    let mut page = Page::list(vec![row(bob(), "Is it still for sale?", 3)]).await;
    assert_eq!(page.texts(".unread"), ["3 unread messages"]);
    assert_eq!(page.texts(".preview"), ["Is it still for sale?"]);
    page.click("bob.eth").await;
    assert_eq!(page.asked(), [Command::OpenPeer(BOB.parse::<Address>().unwrap())]);
}

#[wasm_bindgen_test]
async fn only_a_name_that_was_resolved_has_the_verified_sign() {
    let page = Page::list(vec![row(bob(), "hi", 0), row(carol(), "hello", 0)]).await;
    assert_eq!(page.all(".row-top [role=img][aria-label='verified name']").len(), 1);
    assert!(page.all("li")[0].query_selector(".verified").unwrap().is_some());
}

#[wasm_bindgen_test]
async fn an_unknown_name_is_said_in_an_alert() {
    let page = Page::list(vec![]).await;
    page.state.lookup.set(Lookup::Failed(Fault::Find(FindError::Unknown("nobody.eth".parse().unwrap()))));
    settled().await;
    assert!(
        page.one("[role=alert]").text_content().unwrap().starts_with("Nobody is registered as nobody.eth.")
    );
}

#[wasm_bindgen_test]
async fn messages_stand_in_the_log_in_their_order_with_their_side() {
    let messages = vec![bubble(1, "Hi!", Delivery::Received), bubble(2, "Hello", Delivery::Sent)];
    let page = Page::thread(bob(), messages).await;
    assert_eq!(page.texts("[role=log] [part~=message]"), ["Hi!", "Hello"]);
    assert_eq!(page.texts("[role=log] [part~=message-own]"), ["Hello"]);
}

#[wasm_bindgen_test]
async fn markup_in_a_message_is_shown_as_text() {
    let text = "<img src=x onerror=alert(1)><b>bold</b>";
    let page = Page::thread(bob(), vec![bubble(1, text, Delivery::Received)]).await;
    assert_eq!(page.texts("[part~=message]"), [text]);
    assert_eq!(page.all("[part~=message] img, [part~=message] b").len(), 0);
}

#[wasm_bindgen_test]
async fn how_far_a_message_has_come_is_said_in_words() {
    let mut page = Page::thread(bob(), vec![bubble(1, "Hello", Delivery::Sending)]).await;
    assert!(page.texts(".meta")[0].ends_with("sending"));
    page.state.thread.set(Some(thread(bob(), vec![bubble(1, "Hello", Delivery::Waiting)])));
    settled().await;
    assert!(page.texts(".meta span")[0].ends_with("waiting"));
    page.click("Don’t send").await;
    assert_eq!(page.asked(), [Command::act(Act::Stop(hash(1)))]);
    page.state.thread.set(Some(thread(bob(), vec![bubble(1, "Hello", Delivery::Sent)])));
    settled().await;
    assert!(page.texts(".meta")[0].ends_with("sent"));
}

#[wasm_bindgen_test]
async fn a_failed_message_can_be_sent_again() {
    let failed = Delivery::Failed(Refusal::Rejected("it is full".into()));
    let mut page = Page::thread(bob(), vec![bubble(7, "Hello", failed)]).await;
    assert!(
        page.one(".meta-failed")
            .text_content()
            .unwrap()
            .contains("not sent: the receiver’s delivery service refuses the message: it is full")
    );
    page.click("Retry").await;
    assert_eq!(page.asked(), [Command::act(Act::Resend(hash(7)))]);
}

#[wasm_bindgen_test]
async fn only_a_failure_that_has_just_happened_is_said_aloud() {
    let refused = |why: &str| Delivery::Failed(Refusal::Rejected(why.into()));
    let messages =
        |second, third| vec![bubble(1, "A", refused("old")), bubble(2, "B", second), bubble(3, "C", third)];
    let page = Page::thread(bob(), messages(Delivery::Sending, Delivery::Waiting)).await;
    assert_eq!(page.all("[role=alert]").len(), 0);
    page.state.thread.set(Some(thread(bob(), messages(refused("it is full"), Delivery::Waiting))));
    settled().await;
    assert!(page.one("[role=alert]").text_content().unwrap().contains("it is full"));
    // For the same reason once more.
    page.state.thread.set(Some(thread(bob(), messages(refused("it is full"), Delivery::Sending))));
    settled().await;
    assert_eq!(page.all("[role=alert]").len(), 0);
    page.state.thread.set(Some(thread(bob(), messages(refused("it is full"), refused("it is full")))));
    settled().await;
    assert!(page.one("[role=alert]").text_content().unwrap().contains("it is full"));
    // Of the log only what is added to it.
    assert_eq!(page.one("[role=log]").get_attribute("aria-relevant").unwrap(), "additions");
}

#[wasm_bindgen_test]
async fn what_is_told_of_keys_and_names_leads_to_the_contact() {
    let page_of = |notice| {
        let shown = ThreadState { notices: vec![(NOON, notice)], ..thread(bob(), vec![]) };
        Page::open(move |state| {
            state.thread.set(Some(shown));
            state.screen.set(Screen::Thread);
        })
    };
    let moved = Notice::NameMoved { name: "bob.eth".parse().unwrap(), to: CAROL.parse().unwrap() };
    let changed = Notice::KeysChanged { since: NOON };
    for (notice, words) in [(changed, "Compare"), (moved, "Contact details")] {
        let mut page = page_of(notice).await;
        assert_eq!(page.texts("[role=note] button"), [words]);
        page.one("[role=note] button").unchecked_into::<HtmlElement>().click();
        settled().await;
        assert_eq!(page.asked(), [Command::settings(SettingsAsk::Card)]);
    }
    let page = page_of(Notice::OldProfile { replaced: NOON }).await;
    assert_eq!((page.all("[role=note]").len(), page.all("[role=note] button").len()), (1, 0));
}

#[wasm_bindgen_test]
async fn the_line_above_what_was_not_seen_has_a_name() {
    let page = Page::thread(bob(), vec![bubble(1, "Hi!", Delivery::Received)]).await;
    page.state.thread.update(|thread| thread.as_mut().unwrap().unseen = Some(hash(1)));
    settled().await;
    assert_eq!(page.one("[role=separator]").get_attribute("aria-label").unwrap(), "New");
}

#[wasm_bindgen_test]
async fn news_about_one_message_leaves_the_elements_of_all_in_place() {
    let page =
        Page::thread(bob(), vec![bubble(1, "Hi!", Delivery::Received), bubble(2, "A", Delivery::Waiting)])
            .await;
    let before = page.all("[part~=message]");
    page.state.thread.set(Some(thread(
        bob(),
        vec![
            bubble(1, "Hi!", Delivery::Received),
            bubble(2, "A", Delivery::Sent),
            bubble(3, "B", Delivery::Received),
        ],
    )));
    settled().await;
    let after = page.all("[part~=message]");
    assert_eq!(page.texts("[part~=message]"), ["Hi!", "A", "B"]);
    assert!(before.iter().zip(&after).all(|(before, after)| before.is_same_node(Some(after))));
}

#[wasm_bindgen_test]
async fn enter_sends_what_stays_in_the_composer_until_it_is_kept() {
    let mut page = Page::thread(bob(), vec![]).await;
    page.type_text("textarea", " Hello Bob \n").await;
    page.press_enter("textarea", |_| ()).await;
    assert_eq!(page.asked(), [Command::Typed(" Hello Bob \n".into()), Command::Send("Hello Bob".into())]);
    let field: HtmlTextAreaElement = page.one("textarea").unchecked_into();
    assert_eq!(field.value(), " Hello Bob \n");
    page.state.text.set(String::new());
    settled().await;
    assert_eq!(field.value(), "");
}

#[wasm_bindgen_test]
async fn typing_in_the_middle_of_a_text_keeps_the_cursor_there() {
    let page = Page::thread(bob(), vec![]).await;
    let field: HtmlTextAreaElement = page.one("textarea").unchecked_into();
    page.type_text("textarea", "Helo Bob").await;
    field.set_value("Hello Bob");
    field.set_selection_range(4, 4).unwrap();
    let bubbling = EventInit::new();
    bubbling.set_bubbles(true);
    field.dispatch_event(&Event::new_with_event_init_dict("input", &bubbling).unwrap()).unwrap();
    settled().await;
    assert_eq!(field.value(), "Hello Bob");
    assert_eq!(field.selection_start().unwrap(), Some(4));
}

#[wasm_bindgen_test]
async fn shift_enter_and_input_methods_do_not_send() {
    let mut page = Page::thread(bob(), vec![]).await;
    page.type_text("textarea", "こんにちは").await;
    page.press_enter("textarea", |key| key.set_shift_key(true)).await;
    page.press_enter("textarea", |key| key.set_is_composing(true)).await;
    page.press_enter("textarea", |key| key.set_key_code(229)).await;
    assert_eq!(page.asked(), [Command::Typed("こんにちは".into())]);
}

#[wasm_bindgen_test]
async fn nothing_is_sent_from_an_empty_composer() {
    let mut page = Page::thread(bob(), vec![]).await;
    page.type_text("textarea", " \n ").await;
    page.click("Send").await;
    assert_eq!(page.asked(), [Command::Typed(" \n ".into())]);
}

#[wasm_bindgen_test]
async fn what_was_typed_for_one_peer_is_not_left_over_for_another() {
    let page = Page::thread(bob(), vec![]).await;
    page.type_text("textarea", "for bob only").await;
    page.state.thread.set(Some(thread(carol(), vec![])));
    settled().await;
    let field: HtmlTextAreaElement = page.one("textarea").unchecked_into();
    assert_eq!(field.value(), "");
    assert_eq!(field.get_attribute("aria-label").unwrap(), "Message 0x15d3…6A65");
}

#[wasm_bindgen_test]
async fn a_peer_without_profile_can_be_looked_for_again() {
    let mut page = Page::thread(person(Some("dave.eth"), CAROL), vec![]).await;
    page.state.thread.update(|thread| thread.as_mut().unwrap().reach = Reach::NoProfile);
    settled().await;
    assert!(page.text().contains("dave.eth has not joined dm3 yet"));
    page.click("Check again").await;
    assert_eq!(page.asked(), [Command::CheckPeer]);
}

#[wasm_bindgen_test]
async fn a_lost_node_is_said_and_can_be_tried_now() {
    let mut page = Page::list(vec![]).await;
    let silence = Unreachable { host: "node.example".into(), outage: Outage::TimedOut };
    page.state.connection.set(Connection::Lost(Fault::NodeUnreachable(silence)));
    settled().await;
    assert!(
        page.one("[role=alert]").text_content().unwrap().contains("The node of this chat can’t be reached.")
    );
    page.click("Retry").await;
    assert_eq!(page.asked(), [Command::Reconnect]);
}

#[wasm_bindgen_test]
async fn what_could_not_be_verified_is_counted() {
    let page = Page::thread(bob(), vec![]).await;
    for (count, words) in [(1, "1 message could not be verified"), (4, "4 messages could not be verified")] {
        page.state.quarantined.set(count);
        settled().await;
        assert!(page.one(".note").text_content().unwrap().starts_with(words));
    }
}

#[wasm_bindgen_test]
async fn messages_of_one_author_close_together_share_one_time() {
    let mut late = bubble(3, "much later", Delivery::Received);
    late.time += 10 * MINUTE;
    let messages = vec![bubble(1, "one", Delivery::Received), bubble(2, "two", Delivery::Received), late];
    let page = Page::thread(bob(), messages).await;
    assert_eq!(page.texts(".entry-tail [part~=message]"), ["two", "much later"]);
    assert_eq!(page.all(".meta").len(), 2);
    assert_eq!(page.all(".day").len(), 1);
}

#[wasm_bindgen_test]
async fn older_messages_are_asked_for() {
    let mut page = Page::thread(bob(), vec![bubble(1, "Hi!", Delivery::Received)]).await;
    page.state.thread.update(|thread| thread.as_mut().unwrap().more = true);
    settled().await;
    page.click("Show older messages").await;
    assert_eq!(page.asked(), [Command::LoadOlder]);
}

#[wasm_bindgen_test]
async fn no_element_has_a_style_attribute() {
    let page = Page::thread(bob(), vec![bubble(1, "Hi!", Delivery::Received)]).await;
    assert_eq!(page.all("[style]").len(), 0);
}
