use dm3_core::engine::{Change, Connection};
use dm3_core::ports::Store as _;
use dm3_core::testing::Fault;

use super::world::{World, now};

#[test]
fn without_sockets_mailboxes_are_polled() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    world.network.fail("wss://", Fault::Unreachable);
    let (tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    assert_eq!(bobs.connection(), Connection::Polling);
    tab.send(&bob, "hello");
    world.pass(5_100);
    assert_eq!(bob.texts(&alice), ["hello"]);
}

#[test]
fn a_mailbox_that_can_not_be_reached_is_a_lost_connection_until_it_can() {
    let world = World::new();
    let bob = world.person("bob");
    world.network.fail("https://dm3.example/ds", Fault::Unreachable);
    let tab = world.open(&bob);
    world.run();
    assert!(matches!(tab.connection(), Connection::Lost(_)));
    world.network.heal();
    tab.engine.wake();
    world.run();
    assert_eq!(tab.connection(), Connection::Live);
}

#[test]
fn a_sender_who_can_not_be_looked_up_holds_up_nobody() {
    let world = World::new();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let _tab = world.open(&alice);
    world.run();
    world.network.fail("gateway.dm3.example", Fault::Slow(20_000));
    let bobs = world.open(&bob);
    world.run();
    bobs.send(&alice, "from bob");
    world.run();
    // Bob knows alice only after twenty seconds; then alice has to find out who bob is.
    world.pass(25_000);
    world.network.heal();
    let carols = world.open(&carol);
    world.run();
    carols.send(&alice, "from carol");
    world.run();
    assert_eq!(alice.texts(&carol), ["from carol"]);
    world.pass(60_000);
    assert_eq!(alice.texts(&bob), ["from bob"]);
}

#[test]
fn what_could_not_be_stored_is_fetched_again() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    alice.peer.store.set_write_failure(Some(dm3_core::ports::StoreError::Full));
    bobs.send(&alice, "hello");
    world.pass(5_000);
    assert!(tab.changes().iter().any(|change| matches!(change, Change::Store(_))));
    assert_eq!(world.network.first_service().waiting(alice.peer.address()), 1, "not acknowledged");
    alice.peer.store.set_write_failure(None);
    world.pass(31_000);
    assert_eq!(alice.texts(&bob), ["hello"]);
    assert_eq!(world.network.first_service().waiting(alice.peer.address()), 0);
}

#[test]
fn what_came_while_nobody_was_there_is_found() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let bobs = world.open(&bob);
    world.run();
    for text in ["one", "two"] {
        bobs.send(&alice, text);
        world.run();
    }
    let _tab = world.open(&alice);
    world.run();
    assert_eq!(alice.texts(&bob), ["one", "two"]);
    assert_eq!(now(alice.peer.unread(&bob.peer)), 2);
}

#[test]
fn what_the_first_sender_wrote_is_told_before_what_all_others_wrote_is_stored() {
    let world = World::new();
    let alice = world.person("alice");
    for n in 0..10 {
        let sender = world.person(&format!("sender{n}"));
        let tab = world.open(&sender);
        world.run();
        tab.send(&alice, "hello");
        world.run();
    }
    let tab = world.open(&alice);
    let (store, me) = (&alice.peer.store, alice.peer.address());
    store.set_yielding(true);
    while !tab.changes().iter().any(|change| matches!(change, Change::Received { .. })) {
        if !world.step() {
            world.network.clock().advance(1);
        }
    }
    store.set_yielding(false);
    assert_eq!(now(store.summaries(me)).unwrap().len(), 1);
    world.pass(1_000);
    assert_eq!(now(store.summaries(me)).unwrap().len(), 10);
}

#[test]
fn a_service_that_another_device_has_listed_is_reached_once_the_history_tells_and_one_that_is_left_goes_on() {
    let world = World::new();
    let (alice, laptop, phone) = (world.person("alice"), world.person("bob"), world.person("bob"));
    let (tab, laptops, phones) = (world.open(&alice), world.open(&laptop), world.open(&phone));
    world.pass(10_000);
    let wanted = ["ds2.eth".parse().unwrap()];
    let session = laptops.engine.session();
    let signed =
        now(session.sign_services(&laptop.peer.wallet, now(session.propose_services(&wanted)).unwrap()))
            .unwrap();
    now(session.publish_services(&signed)).unwrap();
    laptops.engine.keep();
    laptops.engine.wake();
    world.pass(70_000);
    for bobs in [&laptops, &phones] {
        let links = bobs.engine.connections();
        let names: Vec<_> = links.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["ds.dm3.eth", "ds2.eth"]);
        assert!(links.iter().all(|(_, link)| *link == Connection::Live), "{links:?}");
    }
    tab.send(&laptop, "to the new one");
    world.pass(10_000);
    assert_eq!(world.network.count("POST https://ds2.example/ds/rpc"), 1);
    for device in [&laptop, &phone] {
        assert_eq!(device.texts(&alice), ["to the new one"]);
    }
}

#[test]
fn what_was_kept_of_somebody_is_there_as_soon_as_they_are_found() {
    for leads in [true, false] {
        let world = World::new();
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        let (tab, first, second) = (world.open(&alice), world.open(&bob), world.open(&bob));
        world.run();
        world.network.remove_profile(alice.peer.address());
        tab.send(&bob, "hello");
        world.pass(600_000);
        let keys = now(alice.peer.keys()).public();
        now(alice.peer.publish(keys, vec!["ds.dm3.eth".parse().unwrap()]));
        world.pass(61_000);
        assert_eq!(bob.texts(&alice), [""; 0], "it is tried rarely by then");
        let conversation = alice.peer.conversation();
        let opened = if leads { &first } else { &second };
        assert!(now(opened.engine.session().peer(alice.peer.address())).unwrap().profile.is_some());
        opened.engine.found(conversation);
        if !leads {
            // The tab that leads is told.
            assert!(second.changes().contains(&Change::Outbox(conversation)));
            first.engine.deliver_outbox(Some(conversation));
        }
        world.run();
        assert_eq!(bob.texts(&alice), ["hello"]);
    }
}
