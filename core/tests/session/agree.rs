//! What several devices of an account agree upon: what was read, chosen and typed, and under which keys it is kept.

use dm3_core::device::{Notice, Slot};
use dm3_core::ports::Store as _;
use dm3_core::session::{Decision, FindError};
use dm3_core::testing::{Fault, Pair};
use serde_json::{Map, Value, json};

use super::history::{HISTORY, another_device, exchange, older, pull, push};
use super::support::{keys_of, name, run, say, sync};

#[test]
fn only_what_stood_on_the_device_where_somebody_read_is_read() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let with_alice = pair.alice.conversation();
        let bobs_phone = another_device(&pair, "bob");
        let phone = bobs_phone.sign_up().await;
        say(&alice, &pair.bob, "one").await;
        sync(&phone).await;
        pair.network.clock().advance(60_000);
        say(&alice, &pair.bob, "two").await;
        // Nobody is there, and the phone is offline.
        sync(&bob).await;
        push(&bob).await;
        pair.network.clock().advance(60_000);
        phone.mark_read(with_alice).await.unwrap();
        exchange(&phone, &bob).await;
        assert_eq!((bobs_phone.unread(&pair.alice).await, pair.bob.unread(&pair.alice).await), (1, 1));
    });
}

#[test]
fn what_two_devices_took_in_and_one_has_shown_is_read_on_both_whichever_was_first() {
    for read_on_the_later in [false, true] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            let with_alice = pair.alice.conversation();
            let bobs_phone = another_device(&pair, "bob");
            let phone = bobs_phone.sign_up().await;
            say(&alice, &pair.bob, "one").await;
            pair.network.fail_nth(1, "cknowledg", Fault::Unreachable);
            sync(&bob).await;
            pair.network.clock().advance(5_000);
            assert_eq!(sync(&phone).await, 1);
            let (reader, other) = if read_on_the_later { (&phone, &bob) } else { (&bob, &phone) };
            reader.mark_read(with_alice).await.unwrap();
            exchange(reader, other).await;
            exchange(reader, other).await;
            assert_eq!((bobs_phone.unread(&pair.alice).await, pair.bob.unread(&pair.alice).await), (0, 0));
            // What comes now is not.
            say(&alice, &pair.bob, "two").await;
            sync(&bob).await;
            exchange(&bob, &phone).await;
            assert_eq!((bobs_phone.unread(&pair.alice).await, pair.bob.unread(&pair.alice).await), (1, 1));
        });
    }
}

#[test]
fn under_new_keys_the_node_is_given_everything_anew() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&bob, &pair.alice, "question").await;
        sync(&alice).await;
        say(&alice, &pair.bob, "answer").await;
        alice.set_draft(pair.bob.conversation(), "and one mo", alice.now()).await.unwrap();
        push(&alice).await;
        assert_eq!(push(&alice).await, 0);
        let alice = pair.alice.with_new_keys().await;
        pull(&alice).await;
        assert!(push(&alice).await > 0);
        assert_eq!(push(&alice).await, 0);
        let phone = another_device(&pair, "alice");
        let session = phone.with_new_keys().await;
        pull(&session).await;
        older(&session, pair.bob.conversation()).await;
        assert_eq!(phone.texts(&pair.bob).await, ["question", "answer"]);
        assert_eq!(session.draft(pair.bob.conversation()).await.unwrap(), "and one mo");
    });
}

#[test]
fn where_nobody_knows_under_which_keys_the_node_is_given_everything_anew() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        say(&alice, &pair.bob, "hello").await;
        push(&alice).await;
        let (store, account) = (&pair.alice.store, pair.alice.address());
        let followed = store.value(account, &Slot::History).await.unwrap().unwrap();
        let mut followed: Map<String, Value> = serde_json::from_str(&followed).unwrap();
        followed.remove("keys").unwrap();
        let followed = Value::Object(followed).to_string();
        store.set_value(account, &Slot::History, Some(&followed)).await.unwrap();
        let alice = pair.alice.with_new_keys().await;
        pull(&alice).await;
        push(&alice).await;
        let phone = another_device(&pair, "alice");
        let session = phone.with_new_keys().await;
        pull(&session).await;
        older(&session, pair.bob.conversation()).await;
        assert_eq!(phone.texts(&pair.bob).await, ["hello"]);
    });
}

