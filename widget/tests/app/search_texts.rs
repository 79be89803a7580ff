//! Messages are found by what they say, while somebody types.

use std::rc::Rc;

use dm3_core::message::Draft;
use dm3_core::session::{Decision, Session};
use dm3_core::testing::MemoryPorts;
use dm3_widget::app::search_texts::{FoundTexts, KEPT, Progress, keep_search};
use dm3_widget::app::state::{BubbleContent, Screen};
use dm3_widget::app::{Act, Command};

use super::world::{Device, Tab, World, now, two_talking};

fn types(tab: &Tab, text: &str) {
    tab.state.query.set(text.to_owned());
    tab.ask(Command::LookUp(text.to_owned()));
}

fn found(tab: &Tab) -> Option<FoundTexts> {
    tab.state.texts.with_untracked(|texts| texts.shown::<FoundTexts>().cloned())
}

/// Each as it is shown, what was typed in brackets.
fn rows(tab: &Tab) -> Vec<String> {
    let hits = found(tab).map(|found| found.hits).unwrap_or_default();
    hits.iter().map(|hit| format!("{}[{}]{}", hit.before, hit.said, hit.after)).collect()
}

fn write(world: &World, tab: &Tab, texts: &[&str]) {
    for text in texts {
        tab.ask(Command::Send((*text).to_owned()));
        world.pass(1_000);
    }
}

