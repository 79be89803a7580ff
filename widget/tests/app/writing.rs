//! What somebody writes is always in one of two places: in the composer, or in the conversation.

use std::rc::Rc;

use dm3_core::Said as Cause;
use dm3_core::delivery::{Amount, SpamRule, Verdict};
use dm3_core::identity::Address;
use dm3_core::ports::StoreError;
use dm3_core::registry::abi::{Arg, encode};
use dm3_core::registry::erc20;
use dm3_core::session::{Decision, Demand, Token};
use dm3_core::testing::{Fault, Holdings};
use dm3_widget::app::fault::Fault as Said;
use dm3_widget::app::state::{Bubble, BubbleContent, Composing, Connection, Delivery, Screen};
use dm3_widget::app::{Act, Command, StakeAsk, set_draft};
use serde_json::json;

use super::world::{Device, Tab, World};

/// alice's tab with the conversation with bob open.
fn alice_and_bob() -> (World, Rc<Device>, Rc<Device>, Tab) {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let tab = open(&world, &alice);
    (world, alice, bob, tab)
}

fn open(world: &World, device: &Rc<Device>) -> Tab {
    let tab = device.open_tab(world);
    world.run();
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    tab
}

/// Types a text, as the composer does.
fn type_in(world: &World, tab: &Tab, text: &str) {
    tab.state.text.set(text.into());
    tab.ask(Command::Typed(text.into()));
    world.run();
}

fn typed(tab: &Tab) -> String {
    tab.state.text.get_untracked()
}

#[test]
fn the_composer_is_emptied_when_the_text_is_kept_and_not_of_what_came_after() {
    let (world, _, _, tab) = alice_and_bob();
    type_in(&world, &tab, "hello");
    tab.ask(Command::Send("hello".into()));
    tab.state.text.set("hello and".into());
    world.run();
    assert_eq!(typed(&tab), "and");
    assert_eq!(tab.deliveries(), [Delivery::Sent]);
}

#[test]
fn a_text_that_can_not_be_kept_stays_in_the_composer_and_says_why() {
    let (world, alice, _, tab) = alice_and_bob();
    type_in(&world, &tab, "hello");
    alice.peer.store.set_write_failure(Some(StoreError::Full));
    tab.ask(Command::Send("hello".into()));
    world.run();
    assert_eq!(typed(&tab), "hello");
    assert!(tab.state.unsent.get_untracked().is_some());
    alice.peer.store.set_write_failure(None);
    tab.ask(Command::Send("hello".into()));
    world.run();
    assert_eq!((typed(&tab).as_str(), tab.state.unsent.get_untracked()), ("", None));
    assert_eq!(tab.deliveries(), [Delivery::Sent]);
}

#[test]
fn what_can_not_be_kept_beside_leaves_the_conversation_on_the_screen_and_says_why() {
    let (world, alice, bob, tab) = alice_and_bob();
    alice.peer.store.set_write_failure(Some(StoreError::Full));
    type_in(&world, &tab, "hello");
    let there = bob.open_tab(&world);
    world.run();
    there.ask(Command::Open(alice.address().to_string()));
    world.run();
    there.ask(Command::Send("good morning".into()));
    world.pass(5_000);
    assert_eq!((tab.screen(), typed(&tab).as_str()), (Screen::Thread, "hello"));
    assert_eq!(tab.state.connection.get_untracked(), Connection::Lost(Said::Store(StoreError::Full)));
    alice.peer.store.set_write_failure(None);
    tab.ask(Command::Reconnect);
    world.pass(5_000);
    assert_eq!(tab.state.connection.get_untracked(), Connection::Live);
    assert_eq!((there.deliveries(), tab.deliveries()), (vec![Delivery::Read], vec![Delivery::Received]));
}

#[test]
fn a_text_that_is_too_long_is_told_at_once_and_stays() {
    let world = World::new();
    let ((alice, _), _) = (world.person("alice"), world.person("bob"));
    world.network.first_service().set_size_limit(Some(100_000));
    let tab = open(&world, &alice);
    let long = "x".repeat(90_000);
    type_in(&world, &tab, &long);
    tab.ask(Command::Send(long.clone()));
    world.run();
    assert_eq!(typed(&tab), long);
    assert!(tab.state.unsent.get_untracked().is_some());
    assert!(tab.deliveries().is_empty());
}

