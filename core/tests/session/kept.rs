//! What can't be proven, or opened, now is kept until it can.

use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::identity::KeySeed;
use dm3_core::ports::{Clock as _, Store as _, StoreError};
use dm3_core::session::{HomeError, Occasion, Received};
use dm3_core::testing::{Fault, Network, Pair, Peer, Tasks};

use crate::support::*;

const DAY: u64 = 86_400_000;

async fn retry(session: &TestSession, occasion: Occasion) -> (Received, u32) {
    let mut received = Received::default();
    let wait = session.retry_kept(occasion, &mut |more| received.add(more)).await.unwrap();
    (received, wait)
}

fn waiting(pair: &Pair) -> usize {
    pair.network.first_service().waiting(pair.bob.address())
}

/// Nobody is found at a peer's address name from now on, until what it gives is called.
async fn hide(pair: &Pair, peer: &Peer) -> impl AsyncFn() {
    let keys = peer.keys().await.public();
    pair.network.remove_profile(peer.address());
    async move || peer.publish(keys, vec![name("ds.dm3.eth")]).await
}

#[test]
fn a_gateway_that_knows_nobody_for_a_week_costs_no_message() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        bob.sync().await.unwrap();
        let said = pair.network.clock().now();
        say(&alice, &pair.bob, "hello").await;
        let show = hide(&pair, &pair.alice).await;
        assert_eq!(bob.sync().await.unwrap(), Received { postponed: 1, ..Received::default() });
        assert_eq!((waiting(&pair), pair.bob.kept().await), (0, 1));
        drop(bob);

        // The program is started anew every day, and nobody is there.
        for _ in 0..8 {
            pair.network.clock().advance(DAY);
            let bob = pair.bob.resume().await;
            assert_eq!(bob.sync().await.unwrap(), Received::default());
        }
        show().await;
        pair.network.clock().advance(DAY);
        let bob = pair.bob.resume().await;
        assert_eq!(sync(&bob).await, 1);
        assert_eq!((pair.bob.kept().await, pair.bob.quarantined().await), (0, 0));
        assert_eq!(
            conversation(&pair.bob, &pair.alice).await[0].place.time(),
            said,
            "it stands where it was taken"
        );
        assert_eq!(pair.bob.unread(&pair.alice).await, 1, "nobody has seen it before");
        assert_eq!(bob.sync().await.unwrap(), Received::default());
    });
}

#[test]
fn what_is_proven_while_the_own_profile_is_not_found_stands_where_it_was_taken() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        bob.sync().await.unwrap();
        let said = pair.network.clock().now();
        say(&alice, &pair.bob, "hello").await;
        let show = hide(&pair, &pair.alice).await;
        pair.network.clock().advance(5_000);
        assert_eq!(bob.sync().await.unwrap(), Received { postponed: 1, ..Received::default() });
        drop(bob);

        // The gateway has found the one again, and lost the other.
        show().await;
        let _show = hide(&pair, &pair.bob).await;
        pair.network.clock().advance(DAY);
        let bob = pair.bob.resume().await;
        assert!(matches!(bob.homes().await, Err(HomeError::NoProfile)));
        assert_eq!(retry(&bob, Occasion::Time).await.0.new.len(), 1);
        assert_eq!(conversation(&pair.bob, &pair.alice).await[0].place.time(), said);
    });
}

#[test]
fn it_is_tried_again_later_and_later_and_at_once_when_the_network_was_the_cause() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        bob.sync().await.unwrap();
        say(&alice, &pair.bob, "hello").await;
        pair.network.fail("gateway.dm3.example", Fault::Unreachable);
        let home = bob.homes().await.unwrap()[0].clone();
        bob.fetch(&home, &mut |_| {}).await.unwrap();
        let (nothing, mut wait) = retry(&bob, Occasion::Time).await;
        assert_eq!(nothing, Received::default());
        assert!((45_000..=75_000).contains(&wait), "{wait}");
        let mut waits = Vec::new();
        for _ in 0..12 {
            pair.network.clock().advance(wait.into());
            wait = retry(&bob, Occasion::Time).await.1;
            waits.push(wait);
        }
        assert!(waits[0] >= 45_000 && waits[4] > waits[1], "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= 3_600_000), "the hour is the longest sleep: {waits:?}");
        pair.network.heal();
        assert_eq!(retry(&bob, Occasion::Time).await.0, Received::default(), "it is not due");
        assert_eq!(retry(&bob, Occasion::Network).await.0.new.len(), 1);
    });
}

