//! The program: its arguments, its configuration, and what it says about itself.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::process::{Command, Output};
use std::time::Duration;

use dm3_core::delivery::Discovery;
use serde_json::{Value, json};
use support::{Account, Node, Socket, node_keys};

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dm3-node"))
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn example() -> String {
    format!("{}/dm3-node.example.toml", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_public_keys_are_printed_and_no_secret() {
    let output = run(&["--config", &example(), "keys"], &[]);
    assert!(output.status.success());
    let keys: Value = serde_json::from_slice(&output.stdout).unwrap();
    for key in ["publicSigningKey", "publicEncryptionKey", "gatewayAddress"] {
        assert!(keys[key].is_string(), "{keys}");
    }
    assert!(keys["relayAddress"].is_null(), "the example pays for no burns: {keys}");
    assert_eq!(keys.as_object().unwrap().len(), 4);
    let seed = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let output = run(&["--config", &example(), "keys"], &[("DM3_NODE_SIGNING_SEED", seed)]);
    let keys: Value = serde_json::from_slice(&output.stdout).unwrap();
    use base64::Engine as _;
    let expected =
        base64::engine::general_purpose::STANDARD.encode(node_keys().public().encryption.as_bytes());
    assert_eq!(keys["publicEncryptionKey"], expected);
}

#[test]
fn an_unknown_key_or_a_wrong_command_ends_the_program_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.toml");
    let text = std::fs::read_to_string(example()).unwrap();
    std::fs::write(&file, format!("{text}\nsize_limt = 1\n")).unwrap();
    let output = run(&["--config", file.to_str().unwrap()], &[]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("size_limt"), "{error}");
    let output = run(&["--config", &example()], &[("DM3_NODE_SIZE_LIMT", "1")]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("size_limt"));
    for arguments in [&[][..], &["--config"], &["serve"], &["--config", "x", "y"]] {
        let output = run(arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains("usage"), "{arguments:?}");
    }
    let output = run(&["--config", "/no/such/file"], &[]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("can't read /no/such/file"));
}

#[tokio::test]
async fn a_client_learns_everything_from_one_address() {
    let node = Node::start().await;
    let reply = node.get("/.well-known/dm3").await;
    assert_eq!(reply.headers["access-control-allow-origin"], "*");
    let discovery = Discovery::parse(&reply.body).unwrap();
    assert_eq!(discovery.name.as_str(), "ds1.eth");
    assert_eq!(discovery.delivery_service_url.as_str(), "http://127.0.0.1:4040/ds");
    assert_eq!(discovery.address_domain.as_str(), "addr.dm3.eth");
    // The node's own access to the chain stays its own.
    assert_eq!(discovery.rpc_url.as_str(), "http://127.0.0.1:8545");
    assert!(!reply.body.contains(&node.chain.url));
    assert_eq!(node.get("/health").await.json(), json!({ "status": "ok" }));
}

#[tokio::test]
async fn a_client_learns_what_else_there_is_and_how_much_of_it() {
    let node =
        Node::start_with("size_limit = 50000\nmessage_ttl_seconds = 86400\nmailbox_message_limit = 0\n")
            .await;
    let document = node.get("/.well-known/dm3").await.json();
    let url = |path: &str| json!(format!("http://127.0.0.1:4040{path}"));
    assert_eq!(document["mailboxUrl"], url("/ds/mailbox"));
    assert_eq!(document["settingsUrl"], url("/ds/settings"));
    assert_eq!(document["historyUrl"], url("/api/history"));
    let notifications = json!({ "url": url("/ds/notifications"), "channels": [], "publicVapidKey": null });
    assert_eq!(document["notifications"], notifications);
    let limits = json!({
        "requestBytes": 1_000_000,
        "envelopeBytes": 50_000,
        "mailboxMessages": null,
        "mailboxBytes": 1_000_000_000,
        "messageTtlSeconds": 86_400,
        "storageBytes": 500_000_000,
        "history": {
            "records": 1_000_000, "bytes": 500_000_000, "recordBytes": 524_288, "batch": 500, "page": 1000,
        },
    });
    assert_eq!(document["limits"], limits);
}

#[tokio::test]
async fn deliveries_are_told_by_intervals_that_are_over() {
    let node = Node::start_with("metrics_interval_seconds = 1\n").await;
    let reply = node.get("/ds/metrics").await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (204, ""));
    let bob = Account::new(2).registered(&node).await;
    for text in ["one", "two", "three"] {
        Account::new(1).send(&node, &bob, text).await;
    }
    // An interval is told once it is over.
    let told = async {
        loop {
            let reply = node.get("/ds/metrics").await;
            let lines: Vec<String> = reply.body.lines().map(str::to_owned).collect();
            let count = |column: usize| -> u64 {
                lines
                    .iter()
                    .skip(1)
                    .map(|line| line.split(',').nth(column).unwrap().parse::<u64>().unwrap())
                    .sum()
            };
            if count(2) == 3 {
                return (reply.headers["content-type"].clone(), lines[0].clone(), count(3));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let (media_type, head, bytes) = tokio::time::timeout(Duration::from_secs(60), told).await.unwrap();
    assert_eq!(media_type, "text/csv; charset=utf-8");
    assert_eq!(head, "timestampStart,durationSeconds,messageCount,messageSizeBytes,notificationCount");
    assert!(bytes > 3 * 6_000, "{bytes}");
}

#[tokio::test]
async fn properties_hold_no_secret() {
    let node = Node::start().await;
    let request = json!({ "jsonrpc": "2.0", "method": "dm3_getDeliveryServiceProperties", "params": [] });
    let reply = node.post("/ds/rpc", &request).await.json();
    let properties: Value = serde_json::from_str(reply["result"].as_str().unwrap()).unwrap();
    let expected = json!({
        "messageTTL": 0,
        "metricsCollectionIntervalInSeconds": 86_400,
        "metricsRetentionDurationInSeconds": 864_000,
        "notificationChannel": [],
        "sizeLimit": 100_000,
    });
    assert_eq!(properties, expected);
}

#[tokio::test]
async fn any_origin_may_ask_and_is_told_so_before() {
    let node = Node::start().await;
    for path in ["/ds/rpc", "/resolver-handler/profile/address", "/.well-known/dm3", "/socket.io/?EIO=4"] {
        let reply = node.preflight(path).await;
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.headers["access-control-allow-origin"], "*", "{path}");
        let allowed = reply.headers["access-control-allow-headers"].to_str().unwrap().to_lowercase();
        assert!(allowed.contains("authorization") && allowed.contains("content-type"), "{path}: {allowed}");
    }
}

#[tokio::test]
async fn open_sockets_do_not_keep_the_program_from_ending() {
    let mut node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let mut socket = Socket::authorized(&node, &alice, &alice.sign_in(&node).await).await;
    let unsigned = Socket::open(&node).await;
    let (took, well) = node.terminate().await;
    assert!(well && took < std::time::Duration::from_secs(5), "{took:?}");
    while let Some(frame) = socket.frame().await {
        assert!(matches!(frame.as_str(), "1" | "41"), "only a good-bye is sent: {frame}");
    }
    drop(unsigned);
}
