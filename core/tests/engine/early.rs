//! What is done before it is known that the node is one of the account's delivery services, and what waits for that.

use dm3_core::device::Slot;
use dm3_core::engine::Connection;
use dm3_core::identity::{KeySeed, ProfileKeys};
use dm3_core::ports::Store as _;
use dm3_core::session::{HomeError, leave};
use dm3_core::testing::Fault;

use super::world::{Device, World, now};

const MAILBOX: &str = "https://dm3.example/ds/mailbox";
/// A challenge tells it.
const TIME: &str = "GET https://dm3.example/ds/auth";
const SUBMISSIONS: &str = "POST https://dm3.example/ds/rpc";
const LOGIN: &str = "POST https://dm3.example/ds/auth";
const HISTORY: &str = "POST https://dm3.example/api/history";
/// Through it profiles are found.
const GATEWAY: &str = "gateway.dm3.example";

/// What bob wrote waits for alice, who has not come yet.
fn waiting(texts: usize) -> (World, Device, Device) {
    let world = World::new();
    world.network.first_service().number_mailboxes(Some(1_000));
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let bobs = world.open(&bob);
    world.run();
    for n in 0..texts {
        bobs.send(&alice, &n.to_string());
        world.run();
    }
    bobs.kill();
    world.network.clock().advance(120_000);
    (world, alice, bob)
}

fn left(world: &World, device: &Device) -> usize {
    world.network.first_service().waiting(device.peer.address())
}

#[test]
fn the_mailbox_and_the_first_sender_are_looked_up_beside_the_own_profile() {
    let (world, alice, bob) = waiting(1);
    let (logins, pages) = (world.network.count(LOGIN), world.network.count(MAILBOX));
    world.network.fail(GATEWAY, Fault::Slow(500));
    let tab = world.open(&alice);
    world.run();
    assert_eq!(world.network.count(&format!("GET {MAILBOX}")) - pages, 1, "asked for already");
    assert_eq!((alice.texts(&bob).len(), left(&world, &alice)), (0, 1), "but not taken in");
    world.pass(500);
    assert_eq!((alice.texts(&bob).len(), left(&world, &alice)), (1, 0));
    assert_eq!(tab.connection(), Connection::Live);
    assert_eq!(world.network.count(LOGIN) - logins, 1, "one login is enough");
}

#[test]
fn a_sender_who_is_looked_up_early_is_not_looked_up_again_while_that_takes_long() {
    for slow in 1..=2 {
        let (world, alice, bob) = waiting(1);
        let asked = world.network.count(GATEWAY);
        world.network.fail_nth(slow, GATEWAY, Fault::Slow(500));
        let _tab = world.open(&alice);
        world.pass(1_000);
        assert_eq!(alice.texts(&bob).len(), 1);
        assert_eq!(
            world.network.count(GATEWAY) - asked,
            2,
            "her own profile and his, and that one is slow: {slow}"
        );
    }
}

#[test]
fn what_comes_after_the_early_look_is_found_as_well() {
    let (world, alice, bob) = waiting(1);
    world.network.fail(GATEWAY, Fault::Slow(500));
    let _tab = world.open(&alice);
    world.run();
    world.network.heal();
    let bobs = world.open(&bob);
    world.run();
    bobs.send(&alice, "later");
    world.run();
    assert_eq!(left(&world, &alice), 2);
    world.pass(1_000);
    assert_eq!(alice.texts(&bob), ["0", "later"]);
    assert_eq!(left(&world, &alice), 0);
}

#[test]
fn a_node_that_the_profile_does_not_name_is_not_emptied() {
    let (world, alice, bob) = waiting(1);
    now(alice.peer.publish(now(alice.peer.keys()).public(), vec!["ds2.eth".parse().unwrap()]));
    let posts = world.network.count("POST https://dm3.example/ds/profile");
    let tab = world.open(&alice);
    world.pass(60_000);
    assert_eq!(tab.connection(), Connection::Live);
    assert_eq!((alice.texts(&bob).len(), left(&world, &alice)), (0, 1));
    assert_eq!(
        world.network.count("POST https://dm3.example/ds/profile"),
        posts,
        "nothing is registered there"
    );
}

