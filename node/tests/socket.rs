//! Live delivery.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::account::submit;
use support::{Account, Node, Socket};

#[tokio::test]
async fn every_open_socket_of_an_account_gets_every_message() {
    let node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let mut first = Socket::authorized(&node, &bob, &token).await;
    let mut second = Socket::authorized(&node, &bob, &token).await;
    let mut others = Socket::authorized(&node, &alice, &alice.sign_in(&node).await).await;
    alice.send(&node, &bob, "to both").await;
    for socket in [&mut first, &mut second] {
        let envelope = socket.message().await;
        assert_eq!(bob.open(&envelope), "to both");
        assert_eq!(envelope, bob.incoming(&node, &token).await[0]);
    }
    assert!(others.is_silent().await);
    // The last to connect goes; the other is still served, also after the profile is posted again.
    drop(second);
    let bob = bob.registered(&node).await;
    alice.send(&node, &bob, "to the first").await;
    assert_eq!(bob.open(&first.message().await), "to the first");
    assert_eq!(bob.texts(&node, &token).await, ["to the first", "to both"]);
}

#[tokio::test]
async fn an_envelope_sent_twice_is_pushed_once() {
    let node = Node::start().await;
    let alice = Account::new(1);
    let bob = Account::new(2).registered(&node).await;
    let mut socket = Socket::authorized(&node, &bob, &bob.sign_in(&node).await).await;
    let envelope = submit(&alice.envelope(&bob, "once").to_canonical());
    for _ in 0..2 {
        assert_eq!(node.post("/ds/rpc", &envelope).await.body, "OK");
    }
    assert_eq!(bob.open(&socket.message().await), "once");
    assert!(socket.is_silent().await);
}

#[tokio::test]
async fn a_wrong_token_is_refused_as_recorded() {
    let node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let refused = r#"44{"message":"check token has failed for WS"}"#;
    for (name, token) in
        [(bob.name.as_str(), token.as_str()), (alice.name.as_str(), "x"), ("nosuch.eth", &token)]
    {
        assert_eq!(Socket::connect(&node, name, token).await.1, refused);
    }
    for handshake in
        ["40".to_owned(), format!("40{}", json!({ "token": token })), "40[]".into(), "401".into()]
    {
        let mut socket = Socket::open(&node).await;
        socket.send(&handshake).await;
        // Either refused or closed as malformed, never connected.
        let answer = socket.frame().await;
        assert!(answer.as_deref().is_none_or(|answer| answer == refused), "{handshake}: {answer:?}");
    }
    let (_, answer) = Socket::connect(&node, &alice.address.to_string(), &token).await;
    assert!(answer.starts_with("40{"), "{answer}");
}

#[tokio::test]
async fn messages_are_submitted_with_or_without_asking_for_an_answer() {
    let mut node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let mut socket = Socket::authorized(&node, &alice, &alice.sign_in(&node).await).await;
    let event = |text: &str| {
        let envelope: Value = serde_json::from_str(&alice.envelope(&bob, text).to_canonical()).unwrap();
        json!(["submitMessage", { "envelop": envelope, "token": "ignored" }])
    };
    socket.send(&format!("420{}", event("with"))).await;
    assert_eq!(socket.frame().await.as_deref(), Some(r#"430[{"response":"success"}]"#));
    socket.send(&format!("42{}", event("without"))).await;
    for (frame, answer) in [
        (r#"421["submitMessage",{"envelop":{}}]"#, r#"431[{"error":"invalid schema"}]"#),
        (r#"422["submitMessage"]"#, r#"432[{"error":"invalid schema"}]"#),
        (r#"423["submitMessage",7]"#, r#"433[{"error":"invalid schema"}]"#),
    ] {
        socket.send(frame).await;
        assert_eq!(socket.frame().await.as_deref(), Some(answer), "{frame}");
    }
    let mut wrong = event("x");
    wrong[1]["envelop"]["metadata"]["deliveryInformation"] = "x".into();
    socket.send(&format!("424{wrong}")).await;
    let answer = socket.frame().await.unwrap();
    assert!(answer.starts_with(r#"434[{"error":"the delivery information"#), "{answer}");
    // Nobody is told when a message without an answer has been stored.
    let both = async { while bob.texts(&node, &token).await.len() < 2 {} };
    tokio::time::timeout(Duration::from_secs(60), both).await.unwrap();
    assert_eq!(bob.texts(&node, &token).await, ["without", "with"]);
    assert!(node.is_running());
}

#[tokio::test]
async fn garbage_and_giant_frames_end_their_own_socket_only() {
    let mut node = Node::start().await;
    let alice = Account::new(1);
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let mut good = Socket::authorized(&node, &bob, &token).await;
    for frame in
        ["x", "4", "42", "42[", "42[]", "429999999999999999999[\"a\"]", "451-[\"a\"]", "\u{0}", "4💩"]
    {
        let mut bad = Socket::authorized(&node, &bob, &token).await;
        bad.send(frame).await;
    }
    let mut giant = Socket::authorized(&node, &bob, &token).await;
    giant.try_send(&format!("42[\"submitMessage\",\"{}\"]", "x".repeat(1_100_000))).await;
    assert_eq!(giant.frame().await, None);
    alice.send(&node, &bob, "unharmed").await;
    assert_eq!(bob.open(&good.message().await), "unharmed");
    assert!(node.is_running());
}

#[tokio::test]
async fn polling_serves_those_who_have_no_websocket() {
    let node = Node::start().await;
    let alice = Account::new(1);
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let path = "/socket.io/?EIO=4&transport=polling";
    let open: Value = serde_json::from_str(&node.get(path).await.body[1..]).unwrap();
    assert_eq!(open["upgrades"], json!(["websocket"]));
    assert_eq!(open["maxPayload"], 1_000_000);
    let path = format!("{path}&sid={}", open["sid"].as_str().unwrap());
    let connect = json!({ "account": { "ensName": bob.name }, "token": token });
    assert_eq!(node.post_text(&path, &format!("40{connect}")).await.body, "ok");
    let mut packets = Vec::new();
    poll_into(&mut packets, &node, &path, 2).await;
    assert!(packets[0].starts_with("40{\"sid\":"), "{packets:?}");
    assert_eq!(packets[1], "42[\"authorized\"]");
    alice.send(&node, &bob, "polled").await;
    poll_into(&mut packets, &node, &path, 3).await;
    let event: Value = serde_json::from_str(packets[2].strip_prefix("42").unwrap()).unwrap();
    assert_eq!(bob.open(&event[1]), "polled");
}

/// Polls until there are `count` packets that are no pings.
async fn poll_into(packets: &mut Vec<String>, node: &Node, path: &str, count: usize) {
    while packets.len() < count {
        let reply = node.get(path).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        for packet in reply.body.split('\u{1e}') {
            if packet == "2" {
                assert_eq!(node.post_text(path, "3").await.body, "ok");
            } else {
                packets.push(packet.to_owned());
            }
        }
    }
}
