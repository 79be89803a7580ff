use dm3_core::identity::UserProfile;
use dm3_core::ports::{Clock as _, Wallet as _};
use dm3_core::registry::PROFILE_KEY;
use dm3_core::seal::{seal, sha256_hex};
use dm3_core::session::{Occasion, Received};
use dm3_core::testing::{Pair, Peer, SeededEntropy};
use serde_json::json;

use crate::support::*;

const DAY: u64 = 86_400_000;

/// Bob takes in a hostile envelope: it is counted once, however often it is listed, and the next good message
/// arrives.
async fn comes_to_nothing(pair: &Pair, alice: &TestSession, bob: &TestSession) {
    say(alice, &pair.bob, "a good message").await;
    let received = bob.sync().await.unwrap();
    assert_eq!((received.quarantined, received.new.len(), received.unreadable), (1, 1, 0));
    for _ in 0..2 {
        assert_eq!(bob.sync().await.unwrap(), Received::default(), "it is counted once");
    }
    assert_eq!(pair.bob.quarantined().await, 1);
    assert_eq!(pair.bob.texts(&pair.alice).await, ["a good message"]);
    say(alice, &pair.bob, "another").await;
    assert_eq!(sync(bob).await, 1);
}

/// Bob takes in an envelope that is not proven: it is counted once and kept, the next good message arrives, and when it
/// still is not proven after so many days it is quarantined.
async fn waits_and_comes_to_nothing(pair: &Pair, alice: &TestSession, bob: &TestSession, days: u64) {
    say(alice, &pair.bob, "a good message").await;
    let received = bob.sync().await.unwrap();
    assert_eq!((received.postponed, received.quarantined, received.new.len()), (1, 0, 1));
    assert_eq!(waiting(pair), 0, "it was acknowledged after it had been kept");
    for _ in 0..2 {
        assert_eq!(bob.sync().await.unwrap(), Received::default(), "it is counted once");
    }
    let end = pair.network.clock().now() + days * DAY;
    loop {
        let mut received = Received::default();
        let wait = bob.retry_kept(Occasion::Time, &mut |more| received.add(more)).await.unwrap();
        assert_eq!(received, Received::default());
        if pair.network.clock().now() + u64::from(wait) >= end {
            break;
        }
        pair.network.clock().advance(wait.into());
    }
    assert_eq!((pair.bob.kept().await, pair.bob.quarantined().await), (1, 0));
    pair.network.clock().advance(DAY / 2);
    assert_eq!(bob.sync().await.unwrap(), Received { quarantined: 1, ..Received::default() });
    assert_eq!((pair.bob.kept().await, pair.bob.quarantined().await), (0, 1));
    assert_eq!(pair.bob.texts(&pair.alice).await, ["a good message"]);
}

fn waiting(pair: &Pair) -> usize {
    pair.network.first_service().waiting(pair.bob.address())
}

#[test]
fn a_message_signed_with_the_wrong_key_is_none() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let mut letter = Letter::new(&pair, "send money").await;
        letter.signed_by = keys_of("mallory");
        letter.submit(&pair).await;
        waits_and_comes_to_nothing(&pair, &alice, &bob, 7).await;
    });
}

#[test]
fn a_message_in_the_name_of_somebody_else_is_none() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let mallory = Peer::new(&pair.network, "mallory");
        mallory.sign_up().await;
        for from in [pair.alice.alias(), name("alice.eth")] {
            let mut letter = Letter::new(&pair, "send money").await;
            letter.signed_by = mallory.keys().await;
            letter.from = from;
            letter.submit(&pair).await;
            assert_eq!(bob.sync().await.unwrap().postponed, 1);
        }
        say(&alice, &pair.bob, "a good message").await;
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(pair.bob.texts(&pair.alice).await, ["a good message"]);
        assert!(pair.bob.texts(&mallory).await.is_empty());
    });
}

#[test]
fn a_message_of_somebody_without_profile_is_none() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let mut letter = Letter::new(&pair, "buy now").await;
        letter.from = Peer::new(&pair.network, "nobody").alias();
        letter.submit(&pair).await;
        waits_and_comes_to_nothing(&pair, &alice, &bob, 14).await;
    });
}