#[test]
fn a_tab_that_is_closed_at_any_moment_after_send_leaves_the_text_in_one_of_the_two() {
    for moment in 0..40 {
        let (world, alice, _, tab) = alice_and_bob();
        type_in(&world, &tab, "hello");
        world.slow_down();
        tab.ask(Command::Send("hello".into()));
        world.go_to_moment(moment);
        drop(tab.remove());
        world.network.heal();
        let tab = open(&world, &alice);
        world.pass(3_000);
        let shown = tab.deliveries().len();
        let in_composer = usize::from(typed(&tab) == "hello");
        assert_eq!(shown + in_composer, 1, "moment {moment}: {shown} shown, {in_composer} in the composer");
    }
}

#[test]
fn each_conversation_has_a_draft_of_its_own_that_outlives_a_reload() {
    let (world, alice, _, tab) = alice_and_bob();
    let (carol, _) = world.person("carol");
    type_in(&world, &tab, "for bob");
    tab.ask(Command::Back);
    world.run();
    tab.state.text.set(String::new());
    tab.ask(Command::OpenPeer(carol.address()));
    world.run();
    assert_eq!(typed(&tab), "");
    drop(tab.remove());
    let tab = open(&world, &alice);
    assert_eq!(typed(&tab), "for bob");
    tab.ask(Command::SignOut);
    world.run();
    assert_eq!(alice.drafts(), 0, "forgotten with the account");
}

/// A message of the open conversation that says this.
fn message(tab: &Tab, said: &str) -> Bubble {
    let says = |it: &&Bubble| matches!(&it.content, BubbleContent::Text { text, .. } if text == said);
    tab.state.thread.with_untracked(|thread| {
        let bubbles = thread.as_ref().unwrap().messages.as_ref().unwrap();
        bubbles.iter().find(says).unwrap_or_else(|| panic!("{said}")).clone()
    })
}

fn composing(tab: &Tab) -> Composing {
    tab.state.composing.get_untracked()
}

/// Begins an answer or an edit, as the menu of a message does.
fn compose(world: &World, tab: &Tab, composing: Composing, text: &str) {
    tab.state.composing.set(composing);
    type_in(world, tab, text);
}

/// Writes "frist", types "half a thought", and begins to edit the first into "first".
fn begin_edit(world: &World, tab: &Tab) -> Composing {
    tab.ask(Command::Send("frist".into()));
    world.pass(1_000);
    type_in(world, tab, "half a thought");
    let version = message(tab, "frist").version;
    let edit = Composing::Edit { version, before: "half a thought".into() };
    compose(world, tab, edit.clone(), "first");
    edit
}

/// Opens the conversation with carol, and comes back to the one with bob.
fn go_and_come_back(world: &World, tab: &Tab, bob: &Device) {
    let (carol, _) = world.person("carol");
    for peer in [carol.address(), bob.address()] {
        tab.ask(Command::Back);
        world.run();
        tab.state.text.set(String::new());
        tab.ask(Command::OpenPeer(peer));
        world.run();
        if peer == carol.address() {
            assert_eq!((composing(tab), typed(tab).as_str()), (Composing::New, ""));
        }
    }
}

#[test]
fn what_an_answer_refers_to_is_kept_with_its_text_across_conversations_and_a_reload() {
    let (world, alice, bob, tab) = alice_and_bob();
    tab.ask(Command::Send("a question".into()));
    world.pass(1_000);
    let answer = Composing::Reply(message(&tab, "a question").quote().unwrap());
    compose(&world, &tab, answer.clone(), "half an answer");
    go_and_come_back(&world, &tab, &bob);
    assert_eq!((composing(&tab), typed(&tab).as_str()), (answer.clone(), "half an answer"));
    let tab = tab.reload(&alice, &world);
    world.run();
    tab.ask(Command::OpenPeer(bob.address()));
    world.run();
    assert_eq!((composing(&tab), typed(&tab).as_str()), (answer, "half an answer"));
    // Once it is sent, the next one is a message of its own.
    tab.ask(Command::Send("half an answer".into()));
    world.pass(1_000);
    go_and_come_back(&world, &tab, &bob);
    assert_eq!((composing(&tab), typed(&tab).as_str()), (Composing::New, ""));
}

