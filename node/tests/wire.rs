//! The recorded exchanges with the reference's servers, in their order: the same requests get the same
//! status and the same shape of answer, except where the recording says why not (`ours`).
//!
//! In `wire/exchanges.json`, `$challenge:N` is the N-th challenge, `$signature:WHO` the account's signature of
//! the challenge beside it, `$token:WHO` and `$receipt:WHO` what the sign-in and the registration gave,
//! `$envelope` an envelope of alice's for bob (the same each time), and `$hash` its hash.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::collections::HashMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use support::{Account, Node};

#[derive(Deserialize)]
struct Exchange {
    step: String,
    method: String,
    path: String,
    token: Option<String>,
    body: Option<Value>,
    status: u16,
    json: Option<Value>,
    text: Option<String>,
    ours: Option<Ours>,
}

#[derive(Deserialize)]
struct Ours {
    status: u16,
    why: String,
}

/// What the placeholders stand for.
struct Values {
    alice: Account,
    bob: Account,
    envelope: String,
    hash: String,
    seen: HashMap<String, String>,
}

impl Values {
    fn fill(&self, value: &mut Value) {
        match value {
            Value::Object(object) => {
                let challenge = object.get("challenge").and_then(Value::as_str).map(|text| self.text(text));
                for (key, value) in object {
                    match (key.as_str(), value.as_str()) {
                        ("signature", Some("$signature:alice")) => {
                            *value = self.alice.keys.signing.sign(challenge.as_deref().unwrap()).into();
                        }
                        ("signature", Some("$signature:bob")) => {
                            *value = self.bob.keys.signing.sign(challenge.as_deref().unwrap()).into();
                        }
                        _ => self.fill(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill(item)),
            Value::String(text) => *text = self.text(text),
            _ => {}
        }
    }

    fn text(&self, text: &str) -> String {
        match text {
            "$envelope" => self.envelope.clone(),
            "$hash" => self.hash.clone(),
            _ if text.starts_with('$') => self.seen[text].clone(),
            _ => text.to_owned(),
        }
    }
}

#[tokio::test]
async fn recorded_requests_get_the_recorded_answers() {
    let exchanges: Vec<Exchange> = serde_json::from_str(include_str!("wire/exchanges.json")).unwrap();
    assert!(exchanges.len() > 50);
    let node = Node::start().await;
    let alice = Account::recorded(
        "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
        "GofYYj8VhvwU3IiLsZNpxzPUWOKPm+Q1u8r03rlch08=",
    );
    let bob = Account::recorded(
        "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
        "RpTE7TyAUbt1GhF2bmnHKoUeWAUrAiTQXW2vpVa5KsM=",
    );
    let envelope = alice.envelope(&bob, "hello bob");
    let hash = envelope.claimed_hash().to_owned();
    let mut values = Values { envelope: envelope.to_canonical(), hash, alice, bob, seen: HashMap::new() };
    for exchange in exchanges {
        let shown = format!("{} {} {}", exchange.step, exchange.method, exchange.path);
        let token = exchange.token.as_deref().map(|token| values.text(token));
        let body = exchange.body.map(|mut body| {
            values.fill(&mut body);
            body.to_string()
        });
        let method = Method::from_bytes(exchange.method.as_bytes()).unwrap();
        let reply = node.request(method, &exchange.path, token.as_deref(), body.as_deref()).await;
        if let Some(ours) = exchange.ours {
            assert_eq!(reply.status, ours.status, "{shown} ({}): {reply:?}", ours.why);
            continue;
        }
        assert_eq!(reply.status, exchange.status, "{shown}: {reply:?}");
        match (exchange.json, exchange.text) {
            (Some(Value::String(placeholder)), _) => {
                values.seen.insert(placeholder, reply.text());
            }
            (Some(recorded), _) => assert_same_shape(&recorded, &reply.json(), &shown),
            (None, Some(text)) => assert_eq!(reply.body, text, "{shown}"),
            (None, None) => {}
        }
        assert_eq!(reply.headers["access-control-allow-origin"], "*", "{shown}");
    }
}

/// The same members and types; texts that people read are the same texts.
fn assert_same_shape(recorded: &Value, ours: &Value, shown: &str) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            let (recorded_keys, our_keys): (Vec<_>, Vec<_>) =
                (recorded.keys().collect(), ours.keys().collect());
            assert_eq!(recorded_keys, our_keys, "{shown}");
            for (key, value) in recorded {
                if matches!(key.as_str(), "error" | "message" | "profile" | "name") && value != "…" {
                    assert_eq!(value, &ours[key], "{shown}");
                }
                assert_same_shape(value, &ours[key], shown);
            }
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            assert_eq!(recorded.len(), ours.len(), "{shown}");
            recorded.iter().zip(ours).for_each(|(recorded, ours)| assert_same_shape(recorded, ours, shown));
        }
        (recorded, ours) => {
            assert_eq!(std::mem::discriminant(recorded), std::mem::discriminant(ours), "{shown}: {ours}");
        }
    }
}
