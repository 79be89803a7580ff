use std::task::{Context, Waker};

use dm3_core::ports::{Store as _, StoreError};
use dm3_core::session::HomeError;
use dm3_core::testing::{Fault, Pair, Peer};

use crate::support::*;

#[test]
fn nothing_is_acknowledged_before_it_is_stored() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "hello").await;
        let mut garbage = Letter::new(&pair, "garbage").await;
        garbage.plaintext = Some("garbage".into());
        garbage.submit(&pair).await;

        pair.bob.store.set_write_failure(Some(StoreError::Full));
        assert_eq!(bob.sync().await, Err(HomeError::Store(StoreError::Full)));
        assert_eq!(pair.network.count(ACKNOWLEDGE), 0);
        assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 2);

        pair.bob.store.set_write_failure(None);
        let received = bob.sync().await.unwrap();
        assert_eq!((received.new.len(), received.quarantined), (1, 1));
        assert_eq!(pair.bob.texts(&pair.alice).await, ["hello"]);
        assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 0);
    });
}

#[test]
fn a_lost_acknowledgement_is_made_up_for_and_nothing_comes_twice() {
    for fault in [Fault::Unreachable, Fault::Status(500)] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            say(&alice, &pair.bob, "hello").await;
            let mut garbage = Letter::new(&pair, "garbage").await;
            garbage.plaintext = Some("garbage".into());
            garbage.submit(&pair).await;
            let mut forged = Letter::new(&pair, "forged").await;
            forged.signed_by = keys_of("mallory");
            forged.submit(&pair).await;

            pair.network.fail(ACKNOWLEDGE, fault);
            let received = bob.sync().await.unwrap();
            assert_eq!((received.new.len(), received.quarantined, received.postponed), (1, 1, 1));
            assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 3);
            pair.network.heal();
            assert_eq!(bob.sync().await.unwrap(), Default::default());
            assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 0, "{fault:?}");
        });
    }
}

#[test]
fn a_delivery_service_that_deletes_nothing_is_not_asked_for_ever() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "hello").await;
        let service = pair.network.first_service();
        let url = format!("{}/delivery/messages/{}/{ACKNOWLEDGE}", service.url(), pair.bob.alias());
        pair.network.set_document(&url, 200, "");
        for new in [1, 0] {
            let before = pair.network.count("messages/incoming");
            assert_eq!(sync(&bob).await, new);
            assert_eq!(pair.network.count("messages/incoming") - before, 2);
        }
    });
}

#[test]
fn a_sender_is_looked_up_once_for_many_messages() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        sync(&bob).await;
        for text in ["one", "two", "three"] {
            say(&alice, &pair.bob, text).await;
        }
        let lookups = || pair.network.count("gateway.dm3.example");
        let before = lookups();
        assert_eq!(sync(&bob).await, 3);
        assert_eq!(lookups() - before, 1);
        say(&alice, &pair.bob, "four").await;
        let before = lookups();
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(lookups(), before, "what was found a moment ago is still believed");
        pair.network.clock().advance(60_000);
        say(&alice, &pair.bob, "five").await;
        let before = lookups();
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(lookups() - before, 1, "but not for ever");
    });
}

#[test]
fn a_mailbox_in_any_order_gives_the_same_conversation() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        pair.network.first_service().list_newest_first(true);
        for text in ["one", "two", "three", "four"] {
            alice.compose(pair.bob.conversation(), text).await.unwrap();
        }
        alice.flush().await.unwrap();
        assert_eq!(sync(&bob).await, 4);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["one", "two", "three", "four"]);
    });
}

