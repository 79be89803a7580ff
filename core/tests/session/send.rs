use dm3_core::conversation::ConversationId;
use dm3_core::delivery::Refusal;
use dm3_core::device::SendState;
use dm3_core::identity::UserProfile;
use dm3_core::ports::{Store as _, Wallet as _};
use dm3_core::registry::{DELIVERY_SERVICE_KEY, PROFILE_KEY, profile_record};
use dm3_core::session::{FindError, HomeError};
use dm3_core::testing::{Fault, Pair, Peer, TestWallet};

use crate::support::*;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

#[test]
fn a_message_by_name_arrives_verified() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let found = alice.directory().find("Bob.ETH").await.unwrap();
        assert_eq!((found.address, found.name.clone()), (pair.bob.address(), Some(name("bob.eth"))));
        alice.keep(&found).await.unwrap();
        let sent = alice.compose(ConversationId::Peer(found.address), "hello bob").await.unwrap();
        assert_eq!(sent.row().state, SendState::Waiting);
        let flushed = alice.flush().await.unwrap();
        assert_eq!((flushed.accepted, flushed.waiting), (vec![sent.hash().clone()], 0));

        let received = bob.sync().await.unwrap();
        assert_eq!(received.new, [came(&pair.alice, sent.hash(), Lane::In)]);
        assert_eq!(received.quarantined + received.unreadable + received.postponed, 0);
        let stored =
            pair.bob.store.messages(pair.bob.address(), pair.alice.conversation(), None, 9).await.unwrap();
        assert_eq!((stored[0].author, &stored[0].state), (pair.alice.address(), &SendState::Received));
        assert_eq!(pair.bob.texts(&pair.alice).await, ["hello bob"]);
        assert_eq!(pair.alice.texts(&pair.bob).await, ["hello bob"]);
    });
}

#[test]
fn both_write_and_see_one_conversation() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        for (from, to, session) in
            [("ping", &pair.bob, &alice), ("pong", &pair.alice, &bob), ("ping again", &pair.bob, &alice)]
        {
            say(session, to, from).await;
            pair.network.clock().advance(1_000);
            sync(&alice).await;
            sync(&bob).await;
        }
        let expected = ["ping", "pong", "ping again"];
        assert_eq!(pair.alice.texts(&pair.bob).await, expected);
        assert_eq!(pair.bob.texts(&pair.alice).await, expected);
    });
}

#[test]
fn what_was_sent_while_bob_was_away_arrives_in_order() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        drop(bob);
        for text in ["one", "two", "three"] {
            say(&alice, &pair.bob, text).await;
            pair.network.clock().advance(60_000);
        }
        let bob = pair.bob.resume().await;
        assert_eq!(sync(&bob).await, 3);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["one", "two", "three"]);
        assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 0, "all are acknowledged");
    });
}

#[test]
fn messages_of_one_millisecond_keep_their_order_on_both_sides() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let texts: Vec<_> = (0..8).map(|n| n.to_string()).collect();
        for text in &texts {
            alice.compose(pair.bob.conversation(), text).await.unwrap();
        }
        assert_eq!(alice.flush().await.unwrap().accepted.len(), 8);
        assert_eq!(sync(&bob).await, 8);
        assert_eq!(pair.alice.texts(&pair.bob).await, texts);
        assert_eq!(pair.bob.texts(&pair.alice).await, texts);
    });
}

#[test]
fn a_message_waits_until_the_peer_has_joined() {
    run(async {
        let pair = Pair::new();
        let alice = pair.alice.sign_up().await;
        assert_eq!(say(&alice, &pair.bob, "are you there?").await.waiting, 1);
        assert_eq!(say(&alice, &pair.bob, "hello?").await.waiting, 2);
        drop(alice);
        let bob = pair.bob.sign_up().await;
        let alice = pair.alice.resume().await;
        assert_eq!(alice.flush().await.unwrap().accepted.len(), 2);
        assert_eq!(sync(&bob).await, 2);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["are you there?", "hello?"]);
    });
}

