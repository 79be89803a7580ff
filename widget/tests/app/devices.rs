//! Several devices of one account: what one has, the other has.

use dm3_widget::app::Command;
use dm3_widget::app::state::BubbleContent;

use super::world::{Tab, World};

fn texts(tab: &Tab) -> Vec<String> {
    let text = |content: &BubbleContent| match content {
        BubbleContent::Text { text, .. } => text.clone(),
        _ => String::new(),
    };
    tab.state.thread.with_untracked(|thread| {
        let bubbles = thread.as_ref().and_then(|thread| thread.messages.clone()).unwrap_or_default();
        bubbles.iter().map(|bubble| text(&bubble.content)).collect()
    })
}

fn composer(tab: &Tab) -> String {
    tab.state.text.get_untracked()
}

/// Somebody types, letter by letter.
fn type_in(world: &World, tab: &Tab, text: &str) {
    for end in 1..=text.len() {
        tab.state.text.set(text[..end].to_owned());
        tab.ask(Command::Typed(text[..end].to_owned()));
        world.run();
    }
}

#[test]
fn what_was_begun_on_one_device_is_finished_on_another() {
    let world = World::new();
    let ((alice, _), (_bob, _)) = (world.person("alice"), world.person("bob"));
    let first = alice.open_tab(&world);
    let (second_device, _) = world.person("alice");
    let second = second_device.open_tab(&world);
    world.run();
    first.ask(Command::Open("bob.eth".into()));
    world.run();
    type_in(&world, &first, "a letter");
    world.pass(5_000);

    second.ask(Command::Open("bob.eth".into()));
    world.run();
    assert_eq!(composer(&second), "a letter");
    type_in(&world, &second, "a longer letter");
    world.pass(5_000);
    first.ask(Command::Back);
    first.state.text.set(String::new());
    world.run();
    first.ask(Command::Open("bob.eth".into()));
    world.run();
    assert_eq!(composer(&first), "a longer letter", "the later of both");

    second.ask(Command::Send("a longer letter".into()));
    world.pass(5_000);
    first.ask(Command::Back);
    first.state.text.set(String::new());
    world.run();
    first.ask(Command::Open("bob.eth".into()));
    world.run();
    assert_eq!((composer(&first).as_str(), texts(&first)), ("", vec!["a longer letter".to_owned()]));
}

#[test]
fn what_is_typed_stays_when_the_clock_is_corrected_after_an_earlier_text_was_sent() {
    let world = World::new();
    let ((alice, _), (_bob, _)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    type_in(&world, &tab, "sent");
    world.pass(5_000);
    tab.ask(Command::Send("sent".into()));
    world.pass(5_000);
    // What a correction does, which a login brings.
    world.network.clock().set_error(-60_000);
    type_in(&world, &tab, "and more");
    tab.ask(Command::Back);
    world.run();
    tab.state.text.set(String::new());
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(5_000);
    assert_eq!(composer(&tab), "and more");
}

#[test]
fn somebody_is_told_of_a_full_node_and_of_a_wrong_clock_while_it_is_so() {
    let world = World::new();
    let ((alice, _), (_bob, _)) = (world.person("alice"), world.person("bob"));
    let service = world.network.first_service();
    service.history().set_room(Some(1));
    service.clock().set_error(20 * 60_000);
    let tab = alice.open_tab(&world);
    world.pass(5_000);
    let state = tab.state;
    let slow = state.clock_error.get_untracked().expect("a wrong clock");
    assert!((-21 * 60_000..=-19 * 60_000).contains(&slow), "{slow}");
    assert!(!state.history_full.get_untracked());
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    tab.ask(Command::Send("hello".into()));
    world.pass(60_000);
    assert!(state.history_full.get_untracked());
    service.history().set_room(None);
    world.pass(11 * 60_000);
    assert!(!state.history_full.get_untracked());
}

#[test]
fn a_second_device_shows_everything_and_follows() {
    let world = World::new();
    let ((alice, _), (_bob, _)) = (world.person("alice"), world.person("bob"));
    let first = alice.open_tab(&world);
    world.run();
    first.ask(Command::Open("bob.eth".into()));
    world.run();
    assert!(!alice.asked_to_keep.get());
    let written: Vec<_> = (0..200).map(|n| format!("number {n}")).collect();
    for text in &written {
        first.ask(Command::Send(text.clone()));
        world.run();
    }
    assert!(alice.asked_to_keep.get());
    world.pass(5_000);

    let (second_device, _) = world.person("alice");
    let second = second_device.open_tab(&world);
    world.run();
    let list = second.state.conversations.get_untracked().unwrap();
    assert_eq!(list.len(), 1);
    second.ask(Command::Open("bob.eth".into()));
    world.run();
    let shown = texts(&second);
    assert_eq!(shown, written[written.len() - shown.len()..]);
    for _ in 0..14 {
        second.ask(Command::LoadOlder);
        world.run();
    }
    assert_eq!(texts(&second), written);
    let more = |tab: &Tab| tab.state.thread.with_untracked(|it| it.as_ref().unwrap().more);
    assert!(!more(&second));

    first.ask(Command::Send("once more".into()));
    world.pass(3_000);
    assert_eq!(texts(&second).last().unwrap(), "once more");
}