#[test]
fn what_was_tried_by_a_clock_that_had_leapt_is_neither_late_nor_lost() {
    for leap in [3 * 3_600_000, 30 * DAY] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            bob.sync().await.unwrap();
            say(&alice, &pair.bob, "hello").await;
            let show = hide(&pair, &pair.alice).await;
            assert_eq!(bob.sync().await.unwrap(), Received { postponed: 1, ..Received::default() });
            let start = pair.network.clock().now();
            pair.network.clock().set(start + leap);
            retry(&bob, Occasion::Time).await;
            pair.network.clock().set(start + 60_000);
            let (nothing, wait) = retry(&bob, Occasion::Time).await;
            assert_eq!(nothing, Received::default());
            assert!(wait <= 80_000, "{wait}");
            show().await;
            pair.network.clock().advance(wait.into());
            assert_eq!(retry(&bob, Occasion::Time).await.0.new.len(), 1, "after a leap of {leap}");
        });
    }
}

#[test]
fn keys_that_a_gateway_has_not_heard_of_cost_no_message() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "with old keys").await;
        assert_eq!(sync(&bob).await, 1);
        let mut letter = Letter::new(&pair, "with new keys").await;
        letter.signed_by = keys_of("new keys");
        letter.submit(&pair).await;
        assert_eq!(bob.sync().await.unwrap(), Received { postponed: 1, ..Received::default() });
        pair.alice.publish(keys_of("new keys").public(), vec![name("ds.dm3.eth")]).await;
        pair.network.clock().advance(120_000);
        assert_eq!(retry(&bob, Occasion::Time).await.0.new.len(), 1);
    });
}

#[test]
fn nothing_is_acknowledged_before_it_is_kept() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        bob.sync().await.unwrap();
        say(&alice, &pair.bob, "hello").await;
        let show = hide(&pair, &pair.alice).await;
        pair.bob.store.set_write_failure(Some(StoreError::Full));
        assert_eq!(bob.sync().await, Err(HomeError::Store(StoreError::Full)));
        assert_eq!((pair.network.count(ACKNOWLEDGE), waiting(&pair)), (0, 1));
        pair.bob.store.set_write_failure(None);
        assert_eq!(bob.sync().await.unwrap().postponed, 1);
        show().await;
        pair.network.clock().advance(120_000);
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn a_flood_of_unknown_senders_hides_no_honest_mail_at_a_deployed_server() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        bob.sync().await.unwrap();
        let service = pair.network.first_service();
        service.show_senders(Some(101));
        // The honest message is the oldest: it is not shown as long as the others are there.
        say(&alice, &pair.bob, "hello").await;
        for n in 0..150 {
            let mut letter = Letter::new(&pair, &n.to_string()).await;
            letter.from = name(&format!("nobody{n}.eth"));
            letter.signed_by = keys_of("mallory");
            letter.submit(&pair).await;
        }
        let received = bob.sync().await.unwrap();
        assert_eq!((received.new.len(), received.postponed), (1, 150));
        assert_eq!((waiting(&pair), pair.bob.kept().await), (0, 150));
    });
}

#[test]
fn a_contact_who_writes_much_while_nobody_knows_them_loses_nothing_at_a_crowded_server() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "hello").await;
        bob.sync().await.unwrap();
        let service = pair.network.first_service();
        service.show_senders(Some(101));
        for n in 0..250 {
            alice.compose(pair.bob.conversation(), &n.to_string()).await.unwrap();
        }
        alice.flush().await.unwrap();
        pair.network.clock().advance(2 * 60_000);
        pair.network.fail("gateway", Fault::Status(404));
        assert_eq!(bob.sync().await.unwrap().new, []);
        assert_eq!((waiting(&pair), pair.bob.kept().await), (50, 200));
        pair.network.heal();
        pair.network.clock().advance(24 * 3_600_000);
        for _ in 0..3 {
            bob.sync().await.unwrap();
        }
        assert_eq!((waiting(&pair), pair.bob.kept().await), (0, 0));
        assert_eq!(pair.bob.texts(&pair.alice).await.len(), 251);
    });
}

