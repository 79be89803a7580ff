use dm3_core::device::SendState;
use dm3_core::engine::{Change, Connection};
use dm3_core::ports::{Store as _, StoreError};
use dm3_core::testing::Fault;

use super::world::{World, now};

const SUBMIT: &str = "POST https://dm3.example/ds/rpc";

#[test]
fn what_is_written_is_kept_told_and_leaves_by_itself() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    tab.changes();
    tab.send(&bob, "hello");
    assert_eq!(alice.waiting(), 1, "durable before anything else");
    world.run();
    assert_eq!(alice.waiting(), 0);
    let changes = tab.changes();
    assert_eq!(changes.first(), Some(&Change::Conversation(bob.peer.conversation())));
    assert!(changes.iter().any(|change| matches!(change, Change::Sent(_))), "{changes:?}");
    assert_eq!(bob.texts(&alice), ["hello"]);
    assert!(bobs.changes().iter().any(|change| matches!(change, Change::Received { .. })));
}

#[test]
fn what_could_not_be_kept_is_not_written() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let tab = world.open(&alice);
    world.run();
    alice.peer.store.set_write_failure(Some(StoreError::Full));
    assert!(now(tab.engine.send(bob.peer.conversation(), &[], "hello")).is_err());
    alice.peer.store.set_write_failure(None);
    world.pass(60_000);
    assert_eq!(bob.texts(&alice).len() + alice.texts(&bob).len(), 0);
}

#[test]
fn a_conversation_keeps_its_order_and_holds_up_no_other() {
    let world = World::new();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let (tab, _bobs, _carols) = (world.open(&alice), world.open(&bob), world.open(&carol));
    world.run();
    // Bob's profile takes long to be found.
    let bobs_alias = format!("{}", bob.peer.alias());
    world.network.fail("gateway.dm3.example", Fault::Slow(5_000));
    tab.send(&bob, "one");
    world.run();
    world.network.heal();
    tab.send(&bob, "two");
    tab.send(&carol, "hi");
    world.run();
    assert_eq!(carol.texts(&alice), ["hi"], "{bobs_alias}");
    assert!(bob.texts(&alice).is_empty());
    world.pass(6_000);
    assert_eq!(bob.texts(&alice), ["one", "two"]);
}

#[test]
fn without_a_network_it_waits_and_leaves_at_once_when_woken() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (tab, _bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    world.network.fail(SUBMIT, Fault::Unreachable);
    tab.send(&bob, "hello");
    world.pass(60_000);
    assert_eq!(alice.waiting(), 1);
    let tries = world.network.count(SUBMIT);
    assert!((5..=7).contains(&tries), "longer each time: {tries}");
    world.network.heal();
    world.run();
    assert_eq!(alice.waiting(), 1);
    tab.engine.wake();
    world.run();
    assert_eq!(bob.texts(&alice), ["hello"]);
}

#[test]
fn what_waits_leaves_at_once_when_a_delivery_service_is_reached_again() {
    for offset in 0..8 {
        let world = World::new();
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        world.network.fail("", Fault::Unreachable);
        let tab = world.open(&alice);
        world.run();
        tab.send(&bob, "hello");
        world.pass(60_000 + offset * 3_700);
        assert_eq!(alice.waiting(), 1);
        world.network.heal();
        for _ in 0..400 {
            if matches!(tab.connection(), Connection::Live | Connection::Polling) {
                break;
            }
            world.pass(100);
        }
        world.run();
        assert_eq!(alice.waiting(), 0, "{offset}: {:?}", tab.connection());
    }
}

#[test]
fn who_joins_later_gets_what_waits() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.newcomer("bob"));
    let tab = world.open(&alice);
    world.run();
    tab.send(&bob, "are you there?");
    world.pass(1_200_000);
    let asked = world.network.count("gateway.dm3.example");
    world.pass(1_200_000);
    let asked = world.network.count("gateway.dm3.example") - asked;
    assert!((3..=6).contains(&asked), "asked rarely: {asked}");
    now(bob.peer.sign_up());
    let _bobs = world.open(&bob);
    world.pass(301_000);
    assert_eq!(bob.texts(&alice), ["are you there?"]);
}

#[test]
fn a_message_that_waits_can_be_stopped_and_tried_again() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (tab, _bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    world.network.fail(SUBMIT, Fault::Unreachable);
    tab.send(&bob, "one");
    tab.send(&bob, "two");
    world.run();
    let conversation = bob.peer.conversation();
    let rows = now(alice.peer.store.outbox(alice.peer.address())).unwrap();
    now(tab.engine.stop(conversation, &rows[0].hash)).unwrap();
    world.network.heal();
    world.pass(2_000);
    assert_eq!(bob.texts(&alice), ["two"]);
    let stopped = now(alice.peer.store.message(alice.peer.address(), &rows[0].hash)).unwrap().unwrap();
    assert!(matches!(stopped.state, SendState::Refused(_)));
    // What has left is not stopped.
    now(tab.engine.stop(conversation, &rows[1].hash)).unwrap();
    let sent = now(alice.peer.store.message(alice.peer.address(), &rows[1].hash)).unwrap().unwrap();
    assert_eq!(sent.state, SendState::Accepted);
    now(tab.engine.retry(conversation, &rows[0].hash)).unwrap();
    world.run();
    assert_eq!(bob.texts(&alice).len(), 2);
}

