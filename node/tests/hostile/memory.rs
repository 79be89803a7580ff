//! What is held in memory.

use std::time::Duration;

use dm3_core::message::Envelope;
use futures_util::future::join_all;
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;

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

#[tokio::test]
async fn a_page_of_the_deployed_storage_is_held_in_small_parts_that_are_counted() {
    let node = Node::start_with("answer_bytes_at_once_per_address = 4000000\n").await;
    let alice = Account::new(3).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let path = |route: &str| format!("/api/storage/new/{}/{route}", alice.name);
    // Each becomes four times as long as JSON text within JSON.
    let container = "\"".repeat(400_000);
    for n in 0..20 {
        let message = json!({
            "encryptedContactName": format!("c{}", n % 10),
            "encryptedEnvelopContainer": container,
            "messageId": n.to_string(),
            "createdAt": n,
            "isHalted": false,
        });
        assert_eq!(node.post_as(&token, &path("addMessage"), &message).await.status, 200);
    }
    let before = peak_memory(node.process_id());
    for route in ["getConversations?pageSize=10", "getMessages/c1?pageSize=20"] {
        let mut statuses = Vec::new();
        let mut kept = Vec::new();
        for _ in 0..12 {
            let head =
                format!("GET {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n", path(route));
            let mut stream = slow_reader(&node).await;
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut begin = [0; 12];
            stream.read_exact(&mut begin).await.unwrap();
            statuses.push(String::from_utf8_lossy(&begin[9..]).into_owned());
            kept.push(stream);
        }
        assert!(
            statuses.contains(&"200".into()) && statuses.contains(&"503".into()),
            "{route}: {statuses:?}"
        );
        drop(kept);
        let whole = async {
            loop {
                let reply = node.get_as(&token, &path(route)).await;
                if reply.status == 200 {
                    break reply.json().as_array().unwrap().len();
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let count =
            tokio::time::timeout(Duration::from_secs(20), whole).await.expect("places are given back");
        assert_eq!(count, if route.starts_with("getM") { 2 } else { 10 });
    }
    let grown = peak_memory(node.process_id()) - before;
    assert!(grown < 60, "{grown} MB for readers that do not read");
}

#[tokio::test]
async fn a_page_for_whose_largest_part_there_is_no_room_is_refused_before_it_begins() {
    // A part may have nine of these ten megabytes.
    let node = Node::start_with("answer_bytes_at_once_per_address = 10000000\nsize_limit = 500000\n").await;
    let alice = Account::new(3).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let path = |route: &str| format!("/api/storage/new/{}/{route}", alice.name);
    let large = "x".repeat(390_000);
    // The first part of the page is short; what waits is more than the operating system takes.
    for n in 0..41 {
        let waits = n > 20;
        let message = json!({
            "encryptedContactName": if waits { "bob" } else { "page" },
            "encryptedEnvelopContainer": if waits || n == 0 { &large } else { "short" },
            "messageId": n.to_string(),
            "createdAt": n,
            "isHalted": waits,
        });
        assert_eq!(node.post_as(&token, &path("addMessage"), &message).await.status, 200);
    }
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n",
        path("getHaltedMessages")
    );
    let mut slow = slow_reader(&node).await;
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut begin = [0; 12];
    slow.read_exact(&mut begin).await.unwrap();
    assert_eq!(&begin[9..], b"200");
    let page = path("getMessages/page?pageSize=100");
    assert_eq!(node.get_as(&token, &page).await.status, 503);
    drop(slow);
    let whole = async {
        loop {
            let reply = node.get_as(&token, &page).await;
            if reply.status == 200 {
                break reply.json().as_array().unwrap().len();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let count = tokio::time::timeout(Duration::from_secs(20), whole).await.expect("places are given back");
    assert_eq!(count, 21);
}

#[tokio::test]
async fn an_answer_is_counted_until_it_was_read() {
    let node = Node::start_with("answer_bytes_at_once_per_address = 10000000\n").await;
    let alice = Account::new(3).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let path = |route: &str| format!("/api/storage/new/{}/{route}", alice.name);
    let container = "x".repeat(390_000);
    for n in 0..20 {
        let message = json!({
            "encryptedContactName": "bob",
            "encryptedEnvelopContainer": container,
            "messageId": n.to_string(),
            "createdAt": n,
            "isHalted": true,
        });
        assert_eq!(node.post_as(&token, &path("addMessage"), &message).await.status, 200);
    }
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n",
        path("getHaltedMessages")
    );
    let mut slow = Vec::new();
    for expected in ["200", "503"] {
        let mut stream = slow_reader(&node).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&begin[9..]), expected);
        slow.push(stream);
    }
    // What was read is free, though not all of it was.
    let mut most = vec![0; 6_000_000];
    slow[0].read_exact(&mut most).await.unwrap();
    let again = async {
        while node.get_as(&token, &path("getHaltedMessages")).await.status != 200 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), again).await.expect("it is given back");
    let mut rest = Vec::new();
    slow[0].read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"]"), "all of it comes");
}

