//! What is written leaves, whatever is interrupted.

use dm3_core::ports::Store as _;
use dm3_widget::app::Command;
use dm3_widget::app::state::Delivery;

use super::world::{NODE, Tab, WALLET, World, now};

/// Writes to bob.eth, and at every moment of its delivery does what `interrupt` does; whatever is in the outbox then,
/// and what is written afterwards, must reach bob's delivery service.
fn leaves_after(interrupt: impl Fn(&Tab)) {
    for moment in 0.. {
        let world = World::new();
        let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
        let tab = alice.open_tab(&world);
        world.run();
        tab.ask(Command::Open("bob.eth".into()));
        world.run();
        world.slow_down();
        tab.ask(Command::Send("one".into()));
        if !world.go_to_moment(moment) {
            break;
        }
        interrupt(&tab);
        world.finish();
        tab.ask(Command::Open("bob.eth".into()));
        world.finish();
        tab.ask(Command::Send("two".into()));
        world.finish();
        let waiting = now(alice.peer.store.outbox(alice.address())).unwrap();
        assert!(waiting.is_empty(), "moment {moment}: {waiting:?}");
        assert_eq!(tab.deliveries().last(), Some(&Delivery::Sent), "moment {moment}");
        assert!(world.network.first_service().waiting(bob.address()) > 0, "moment {moment}");
    }
}

#[test]
fn the_outbox_leaves_after_the_node_was_named_anew() {
    leaves_after(|tab| tab.set_node(NODE));
}

#[test]
fn the_outbox_leaves_after_signing_out_and_in_again() {
    leaves_after(|tab| {
        tab.ask(Command::Disconnect);
        tab.ask(Command::Connect(WALLET.into()));
    });
}

#[test]
fn the_outbox_leaves_after_the_account_was_entered_again() {
    leaves_after(|tab| tab.ask(Command::Connect(WALLET.into())));
}

#[test]
fn what_is_written_while_the_outbox_is_being_delivered_leaves_too() {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    world.slow_down();
    for text in ["one", "two", "three"] {
        tab.ask(Command::Send(text.into()));
        world.run();
    }
    world.finish();
    assert_eq!(tab.deliveries(), [Delivery::Sent, Delivery::Sent, Delivery::Sent]);
    assert_eq!(world.network.first_service().waiting(bob.address()), 3);
}