#[test]
fn an_answer_without_a_text_yet_and_to_what_stands_far_up_is_kept_too() {
    let (world, _, bob, tab) = alice_and_bob();
    for number in 0..100 {
        tab.ask(Command::Send(format!("number {number}")));
        world.pass(1_000);
    }
    let answer = Composing::Reply(message(&tab, "number 0").quote().unwrap());
    compose(&world, &tab, answer.clone(), "");
    go_and_come_back(&world, &tab, &bob);
    assert_eq!((composing(&tab), typed(&tab).as_str()), (answer, ""));
    compose(&world, &tab, Composing::New, "");
    go_and_come_back(&world, &tab, &bob);
    assert_eq!(composing(&tab), Composing::New);
}

#[test]
fn an_edit_that_was_begun_is_kept_beside_what_was_typed_before() {
    let (world, alice, bob, tab) = alice_and_bob();
    let edit = begin_edit(&world, &tab);
    go_and_come_back(&world, &tab, &bob);
    assert_eq!((composing(&tab), typed(&tab).as_str()), (edit.clone(), "first"));
    let tab = tab.reload(&alice, &world);
    world.run();
    tab.ask(Command::OpenPeer(bob.address()));
    world.run();
    assert_eq!((composing(&tab), typed(&tab).as_str()), (edit, "first"));
    tab.ask(Command::Send("first".into()));
    world.pass(1_000);
    assert_eq!((composing(&tab), typed(&tab).as_str()), (Composing::New, "half a thought"));
    go_and_come_back(&world, &tab, &bob);
    assert_eq!((composing(&tab), typed(&tab).as_str()), (Composing::New, "half a thought"));
    tab.ask(Command::SignOut);
    world.run();
    assert_eq!(alice.drafts(), 0, "forgotten with the account");
}

#[test]
fn what_an_edit_says_is_no_draft_where_its_conversation_is_opened_once_more() {
    let (world, _, bob, tab) = alice_and_bob();
    let edit = begin_edit(&world, &tab);
    tab.ask(Command::OpenPeer(bob.address()));
    world.run();
    assert_eq!((composing(&tab), typed(&tab).as_str()), (edit, "first"));
    tab.ask(Command::Send("first".into()));
    world.pass(1_000);
    assert_eq!((composing(&tab), typed(&tab).as_str()), (Composing::New, "half a thought"));
}

#[test]
fn an_edit_that_was_begun_in_another_tab_is_offered_until_it_is_sent_there() {
    let (world, alice, _, tab) = alice_and_bob();
    let edit = begin_edit(&world, &tab);
    let other = open(&world, &alice);
    world.pass(1_000);
    assert_eq!((composing(&other), typed(&other).as_str()), (edit.clone(), "first"));
    tab.ask(Command::Send("something else".into()));
    world.pass(1_000);
    for tab in [&tab, &other] {
        assert_eq!((composing(tab), typed(tab).as_str()), (Composing::New, "half a thought"));
    }
    // One that was begun here as well is nobody else's.
    let version = message(&tab, "something else").version;
    for tab in [&tab, &other] {
        let edit = Composing::Edit { version: version.clone(), before: "half a thought".into() };
        compose(&world, tab, edit, "here");
    }
    let (second, _) = world.person("alice");
    let far = open(&world, &second);
    world.pass(5_000);
    compose(&world, &far, Composing::Edit { version, before: String::new() }, "there");
    far.ask(Command::Send("there".into()));
    world.pass(10_000);
    message(&other, "there");
    assert_eq!(typed(&other), "here");
}

