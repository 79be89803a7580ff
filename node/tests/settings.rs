//! What a receiver demands of those who write, and what they are told.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use dm3_core::message::Envelope;
use reqwest::Method;
use serde_json::{Value, json};
use support::account::submit;
use support::{Account, Node, Socket};

const TOKEN: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

async fn put(node: &Node, account: &Account, token: &str, settings: &Value) -> support::Reply {
    let path = format!("/ds/settings/{}", account.name);
    node.request(Method::PUT, &path, Some(token), Some(&settings.to_string())).await
}

/// Sends as JSON-RPC asks; gives the refusal's code and data, or nothing.
async fn refusal(node: &Node, from: &Account, to: &Account) -> Option<(i64, Value)> {
    refusal_of(node, &from.envelope(to, "hi")).await
}

async fn refusal_of(node: &Node, envelope: &Envelope) -> Option<(i64, Value)> {
    let mut request = submit(&envelope.to_canonical());
    request["id"] = json!("one");
    let reply = node.post("/ds/rpc", &request).await;
    let answer = reply.json();
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!("one")), "{reply:?}");
    if reply.status == 200 {
        assert_eq!(answer["result"], "OK", "{reply:?}");
        return None;
    }
    // Who does not ask in JSON-RPC gets the deployed refusal.
    let deployed = node.post("/ds/rpc", &submit(&envelope.to_canonical())).await;
    assert_eq!((reply.status.as_u16(), deployed.status.as_u16(), &*deployed.body), (400, 400, ""));
    Some((answer["error"]["code"].as_i64().unwrap(), answer["error"]["data"].clone()))
}

#[tokio::test]
async fn settings_are_kept_for_their_owner_alone() {
    let mut node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let alice = Account::new(1).registered(&node).await;
    let (bobs, alices) = (bob.sign_in(&node).await, alice.sign_in(&node).await);
    let path = format!("/ds/settings/{}", bob.name);
    let defaults = json!({
        "spamRules": [], "allow": [], "deny": [],
        "delivery": { "supportedMessageTypes": null, "maxMessageBytes": null },
    });
    assert_eq!(node.get_as(&bobs, &path).await.json(), defaults);
    node.chain.set_address("carol.eth", Account::new(3).address);
    let settings = json!({
        "spamRules": [{ "rule": "minNonce", "value": 2 }, { "rule": "contactsOnly" }],
        "allow": ["carol.eth", alice.address],
        "deny": [],
        "delivery": { "supportedMessageTypes": ["NEW"], "maxMessageBytes": 60_000 },
    });
    assert_eq!(put(&node, &bob, &bobs, &settings).await.json(), settings);
    node.kill_and_restart().await;
    assert_eq!(node.get_as(&bobs, &path).await.json(), settings);
    for (method, token) in [(Method::GET, None), (Method::GET, Some(&*alices)), (Method::PUT, Some(&*alices))]
    {
        assert_eq!(node.request(method, &path, token, Some("{}")).await.status, 401);
    }
    for wrong in [
        json!({ "denny": [] }),
        json!({ "spamRules": [{ "rule": "minNonse", "value": 1 }] }),
        json!({ "deny": ["nobody.eth"] }),
        json!([]),
    ] {
        let reply = put(&node, &bob, &bobs, &wrong).await;
        assert_eq!(reply.status, 400, "{wrong}");
        assert!(!reply.json()["error"].as_str().unwrap().is_empty());
    }
    assert_eq!(node.get_as(&bobs, &path).await.json(), settings, "what is refused changes nothing");
}

#[tokio::test]
async fn senders_are_told_the_rules_and_not_the_lists() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let alice = Account::new(1);
    let settings = json!({
        "spamRules": [{ "rule": "minNonce", "value": 2 }, { "rule": "contactsOnly" }],
        "allow": [alice.address],
    });
    put(&node, &bob, &token, &settings).await;
    let request = json!({ "method": "dm3_getProfileExtension", "params": [bob.name] });
    let reply = node.post("/ds/rpc", &request).await;
    let extension: Value = serde_json::from_str(reply.json()["result"].as_str().unwrap()).unwrap();
    assert_eq!(extension["spamFilterRules"], json!({ "minNonce": 2 }));
    assert_eq!(extension["spamRules"], settings["spamRules"]);
    assert!(!reply.body.to_lowercase().contains(&alice.address.to_lower_hex()[2..]));
}

