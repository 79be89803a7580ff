//! Weaknesses of the deployed clients that end in the session: what arrives, and where it is shown.

use dm3_core::message::SignedMessage;
use dm3_core::ports::{Store as _, StoreError};
use dm3_core::session::{HomeError, Live};
use dm3_core::testing::{Pair, Peer};
use futures_util::future::join;
use serde_json::{Value, json};
use std::cell::RefCell;

use crate::support::*;

/// One malformed message rejects the whole batch there, at every login.
#[test]
fn weakness_18_one_bad_message_blocks_no_other() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let service = pair.network.first_service();
        let put = |entry: &Value| service.put(pair.bob.address(), &entry.to_string());
        // What is inside: a sender that nameprep rejects, the receiver as sender, no names at all.
        for from in ["☕.eth", "a..b", "-", "", &pair.bob.alias().to_string(), &"x".repeat(300)] {
            let mut letter = Letter::new(&pair, "bad").await;
            let metadata = json!({ "from": from, "to": pair.bob.alias(), "timestamp": 1, "type": "NEW" });
            letter.plaintext =
                Some(json!({ "message": "bad", "metadata": metadata, "signature": "AAAA" }).to_string());
            letter.submit(&pair).await;
        }
        // What is outside: no metadata, no hash, names of any kind.
        say(&alice, &pair.bob, "good 1").await;
        let good: Value = serde_json::from_str(service.listing(pair.bob.address()).last().unwrap()).unwrap();
        put(&json!({ "message": good["message"] }));
        put(&json!({ "message": 7, "metadata": good["metadata"] }));
        put(&json!({ "message": good["message"], "metadata": { "deliveryInformation": { "from": "☕" } } }));
        put(&json!([]));
        say(&alice, &pair.bob, "good 2").await;

        let received = bob.sync().await.unwrap();
        assert_eq!(received.new.len(), 2, "{received:?}");
        assert_eq!(pair.bob.texts(&pair.alice).await, ["good 1", "good 2"]);
        assert!(received.quarantined + received.postponed >= 7, "{received:?}");
        say(&alice, &pair.bob, "good 3").await;
        let received = bob.sync().await.unwrap();
        assert_eq!((received.new.len(), received.quarantined, received.postponed), (1, 0, 0), "counted once");
    });
}

/// There the server throws a batch away because of one message that it has already, says 200, and the client
/// acknowledges them all.
#[test]
fn weakness_29_a_message_that_is_known_takes_no_other_with_it() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let service = pair.network.first_service();
        // The first comes over the socket and its acknowledgement is lost; the second comes while bob is away.
        say(&alice, &pair.bob, "first").await;
        let copy = service.listing(pair.bob.address()).remove(0);
        assert_eq!(sync(&bob).await, 1);
        service.put(pair.bob.address(), &copy);
        pair.network.clock().advance(1_000);
        say(&alice, &pair.bob, "second").await;
        drop(bob);

        let bob = pair.bob.resume().await;
        pair.bob.store.set_write_failure(Some(StoreError::Unavailable("closed".into())));
        let failed = bob.sync().await;
        assert!(matches!(failed, Err(HomeError::Store(_))), "{failed:?}");
        assert_eq!(service.waiting(pair.bob.address()), 2, "nothing is acknowledged that was not kept");
        pair.bob.store.set_write_failure(None);
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["first", "second"]);
        assert_eq!(service.waiting(pair.bob.address()), 0);
    });
}

/// There only the newest socket of an account gets pushes, and what is pushed is never acknowledged.
#[test]
fn weakness_30_a_device_without_pushes_still_gets_every_message() {
    run(async {
        let (pair, alice, first) = Pair::signed_in().await;
        let service = pair.network.first_service();
        service.push_to_newest_socket_alone(true);
        let second = pair.bob.resume().await;
        let (first_told, second_told) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let home = first.homes().await.unwrap()[0].clone();
        let other_home = second.homes().await.unwrap()[0].clone();
        let both = join(
            first.live(&home, |live| first_told.borrow_mut().push(live)),
            second.live(&other_home, |live| second_told.borrow_mut().push(live)),
        );
        join(both, say(&alice, &pair.bob, "hello")).await;
        let pushed = |told: &RefCell<Vec<Live>>| {
            told.borrow().iter().filter(|live| matches!(live, Live::Pushed(_))).count()
        };
        assert_eq!((pushed(&first_told), pushed(&second_told)), (0, 1), "the older socket is mute");

        // Asking does without pushes, and what a device that was pushed to has not stored yet is still there.
        assert_eq!(sync(&first).await, 1);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["hello"]);
        assert_eq!(service.waiting(pair.bob.address()), 0);
        let Some(Live::Pushed(envelope)) = second_told.borrow_mut().pop() else { panic!("nothing pushed") };
        let received = accept(&second, &other_home, vec![envelope]).await;
        assert_eq!(received, Default::default(), "both share one store here");
    });
}

/// There every incoming bubble carries the name of the contact that happens to be open.
#[test]
fn weakness_38_a_message_stands_with_who_signed_it_whatever_name_it_gives() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let mallory = Peer::new(&pair.network, "mallory");
        mallory.sign_up().await;
        pair.network.give_name(&name("mallory.eth"), mallory.address());
        say(&alice, &pair.bob, "from alice").await;
        for from in [mallory.alias(), name("mallory.eth")] {
            let mut letter = Letter::new(&pair, &format!("I am alice.eth ({from})")).await;
            (letter.from, letter.signed_by) = (from, mallory.keys().await);
            // The envelope may name her by another name of hers.
            letter.outside.0 = Some(name("mallory.eth"));
            letter.submit(&pair).await;
        }
        assert_eq!(sync(&bob).await, 3);
        for (peer, count) in [(&pair.alice, 1), (&mallory, 2)] {
            let entries = pair.bob.entries(peer).await;
            assert_eq!(entries.len(), count);
            assert!(entries.iter().all(|entry| entry.author == peer.address() && !entry.own));
        }
        let contacts = pair.bob.store.contacts(pair.bob.address()).await.unwrap();
        assert!(contacts.iter().all(|contact| contact.name.is_none()), "a claimed name names nobody");
        let claimed =
            |row: &dm3_core::device::MessageRow| SignedMessage::parse(&row.json).unwrap().from().to_owned();
        let names: Vec<_> = conversation(&pair.bob, &mallory).await.iter().map(claimed).collect();
        assert!(names.contains(&"mallory.eth".to_owned()), "both stand in one conversation: {names:?}");
    });
}
