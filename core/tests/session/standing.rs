//! Who is welcome, who only asks to be, and who is blocked.

use dm3_core::device::{Standing, Trust};
use dm3_core::session::Decision;
use dm3_core::testing::{Pair, Peer};

use super::history::{another_device, exchange, older, pull, push};
use super::support::*;

async fn trust(session: &TestSession, peer: &Peer) -> Trust {
    session.standing(peer.conversation()).await.unwrap().trust
}

/// Two devices of bob's, to whom alice has written for the first time.
async fn asked_on_two_devices() -> (Pair, TestSession, TestSession) {
    let (pair, alice, bob) = Pair::signed_in().await;
    say(&alice, &pair.bob, "hello").await;
    sync(&bob).await;
    push(&bob).await;
    let bobs_phone = another_device(&pair, "bob").sign_up().await;
    pull(&bobs_phone).await;
    (pair, bob, bobs_phone)
}

#[test]
fn who_writes_first_only_asks_until_they_are_answered() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "hello").await;
        sync(&bob).await;
        assert_eq!(trust(&alice, &pair.bob).await, Trust::Accepted);
        assert_eq!(trust(&bob, &pair.alice).await, Trust::Requested);
        assert_eq!(bob.conversations().await.unwrap()[0].standing.trust, Trust::Requested);
        say(&bob, &pair.alice, "hello back").await;
        assert_eq!(trust(&bob, &pair.alice).await, Trust::Accepted);
    });
}

#[test]
fn whom_somebody_looks_up_is_welcome_and_who_has_asked_before_is_not_by_that() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        let found = |peer: &Peer| bob.directory().peer(peer.address());
        bob.keep(&found(&carol).await.unwrap()).await.unwrap();
        assert_eq!(trust(&bob, &carol).await, Trust::Accepted);
        say(&alice, &pair.bob, "hello").await;
        sync(&bob).await;
        bob.keep(&found(&pair.alice).await.unwrap()).await.unwrap();
        assert_eq!(trust(&bob, &pair.alice).await, Trust::Requested);
        bob.decide(pair.alice.conversation(), Decision::Accept).await.unwrap();
        assert_eq!(trust(&bob, &pair.alice).await, Trust::Accepted);
    });
}

#[test]
fn what_somebody_writes_who_is_blocked_is_neither_kept_nor_left_at_the_service() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "before").await;
        sync(&bob).await;
        bob.decide(pair.alice.conversation(), Decision::Block).await.unwrap();
        say(&alice, &pair.bob, "while blocked").await;
        assert_eq!(sync(&bob).await, 0);
        bob.decide(pair.alice.conversation(), Decision::Accept).await.unwrap();
        assert_eq!(sync(&bob).await, 0);
        say(&alice, &pair.bob, "after").await;
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["before", "after"]);
    });
}

#[test]
fn a_hidden_conversation_is_there_again_when_they_write_and_a_muted_one_stays_muted() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "before").await;
        sync(&bob).await;
        let to = pair.alice.conversation();
        bob.decide(to, Decision::Mute(true)).await.unwrap();
        bob.decide(to, Decision::Hide(true)).await.unwrap();
        let standing = bob.standing(to).await.unwrap();
        assert!(standing.hidden && standing.muted);
        say(&alice, &pair.bob, "again").await;
        sync(&bob).await;
        let standing = bob.standing(to).await.unwrap();
        assert!(!standing.hidden && standing.muted);
        bob.decide(to, Decision::Mute(false)).await.unwrap();
        assert!(!bob.standing(to).await.unwrap().muted);
    });
}

#[test]
fn what_was_decided_on_one_device_holds_on_the_next_and_the_last_decision_counts() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "hello").await;
        sync(&bob).await;
        bob.decide(pair.alice.conversation(), Decision::Block).await.unwrap();
        while bob.push_history().await.unwrap().more {}
        let phone = another_device(&pair, "bob");
        let bobs_phone = phone.sign_up().await;
        while bobs_phone.pull_history().await.unwrap().more {}
        assert_eq!(trust(&bobs_phone, &pair.alice).await, Trust::Blocked);
        bobs_phone.decide(pair.alice.conversation(), Decision::Accept).await.unwrap();
        while bobs_phone.push_history().await.unwrap().more {}
        while bob.pull_history().await.unwrap().more {}
        assert_eq!(trust(&bob, &pair.alice).await, Trust::Accepted);
    });
}

