use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::device::Trust;
use dm3_core::engine::Change;
use dm3_core::ports::Store as _;
use dm3_core::session::Decision;
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

#[test]
fn who_is_welcome_is_known_on_a_new_device_before_what_waits_is_told() {
    for offset in 0..4 {
        let world = World::new();
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        let (tab, bobs) = (world.open(&alice), world.open(&bob));
        world.run();
        tab.send(&bob, "hello");
        world.run();
        bobs.send(&alice, "hello back");
        world.pass(60_000);
        bobs.kill();
        tab.send(&bob, "are you there?");
        world.pass(5_000);
        // The history may be slow, or fast.
        world.network.fail(HISTORY, Fault::Slow(1 + offset * 300));
        let second = world.person("bob");
        let (store, owner, peer) =
            (second.peer.store.clone(), second.peer.address(), alice.peer.conversation());
        let told = Rc::<RefCell<Vec<Trust>>>::default();
        let noted = Rc::clone(&told);
        let _seconds = world.open_telling(&second, move |change| {
            if matches!(change, Change::Received(_)) {
                let contact = now(store.contact(owner, peer)).unwrap().unwrap();
                noted.borrow_mut().push(contact.standing.trust);
            }
        });
        world.pass(10_000);
        assert_eq!(*told.borrow(), [Trust::Accepted], "{offset}");
        assert_eq!(second.texts(&alice), ["hello", "hello back", "are you there?"]);
    }
}

#[test]
fn what_waits_for_a_new_device_is_not_held_up_by_a_history_that_does_not_answer() {
    for fault in [Fault::Slow(60_000), Fault::Status(503), Fault::Unreachable] {
        let world = World::new();
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        let tab = world.open(&alice);
        world.run();
        tab.send(&bob, "hello");
        world.pass(5_000);
        world.network.fail(HISTORY, fault);
        let _bobs = world.open(&bob);
        world.pass(4_000);
        assert_eq!(bob.texts(&alice), ["hello"], "{fault:?}");
    }
}

#[test]
fn what_another_device_changes_hurries_nobody_else() {
    let world = World::new();
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.newcomer("carol"));
    let second = world.person("alice");
    let (tab, seconds, bobs) = (world.open(&alice), world.open(&second), world.open(&bob));
    world.run();
    bobs.send(&alice, "hello");
    world.pass(5_000);
    tab.send(&carol, "are you there?");
    world.pass(1_200_000);
    let asked = || world.network.count("gateway.dm3.example");
    let before = asked();
    world.pass(600_000);
    let (alone, before) = (asked() - before, asked());
    for n in 0..20 {
        let decision = Decision::Mute(n % 2 == 0);
        now(seconds.engine.session().decide(bob.peer.conversation(), decision)).unwrap();
        seconds.engine.keep();
        world.pass(30_000);
    }
    let beside = asked() - before;
    let muted =
        now(alice.peer.store.contact(alice.peer.address(), bob.peer.conversation())).unwrap().unwrap();
    assert!(!muted.standing.muted && muted.standing.decided.muted > 0, "it comes to the other device");
    assert!(beside <= alone + 8, "{alone} alone, {beside} beside changes");
}