#[test]
fn a_draft_of_another_device_is_never_the_text_of_an_edit_but_stands_there_after_it() {
    let (world, _, bob, tab) = alice_and_bob();
    tab.ask(Command::Send("frist".into()));
    world.pass(1_000);
    let version = message(&tab, "frist").version;
    compose(&world, &tab, Composing::Edit { version: version.clone(), before: String::new() }, "");
    tab.ask(Command::Back);
    world.pass(5_000);
    let (second, _) = world.person("alice");
    let other = open(&world, &second);
    world.pass(5_000);
    type_in(&world, &other, "what I say next");
    world.pass(10_000);
    tab.state.text.set(String::new());
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(5_000);
    let edit = Composing::Edit { version, before: "what I say next".into() };
    assert_eq!((composing(&tab), typed(&tab).as_str()), (edit, ""));
    tab.ask(Command::Send("first".into()));
    world.pass(1_000);
    assert_eq!((composing(&tab), typed(&tab).as_str()), (Composing::New, "what I say next"));
}

#[test]
fn what_was_deleted_meanwhile_is_neither_answered_nor_edited() {
    let (world, _, bob, tab) = alice_and_bob();
    tab.ask(Command::Send("gone soon".into()));
    world.pass(1_000);
    let gone = message(&tab, "gone soon");
    for begun in [
        Composing::Reply(gone.quote().unwrap()),
        Composing::Edit { version: gone.version.clone(), before: "half a thought".into() },
    ] {
        compose(&world, &tab, Composing::New, "half a thought");
        compose(&world, &tab, begun, "half a thought");
        tab.ask(Command::act(Act::Delete(gone.hash.clone())));
        world.pass(1_000);
        go_and_come_back(&world, &tab, &bob);
        assert_eq!((composing(&tab), typed(&tab).as_str()), (Composing::New, "half a thought"));
    }
}

#[test]
fn what_stands_far_up_and_was_deleted_meanwhile_is_neither_answered_nor_edited() {
    let (world, alice, bob, tab) = alice_and_bob();
    for number in 0..100 {
        tab.ask(Command::Send(format!("number {number}")));
        world.pass(1_000);
    }
    let far = message(&tab, "number 0");
    let edit = Composing::Edit { version: far.version.clone(), before: String::new() };
    compose(&world, &tab, edit.clone(), "number zero");
    go_and_come_back(&world, &tab, &bob);
    assert_eq!((composing(&tab), typed(&tab).as_str()), (edit.clone(), "number zero"));
    // What can't be read for a moment is not forgotten.
    alice.peer.store.set_yielding(true);
    for moment in 0..60 {
        tab.ask(Command::Back);
        world.run();
        tab.state.text.set(String::new());
        tab.ask(Command::OpenPeer(bob.address()));
        for _ in 0..moment {
            world.tasks.step();
        }
        alice.peer.store.set_failure(Some(StoreError::Unavailable(Cause::new("the disk is gone"))));
        world.run();
        alice.peer.store.set_failure(None);
        go_and_come_back(&world, &tab, &bob);
        assert_eq!((composing(&tab), typed(&tab).as_str()), (edit.clone(), "number zero"), "moment {moment}");
    }
    let answer = Composing::Reply(far.quote().unwrap());
    for begun in [answer, edit] {
        compose(&world, &tab, begun, "half a thought");
        tab.ask(Command::act(Act::Find(far.hash.clone())));
        world.pass(1_000);
        tab.ask(Command::act(Act::Delete(far.hash.clone())));
        world.pass(1_000);
        go_and_come_back(&world, &tab, &bob);
        assert_eq!(composing(&tab), Composing::New);
    }
}

#[test]
fn without_a_network_a_message_waits_and_is_never_called_sending() {
    let (world, _, _, tab) = alice_and_bob();
    world.network.fail("", Fault::Unreachable);
    tab.ask(Command::Send("hello".into()));
    for _ in 0..20 {
        world.pass(250);
        assert_eq!(tab.deliveries(), [Delivery::Waiting]);
    }
    world.network.heal();
    tab.ask(Command::Online);
    world.run();
    assert_eq!(tab.deliveries(), [Delivery::Sent]);
}

