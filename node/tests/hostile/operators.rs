//! What an operator may forget.

use std::time::Duration;

use reqwest::Client;
use serde_json::json;

use crate::support::{Account, Node};
use crate::{code, hand_in};

#[tokio::test]
async fn names_that_strangers_would_trust_are_nobodys() {
    let node = Node::start_with("reserved_names = 'support, Bank'\nnames_per_day_per_address = 1\n").await;
    let claim = async |n: u8, label: &str| Account::new(n).claim_name(&node, label).await;
    for label in ["support", "bank", "BANK"] {
        let reply = claim(3, label).await;
        assert_eq!(
            (reply.status.as_u16(), reply.body.contains("kept by the operator")),
            (400, true),
            "{label}"
        );
    }
    assert_eq!(claim(3, "alice").await.status, 200);
    assert_eq!(claim(4, "bob").await.status, 429, "names are not for collecting");
    // The operator takes one back, while the node runs.
    let program = env!("CARGO_BIN_EXE_dm3-node");
    let config = node.folder().join("node.toml");
    let take_back = async |name: &str| {
        let mut command = tokio::process::Command::new(program);
        command.arg("--config").arg(&config).args(["take-back", name]).output().await.unwrap()
    };
    assert!(take_back("alice.user.dm3.eth").await.status.success());
    assert_eq!(node.get("/ds/auth/alice.user.dm3.eth").await.status, 404);
    assert!(!take_back("alice.user.dm3.eth").await.status.success(), "nobody has it now");
}

#[tokio::test]
async fn a_clock_that_is_far_ahead_costs_no_mail() {
    let mut node = Node::start_with("message_ttl_seconds = 864000\n").await;
    let bob = Account::new(2).registered(&node).await;
    let alice = Account::new(3).registered(&node).await;
    alice.send(&node, &bob, "kept").await;
    let rewind = |days: i64| {
        let file = node.sqlite_file().unwrap();
        async move {
            use sqlx::Connection as _;
            let url = format!("sqlite://{}", file.display());
            let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
            let ms = days * 86_400_000;
            for change in
                ["UPDATE marks SET value = value - ?1", "UPDATE messages SET received_at = received_at - ?1"]
            {
                sqlx::query(change).bind(ms).execute(&mut database).await.unwrap();
            }
            database.close().await.unwrap();
        }
    };
    // As if the clock had gone on by thirty days while the node was off.
    let rewound = rewind(30);
    node.terminate().await;
    rewound.await;
    node.start_again().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let token = bob.sign_in(&node).await;
    assert_eq!(bob.texts(&node, &token).await, ["kept"]);
    assert!(node.log().contains("check the clock"), "{}", node.log());
}

#[tokio::test]
async fn two_processes_do_not_serve_one_file_and_nobody_else_reads_it() {
    let node = Node::start().await;
    let second = tokio::process::Command::new(env!("CARGO_BIN_EXE_dm3-node"))
        .arg("--config")
        .arg(node.folder().join("node.toml"))
        .output();
    let second =
        tokio::time::timeout(Duration::from_secs(20), second).await.expect("it ends at once").unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another process serves"), "{second:?}");
    #[cfg(unix)]
    for file in ["node.sqlite", "node.sqlite-wal", "node.sqlite-lock"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(node.folder().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}");
    }
}

#[tokio::test]
async fn the_examples_keys_are_not_served_to_the_world() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node.toml");
    let example = include_str!("../../dm3-node.example.toml")
        .replace("127.0.0.1:4040", "127.0.0.1:0")
        .replace("dm3-node.sqlite", &folder.path().join("x.sqlite").display().to_string());
    std::fs::write(&file, example).unwrap();
    let started =
        tokio::process::Command::new(env!("CARGO_BIN_EXE_dm3-node")).arg("--config").arg(&file).output();
    let started =
        tokio::time::timeout(Duration::from_secs(20), started).await.expect("it ends at once").unwrap();
    assert!(!started.status.success());
    assert!(
        String::from_utf8_lossy(&started.stderr).contains("signing_seed is the example's"),
        "{started:?}"
    );
}

#[tokio::test]
async fn a_proxy_that_is_not_named_is_told_of() {
    let node = Node::start_with("requests_per_minute_per_address = 3\n").await;
    let client = Client::builder().no_proxy().build().unwrap();
    for n in 0..8 {
        let request = client.get(format!("{}/ds/hello", node.url));
        request.header("x-forwarded-for", format!("192.0.2.{n}")).send().await.unwrap();
    }
    assert_eq!(node.log().matches("set trusted_proxies").count(), 1, "{}", node.log());
}

#[tokio::test]
async fn a_disk_that_is_nearly_full_refuses_what_is_new_and_lets_mailboxes_be_emptied() {
    let mut node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let alice = Account::new(3).registered(&node).await;
    let hash = alice.send(&node, &bob, "before").await;
    node.terminate().await;
    let file = node.folder().join("node.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{config}disk_bytes_kept_free = 1000000000000000000\n")).unwrap();
    node.start_again().await;
    let token = bob.sign_in(&node).await;
    let reply = hand_in(&node, &alice.envelope(&bob, "after")).await;
    assert_eq!(code(&reply), (507, Some(-32002)), "for now");
    let storage = format!("/api/storage/new/{}/addConversation", bob.name);
    let conversation = json!({ "encryptedContactName": "x" });
    assert_eq!(node.post_as(&token, &storage, &conversation).await.status, 507);
    let profile = Account::new(4);
    let path = format!("/ds/profile/{}", profile.name);
    assert_eq!(node.post(&path, &profile.profile().to_json()).await.status, 507);
    let ready = node.get("/ready").await;
    assert_eq!((ready.status.as_u16(), ready.body.contains("disk is nearly full")), (503, true), "{ready:?}");
    assert_eq!(bob.texts(&node, &token).await, ["before"]);
    bob.acknowledge(&node, &token, alice.name.as_str(), &hash).await;
    assert_eq!(bob.texts(&node, &token).await, [""; 0]);
}