#[test]
fn somebody_who_has_not_joined_holds_nobody_else_up() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        assert_eq!(say(&alice, &carol, "later").await.waiting, 1);
        let flushed = say(&alice, &pair.bob, "now").await;
        assert_eq!((flushed.accepted.len(), flushed.waiting), (1, 1));
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn whatever_is_down_the_message_waits_and_is_then_accepted_once() {
    for (target, fault) in [
        (SUBMIT, Fault::Unreachable),
        (SUBMIT, Fault::Status(500)),
        (SUBMIT, Fault::Status(429)),
        (SUBMIT, Fault::Status(404)),
        ("eth_call", Fault::Unreachable),
        ("gateway.dm3.example", Fault::Unreachable),
        ("gateway.dm3.example", Fault::Status(500)),
        ("gateway.dm3.example", Fault::Status(404)),
    ] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            pair.network.fail(target, fault);
            assert_eq!(say(&alice, &pair.bob, "hello").await.waiting, 1, "{target} {fault:?}");
            assert_eq!(alice.flush().await.unwrap().waiting, 1);
            pair.network.heal();
            assert_eq!(alice.flush().await.unwrap().accepted.len(), 1, "{target} {fault:?}");
            assert_eq!(alice.flush().await.unwrap().accepted.len(), 0);
            assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 1);
            assert_eq!(sync(&bob).await, 1);
        });
    }
}

#[test]
fn a_lost_reply_or_a_repeated_request_makes_no_second_message() {
    for fault in [Fault::ReplyLost, Fault::Duplicated] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            pair.network.fail_nth(1, SUBMIT, fault);
            say(&alice, &pair.bob, "once").await;
            alice.flush().await.unwrap();
            say(&alice, &pair.bob, "and then").await;
            assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 3, "{fault:?}");
            assert_eq!(sync(&bob).await, 2);
            assert_eq!(pair.bob.texts(&pair.alice).await, ["once", "and then"]);
            assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 0, "both copies are gone");
        });
    }
}

#[test]
fn a_message_never_overtakes_an_earlier_one() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        for text in ["first", "second"] {
            alice.compose(pair.bob.conversation(), text).await.unwrap();
        }
        pair.network.fail_nth(1, SUBMIT, Fault::Status(500));
        let flushed = alice.flush().await.unwrap();
        assert_eq!((flushed.accepted.len(), flushed.waiting), (0, 2));
        assert_eq!(alice.flush().await.unwrap().accepted.len(), 2);
    });
}

#[test]
fn a_slow_network_is_waited_for() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        for target in ["https://", "eth_call"] {
            pair.network.fail(target, Fault::Slow(5_000));
        }
        assert_eq!(say(&alice, &pair.bob, "slowly").await.accepted.len(), 1);
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn the_outbox_survives_a_restart() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        alice.compose(pair.bob.conversation(), "written").await.unwrap();
        drop(alice);
        let alice = pair.alice.resume().await;
        assert_eq!(alice.flush().await.unwrap().accepted.len(), 1);
        assert_eq!(sync(&bob).await, 1);
    });
}

async fn at_two_services(pair: &Pair, first: &str, second: &str) {
    let keys = pair.bob.keys().await.public();
    pair.bob.publish(keys, vec![name(first), name(second)]).await;
}

#[test]
fn the_second_delivery_service_takes_what_the_first_does_not() {
    for fault in [Fault::Unreachable, Fault::Status(500), Fault::Status(400)] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            at_two_services(&pair, "ds.dm3.eth", "ds2.eth").await;
            sync(&bob).await;
            say(&alice, &pair.bob, "through the first").await;
            pair.network.clock().advance(1);
            pair.network.fail(SUBMIT, fault);
            assert_eq!(say(&alice, &pair.bob, "through the second").await.accepted.len(), 1, "{fault:?}");
            let waiting = |service: &dm3_core::testing::DeliveryService| service.waiting(pair.bob.address());
            assert_eq!(waiting(pair.network.first_service()), 1);
            assert_eq!(waiting(pair.network.second_service()), 1);
            assert_eq!(sync(&bob).await, 2);
            assert_eq!(pair.bob.texts(&pair.alice).await, ["through the first", "through the second"]);
            assert_eq!(waiting(pair.network.first_service()) + waiting(pair.network.second_service()), 0);
        });
    }
}

