//! What is loaded when it is used: while it is on its way, and where it can't be had.

use dm3_widget::app::Command;
use dm3_widget::app::fault::Fault;
use dm3_widget::app::part::PartMissing;
use dm3_widget::app::state::{Connection, Delivery, Screen};

use super::loading::without_part;
use super::world::{Device, Tab, World};

const GONE: Connection = Connection::Lost(Fault::Part(PartMissing::Unreachable));

/// What stands in the open conversation: how far each message is.
fn deliveries(tab: &Tab) -> Vec<Delivery> {
    tab.state.thread.with_untracked(|thread| {
        let messages = thread.iter().flat_map(|thread| thread.messages.iter().flatten());
        messages.map(|bubble| bubble.delivery.clone()).collect()
    })
}

fn write(tab: &Tab, world: &World, to: &Device, text: &str) {
    tab.ask(Command::Open(to.address().to_string()));
    world.run();
    tab.ask(Command::Send(text.to_owned()));
    world.run();
}

#[test]
fn the_list_stands_before_anything_else_is_loaded_and_what_was_asked_for_is_told_to_fail() {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let missing = without_part("chat");
    let tab = alice.open_tab(&world);
    world.run();
    assert_eq!(tab.screen(), Screen::List);
    assert!(tab.state.conversations.with_untracked(Option::is_some));
    tab.ask(Command::Open(bob.address().to_string()));
    world.run();
    assert_eq!(tab.state.connection.get_untracked(), GONE);
    drop(missing);
    tab.ask(Command::Reconnect);
    world.run();
    assert_eq!(tab.state.connection.get_untracked(), Connection::Live);
}

#[test]
fn what_is_written_leaves_while_that_which_picks_up_can_not_be_loaded() {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let missing = without_part("pick-up");
    let (there, here) = (bob.open_tab(&world), alice.open_tab(&world));
    world.run();
    write(&here, &world, &bob, "Hello");
    assert_eq!(deliveries(&here), [Delivery::Sent]);
    assert_eq!([&here, &there].map(|tab| tab.state.connection.get_untracked()), [GONE, GONE]);
    drop(missing);
    there.ask(Command::Reconnect);
    world.run();
    assert_eq!(there.state.connection.get_untracked(), Connection::Live);
    let unread: u64 =
        there.state.conversations.with_untracked(|rows| rows.iter().flatten().map(|row| row.unread).sum());
    assert_eq!(unread, 1);
}