#[test]
fn what_was_sealed_for_other_keys_is_kept_at_a_crowded_server_and_opened_when_they_are_restored() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        bob.sync().await.unwrap();
        pair.network.first_service().show_senders(Some(101));
        let other = keys_of("restored keys");
        say(&alice, &pair.bob, "for these keys").await;
        for n in 0..120 {
            let mut letter = Letter::new(&pair, &n.to_string()).await;
            letter.timestamp += n;
            letter.sealed_for = other.public().encryption;
            letter.outside.0 = Some(name(&format!("a{n}.eth")));
            if n == 119 {
                letter.outside.0 = None;
            }
            letter.submit(&pair).await;
        }
        let received = bob.sync().await.unwrap();
        assert_eq!(received.new.len(), 1, "{received:?}");
        assert!(pair.bob.kept().await >= 100);
        assert_eq!(bob.sync().await.unwrap().new.len(), 0);

        let seed = KeySeed::derive("restored keys");
        let restored = TestSession::resume(pair.bob.directory(), pair.bob.address(), &seed);
        let mut new = 0;
        for _ in 0..3 {
            new += retry(&restored, Occasion::Time).await.0.new.len();
        }
        assert_eq!(new, 1, "the others name somebody else outside");
    });
}

#[test]
fn where_messages_have_numbers_nothing_is_hidden_and_each_is_acknowledged_by_its_own() {
    run(async {
        let pair = Pair::new();
        pair.network.first_service().number_mailboxes(Some(7));
        let (alice, bob) = (pair.alice.sign_up().await, pair.bob.sign_up().await);
        let mut foreign = Letter::new(&pair, "for another device").await;
        foreign.sealed_for = keys_of("another device").public().encryption;
        foreign.submit(&pair).await;
        for n in 0..20 {
            say(&alice, &pair.bob, &n.to_string()).await;
        }
        // A forger claims the hash of an honest message that comes later.
        let honest = alice.compose(pair.bob.conversation(), "honest").await.unwrap();
        let mut trick = Letter::new(&pair, "a trick").await;
        trick.claimed_hash = Some(honest.hash().to_string());
        trick.signed_by = keys_of("mallory");
        trick.submit(&pair).await;
        assert_eq!(sync(&bob).await, 20);
        alice.flush().await.unwrap();
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(pair.network.count(ACKNOWLEDGE), 0);
        assert_eq!(waiting(&pair), 1, "another device may open it");
        assert_eq!(pair.bob.texts(&pair.alice).await.len(), 21);
        let pages = pair.network.count("GET https://dm3.example/ds/mailbox");
        assert_eq!(sync(&bob).await, 0);
        assert_eq!(pair.network.count("GET https://dm3.example/ds/mailbox") - pages, 1, "read on from there");
    });
}

#[test]
fn what_is_pushed_and_listed_at_the_same_time_comes_once() {
    for numbered in [false, true] {
        run(async {
            let pair = Pair::new();
            pair.network.first_service().number_mailboxes(numbered.then_some(10));
            let (alice, bob) = (pair.alice.sign_up().await, pair.bob.sign_up().await);
            bob.sync().await.unwrap();
            say(&alice, &pair.bob, "hello").await;
            let [text] = pair.network.first_service().listing(pair.bob.address()).try_into().unwrap();
            let envelope = serde_json::from_str(&text).unwrap();
            let home = bob.homes().await.unwrap()[0].clone();
            let mut listed = Received::default();
            // Senders take a while, so that both are under way.
            pair.network.clock().advance(60_000);
            pair.network.fail("gateway.dm3.example", Fault::Slow(100));
            let (pushed, fetched) = futures_util::future::join(
                accept(&bob, &home, vec![envelope]),
                bob.fetch(&home, &mut |more| listed.add(more)),
            )
            .await;
            fetched.unwrap();
            assert_eq!(pushed.new.len() + listed.new.len(), 1);
            assert_eq!(bob.sync().await.unwrap(), Received::default());
            assert_eq!(waiting(&pair), 0, "{numbered}");
        });
    }
}

