//! The order of what is listed newest first, taken twice, or can't be proven to be taken when it says.

use dm3_core::testing::{Fault, Pair};

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