#[test]
fn keys_that_were_replaced_elsewhere_take_nothing_in() {
    let (world, alice, bob) = waiting(1);
    let others = ProfileKeys::derive(&KeySeed::derive("elsewhere"));
    now(alice.peer.publish(others.public(), vec!["ds.dm3.eth".parse().unwrap()]));
    let tab = world.open(&alice);
    world.pass(60_000);
    assert_eq!(tab.connection(), Connection::Lost(HomeError::KeysReplaced));
    assert_eq!((alice.texts(&bob).len(), left(&world, &alice)), (0, 1));
}

#[test]
fn nobody_logs_in_early_with_keys_that_the_node_does_not_have() {
    let (world, alice, _) = waiting(1);
    // At the node the account has other keys by now. A login would bring the former ones into effect, if somebody has
    // posted them.
    let others = ProfileKeys::derive(&KeySeed::derive("elsewhere"));
    now(alice.peer.publish(others.public(), vec!["ds.dm3.eth".parse().unwrap()]));
    let (_, profile) = now(alice.peer.directory().profile_of(alice.peer.address())).unwrap().unwrap();
    assert!(world.network.first_service().take_profile(profile));
    let logins = world.network.count("POST https://dm3.example/ds/auth");
    let _tab = world.open(&alice);
    world.pass(60_000);
    assert_eq!(world.network.count("POST https://dm3.example/ds/auth"), logins);
}

#[test]
fn a_login_that_failed_early_is_tried_again() {
    let (world, alice, bob) = waiting(1);
    world.network.fail_nth(1, "GET https://dm3.example/ds/auth", Fault::Unreachable);
    let tab = world.open(&alice);
    world.pass(2_000);
    assert_eq!(tab.connection(), Connection::Live);
    assert_eq!((alice.texts(&bob).len(), left(&world, &alice)), (1, 0));
}

#[test]
fn what_waits_is_taken_in_before_the_history_is_written() {
    let (world, alice, bob) = waiting(60);
    world.network.first_service().number_mailboxes(Some(20));
    world.network.first_service().know_no_limit();
    world.network.fail(MAILBOX, Fault::Slow(1_000));
    let _tab = world.open(&alice);
    let written = world.network.count(HISTORY);
    let mut all = 0;
    while all < 60 {
        world.pass(100);
        all = alice.texts(&bob).len();
        assert_eq!(world.network.count(HISTORY), written, "{all} are here");
    }
    world.pass(10_000);
    assert!(world.network.count(HISTORY) > written);
}

#[test]
fn a_mailbox_that_takes_long_to_read_does_not_hold_the_history_for_ever() {
    let (world, alice, bob) = waiting(60);
    world.network.first_service().number_mailboxes(Some(4));
    world.network.first_service().know_no_limit();
    world.network.fail(MAILBOX, Fault::Slow(2_000));
    let _tab = world.open(&alice);
    let written = world.network.count(HISTORY);
    world.pass(20_000);
    assert!(alice.texts(&bob).len() < 60, "it is still being read");
    assert!(world.network.count(HISTORY) > written);
}

/// The same for who was here before, and has the token of that time.
fn waiting_again(world: &World, alice: &Device, bob: &Device) {
    let tab = world.open(alice);
    world.run();
    tab.kill();
    waiting_for(world, alice, bob);
}

fn waiting_for(world: &World, alice: &Device, bob: &Device) {
    let bobs = world.open(bob);
    world.run();
    bobs.send(alice, "again");
    world.run();
    bobs.kill();
}

#[test]
fn who_comes_back_reads_the_mailbox_without_a_login() {
    let (world, alice, bob) = waiting(0);
    waiting_again(&world, &alice, &bob);
    let logins = world.network.count(LOGIN);
    let tab = world.open(&alice);
    world.run();
    assert_eq!((alice.texts(&bob), left(&world, &alice)), (vec!["again".to_owned()], 0));
    assert_eq!(tab.connection(), Connection::Live);
    assert_eq!(world.network.count(LOGIN), logins);
}