/// Alice's tab with her conversation with bob open, and a session of hers and his device beside it.
fn with_session() -> (World, Session<MemoryPorts>, Rc<Device>, Tab) {
    let world = World::new();
    let ((alice, session), (bob, _)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    (world, session, bob, tab)
}

#[test]
fn messages_that_say_what_is_typed_are_found_whoever_wrote_them_and_however_it_is_spelt() {
    let (world, _, bob, alices, bobs) = two_talking();
    write(&world, &alices, &["The Café is closed", "Something else"]);
    write(&world, &bobs, &["which cafe?"]);
    alices.ask(Command::Back);
    types(&alices, "CAFÉ");
    world.pass(1_000);
    assert_eq!(rows(&alices), ["which [cafe]?", "The [Café] is closed"]);
    let all = found(&alices).unwrap();
    assert_eq!(all.progress, Progress::All);
    assert_eq!((all.hits[0].own, all.hits[1].own), (false, true));
    assert!(all.hits.iter().all(|hit| hit.peer.address == bob.address()));
    // Nothing is said by one letter, and what stood there goes.
    types(&alices, "c");
    world.pass(1_000);
    assert_eq!(found(&alices), None);
}

#[test]
fn what_is_shown_is_of_what_was_typed_last() {
    let (world, _, _, alices, _) = two_talking();
    write(&world, &alices, &["the lamp", "the chair"]);
    alices.ask(Command::Back);
    types(&alices, "lamp");
    types(&alices, "chair");
    world.pass(1_000);
    assert_eq!(rows(&alices), ["the [chair]"]);
    types(&alices, "lamp");
    types(&alices, "table");
    world.pass(1_000);
    assert_eq!((rows(&alices), found(&alices).unwrap().progress), (Vec::new(), Progress::All));
}

#[test]
fn whom_the_account_has_blocked_says_nothing_there() {
    let (world, session, bob, alices) = with_session();
    write(&world, &alices, &["a lamp for you"]);
    alices.ask(Command::Back);
    types(&alices, "lamp");
    world.pass(1_000);
    assert_eq!(rows(&alices).len(), 1);
    now(session.decide(bob.peer.conversation(), Decision::Block)).unwrap();
    types(&alices, "lamps");
    types(&alices, "lamp");
    world.pass(1_000);
    assert_eq!(rows(&alices), [""; 0]);
}

#[test]
fn what_was_found_for_an_account_goes_with_it() {
    let (world, _, _, alices) = with_session();
    write(&world, &alices, &["a lamp for you"]);
    alices.ask(Command::Back);
    types(&alices, "lamp");
    world.pass(1_000);
    assert_eq!(rows(&alices).len(), 1);
    alices.ask(Command::Disconnect);
    world.pass(1_000);
    assert_eq!(found(&alices), None);
}

#[test]
fn a_message_that_was_found_is_shown_in_its_place_however_far_up() {
    let (world, session, bob, alices) = with_session();
    now(async {
        session.compose(bob.peer.conversation(), "the lamp").await.unwrap();
        for n in 0..900 {
            session
                .write(bob.peer.conversation(), &[], |header| Draft::text(header, &format!("{n}")))
                .await
                .unwrap();
        }
    });
    alices.ask(Command::Back);
    world.pass(1_000);
    types(&alices, "lamp");
    world.pass(1_000);
    let hit = found(&alices).unwrap().hits.remove(0);
    alices.ask(Command::act(Act::FindIn(hit.peer.address, hit.hash.clone())));
    world.pass(3_000);
    assert_eq!(alices.screen(), Screen::Thread);
    let shown = alices.state.thread.with_untracked(|thread| {
        let bubbles = thread.as_ref().unwrap().messages.as_ref().unwrap();
        bubbles.iter().find(|bubble| bubble.hash == hit.hash).map(|bubble| bubble.content.clone())
    });
    assert!(matches!(shown, Some(BubbleContent::Text { text, .. }) if text == "the lamp"));
}

#[test]
fn more_than_fit_are_said_to_be_more() {
    let (world, session, bob, alices) = with_session();
    now(async {
        for n in 0..60 {
            session.compose(bob.peer.conversation(), &format!("lamp {n}")).await.unwrap();
        }
    });
    alices.ask(Command::Back);
    types(&alices, "lamp");
    world.pass(1_000);
    let all = found(&alices).unwrap();
    assert_eq!((all.hits.len(), all.progress), (50, Progress::Most));
}

#[test]
fn that_older_messages_are_on_the_node_alone_is_said_until_they_were_fetched() {
    let world = World::new();
    let ((alice, session), (bob, _)) = (world.person("alice"), world.person("bob"));
    now(async {
        for n in 0..150 {
            session.compose(bob.peer.conversation(), &format!("lamp {n}")).await.unwrap();
        }
    });
    let first = alice.open_tab(&world);
    world.pass(60_000);
    let progress = |tab: &Tab, wanted: &str| {
        types(tab, wanted);
        world.pass(1_000);
        found(tab).unwrap().progress
    };
    assert_eq!(progress(&first, "lamp 0"), Progress::All);

    let (second_device, _) = world.person("alice");
    let second = second_device.open_tab(&world);
    world.pass(5_000);
    assert_eq!((progress(&second, "lamp 0"), rows(&second)), (Progress::Device, Vec::new()));
    second.ask(Command::Open("bob.eth".into()));
    world.run();
    for _ in 0..14 {
        second.ask(Command::LoadOlder);
        world.run();
    }
    second.ask(Command::Back);
    assert_eq!((progress(&second, "lamp 0"), rows(&second)), (Progress::All, vec!["[lamp 0]".to_owned()]));
}

#[test]
fn while_it_is_looked_for_that_is_known_and_what_stood_there_stays() {
    let (world, _, _, alices, _) = two_talking();
    write(&world, &alices, &["the lamp", "the lamp shade"]);
    alices.ask(Command::Back);
    types(&alices, "lamp");
    world.pass(1_000);
    assert_eq!((rows(&alices).len(), found(&alices).unwrap().progress), (2, Progress::All));
    types(&alices, "lamp s");
    assert_eq!(rows(&alices).len(), 2);
    world.pass(1_000);
    assert_eq!((rows(&alices).len(), found(&alices).unwrap().progress), (1, Progress::All));
    types(&alices, "lamp shades");
    world.pass(1_000);
    assert_eq!((rows(&alices).len(), found(&alices).unwrap().progress), (0, Progress::All));
}

#[test]
fn a_search_of_which_something_was_opened_stands_until_something_else_is_typed() {
    let (world, _, _, alices, _) = two_talking();
    write(&world, &alices, &["the lamp"]);
    alices.ask(Command::Back);
    types(&alices, "lamp");
    world.pass(1_000);
    let is_kept = || alices.state.texts.with_untracked(|texts| texts.place == KEPT);
    assert!(!is_kept());
    keep_search(alices.state);
    assert!(is_kept());
    assert_eq!(rows(&alices), ["the [lamp]"]);
    types(&alices, "the lamp");
    world.pass(1_000);
    assert!(!is_kept());
    keep_search(alices.state);
    types(&alices, "");
    world.pass(1_000);
    assert!(!is_kept() && found(&alices).is_none());
}

#[test]
fn the_first_message_that_was_found_is_one_that_says_what_is_typed_now() {
    let (world, _, _, alices, _) = two_talking();
    write(&world, &alices, &["the lamp", "the chair"]);
    alices.ask(Command::Back);
    let first = |typed: &str| found(&alices).and_then(|found| found.first(typed).map(|hit| hit.said.clone()));
    types(&alices, "lamp");
    world.pass(1_000);
    assert_eq!(first("lamp").as_deref(), Some("lamp"));
    types(&alices, "chair");
    assert_eq!((rows(&alices).len(), first("chair")), (1, None), "those of the former stand there");
    world.pass(1_000);
    assert_eq!((first("chair").as_deref(), first("lamp")), (Some("chair"), None));
}

#[test]
fn a_search_that_somebody_comes_back_to_shows_no_message_that_was_deleted_meanwhile() {
    let (world, _, bob, alices, _) = two_talking();
    write(&world, &alices, &["the lamp", "a lamp"]);
    alices.ask(Command::Back);
    types(&alices, "lamp");
    world.pass(1_000);
    let hit = found(&alices).unwrap().hits.remove(0);
    keep_search(alices.state);
    alices.ask(Command::act(Act::FindIn(bob.address(), hit.hash.clone())));
    world.pass(1_000);
    alices.ask(Command::act(Act::Delete(hit.hash)));
    world.pass(1_000);
    alices.ask(Command::Back);
    // As the list asks for when it stands again.
    alices.ask(Command::LookUp("lamp".to_owned()));
    world.pass(1_000);
    assert_eq!(rows(&alices), ["the [lamp]"]);
}
