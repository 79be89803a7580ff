//! What strangers try, and what comes of it. Each stands for its kind.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod mailboxes;
mod memory;
mod operators;
mod places;
mod senders;
mod sessions;
#[path = "../support/mod.rs"]
mod support;

use dm3_core::identity::Address;
use dm3_core::message::Envelope;
use reqwest::Method;
use serde_json::Value;
use support::account::submit;
use support::{Account, Node, Reply, Silent};

/// Every name below `slow.eth` leads to a gateway that never answers.
async fn with_slow_names(more: &str) -> (Node, Silent) {
    let node = Node::start_with(&format!("allow_private_networks = true\n{more}")).await;
    let silent = Silent::start().await;
    let url = format!("{}/{{sender}}/{{data}}", silent.url);
    node.chain.set_gateway("slow.eth", Address::from_bytes([0x33; 20]), &[&url], Address::ZERO);
    (node, silent)
}

async fn hand_in(node: &Node, envelope: &Envelope) -> Reply {
    let mut request = submit(&envelope.to_canonical());
    request["id"] = 1.into();
    node.post("/ds/rpc", &request).await
}

fn code(reply: &Reply) -> (u16, Option<i64>) {
    (reply.status.as_u16(), reply.json()["error"]["code"].as_i64())
}

async fn put_settings(node: &Node, account: &Account, token: &str, settings: &Value) {
    let path = format!("/ds/settings/{}", account.name);
    let reply = node.request(Method::PUT, &path, Some(token), Some(&settings.to_string())).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// Alice under a name on the chain, with her profile there.
fn alice_on_chain(node: &Node) -> Account {
    let alice = Account::new(3).called("alice.eth");
    node.chain.set_address("alice.eth", alice.address);
    node.chain.set_profile("alice.eth", format!("data:application/json,{}", alice.profile().to_json()));
    alice
}
