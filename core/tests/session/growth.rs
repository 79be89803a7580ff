//! What a step reads on the device does not grow with what the device keeps.

use dm3_core::device::StoredMessage;
use dm3_core::identity::Address;
use dm3_core::message::Kind;
use dm3_core::ports::Store as _;
use dm3_core::testing::{Pair, notes};

use crate::support::*;

/// What one step reads.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    calls: usize,
    rows: usize,
}

/// How many messages are read at once when a conversation is opened.
const PAGE: usize = 80;

/// What each step costs bob, who keeps so many messages of alice's, and conversations with so many people.
async fn costs(messages: u64, conversations: u64) -> Vec<(&'static str, Cost)> {
    let (pair, alice, bob) = Pair::signed_in().await;
    let (store, me, her) = (&pair.bob.store, pair.bob.address(), pair.alice.address());
    let text = |peer: Address, n: u64| notes::at(&notes::with(peer, peer, n, Kind::New, None, "text"), n);
    let of_alice: Vec<StoredMessage> = (1..=messages).map(|n| text(her, n)).collect();
    store.add_messages(me, &of_alice).await.unwrap();
    for n in 1..conversations {
        let mut peer = [7; 20];
        peer[..8].copy_from_slice(&n.to_be_bytes());
        store.add_messages(me, &[text(Address::from_bytes(peer), n)]).await.unwrap();
    }
    // What is looked up or asked once is there.
    say(&alice, &pair.bob, "before").await;
    sync(&bob).await;
    say(&bob, &pair.alice, "before").await;
    pair.network.clock().advance(1_000);

    let mut costs = Vec::new();
    let mut before = (store.calls(), store.rows_read());
    let mut note = |step| {
        let after = (store.calls(), store.rows_read());
        costs.push((step, Cost { calls: after.0 - before.0, rows: after.1 - before.1 }));
        before = after;
    };
    let with_alice = pair.alice.conversation();
    let known = bob.overview(with_alice).await.unwrap().unwrap().changes;
    note("a row of the list");
    say(&alice, &pair.bob, "one more").await;
    assert_eq!(sync(&bob).await, 1);
    note("taking a message in");
    assert_eq!(bob.changes(with_alice, known).await.unwrap().messages.len(), 1);
    note("what is new in a conversation");
    assert!(bob.mark_read_if_new(with_alice).await.unwrap() > 0);
    note("marking as read");
    bob.compose(with_alice, "an answer").await.unwrap();
    note("writing");
    bob.flush().await.unwrap();
    note("delivering");
    bob.page(with_alice, None, PAGE).await.unwrap();
    note("opening a conversation");
    bob.conversations().await.unwrap();
    note("the list");
    costs
}

#[test]
fn no_step_reads_more_where_there_are_more_messages() {
    run(async {
        assert_eq!(costs(10_000, 10).await, costs(200, 10).await);
    });
}

#[test]
fn no_step_but_the_list_reads_more_where_there_are_more_conversations() {
    run(async {
        let (mut few, mut many) = (costs(200, 10).await, costs(200, 500).await);
        let lists = [few.pop(), many.pop()].map(|step| step.unwrap().1);
        assert_eq!(lists, [Cost { calls: 1, rows: 10 }, Cost { calls: 1, rows: 500 }], "one reading");
        assert_eq!(few, many);
    });
}
