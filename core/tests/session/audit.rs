//! What the outside of an envelope proves, and where it disagrees with the inside.

use dm3_core::identity::EnsName;
use dm3_core::message::{PostmarkVerdict, Skew, Tolerance};
use dm3_core::ports::Store as _;
use dm3_core::session::{Audit, AuditError, NameCheck, Received};
use dm3_core::testing::{Fault, Pair, Peer};
use serde_json::{Value, json};

use crate::support::*;

/// The only envelope that waits for bob, as his delivery service lists it.
fn waiting(pair: &Pair) -> Value {
    let [text] = pair.network.first_service().listing(pair.bob.address()).try_into().unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn audit(bob: &TestSession, envelope: &Value) -> Result<Audit, AuditError> {
    let home = bob.homes().await.unwrap()[0].clone();
    bob.audit(&home, envelope, Tolerance::default()).await
}

#[test]
fn names_outside_and_inside_are_compared_by_the_address_behind_them() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let texts = [("under", None), ("other", Some(name("alice.eth"))), ("names", Some(name("ALICE.eth")))];
        for (text, from) in texts {
            let mut letter = Letter::new(&pair, text).await;
            letter.outside = (from, Some(name("bob.eth")));
            letter.submit(&pair).await;
            let audit = audit(&bob, &waiting(&pair)).await.unwrap();
            assert_eq!((audit.author, &audit.hash), (pair.alice.address(), &letter.hash()));
            assert_eq!((audit.sender, audit.receiver), (NameCheck::Agrees, NameCheck::Agrees));
            assert!(audit.claims_its_hash && matches!(audit.postmark, PostmarkVerdict::Valid(_)));
            assert_eq!(sync(&bob).await, 1);
        }
        assert_eq!(pair.bob.texts(&pair.alice).await.len(), 3);
    });
}

/// Mallory took a message of alice to bob out of its envelope, and puts it into one of his own. Gives the sender
/// outside.
async fn rewrapped(pair: &Pair, outside: EnsName) -> Letter {
    let mut letter = Letter::new(pair, "genuine").await;
    letter.outside.0 = Some(outside);
    letter.submit(pair).await;
    letter
}

#[test]
fn weakness_11_an_envelope_of_somebody_else_is_noticed_and_does_no_harm_to_the_message() {
    for registered in [true, false] {
        run(async {
            let (pair, alice, bob) = Pair::signed_in().await;
            let mallory = Peer::new(&pair.network, "mallory");
            let outside = if registered { mallory.alias() } else { name("nobody.eth") };
            let mut letter = rewrapped(&pair, outside).await;
            let audit = audit(&bob, &waiting(&pair)).await.unwrap();
            let expected = match registered {
                true => NameCheck::Differs { outside: mallory.address() },
                false => NameCheck::Unknown,
            };
            assert_eq!((audit.sender, audit.author), (expected, pair.alice.address()));
            let received = bob.sync().await.unwrap();
            assert_eq!((received.quarantined, received.new.len()), (usize::from(registered), 0));
            assert_eq!(received.postponed, usize::from(!registered), "who is not found may be another time");
            assert_eq!(pair.network.first_service().waiting(pair.bob.address()), 0);

            letter.outside.0 = None;
            letter.submit(&pair).await;
            assert_eq!(bob.sync().await.unwrap().new, [came(&pair.alice, &letter.hash(), Lane::In)]);
            say(&alice, &pair.bob, "more").await;
            assert_eq!(sync(&bob).await, 1);
        });
    }
}

#[test]
fn a_sender_outside_who_cannot_be_looked_up_now_is_waited_for() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        sync(&bob).await;
        rewrapped(&pair, name("alice.eth")).await;
        let envelope = waiting(&pair);
        pair.network.fail("eth_call", Fault::Unreachable);
        let received = bob.sync().await.unwrap();
        assert_eq!((received.postponed, received.quarantined), (1, 0));
        assert!(audit(&bob, &envelope).await.is_err());
        pair.network.heal();
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn what_the_outside_does_not_say_is_not_held_against_the_message() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        say(&alice, &pair.bob, "hello").await;
        let mut envelope = waiting(&pair);
        pair.network.first_service().lose(pair.bob.address());
        envelope["metadata"]["deliveryInformation"] = json!("still sealed");
        envelope["metadata"]["messageHash"] = json!("0x00");
        envelope.as_object_mut().unwrap().remove("postmark");
        let audit = audit(&bob, &envelope).await.unwrap();
        assert_eq!((audit.sender, audit.receiver), (NameCheck::Absent, NameCheck::Absent));
        assert_eq!((audit.postmark, audit.claims_its_hash), (PostmarkVerdict::Absent, false));
        let home = bob.homes().await.unwrap()[0].clone();
        assert_eq!(accept(&bob, &home, vec![envelope]).await.new.len(), 1);
    });
}

#[test]
fn a_receiver_outside_who_is_somebody_else_is_told_but_decides_nothing() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let letter = Letter::new(&pair, "hello").await;
        letter.submit(&pair).await;
        // The name has found another owner since.
        let carol = Peer::new(&pair.network, "carol");
        let mut envelope = waiting(&pair);
        envelope["metadata"]["deliveryInformation"]["to"] = json!(carol.alias());
        let audit = audit(&bob, &envelope).await.unwrap();
        assert_eq!(audit.receiver, NameCheck::Differs { outside: carol.address() });
        assert_eq!(sync(&bob).await, 1);
    });
}

#[test]
fn a_claimed_time_is_compared_with_the_postmarks() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let mut letter = Letter::new(&pair, "from yesterday's tomorrow").await;
        letter.timestamp += 86_400_000;
        letter.submit(&pair).await;
        // Bob's own clock says the same by now.
        pair.network.clock().advance(86_400_000);
        let envelope = waiting(&pair);
        assert_eq!(audit(&bob, &envelope).await.unwrap().skew, Skew::Future { by_ms: 86_400_000 });
        let mut unmarked = envelope;
        unmarked.as_object_mut().unwrap().remove("postmark");
        assert_eq!(audit(&bob, &unmarked).await.unwrap().skew, Skew::Tolerated);
    });
}

#[test]
fn weakness_14_nothing_is_said_about_who_wrote_what_cannot_be_proven() {
    run(async {
        let (pair, _, bob) = Pair::signed_in().await;
        let mallory = Peer::new(&pair.network, "mallory");
        mallory.sign_up().await;
        let stranger = Peer::new(&pair.network, "a stranger");
        for (from, key) in [
            (pair.alice.alias(), mallory.keys().await),
            (name("alice.eth"), mallory.keys().await),
            (pair.bob.alias(), mallory.keys().await),
            (stranger.alias(), mallory.keys().await),
            (name("nobody.eth"), mallory.keys().await),
        ] {
            let mut letter = Letter::new(&pair, "send money").await;
            (letter.from, letter.signed_by) = (from.clone(), key);
            letter.submit(&pair).await;
            let audit = audit(&bob, &waiting(&pair)).await;
            assert!(
                matches!(audit, Err(AuditError::Authenticity(_) | AuditError::Find(_))),
                "{from}: {audit:?}"
            );
            let received = bob.sync().await.unwrap();
            assert_eq!(received, Received { postponed: 1, ..Received::default() }, "{from}");
        }
        assert_eq!(pair.bob.store.contacts(pair.bob.address()).await.unwrap(), []);
    });
}
