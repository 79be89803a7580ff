//! What never reaches a log, at whatever level.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use reqwest::Method;
use serde_json::json;
use support::account::submit;
use support::{Account, GATEWAY_KEY, Node, Socket};

#[tokio::test]
async fn a_busy_run_at_the_highest_level_logs_no_secret() {
    let node = Node::start_with_log("trace", "").await;
    let (alice, bob) = (Account::new(1).registered(&node).await, Account::new(2).registered(&node).await);
    let (alices, bobs) = (alice.sign_in(&node).await, bob.sign_in(&node).await);
    let challenge = node.get(&format!("/ds/auth/{}", alice.name)).await.text();
    let answer = alice.answer(&challenge);
    node.post(&format!("/ds/auth/{}", alice.name), &answer).await;
    let mut socket = Socket::authorized(&node, &bob, &bobs).await;
    let envelope = alice.envelope(&bob, "a very private text");
    let sealed = envelope.message().to_owned();
    node.post("/ds/rpc", &submit(&envelope.to_canonical())).await;
    assert!(socket.frame().await.unwrap().contains("message"));
    let pushed = alice.envelope(&bob, "another private text");
    let data: serde_json::Value = serde_json::from_str(&pushed.to_canonical()).unwrap();
    let frame = json!(["submitMessage", { "envelop": data, "token": bobs }]);
    socket.send(&format!("421{frame}")).await;
    assert!(socket.frame().await.is_some());
    bob.incoming(&node, &bobs).await;
    bob.acknowledge(&node, &bobs, alice.name.as_str(), envelope.claimed_hash()).await;
    let settings = format!("/ds/settings/{}", bob.name);
    node.request(Method::PUT, &settings, Some(&bobs), Some(r#"{"deny":["alice.eth"]}"#)).await;
    node.get_as(&alices, &settings).await;
    node.post("/proxy/ethereum", &json!({ "id": 1, "method": "eth_chainId" })).await;
    // What is refused is logged all the more.
    node.get_as("a-wrong-token-of-somebody", &settings).await;
    node.post_text("/ds/rpc", "{\"method\":\"dm3_submitMessage\",\"params\":[\"not an envelope\"]}").await;
    node.chain.break_down();
    node.get("/ds/profile/unknown.eth").await;
    let log = node.log();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the level is the highest: {log:.500}");
    let signature = answer["signature"].as_str().unwrap();
    for secret in [
        &*alices,
        &bobs,
        &challenge,
        signature,
        "a-wrong-token-of-somebody",
        "private text",
        &sealed[..60],
        &GATEWAY_KEY[2..],
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
        &node.chain.url,
        "not an envelope",
    ] {
        let at = log.find(secret);
        assert_eq!(at, None, "{secret} in: {}", at.map_or("", |at| &log[at.saturating_sub(300)..at]));
    }
}