#[tokio::test]
async fn messages_that_are_not_complete_share_what_is_held_of_bodies() {
    let node =
        Node::start_with("body_bytes_at_once = 1500000\nbody_bytes_at_once_per_address = 1500000\n").await;
    let upgrade = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    // A text frame of 900,000 bytes (RFC 6455, 5.2), of which 800,000 come and the rest never does.
    let mut frame = vec![0x81, 0xff, 0, 0, 0, 0, 0, 0x0d, 0xbb, 0xa0, 0, 0, 0, 0];
    frame.resize(800_000, b'x');
    let mut ended = 0;
    let mut kept = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(node.url.strip_prefix("http://").unwrap()).await.unwrap();
        stream.write_all(upgrade.as_bytes()).await.unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head[9..], b"101");
        let sent = stream.write_all(&frame).await;
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(1), stream.read_to_end(&mut rest)).await;
        ended += usize::from(sent.is_err() || read.is_ok());
        kept.push(stream);
    }
    assert_eq!(ended, 3, "there is room for one");
}

#[tokio::test]
async fn binary_parts_that_were_promised_are_not_kept() {
    let node = Node::start().await;
    let alice = Account::new(3).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let mut socket = Socket::authorized(&node, &alice, &token).await;
    socket.send(r#"4510-["x",{"_placeholder":true,"num":0}]"#).await;
    let closed = tokio::time::timeout(Duration::from_secs(5), socket.frame()).await;
    // Engine.IO's word for it.
    assert_eq!(closed.expect("it is closed at once").as_deref(), Some("1"));
    assert_eq!(socket.frame().await, None);
}

#[tokio::test]
async fn what_waits_for_a_socket_that_does_not_read_is_counted_and_the_socket_closed() {
    let node =
        Node::start_with("answer_bytes_at_once_per_address = 2000000\nmessages_per_minute_per_sender = 0\nmetrics_listen = '127.0.0.1:0'\n")
            .await;
    let alice = Account::new(3).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let (mut write, mut reading) = tokio_tungstenite::client_async(
        format!("{}/socket.io/?EIO=4&transport=websocket", node.url.replace("http", "ws")),
        slow_reader(&node).await,
    )
    .await
    .unwrap()
    .0
    .split();
    let hello = json!({ "account": { "ensName": bob.name }, "token": token });
    write.send(Message::text(format!("40{hello}"))).await.unwrap();
    for _ in 0..3 {
        reading.next().await.unwrap().unwrap();
    }
    // Its friend keeps up, and is not concerned.
    let mut friend = Socket::authorized(&node, &bob, &token).await;
    let text = "x".repeat(30_000);
    for n in 0..125 {
        alice.send(&node, &bob, &format!("{text}{n}")).await;
        friend.message().await;
    }
    let one = async {
        while !node.metrics().await.contains("dm3_sockets 1\n") {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), one).await.expect("it is closed");
    // Not only told so: what waits for it is given up.
    let mut rest = 0;
    while let Some(Ok(_)) = reading.next().await {
        rest += 1;
    }
    assert!(rest < 110, "{rest}");
}

/// A connection that takes little of what is written to it.
async fn slow_reader(node: &Node) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(node.url.strip_prefix("http://").unwrap().parse().unwrap()).await.unwrap()
}