#[test]
fn a_message_that_waits_can_be_stopped() {
    let (world, _, _, tab) = alice_and_bob();
    world.network.fail("POST https://dm3.example/ds/rpc", Fault::Unreachable);
    tab.ask(Command::Send("hello".into()));
    world.run();
    let thread = tab.state.thread.get_untracked().unwrap();
    let hash = thread.messages.unwrap()[0].sending.clone();
    tab.ask(Command::act(Act::Stop(hash.clone())));
    world.network.heal();
    world.pass(61_000);
    assert!(matches!(tab.deliveries()[..], [Delivery::Failed(_)]));
    tab.ask(Command::act(Act::Resend(hash)));
    world.run();
    assert_eq!(tab.deliveries(), [Delivery::Sent]);
}

#[test]
fn what_was_stopped_is_sent_again_to_nobody_who_was_blocked_meanwhile() {
    let (world, _, bob, tab) = alice_and_bob();
    world.network.fail("POST https://dm3.example/ds/rpc", Fault::Unreachable);
    tab.ask(Command::Send("hello".into()));
    world.run();
    let hash = message(&tab, "hello").sending;
    tab.ask(Command::act(Act::Stop(hash.clone())));
    world.network.heal();
    world.pass(1_000);
    for (decision, is_sent) in [(Decision::Block, false), (Decision::Unblock, true)] {
        tab.ask(Command::Decide(bob.address(), decision));
        world.pass(1_000);
        tab.ask(Command::OpenPeer(bob.address()));
        world.pass(1_000);
        tab.ask(Command::act(Act::Resend(hash.clone())));
        world.pass(2_000);
        assert_eq!(tab.deliveries() == [Delivery::Sent], is_sent, "{:?}", tab.deliveries());
    }
}

fn demands(tab: &Tab) -> Vec<Demand> {
    tab.state.thread.with_untracked(|thread| thread.as_ref().unwrap().demands.clone())
}

#[test]
fn what_somebody_demands_of_those_who_write_is_told_when_the_conversation_is_opened() {
    let world = World::new();
    let ((alice, _), _) = (world.person("alice"), world.person("bob"));
    world.network.set_holdings(alice.address(), Holdings { transactions: 4, ..Holdings::default() });
    for (least, verdict) in [(4, Verdict::Met), (5, Verdict::Broken)] {
        let rules = json!({ "spamRules": [{ "rule": "minNonce", "value": least }] });
        world.network.first_service().set_extension(rules);
        let tab = open(&world, &alice);
        world.pass(1_000);
        let (rule, held) = (SpamRule::MinNonce(least), Some(Amount::from(4)));
        assert_eq!(demands(&tab), [Demand { rule, verdict, held, token: None }]);
        drop(tab.remove());
    }
}

#[test]
fn what_is_told_late_of_one_peer_takes_nothing_from_what_the_open_one_demands() {
    let (world, tab, bob) = alice_and_bob_at_the_list();
    let (carol, _) = world.person("carol");
    let rules = json!({ "spamRules": [{ "rule": "minNonce", "value": 5 }] });
    world.network.first_service().set_extension(rules);
    world.network.fail("", Fault::Slow(10_000));
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(250);
    world.network.heal();
    choose(&world, &tab, &carol);
    assert_eq!(demands(&tab).len(), 1);
    world.pass(60_000);
    assert_eq!(demands(&tab).len(), 1);
    tab.ask(Command::act(Act::Stake(StakeAsk::Demands)));
    world.pass(1_000);
    assert_eq!(demands(&tab).len(), 1);
}

/// alice's tab, where nothing is open, and bob.
fn alice_and_bob_at_the_list() -> (World, Tab, Rc<Device>) {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    (world, tab, bob)
}

/// The page calls for a conversation, with a text to begin with.
fn call(world: &World, tab: &Tab, to: &str, text: Option<&str>) {
    tab.state.to.set(Some(to.into()));
    tab.state.given.set(text.map(str::to_owned));
    tab.ask(Command::Open(to.into()));
    world.pass(1_000);
}

/// Opens a conversation from the list. The screen has emptied the composer by then.
fn choose(world: &World, tab: &Tab, peer: &Rc<Device>) {
    tab.state.text.set(String::new());
    tab.ask(Command::OpenPeer(peer.address()));
    world.pass(1_000);
}