#[test]
fn a_delivery_service_that_does_not_exist_is_passed_over() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        at_two_services(&pair, "nowhere.eth", "ds.dm3.eth").await;
        assert_eq!(say(&alice, &pair.bob, "hello").await.accepted.len(), 1);
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn a_delivery_service_that_does_not_exist_hides_no_refusal_of_another() {
    for (first, second) in [("nowhere.eth", "ds.dm3.eth"), ("ds.dm3.eth", "nowhere.eth")] {
        run(async {
            let (pair, alice, _) = Pair::signed_in().await;
            at_two_services(&pair, first, second).await;
            pair.network.first_service().set_size_limit(Some(10));
            let flushed = say(&alice, &pair.bob, "too large").await;
            assert_eq!((flushed.refused.len(), flushed.waiting), (1, 0), "{first} {second}");
            // What another one may still take waits for that one.
            pair.network.fail(SUBMIT, Fault::Status(503));
            assert_eq!(say(&alice, &pair.bob, "later").await.waiting, 1, "{first} {second}");
        });
    }
}

#[test]
fn a_refused_message_says_why_and_can_be_sent_again() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        // Bob has not shown himself at this delivery service yet.
        at_two_services(&pair, "ds2.eth", "ds2.eth").await;
        let flushed = say(&alice, &pair.bob, "hello").await;
        let [hash] = flushed.refused.as_slice() else { panic!("{flushed:?}") };
        let row =
            pair.alice.store.messages(pair.alice.address(), pair.bob.conversation(), None, 1).await.unwrap();
        assert_eq!(row[0].state, SendState::Refused(Refusal::Malformed("unknown receiver".into())));
        assert_eq!(alice.flush().await.unwrap(), Default::default(), "it is not tried again by itself");

        sync(&bob).await;
        alice.retry(hash).await.unwrap();
        assert_eq!(alice.flush().await.unwrap().accepted, flushed.refused);
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn a_forged_profile_yields_no_key() {
    run(async {
        let pair = Pair::new();
        let alice = pair.alice.sign_up().await;
        let mallory = TestWallet::of("mallory");
        let forged = UserProfile::new(keys_of("mallory").public(), vec![name("ds.dm3.eth")]);
        let text = forged.registration_message(pair.bob.address());
        let signature = mallory.sign_text(mallory.address(), &text).await.unwrap();
        let forged = forged.signed(signature);

        let record = profile_record(&forged);
        pair.network.edit_name(&name("bob.eth"), |records| {
            records.texts.insert(PROFILE_KEY.into(), record);
        });
        let found = alice.directory().find("bob.eth").await;
        assert!(matches!(found, Err(FindError::Profile { .. })), "{found:?}");

        pair.network.set_profile(pair.bob.address(), forged);
        let found = alice.directory().find(&pair.bob.address().to_string()).await;
        assert!(matches!(found, Err(FindError::Profile { .. })), "{found:?}");
        assert_eq!(say(&alice, &pair.bob, "secret").await.waiting, 1);
        assert_eq!(pair.network.count(SUBMIT), 0);
    });
}

#[test]
fn a_forged_answer_of_the_gateway_is_not_believed() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        assert_eq!(say(&alice, &pair.bob, "hello").await.accepted.len(), 1);
        let lookup = (pair.network.requests().iter())
            .map(|request| request.url.as_str().to_owned())
            .rfind(|url| url.starts_with("https://gateway.dm3.example/"))
            .unwrap();
        let nothing = format!(r#"{{"data":"0x{}"}}"#, "00".repeat(192));
        pair.network.set_document(&lookup, 200, &nothing);
        pair.network.clock().advance(60_000);
        assert_eq!(say(&alice, &pair.bob, "secret").await.waiting, 1);
    });
}