#[test]
fn a_message_that_was_written_to_somebody_else_is_none() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let mut letter = Letter::new(&pair, "dear carol").await;
        letter.to = Peer::new(&pair.network, "carol").alias();
        letter.submit(&pair).await;
        comes_to_nothing(&pair, &alice, &bob).await;
        assert_eq!(waiting(&pair), 0);
    });
}

#[test]
fn a_message_sealed_for_another_key_is_none() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let mut letter = Letter::new(&pair, "for another device?").await;
        letter.sealed_for = keys_of("another device").public().encryption;
        letter.submit(&pair).await;
        comes_to_nothing(&pair, &alice, &bob).await;
        assert_eq!(waiting(&pair), 1, "a device that has the key may still want it");
    });
}

#[test]
fn a_sealed_text_that_is_no_message_is_none() {
    for plaintext in ["", "garbage", "[]", "{}", r#"{"message":"x","metadata":{},"signature":"x"}"#] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            let mut letter = Letter::new(&pair, "garbage").await;
            letter.plaintext = Some(plaintext.into());
            letter.submit(&pair).await;
            comes_to_nothing(&pair, &alice, &bob).await;
            assert_eq!(waiting(&pair), 0, "{plaintext}");
        });
    }
}

#[test]
fn an_envelope_whose_message_is_not_sealed_is_none() {
    for message in ["", "garbage", "{}", r#"{"ciphertext":"","ephemPublicKey":"","nonce":"0x"}"#] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            let mut letter = Letter::new(&pair, "garbage").await;
            letter.claimed_hash = Some("any text will do".into());
            letter.sealed = Some(message.into());
            letter.submit(&pair).await;
            comes_to_nothing(&pair, &alice, &bob).await;
            assert_eq!(waiting(&pair), 0, "{message}");
        });
    }
}

#[test]
fn entries_that_are_no_envelopes_do_not_spoil_the_mailbox() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        for entry in ["1", "null", "\"text\"", r#"{"message":"\ud800"}"#, "{\"a\":}"] {
            pair.network.first_service().put(pair.bob.address(), entry);
        }
        say(&alice, &pair.bob, "a good message").await;
        let received = bob.sync().await.unwrap();
        assert_eq!((received.unreadable, received.new.len()), (5, 1));
    });
}

/// Anybody can send such envelopes: what the deployed server reads, it lists.
#[test]
fn a_flood_of_what_no_text_here_can_hold_hides_no_honest_mail_at_a_deployed_server() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let service = pair.network.first_service();
        service.show_senders(Some(101));
        say(&alice, &pair.bob, "a good message").await;
        for n in 0..150 {
            let from = format!(r#""deliveryInformation":{{"from":"nobody{n}.eth","to":"bob.eth"}}"#);
            let entry = format!(r#"{{"message":"x","metadata":{{{from},"messageHash":"\ud800"}}}}"#);
            service.put(pair.bob.address(), &entry);
        }
        let received = bob.sync().await.unwrap();
        assert_eq!((received.new.len(), received.quarantined, received.unreadable), (1, 150, 0));
        assert_eq!((waiting(&pair), pair.bob.quarantined().await), (0, 150));
        assert_eq!(bob.sync().await.unwrap(), Received::default());
    });
}

#[test]
fn equal_entries_of_one_listing_are_counted_once_and_all_acknowledged() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        for plaintext in [Some("garbage".to_owned()), None] {
            let mut letter = Letter::new(&pair, "forged").await;
            letter.plaintext = plaintext;
            letter.signed_by = keys_of("mallory");
            letter.submit(&pair).await;
        }
        let service = pair.network.first_service();
        for copy in service.listing(pair.bob.address()) {
            service.put(pair.bob.address(), &copy);
            service.put(pair.bob.address(), &copy);
        }
        say(&alice, &pair.bob, "a good message").await;
        let received = bob.sync().await.unwrap();
        assert_eq!((received.quarantined, received.postponed, received.new.len()), (1, 1, 1));
        assert_eq!(waiting(&pair), 0);
    });
}