#[test]
fn the_text_of_a_pages_call_stands_in_its_conversation_once_and_in_no_other() {
    let (world, alice, bob) = alice_and_bob_at_the_list();
    let (carol, _) = world.person("carol");
    call(&world, &alice, "bob.eth", Some("Is it there?"));
    assert_eq!(typed(&alice), "Is it there?");
    for peer in [&carol, &bob] {
        choose(&world, &alice, peer);
        assert_eq!(typed(&alice), "", "it was for one conversation, and for once");
    }
    call(&world, &alice, "bob.eth", Some("Is it there?"));
    assert_eq!(typed(&alice), "Is it there?", "asked for again, it is there again");
    type_in(&world, &alice, "Is it mine?");
    call(&world, &alice, "bob.eth", Some("Is it there?"));
    assert_eq!(typed(&alice), "Is it mine?", "what somebody typed stays");
    choose(&world, &alice, &carol);
    call(&world, &alice, "bob.eth", Some("Is it there?"));
    assert_eq!(typed(&alice), "Is it mine?");
}

#[test]
fn the_lasting_text_of_a_page_is_for_whom_it_names_alone() {
    let (world, alice, bob) = alice_and_bob_at_the_list();
    let (carol, _) = world.person("carol");
    set_draft(&alice.driver, Some("bob.eth".into()), "Hello".into());
    call(&world, &alice, "bob.eth", None);
    assert_eq!(typed(&alice), "Hello");
    choose(&world, &alice, &carol);
    assert_eq!(typed(&alice), "");
    choose(&world, &alice, &bob);
    assert_eq!(typed(&alice), "Hello", "it lasts");
}

#[test]
fn the_lasting_text_of_a_page_that_names_nobody_lastingly_is_for_everybody() {
    let (world, alice, bob) = alice_and_bob_at_the_list();
    let (carol, _) = world.person("carol");
    set_draft(&alice.driver, None, "Hello".into());
    choose(&world, &alice, &carol);
    assert_eq!(typed(&alice), "Hello");
    call(&world, &alice, "bob.eth", Some("Is it there?"));
    assert_eq!(typed(&alice), "Is it there?");
    for peer in [&carol, &bob] {
        choose(&world, &alice, peer);
        assert_eq!(typed(&alice), "Hello", "also after the page called for somebody");
    }
}

#[test]
fn a_token_that_is_demanded_is_looked_up_for_who_writes_and_so_is_whether_they_have_it_by_now() {
    let world = World::new();
    let ((alice, _), _) = (world.person("alice"), world.person("bob"));
    let address = Address::from_bytes([8; 20]);
    let have = |amount| {
        let tokens = [(address, amount)].into_iter().collect();
        world.network.set_holdings(alice.address(), Holdings { tokens, ..Holdings::default() });
    };
    have(2_000_000);
    world.network.set_answer(address, &erc20::decimals_call(), &encode(&[Arg::Uint(6)]));
    world.network.set_answer(address, &erc20::symbol_call(), &encode(&[Arg::Bytes(b"USDC")]));
    let rule = json!({ "rule": "minTokenBalance", "token": address.to_string(), "value": "5000000" });
    world.network.first_service().set_extension(json!({ "spamRules": [rule] }));
    let tab = open(&world, &alice);
    world.pass(1_000);
    let amount = |number: u128| Amount::from(number);
    let rule = SpamRule::MinTokenBalance { token: address, amount: amount(5_000_000) };
    let token = Some(Token { address, symbol: Some("USDC".to_owned()), decimals: 6 });
    let held = Some(amount(2_000_000));
    assert_eq!(demands(&tab), [Demand { rule, verdict: Verdict::Broken, held, token }]);
    have(5_000_000);
    tab.ask(Command::act(Act::Stake(StakeAsk::Demands)));
    world.pass(1_000);
    let now: Vec<_> = demands(&tab).into_iter().map(|demand| demand.verdict).collect();
    assert_eq!(now, [Verdict::Met]);
}