#[tokio::test]
async fn a_rule_lets_those_through_who_fulfil_it_and_names_itself_to_others() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let rich = Account::new(3).registered(&node).await;
    let poor = Account::new(4).registered(&node).await;
    node.chain.set_standing(rich.address, 5, 1_000_000_000_000_000_000_000, 7);
    node.chain.set_standing(poor.address, 4, 999_999_999_999_999_999_999, 6);
    for rule in [
        json!({ "rule": "minNonce", "value": 5 }),
        json!({ "rule": "minBalance", "value": "1000000000000000000000" }),
        json!({ "rule": "minTokenBalance", "token": TOKEN, "value": "7" }),
    ] {
        assert_eq!(put(&node, &bob, &token, &json!({ "spamRules": [rule] })).await.status, 200);
        assert_eq!(refusal(&node, &rich, &bob).await, None, "{rule}");
        assert_eq!(refusal(&node, &poor, &bob).await, Some((-32010, rule)));
    }
    assert_eq!(bob.texts(&node, &token).await, ["hi"; 3]);
}

#[tokio::test]
async fn lists_are_compared_by_address_and_the_allow_list_passes_every_rule() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let friend = Account::new(3).registered(&node).await;
    let foe = Account::new(4).registered(&node).await;
    node.chain.set_address("friend.eth", friend.address);
    let settings = json!({
        "spamRules": [{ "rule": "minNonce", "value": 1000 }],
        "allow": ["friend.eth"],
        "deny": [foe.address.to_string().to_uppercase().replace("0X", "0x")],
    });
    assert_eq!(put(&node, &bob, &token, &settings).await.status, 200);
    assert_eq!(refusal(&node, &friend, &bob).await, None);
    assert_eq!(refusal(&node, &foe, &bob).await, Some((-32010, json!({ "rule": "deny" }))));
    let contacts = json!({ "spamRules": [{ "rule": "contactsOnly" }], "allow": ["friend.eth"] });
    assert_eq!(put(&node, &bob, &token, &contacts).await.status, 200);
    assert_eq!(refusal(&node, &friend, &bob).await, None);
    assert_eq!(refusal(&node, &foe, &bob).await, Some((-32010, json!({ "rule": "contactsOnly" }))));
}

#[tokio::test]
async fn nobody_passes_a_rule_in_anothers_name() {
    let node = Node::start_with("sender_check = 'mark'\n").await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let friend = Account::new(3).registered(&node).await;
    let foe = Account::new(4).registered(&node).await;
    node.chain.set_standing(friend.address, 5, 5, 5);
    node.chain.set_standing(foe.address, 0, 0, 0);
    for settings in [
        json!({ "spamRules": [{ "rule": "minNonce", "value": 5 }] }),
        json!({ "spamRules": [{ "rule": "minBalance", "value": "5" }] }),
        json!({ "spamRules": [{ "rule": "minTokenBalance", "token": TOKEN, "value": "5" }] }),
        json!({ "spamRules": [{ "rule": "contactsOnly" }], "allow": [friend.address] }),
        // Who is denied must not pass under another name either.
        json!({ "deny": [foe.address] }),
    ] {
        assert_eq!(put(&node, &bob, &token, &settings).await.status, 200);
        for claimed in [friend.name.as_str(), "nobody.eth", "not a name"] {
            let envelope = foe.envelope_addressed(&bob, "hi", claimed, bob.name.as_str());
            let refusal = refusal_of(&node, &envelope).await;
            assert_eq!(refusal, Some((-32010, json!({ "rule": "verifiedSender" }))), "{claimed}: {settings}");
        }
    }
    assert_eq!(bob.incoming(&node, &token).await, [Value::Null; 0]);
}