#[test]
fn a_claimed_hash_suppresses_no_other_message() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let genuine = alice.compose(pair.bob.conversation(), "genuine").await.unwrap();
        let mut letter = Letter::new(&pair, "a trick").await;
        letter.claimed_hash = Some(genuine.hash().to_string());
        letter.submit(&pair).await;
        assert_eq!(bob.sync().await.unwrap().new, [came(&pair.alice, &letter.hash(), Lane::In)]);
        alice.flush().await.unwrap();
        assert_eq!(bob.sync().await.unwrap().new, [came(&pair.alice, genuine.hash(), Lane::In)]);
    });
}

#[test]
fn a_name_that_cannot_be_looked_up_postpones_only_its_own_messages() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        let mallory = Peer::new(&pair.network, "mallory");
        mallory.sign_up().await;
        pair.network.edit_name(&name("mallory.eth"), |records| {
            records.gateway = Some("https://gateway.mallory.example".into());
        });
        let mut letter = Letter::new(&pair, "buy now").await;
        letter.from = name("mallory.eth");
        letter.signed_by = mallory.keys().await;
        letter.submit(&pair).await;
        let mut letter = Letter::new(&pair, "to a broken name").await;
        letter.to = name("mallory.eth");
        letter.submit(&pair).await;

        say(&alice, &pair.bob, "a good message").await;
        let received = bob.sync().await.unwrap();
        assert_eq!((received.postponed, received.quarantined, received.new.len()), (2, 0, 1));
        assert_eq!((waiting(&pair), pair.bob.kept().await), (0, 2));
        say(&alice, &pair.bob, "another").await;
        assert_eq!(sync(&bob).await, 1);

        pair.network.edit_name(&name("mallory.eth"), |records| {
            records.gateway = None;
            records.address = Some(mallory.address());
        });
        let received = bob.sync().await.unwrap();
        assert_eq!((received.postponed, received.quarantined, received.new.len()), (0, 0, 1));
        assert_eq!(pair.bob.texts(&mallory).await, ["buy now"]);
        assert_eq!(pair.bob.kept().await, 1, "the name that it was sent to may have led here");
    });
}

#[test]
fn a_profile_whose_server_is_down_costs_no_message() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let carol = Peer::new(&pair.network, "carol");
        let keys = keys_of("carol");
        let profile = UserProfile::new(keys.public(), vec![name("ds.dm3.eth")]);
        let text = profile.registration_message(carol.address());
        let signed = profile.signed(carol.wallet.sign_text(carol.address(), &text).await.unwrap());
        let url = format!("https://files.example/c.json?dm3Hash={}", sha256_hex(&signed.to_canonical()));
        pair.network.edit_name(&name("carol.eth"), |records| {
            records.address = Some(carol.address());
            records.texts.insert(PROFILE_KEY.into(), url.clone());
        });
        let mut letter = Letter::new(&pair, "hello").await;
        letter.from = name("carol.eth");
        letter.signed_by = keys;
        letter.submit(&pair).await;

        pair.network.set_document(&url, 503, "<html>maintenance</html>");
        assert_eq!(bob.sync().await.unwrap().postponed, 1);
        pair.network.set_document(&url, 200, &signed.to_canonical());
        assert_eq!(sync(&bob).await, 1);
        assert_eq!(pair.bob.texts(&carol).await, ["hello"]);
    });
}

/// As many envelopes as are taken of one listing.
const FLOOD: usize = 2000;

async fn flooded_with(message: &str) {
    let (pair, alice, bob) = Pair::signed_in().await;
    for n in 0..FLOOD {
        let information = json!({ "from": "mallory.eth", "to": pair.bob.alias() });
        let metadata = json!({ "messageHash": n.to_string(), "deliveryInformation": information });
        let envelope = json!({ "message": message, "metadata": metadata });
        pair.network.first_service().put(pair.bob.address(), &envelope.to_string());
    }
    say(&alice, &pair.bob, "a good message").await;
    assert_eq!(sync(&bob).await, 1);
    assert_eq!(pair.bob.texts(&pair.alice).await, ["a good message"]);
}

#[test]
fn a_flood_of_garbage_does_not_hide_a_good_message() {
    run(flooded_with("garbage"));
}

#[test]
fn a_flood_of_envelopes_for_another_key_does_not_hide_a_good_message() {
    let key = keys_of("another device").public().encryption;
    run(flooded_with(&seal("x", &key, &SeededEntropy::new(1)).unwrap().to_string()));
}
