//! What is held in memory.

use std::time::Duration;

use dm3_core::message::Envelope;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{Account, Node, Socket};
use crate::with_slow_names;

/// The most memory that a process ever had, in megabytes.
fn peak_memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

#[tokio::test]
async fn a_body_costs_little_more_than_its_bytes_while_it_waits() {
    let (node, _silent) = with_slow_names("").await;
    let alice = Account::new(3).registered(&node).await;
    let envelope = alice.envelope_addressed(&alice, "x", alice.name.as_str(), "bob.slow.eth");
    let ballast = format!("[{}0]", r#"{"":0},"#.repeat(120_000));
    let call = |params: String| {
        format!(r#"{{"jsonrpc":"2.0","method":"dm3_submitMessage","params":[{params}],"more":{ballast}}}"#)
    };
    let text = Value::from(envelope.to_canonical()).to_string();
    let within = Value::from(ballast.clone()).to_string();
    let before = peak_memory(node.process_id());
    let bodies = [call(text), call(ballast.clone()), call(within)];
    let requests = (0..24).map(|n| node.post_text("/ds/rpc", &bodies[n % 3]));
    for reply in join_all(requests).await {
        assert!(matches!(reply.status.as_u16(), 400 | 503), "{reply:?}");
    }
    let grown = peak_memory(node.process_id()) - before;
    assert!(grown < 150, "{grown} MB for 20 MB of bodies");
    // Wherever else a tree is built.
    let token = alice.sign_in(&node).await;
    let document = format!(r#"{{"more":{ballast}}}"#);
    for path in [
        "/ds/profile/x.eth".to_owned(),
        format!("/ds/auth/{}", alice.name),
        format!("/ds/notifications/{}", alice.name),
        "/proxy/ethereum".into(),
        "/proxy/message".into(),
        "/resolver-handler/profile/address".into(),
        "/resolver-handler/profile/name".into(),
        format!("/api/storage/new/{}/addMessageBatch", alice.name),
        format!("/api/history/{}", alice.name),
    ] {
        let requests = (0..8).map(|_| node.request(Method::POST, &path, Some(&token), Some(&document)));
        for reply in join_all(requests).await {
            assert!(reply.status.is_client_error(), "{path}: {reply:?}");
        }
    }
    let grown = peak_memory(node.process_id()) - before;
    assert!(grown < 200, "{grown} MB for documents of trees");
}

#[tokio::test]
async fn bodies_share_what_is_held_for_all_of_them() {
    let node =
        Node::start_with("body_bytes_at_once = 1500000\nbody_bytes_at_once_per_address = 1500000\n").await;
    let big = format!("{}{{}}", " ".repeat(200_000));
    let mut kept = Vec::new();
    let reply = async {
        loop {
            // A part of a body, and the rest never. Of two at once one may find no room.
            let mut stream = TcpStream::connect(node.url.strip_prefix("http://").unwrap()).await.unwrap();
            let head = "POST /ds/rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n";
            stream.write_all(format!("{head}{}", " ".repeat(740_000)).as_bytes()).await.unwrap();
            kept.push(stream);
            tokio::time::sleep(Duration::from_millis(300)).await;
            let reply = node.post_text("/ds/rpc", &big).await;
            if reply.status == 503 {
                break reply;
            }
        }
    };
    let reply = tokio::time::timeout(Duration::from_secs(20), reply).await.expect("it is refused");
    assert!(reply.headers.contains_key("retry-after"), "{reply:?}");
    assert_eq!(node.post_text("/ds/rpc", "{}").await.status, 400, "what is small has room");
    drop(kept);
    let served = async {
        while node.post_text("/ds/rpc", &big).await.status != 400 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), served).await.expect("what is held is given back");
}

#[tokio::test]
async fn a_socket_has_few_messages_under_way() {
    let (node, _silent) = with_slow_names("socket_events_at_once = 2\n").await;
    let alice = Account::new(3).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let mut socket = Socket::authorized(&node, &alice, &token).await;
    let event = |n: u8, envelope: &Envelope| {
        let envelope: Value = serde_json::from_str(&envelope.to_canonical()).unwrap();
        format!("42{n}{}", json!(["submitMessage", { "envelop": envelope }]))
    };
    let slow = alice.envelope_addressed(&bob, "x", alice.name.as_str(), "bob.slow.eth");
    for n in 0..2 {
        socket.send(&event(n, &slow)).await;
    }
    socket.send(&event(2, &alice.envelope(&bob, "hi"))).await;
    let refused = socket.frame().await.unwrap();
    assert!(refused.starts_with("432") && refused.contains("under way"), "{refused}");
    for _ in 0..2 {
        assert!(socket.frame().await.unwrap().contains("at the moment"));
    }
    socket.send(&event(3, &alice.envelope(&bob, "hi"))).await;
    assert_eq!(socket.frame().await.unwrap(), r#"433[{"response":"success"}]"#);
}
