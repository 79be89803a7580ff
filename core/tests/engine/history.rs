use dm3_core::engine::Change;
use dm3_core::testing::Fault;

use super::world::{Device, Tab, World, now};

const HISTORY: &str = "https://dm3.example/api/history";

fn unread(device: &Device, of: &Device) -> u64 {
    now(device.peer.unread(&of.peer))
}

fn older(world: &World, tab: &Tab, with: &Device) {
    world.run();
    while now(tab.engine.older(with.peer.conversation())).unwrap().more {}
}

#[test]
fn a_second_device_has_what_the_first_has_and_both_stay_alike() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    for n in 0..3 {
        tab.send(&bob, &format!("question {n}"));
        world.run();
        bobs.send(&alice, &format!("answer {n}"));
        world.run();
    }
    world.pass(5_000);

    let second = world.person("alice");
    let seconds = world.open(&second);
    world.run();
    assert_eq!(second.texts(&bob), alice.texts(&bob));
    assert!(seconds.changes().contains(&Change::Conversation(bob.peer.conversation())));

    // What one does the other sees at once, without asking all the time.
    tab.send(&bob, "from the first");
    world.pass(3_000);
    seconds.send(&bob, "from the second");
    world.pass(3_000);
    bobs.send(&alice, "to both");
    world.pass(3_000);
    for device in [&alice, &second] {
        let texts = device.texts(&bob);
        assert_eq!(texts[texts.len() - 3..], ["from the first", "from the second", "to both"]);
    }
    assert!(unread(&alice, &bob) > 0 && unread(&alice, &bob) == unread(&second, &bob));
    now(seconds.engine.session().mark_read(bob.peer.conversation())).unwrap();
    seconds.engine.keep();
    world.pass(3_000);
    assert_eq!((unread(&alice, &bob), unread(&second, &bob)), (0, 0));
    let requests = world.network.count(HISTORY);
    world.pass(30_000);
    assert_eq!(world.network.count(HISTORY), requests);
}

#[test]
fn an_emptied_device_gets_everything_back() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let (tab, bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    for n in 0..120 {
        bobs.send(&alice, &format!("{n}"));
        world.run();
    }
    world.pass(5_000);
    let texts = alice.texts(&bob);
    assert_eq!(texts.len(), 120);
    tab.kill();
    now(alice.peer.resume_after_eviction());
    let tab = world.open(&alice);
    world.run();
    assert_eq!(alice.texts(&bob), texts[texts.len() - alice.texts(&bob).len()..]);
    older(&world, &tab, &bob);
    assert_eq!(alice.texts(&bob), texts);
}

#[test]
fn a_node_that_is_down_is_given_everything_once_it_is_back() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    world.network.fail(HISTORY, Fault::Status(503));
    let (tab, _bobs) = (world.open(&alice), world.open(&bob));
    world.run();
    tab.send(&bob, "hello");
    world.pass(100_000);
    world.network.heal();
    world.pass(60_000);
    let second = world.person("alice");
    let _seconds = world.open(&second);
    world.pass(1_000);
    assert_eq!(second.texts(&bob), ["hello"]);
    assert!(!tab.engine.history_is_full());
    world.network.first_service().history().set_room(Some(1));
    tab.send(&bob, "no room");
    world.pass(5_000);
    assert!(tab.engine.history_is_full());
}
