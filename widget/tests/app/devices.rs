//! Several devices of one account: what one has, the other has.

use dm3_widget::app::Command;
use dm3_widget::app::state::BubbleContent;

use super::world::{Tab, World};

fn texts(tab: &Tab) -> Vec<String> {
    let text = |content: &BubbleContent| match content {
        BubbleContent::Text { text, .. } => text.clone(),
        _ => String::new(),
    };
    tab.state().thread.with_untracked(|thread| {
        let bubbles = thread.as_ref().and_then(|thread| thread.messages.clone()).unwrap_or_default();
        bubbles.iter().map(|bubble| text(&bubble.content)).collect()
    })
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
    let list = second.state().conversations.get_untracked().unwrap();
    assert_eq!(list.len(), 1);
    second.ask(Command::Open("bob.eth".into()));
    world.run();
    let shown = texts(&second);
    assert_eq!(shown, written[written.len() - shown.len()..]);
    for _ in 0..3 {
        second.ask(Command::LoadOlder);
        world.run();
    }
    assert_eq!(texts(&second), written);
    let more = |tab: &Tab| tab.state().thread.with_untracked(|it| it.as_ref().unwrap().more);
    assert!(!more(&second));

    first.ask(Command::Send("once more".into()));
    world.pass(3_000);
    assert_eq!(texts(&second).last().unwrap(), "once more");
}
