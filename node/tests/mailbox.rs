//! Messages: taken durably and once, given in order, removed when acknowledged.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use dm3_core::message::{Postmark, ReceivedEnvelope};
use dm3_core::seal::open;
use reqwest::Method;
use serde_json::{Value, json};
use support::account::submit;
use support::{Account, Node, node_keys};

struct Pair {
    node: Node,
    alice: Account,
    bob: Account,
    token: String,
}

impl Pair {
    async fn start() -> Self {
        let node = Node::start().await;
        let alice = Account::new(1);
        let bob = Account::new(2).registered(&node).await;
        let token = bob.sign_in(&node).await;
        Self { node, alice, bob, token }
    }

    async fn texts(&self) -> Vec<String> {
        self.bob.texts(&self.node, &self.token).await
    }
}

#[tokio::test]
async fn a_message_arrives_with_postmark_and_open_delivery_information() {
    let Pair { node, alice, bob, token } = Pair::start().await;
    let envelope = alice.envelope(&bob, "hello");
    assert_eq!(node.post("/ds/rpc", &submit(&envelope.to_canonical())).await.body, "OK");
    let incoming = bob.incoming(&node, &token).await;
    let [delivered] = incoming.as_slice() else { panic!("{incoming:?}") };
    let information = json!({ "from": alice.name, "to": bob.name });
    assert_eq!(delivered["metadata"]["deliveryInformation"], information);
    let submitted: Value = serde_json::from_str(&envelope.to_canonical()).unwrap();
    for member in ["encryptionScheme", "messageHash", "signature", "version"] {
        assert_eq!(delivered["metadata"][member], submitted["metadata"][member]);
    }
    assert_eq!(delivered["message"], submitted["message"]);
    assert_eq!(bob.open(delivered), "hello");
    let received = ReceivedEnvelope::from_json(delivered).unwrap();
    let postmark = open(received.postmark().unwrap(), &bob.keys.encryption).unwrap();
    let postmark = Postmark::parse(&postmark).unwrap();
    postmark.verify(envelope.message(), &node_keys().public()).unwrap();
}

#[tokio::test]
async fn what_was_answered_ok_survives_a_killed_process() {
    let mut pair = Pair::start().await;
    for n in 0..20 {
        pair.alice.send(&pair.node, &pair.bob, &format!("message {n}")).await;
    }
    pair.node.kill_and_restart().await;
    let texts = pair.texts().await;
    assert_eq!(texts.len(), 20);
    assert_eq!(texts[0], "message 19");
}

#[tokio::test]
async fn the_same_envelope_again_is_accepted_and_stored_once() {
    let pair = Pair::start().await;
    let envelope = pair.alice.envelope(&pair.bob, "once").to_canonical();
    // Another order of members and other white space is the same envelope.
    let value: Value = serde_json::from_str(&envelope).unwrap();
    for text in [&envelope, &envelope, &serde_json::to_string_pretty(&value).unwrap()] {
        let reply = pair.node.post("/ds/rpc", &submit(text)).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "OK"));
    }
    assert_eq!(pair.texts().await, ["once"]);
}

#[tokio::test]
async fn the_claimed_hash_suppresses_no_other_message() {
    let pair = Pair::start().await;
    let first = pair.alice.envelope(&pair.bob, "genuine");
    let mut forged: Value =
        serde_json::from_str(&pair.alice.envelope(&pair.bob, "forged").to_canonical()).unwrap();
    forged["metadata"]["messageHash"] = first.claimed_hash().into();
    assert_eq!(pair.node.post("/ds/rpc", &submit(&forged.to_string())).await.body, "OK");
    assert_eq!(pair.node.post("/ds/rpc", &submit(&first.to_canonical())).await.body, "OK");
    assert_eq!(pair.texts().await, ["genuine", "forged"]);
    // Acknowledged by that hash, both go: the receiver has stored both.
    let alice = pair.alice.name.as_str();
    pair.bob.acknowledge(&pair.node, &pair.token, alice, first.claimed_hash()).await;
    assert_eq!(pair.texts().await.len(), 0);
}

