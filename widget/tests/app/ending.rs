//! Nothing runs, writes or is known after its end.

use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::ports::{Store as _, StoreError};
use dm3_core::session::{self, Session};
use dm3_core::testing::MemoryPorts;
use dm3_widget::app::Command;
use dm3_widget::app::fault::Fault;
use dm3_widget::app::platform::HostEvent;
use dm3_widget::app::state::Screen;

use super::world::{Device, NODE, SIGNED_IN, Tab, WALLET, World, now};

impl Tab {
    /// The page names the node again.
    pub fn set_node(&self, node: &str) {
        dm3_widget::app::set_node(&self.driver, node);
    }
}

/// bob, who has written three messages that alice has not fetched yet.
fn alice_has_mail(world: &World) -> (Rc<Device>, Session<MemoryPorts>) {
    let ((alice, _), (_, bobs)) = (world.person("alice"), world.person("bob"));
    for text in ["one", "two", "three"] {
        now(bobs.compose(ConversationId::Peer(alice.address()), text)).unwrap();
    }
    now(bobs.flush()).unwrap();
    (alice, bobs)
}

#[test]
fn an_element_that_is_removed_while_it_starts_does_nothing_more() {
    for moment in 0.. {
        let world = World::new();
        let (alice, _) = alice_has_mail(&world);
        world.slow_down();
        let tab = alice.open_tab(&world);
        if !world.go_to_moment(moment) {
            break;
        }
        let (driver, events) = tab.remove();
        world.run();
        let (requests, told) = (world.network.requests().len(), events.borrow().len());
        assert!(driver.upgrade().is_none(), "moment {moment}: something is still held");
        world.finish();
        assert_eq!(world.network.requests().len(), requests, "moment {moment}");
        assert_eq!(events.borrow().len(), told, "moment {moment}");
    }
}

#[test]
fn a_page_that_is_left_before_its_start_is_over_signs_nobody_out_for_the_loader() {
    for moment in 0.. {
        let world = World::new();
        let (alice, _) = alice_has_mail(&world);
        drop(alice.open_tab(&world));
        world.run();
        assert!(alice.kept.borrow().contains_key(SIGNED_IN));
        world.slow_down();
        // A window of its own, which knows of nobody yet.
        let tab = alice.open_tab(&world);
        let goes_on = world.go_to_moment(moment);
        assert!(alice.kept.borrow().contains_key(SIGNED_IN), "moment {moment}");
        tab.remove();
        if !goes_on {
            break;
        }
    }
}

#[test]
fn a_start_that_finds_nobody_tells_the_loader_so() {
    let world = World::new();
    let alice = world.newcomer("alice");
    alice.kept.borrow_mut().insert(SIGNED_IN.to_owned(), String::new());
    let tab = alice.open_tab(&world);
    world.run();
    assert!(tab.is_signed_out());
    assert!(!alice.kept.borrow().contains_key(SIGNED_IN));
}

#[test]
fn an_element_that_is_added_again_is_served_by_one_driver() {
    let world = World::new();
    let (alice, bobs) = alice_has_mail(&world);
    let first = alice.open_tab(&world);
    world.run();
    let (_, events) = first.remove();
    let told = events.borrow().len();
    let second = alice.open_tab(&world);
    world.run();
    now(bobs.compose(ConversationId::Peer(alice.address()), "four")).unwrap();
    now(bobs.flush()).unwrap();
    world.run();
    assert_eq!(events.borrow().len(), told);
    let asked = |event: &&HostEvent| matches!(event, HostEvent::Request(_));
    assert_eq!(second.events().iter().filter(asked).count(), 1);
}

#[test]
fn a_start_that_is_overtaken_by_another_leads_nowhere() {
    for moment in 0.. {
        let world = World::new();
        let (alice, _) = alice_has_mail(&world);
        world.slow_down();
        let tab = alice.open_tab(&world);
        if !world.go_to_moment(moment) {
            break;
        }
        let entered =
            |tab: &Tab| tab.events().iter().filter(|event| matches!(event, HostEvent::Connect(_))).count();
        let before = entered(&tab);
        tab.set_node(NODE);
        world.finish();
        assert_eq!(entered(&tab), before + 1, "moment {moment}");
        assert!(tab.is_live(), "moment {moment}");
    }
}

#[test]
fn nothing_is_kept_after_signing_out_whatever_was_going_on() {
    for moment in 0.. {
        let world = World::new();
        let (alice, _) = alice_has_mail(&world);
        world.slow_down();
        let tab = alice.open_tab(&world);
        if !world.go_to_moment(moment) {
            break;
        }
        tab.ask(Command::SignOut);
        world.finish();
        assert!(tab.is_signed_out(), "moment {moment}: {:?}", tab.screen());
        assert!(!alice.keeps_anything(), "moment {moment}");
        assert!(now(alice.peer.store.account()).unwrap().is_none(), "moment {moment}");
    }
}

#[test]
fn signing_out_is_finished_though_the_element_goes_at_once() {
    let world = World::new();
    let (alice, _) = alice_has_mail(&world);
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::SignOut);
    world.tasks.step();
    let (driver, _) = tab.remove();
    world.run();
    assert!(!alice.keeps_anything());
    world.pass(1_000);
    assert!(driver.upgrade().is_none());
}