#[tokio::test]
async fn a_forged_sender_is_refused_or_marked_as_the_operator_wishes() {
    for (config, delivered) in [("", 0), ("sender_check = 'mark'\n", 1)] {
        let node = Node::start_with(config).await;
        let bob = Account::new(2).registered(&node).await;
        let token = bob.sign_in(&node).await;
        let victim = Account::new(3).registered(&node).await;
        victim.sign_in(&node).await;
        let envelope =
            Account::new(4).envelope_addressed(&bob, "hi", victim.name.as_str(), bob.name.as_str());
        let reply = node.post("/ds/rpc", &submit(&envelope.to_canonical())).await;
        assert_eq!(reply.status.as_u16(), if delivered == 1 { 200 } else { 400 });
        let incoming = bob.incoming(&node, &token).await;
        assert_eq!(incoming.len(), delivered);
        assert!(incoming.iter().all(|envelope| envelope["senderCheck"] == "forged"));
    }
}

#[tokio::test]
async fn a_sender_without_a_profile_is_marked_and_a_known_one_is_not() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    Account::new(3).registered(&node).await.send(&node, &bob, "known").await;
    Account::new(4).send(&node, &bob, "unknown").await;
    for envelope in bob.incoming(&node, &token).await {
        let expected = if bob.open(&envelope) == "known" { Value::Null } else { json!("unknown") };
        assert_eq!(envelope["senderCheck"], expected);
    }
}

#[tokio::test]
async fn over_a_socket_a_refusal_says_why() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let alice = Account::new(3).registered(&node).await;
    let (bobs, alices) = (bob.sign_in(&node).await, alice.sign_in(&node).await);
    put(&node, &bob, &bobs, &json!({ "spamRules": [{ "rule": "minNonce", "value": 7 }] })).await;
    let mut socket = Socket::authorized(&node, &alice, &alices).await;
    let envelope: Value = serde_json::from_str(&alice.envelope(&bob, "hi").to_canonical()).unwrap();
    socket.send(&format!("420{}", json!(["submitMessage", { "envelop": envelope }]))).await;
    let answer = socket.frame().await.unwrap();
    let answer: Value = serde_json::from_str(answer.strip_prefix("430").unwrap()).unwrap();
    assert!(answer[0]["error"].as_str().unwrap().contains("at least 7 transactions"), "{answer}");
    assert_eq!(bob.incoming(&node, &bobs).await, [Value::Null; 0]);
}

#[tokio::test]
async fn a_chain_that_cannot_be_asked_lets_nobody_through_and_refuses_nobody_for_good() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let alice = Account::new(3).registered(&node).await;
    put(&node, &bob, &token, &json!({ "spamRules": [{ "rule": "minNonce", "value": 1 }] })).await;
    node.chain.break_down();
    let reply = node.post("/ds/rpc", &submit(&alice.envelope(&bob, "hi").to_canonical())).await;
    assert_eq!(reply.status, 503);
}

#[tokio::test]
async fn a_receivers_own_limit_of_size_holds() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let alice = Account::new(3).registered(&node).await;
    put(&node, &bob, &token, &json!({ "delivery": { "maxMessageBytes": 1000 } })).await;
    assert_eq!(refusal(&node, &alice, &bob).await.map(|(code, _)| code), Some(-32011));
}

#[tokio::test]
async fn a_verified_sender_has_a_limit_that_strangers_cannot_use_up() {
    let node = Node::start_with("messages_per_minute_per_sender = 2\nsender_check = 'mark'\n").await;
    let bob = Account::new(2).registered(&node).await;
    let alice = Account::new(3).registered(&node).await;
    for _ in 0..20 {
        let forged = Account::new(4).envelope_addressed(&bob, "hi", alice.name.as_str(), bob.name.as_str());
        assert_eq!(node.post("/ds/rpc", &submit(&forged.to_canonical())).await.status, 200);
    }
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let envelope = alice.envelope(&bob, "hi");
        let reply = node.post("/ds/rpc", &submit(&envelope.to_canonical())).await;
        if reply.status == 429 {
            assert!(reply.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
        }
        statuses.push(reply.status.as_u16());
    }
    assert_eq!(statuses[..2], [200; 2]);
    assert!(statuses.contains(&429), "{statuses:?}");
}
