use dm3_core::engine::Change;

use super::world::World;

#[test]
fn one_tab_delivers_for_all() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (first, second, _bobs) = (world.open(&alice), world.open(&alice), world.open(&bob));
    world.run();
    assert!(first.engine.leads() && !second.engine.leads());
    second.changes();
    second.send(&bob, "hello");
    world.run();
    assert_eq!(alice.waiting(), 1, "the tab that does not lead sends nothing");
    assert!(second.changes().contains(&Change::Outbox(bob.peer.conversation())));
    first.engine.deliver_outbox(Some(bob.peer.conversation()));
    world.run();
    assert_eq!(bob.texts(&alice), ["hello"]);
}

#[test]
fn only_the_leading_tab_has_a_connection() {
    let world = World::new();
    let alice = world.person("alice");
    let _first = world.open(&alice);
    world.run();
    let requests = world.network.requests().len();
    let _second = world.open(&alice);
    world.run();
    assert_eq!(world.network.requests().len(), requests);
}

#[test]
fn the_next_tab_takes_over_within_two_seconds_when_one_is_killed_or_frozen() {
    for freeze in [false, true] {
        let world = World::new();
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        let (first, second, bobs) = (world.open(&alice), world.open(&alice), world.open(&bob));
        world.run();
        second.send(&bob, "hello");
        let first = if freeze {
            first.freeze();
            Some(first)
        } else {
            first.kill();
            None
        };
        world.pass(2_000);
        assert!(second.engine.leads());
        assert_eq!(bob.texts(&alice), ["hello"]);
        bobs.send(&alice, "and to you");
        world.run();
        assert_eq!(alice.texts(&bob), ["hello", "and to you"]);
        let Some(first) = first else { continue };
        // Who comes back finds that it does not lead any more, and does nothing twice.
        first.thaw();
        world.pass(5_000);
        assert!(!first.engine.leads() && second.engine.leads());
        second.send(&bob, "once");
        world.pass(5_000);
        assert_eq!(bob.texts(&alice), ["hello", "and to you", "once"]);
    }
}

#[test]
fn a_tab_that_rests_gives_the_lease_back_at_once_and_goes_on_later() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (first, second, bobs) = (world.open(&alice), world.open(&alice), world.open(&bob));
    world.run();
    assert!(first.engine.leads());
    first.cache(&world);
    // Sooner than anybody would take it for dead.
    world.pass(500);
    assert!(second.engine.leads() && !first.engine.leads());
    bobs.send(&alice, "meanwhile");
    world.run();
    assert_eq!(alice.texts(&bob), ["meanwhile"]);
    // Who waits for the lease rests as well, and does not get it.
    first.restore();
    world.pass(500);
    first.cache(&world);
    second.kill();
    world.pass(5_000);
    assert!(!first.engine.leads());
    bobs.send(&alice, "while nobody was there");
    world.pass(1_000);
    assert_eq!(alice.texts(&bob), ["meanwhile"]);
    first.restore();
    world.pass(1_000);
    assert!(first.engine.leads());
    assert_eq!(alice.texts(&bob), ["meanwhile", "while nobody was there"]);
}
