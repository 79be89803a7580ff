//! What waits is stopped, tried again, or settled by what the other side tells.

use dm3_core::delivery::Refusal;
use dm3_core::device::SendState;
use dm3_core::message::{Draft, MessageHash, Receipt};
use dm3_core::ports::Store as _;
use dm3_core::session::Handed;
use dm3_core::testing::{Fault, Pair, Peer};
use dm3_core::thread::Shown;

use super::support::{SUBMIT, TestSession, conversation, run, say, sync};

const STOPPED: SendState = SendState::Refused(Refusal::Stopped);

async fn states(of: &Peer, with: &Peer) -> Vec<SendState> {
    conversation(of, with).await.into_iter().map(|row| row.state).collect()
}

async fn edit(session: &TestSession, peer: &Peer, what: &MessageHash, text: &str) -> MessageHash {
    let draft = |header| Draft::edit(header, what, text);
    session.write(peer.conversation(), &[], draft).await.unwrap().hash().clone()
}

async fn react(session: &TestSession, peer: &Peer, what: &MessageHash, emoji: &str) -> MessageHash {
    let draft = |header| Draft::reaction(header, what, &emoji.parse().unwrap());
    session.write(peer.conversation(), &[], draft).await.unwrap().hash().clone()
}

async fn delete(session: &TestSession, peer: &Peer, what: &MessageHash) -> MessageHash {
    let draft = |header| Draft::delete(header, what);
    session.write(peer.conversation(), &[], draft).await.unwrap().hash().clone()
}

#[test]
fn an_edit_that_waits_is_stopped_and_tried_again_by_itself_where_its_message_has_left() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let said = say(&alice, &pair.bob, "before").await.accepted.remove(0);
        pair.network.fail(SUBMIT, Fault::Unreachable);
        let edit = edit(&alice, &pair.bob, &said, "after").await;
        alice.stop(&edit).await.unwrap();
        assert_eq!(states(&pair.alice, &pair.bob).await, [SendState::Accepted, STOPPED]);
        pair.network.heal();
        assert_eq!(alice.flush().await.unwrap(), Default::default());
        // What was accepted is not sent once more, whoever asks for it.
        alice.retry(&said).await.unwrap();
        assert_eq!(alice.flush().await.unwrap(), Default::default());
        alice.retry(&edit).await.unwrap();
        assert_eq!(alice.flush().await.unwrap().accepted, [edit]);
        assert_eq!(sync(&bob).await, 2);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["after"]);
    });
}

#[test]
fn with_an_edit_stops_the_message_that_waits_and_both_are_tried_again() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        pair.network.fail(SUBMIT, Fault::Unreachable);
        for again in [false, true] {
            let said = alice.compose(pair.bob.conversation(), "before").await.unwrap().hash().clone();
            let first = edit(&alice, &pair.bob, &said, "between").await;
            let second = edit(&alice, &pair.bob, &first, "after").await;
            alice.stop(if again { &said } else { &second }).await.unwrap();
            assert_eq!(alice.waiting().await.unwrap(), [], "none of it leaves");
            alice.retry(&second).await.unwrap();
            let waiting = alice.waiting().await.unwrap();
            assert_eq!(waiting, [(pair.bob.conversation(), vec![said, first, second])]);
            pair.network.heal();
            assert_eq!(alice.flush().await.unwrap().accepted.len(), 3);
            assert_eq!(sync(&bob).await, 3);
            pair.network.fail(SUBMIT, Fault::Unreachable);
        }
        assert_eq!(pair.bob.texts(&pair.alice).await, ["after", "after"]);
    });
}

#[test]
fn what_refers_to_a_message_that_never_left_stops_with_it() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        pair.network.fail(SUBMIT, Fault::Unreachable);
        let said = alice.compose(pair.bob.conversation(), "said").await.unwrap().hash().clone();
        let edit = edit(&alice, &pair.bob, &said, "edited").await;
        react(&alice, &pair.bob, &edit, "👍").await;
        delete(&alice, &pair.bob, &said).await;
        let other = alice.compose(pair.bob.conversation(), "other").await.unwrap().hash().clone();
        alice.stop(&said).await.unwrap();
        assert_eq!(alice.waiting().await.unwrap(), [(pair.bob.conversation(), vec![other])]);
    });
}

#[test]
fn a_delete_request_or_a_reaction_that_has_not_left_is_told_and_can_be_stopped_and_tried_again() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let said = say(&alice, &pair.bob, "said").await.accepted.remove(0);
        pair.network.fail(SUBMIT, Fault::Unreachable);
        let unsent = async || {
            let entry = pair.alice.entries(&pair.bob).await.remove(0);
            entry.unsent.map(|unsent| (unsent.hash, unsent.state, unsent.emoji))
        };
        for (emoji, is_taken_back) in [("👍", false), ("👍", true), ("", false)] {
            pair.network.fail(SUBMIT, Fault::Unreachable);
            let entry = pair.alice.entries(&pair.bob).await.remove(0);
            let hash = match (emoji, is_taken_back) {
                ("", _) => delete(&alice, &pair.bob, &said).await,
                (_, true) => delete(&alice, &pair.bob, entry.reactions[0].own.as_ref().unwrap()).await,
                (_, false) => react(&alice, &pair.bob, &said, emoji).await,
            };
            let emoji = emoji.to_owned();
            assert_eq!(unsent().await, Some((hash.clone(), SendState::Waiting, emoji.clone())));
            alice.stop(&hash).await.unwrap();
            assert_eq!(unsent().await, Some((hash.clone(), STOPPED, emoji)));
            pair.network.heal();
            assert_eq!(alice.flush().await.unwrap(), Default::default());
            alice.retry(&hash).await.unwrap();
            assert_eq!(alice.flush().await.unwrap().accepted, [hash]);
            assert_eq!(unsent().await, None);
        }
        assert_eq!(pair.alice.entries(&pair.bob).await[0].shown, Shown::Deleted);
        sync(&bob).await;
        assert_eq!(pair.bob.entries(&pair.alice).await[0].shown, Shown::Deleted);
    });
}

