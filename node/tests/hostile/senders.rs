//! Who sends: what can't be found out is never taken for what was found out.

use dm3_core::message::Envelope;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Account, Node};
use crate::{alice_on_chain, code, hand_in, put_settings, with_slow_names};

#[tokio::test]
async fn a_forgery_is_not_delivered_because_the_chain_is_down() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    alice_on_chain(&node);
    let forged = Account::new(4).envelope_addressed(&bob, "hi", "alice.eth", bob.name.as_str());
    node.chain.break_down();
    let reply = hand_in(&node, &forged).await;
    assert_eq!(code(&reply), (503, Some(-32002)), "for now, not for good");
    assert!(reply.headers.contains_key("retry-after"));
    assert_eq!(bob.incoming(&node, &token).await, [Value::Null; 0]);
    // Names of this server ask nobody else.
    let carol = Account::new(5).registered(&node).await;
    assert_eq!(hand_in(&node, &carol.envelope(&bob, "from here")).await.status, 200);
    node.chain.repair();
    assert_eq!(code(&hand_in(&node, &forged).await), (400, Some(-32003)));
    assert_eq!(bob.texts(&node, &token).await, ["from here"]);
}

#[tokio::test]
async fn an_honest_sender_is_refused_for_now_and_not_for_good_while_strangers_take_every_turn() {
    let lookups =
        "sender_lookups_at_once = 2\nsender_lookups_at_once_per_address = 2\nsender_check = 'mark'\n";
    let (node, silent) = with_slow_names(lookups).await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let alice = alice_on_chain(&node);
    let carol = Account::new(5).registered(&node).await;
    let allow = json!({ "spamRules": [{ "rule": "contactsOnly" }], "allow": [alice.address, carol.address] });
    put_settings(&node, &bob, &token, &allow).await;
    let strangers = (0..2).map(|n| {
        let stranger = Account::new(40 + n);
        let envelope = stranger.envelope_addressed(&bob, "x", &format!("a{n}.slow.eth"), bob.name.as_str());
        let node = &node;
        async move { hand_in(node, &envelope).await }
    });
    let honest = async {
        silent.was_asked(2).await;
        let away = hand_in(&node, &alice.envelope(&bob, "hi")).await;
        assert_eq!(code(&away), (503, Some(-32002)), "{away:?}");
        assert_eq!(hand_in(&node, &carol.envelope(&bob, "of this server")).await.status, 200);
    };
    let (refused, ()) = tokio::join!(join_all(strangers), honest);
    for reply in refused {
        assert_eq!(code(&reply), (503, Some(-32002)), "a rule would decide: {reply:?}");
    }
    assert_eq!(hand_in(&node, &alice.envelope(&bob, "hi again")).await.status, 200);
    assert_eq!(bob.texts(&node, &token).await, ["hi again", "of this server"]);
}

#[tokio::test]
async fn a_gateway_that_is_silent_makes_no_name_unknown() {
    let (node, _silent) = with_slow_names("").await;
    let bob = Account::new(2).registered(&node).await;
    let name = "bob.slow.eth";
    let to_nobody = bob.envelope_addressed(&bob, "hi", bob.name.as_str(), name);
    let (submitted, challenge, profile, storage) = tokio::join!(
        hand_in(&node, &to_nobody),
        node.get("/ds/auth/bob.slow.eth"),
        node.get("/ds/profile/bob.slow.eth"),
        node.get("/api/profile/bob.slow.eth"),
    );
    assert_eq!(code(&submitted), (503, Some(-32002)), "not -32001");
    for reply in [challenge, profile, storage] {
        assert_eq!(reply.status, 503, "not 404: {reply:?}");
        assert!(reply.headers.contains_key("retry-after"));
    }
    assert_eq!(node.get("/ds/auth/nobody.eth").await.status, 404, "this one has no address");
}

#[tokio::test]
async fn what_one_signed_is_taken_once() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let alice = Account::new(3).registered(&node).await;
    put_settings(
        &node,
        &bob,
        &token,
        &json!({ "spamRules": [{ "rule": "contactsOnly" }], "allow": [alice.address] }),
    )
    .await;
    let genuine = alice.envelope(&bob, "genuine");
    assert_eq!(hand_in(&node, &genuine).await.status, 200);
    let other: Value =
        serde_json::from_str(&Account::new(4).envelope(&bob, "another's").to_canonical()).unwrap();
    let mut swapped: Value = serde_json::from_str(&genuine.to_canonical()).unwrap();
    swapped["message"] = other["message"].clone();
    let swapped = Envelope::parse(&swapped.to_string()).unwrap();
    assert_eq!(code(&hand_in(&node, &swapped).await), (400, Some(-32003)));
    bob.acknowledge(&node, &token, alice.name.as_str(), genuine.claimed_hash()).await;
    assert_eq!(code(&hand_in(&node, &swapped).await), (400, Some(-32003)), "also afterwards");
    assert_eq!(hand_in(&node, &genuine).await.status, 200, "the same again is no error");
    assert_eq!(bob.incoming(&node, &token).await, [Value::Null; 0], "and brings nothing");
}
