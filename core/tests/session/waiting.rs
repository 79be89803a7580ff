//! What waits, on all devices of an account: each of them sends it, in its order.

use dm3_core::device::SendState;
use dm3_core::ports::Store as _;
use dm3_core::session::Pushed;
use dm3_core::testing::{Fault, Pair, Peer};

use super::history::{another_device, older, pull, push};
use super::support::{TestSession, conversation, run, say};

/// Alice, whose messages to bob no delivery service takes.
async fn nothing_leaves() -> (Pair, TestSession) {
    let (pair, alice, _) = Pair::signed_in().await;
    pair.network.fail("dm3.example/ds/rpc", Fault::Unreachable);
    (pair, alice)
}

/// Another device of alice's, which comes now.
async fn second_device(pair: &Pair) -> (Peer, TestSession) {
    let second = another_device(pair, "alice");
    let session = second.sign_up().await;
    (second, session)
}

#[test]
fn a_message_that_waits_reaches_the_other_device_and_what_became_of_it_does_too() {
    run(async {
        let (pair, alice) = nothing_leaves().await;
        say(&alice, &pair.bob, "hello").await;
        // Most messages are accepted at once: it is not written twice for that.
        assert_eq!(alice.push_history().await.unwrap(), Pushed { written: 1, ..Pushed::default() });
        pair.network.clock().advance(60_000);
        push(&alice).await;
        let (second, session) = second_device(&pair).await;
        pull(&session).await;
        older(&session, pair.bob.conversation()).await;
        assert_eq!(conversation(&second, &pair.bob).await[0].state, SendState::Waiting);

        pair.network.heal();
        alice.flush().await.unwrap();
        push(&alice).await;
        pull(&session).await;
        assert_eq!(conversation(&second, &pair.bob).await[0].state, SendState::Accepted);
        assert_eq!(second.store.outbox(second.address()).await.unwrap(), []);
    });
}

#[test]
fn what_waits_reaches_the_other_device_in_its_order_also_if_it_was_written_while_the_clock_was_fast() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        pair.network.fail("dm3.example/ds", Fault::Unreachable);
        pair.alice.clock.set_error(1_000_000);
        say(&alice, &pair.bob, "first").await;
        drop(alice);
        pair.alice.clock.set_error(0);
        let alice = pair.alice.resume().await;
        say(&alice, &pair.bob, "second").await;
        pair.network.heal();
        pair.network.fail("dm3.example/ds/rpc", Fault::Unreachable);
        pair.network.clock().advance(60_000);
        push(&alice).await;
        let (second, session) = second_device(&pair).await;
        pull(&session).await;
        older(&session, pair.bob.conversation()).await;
        assert_eq!(second.texts(&pair.bob).await, ["first", "second"], "it would send the second alone");
    });
}

#[test]
fn what_waits_behind_another_does_not_reach_the_other_device_before_it() {
    run(async {
        let (pair, alice) = nothing_leaves().await;
        say(&alice, &pair.bob, "first").await;
        // Claims to be from much later, for whatever reason.
        pair.alice.clock.set_error(40_000);
        say(&alice, &pair.bob, "second").await;
        pair.alice.clock.set_error(0);
        push(&alice).await;
        let (second, session) = second_device(&pair).await;
        for texts in [&[][..], &["first", "second"][..]] {
            pull(&session).await;
            older(&session, pair.bob.conversation()).await;
            assert_eq!(second.texts(&pair.bob).await, texts, "it would send the second alone");
            pair.network.clock().advance(60_000);
            push(&alice).await;
        }
    });
}

#[test]
fn what_waits_since_before_a_device_came_is_there_before_what_waits_behind_it() {
    run(async {
        let (pair, alice) = nothing_leaves().await;
        say(&alice, &pair.bob, "first").await;
        pair.network.clock().advance(60_000);
        push(&alice).await;
        let (second, session) = second_device(&pair).await;
        pull(&session).await;
        assert_eq!(second.texts(&pair.bob).await, [""; 0], "nobody has looked at the conversation");
        say(&alice, &pair.bob, "second").await;
        pair.network.clock().advance(60_000);
        push(&alice).await;
        pull(&session).await;
        assert_eq!(second.texts(&pair.bob).await, ["first", "second"], "it would send the second alone");
    });
}