#[test]
fn what_the_other_side_has_is_sent_whatever_became_of_handing_it_over() {
    for stopped in [false, true] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            // It was taken, but the answer was lost.
            let said = say(&alice, &pair.bob, "hello").await.accepted.remove(0);
            let state = if stopped { STOPPED } else { SendState::Waiting };
            pair.alice.store.set_state(pair.alice.address(), &said, &state).await.unwrap();
            sync(&bob).await;
            bob.write_receipts(pair.alice.conversation(), Receipt::Received, std::slice::from_ref(&said))
                .await
                .unwrap();
            bob.flush().await.unwrap();
            pair.network.fail(SUBMIT, Fault::Unreachable);
            assert_eq!(sync(&alice).await, 1);
            assert_eq!(states(&pair.alice, &pair.bob).await[0], SendState::Accepted);
            assert_eq!(alice.waiting().await.unwrap(), []);
            assert_eq!(alice.deliver_waiting(&said).await.unwrap(), None::<Handed>);
        });
    }
}

#[test]
fn a_receipt_of_somebody_else_settles_nothing() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        let carols = carol.sign_up().await;
        pair.network.fail(SUBMIT, Fault::Unreachable);
        let said = alice.compose(pair.bob.conversation(), "hello").await.unwrap().hash().clone();
        pair.network.heal();
        let receipt = |header| Draft::receipt(header, &said, Receipt::Received);
        carols.write(pair.alice.conversation(), &[], receipt).await.unwrap();
        assert_eq!(carols.flush().await.unwrap().accepted.len(), 1);
        assert_eq!(sync(&alice).await, 1);
        assert_eq!(states(&pair.alice, &pair.bob).await, [SendState::Waiting]);
    });
}

#[test]
fn an_edit_of_what_was_stopped_or_refused_does_not_leave_alone() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        pair.network.fail(SUBMIT, Fault::Unreachable);
        let said = alice.compose(pair.bob.conversation(), "before").await.unwrap().hash().clone();
        alice.stop(&said).await.unwrap();
        pair.network.heal();
        let edited = edit(&alice, &pair.bob, &said, "after").await;
        assert_eq!(alice.flush().await.unwrap().refused, std::slice::from_ref(&edited));
        assert_eq!(pair.alice.entries(&pair.bob).await[0].state, STOPPED);
        assert_eq!(sync(&bob).await, 0);
        alice.retry(&edited).await.unwrap();
        assert_eq!(alice.flush().await.unwrap().accepted, [said, edited]);
        assert_eq!(sync(&bob).await, 2);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["after"]);
    });
}

#[test]
fn what_refers_to_an_edit_that_was_stopped_refers_to_what_its_receiver_has() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let said = say(&alice, &pair.bob, "before").await.accepted.remove(0);
        pair.network.fail(SUBMIT, Fault::Unreachable);
        let stopped = edit(&alice, &pair.bob, &said, "between").await;
        alice.stop(&stopped).await.unwrap();
        pair.network.heal();
        let edited = edit(&alice, &pair.bob, &stopped, "after").await;
        assert_eq!(alice.flush().await.unwrap().accepted, std::slice::from_ref(&edited));
        assert_eq!(sync(&bob).await, 2);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["after"]);

        pair.network.fail(SUBMIT, Fault::Unreachable);
        let stopped = edit(&alice, &pair.bob, &edited, "too much").await;
        alice.stop(&stopped).await.unwrap();
        pair.network.heal();
        let deleted = delete(&alice, &pair.bob, &stopped).await;
        assert_eq!(alice.flush().await.unwrap().accepted, [deleted]);
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(pair.bob.entries(&pair.alice).await[0].shown, Shown::Deleted);
    });
}

#[test]
fn of_a_deleted_message_that_never_left_nothing_is_offered_to_be_tried_again() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        pair.network.fail(SUBMIT, Fault::Unreachable);
        let said = alice.compose(pair.bob.conversation(), "said").await.unwrap().hash().clone();
        alice.stop(&said).await.unwrap();
        pair.network.heal();
        delete(&alice, &pair.bob, &said).await;
        alice.flush().await.unwrap();
        let entry = pair.alice.entries(&pair.bob).await.remove(0);
        assert_eq!((entry.shown, entry.state, entry.unsent), (Shown::Deleted, SendState::Accepted, None));
    });
}
