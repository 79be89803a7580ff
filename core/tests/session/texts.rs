//! Messages are found by what they say.

use std::cell::Cell;

use dm3_core::message::{Attachment, Draft};
use dm3_core::testing::{Pair, Peer};
use dm3_core::thread::Shown;

use crate::support::*;

/// What a conversation has that says this, the newest first.
async fn found(session: &TestSession, with: &Peer, wanted: &str) -> Vec<String> {
    let (mut texts, mut before) = (Vec::new(), None);
    loop {
        let matches = |text: &str| text.to_lowercase().contains(wanted);
        let stretch = session.search_texts(with.conversation(), before.as_ref(), &matches).await.unwrap();
        texts.extend(stretch.found.into_iter().map(|entry| match entry.shown {
            Shown::Text { text, .. } => text,
            Shown::Deleted => panic!("what was deleted says nothing"),
        }));
        before = stretch.next;
        if before.is_none() {
            return texts;
        }
    }
}

#[test]
fn messages_of_both_sides_are_found_by_their_texts_the_newest_first() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "The lamp is blue").await;
        pair.network.clock().advance(1_000);
        say(&alice, &pair.bob, "Something else\nof two lines").await;
        sync(&bob).await;
        pair.network.clock().advance(1_000);
        say(&bob, &pair.alice, "Which \"lamp\"?").await;
        sync(&alice).await;
        assert_eq!(found(&alice, &pair.bob, "lamp").await, ["Which \"lamp\"?", "The lamp is blue"]);
        assert_eq!(found(&bob, &pair.alice, "\"lamp\"?").await, ["Which \"lamp\"?"]);
        assert_eq!(found(&bob, &pair.alice, "else\nof two").await, ["Something else\nof two lines"]);
        // What is beside the text in a message's JSON is not what it says.
        for beside in ["timestamp", "new", "alice", "0x"] {
            assert_eq!(found(&bob, &pair.alice, beside).await, [""; 0], "{beside}");
        }
    });
}

#[test]
fn a_message_is_found_by_what_it_says_now() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let to = pair.bob.conversation();
        let edited = alice.compose(to, "the first lamp").await.unwrap().hash().clone();
        pair.network.clock().advance(1_000);
        let once =
            alice.write(to, &[], |header| Draft::edit(header, &edited, "the second lamp")).await.unwrap();
        pair.network.clock().advance(1_000);
        alice.write(to, &[], |header| Draft::edit(header, once.hash(), "the third lamp")).await.unwrap();
        let deleted = alice.compose(to, "a lamp that goes").await.unwrap().hash().clone();
        pair.network.clock().advance(1_000);
        alice.write(to, &[], |header| Draft::delete(header, &deleted)).await.unwrap();
        alice.flush().await.unwrap();
        sync(&bob).await;
        for (session, with) in [(&alice, &pair.bob), (&bob, &pair.alice)] {
            assert_eq!(found(session, with, "lamp").await, ["the third lamp"]);
            assert_eq!(found(session, with, "third").await, ["the third lamp"]);
            assert_eq!(found(session, with, "first").await, [""; 0]);
            assert_eq!(found(session, with, "second").await, [""; 0]);
        }
    });
}

#[test]
fn a_long_conversation_is_looked_through_to_its_beginning() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        for n in 0..450 {
            alice.compose(pair.bob.conversation(), &format!("number {n}.")).await.unwrap();
            pair.network.clock().advance(10);
        }
        assert_eq!(found(&alice, &pair.bob, "number 0.").await, ["number 0."]);
        assert_eq!(found(&alice, &pair.bob, "number").await.len(), 450);
    });
}

#[test]
fn what_is_embedded_in_a_message_is_not_looked_through() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let to = pair.bob.conversation();
        let picture = Attachment::embed("a.png", None, &[0x5a; 60_000]).unwrap();
        alice.write(to, &[], |header| Draft::text(header, "a lamp").carrying(vec![picture])).await.unwrap();
        let longest = Cell::new(0);
        let matches = |text: &str| {
            longest.set(longest.get().max(text.len()));
            text.contains("lamp")
        };
        let found = alice.search_texts(to, None, &matches).await.unwrap().found;
        assert_eq!((found.len(), longest.get()), (1, "a lamp".len()));
    });
}
