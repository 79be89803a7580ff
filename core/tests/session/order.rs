//! The order of what is listed newest first, taken twice, or can't be proven to be taken when it says.

use dm3_core::message::SignedMessage;
use dm3_core::session::Occasion;
use dm3_core::testing::{Fault, Pair, Peer};

use crate::support::*;

/// Longer than claimed times decide anything.
const APART: u64 = 120_000;

/// Letters of alice, each taken two minutes after the one before, that bob's service lists newest first.
async fn waiting(texts: &[String]) -> (Pair, TestSession) {
    let (pair, _, bob) = Pair::signed_in().await;
    sync(&bob).await;
    pair.network.first_service().list_newest_first(true);
    for text in texts {
        Letter::new(&pair, text).await.submit(&pair).await;
        pair.network.clock().advance(APART);
    }
    (pair, bob)
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

#[test]
fn what_is_listed_newest_first_stands_oldest_first_while_the_services_key_cannot_be_looked_up() {
    for count in [3, 40] {
        run(async {
            let texts = numbered(count);
            let (pair, bob) = waiting(&texts).await;
            pair.network.fail_nth(1, "eth_call", Fault::Unreachable);
            assert_eq!(sync(&bob).await, count);
            assert_eq!(pair.bob.texts(&pair.alice).await, texts);
        });
    }
}

#[test]
fn a_message_that_was_taken_twice_stands_where_it_was_taken_first() {
    for between in [1, 40, 100] {
        run(async {
            let texts = numbered(between + 1);
            let (pair, bob) = waiting(&texts).await;
            let mut again = Letter::new(&pair, &texts[0]).await;
            again.timestamp -= APART * (between as u64 + 1);
            again.submit(&pair).await;
            assert_eq!(sync(&bob).await, between + 1);
            assert_eq!(pair.bob.texts(&pair.alice).await, texts, "{between}");
        });
    }
}

#[test]
fn what_was_kept_stands_where_it_was_taken_though_its_service_is_found_later_than_it_is_tried_again() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        sync(&bob).await;
        say(&alice, &pair.bob, "one").await;
        let taken = dm3_core::ports::Clock::now(pair.network.clock());
        pair.network.clock().advance(APART);
        pair.network.fail("eth_call", Fault::Unreachable);
        assert_eq!(sync(&bob).await, 0);
        assert_eq!(pair.bob.kept().await, 1);
        pair.network.clock().advance(APART);
        // The program starts anew, and nobody has asked yet which services there are.
        let bob = pair.bob.resume().await;
        bob.retry_kept(Occasion::Network, &mut |_| {}).await.unwrap();
        pair.network.heal();
        pair.network.fail_nth(1, "gateway", Fault::Unreachable);
        for _ in 0..2 {
            bob.retry_kept(Occasion::Network, &mut |_| {}).await.unwrap();
        }
        let rows = conversation(&pair.bob, &pair.alice).await;
        assert_eq!(rows.iter().map(|row| row.place.time()).collect::<Vec<_>>(), [taken]);
    });
}

#[test]
fn what_another_tab_wrote_before_claims_less_though_something_stands_far_in_the_future() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        // The clock was fast for a while, and is set right by somebody, more or less.
        pair.alice.clock.set_error(600_000);
        say(&alice, &pair.bob, "one").await;
        pair.alice.clock.set_error(0);
        say(&alice, &pair.bob, "two").await;
        pair.alice.clock.set_error(-700);
        let other_tab = pair.alice.resume().await;
        say(&other_tab, &pair.bob, "three").await;
        let claims: Vec<_> = conversation(&pair.alice, &pair.bob)
            .await
            .into_iter()
            .map(|row| SignedMessage::parse(&row.json).unwrap().timestamp())
            .collect();
        assert_eq!(pair.alice.texts(&pair.bob).await, ["one", "two", "three"]);
        assert!(claims[1] < claims[0] && claims[1] < claims[2], "{claims:?}");
    });
}

#[test]
fn a_tab_that_is_not_in_touch_goes_by_the_time_that_the_other_one_knows() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let other_tab = pair.alice.resume().await;
        say(&other_tab, &pair.bob, "one").await;
        // The clock is set back by hours, which whoever logs in notices.
        pair.alice.clock.set_error(-54_000_000);
        pair.network.first_service().forget_tokens();
        sync(&alice).await;
        say(&alice, &pair.bob, "two").await;
        say(&other_tab, &pair.bob, "three").await;
        let rows = conversation(&pair.alice, &pair.bob).await;
        let claims: Vec<_> =
            rows.iter().map(|row| SignedMessage::parse(&row.json).unwrap().timestamp()).collect();
        assert!(claims.is_sorted(), "{claims:?}");
    });
}

#[test]
fn what_follows_an_own_claim_in_another_conversation_is_not_a_little_earlier_than_the_one_before() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        say(&alice, &pair.bob, "one").await;
        // Another tab writes to somebody else while the clock is slow, and then it is set back further.
        let other_tab = pair.alice.resume().await;
        pair.alice.clock.set_error(-40_000);
        say(&other_tab, &carol, "elsewhere").await;
        pair.alice.clock.set_error(-80_000);
        say(&other_tab, &pair.bob, "two").await;
        let claims: Vec<_> = conversation(&pair.alice, &pair.bob)
            .await
            .into_iter()
            .map(|row| SignedMessage::parse(&row.json).unwrap().timestamp())
            .collect();
        let earlier_by = claims[0].saturating_sub(claims[1]);
        assert!(claims[1] > claims[0] || earlier_by > 60_000, "{claims:?}");
    });
}