#[test]
fn the_order_does_not_depend_on_the_receivers_clock() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        // Alice's clock is a minute ahead of bob's. The second part arrives in the same millisecond.
        let mut letter = Letter::new(&pair, "").await;
        letter.timestamp += 60_000;
        let mut expected = Vec::new();
        for batch in ["first", "second"] {
            for n in 0..6 {
                letter.timestamp += 100;
                letter.text = format!("{batch} {n}");
                letter.submit(&pair).await;
                expected.push(letter.text.clone());
            }
            assert_eq!(sync(&bob).await, 6);
        }
        assert_eq!(pair.bob.texts(&pair.alice).await, expected);

        // An answer comes after what it answers, and the future is not reserved for alice.
        pair.network.clock().advance(1_000);
        say(&bob, &pair.alice, "an answer").await;
        expected.push("an answer".into());
        assert_eq!(pair.bob.texts(&pair.alice).await, expected);
    });
}

#[test]
fn unread_messages_are_counted_until_they_are_seen() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        let from_carol = carol.sign_up().await;
        assert_eq!(pair.bob.unread(&pair.alice).await, 0);
        say(&alice, &pair.bob, "one").await;
        say(&alice, &pair.bob, "two").await;
        say(&from_carol, &pair.bob, "also").await;
        assert_eq!(sync(&bob).await, 3);
        assert_eq!((pair.bob.unread(&pair.alice).await, pair.bob.unread(&carol).await), (2, 1));

        pair.network.clock().advance(1_000);
        bob.mark_read(pair.alice.conversation()).await.unwrap();
        assert_eq!((pair.bob.unread(&pair.alice).await, pair.bob.unread(&carol).await), (0, 1));
        say(&bob, &pair.alice, "an answer").await;
        assert_eq!(pair.bob.unread(&pair.alice).await, 0, "own messages are not unread");
        pair.network.clock().advance(1_000);
        say(&alice, &pair.bob, "three").await;
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(pair.bob.unread(&pair.alice).await, 1);

        let bob = pair.bob.resume().await;
        bob.mark_read(carol.conversation()).await.unwrap();
        assert_eq!((pair.bob.unread(&pair.alice).await, pair.bob.unread(&carol).await), (1, 0));
    });
}

#[test]
fn an_old_message_that_comes_again_changes_nothing() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "old").await;
        let service = pair.network.first_service();
        let [copy] = service.listing(pair.bob.address()).try_into().unwrap();
        sync(&bob).await;
        pair.network.clock().advance(1_000);
        bob.mark_read(pair.alice.conversation()).await.unwrap();
        let before = pair.bob.store.contacts(pair.bob.address()).await;

        pair.network.clock().advance(86_400_000);
        service.put(pair.bob.address(), &copy);
        assert_eq!(bob.sync().await.unwrap(), Default::default());
        assert_eq!(pair.bob.texts(&pair.alice).await, ["old"]);
        assert_eq!(pair.bob.unread(&pair.alice).await, 0);
        assert_eq!(pair.bob.store.contacts(pair.bob.address()).await, before, "it does not move to the top");
        assert_eq!(service.waiting(pair.bob.address()), 0);
    });
}

#[test]
fn a_peer_who_changed_keys_is_verified_with_the_new_ones() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "with old keys").await;
        assert_eq!(sync(&bob).await, 1);

        // Within the minute for which bob believes what he knows of her.
        pair.alice.publish(keys_of("new keys").public(), vec![name("ds.dm3.eth")]).await;
        let mut letter = Letter::new(&pair, "with new keys").await;
        letter.signed_by = keys_of("new keys");
        letter.submit(&pair).await;
        assert_eq!(sync(&bob).await, 1);

        let mut stolen = Letter::new(&pair, "with stolen old keys").await;
        stolen.timestamp += 1;
        stolen.submit(&pair).await;
        let received = bob.sync().await.unwrap();
        assert_eq!((received.new.len(), received.postponed), (0, 1));
        assert_eq!(pair.bob.texts(&pair.alice).await, ["with old keys", "with new keys"]);
    });
}

