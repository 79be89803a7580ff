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

/// Carol of another network: her keys of today are published at her name there.
fn carol_elsewhere(node: &Node) -> Account {
    let carol = Account::new(5).rotated(55);
    let name = format!("{}.addr.other.eth", carol.address.to_lower_hex());
    node.chain.set_address(&name, carol.address);
    node.chain.set_profile(&name, format!("data:application/json,{}", carol.profile().to_json()));
    carol.called(&name)
}

#[tokio::test]
async fn who_was_here_before_and_has_other_keys_elsewhere_now_is_no_forger() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let former = Account::new(5).registered(&node).await;
    former.sign_in(&node).await;
    let carol = carol_elsewhere(&node);
    assert_eq!(hand_in(&node, &carol.envelope(&bob, "from elsewhere")).await.status, 200);
    assert_eq!(marks(&bob, &node, &token).await, [json!("unknown")], "two profiles of one wallet");
    for claimed in [carol.name.as_str(), former.name.as_str()] {
        let forged = Account::new(4).envelope_addressed(&bob, "hi", claimed, bob.name.as_str());
        assert_eq!(code(&hand_in(&node, &forged).await), (400, Some(-32003)), "{claimed}");
    }
    let here = carol.envelope_addressed(&bob, "hi", former.name.as_str(), bob.name.as_str());
    assert_eq!(code(&hand_in(&node, &here).await), (400, Some(-32003)), "this server's names are its own");
    node.chain.break_down();
    let reply = hand_in(&node, &carol.envelope(&bob, "again")).await;
    assert_eq!(code(&reply), (503, Some(-32002)), "for now, not for good");
}

#[tokio::test]
async fn a_profile_that_a_stranger_posted_makes_nobody_a_forger() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    // It is public, and nobody has to have its keys for this.
    let former = Account::new(5).registered(&node).await;
    let carol = carol_elsewhere(&node);
    assert_eq!(hand_in(&node, &carol.envelope(&bob, "from elsewhere")).await.status, 200);
    let mut expected = vec![Value::Null];
    assert_eq!(marks(&bob, &node, &token).await, expected, "what she published elsewhere counts");
    let forged = Account::new(4).envelope_addressed(&bob, "hi", carol.name.as_str(), bob.name.as_str());
    assert_eq!(code(&hand_in(&node, &forged).await), (400, Some(-32003)));
    let here = carol.envelope_addressed(&bob, "as of here", former.name.as_str(), bob.name.as_str());
    assert_eq!(hand_in(&node, &here).await.status, 200);
    expected.push(json!("unknown"));
    let mut found = marks(&bob, &node, &token).await;
    found.sort_by_key(ToString::to_string);
    expected.sort_by_key(ToString::to_string);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_former_profile_that_a_stranger_posted_verifies_nobody_whose_name_publishes_another() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    // Whoever has former keys posts the former profile, which is public; nobody has answered for it.
    let former = Account::new(3).registered(&node).await;
    let alice = Account::new(3).rotated(33).called("alice.eth");
    node.chain.set_address("alice.eth", alice.address);
    node.chain.set_profile("alice.eth", format!("data:application/json,{}", alice.profile().to_json()));
    let rules = json!({ "spamRules": [{ "rule": "contactsOnly" }], "allow": [alice.address] });
    put_settings(&node, &bob, &token, &rules).await;
    let forged = former.envelope_addressed(&bob, "by former keys", "alice.eth", bob.name.as_str());
    assert_eq!(code(&hand_in(&node, &forged).await), (400, Some(-32003)));
    assert_eq!(hand_in(&node, &alice.envelope(&bob, "hi")).await.status, 200);
    assert_eq!(bob.texts(&node, &token).await, ["hi"]);
    node.chain.break_down();
    assert_eq!(code(&hand_in(&node, &forged).await), (503, Some(-32002)), "for now, not for good");
}

#[tokio::test]
async fn a_profile_that_is_held_here_counts_where_the_name_publishes_none() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let alice = Account::new(3).registered(&node).await.called("alice.eth");
    node.chain.set_address("alice.eth", alice.address);
    assert_eq!(hand_in(&node, &alice.envelope(&bob, "hi")).await.status, 200);
    assert_eq!(marks(&bob, &node, &token).await, [Value::Null]);
}

#[tokio::test]
async fn another_networks_address_name_speaks_for_the_sender_in_it_and_for_nobody_else() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let carol = Account::new(5).registered(&node).await;
    let rules = json!({ "spamRules": [{ "rule": "contactsOnly" }], "allow": [carol.address] });
    put_settings(&node, &bob, &token, &rules).await;
    // The chain that is asked here knows nothing of that domain.
    let elsewhere = format!("{}.addr.far.eth", carol.address.to_lower_hex());
    let named = carol.envelope_addressed(&bob, "hers", &elsewhere, bob.name.as_str());
    assert_eq!(hand_in(&node, &named).await.status, 200);
    put_settings(&node, &bob, &token, &json!({})).await;
    // The domain's owner says that her name there is another's.
    let mallory = Account::new(4);
    let evil = format!("{}.addr.evil.eth", carol.address.to_lower_hex());
    node.chain.set_address(&evil, mallory.address);
    node.chain.set_profile(&evil, format!("data:application/json,{}", mallory.profile().to_json()));
    let false_one = mallory.envelope_addressed(&bob, "not hers", &evil, bob.name.as_str());
    assert_eq!(hand_in(&node, &false_one).await.status, 200);
    let mut found = marks(&bob, &node, &token).await;
    found.sort_by_key(ToString::to_string);
    assert_eq!(found, [json!("unknown"), Value::Null]);
}

/// What the node says of the senders of what is in a mailbox.
async fn marks(account: &Account, node: &Node, token: &str) -> Vec<Value> {
    account.incoming(node, token).await.iter().map(|envelope| envelope["senderCheck"].clone()).collect()
}
