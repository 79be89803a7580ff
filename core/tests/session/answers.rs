//! Receipts, and messages that are sent again on request.

use dm3_core::delivery::Refusal;
use dm3_core::device::SendState;
use dm3_core::message::{Draft, MessageHash, Receipt};
use dm3_core::ports::Store as _;
use dm3_core::session::{ResendBudget, Resent};
use dm3_core::testing::{Fault, Pair, Peer};

use crate::support::*;

/// Whether alice's own message arrived, and whether it was seen, as far as she was told.
async fn ticks(pair: &Pair, hash: &MessageHash) -> (bool, bool) {
    let entries = pair.alice.entries(&pair.bob).await;
    let entry = entries.into_iter().find(|entry| entry.hash == *hash).unwrap();
    (entry.has_arrived(), entry.is_read())
}

#[test]
fn receipts_in_either_spelling_tell_what_became_of_a_message() {
    for seen in [Receipt::Opened, Receipt::Specified] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            let sent = alice.compose(pair.bob.conversation(), "hello").await.unwrap().hash().clone();
            alice.flush().await.unwrap();
            sync(&bob).await;
            assert_eq!(ticks(&pair, &sent).await, (false, false));
            for (receipt, expected) in [(Receipt::Received, (true, false)), (seen, (true, true))] {
                let written =
                    bob.write_receipts(pair.alice.conversation(), receipt, std::slice::from_ref(&sent)).await;
                assert_eq!(written.unwrap(), std::slice::from_ref(&sent));
                assert_eq!(bob.flush().await.unwrap().accepted.len(), 1);
                assert_eq!(sync(&alice).await, 1);
                assert_eq!(ticks(&pair, &sent).await, expected);
                assert_eq!(pair.alice.unread(&pair.bob).await, 0, "a receipt is nothing to read");
            }
        });
    }
}

#[test]
fn weakness_26_no_receipt_leaves_unasked_and_each_stays_in_its_conversation() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        let from_carol = carol.sign_up().await;
        let of_alice = alice.compose(pair.bob.conversation(), "from alice").await.unwrap().hash().clone();
        let of_carol =
            from_carol.compose(pair.bob.conversation(), "from carol").await.unwrap().hash().clone();
        alice.flush().await.unwrap();
        from_carol.flush().await.unwrap();
        let mut forged = Letter::new(&pair, "in the name of alice").await;
        forged.signed_by = carol.keys().await;
        forged.submit(&pair).await;

        let received = bob.sync().await.unwrap();
        assert_eq!((received.new.len(), received.postponed), (2, 1));
        bob.mark_read(pair.alice.conversation()).await.unwrap();
        assert_eq!(bob.flush().await.unwrap(), Default::default(), "none by itself");

        // Every hash that bob knows, as the deployed clients send them.
        let all = [of_carol.clone(), forged.hash(), of_alice.clone()];
        let to = pair.alice.conversation();
        assert_eq!(bob.write_receipts(to, Receipt::Received, &all).await.unwrap(), [of_alice]);
        assert_eq!(bob.flush().await.unwrap().accepted.len(), 1);
        assert_eq!(sync(&alice).await, 1);
        let told: Vec<_> = conversation(&pair.alice, &pair.bob).await;
        assert!(told.iter().all(|row| !row.json.contains(of_carol.as_str())));
        assert_eq!(sync(&from_carol).await, 0);
    });
}

#[test]
fn a_receipt_is_written_once_and_moves_no_conversation() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let sent = alice.compose(pair.bob.conversation(), "hello").await.unwrap().hash().clone();
        alice.flush().await.unwrap();
        sync(&bob).await;
        let own = bob.compose(pair.alice.conversation(), "an answer").await.unwrap().hash().clone();
        let before = pair.bob.store.contacts(pair.bob.address()).await.unwrap();
        pair.network.clock().advance(60_000);
        let of = [sent.clone(), own, sent.clone()];
        let write = |receipt| bob.write_receipts(pair.alice.conversation(), receipt, &of);
        let written = write(Receipt::Opened).await.unwrap();
        assert_eq!(written, std::slice::from_ref(&sent), "none for what bob wrote himself");
        for again in [Receipt::Opened, Receipt::Specified, Receipt::Received] {
            assert_eq!(write(again).await.unwrap(), []);
        }
        assert_eq!(kinds(&pair.bob, &pair.alice).await, ["NEW", "NEW", "READ_OPENED"]);
        let after = pair.bob.store.contacts(pair.bob.address()).await.unwrap();
        assert_eq!(after, before);
    });
}

/// Bob asks alice to send a message again; gives what came of it.
async fn ask(
    pair: &Pair,
    (alice, bob): (&TestSession, &TestSession),
    budget: &mut ResendBudget,
    missed: &MessageHash,
) -> Resent {
    let to = pair.alice.conversation();
    let request =
        bob.write(to, &[], |header| Draft::resend_request(header, missed)).await.unwrap().hash().clone();
    bob.flush().await.unwrap();
    let received = alice.sync().await.unwrap().new;
    assert_eq!(received, [came(&pair.bob, &request, Lane::Note)]);
    alice.answer_resend_request(budget, pair.bob.conversation(), &request).await.unwrap()
}

