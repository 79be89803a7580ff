//! The account's devices, as they know of each other.

use dm3_core::testing::{Pair, Peer, TestWallet};

use crate::history::{pull, push};
use crate::support::{TestSession, run};

const HOUR: u64 = 60 * 60 * 1000;
const DAY: u64 = 24 * HOUR;

async fn names(session: &TestSession) -> Vec<(String, bool)> {
    let devices = session.devices().await.unwrap();
    devices.into_iter().map(|device| (device.name, device.own)).collect()
}

/// alice's two devices, which know of each other. The second one is not hers in the pair.
async fn two() -> (Pair, TestSession, Peer, TestSession) {
    let (pair, first, _) = Pair::signed_in().await;
    let peer = Peer::with_wallet(&pair.network, TestWallet::of("alice"));
    let second = peer.sign_up().await;
    assert!(first.note_device("Firefox · Linux").await.unwrap());
    assert!(second.note_device("Safari · iPhone").await.unwrap());
    push(&first).await;
    push(&second).await;
    pull(&first).await;
    pull(&second).await;
    (pair, first, peer, second)
}

#[test]
fn devices_of_an_account_know_of_each_other_and_which_one_is_this() {
    run(async {
        let (pair, first, _, second) = two().await;
        let named = |name: &str, own| (name.to_owned(), own);
        let (firefox, safari) = ("Firefox · Linux", "Safari · iPhone");
        assert_eq!(names(&first).await, [named(firefox, true), named(safari, false)]);
        assert_eq!(names(&second).await, [named(safari, true), named(firefox, false)]);
        let again = pair.alice.resume().await;
        assert_eq!(names(&again).await, names(&first).await, "a reload is no other device");
    });
}

#[test]
fn a_device_is_written_down_once_a_day_and_who_never_comes_is_not_listed_for_ever() {
    run(async {
        let (pair, first, ..) = two().await;
        assert!(!first.note_device("Firefox · Linux").await.unwrap());
        assert!(first.note_device("Firefox · Windows").await.unwrap(), "another name is news");
        pair.alice.clock.advance(DAY + HOUR);
        assert!(first.note_device("Firefox · Windows").await.unwrap());
        let [own, _] = first.devices().await.unwrap().try_into().unwrap();
        assert!(own.seen - own.since > DAY, "{own:?}");
        pair.alice.clock.advance(180 * DAY);
        let [own] = names(&first).await.try_into().unwrap();
        assert!(own.1, "itself is always");
    });
}

#[test]
fn who_is_turned_out_learns_it_and_is_listed_no_more_whatever_it_writes_itself() {
    run(async {
        let (_pair, first, peer, second) = two().await;
        let other = first.devices().await.unwrap().remove(1);
        first.turn_out(&[other.id]).await.unwrap();
        push(&first).await;
        assert!(!second.is_turned_out().await.unwrap(), "before it learns of it");
        peer.clock.advance(2 * DAY);
        second.note_device("Safari · iPhone").await.unwrap();
        push(&second).await;
        pull(&second).await;
        pull(&first).await;
        assert!(second.is_turned_out().await.unwrap());
        assert!(!first.is_turned_out().await.unwrap());
        assert_eq!(names(&first).await.len(), 1);
        first.turn_out(&["../elsewhere".to_owned(), String::new()]).await.unwrap();
        assert_eq!(names(&first).await.len(), 1, "what is no number is passed over");
    });
}

#[test]
fn who_signs_out_all_others_means_those_too_that_they_do_not_know_of() {
    run(async {
        let (pair, first, _, second) = two().await;
        let peer = Peer::with_wallet(&pair.network, TestWallet::of("alice"));
        let third = peer.sign_up().await;
        third.note_device("Chrome · Android").await.unwrap();
        pull(&third).await;
        first.turn_out_others().await.unwrap();
        push(&first).await;
        // Who comes now came after that.
        let peer = Peer::with_wallet(&pair.network, TestWallet::of("alice"));
        let fourth = peer.sign_up().await;
        fourth.note_device("Chrome · Windows").await.unwrap();
        for device in [&first, &second, &third, &fourth] {
            pull(device).await;
        }
        assert!(second.is_turned_out().await.unwrap());
        assert!(third.is_turned_out().await.unwrap());
        assert!(!first.is_turned_out().await.unwrap());
        assert!(!fourth.is_turned_out().await.unwrap());
        fourth.turn_out_others().await.unwrap();
        push(&fourth).await;
        pull(&first).await;
        assert!(first.is_turned_out().await.unwrap());
        assert!(!fourth.is_turned_out().await.unwrap());
    });
}

#[test]
fn sessions_end_at_the_node_and_who_has_the_keys_goes_on() {
    run(async {
        let (_pair, first, _, second) = two().await;
        first.end_sessions().await.unwrap();
        for session in [&first, &second] {
            session.own_demands().await.unwrap();
        }
    });
}