#[test]
fn the_first_messages_are_told_while_the_rest_is_still_sealed() {
    run(async {
        let pair = Pair::new();
        pair.network.first_service().number_mailboxes(Some(1_000));
        let bob = pair.bob.sign_up().await;
        let mut senders = Vec::new();
        for n in 0..4 {
            let peer = Peer::new(&pair.network, &format!("sender {n}"));
            senders.push((peer.sign_up().await, peer));
        }
        for n in 0..240 {
            say(&senders[n % 4].0, &pair.bob, &n.to_string()).await;
        }
        let home = bob.homes().await.unwrap()[0].clone();
        let lookups = pair.network.count("gateway.dm3.example");
        let mut told = Vec::new();
        bob.fetch(&home, &mut |more| told.push(more.new.len())).await.unwrap();
        assert_eq!(told.iter().sum::<usize>(), 240);
        assert!(told[0] <= 16 && told.len() >= 8, "{told:?}");
        assert_eq!(pair.network.count("gateway.dm3.example") - lookups, 4, "each sender is looked up once");
        assert_eq!(pair.network.count("GET https://dm3.example/ds/mailbox"), 2, "a few, then the others");
        assert_eq!(pair.network.count("POST https://dm3.example/ds/mailbox"), 2, "each page at once");
    });
}

#[test]
fn a_node_that_knows_no_limit_gives_all_at_once() {
    run(async {
        let pair = Pair::new();
        let service = pair.network.first_service();
        service.number_mailboxes(Some(1_000));
        service.know_no_limit();
        let (alice, bob) = (pair.alice.sign_up().await, pair.bob.sign_up().await);
        for n in 0..40 {
            say(&alice, &pair.bob, &n.to_string()).await;
        }
        assert_eq!(sync(&bob).await, 40);
        assert_eq!(pair.network.count("GET https://dm3.example/ds/mailbox"), 1);
        assert_eq!(waiting(&pair), 0);
    });
}

#[test]
fn a_sender_whose_gateway_hangs_delays_the_others_for_a_tenth_of_a_second_at_most() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        bob.sync().await.unwrap();
        pair.network.edit_name(&name("slow.eth"), |records| {
            records.gateway = Some("https://gateway.slow.example".into());
        });
        pair.network.fail("gateway.slow.example", Fault::Slow(30_000));
        let mut letter = Letter::new(&pair, "slow").await;
        letter.from = name("slow.eth");
        letter.submit(&pair).await;
        say(&alice, &pair.bob, "hello").await;
        let home = bob.homes().await.unwrap()[0].clone();
        let start = pair.network.clock().now();
        let mut told_after = None;
        let clock = pair.network.clock().clone();
        bob.fetch(&home, &mut |more| {
            if !more.new.is_empty() {
                told_after = Some(clock.now() - start);
            }
        })
        .await
        .unwrap();
        assert!(told_after.is_some_and(|waited| waited <= 100), "{told_after:?}");
        assert!(clock.now() - start <= 5_000);
        assert_eq!(pair.bob.kept().await, 1);
    });
}

#[test]
fn what_anybody_writes_in_a_senders_name_holds_up_none_of_theirs() {
    for to in ["", "bob.eth"] {
        let network = Network::held();
        let (alice, bob) = (Peer::new(&network, "alice"), Peer::new(&network, "bob"));
        network.give_name(&name("bob.eth"), bob.address());
        let pair = Pair { alice, bob, network };
        let (_, session) = run(async { (pair.alice.sign_up().await, pair.bob.sign_up().await) });
        for n in 0..3 {
            let slow = name(&format!("slow{n}.eth"));
            pair.network.edit_name(&slow, |records| {
                records.gateway = Some("https://gateway.slow.example".into());
            });
            let mut letter = run(Letter::new(&pair, &"slow".repeat(n + 1)));
            letter.to = slow;
            run(letter.submit(&pair));
        }
        let mut letter = run(Letter::new(&pair, "hello"));
        letter.to = if to.is_empty() { letter.to } else { name(to) };
        run(letter.submit(&pair));
        let home = run(session.homes()).unwrap()[0].clone();
        pair.network.fail("gateway.slow.example", Fault::Slow(30_000));
        // As a browser's database does.
        pair.bob.store.set_yielding(true);
        let (tasks, received) = (Tasks::default(), Rc::<RefCell<Received>>::default());
        let told = Rc::clone(&received);
        tasks.spawn(Box::pin(async move {
            session.fetch(&home, &mut |more| told.borrow_mut().add(more)).await.unwrap();
        }));
        for _ in 0..6_000 {
            tasks.run();
            pair.network.clock().advance(1);
        }
        let received = received.borrow();
        assert_eq!((received.new.len(), received.postponed), (1, 3), "to {to}");
    }
}