#[test]
fn what_one_delivery_service_refuses_while_another_is_gone_holds_up_nothing_behind_it() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let services = ["nowhere.eth", "ds.dm3.eth"].map(|name| name.parse().unwrap());
    let keys = now(bob.peer.keys()).public();
    now(bob.peer.publish(keys, services.to_vec()));
    let (tab, _bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    world.network.first_service().set_size_limit(Some(10));
    tab.send(&bob, "too large");
    world.pass(1_000);
    world.network.first_service().set_size_limit(None);
    let tries = world.network.count(SUBMIT);
    tab.send(&bob, "next");
    world.pass(1_000);
    assert_eq!((alice.waiting(), bob.texts(&alice)), (0, vec!["next".to_owned()]));
    assert_eq!(world.network.count(SUBMIT), tries + 1);
}

#[test]
fn killed_at_any_moment_everything_arrives_once_and_in_order() {
    for moment in 0.. {
        let world = World::new();
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        let (tab, _bobs) = (world.open(&alice), world.open(&bob));
        world.run();
        world.slow_down();
        for text in ["one", "two", "three"] {
            tab.send(&bob, text);
        }
        for _ in 0..moment {
            if !world.step() {
                world.network.clock().advance(1);
            }
        }
        let done = alice.waiting() == 0;
        tab.kill();
        let _next = world.open(&alice);
        world.pass(3_000);
        assert_eq!(alice.waiting(), 0, "moment {moment}");
        assert_eq!(bob.texts(&alice), ["one", "two", "three"], "moment {moment}");
        if done {
            assert!(moment > 20, "there was something to interrupt");
            break;
        }
    }
}

#[test]
fn a_store_that_fails_for_a_while_loses_nothing() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (tab, _bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    tab.send(&bob, "hello");
    alice.peer.store.set_failure(Some(StoreError::Full));
    world.pass(10_000);
    assert!(tab.changes().contains(&Change::Store(StoreError::Full)));
    alice.peer.store.set_failure(None);
    world.pass(20_000);
    assert_eq!(bob.texts(&alice), ["hello"]);
}

#[test]
fn what_was_stopped_before_its_refusal_could_be_noted_can_be_tried_again() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (tab, _bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    // Where bob is found is kept with the first message.
    tab.send(&bob, "before");
    world.pass(60_000);
    world.network.first_service().set_size_limit(Some(10));
    tab.send(&bob, "after");
    alice.peer.store.set_write_failure(Some(StoreError::Full));
    world.run();
    world.network.first_service().set_size_limit(None);
    alice.peer.store.set_write_failure(None);
    let conversation = bob.peer.conversation();
    let rows = now(alice.peer.store.outbox(alice.peer.address())).unwrap();
    now(tab.engine.stop(conversation, &rows[0].hash)).unwrap();
    now(tab.engine.retry(conversation, &rows[0].hash)).unwrap();
    world.pass(120_000);
    assert_eq!(bob.texts(&alice), ["before", "after"]);
}

#[test]
fn what_was_taken_or_refused_is_handed_over_once_also_while_nothing_can_be_kept() {
    for is_refused in [false, true] {
        let world = World::new();
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        let (tab, _bobs) = (world.open(&alice), world.open(&bob));
        world.run();
        // Where bob is found is kept with the first message.
        tab.send(&bob, "before");
        world.pass(60_000);
        tab.changes();
        let before = world.network.count(SUBMIT);
        let submitted = || world.network.count(SUBMIT) - before;
        world.network.first_service().set_size_limit(is_refused.then_some(10));
        tab.send(&bob, "one");
        tab.send(&bob, "two");
        alice.peer.store.set_write_failure(Some(StoreError::Full));
        world.pass(600_000);
        assert_eq!((alice.waiting(), submitted()), (2, 2), "refused: {is_refused}");
        assert!(tab.changes().contains(&Change::Store(StoreError::Full)));
        alice.peer.store.set_write_failure(None);
        world.pass(120_000);
        assert_eq!((alice.waiting(), submitted()), (0, 2), "refused: {is_refused}");
        let texts = ["before", "one", "two"];
        assert_eq!(bob.texts(&alice), texts[..if is_refused { 1 } else { 3 }]);
    }
}

#[test]
fn while_there_is_said_to_be_no_network_nothing_is_begun_until_a_delivery_service_answers_all_the_same() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (tab, _bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    tab.engine.set_online(false);
    tab.send(&bob, "hello");
    world.pass(1_000);
    assert_eq!((alice.waiting(), world.network.count(SUBMIT)), (1, 0));
    // The mailbox is looked into as before.
    world.pass(30_000);
    assert_eq!(bob.texts(&alice), ["hello"]);
}

#[test]
fn who_is_found_while_an_attempt_ends_that_did_not_find_them_is_written_to_at_once() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.newcomer("bob"));
    let tab = world.open(&alice);
    world.run();
    tab.send(&bob, "hello");
    // By now it waits for minutes.
    world.pass(30 * 60_000);
    let hurry = || tab.engine.deliver_outbox(Some(bob.peer.conversation()));
    world.network.fail("gateway.dm3.example", Fault::Slow(5_000));
    hurry();
    world.pass(1_000);
    world.network.heal();
    let asked = world.network.count("gateway.dm3.example");
    hurry();
    world.pass(20_000);
    assert!(world.network.count("gateway.dm3.example") > asked);
}
