//! Keys of a deployment that are changed while people use it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use support::account::submit;
use support::{Account, Node, PostgresServer};

const OLD_SEED: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const NEW_SEED: &str = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";
const TOKEN_KEY: &str = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";

/// Starts the node again with these lines instead of those of the same keys.
async fn again_with(node: &mut Node, lines: &[(&str, &str)]) {
    let (_, well) = node.terminate().await;
    assert!(well);
    let file = node.folder().join("node.toml");
    let mut text = std::fs::read_to_string(&file).unwrap();
    for (key, value) in lines {
        let others = text.lines().filter(|line| !line.starts_with(&format!("{key} = ")));
        text = others.map(|line| format!("{line}\n")).collect();
        text += &format!("{key} = '{value}'\n");
    }
    std::fs::write(&file, text).unwrap();
    node.start_again().await;
}

#[tokio::test]
async fn while_the_seed_is_changed_nobody_is_signed_out_and_no_message_is_lost() {
    let mut node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let before = bob.envelope(&alice, "sealed for the keys before").to_canonical();

    again_with(&mut node, &[("signing_seed", NEW_SEED), ("previous_signing_seed", OLD_SEED)]).await;
    assert_eq!(node.post("/ds/rpc", &submit(&before)).await.status, 200);
    assert_eq!(alice.texts(&node, &token).await, ["sealed for the keys before"]);
    alice.sign_in(&node).await;

    again_with(&mut node, &[("previous_signing_seed", "")]).await;
    let mailbox = format!("/ds/delivery/messages/incoming/{}", alice.name);
    assert_eq!(node.get_as(&token, &mailbox).await.status, 401);
    let late = bob.envelope(&alice, "too late").to_canonical();
    assert_eq!(node.post("/ds/rpc", &submit(&late)).await.status, 400);
}

#[tokio::test]
async fn a_token_key_of_its_own_is_changed_without_the_seed() {
    let mut node = Node::start_with(&format!("token_key = '{TOKEN_KEY}'\n")).await;
    let alice = Account::new(1).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let mailbox = format!("/ds/delivery/messages/incoming/{}", alice.name);
    // It lies in a file now, the old one beside it.
    let key_file = node.folder().join("token-key");
    std::fs::write(&key_file, NEW_SEED).unwrap();
    let file = [("token_key", ""), ("token_key_file", key_file.to_str().unwrap())];
    again_with(&mut node, &[&file[..], &[("previous_token_key", TOKEN_KEY)]].concat()).await;
    assert_eq!(node.get_as(&token, &mailbox).await.status, 200);
    let newer = alice.sign_in(&node).await;
    again_with(&mut node, &[("previous_token_key", "")]).await;
    assert_eq!(node.get_as(&token, &mailbox).await.status, 401);
    assert_eq!(node.get_as(&newer, &mailbox).await.status, 200);
}

#[tokio::test]
async fn the_databases_password_may_stand_in_a_file() {
    let url = PostgresServer::shared().database().await;
    let (user, rest) = url.split_once('@').unwrap();
    let (user, password) = user.rsplit_once(':').unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, format!("{password}\n")).unwrap();
    let more = format!("database_password_file = '{}'\n", file.display());
    let node = Node::start_on(Some(&format!("{user}@{rest}")), "warn", &more).await;
    Account::new(1).registered(&node).await;
}