#[test]
fn what_is_stored_is_told_whatever_fails_after_it() {
    for changes in 0..10 {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            bob.sync().await.unwrap();
            say(&alice, &pair.bob, "hello").await;
            let mut letter = Letter::new(&pair, "signed wrongly").await;
            letter.signed_by = keys_of("mallory");
            letter.submit(&pair).await;
            let home = bob.homes().await.unwrap()[0].clone();
            let mut told = 0;
            pair.bob.store.set_write_failure_after(changes, StoreError::Full);
            let fetched = bob.fetch(&home, &mut |more| told += more.new.len()).await;
            assert!(changes > 0 || fetched.is_err());
            pair.bob.store.set_write_failure(None);
            assert_eq!(told + sync(&bob).await, 1, "after {changes} changes");
        });
    }
}

/// Bob, who keeps a message of alice's: nobody has found her for an hour.
async fn kept_for_an_hour() -> (Pair, TestSession, TestSession) {
    let (pair, alice, bob) = Pair::signed_in().await;
    bob.sync().await.unwrap();
    say(&alice, &pair.bob, "hello").await;
    let show = hide(&pair, &pair.alice).await;
    assert_eq!(bob.sync().await.unwrap().postponed, 1);
    pair.network.clock().advance(3_600_000);
    assert_eq!(retry(&bob, Occasion::Time).await.0, Received::default());
    show().await;
    drop(show);
    pair.network.clock().advance(61_000);
    assert_eq!(retry(&bob, Occasion::Network).await.0, Received::default(), "it is not due");
    (pair, alice, bob)
}

#[test]
fn what_is_kept_of_somebody_is_tried_at_once_when_they_are_found() {
    run(async {
        let (pair, _, bob) = kept_for_an_hour().await;
        assert!(bob.peer(pair.alice.address()).await.unwrap().profile.is_some());
        assert_eq!(retry(&bob, Occasion::Time).await.0.new.len(), 1);
        assert_eq!(pair.bob.kept().await, 0);
    });
}

#[test]
fn what_is_kept_of_somebody_is_tried_at_once_when_they_have_written_something_that_is_proven() {
    run(async {
        let (pair, alice, bob) = kept_for_an_hour().await;
        say(&alice, &pair.bob, "again").await;
        assert_eq!(sync(&bob).await, 2);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["hello", "again"]);
    });
}

#[test]
fn what_is_forged_is_not_tried_with_each_message_of_whom_it_names() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let mut letter = Letter::new(&pair, "signed wrongly").await;
        letter.signed_by = keys_of("mallory");
        letter.submit(&pair).await;
        for n in 0..12 {
            say(&alice, &pair.bob, &format!("{n}")).await;
            assert_eq!(sync(&bob).await, 1);
        }
        let kept = pair.bob.store.kept(pair.bob.address()).await.unwrap();
        assert_eq!(kept[0].tries, 1);
    });
}

#[test]
fn what_names_somebody_whose_gateway_never_answers_is_not_asked_for_with_each_message_of_its_sender() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let mut letter = Letter::new(&pair, "for somebody").await;
        letter.to = name("mallory.eth");
        pair.network.edit_name(&letter.to, |records| {
            records.gateway = Some("https://gateway.mallory.example".into());
        });
        pair.network.fail("gateway.mallory.example", Fault::Unreachable);
        letter.submit(&pair).await;
        for n in 0..12 {
            say(&alice, &pair.bob, &format!("{n}")).await;
            let home = bob.homes().await.unwrap()[0].clone();
            bob.fetch(&home, &mut |_| ()).await.unwrap();
            retry(&bob, Occasion::Time).await;
        }
        assert_eq!(
            pair.network.count("gateway.mallory.example"),
            2,
            "once as it came, once as she was found"
        );
    });
}