#[test]
fn a_message_that_was_missed_is_sent_again_as_it_was_signed() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let sent = alice.compose(pair.bob.conversation(), "hello").await.unwrap();
        alice.flush().await.unwrap();
        // The delivery service loses it.
        pair.network.first_service().lose(pair.bob.address());
        assert_eq!(sync(&bob).await, 0);
        pair.network.clock().advance(60_000);

        let mut budget = ResendBudget::default();
        let resent = ask(&pair, (&alice, &bob), &mut budget, sent.hash()).await;
        assert_eq!(resent, Resent::Accepted(sent.hash().clone()));
        assert_eq!(bob.sync().await.unwrap().new, [came(&pair.alice, sent.hash(), Lane::In)]);
        let arrived = conversation(&pair.bob, &pair.alice).await;
        assert_eq!(arrived.iter().find(|row| row.hash == *sent.hash()).unwrap().json, sent.row().json);

        // Asked for without need, it changes nothing.
        assert_eq!(ask(&pair, (&alice, &bob), &mut budget, sent.hash()).await, resent);
        assert_eq!(sync(&bob).await, 0);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["hello"]);
    });
}

#[test]
fn only_what_was_written_to_the_one_who_asks_is_sent_again() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        carol.sign_up().await;
        let to_carol = alice.compose(carol.conversation(), "for carol alone").await.unwrap().hash().clone();
        alice.flush().await.unwrap();
        let of_bob = bob.compose(pair.alice.conversation(), "from bob").await.unwrap().hash().clone();
        bob.flush().await.unwrap();
        sync(&alice).await;
        let unknown = format!("0x{}", "0".repeat(64)).parse().unwrap();
        let mut budget = ResendBudget::default();
        for missed in [&to_carol, &of_bob, &unknown] {
            assert_eq!(ask(&pair, (&alice, &bob), &mut budget, missed).await, Resent::NotOurs);
        }
        let waiting = pair.network.first_service().waiting(pair.bob.address());
        assert_eq!(waiting, 0);

        let text = bob.compose(pair.alice.conversation(), "no request").await.unwrap().hash().clone();
        bob.flush().await.unwrap();
        sync(&alice).await;
        for (peer, hash) in [
            (pair.bob.conversation(), &text),
            (carol.conversation(), &text),
            (carol.conversation(), &unknown),
        ] {
            let answer = alice.answer_resend_request(&mut budget, peer, hash).await.unwrap();
            assert_eq!(answer, Resent::NoRequest);
        }
    });
}

#[test]
fn nobody_can_have_messages_sent_again_without_end() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let sent = alice.compose(pair.bob.conversation(), "hello").await.unwrap();
        let mut budget = ResendBudget::new(2, 1_000_000, 60_000);
        let peers = (&alice, &bob);
        assert_eq!(ask(&pair, peers, &mut budget, sent.hash()).await, Resent::Waiting);
        alice.stop(sent.hash()).await.unwrap();
        let stopped = Resent::Refused(Refusal::Stopped);
        assert_eq!(ask(&pair, peers, &mut budget, sent.hash()).await, stopped, "its author stopped it");
        alice.retry(sent.hash()).await.unwrap();
        alice.flush().await.unwrap();
        for _ in 0..2 {
            assert!(matches!(ask(&pair, peers, &mut budget, sent.hash()).await, Resent::Accepted(_)));
        }
        assert_eq!(ask(&pair, peers, &mut budget, sent.hash()).await, Resent::TooMuch);
        pair.network.clock().advance(60_000);
        assert!(matches!(ask(&pair, peers, &mut budget, sent.hash()).await, Resent::Accepted(_)));

        let mut by_size = ResendBudget::new(100, sent.row().json.len() * 2 + 1, 60_000);
        for accepted in [true, true, false] {
            let resent = ask(&pair, peers, &mut by_size, sent.hash()).await;
            assert_eq!(resent != Resent::TooMuch, accepted);
        }
    });
}

#[test]
fn what_can_not_be_sent_again_says_so_and_stays_as_it_was() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let sent = alice.compose(pair.bob.conversation(), "hello").await.unwrap();
        alice.flush().await.unwrap();
        let mut budget = ResendBudget::default();
        pair.network.fail_nth(2, SUBMIT, Fault::Status(503));
        assert_eq!(ask(&pair, (&alice, &bob), &mut budget, sent.hash()).await, Resent::Later);
        pair.network.fail_nth(2, SUBMIT, Fault::Status(413));
        let refused = ask(&pair, (&alice, &bob), &mut budget, sent.hash()).await;
        assert!(matches!(&refused, Resent::Refused(Refusal::TooLarge)), "{refused:?}");
        let row = conversation(&pair.alice, &pair.bob).await.into_iter().find(|row| row.hash == *sent.hash());
        assert_eq!(row.unwrap().state, SendState::Accepted);
    });
}
