//! What an operator does while the node runs: `dm3-node admin`, on both engines.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::process::{Output, Stdio};

use serde_json::{Value, json};
use support::account::submit;
use support::{Account, Node, PostgresServer, Socket};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

fn command(node: &Node, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dm3-node"));
    command.arg("--config").arg(node.folder().join("node.toml")).arg("admin").args(words);
    command.stdin(Stdio::null());
    command
}

async fn run(node: &Node, words: &[&str]) -> Output {
    command(node, words).output().await.unwrap()
}

/// Does it as Olga, and gives what it says.
async fn admin(node: &Node, words: &[&str]) -> String {
    let output = run(node, &[&["--as", "olga", "--yes"], words].concat()).await;
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A node on each engine, one after the other.
async fn on_both_engines(test: impl AsyncFn(Node)) {
    test(Node::start().await).await;
    let url = PostgresServer::shared().database().await;
    test(Node::start_on(Some(&url), "warn", "").await).await;
}

async fn submitted(node: &Node, envelope: &str, id: bool) -> (u16, Value) {
    let mut request = submit(envelope);
    if id {
        request["id"] = json!(1);
    }
    let reply = node.post("/ds/rpc", &request).await;
    (reply.status.as_u16(), serde_json::from_str(&reply.body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_blocked_account_is_out_at_once_and_comes_back_when_it_is_let() {
    on_both_engines(async |node| {
        let alice = Account::new(1).registered(&node).await;
        let bob = Account::new(2).registered(&node).await;
        let token = alice.sign_in(&node).await;
        let mut socket = Socket::authorized(&node, &alice, &token).await;
        // What is known of her is in memory.
        bob.send(&node, &alice, "before").await;
        assert!(socket.frame().await.unwrap().contains("message"));
        admin(&node, &["block", "account", alice.name.as_str()]).await;

        let mailbox = format!("/ds/delivery/messages/incoming/{}", alice.name);
        assert_eq!(node.get_as(&token, &mailbox).await.status, 401, "her session is over");
        assert_eq!(socket.frame().await.as_deref(), Some("41"), "her socket is closed");
        let challenge = node.get(&format!("/ds/auth/{}", alice.name)).await;
        assert_eq!(challenge.status, 403);
        assert!(challenge.json()["error"].as_str().unwrap().contains("blocked"));
        let registration =
            node.post(&format!("/ds/profile/{}", alice.name), &alice.profile().to_json()).await;
        assert_eq!(registration.status, 400, "in the deployed form");
        assert_eq!(registration.json()["message"], "Couldn't store profile");
        // To her, and from her: with a code where one is asked for, the deployed way where not.
        let to_her = bob.envelope(&alice, "to her").to_canonical();
        let from_her = alice.envelope(&bob, "from her").to_canonical();
        let (status, answer) = submitted(&node, &to_her, true).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(-32001)), "{answer}");
        let (status, answer) = submitted(&node, &from_her, true).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(-32004)), "{answer}");
        assert_eq!(submitted(&node, &from_her, false).await, (400, Value::Null));

        admin(&node, &["unblock", "account", alice.name.as_str()]).await;
        let token = alice.sign_in(&node).await;
        assert_eq!(submitted(&node, &to_her, true).await.0, 200);
        assert_eq!(submitted(&node, &from_her, true).await.0, 200);
        let mut texts = alice.texts(&node, &token).await;
        texts.sort();
        assert_eq!(texts, ["before", "to her"]);
    })
    .await;
}