#[test]
fn who_is_not_blocked_any_more_asks_again_on_every_device_unless_they_were_welcome_before() {
    run(async {
        let (pair, bob, bobs_phone) = asked_on_two_devices().await;
        let with_alice = pair.alice.conversation();
        for before in [Trust::Requested, Trust::Accepted] {
            if before == Trust::Accepted {
                bob.decide(with_alice, Decision::Accept).await.unwrap();
            }
            bob.decide(with_alice, Decision::Block).await.unwrap();
            exchange(&bob, &bobs_phone).await;
            assert_eq!(trust(&bobs_phone, &pair.alice).await, Trust::Blocked);
            // The other one decides that.
            bobs_phone.decide(with_alice, Decision::Unblock).await.unwrap();
            exchange(&bobs_phone, &bob).await;
            for session in [&bob, &bobs_phone] {
                assert_eq!(trust(session, &pair.alice).await, before);
            }
        }
    });
}

#[test]
fn about_somebody_without_a_conversation_nothing_is_decided() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        bob.decide(pair.alice.conversation(), Decision::Block).await.unwrap();
        assert_eq!(bob.standing(pair.alice.conversation()).await.unwrap(), Standing::default());
        assert!(bob.conversations().await.unwrap().is_empty());
    });
}

#[test]
fn each_decision_counts_for_itself_whatever_else_was_decided_on_another_device() {
    run(async {
        let (pair, bob, bobs_phone) = asked_on_two_devices().await;
        let with_alice = pair.alice.conversation();
        bob.decide(with_alice, Decision::Block).await.unwrap();
        pair.network.clock().advance(1_000);
        // Which does not know of that.
        bobs_phone.decide(with_alice, Decision::Mute(true)).await.unwrap();
        bobs_phone.decide(with_alice, Decision::Hide(true)).await.unwrap();
        exchange(&bob, &bobs_phone).await;
        for session in [&bob, &bobs_phone] {
            let standing = session.standing(with_alice).await.unwrap();
            assert_eq!((standing.trust, standing.muted, standing.hidden), (Trust::Blocked, true, true));
        }
    });
}

#[test]
fn who_was_answered_on_one_device_is_welcome_also_if_another_one_muted_them() {
    run(async {
        let (pair, bob, bobs_phone) = asked_on_two_devices().await;
        let with_alice = pair.alice.conversation();
        say(&bob, &pair.alice, "hello back").await;
        pair.network.clock().advance(1_000);
        bobs_phone.decide(with_alice, Decision::Mute(true)).await.unwrap();
        exchange(&bob, &bobs_phone).await;
        for session in [&bob, &bobs_phone] {
            let standing = session.standing(with_alice).await.unwrap();
            assert_eq!((standing.trust, standing.muted), (Trust::Accepted, true));
        }
    });
}

#[test]
fn a_message_brings_a_hidden_conversation_back_on_every_device_and_what_came_before_does_not() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let with_alice = pair.alice.conversation();
        let is_hidden = async |session: &TestSession| session.standing(with_alice).await.unwrap().hidden;
        say(&alice, &pair.bob, "before").await;
        sync(&bob).await;
        pair.network.clock().advance(1_000);
        bob.decide(with_alice, Decision::Hide(true)).await.unwrap();
        push(&bob).await;
        let phone = another_device(&pair, "bob");
        let bobs_phone = phone.sign_up().await;
        pull(&bobs_phone).await;
        older(&bobs_phone, with_alice).await;
        exchange(&bobs_phone, &bob).await;
        assert!(is_hidden(&bob).await && is_hidden(&bobs_phone).await);
        pair.network.clock().advance(1_000);
        say(&alice, &pair.bob, "again").await;
        sync(&bobs_phone).await;
        exchange(&bobs_phone, &bob).await;
        assert!(!is_hidden(&bob).await && !is_hidden(&bobs_phone).await);
    });
}

#[test]
fn a_message_brings_a_conversation_back_that_was_hidden_by_a_fast_clock() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "before").await;
        sync(&bob).await;
        let offline = pair.bob.resume().await;
        pair.bob.clock.set_error(24 * 3_600_000);
        offline.decide(pair.alice.conversation(), Decision::Hide(true)).await.unwrap();
        pair.bob.clock.set_error(0);
        let online = pair.bob.resume().await;
        say(&alice, &pair.bob, "again").await;
        sync(&online).await;
        assert!(!online.standing(pair.alice.conversation()).await.unwrap().hidden);
    });
}