#[tokio::test]
async fn the_latest_conversation_and_the_newest_message_come_first() {
    let pair = Pair::start().await;
    let carol = Account::new(3);
    pair.alice.send(&pair.node, &pair.bob, "alice 1").await;
    carol.send(&pair.node, &pair.bob, "carol 1").await;
    carol.send(&pair.node, &pair.bob, "carol 2").await;
    pair.alice.send(&pair.node, &pair.bob, "alice 2").await;
    assert_eq!(pair.texts().await, ["alice 2", "alice 1", "carol 2", "carol 1"]);
}

#[tokio::test]
async fn what_one_contact_sent_is_picked_up_newest_first() {
    let pair = Pair::start().await;
    let carol = Account::new(3);
    pair.alice.send(&pair.node, &pair.bob, "first").await;
    carol.send(&pair.node, &pair.bob, "another's").await;
    pair.alice.send(&pair.node, &pair.bob, "second").await;
    let path =
        |owner: &Account, contact: &str| format!("/ds/delivery/messages/{}/contact/{contact}", owner.name);
    let texts = async |contact: &str| {
        let reply = pair.node.get_as(&pair.token, &path(&pair.bob, contact)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let envelopes = reply.json().as_array().unwrap().clone();
        envelopes.iter().map(|envelope| pair.bob.open(envelope)).collect::<Vec<_>>()
    };
    assert_eq!(texts(pair.alice.name.as_str()).await, ["second", "first"]);
    assert_eq!(texts(&pair.alice.name.as_str().to_uppercase().replace('X', "x")).await, ["second", "first"]);
    assert_eq!(texts("nobody.eth").await, [""; 0]);
    for (token, owner) in [(None, &pair.bob), (Some(&*pair.token), &pair.alice)] {
        let reply = pair.node.request(Method::GET, &path(owner, "nobody.eth"), token, None).await;
        assert_eq!(reply.status, 401);
    }
}

#[tokio::test]
async fn the_whole_mailbox_is_read_page_by_page_and_acknowledged_by_number() {
    let pair = Pair::start().await;
    for text in ["1", "2", "3"] {
        pair.alice.send(&pair.node, &pair.bob, text).await;
    }
    let path = format!("/ds/mailbox/{}", pair.bob.name);
    let page = async |query: &str| {
        let reply = pair.node.get_as(&pair.token, &format!("{path}{query}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    };
    let read = |page: &Value| -> Vec<(i64, String)> {
        let messages = page["messages"].as_array().unwrap().iter();
        messages.map(|one| (one["id"].as_i64().unwrap(), pair.bob.open(&one["envelope"]))).collect()
    };
    let all = read(&page("").await);
    assert_eq!(all.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert_eq!(read(&page(&format!("?after={}", all[0].0)).await), all[1..]);
    assert_eq!(page("").await["next"], Value::Null);
    let few = page("?limit=2").await;
    assert_eq!((read(&few), few["next"].as_i64()), (all[..2].to_vec(), Some(all[1].0)));
    assert_eq!(read(&page(&format!("?after={}&limit=2", all[1].0)).await), all[2..]);
    assert_eq!(read(&page("?limit=0").await), all[..1], "a page leads further, however small");
    assert_eq!(read(&page("?limit=4000000000").await), all);
    let acknowledge = format!("{path}/acknowledge");
    let ids = json!({ "ids": [all[0].0, all[2].0, 999_999] });
    assert_eq!(pair.node.post_as(&pair.token, &acknowledge, &ids).await.status, 200);
    assert_eq!(read(&page("").await), all[1..2]);
    // Again, and what is none.
    assert_eq!(pair.node.post_as(&pair.token, &acknowledge, &ids).await.status, 200);
    for wrong in [json!({}), json!({ "ids": ["1"] }), json!({ "ids": [1], "more": 1 }), json!([1])] {
        let reply = pair.node.post_as(&pair.token, &acknowledge, &wrong).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (400, "invalid schema"), "{wrong}");
    }
    let many = json!({ "ids": vec![1; 10_001] });
    assert_eq!(pair.node.post_as(&pair.token, &acknowledge, &many).await.status, 400);
    for wrong in ["after=x", "limit=x", "limit=-1"] {
        assert_eq!(pair.node.get_as(&pair.token, &format!("{path}?{wrong}")).await.status, 400, "{wrong}");
    }
    // Nobody reads or removes another's.
    let mallory = Account::new(9).registered(&pair.node).await;
    let token = mallory.sign_in(&pair.node).await;
    assert_eq!(pair.node.get_as(&token, &path).await.status, 401);
    let theirs = json!({ "ids": [all[1].0] });
    assert_eq!(pair.node.post_as(&token, &acknowledge, &theirs).await.status, 401);
    let own = format!("/ds/mailbox/{}/acknowledge", mallory.name);
    assert_eq!(pair.node.post_as(&token, &own, &theirs).await.status, 200);
    assert_eq!(read(&page("").await), all[1..2]);
}

#[tokio::test]
async fn acknowledged_messages_are_gone_and_others_stay() {
    let pair = Pair::start().await;
    let first = pair.alice.send(&pair.node, &pair.bob, "first").await;
    let second = pair.alice.send(&pair.node, &pair.bob, "second").await;
    let stranger = Account::new(9).name;
    pair.bob.acknowledge(&pair.node, &pair.token, stranger.as_str(), &first).await;
    pair.bob.acknowledge(&pair.node, &pair.token, pair.alice.name.as_str(), "0x00").await;
    assert_eq!(pair.texts().await, ["second", "first"]);
    pair.bob.acknowledge(&pair.node, &pair.token, pair.alice.name.as_str(), &first).await;
    assert_eq!(pair.texts().await, ["second"]);
    // Nobody acknowledges for another.
    let path = format!("/ds/delivery/messages/{}/syncAcknowledgements", pair.bob.name);
    let body = json!({ "acknowledgements": [{ "contactAddress": pair.alice.name, "messageHash": second }] });
    let mallory = Account::new(9).registered(&pair.node).await;
    let token = mallory.sign_in(&pair.node).await;
    assert_eq!(pair.node.post_as(&token, &path, &body).await.status, 401);
    for body in [json!({}), json!([]), json!({ "acknowledgements": [{}] }), json!({ "acknowledgements": 1 })]
    {
        let reply = pair.node.post_as(&pair.token, &path, &body).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (400, "Bad Request"), "{body}");
    }
    assert_eq!(pair.texts().await, ["second"]);
}

#[tokio::test]
async fn a_contact_may_be_acknowledged_by_any_of_its_names() {
    let pair = Pair::start().await;
    let alice = &pair.alice;
    pair.node.chain.set_address("alice.eth", alice.address);
    let names = [alice.name.to_string(), alice.address.to_string(), "alice.eth".into(), "Alice.ETH".into()];
    for from in &names {
        for contact in &names {
            let envelope = alice.envelope_addressed(&pair.bob, "x", from, pair.bob.name.as_str());
            assert_eq!(pair.node.post("/ds/rpc", &submit(&envelope.to_canonical())).await.body, "OK");
            pair.bob.acknowledge(&pair.node, &pair.token, contact, envelope.claimed_hash()).await;
            assert_eq!(pair.texts().await.len(), 0, "from {from}, acknowledged as {contact}");
        }
    }
}

#[tokio::test]
async fn any_name_of_the_receiver_leads_to_its_mailbox() {
    let pair = Pair::start().await;
    pair.node.chain.set_address("bob.eth", pair.bob.address);
    let elsewhere = format!("{}.addr.other.eth", pair.bob.address);
    let all =
        ["bob.eth", "BOB.eth", &pair.bob.address.to_string(), &pair.bob.address.to_lower_hex(), &elsewhere];
    for to in all {
        let envelope = pair.alice.envelope_addressed(&pair.bob, to, pair.alice.name.as_str(), to);
        assert_eq!(pair.node.post("/ds/rpc", &submit(&envelope.to_canonical())).await.body, "OK", "{to}");
        let question = json!({ "method": "dm3_getProfileExtension", "params": [to] });
        assert_eq!(pair.node.post("/ds/rpc", &question).await.status, 200, "its rules are told, too: {to}");
    }
    assert_eq!(pair.texts().await.len(), all.len());
}

#[tokio::test]
async fn what_cannot_be_delivered_is_refused_as_recorded_and_the_node_lives() {
    let mut pair = Pair::start().await;
    let (alice, bob) = (&pair.alice, &pair.bob);
    let good = alice.envelope(bob, "x").to_canonical();
    let changed = |change: fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&good).unwrap();
        change(&mut value);
        submit(&value.to_string())
    };
    let stranger = Account::new(9);
    let from = alice.name.as_str();
    let schema = r#"{"error":"invalid schema"}"#;
    let with_params = |params: Value| json!({ "method": "dm3_submitMessage", "params": params });
    for (request, status, body) in [
        (with_params(json!([])), 400, "Envelop missing"),
        (json!({ "jsonrpc": "2.0", "method": "dm3_submitMessage" }), 400, "Envelop missing"),
        (with_params(json!({ "a": 1 })), 400, "Envelop missing"),
        (with_params(json!([null])), 400, "Envelop missing"),
        (with_params(json!(["{"])), 400, "Error parsing envelop"),
        (with_params(json!([{}])), 400, "Error parsing envelop"),
        (with_params(json!(["{}"])), 400, schema),
        (with_params(json!(["[]"])), 400, schema),
        (changed(|e| e["more"] = 1.into()), 400, schema),
        (changed(|e| e["metadata"]["more"] = "x".into()), 400, schema),
        (changed(|e| e["metadata"]["version"] = 1.into()), 400, schema),
        (changed(|e| e["metadata"]["deliveryInformation"] = json!({ "to": "a", "from": "b" })), 400, schema),
        (changed(|e| e["metadata"]["deliveryInformation"] = "x".into()), 400, ""),
        (changed(|e| e["metadata"]["deliveryInformation"] = e["message"].clone()), 400, ""),
        (submit(&alice.envelope(&stranger, "x").to_canonical()), 400, ""),
        (submit(&alice.envelope_addressed(bob, "x", from, "nosuch.eth").to_canonical()), 400, ""),
        (submit(&alice.envelope_addressed(bob, "x", from, "💩.eth").to_canonical()), 400, ""),
        (submit(&alice.envelope_addressed(bob, "x", from, "").to_canonical()), 400, ""),
        (submit(&alice.envelope(bob, &"x".repeat(90_000)).to_canonical()), 400, ""),
        (json!({ "jsonrpc": "2.0" }), 400, "Bad Request"),
        (json!([{ "method": "dm3_submitMessage" }]), 400, "Bad Request"),
        (json!({ "method": "dm3_getProfileExtension" }), 400, "Bad Request"),
        (json!({ "method": "eth_chainId", "params": [] }), 405, r#"{"error":"Method not allowed"}"#),
    ] {
        let reply = pair.node.post("/ds/rpc", &request).await;
        let shown = request.to_string();
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (status, body), "{shown:.200}");
    }
    for body in ["", "x", "{", "\"", "[[[[", &"[".repeat(500_000)] {
        let reply = pair.node.post_text("/ds/rpc", body).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (400, "Bad Request"), "{body:.20}");
    }
    assert!(pair.node.post_giant("/ds/rpc", 50_000_000).await.is_none_or(|status| status == 400));
    assert_eq!(pair.texts().await.len(), 0);
    assert!(pair.node.is_running());
    pair.alice.send(&pair.node, &pair.bob, "still here").await;
    assert_eq!(pair.texts().await, ["still here"]);
}