#[test]
fn a_peer_whose_primary_name_is_broken_still_gets_messages() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        pair.network.edit_name(&name("bob.eth"), |records| {
            records.gateway = Some("https://gateway.broken.example".into());
        });
        assert_eq!(say(&alice, &pair.bob, "hello").await.accepted.len(), 1);
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn a_linked_profile_is_waited_for_while_its_server_is_down() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let (carol, url, signed) = linked_carol(&pair.network).await;
        let json = signed.to_canonical();

        pair.network.set_document(&url, 503, "<html>maintenance</html>");
        assert_eq!(say(&alice, &carol, "hello").await.waiting, 1);
        let found = alice.directory().find("carol.eth").await;
        assert!(found.is_err_and(|error| error.is_temporary()));

        pair.network.set_document(&url, 200, &json);
        let found = alice.directory().find("carol.eth").await.unwrap();
        assert_eq!(found.profile.unwrap().1.as_signed(), &signed);
    });
}

#[test]
fn opening_a_conversation_keeps_what_was_read() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "read this").await;
        sync(&bob).await;
        pair.network.clock().advance(1);
        bob.mark_read(pair.alice.conversation()).await.unwrap();
        let found = bob.directory().find("alice.eth").await.unwrap();
        bob.keep(&found).await.unwrap();
        assert_eq!(pair.bob.unread(&pair.alice).await, 0);
        let contacts = pair.bob.store.contacts(pair.bob.address()).await.unwrap();
        assert_eq!(contacts[0].name, Some(name("alice.eth")));
    });
}

#[test]
fn a_delivery_service_of_which_nothing_or_nothing_of_use_is_found_is_waited_for() {
    for answer in [None, Some("no profile"), Some("https://files.example/gone")] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            let service = name("ds.dm3.eth");
            let mut true_records = Default::default();
            pair.network.edit_name(&service, |records| true_records = std::mem::take(&mut records.texts));
            pair.network.edit_name(&service, |records| {
                records.texts.extend(answer.map(|answer| (DELIVERY_SERVICE_KEY.into(), answer.into())));
            });
            pair.network.set_document("https://files.example/gone", 404, "");
            assert_eq!(say(&alice, &pair.bob, "hello").await.waiting, 1, "{answer:?}");
            pair.network.clock().advance(6 * DAY);
            assert_eq!(alice.flush().await.unwrap().waiting, 1, "{answer:?}");
            pair.network.edit_name(&service, |records| records.texts = true_records);
            pair.network.clock().advance(HOUR);
            assert_eq!(alice.flush().await.unwrap().accepted.len(), 1, "{answer:?}");
            assert_eq!(sync(&bob).await, 1);
        });
    }
}

#[test]
fn a_delivery_service_of_which_nothing_is_found_for_days_is_given_up() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        at_two_services(&pair, "nowhere.eth", "nowhere.eth").await;
        assert_eq!(say(&alice, &pair.bob, "hello").await.waiting, 1);
        pair.network.clock().advance(8 * DAY);
        let flushed = alice.flush().await.unwrap();
        let [hash] = flushed.refused.as_slice() else { panic!("{flushed:?}") };
        let row = pair.alice.store.message(pair.alice.address(), hash).await.unwrap().unwrap();
        assert_eq!(row.state, SendState::Refused(Refusal::Service(name("nowhere.eth"))));
    });
}