#[test]
fn a_peer_who_writes_under_a_name_and_changed_keys_is_verified_with_the_new_ones() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let mut letter = Letter::new(&pair, "with old keys").await;
        letter.from = name("alice.eth");
        letter.submit(&pair).await;
        assert_eq!(sync(&bob).await, 1);
        pair.alice.publish(keys_of("new keys").public(), vec![name("ds.dm3.eth")]).await;
        letter.text = "with new keys".into();
        letter.signed_by = keys_of("new keys");
        letter.submit(&pair).await;
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn names_and_addresses_of_a_sender_lead_to_one_conversation() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "under my address").await;
        let mut letter = Letter::new(&pair, "under my name").await;
        letter.from = name("alice.eth");
        letter.to = name("bob.eth");
        letter.timestamp += 1;
        letter.submit(&pair).await;
        pair.network.clock().advance(1);
        assert_eq!(sync(&bob).await, 2);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["under my address", "under my name"]);
    });
}

#[test]
fn while_senders_cannot_be_looked_up_their_messages_are_kept_on_the_device() {
    for (target, fault) in [
        ("eth_call", Fault::Unreachable),
        ("gateway.dm3.example", Fault::Status(500)),
        ("gateway.dm3.example", Fault::Unreachable),
    ] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            sync(&bob).await;
            say(&alice, &pair.bob, "hello").await;
            pair.network.fail(target, fault);
            let received = bob.sync().await.unwrap();
            assert_eq!((received.postponed, received.quarantined, received.new.len()), (1, 0, 0));
            assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 0);
            assert_eq!(pair.bob.kept().await, 1);
            pair.network.heal();
            assert_eq!(sync(&bob).await, 1, "{target} {fault:?}");
        });
    }
}

#[test]
fn what_was_being_taken_in_when_that_was_interrupted_is_taken_in_afterwards() {
    let mut interrupted = 0;
    for moments in 0.. {
        let ended = run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            sync(&bob).await;
            say(&alice, &pair.bob, "hello").await;
            pair.network.fail("eth_call", Fault::Slow(10));
            pair.network.fail(ACKNOWLEDGE, Fault::Slow(10));
            let mut taking = Box::pin(bob.sync());
            let mut context = Context::from_waker(Waker::noop());
            let ended = (0..moments).any(|_| taking.as_mut().poll(&mut context).is_ready());
            drop(taking);
            sync(&bob).await;
            assert_eq!(pair.bob.texts(&pair.alice).await, ["hello"], "after {moments} moments");
            assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 0);
            ended
        });
        if ended {
            break;
        }
        interrupted += 1;
    }
    assert!(interrupted > 5, "{interrupted}");
}

/// Anybody can fill a mailbox with more than one answer may hold.
#[test]
fn a_mailbox_that_is_too_large_for_one_answer_is_read_from_its_beginning() {
    for page in [None, Some(1_000)] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            let service = pair.network.first_service();
            service.number_mailboxes(page);
            for n in 0..40 {
                alice.compose(pair.bob.conversation(), &n.to_string()).await.unwrap();
            }
            alice.flush().await.unwrap();
            let path = if page.is_some() { "/mailbox/" } else { "messages/incoming" };
            pair.network.fail(path, Fault::Longest(30_000));
            assert_eq!(sync(&bob).await, 40);
            assert_eq!(service.waiting(pair.bob.address()), 0);
        });
    }
}

#[test]
fn whoever_writes_under_their_address_alone_is_found_like_anybody() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let (alice, to) = (pair.alice.address().to_string(), pair.bob.address().to_string());
        let mut letter = Letter::new(&pair, "from an address to an address").await;
        (letter.from, letter.to) = (name(&alice), name(&to));
        letter.submit(&pair).await;
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["from an address to an address"]);
        let known = pair.bob.store.contact(pair.bob.address(), pair.alice.conversation()).await.unwrap();
        let found_at = known.unwrap().found_at;
        assert!(found_at.iter().all(|name| name.parent().is_some()), "{found_at:?}");

        let mut forged = Letter::new(&pair, "in her name").await;
        (forged.from, forged.signed_by) = (name(&alice), keys_of("mallory"));
        forged.timestamp += 1;
        forged.submit(&pair).await;
        assert_eq!(sync(&bob).await, 0);
        assert_eq!(pair.bob.texts(&pair.alice).await.len(), 1);
    });
}
