//! What is written leaves, whatever is interrupted.

use std::rc::Rc;

use dm3_core::ports::Store as _;
use dm3_core::testing::Fault;
use dm3_widget::app::Command;
use dm3_widget::app::state::Delivery;

use super::world::{Device, NODE, Tab, WALLET, World, now};

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

/// Alice, whose conversation with bob.eth is open. He is elsewhere.
fn writes_to_bob() -> (World, Rc<Device>, Rc<Device>, Tab) {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    (world, alice, bob, tab)
}

#[test]
fn while_the_browser_has_no_network_what_is_written_waits_and_nothing_is_begun() {
    let (world, alice, bob, alices) = writes_to_bob();
    world.network.fail("", Fault::Slow(20_000));
    alice.online.set(false);
    alices.ask(Command::Online);
    world.run();
    alices.ask(Command::Send("from the train".into()));
    world.pass(10_000);
    assert_eq!(alices.deliveries(), [Delivery::Waiting]);
    alice.online.set(true);
    alices.ask(Command::Online);
    world.run();
    assert_eq!(alices.deliveries(), [Delivery::Sending]);
    world.network.heal();
    world.pass(120_000);
    assert_eq!(alices.deliveries(), [Delivery::Sent]);
    assert_eq!(world.network.first_service().waiting(bob.address()), 1);
}

#[test]
fn that_there_is_a_network_again_is_seen_when_somebody_tries_or_looks_though_the_browser_does_not_tell() {
    for looks in [false, true] {
        let (world, alice, _, alices) = writes_to_bob();
        alice.online.set(false);
        alices.ask(Command::Online);
        world.run();
        alices.ask(Command::Send("from the train".into()));
        world.pass(1_000);
        assert_eq!(alices.deliveries(), [Delivery::Waiting]);
        alice.online.set(true);
        if looks {
            alices.set_visible(true);
        } else {
            alices.ask(Command::Reconnect);
        }
        world.pass(1_000);
        assert_eq!(alices.deliveries(), [Delivery::Sent], "looks: {looks}");
    }
}

#[test]
fn what_had_to_wait_goes_on_waiting_while_it_is_tried_again_however_long_that_takes() {
    let (world, _, _, alices) = writes_to_bob();
    world.network.fail("", Fault::Unreachable);
    alices.ask(Command::Send("far away".into()));
    world.pass(1_000);
    assert_eq!(alices.deliveries(), [Delivery::Waiting]);
    world.network.heal();
    world.network.fail("", Fault::Slow(20_000));
    for _ in 0..15 {
        world.pass(1_000);
        assert_eq!(alices.deliveries(), [Delivery::Waiting]);
    }
    world.network.heal();
    world.pass(120_000);
    assert_eq!(alices.deliveries(), [Delivery::Sent]);
}
