//! What an operator sees: readiness, metrics, log lines, and an orderly end.

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
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const METRICS: &str = "metrics_listen = '127.0.0.1:0'\n";

/// The value of the series that begins like this.
fn value(metrics: &str, series: &str) -> Option<f64> {
    let line = metrics.lines().find(|line| line.starts_with(series))?;
    line.rsplit(' ').next()?.parse().ok()
}

async fn ready(node: &Node) -> (u16, Value) {
    let reply = node.get("/ready").await;
    (reply.status.as_u16(), reply.json())
}

/// Asks until the answer is another one than `status`.
async fn ready_other_than(node: &Node, status: u16) -> (u16, Value) {
    let waited = async {
        loop {
            let answer = ready(node).await;
            if answer.0 != status {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waited).await.expect("another answer in time")
}

#[tokio::test]
async fn a_node_without_its_chain_is_up_but_not_ready_and_says_why() {
    let node = Node::start().await;
    let well = json!({ "status": "ready", "database": "ok", "chain": "ok" });
    assert_eq!(ready(&node).await, (200, well));
    node.chain.break_down();
    let (status, report) = ready_other_than(&node, 200).await;
    assert_eq!(
        (status, report),
        (
            503,
            json!({
                "status": "not ready",
                "database": "ok",
                "chain": "the Ethereum node answered: limit exceeded",
            })
        )
    );
    assert_eq!(node.get("/health").await.json(), json!({ "status": "ok" }));
}

#[tokio::test]
async fn a_node_on_another_chain_is_not_ready() {
    let node = Node::start_with("").await;
    node.chain.set_id(5);
    let (status, report) = ready_other_than(&node, 200).await;
    assert_eq!(status, 503);
    assert_eq!(report["chain"], "the Ethereum node serves chain 5, not 1");
}

#[tokio::test]
async fn asking_for_readiness_all_the_time_does_not_ask_the_chain_as_often() {
    let node = Node::start().await;
    let began = std::time::Instant::now();
    let before = node.chain.calls();
    for _ in 0..50 {
        assert_eq!(ready(&node).await.0, 200);
    }
    let asked = node.chain.calls() - before;
    let most = 1 + began.elapsed().as_secs() / 2 + 1;
    assert!(asked as u64 <= most, "{asked} calls");
}

#[tokio::test]
async fn metrics_count_by_template_and_hold_no_name_address_or_token() {
    let node = Node::start_with(METRICS).await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let envelope = bob.envelope(&alice, "hello");
    let _socket = Socket::authorized(&node, &alice, &token).await;
    for _ in 0..2 {
        assert_eq!(node.post("/ds/rpc", &submit(&envelope.to_canonical())).await.status, 200);
    }
    node.post("/ds/rpc", &submit("{}")).await;
    node.get("/secret-path/alice").await;
    assert_eq!(alice.incoming(&node, &token).await.len(), 1);

    let metrics = node.metrics().await;
    for (series, expected) in [
        (r#"dm3_requests_total{method="POST",route="/ds/profile/{name}",status="200"}"#, 2.0),
        (r#"dm3_requests_total{method="POST",route="/ds/rpc",status="200"}"#, 2.0),
        (r#"dm3_requests_total{method="GET",route="unknown",status="404"}"#, 1.0),
        (r#"dm3_request_seconds_count{route="/ds/rpc"}"#, 3.0),
        (r#"dm3_submissions_total{outcome="stored"}"#, 1.0),
        (r#"dm3_submissions_total{outcome="repeated"}"#, 1.0),
        (r#"dm3_submissions_total{outcome="schema"}"#, 1.0),
        (r#"dm3_store_seconds_count{operation="deliver"}"#, 2.0),
        ("dm3_store_waiting", 0.0),
        ("dm3_sockets", 1.0),
        ("dm3_mailbox_messages", 1.0),
        ("dm3_requests_in_flight", 0.0),
    ] {
        assert_eq!(value(&metrics, series), Some(expected), "{series} in\n{metrics}");
    }
    assert!(value(&metrics, "dm3_mailbox_bytes").unwrap() > 2048.0);
    assert_no_traces(&metrics, &[&alice, &bob], &[&token]);
    // They are nowhere else.
    assert_eq!(node.get("/metrics").await.status, 404);
}

/// Nothing in `text` tells who used the node.
fn assert_no_traces(text: &str, accounts: &[&Account], tokens: &[&str]) {
    let text = text.to_lowercase();
    for account in accounts {
        for trace in [account.name.as_str(), &account.address.to_lower_hex()[2..]] {
            assert!(!text.contains(&trace.to_lowercase()), "{trace} in\n{text}");
        }
    }
    for token in tokens {
        assert!(!text.contains(&token.to_lowercase()), "a token in\n{text}");
    }
    for secret in ["secret-path", "hello", "0x0101", "bwchbwch"] {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
}

#[tokio::test]
async fn each_request_leaves_one_line_that_tells_nothing_about_its_sender() {
    let node = Node::start_with_log("info", "log_format = 'json'\n").await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let token = alice.sign_in(&node).await;
    bob.send(&node, &alice, "hello").await;
    node.get_as("wrong.token.here", &format!("/ds/delivery/messages/incoming/{}", alice.name)).await;
    node.get("/secret-path/alice?hello").await;
    let mut socket = Socket::open(&node).await;
    socket.send("40{\"account\":{\"ensName\":\"secret-path\"},\"token\":\"x\"}").await;
    socket.frame().await;

    let log = node.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests: Vec<(&str, &str, u64)> = lines
        .iter()
        .filter(|line| line["message"] == "request")
        .map(|line| {
            assert!(line["ms"].is_u64() && line["level"] == "INFO", "{line}");
            let text = |key: &str| line[key].as_str().unwrap();
            (text("method"), text("route"), line["status"].as_u64().unwrap())
        })
        .collect();
    let expected = [
        ("POST", "/ds/profile/{name}", 200),
        ("POST", "/ds/profile/{name}", 200),
        ("GET", "/ds/auth/{name}", 200),
        ("POST", "/ds/auth/{name}", 200),
        ("POST", "/ds/rpc", 200),
        ("GET", "/ds/delivery/messages/incoming/{name}", 401),
        ("GET", "unknown", 404),
        ("GET", "/socket.io", 101),
    ];
    assert_eq!(requests, expected, "{log}");
    assert_no_traces(&log, &[&alice, &bob], &[&token, "wrong.token"]);
}

#[tokio::test]
async fn a_client_that_leaves_is_counted_as_one() {
    let node = Node::start_with(METRICS).await;
    let mut client = half_a_request(&node, "{}").await;
    client.shutdown().await.unwrap();
    drop(client);
    let counted = async {
        while value(&node.metrics().await, "dm3_requests_in_flight") != Some(0.0) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), counted).await.expect("the request ended");
}

/// Sends the head of a submission and the first half of its body.
async fn half_a_request(node: &Node, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(node.url.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST /ds/rpc HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..body.len() / 2]).await.unwrap();
    stream
}

/// Waits until the node has begun to serve `count` requests beside this one.
async fn in_flight(node: &Node, count: f64) {
    let waited = async {
        while value(&node.metrics().await, "dm3_requests_in_flight") != Some(count) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waited).await.expect("the request is under way");
}

#[tokio::test]
async fn a_request_under_way_is_finished_before_the_program_ends() {
    let mut node = Node::start_with(METRICS).await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let _socket = Socket::authorized(&node, &alice, &token).await;
    let body = submit(&bob.envelope(&alice, "late").to_canonical()).to_string();
    let mut client = half_a_request(&node, &body).await;
    in_flight(&node, 1.0).await;
    node.signal("TERM").await;
    // Nobody new is let in.
    let address = node.url.trim_start_matches("http://").to_owned();
    let closed = async {
        while TcpStream::connect(&address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(8), closed).await.expect("the node stops listening");
    client.write_all(&body.as_bytes()[body.len() / 2..]).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nOK"), "{answer}\n{}", node.log());
    assert!(node.ended().await);
    node.start_again().await;
    assert_eq!(alice.texts(&node, &token).await, ["late"]);
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_keep_the_program_from_ending() {
    let mut node = Node::start_with(METRICS).await;
    let _client = half_a_request(&node, &"x".repeat(1000)).await;
    in_flight(&node, 1.0).await;
    let (took, well) = node.terminate().await;
    assert!(well && took < Duration::from_secs(25), "{took:?}");
    assert!(node.log().contains("ending requests"), "{}", node.log());
}
