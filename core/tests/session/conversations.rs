//! What a list of conversations and an open one show, and who is remembered.

use dm3_core::device::Preview;
use dm3_core::identity::KeySeed;
use dm3_core::message::Draft;
use dm3_core::ports::{Store as _, StoreError};
use dm3_core::session::{Overview, forget, leave, remember_account, remembered_account, remembered_seed};
use dm3_core::testing::{Fault, Pair, Peer};
use dm3_core::thread::fold;

use crate::support::*;

fn text(overview: &Overview) -> Option<&str> {
    match &overview.last.as_ref()?.shown {
        Preview::Text(text) => Some(text),
        Preview::Attachment | Preview::Deleted => None,
    }
}

#[test]
fn the_list_shows_the_last_message_of_each_and_what_was_not_seen_the_latest_first() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        let from_carol = carol.sign_up().await;
        say(&from_carol, &pair.bob, "carol's").await;
        pair.network.clock().advance(1_000);
        say(&alice, &pair.bob, "one").await;
        say(&alice, &pair.bob, "two").await;
        assert_eq!(sync(&bob).await, 3);
        let list = bob.conversations().await.unwrap();
        let shown: Vec<_> = list.iter().map(|o| (o.conversation, text(o), o.unread)).collect();
        assert_eq!(
            shown,
            [(pair.alice.conversation(), Some("two"), 2), (carol.conversation(), Some("carol's"), 1),]
        );
        bob.mark_read(pair.alice.conversation()).await.unwrap();
        // A conversation that was opened, and in which nothing was written yet.
        let dave = Peer::new(&pair.network, "dave");
        pair.network.clock().advance(1_000);
        bob.keep(&bob.directory().peer(dave.address()).await.unwrap()).await.unwrap();
        let list = bob.conversations().await.unwrap();
        assert_eq!((list[0].conversation, &list[0].last, list[0].unread), (dave.conversation(), &None, 0));
        assert_eq!((list[1].conversation, list[1].unread), (pair.alice.conversation(), 0));
    });
}

#[test]
fn the_list_shows_a_message_as_later_ones_changed_it() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let sent = alice.compose(pair.bob.conversation(), "before").await.unwrap().hash().clone();
        pair.network.clock().advance(1_000);
        let edit = |header| Draft::edit(header, &sent, "after");
        alice.write(pair.bob.conversation(), &[], edit).await.unwrap();
        alice.flush().await.unwrap();
        sync(&bob).await;
        let list = bob.conversations().await.unwrap();
        assert_eq!((text(&list[0]), list[0].unread), (Some("after"), 1));
        let written = list[0].last.as_ref().unwrap().place.time();
        assert_eq!(list[0].time, written, "an edit does not move it up");
    });
}

#[test]
fn a_conversation_is_read_in_pages() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let to = pair.bob.conversation();
        for number in 0..5 {
            alice.compose(to, &number.to_string()).await.unwrap();
            pair.network.clock().advance(1_000);
        }
        let newest = alice.page(to, None, 3).await.unwrap();
        assert_eq!((newest.messages.len(), newest.more), (3, true));
        let before = newest.messages[2].row().position();
        let older = alice.page(to, Some(&before), 3).await.unwrap();
        assert_eq!((older.messages.len(), older.more), (2, false));
        let all = [newest.messages, older.messages].concat();
        assert_eq!(fold(&all).len(), 5);
    });
}

#[test]
fn the_name_of_who_wrote_first_is_learnt_and_kept() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "hello").await;
        sync(&bob).await;
        let of_alice = pair.alice.conversation();
        pair.network.fail("eth_call", Fault::Unreachable);
        // Whether there is one is not known, which is another thing than none.
        assert!(bob.learn_name(of_alice).await.unwrap_err().is_temporary());
        assert_eq!(bob.contact(of_alice).await.unwrap().unwrap().name, None);
        pair.network.heal();
        assert_eq!(bob.learn_name(of_alice).await.unwrap(), Some(name("alice.eth")));
        assert_eq!(bob.contact(of_alice).await.unwrap().unwrap().name, Some(name("alice.eth")));
        let stranger = Peer::new(&pair.network, "stranger");
        pair.network.give_name(&name("stranger.eth"), stranger.address());
        assert_eq!(bob.learn_name(stranger.conversation()).await.unwrap(), None);
        assert_eq!(bob.contact(stranger.conversation()).await.unwrap(), None, "nothing is opened by it");
    });
}

#[test]
fn who_signed_in_last_is_remembered_while_the_keys_are_here() {
    run(async {
        let pair = Pair::new();
        let (store, account) = (&pair.alice.store, pair.alice.address());
        assert_eq!(remembered_account(store).await, Ok(None));
        pair.alice.sign_up().await;
        assert_eq!(remembered_account(store).await, Ok(Some(account)));
        assert!(remembered_seed(store, account).await.unwrap().is_some());
        leave(store, pair.bob.address()).await.unwrap();
        assert_eq!(remembered_account(store).await, Ok(Some(account)), "somebody else left");
        leave(store, account).await.unwrap();
        assert_eq!(remembered_account(store).await, Ok(None));
        assert!(remembered_seed(store, account).await.unwrap().is_some(), "the keys stay");
        remember_account(store, account).await.unwrap();
        assert_eq!(remembered_account(store).await, Ok(Some(account)));
        store.erase(account).await.unwrap();
        assert_eq!(remembered_account(store).await, Ok(None), "nobody goes on without keys");
        forget(store, pair.bob.address()).await.unwrap();
        assert!(store.account().await.unwrap().is_some(), "another account is not touched");
        forget(store, account).await.unwrap();
        assert_eq!(store.account().await, Ok(None));
        store.set_seed(account, &KeySeed::from_bytes([1; 32])).await.unwrap();
        store.set_failure(Some(StoreError::Damaged));
        assert!(remembered_seed(store, account).await.unwrap().is_none(), "damaged keys are like none");
    });
}