#[tokio::test]
async fn the_size_limit_counts_the_canonical_envelope() {
    let node = Node::start_with("size_limit = 10000").await;
    let alice = Account::new(1);
    let bob = Account::new(2).registered(&node).await;
    let text = alice.envelope(&bob, &"x".repeat(2000)).to_canonical();
    assert!(text.len() < 10_000 && text.len() > 8_000, "{}", text.len());
    // White space does not count.
    let padded = format!("{text}{}", " ".repeat(20_000));
    assert_eq!(node.post("/ds/rpc", &submit(&padded)).await.body, "OK");
    let long = alice.envelope(&bob, &"x".repeat(6000)).to_canonical();
    assert!(long.len() > 10_000);
    assert_eq!(node.post("/ds/rpc", &submit(&long)).await.status, 400);
    let request = json!({ "jsonrpc": "2.0", "method": "dm3_getDeliveryServiceProperties", "params": [] });
    let properties: Value =
        serde_json::from_str(node.post("/ds/rpc", &request).await.json()["result"].as_str().unwrap())
            .unwrap();
    assert_eq!(properties["sizeLimit"], 10_000);
}

#[tokio::test]
async fn an_ailing_chain_refuses_no_message_for_good() {
    let pair = Pair::start().await;
    pair.node.chain.break_down();
    let from = pair.alice.name.as_str();
    let envelope = pair.alice.envelope_addressed(&pair.bob, "x", from, "bob.eth").to_canonical();
    assert_eq!(pair.node.post("/ds/rpc", &submit(&envelope)).await.status, 503);
}