#[test]
fn a_clock_that_is_days_fast_gives_up_no_delivery_service() {
    run(async {
        let (pair, ..) = Pair::signed_in().await;
        pair.alice.clock.set_error(8 * 24 * 3_600_000);
        let alice = pair.alice.resume().await;
        sync(&alice).await;
        at_two_services(&pair, "nowhere.eth", "nowhere.eth").await;
        assert_eq!(say(&alice, &pair.bob, "hello").await.waiting, 1);
        // Whoever begins without the network knows the time, too.
        assert_eq!(pair.alice.resume().await.flush().await.unwrap().waiting, 1);
    });
}

#[test]
fn what_was_written_with_former_keys_is_not_sent_to_somebody_who_could_not_read_it() {
    run(async {
        let pair = Pair::new();
        let alice = pair.alice.sign_up().await;
        assert_eq!(say(&alice, &pair.bob, "are you there?").await.waiting, 1);
        let alice = pair.alice.with_new_keys().await;
        let bob = pair.bob.sign_up().await;
        let flushed = say(&alice, &pair.bob, "hello").await;
        let [hash] = flushed.refused.as_slice() else { panic!("{flushed:?}") };
        assert_eq!(flushed.accepted.len(), 1);
        let row = pair.alice.store.message(pair.alice.address(), hash).await.unwrap().unwrap();
        assert_eq!(row.state, SendState::Refused(Refusal::FormerKeys));
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["hello"]);
    });
}

#[test]
fn a_device_that_knows_of_newer_keys_sends_nothing_under_its_own() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let phone = Peer::with_wallet(&pair.network, TestWallet::of("alice"));
        phone.with_new_keys().await;
        let submitted = pair.network.count(SUBMIT);
        pair.network.clock().advance(2 * HOUR);
        assert_eq!(alice.homes_and_left().await.err(), Some(HomeError::KeysReplaced));
        assert_eq!(say(&alice, &pair.bob, "hello").await.waiting, 1);
        assert_eq!(pair.network.count(SUBMIT), submitted);
        // Its keys are those of the account again.
        pair.alice.sign_up().await;
        pair.network.clock().advance(2 * HOUR);
        alice.homes_and_left().await.unwrap();
        assert_eq!(alice.flush().await.unwrap().accepted.len(), 1);
    });
}

#[test]
fn a_refusal_without_a_reason_is_believed_after_an_hour() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        pair.network.fail(SUBMIT, Fault::Status(400));
        let flushed = say(&alice, &pair.bob, "hello").await;
        assert_eq!((flushed.refused.len(), flushed.waiting), (0, 1), "its server may have failed");
        pair.network.clock().advance(HOUR / 2);
        assert_eq!(alice.flush().await.unwrap().waiting, 1);
        pair.network.heal();
        assert_eq!(alice.flush().await.unwrap().accepted.len(), 1);

        pair.network.fail(SUBMIT, Fault::Status(400));
        assert_eq!(say(&alice, &pair.bob, "again").await.waiting, 1);
        pair.network.clock().advance(HOUR);
        let refused = alice.flush().await.unwrap().refused;
        let row = pair.alice.store.message(pair.alice.address(), &refused[0]).await.unwrap().unwrap();
        assert_eq!(row.state, SendState::Refused(Refusal::Rejected("".into())));
    });
}

#[test]
fn a_message_that_waited_long_for_somebody_to_join_is_not_refused_at_the_first_answer_without_a_reason() {
    run(async {
        let pair = Pair::new();
        let alice = pair.alice.sign_up().await;
        assert_eq!(say(&alice, &pair.bob, "hello").await.waiting, 1);
        pair.network.clock().advance(3 * HOUR);
        pair.bob.sign_up().await;
        pair.network.fail(SUBMIT, Fault::Status(400));
        assert_eq!(alice.flush().await.unwrap().waiting, 1);
        pair.network.clock().advance(HOUR / 6);
        assert_eq!(alice.flush().await.unwrap().refused.len(), 1);
    });
}

#[test]
fn a_refusal_with_a_reason_is_believed_at_once() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        pair.network.first_service().set_size_limit(Some(10));
        assert_eq!(say(&alice, &pair.bob, "too large").await.refused.len(), 1);
    });
}
