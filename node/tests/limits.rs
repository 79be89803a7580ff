//! No client keeps another waiting, and none ends the process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::time::Duration;

use reqwest::Client;
use serde_json::json;
use support::account::submit;
use support::{Account, Node, Socket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that has sent these bytes.
async fn connection(node: &Node, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(node.url.strip_prefix("http://").unwrap()).await.unwrap();
    // A server that refuses may close before all of it is sent.
    let _ = stream.write_all(bytes).await;
    stream
}

/// What the server says until it closes, or nothing if it drops the connection.
async fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await;
    // A reset connection is an answer, too.
    let _ = read.expect("the server neither answers nor closes");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn silent_slow_and_broken_clients_do_not_keep_others_from_being_served() {
    let node = Node::start_with("max_connections_per_address = 1000\n").await;
    let alice = Account::new(1).registered(&node).await;
    let mut kept = Vec::new();
    for bytes in [
        &b""[..],
        b"GET /ds/hello HTTP/1.1\r\nHost: x\r\n",
        b"POST /ds/rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n{\"json",
        b"POST /ds/rpc HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nab",
        b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
          Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
    ] {
        for _ in 0..40 {
            kept.push(connection(&node, bytes).await);
        }
    }
    let token = alice.sign_in(&node).await;
    alice.send(&node, &alice, "to myself").await;
    assert_eq!(alice.texts(&node, &token).await, ["to myself"]);
}

/// The status of a body of 40,000 bytes that comes in so many parts with a pause before each, of which the last never comes
/// if it `stalls`; and how long it takes.
async fn status_of_slow_body(node: &Node, parts: usize, pause: Duration, stalls: bool) -> (String, Duration) {
    let began = std::time::Instant::now();
    let head = b"POST /ds/rpc HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 40000\r\n\r\n";
    let mut stream = connection(node, head).await;
    for _ in usize::from(stalls)..parts {
        tokio::time::sleep(pause).await;
        // The server may have answered already.
        let _ = stream.write_all(&vec![b' '; 40_000 / parts]).await;
    }
    let answer = answer(stream).await;
    (answer.get(9..12).unwrap_or_default().to_owned(), began.elapsed())
}

#[tokio::test]
async fn a_body_that_comes_slowly_is_taken_and_one_that_stops_is_not() {
    let node = Node::start_with("request_timeout_seconds = 1\n").await;
    let pause = Duration::from_millis(400);
    let ((steady, took), (stalled, stalled_for), (trickled, trickled_for)) = tokio::join!(
        status_of_slow_body(&node, 8, pause, false),
        status_of_slow_body(&node, 4, pause, true),
        status_of_slow_body(&node, 100, pause / 10, true),
    );
    assert_eq!(steady, "400", "it is read to its end, and is no document");
    assert!(took > Duration::from_secs(3));
    for (status, took) in [(stalled, stalled_for), (trickled, trickled_for)] {
        assert_eq!(status, "408");
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
}

#[tokio::test]
async fn connections_over_the_limit_are_closed_at_once() {
    let node = Node::start_with("max_connections_per_address = 5\n").await;
    let open: Vec<_> = futures_util::future::join_all((0..5).map(|_| connection(&node, b""))).await;
    // The server takes connections in their order, so the five are counted before this one.
    let one_more = connection(&node, b"GET /ds/hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert_eq!(answer(one_more).await, "");
    drop(open);
    let served = async {
        loop {
            let request = b"GET /ds/hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            if answer(connection(&node, request).await).await.ends_with("Hello DM3") {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), served).await.expect("places are given back");
}

#[tokio::test]
async fn a_giant_head_is_refused() {
    let node = Node::start().await;
    let long = "x".repeat(400_000);
    for head in [
        format!("GET /ds/hello?{long} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        format!("GET /ds/hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: {long}\r\n\r\n"),
        format!("GET /ds/hello HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: y\r\n".repeat(2000)),
    ] {
        let reply = answer(connection(&node, head.as_bytes()).await).await;
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 4"), "{reply:.80}");
    }
    assert_eq!(node.get("/ds/hello").await.status, 200);
}

/// Each of these ends the reference's process.
#[tokio::test]
async fn no_single_request_ends_the_process() {
    let mut node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let token = alice.sign_in(&node).await;
    for body in [
        json!({ "jsonrpc": "2.0", "method": "dm3_submitMessage" }),
        json!({ "jsonrpc": "2.0", "method": "dm3_submitMessage", "params": {} }),
        json!({ "jsonrpc": "2.0", "method": "dm3_submitMessage", "params": [[[[]]]] }),
        json!({ "jsonrpc": "2.0", "method": "dm3_getProfileExtension" }),
        json!({ "jsonrpc": "2.0", "method": "dm3_getProfileExtension", "params": [null] }),
        json!([]),
        json!(null),
    ] {
        let reply = node.post("/ds/rpc", &body).await;
        assert!(reply.status.is_client_error(), "{body}: {reply:?}");
    }
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(node.post_text("/ds/rpc", &nested).await.status.is_client_error());
    for path in [
        "/ds/delivery/messages/incoming/%F0%9F%A6%8A.eth",
        "/ds/notifications/%F0%9F%A6%8A.eth",
        "/api/storage/new/%F0%9F%A6%8A.eth/getConversations",
        "/api/history/%F0%9F%A6%8A.eth",
        "/ds/settings/%F0%9F%A6%8A.eth",
        "/ds/mailbox/%F0%9F%A6%8A.eth",
        "/ds/profile/%F0%9F%A6%8A.eth",
        "/ds/auth/%F0%9F%A6%8A.eth",
        "/api/profile/%F0%9F%A6%8A.eth",
        "/resolver-handler/profile/%F0%9F%A6%8A.eth",
        "/ds/profile/%ff%00",
    ] {
        let reply = node.get_as(&token, path).await;
        assert!(reply.status.is_client_error(), "{path}: {reply:?}");
    }
    let unnamed = alice.envelope_addressed(&alice, "hi", "🦊.eth", "🦊🦊.eth");
    assert_eq!(node.post("/ds/rpc", &submit(&unnamed.to_canonical())).await.status, 400);
    // A message over a socket without a callback for the answer.
    let mut socket = Socket::authorized(&node, &alice, &token).await;
    socket.send(r#"42["submitMessage",{"envelop":{}}]"#).await;
    socket.send(r#"42["submitMessage"]"#).await;
    assert!(node.is_running());
    assert_eq!(
        node.get_as(&token, &format!("/ds/delivery/messages/incoming/{}", alice.name)).await.status,
        200
    );
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_again() {
    let node =
        Node::start_with("requests_per_minute_per_address = 5\ntrusted_proxies = '127.0.0.0/8'\n").await;
    let client = Client::builder().no_proxy().build().unwrap();
    let ask = async |forwarded: &str| {
        let request = client.get(format!("{}/ds/hello", node.url));
        request.header("x-forwarded-for", forwarded).send().await.unwrap()
    };
    for _ in 0..5 {
        assert_eq!(ask("192.0.2.1").await.status(), 200);
    }
    let refused = ask("203.0.113.5, 192.0.2.1").await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(refused.headers()["access-control-allow-origin"], "*");
    assert_eq!(ask("192.0.2.2").await.status(), 200, "another client of the same proxy");
}

#[tokio::test]
async fn a_strangers_forwarded_header_is_not_believed() {
    let node = Node::start_with("requests_per_minute_per_address = 5\n").await;
    let client = Client::builder().no_proxy().build().unwrap();
    let mut refused = 0;
    for n in 0..10 {
        let request = client.get(format!("{}/ds/hello", node.url));
        let reply = request.header("x-forwarded-for", format!("192.0.2.{n}")).send().await.unwrap();
        refused += u32::from(reply.status() == 429);
    }
    // Slow machines earn a request or two back in between.
    assert!(refused >= 1, "ten names, one client");
}

#[tokio::test]
async fn an_account_has_a_limit_of_its_own() {
    let node = Node::start_with("requests_per_minute_per_account = 3\n").await;
    let (alice, bob) = (Account::new(1).registered(&node).await, Account::new(2).registered(&node).await);
    let (alices, bobs) = (alice.sign_in(&node).await, bob.sign_in(&node).await);
    let mailbox = |account: &Account| format!("/ds/delivery/messages/incoming/{}", account.name);
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(node.get_as(&alices, &mailbox(&alice)).await.status.as_u16());
    }
    assert_eq!(statuses[..3], [200; 3]);
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(node.get_as(&bobs, &mailbox(&bob)).await.status, 200);
}