#[test]
fn who_signs_out_in_one_tab_is_signed_out_in_all_whatever_was_going_on() {
    for moment in 0.. {
        let world = World::new();
        let (alice, _) = alice_has_mail(&world);
        let first = alice.open_tab(&world);
        world.run();
        world.slow_down();
        let second = alice.open_tab(&world);
        if !world.go_to_moment(moment) {
            break;
        }
        first.ask(Command::SignOut);
        world.finish();
        assert!(first.is_signed_out(), "moment {moment}");
        assert!(second.is_signed_out(), "moment {moment}: {:?}", second.screen());
        assert!(!alice.keeps_anything(), "moment {moment}");
        let requests = world.network.requests().len();
        world.pass(60_000);
        assert_eq!(world.network.requests().len(), requests, "moment {moment}: somebody goes on");
    }
}

#[test]
fn a_tab_that_never_heard_of_the_sign_out_writes_nothing_and_shows_nothing_more() {
    let world = World::new();
    let (alice, bobs) = alice_has_mail(&world);
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    // Another tab, whose message this one never gets.
    now(session::forget(&alice.peer.store, alice.address())).unwrap();
    now(bobs.compose(ConversationId::Peer(alice.address()), "four")).unwrap();
    now(bobs.flush()).unwrap();
    tab.ask(Command::Send("five".into()));
    world.run();
    assert!(!alice.keeps_anything());
    assert_eq!(tab.screen(), Screen::Failed(Fault::Store(StoreError::SignedOut)));
    assert!(tab.state.account.get_untracked().is_none() && tab.state.thread.get_untracked().is_none());
    let requests = world.network.requests().len();
    world.pass(60_000);
    assert_eq!(world.network.requests().len(), requests, "something goes on");
    tab.ask(Command::Restart);
    world.run();
    assert!(tab.is_signed_out());
    // Who signs in again writes again.
    for command in [Command::Connect(WALLET.into()), Command::CreateKeys] {
        tab.ask(command);
        world.run();
    }
    assert_eq!(tab.screen(), Screen::List);
    assert!(alice.keeps_anything());
}

#[test]
fn another_account_in_another_tab_goes_on() {
    let world = World::new();
    let (alice, bobs) = alice_has_mail(&world);
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Told(dm3_widget::app::platform::TabMessage::SignedOut(bobs.account())));
    world.run();
    assert_eq!(tab.screen(), Screen::List);
    assert!(tab.is_live());
}

#[test]
fn signing_out_with_the_records_kept_keeps_them_and_nothing_goes_on() {
    let world = World::new();
    let (alice, _) = alice_has_mail(&world);
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Disconnect);
    world.run();
    assert!(tab.is_signed_out());
    assert!(alice.keeps_anything());
    assert_eq!(tab.events().last(), Some(&HostEvent::Disconnect));
    let requests = world.network.requests().len();
    world.pass(60_000);
    assert_eq!(world.network.requests().len(), requests);
}

#[test]
fn who_could_not_enter_and_signs_out_does_not_enter_the_next_time() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    world.network.fail("https://dm3.example", dm3_core::testing::Fault::Unreachable);
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    assert!(matches!(tab.screen(), Screen::Failed(_)), "{:?}", tab.screen());
    tab.ask(Command::Disconnect);
    world.pass(1_000);
    world.network.heal();
    tab.set_visible(true);
    world.pass(1_000);
    assert!(tab.is_signed_out());
    let tab = tab.reload(&alice, &world);
    world.pass(1_000);
    assert!(tab.is_signed_out());
    tab.ask(Command::Connect(WALLET.into()));
    world.pass(1_000);
    assert_eq!(tab.screen(), Screen::List, "their keys are still there");
}

/// Whether the page knows of nobody, by what it was told last.
fn page_knows_nobody(tab: &Tab) -> bool {
    let told = tab.events().into_iter().rev();
    let mut told = told.filter(|event| matches!(event, HostEvent::Connect(_) | HostEvent::Disconnect));
    told.next() == Some(HostEvent::Disconnect)
}

#[test]
fn the_page_is_told_that_somebody_left_though_forgetting_them_fails_or_another_start_overtakes_it() {
    for fails in [true, false] {
        let world = World::new();
        let (alice, _) = alice_has_mail(&world);
        let tab = alice.open_tab(&world);
        world.run();
        if fails {
            alice.peer.store.set_failure(Some(StoreError::Full));
        }
        alice.peer.store.set_yielding(true);
        tab.ask(Command::SignOut);
        world.tasks.step();
        if !fails {
            tab.set_node("");
        }
        world.finish();
        assert!(page_knows_nobody(&tab), "{fails}: {:?}", tab.events());
        let failed = matches!(tab.screen(), Screen::Failed(_));
        assert!(failed, "{:?}", tab.screen());
    }
}

#[test]
fn an_account_that_goes_because_the_page_names_another_node_is_told_as_gone() {
    let world = World::new();
    let (alice, _) = alice_has_mail(&world);
    let tab = alice.open_tab(&world);
    world.run();
    assert!(!page_knows_nobody(&tab));
    tab.set_node("https://nobody.example");
    assert!(page_knows_nobody(&tab));
    world.finish();
    assert!(page_knows_nobody(&tab));
    tab.set_node(NODE);
    world.finish();
    assert!(!page_knows_nobody(&tab));
    let asks = alice.wallet.prompts();
    assert_eq!(asks, 0, "whose the element is, is still known");
}