#[tokio::test]
async fn messages_of_a_blocked_sender_are_refused_whoever_verifies_them() {
    on_both_engines(async |node| {
        let bob = Account::new(2).registered(&node).await;
        let alice = Account::new(1).registered(&node).await;
        let stranger = Account::new(9).called("Spam.example.eth");
        let theirs = stranger.envelope(&bob, "buy").to_canonical();
        admin(&node, &["block", "sender", "spam.example.eth"]).await;
        admin(&node, &["block", "sender", &alice.address.to_string()]).await;
        for envelope in [theirs.clone(), alice.envelope(&bob, "hello").to_canonical()] {
            let (status, answer) = submitted(&node, &envelope, true).await;
            assert_eq!((status, &answer["error"]["code"]), (400, &json!(-32004)), "{answer}");
        }
        // She may still read.
        alice.sign_in(&node).await;
        let blocked = admin(&node, &["blocked"]).await;
        assert!(blocked.contains("sender\tspam.example.eth\t"), "{blocked}");
        let again = run(&node, &["--as", "olga", "block", "sender", "spam.example.eth"]).await;
        assert!(!again.status.success());
        admin(&node, &["unblock", "sender", "spam.example.eth"]).await;
        assert_eq!(submitted(&node, &theirs, true).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_and_may_begin_anew() {
    on_both_engines(async |node| {
        let alice = Account::new(1).registered(&node).await;
        let bob = Account::new(2).registered(&node).await;
        assert_eq!(alice.claim_name(&node, "alice").await.status, 200);
        for n in 0..3 {
            bob.send(&node, &alice, &format!("message {n}")).await;
        }
        let token = alice.sign_in(&node).await;
        let settings = format!("/ds/settings/{}", alice.name);
        let rules = r#"{"deny":["0x0000000000000000000000000000000000000001"]}"#;
        node.request(reqwest::Method::PUT, &settings, Some(&token), Some(rules)).await;

        let hash = "22".repeat(32);
        let promised = json!({ "size": 5, "hash": hash });
        let files = format!("/ds/blobs/{}", alice.name);
        assert_eq!(node.post_as(&token, &files, &promised).await.status, 201);

        // First everything is written down, for her to take along.
        let file = node.folder().join("alice.json");
        admin(&node, &["export", "alice.user.dm3.eth", file.to_str().unwrap()]).await;
        let export: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert_eq!(export["format"], "dm3-node account 1");
        assert_eq!(export["name"], "alice.user.dm3.eth");
        assert_eq!(export["profile"], alice.profile().to_json());
        assert_eq!(export["messages"].as_array().unwrap().len(), 3);
        assert_eq!(export["settings"]["deny"].as_array().unwrap().len(), 1);
        for part in ["storageConversations", "storageMessages", "history"] {
            assert_eq!(export[part], json!([]));
        }

        assert_eq!(export["files"][0]["hash"], hash);
        assert!(admin(&node, &["purge", alice.name.as_str(), "files"]).await.starts_with("1 files"));
        assert_eq!(node.get_as(&token, &files).await.json()["bytes"], 0);
        assert_eq!(node.post_as(&token, &files, &promised).await.status, 201);

        // Nobody at the terminal means no.
        let asked = run(&node, &["--as", "olga", "delete", alice.name.as_str()]).await;
        assert!(!asked.status.success());
        assert!(String::from_utf8_lossy(&asked.stderr).contains("deleted for ever"));
        alice.sign_in(&node).await;
        let mut asked = command(&node, &["--as", "olga", "delete", alice.name.as_str()]);
        let mut asked = asked.stdin(Stdio::piped()).spawn().unwrap();
        asked.stdin.take().unwrap().write_all(b"yes\n").await.unwrap();
        assert!(asked.wait().await.unwrap().success());

        assert_eq!(node.get_as(&token, &settings).await.status, 401, "her session is over");
        assert_eq!(node.get("/ds/auth/alice.user.dm3.eth").await.status, 404);
        let late = bob.envelope(&alice, "late").to_canonical();
        assert_eq!(submitted(&node, &late, true).await.1["error"]["code"], -32001);
        let accounts = admin(&node, &["accounts"]).await;
        assert!(!accounts.contains(&alice.address.to_lower_hex()), "{accounts}");

        let alice = Account::new(1).rotated(7).registered(&node).await;
        assert_eq!(node.get_as(&token, &settings).await.status, 401, "it is over for good");
        let token = alice.sign_in(&node).await;
        assert!(alice.incoming(&node, &token).await.is_empty());
        assert_eq!(node.get_as(&token, &files).await.json()["blobs"], 0);
        assert_eq!(node.get_as(&token, &settings).await.json().get("deny"), Some(&json!([])));
        bob.send(&node, &alice, "welcome back").await;
        assert_eq!(alice.texts(&node, &token).await, ["welcome back"]);
    })
    .await;
}

#[tokio::test]
async fn a_mailbox_is_rid_of_strangers_or_of_one_sender_and_of_nothing_else() {
    on_both_engines(async |node| {
        let alice = Account::new(1).registered(&node).await;
        let bob = Account::new(2).registered(&node).await;
        let carol = Account::new(3).registered(&node).await;
        let stranger = Account::new(9).called("noise.example.eth");
        for n in 0..4 {
            stranger.send(&node, &alice, &format!("noise {n}")).await;
        }
        bob.send(&node, &alice, "from bob").await;
        carol.send(&node, &alice, "from carol").await;
        let senders = admin(&node, &["senders"]).await;
        let first = senders.lines().nth(1).unwrap();
        assert!(first.starts_with("noise.example.eth\t-\tunknown\t4\t"), "{senders}");
        assert!(senders.contains(&format!("{}\tverified\t1\t", bob.address.to_lower_hex())), "{senders}");

        let name = alice.name.as_str();
        assert!(admin(&node, &["purge", name, "unknown"]).await.starts_with("4 messages"));
        assert!(admin(&node, &["purge", name, "from", bob.name.as_str()]).await.starts_with("1 messages"));
        let token = alice.sign_in(&node).await;
        assert_eq!(alice.texts(&node, &token).await, ["from carol"]);
        let accounts = admin(&node, &["accounts"]).await;
        let hers = accounts.lines().find(|line| line.starts_with(&alice.address.to_lower_hex())).unwrap();
        let columns: Vec<&str> = hers.split('\t').collect();
        assert_eq!((columns[1], columns[2], columns[6]), ("-", "1", "-"), "{accounts}");
        assert!(columns[5].ends_with('Z'), "she signed in: {accounts}");
        admin(&node, &["free-space"]).await;
        assert_eq!(alice.texts(&node, &token).await, ["from carol"]);
    })
    .await;
}

#[tokio::test]
async fn while_registration_is_stopped_old_accounts_go_on_and_new_ones_wait() {
    on_both_engines(async |node| {
        Account::new(1).registered(&node).await;
        admin(&node, &["registration", "stop"]).await;
        let new = Account::new(2);
        let path = format!("/ds/profile/{}", new.name);
        let reply = node.post(&path, &new.profile().to_json()).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.json()["message"]),
            (400, &json!("Couldn't store profile"))
        );
        assert!(reply.json()["error"].as_str().unwrap().contains("no new accounts"), "{reply:?}");
        let rotated = Account::new(1).rotated(5).registered(&node).await;
        rotated.sign_in(&node).await;
        admin(&node, &["registration", "start"]).await;
        rotated.send(&node, &new.registered(&node).await, "welcome").await;
    })
    .await;
}

#[tokio::test]
async fn names_are_kept_taken_back_and_listed_and_each_act_stands_in_the_log() {
    on_both_engines(async |node| {
        let alice = Account::new(1).registered(&node).await;
        admin(&node, &["reserve", "Treasury"]).await;
        let reply = alice.claim_name(&node, "treasury").await;
        assert_eq!(
            (reply.status.as_u16(), reply.body.contains("kept by the operator")),
            (400, true),
            "{reply:?}"
        );
        assert_eq!(alice.claim_name(&node, "alice").await.status, 200);
        let names = admin(&node, &["names"]).await;
        assert!(names.contains(&format!("alice.user.dm3.eth\t{}", alice.address.to_lower_hex())), "{names}");
        admin(&node, &["take-back", "alice.user.dm3.eth"]).await;
        assert_eq!(node.get("/ds/auth/alice.user.dm3.eth").await.status, 404);
        admin(&node, &["unreserve", "treasury"]).await;
        assert_eq!(alice.claim_name(&node, "treasury").await.status, 200);

        let log = admin(&node, &["log"]).await;
        let acts: Vec<String> =
            log.lines().skip(1).map(|line| line.split('\t').skip(1).collect::<Vec<_>>().join(" ")).collect();
        let expected = [
            "olga unreserve name treasury",
            "olga take back name alice.user.dm3.eth",
            "olga reserve name treasury",
        ];
        assert_eq!(acts, expected, "{log}");
    })
    .await;
}

#[tokio::test]
async fn who_changes_something_says_who_they_are_and_a_wrong_word_does_nothing() {
    let node = Node::start().await;
    for words in [
        &["registration", "stop"][..],
        &["--as", " ", "registration", "stop"],
        &["--as", "o\n", "delete", "x"],
    ] {
        let output = run(&node, words).await;
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("--as"), "{words:?}");
    }
    for words in [&[][..], &["destroy"], &["block", "alice.eth"], &["purge", "alice.eth"]] {
        let output = run(&node, words).await;
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("block account|sender WHO"), "{words:?}");
    }
    let output = run(&node, &["--as", "olga", "block", "account", "nobody.eth"]).await;
    assert!(String::from_utf8_lossy(&output.stderr).contains("0x…"), "a name of elsewhere is nobody here");
    assert_eq!(admin(&node, &["log"]).await.lines().count(), 1, "nothing was done");
}