#[test]
fn the_first_sender_is_looked_up_while_the_node_takes_long_to_tell_the_time() {
    let (world, alice, bob) = waiting(0);
    waiting_again(&world, &alice, &bob);
    world.network.clock().advance(120_000);
    let asked = world.network.count(GATEWAY);
    world.network.fail(TIME, Fault::Slow(500));
    let tab = world.open(&alice);
    world.run();
    assert_eq!(world.network.count(GATEWAY) - asked, 2, "for the own profile and for bob's");
    assert_eq!((alice.texts(&bob).len(), left(&world, &alice)), (0, 1), "nothing is in order before that");
    world.pass(500);
    assert_eq!((alice.texts(&bob).len(), left(&world, &alice)), (1, 0));
    assert_eq!(tab.connection(), Connection::Live);
}

/// Something that alice wrote waits on her device since the last time, and "again" of bob's in her mailbox.
fn both_ways() -> (World, Device, Device) {
    let (world, alice, bob) = waiting(0);
    world.network.fail(SUBMISSIONS, Fault::Unreachable);
    let tab = world.open(&alice);
    world.run();
    tab.send(&bob, "since the last time");
    world.run();
    tab.kill();
    world.network.heal();
    waiting_for(&world, &alice, &bob);
    (world, alice, bob)
}

#[test]
fn what_waited_since_the_last_time_leaves_once_the_mailbox_was_looked_into() {
    let (world, alice, bob) = both_ways();
    world.network.fail(&format!("GET {MAILBOX}"), Fault::Slow(300));
    let _tab = world.open(&alice);
    world.run();
    assert_eq!((alice.texts(&bob).len(), alice.waiting()), (1, 1));
    world.pass(600);
    assert_eq!((alice.texts(&bob).len(), alice.waiting()), (2, 0));
}

#[test]
fn a_mailbox_that_takes_long_holds_up_what_is_to_leave_for_a_second_and_nothing_that_is_written() {
    let (world, alice, _) = both_ways();
    world.network.fail(&format!("GET {MAILBOX}"), Fault::Slow(60_000));
    let tab = world.open(&alice);
    world.pass(900);
    assert_eq!(alice.waiting(), 1);
    world.pass(200);
    assert_eq!(alice.waiting(), 0);
    tab.kill();
    let (world, alice, bob) = both_ways();
    world.network.fail(&format!("GET {MAILBOX}"), Fault::Slow(60_000));
    let tab = world.open(&alice);
    world.run();
    assert_eq!(alice.waiting(), 1);
    tab.send(&bob, "now");
    world.run();
    assert_eq!(alice.waiting(), 0, "both have left");
}

#[test]
fn a_kept_token_that_has_ended_costs_a_login() {
    let (world, alice, bob) = waiting(0);
    waiting_again(&world, &alice, &bob);
    world.network.first_service().forget_tokens();
    let logins = world.network.count(LOGIN);
    let tab = world.open(&alice);
    world.run();
    assert_eq!((alice.texts(&bob), left(&world, &alice)), (vec!["again".to_owned()], 0));
    assert_eq!(tab.connection(), Connection::Live);
    assert_eq!(world.network.count(LOGIN), logins + 1);
}

#[test]
fn the_kept_token_is_sealed_and_gone_after_signing_out() {
    let (world, alice, bob) = waiting(0);
    waiting_again(&world, &alice, &bob);
    let kept = || now(alice.peer.store.value(alice.peer.address(), &Slot::Token)).unwrap();
    let text = kept().unwrap();
    let token = world.network.requests().iter().rev().find_map(|asked| asked.bearer.clone()).unwrap();
    assert!(!text.contains(token.expose()));
    now(leave(&alice.peer.store, alice.peer.address())).unwrap();
    assert_eq!(kept(), None);
}
