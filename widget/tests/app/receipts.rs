//! What people learn of their messages at the other side.

use std::rc::Rc;

use dm3_core::message::Draft;
use dm3_core::session::Decision;
use dm3_widget::app::settings::Settings;
use dm3_widget::app::state::{Delivery, Screen};
use dm3_widget::app::{Command, SettingsAsk};
use serde_json::Value;

use super::world::{Device, Tab, World, now, two_talking};

/// alice's and bob's tabs; they have written to each other, and nobody looks at the conversation now.
fn acquainted() -> (World, Rc<Device>, Tab, Rc<Device>, Tab) {
    let (world, alice, bob, alices, bobs) = two_talking();
    bobs.set_visible(false);
    world.pass(1_000);
    (world, alice, alices, bob, bobs)
}

fn say(world: &World, tab: &Tab, text: &str) {
    tab.ask(Command::Send(text.into()));
    world.pass(2_000);
}

#[test]
fn a_message_is_delivered_when_it_comes_and_read_when_it_is_seen() {
    let (world, _, alice, _, bob) = acquainted();
    say(&world, &alice, "hello");
    assert_eq!(alice.deliveries(), [Delivery::Arrived]);
    bob.set_visible(true);
    world.pass(2_000);
    assert_eq!(alice.deliveries(), [Delivery::Read]);
    say(&world, &alice, "seen at once");
    assert_eq!(alice.deliveries(), [Delivery::Read, Delivery::Read]);
    assert_eq!(bob.deliveries(), [Delivery::Received, Delivery::Received], "receipts are no messages");
}

#[test]
fn a_stranger_learns_nothing_until_they_are_welcome() {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let (alices, bobs) = (alice.open_tab(&world), bob.open_tab(&world));
    world.pass(1_000);
    alices.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    say(&world, &alices, "hello");
    bobs.ask(Command::OpenPeer(alice.address()));
    world.pass(2_000);
    assert_eq!(bobs.deliveries(), [Delivery::Received]);
    assert_eq!(alices.deliveries(), [Delivery::Sent]);
    bobs.ask(Command::Decide(alice.address(), Decision::Accept));
    world.pass(2_000);
    assert_eq!(alices.deliveries(), [Delivery::Sent], "what was seen before is not told afterwards");
    say(&world, &alices, "again");
    assert_eq!(alices.deliveries(), [Delivery::Sent, Delivery::Read]);
}

#[test]
fn at_a_page_that_wants_none_nobody_learns_what_arrived_and_was_read() {
    let (world, _, alice, _, bob) = acquainted();
    bob.state.silent.set(true);
    bob.set_visible(true);
    say(&world, &alice, "hello");
    assert_eq!(alice.deliveries(), [Delivery::Sent]);
    bob.ask(Command::settings(SettingsAsk::Show));
    world.pass(1_000);
    let shown = bob.screen();
    let Screen::Settings(shown) = &shown else { panic!("{shown:?}") };
    let settings = shown.shown::<Settings>().unwrap();
    assert!(settings.silent && settings.receipts, "what they have set is another thing");
    bob.ask(Command::settings(SettingsAsk::Leave));
    bob.state.silent.set(false);
    say(&world, &alice, "again");
    assert_eq!(alice.deliveries().last(), Some(&Delivery::Read));
}

#[test]
fn who_does_not_want_receipts_sends_none() {
    let (world, _, alice, device, bob) = acquainted();
    let session = now(device.peer.resume());
    now(session.set_setting("receipts", Value::Bool(false))).unwrap();
    say(&world, &alice, "hello");
    bob.set_visible(true);
    world.pass(2_000);
    assert_eq!(alice.deliveries(), [Delivery::Sent]);
    now(session.set_setting("receipts", Value::Bool(true))).unwrap();
    say(&world, &alice, "again");
    assert_eq!(alice.deliveries(), [Delivery::Sent, Delivery::Read]);
}

#[test]
fn what_a_peer_misses_is_sent_again_and_within_bounds() {
    let (world, alice, alices, bob, _bobs) = acquainted();
    say(&world, &alices, "lost");
    let lost = alices
        .state
        .thread
        .with_untracked(|thread| thread.as_ref().unwrap().messages.as_ref().unwrap()[0].hash.clone());
    let session = now(bob.peer.resume());
    let submitted = || world.network.count("/ds/rpc");
    let before = submitted();
    for _ in 0..30 {
        let ask = |header| Draft::resend_request(header, &lost);
        now(session.write(alice.peer.conversation(), &[], ask)).unwrap();
        now(session.flush()).unwrap();
        world.pass(1_000);
    }
    let answers = submitted() - before - 30;
    assert!((1..=20).contains(&answers), "{answers}");
}

#[test]
fn the_browser_tells_who_wrote_while_nobody_looks_if_somebody_wants_that() {
    let (world, alice, alices, bob, bobs) = acquainted();
    say(&world, &alices, "not wanted yet");
    assert!(bob.notified.borrow().is_empty());

    bobs.ask(Command::settings(SettingsAsk::Show));
    world.run();
    bobs.ask(Command::settings(SettingsAsk::Notifications(true)));
    world.run();
    say(&world, &alices, "while bob is away");
    assert_eq!(*bob.notified.borrow(), [alice.address()]);

    bobs.set_visible(true);
    world.pass(1_000);
    say(&world, &alices, "while bob looks");
    bobs.set_visible(false);
    bobs.ask(Command::OpenPeer(alice.address()));
    world.run();
    bobs.ask(Command::Decide(alice.address(), Decision::Mute(true)));
    world.pass(1_000);
    say(&world, &alices, "while bob wants quiet");
    assert_eq!(bob.notified.borrow().len(), 1);
}