#[tokio::test]
async fn a_full_mailbox_keeps_old_mail_in_reach() {
    let pair = Pair::start().await;
    let carol = Account::new(3);
    carol.send(&pair.node, &pair.bob, "the first of all").await;
    for n in 0..1005 {
        pair.alice.send(&pair.node, &pair.bob, &n.to_string()).await;
    }
    let texts = pair.texts().await;
    assert_eq!(texts.len(), 1001);
    assert_eq!((texts[0].as_str(), texts[999].as_str()), ("1004", "5"));
    assert_eq!(texts[1000], "the first of all");
    let path = format!("/ds/delivery/messages/incoming/{}", pair.bob.name);
    let mut after = "0".to_owned();
    let mut all = Vec::new();
    for pages in 1.. {
        let reply = pair.node.get_as(&pair.token, &format!("{path}?after={after}")).await;
        all.extend(reply.json().as_array().unwrap().iter().map(|envelope| pair.bob.open(envelope)));
        match reply.headers.get("dm3-next-after") {
            Some(next) => after = next.to_str().unwrap().to_owned(),
            None => {
                assert_eq!(pages, 2);
                break;
            }
        }
    }
    assert_eq!(all.len(), 1006);
    assert_eq!((all[0].as_str(), all[1].as_str(), all[1005].as_str()), ("the first of all", "0", "1004"));
}

#[tokio::test]
async fn the_latest_hundred_conversations_are_picked_up() {
    let pair = Pair::start().await;
    for n in 0..103 {
        let from = format!("sender{n}.eth");
        let envelope = pair.alice.envelope_addressed(&pair.bob, &from, &from, pair.bob.name.as_str());
        assert_eq!(pair.node.post("/ds/rpc", &submit(&envelope.to_canonical())).await.body, "OK");
    }
    let texts = pair.texts().await;
    assert_eq!(texts.len(), 100);
    assert_eq!((texts[0].as_str(), texts[99].as_str()), ("sender102.eth", "sender3.eth"));
}

#[tokio::test]
async fn unfetched_messages_end_with_their_time_to_live() {
    let mut node = Node::start_with("message_ttl_seconds = 1").await;
    let alice = Account::new(1);
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    alice.send(&node, &bob, "soon gone").await;
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    // Old messages are looked for at the start, and then every ten minutes.
    node.kill_and_restart().await;
    for _ in 0..50 {
        if bob.incoming(&node, &token).await.is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the message is still there");
}