#[test]
fn keys_that_one_device_has_seen_are_not_forgotten_for_one_that_has_not() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let phone = another_device(&pair, "alice").sign_up().await;
        for session in [&alice, &phone] {
            let found = session.find("bob.eth").await.unwrap();
            session.keep(&found).await.unwrap();
            pair.network.clock().advance(60_000);
        }
        exchange(&alice, &phone).await;
        let bob = pair.bob.address();
        let old = alice.peer(bob).await.unwrap().profile.unwrap().1.as_signed().clone();
        pair.network.clock().advance(60_000);
        pair.bob.publish(keys_of("new").public(), vec![name("ds.dm3.eth")]).await;
        alice.peer(bob).await.unwrap();
        exchange(&alice, &phone).await;
        exchange(&alice, &phone).await;
        assert_eq!((push(&alice).await, push(&phone).await), (0, 0), "they agree");
        let tablet = another_device(&pair, "alice").sign_up().await;
        pull(&tablet).await;
        pair.network.set_profile(bob, old);
        pair.network.clock().advance(60_000);
        for session in [&alice, &phone, &tablet] {
            let contact = session.contact(pair.bob.conversation()).await.unwrap().unwrap();
            assert!(matches!(contact.notices.last(), Some(Notice::KeysChanged { .. })));
            assert!(matches!(session.peer(bob).await, Err(FindError::OldProfile { .. })));
        }
    });
}

#[test]
fn what_was_chosen_or_typed_by_a_fast_clock_can_be_changed_at_once_and_the_change_counts_everywhere() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let with_bob = pair.bob.conversation();
        say(&alice, &pair.bob, "hello").await;
        let offline = pair.alice.resume().await;
        pair.alice.clock.set_error(24 * 3_600_000);
        offline.set_setting("receipts", json!(true)).await.unwrap();
        offline.set_draft(with_bob, "dear", offline.now()).await.unwrap();
        pair.alice.clock.set_error(0);
        let alice = pair.alice.resume().await;
        push(&alice).await;
        let phone = another_device(&pair, "alice").sign_up().await;
        pull(&phone).await;
        phone.set_setting("receipts", json!(false)).await.unwrap();
        phone.set_draft(with_bob, "dear bob", phone.now()).await.unwrap();
        exchange(&phone, &alice).await;
        for session in [&phone, &alice] {
            assert_eq!(session.setting("receipts").await.unwrap(), Some(json!(false)));
            assert_eq!(session.draft(with_bob).await.unwrap(), "dear bob");
        }
    });
}

#[test]
fn what_came_from_another_device_while_this_one_wrote_about_the_same_is_told() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let with_bob = pair.bob.conversation();
        say(&alice, &pair.bob, "hello").await;
        push(&alice).await;
        let phone = another_device(&pair, "alice").sign_up().await;
        pull(&phone).await;
        alice.set_setting("receipts", json!(true)).await.unwrap();
        alice.decide(with_bob, Decision::Mute(true)).await.unwrap();
        pair.network.clock().advance(1_000);
        phone.set_setting("receipts", json!(false)).await.unwrap();
        phone.decide(with_bob, Decision::Hide(true)).await.unwrap();
        push(&phone).await;
        let pushed = alice.push_history().await.unwrap();
        assert!(pushed.pulled.settings);
        assert_eq!(pushed.pulled.changed, [with_bob]);
        assert_eq!(alice.setting("receipts").await.unwrap(), Some(json!(false)));
    });
}

#[test]
fn what_came_before_a_node_failed_is_told() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        say(&alice, &pair.bob, "hello").await;
        push(&alice).await;
        let phone = another_device(&pair, "alice").sign_up().await;
        pair.network.fail_nth(3, &format!("GET {HISTORY}"), Fault::Status(503));
        let pulled = phone.pull_history().await.unwrap();
        assert_eq!((pulled.changed, pulled.more), (vec![pair.bob.conversation()], true));
        assert_eq!(pull(&phone).await, 0);
    });
}
