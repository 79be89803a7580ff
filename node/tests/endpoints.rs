//! Several Ethereum nodes, and how often they are asked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use serde_json::{Value, json};
use support::account::submit;
use support::{Account, Chain, Node};

const METRICS: &str = "metrics_listen = '127.0.0.1:0'\n";

/// A node that asks these chains, in this order, and not the one it comes with.
async fn node_on(chains: &[&str], more: &str) -> Node {
    Node::start_with(&format!("rpc_url = '{}'\n{METRICS}{more}", chains.join(" "))).await
}

async fn block(node: &Node) -> Value {
    node.post("/proxy/ethereum", &json!({ "id": 1, "method": "eth_chainId" })).await.json()
}

#[tokio::test]
async fn an_ethereum_node_that_fails_is_left_for_one_that_does_not() {
    let (first, second) = (Chain::start().await, Chain::start().await);
    for chain in [&first, &second] {
        chain.set_address("carol.eth", Account::new(3).address);
    }
    let dead = "http://127.0.0.1:1";
    let node = node_on(&[&first.url, dead, &second.url], "").await;
    assert_eq!(block(&node).await["result"], "0x1");
    assert_eq!(second.calls(), 0, "one that is well is enough");
    first.break_down();
    // Names are found, and nobody notices.
    let bob = Account::new(2).registered(&node).await;
    Account::new(3).called("carol.eth").send(&node, &bob, "hello").await;
    assert_eq!(block(&node).await["result"], "0x1");
    assert!(second.calls() > 0);
    assert_eq!(node.get("/ready").await.status, 200);
    let asked = first.calls();
    for _ in 0..5 {
        assert_eq!(block(&node).await["result"], "0x1");
    }
    assert_eq!(first.calls(), asked, "it rests");
    // When all are away, it is only not now.
    second.break_down();
    assert_eq!(block(&node).await["error"]["code"], -32002);
    first.repair();
    assert_eq!(block(&node).await["result"], "0x1", "those that rest are asked when nobody else is left");
}

#[tokio::test]
async fn an_ethereum_node_that_serves_another_chain_is_not_believed() {
    let (liar, honest) = (Chain::start().await, Chain::start().await);
    liar.set_id(5);
    liar.set_address("carol.eth", Account::new(9).address);
    honest.set_address("carol.eth", Account::new(3).address);
    let node = node_on(&[&liar.url, &honest.url], "").await;
    let carol = Account::new(3).registered(&node).await;
    let found = node.get("/ds/profile/carol.eth").await;
    assert_eq!(found.json(), carol.profile().to_json());
    let metrics = node.metrics().await;
    assert!(metrics.contains(r#"dm3_outgoing_total{purpose="chain",outcome="other_chain"} 1"#), "{metrics}");
    honest.set_id(5);
    let all = node_on(&[&liar.url, &honest.url], "").await;
    let report = all.get("/ready").await;
    assert_eq!(report.status, 503);
    assert!(report.json()["chain"].as_str().unwrap().contains("chain_id"), "{report:?}");
}

#[tokio::test]
async fn beyond_the_calls_of_a_day_what_needs_the_chain_is_not_now_and_the_rest_goes_on() {
    let chain = Chain::start().await;
    let node = node_on(&[&chain.url], "rpc_calls_per_day = 4\nsender_check = 'reject'\n").await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    for _ in 0..4 {
        assert_eq!(block(&node).await["result"], "0x1");
    }
    assert_eq!(block(&node).await["error"]["code"], -32002);
    assert_eq!(chain.calls(), 4, "nobody pays for more");
    // A stranger whose name only the chain knows is not refused for good.
    let stranger = Account::new(9).called("somebody.eth").envelope(&bob, "hello").to_canonical();
    let reply = node.post("/ds/rpc", &submit(&stranger)).await;
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.headers.contains_key("retry-after"));
    let profile = node.get("/ds/profile/somebody.eth").await;
    assert_eq!(profile.status, 503);
    // Accounts of this node need no chain.
    alice.send(&node, &bob, "between us").await;
    let token = bob.sign_in(&node).await;
    assert_eq!(bob.texts(&node, &token).await, ["between us"]);
    let report = node.get("/ready").await;
    assert!(report.json()["chain"].as_str().unwrap().contains("rpc_calls_per_day"), "{report:?}");
    let metrics = node.metrics().await;
    assert!(metrics.contains("dm3_chain_calls_today 4"), "{metrics}");
    assert!(metrics.contains(r#"dm3_refused_total{cause="chain_calls"}"#), "{metrics}");
}
