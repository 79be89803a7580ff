//! Several delivery services, each of which may be away.

use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::testing::Fault;
use dm3_widget::app::Command;
use dm3_widget::app::state::{Connection, Delivery, Screen};

use super::world::{Device, NODE, World, now, two_talking};

/// Logging in at the first and at the second delivery service.
const LOG_IN: [&str; 2] = ["GET https://dm3.example/ds/auth", "GET https://ds2.example/ds/auth"];

/// Somebody whose profile names two delivery services.
fn with_two_services(world: &World) -> Rc<Device> {
    let (alice, _) = world.person("alice");
    let services = [world.network.first_service(), world.network.second_service()];
    let names = services.map(|service| service.name().clone()).to_vec();
    now(async { alice.peer.publish(alice.peer.keys().await.public(), names).await });
    alice
}

fn tries(world: &World) -> [usize; 2] {
    LOG_IN.map(|target| world.network.count(target))
}

#[test]
fn each_delivery_service_is_tried_again_after_waits_of_its_own() {
    let world = World::new();
    let alice = with_two_services(&world);
    for target in LOG_IN {
        world.network.fail(target, Fault::Unreachable);
    }
    let before = tries(&world);
    let tab = alice.open_tab(&world);
    // At 0, 1, 3, 7, 15 and 31 seconds, or somewhat earlier.
    world.pass(60_000);
    for (now, before) in tries(&world).into_iter().zip(before) {
        assert!((6..=7).contains(&(now - before)), "{now} {before}");
    }
    assert!(matches!(tab.state.connection.get_untracked(), Connection::Lost(_)));
}

#[test]
fn reconnecting_now_wakes_all_that_wait() {
    let world = World::new();
    let alice = with_two_services(&world);
    for target in LOG_IN {
        world.network.fail(target, Fault::Unreachable);
    }
    let tab = alice.open_tab(&world);
    world.pass(40_000);
    let before = tries(&world);
    tab.ask(Command::Reconnect);
    world.run();
    assert_eq!(tries(&world), before.map(|tries| tries + 1));
    world.network.heal();
    tab.ask(Command::Reconnect);
    world.run();
    assert!(tab.is_live());
}

#[test]
fn one_delivery_service_that_works_is_a_connection() {
    let world = World::new();
    let (alice, (bob, _)) = (with_two_services(&world), world.person("bob"));
    world.network.fail(LOG_IN[1], Fault::Unreachable);
    let tab = alice.open_tab(&world);
    world.pass(5_000);
    assert!(tab.is_live());
    // The outbox goes on as well: what could not leave is tried again.
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    world.network.fail("POST https://dm3.example/ds/rpc", Fault::Unreachable);
    tab.ask(Command::Send("one".into()));
    world.run();
    assert_eq!(tab.deliveries(), [Delivery::Waiting]);
    world.network.heal();
    world.network.fail(LOG_IN[1], Fault::Unreachable);
    world.pass(21_000);
    assert_eq!(tab.deliveries(), [Delivery::Sent]);
    assert_eq!(world.network.first_service().waiting(bob.address()), 1);
}

#[test]
fn a_mailbox_that_could_not_be_fetched_is_fetched_again() {
    let world = World::new();
    let ((alice, _), (_, bobs)) = (world.person("alice"), world.person("bob"));
    now(bobs.compose(ConversationId::Peer(alice.address()), "hello")).unwrap();
    now(bobs.flush()).unwrap();
    world.network.fail("/incoming/", Fault::Unreachable);
    let tab = alice.open_tab(&world);
    world.run();
    assert!(matches!(tab.state.connection.get_untracked(), Connection::Lost(_)));
    world.network.heal();
    world.pass(21_000);
    assert!(tab.is_live());
    assert_eq!(tab.unread(), 1);
}

#[test]
fn what_waits_leaves_when_the_node_is_back_also_if_its_conversation_was_opened_meanwhile() {
    let (world, _, _, alice, bob) = two_talking();
    let bob_is = bob.state.account.get_untracked().unwrap().address;
    alice.ask(Command::Send("before".into()));
    world.pass(1_000);
    world.network.fail("https://dm3.example", Fault::Unreachable);
    for text in ["one", "two", "three"] {
        alice.ask(Command::Send(text.into()));
        world.pass(1_000);
    }
    alice.ask(Command::Back);
    world.pass(1_000);
    alice.ask(Command::OpenPeer(bob_is));
    world.pass(3_000);
    world.network.heal();
    world.pass(60_000);
    let waits = |it: &Delivery| matches!(it, Delivery::Waiting | Delivery::Sending);
    assert_eq!(alice.deliveries().iter().filter(|it| waits(it)).count(), 0, "{:?}", alice.deliveries());
}

#[test]
fn a_node_that_is_busy_or_down_is_still_the_node_it_was() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    alice.open_tab(&world);
    world.run();
    for status in [408, 429, 500, 503] {
        for target in ["/.well-known/dm3", "/ds/hello"] {
            world.network.heal();
            // The second is asked where the first is no description.
            world.network.set_document(&format!("{NODE}/.well-known/dm3"), 404, "");
            world.network.fail(target, Fault::Status(status));
            let tab = alice.open_tab(&world);
            world.pass(1_000);
            assert_eq!(tab.screen(), Screen::List, "{status} {target}");
        }
    }
}
