//! What operators are given to watch a node with speaks of metrics that the node has, and of labels they carry.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use support::account::submit;
use support::{Account, Node};

const ALARMS: &str = include_str!("../deploy/alarms.yml");
const DASHBOARD: &str = include_str!("../deploy/grafana.json");

/// The node's metrics by name, each with its labels, after everything that is measured has happened.
async fn metrics() -> BTreeMap<String, BTreeSet<String>> {
    let node = Node::start_with("metrics_listen = '127.0.0.1:0'\nrpc_calls_per_day = 1\n").await;
    let (alice, bob) = (Account::new(1).registered(&node).await, Account::new(2).registered(&node).await);
    alice.send(&node, &bob, "hello").await;
    for _ in 0..2 {
        node.post("/proxy/ethereum", &json!({ "id": 1, "method": "eth_chainId" })).await;
    }
    node.post("/ds/rpc", &submit("{}")).await;
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for line in node.metrics().await.lines().filter(|line| !line.starts_with('#')) {
        let series = line.rsplit_once(' ').unwrap().0;
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.trim_end_matches('}').split(',').filter_map(|label| label.split_once('='));
        let labels = labels.map(|(label, _)| label.to_owned());
        found.entry(name.to_owned()).or_default().extend(labels);
    }
    found
}

/// Each metric of this node that a text of PromQL names, with the labels that it asks for.
fn named(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("dm3_") {
        let rest = &text[at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let labels =
            after.strip_prefix('{').and_then(|after| after.split_once('}')).map_or("", |(labels, _)| labels);
        let labels = labels.split(',').filter(|label| !label.is_empty());
        let labels = labels.map(|label| label.split(['=', '!']).next().unwrap().to_owned()).collect();
        found.push((name.to_owned(), labels));
    }
    found
}

#[tokio::test]
async fn alarms_and_dashboard_ask_for_metrics_and_labels_that_there_are() {
    let metrics = metrics().await;
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let mut asked = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            asked.extend(named(target["expr"].as_str().unwrap()));
        }
    }
    assert!(asked.len() >= dashboard["panels"].as_array().unwrap().len(), "{asked:?}");
    let alarms = named(&ALARMS.replace("Dm3", ""));
    assert!(alarms.len() >= 10, "{alarms:?}");
    asked.extend(alarms);
    for (name, labels) in &asked {
        let there = metrics.get(name).unwrap_or_else(|| panic!("{name} is none of {:?}", metrics.keys()));
        for label in labels {
            // What Prometheus itself adds.
            assert!(label == "instance" || there.contains(label), "{name} has no {label}, but {there:?}");
        }
    }
    // And nothing that is measured is left out of the dashboard.
    for name in metrics.keys().filter(|name| !name.ends_with("_sum") && !name.ends_with("_count")) {
        assert!(DASHBOARD.contains(&**name), "the dashboard does not show {name}");
    }
}

#[test]
fn each_alarm_says_what_it_means_and_causes_that_there_are() {
    let rules: Vec<&str> = ALARMS.split("- alert: ").skip(1).collect();
    for rule in &rules {
        for part in ["expr:", "severity:", "summary:", "description:"] {
            assert!(rule.contains(part), "{part} in {rule}");
        }
    }
    // A word that the program does not say would never ring.
    let says = |word: &str| {
        [
            "src/cases/submit.rs",
            "src/cases/room.rs",
            "src/ethereum/endpoints.rs",
            "src/outgoing/mod.rs",
            "src/ethereum/chain.rs",
        ]
        .iter()
        .any(|file| {
            let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(path).unwrap().contains(&format!("\"{word}\""))
        })
    };
    for label in ["outcome=", "outcome=~", "outcome!~", "cause=", "purpose="] {
        for (at, _) in ALARMS.match_indices(&format!("{label}\"")) {
            let words = ALARMS[at + label.len() + 1..].split('"').next().unwrap();
            for word in words.split('|') {
                assert!(says(word), "nothing says {word}");
            }
        }
    }
}

#[test]
fn the_proxies_let_through_what_the_node_takes() {
    let nginx = include_str!("../deploy/nginx.conf");
    let caddy = include_str!("../deploy/Caddyfile");
    // Bodies: at least a megabyte, and more than twice an envelope.
    assert!(nginx.contains("client_max_body_size 2m;") && caddy.contains("max_size 2MB"));
    for text in [nginx, caddy] {
        assert!(text.contains("127.0.0.1:4040"), "where the example listens");
        assert!(text.contains("trusted_proxies = \"127.0.0.1, ::1\""));
    }
    for needed in
        ["Upgrade $http_upgrade", "X-Forwarded-For $remote_addr", "proxy_http_version 1.1", "limit_req zone"]
    {
        assert!(nginx.contains(needed), "{needed}");
    }
    assert_eq!(nginx.matches('{').count(), nginx.matches('}').count());
    assert_eq!(caddy.matches('{').count(), caddy.matches('}').count());
}
