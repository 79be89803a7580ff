//! What fills a mailbox, and what empties it.

use dm3_core::message::Envelope;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Account, Node};
use crate::{code, hand_in, put_settings, with_slow_names};

#[tokio::test]
async fn a_flooded_mailbox_takes_a_friends_message() {
    let node = Node::start_with("mailbox_message_limit = 20\n").await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let alice = Account::new(3).registered(&node).await;
    let mut taken = 0;
    for n in 0..30 {
        let name = format!("stranger{n}.eth");
        let envelope = Account::new(9).envelope_addressed(&bob, "x", &name, bob.name.as_str());
        let reply = hand_in(&node, &envelope).await;
        match code(&reply) {
            (200, None) => taken += 1,
            other => assert_eq!(other, (507, Some(-32002))),
        }
    }
    assert_eq!(taken, 5, "a quarter");
    for n in 0..2 {
        assert_eq!(hand_in(&node, &alice.envelope(&bob, &format!("friend {n}"))).await.status, 200);
    }
    // Also with rules, and when only what is unknown can make room.
    let allow = json!({ "spamRules": [{ "rule": "contactsOnly" }], "allow": [alice.address] });
    put_settings(&node, &bob, &token, &allow).await;
    for n in 2..5 {
        assert_eq!(hand_in(&node, &alice.envelope(&bob, &format!("friend {n}"))).await.status, 200);
    }
    assert_eq!(
        code(&hand_in(&node, &alice.envelope(&bob, "too many")).await),
        (507, Some(-32002)),
        "her share"
    );
    let friends =
        bob.texts(&node, &token).await.into_iter().filter(|text| text.starts_with("friend")).count();
    assert_eq!(friends, 5);
}

#[tokio::test]
async fn strangers_come_at_a_rate_and_known_senders_at_their_own() {
    let node = Node::start_with("unknown_messages_per_minute_per_address = 3\n").await;
    let bob = Account::new(2).registered(&node).await;
    let alice = Account::new(3).registered(&node).await;
    let mut statuses = Vec::new();
    for n in 0..6 {
        let name = format!("stranger{n}.eth");
        let envelope = Account::new(9).envelope_addressed(&bob, "x", &name, bob.name.as_str());
        statuses.push(code(&hand_in(&node, &envelope).await));
    }
    assert_eq!(statuses[..3], [(200, None); 3]);
    assert!(statuses.contains(&(429, Some(-32005))), "{statuses:?}");
    assert_eq!(hand_in(&node, &alice.envelope(&bob, "hi")).await.status, 200);
}

#[tokio::test]
async fn nobody_keeps_a_mailbox_from_being_emptied() {
    let (node, silent) = with_slow_names("sender_check = 'mark'\n").await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let alice = Account::new(3).registered(&node).await;
    let genuine = alice.envelope(&bob, "genuine");
    assert_eq!(hand_in(&node, &genuine).await.status, 200);
    let copies = (0..8).map(|n| {
        let name = format!("a{n}.slow.eth");
        let envelope = Account::new(40 + n).envelope_addressed(&bob, "x", &name, bob.name.as_str());
        let mut copy: Value = serde_json::from_str(&envelope.to_canonical()).unwrap();
        copy["metadata"]["messageHash"] = genuine.claimed_hash().into();
        let node = &node;
        async move { hand_in(node, &Envelope::parse(&copy.to_string()).unwrap()).await }
    });
    for reply in join_all(copies).await {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    assert_eq!(bob.incoming(&node, &token).await.len(), 9);
    let asked = silent.count();
    bob.acknowledge(&node, &token, alice.name.as_str(), genuine.claimed_hash()).await;
    let names = (0..8).map(
        |n| json!({ "contactAddress": format!("a{n}.slow.eth"), "messageHash": genuine.claimed_hash() }),
    );
    let body = json!({ "acknowledgements": names.collect::<Vec<_>>() });
    let path = format!("/ds/delivery/messages/{}/syncAcknowledgements", bob.name);
    assert_eq!(node.post_as(&token, &path, &body).await.status, 200);
    assert_eq!(silent.count(), asked, "nothing was looked up");
    assert_eq!(bob.incoming(&node, &token).await, [Value::Null; 0]);
}
