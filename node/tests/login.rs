//! A token is only given for a challenge answered with the profile key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dm3_core::registry::profile_record;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Account, Node, Socket};

#[tokio::test]
async fn what_a_registration_is_answered_with_opens_nothing() {
    let node = Node::start().await;
    let alice = Account::new(1);
    for base in ["/ds", "/api"] {
        let reply = node.post(&format!("{base}/profile/{}", alice.name), &alice.profile().to_json()).await;
        assert_eq!(reply.status, 200);
        let receipt = reply.text();
        assert_eq!(receipt.split('.').count(), 3, "the reference's clients expect a JWT: {receipt}");
        let challenge = node.get(&format!("/ds/auth/{}", alice.name)).await.text();
        for token in [receipt.as_str(), &challenge] {
            for name in [alice.name.to_string(), alice.address.to_string(), alice.address.to_lower_hex()] {
                for (method, path) in [
                    (Method::GET, format!("/ds/delivery/messages/incoming/{name}")),
                    (Method::GET, format!("/ds/delivery/messages/incoming/{name}/?after=0")),
                    (Method::POST, format!("/ds/delivery/messages/{name}/syncAcknowledgements/")),
                ] {
                    let body = json!({ "acknowledgements": [] }).to_string();
                    let body = (method == Method::POST).then_some(body.as_str());
                    let reply = node.request(method, &path, Some(token), body).await;
                    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (401, "Unauthorized"), "{path}");
                }
                let (_, answer) = Socket::connect(&node, &name, token).await;
                assert_eq!(answer, r#"44{"message":"check token has failed for WS"}"#);
            }
        }
    }
}

#[tokio::test]
async fn an_answered_challenge_opens_the_mailbox_under_each_form_of_the_name() {
    let node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let token = alice.sign_in(&node).await;
    for name in [
        alice.name.to_string(),
        alice.address.to_string(),
        alice.name.as_str().to_uppercase().replace("0X", "0x"),
    ] {
        let reply = node.get_as(&token, &format!("/ds/delivery/messages/incoming/{name}")).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "[]"), "{name}");
    }
    let reply = node.get_as(&token, &format!("/ds/delivery/messages/incoming/{}", bob.name)).await;
    assert_eq!(reply.status, 401);
    let reply = node.get(&format!("/ds/delivery/messages/incoming/{}", alice.name)).await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn a_challenge_is_answered_once() {
    let mut node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let path = format!("/ds/auth/{}", alice.name);
    let challenge = node.get(&path).await.text();
    assert_eq!(node.post(&path, &alice.answer(&challenge)).await.status, 200);
    let again = node.post(&path, &alice.answer(&challenge)).await;
    assert_eq!(again.status, 400);
    assert!(again.json()["error"].as_str().unwrap().contains("answered before"));
    node.kill_and_restart().await;
    assert_eq!(node.post(&path, &alice.answer(&challenge)).await.status, 400);
    assert_eq!(node.post(&path.replace("/ds", "/api"), &alice.answer(&challenge)).await.status, 400);
}

#[tokio::test]
async fn a_challenge_belongs_to_the_account_it_was_made_for() {
    let node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let challenge = node.get(&format!("/ds/auth/{}", bob.name)).await.text();
    let reply = node.post(&format!("/ds/auth/{}", alice.name), &alice.answer(&challenge)).await;
    assert_eq!(reply.status, 400);
    assert!(reply.json()["error"].as_str().unwrap().contains("another account"));
    // A failed try does not use the challenge up.
    assert_eq!(node.post(&format!("/ds/auth/{}", bob.name), &bob.answer(&challenge)).await.status, 200);
}

#[tokio::test]
async fn wrong_answers_are_refused_in_the_reference_words() {
    let node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let stranger = Account::new(9);
    let path = format!("/ds/auth/{}", alice.name);
    let challenge = node.get(&path).await.text();
    for (body, error) in [
        (stranger.answer(&challenge), "Signature invalid"),
        (json!({ "challenge": challenge, "signature": "x" }), "Signature invalid"),
        (alice.answer("x"), "jwt malformed"),
        (alice.answer(&format!("{challenge}x")), "invalid signature"),
    ] {
        let reply = node.post(&path, &body).await;
        assert_eq!((reply.status.as_u16(), reply.json()), (400, json!({ "error": error })));
    }
    for body in ["{}", "[]", "x", "", r#"{"signature":"x"}"#, r#"{"signature":1,"challenge":2}"#] {
        let reply = node.post_text(&path, body).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (400, "Bad Request"), "{body}");
    }
    let unknown = format!("/ds/auth/{}", stranger.name);
    assert_eq!(node.get(&unknown).await.status, 404);
    let reply = node.post(&unknown, &json!({ "signature": "a", "challenge": "b" })).await;
    assert_eq!(
        (reply.status.as_u16(), reply.json()),
        (400, json!({ "error": "User account doesn't exist" }))
    );
    assert_eq!(node.get("/ds/auth/%F0%9F%92%A9.eth").await.status, 404);
}

#[tokio::test]
async fn the_replaced_key_no_longer_signs_in() {
    let node = Node::start().await;
    let old = Account::new(1).registered(&node).await;
    let new = Account::new(1).rotated(77).registered(&node).await;
    let path = format!("/ds/auth/{}", old.name);
    let challenge = node.get(&path).await.text();
    assert_eq!(node.post(&path, &new.answer(&challenge)).await.status, 200);
    let challenge = node.get(&path).await.text();
    assert_eq!(node.post(&path, &old.answer(&challenge)).await.status, 400);
}

#[tokio::test]
async fn a_profile_put_on_chain_later_replaces_the_one_held_here() {
    let node = Node::start().await;
    Account::new(1).registered(&node).await;
    let new = Account::new(1).rotated(77).called("alice.eth");
    node.chain.set_address("alice.eth", new.address);
    let challenge = node.get("/ds/auth/alice.eth").await.text();
    assert_eq!(node.post("/ds/auth/alice.eth", &new.answer(&challenge)).await.status, 400);
    node.chain.set_profile("alice.eth", profile_record(&new.profile()));
    new.sign_in(&node).await;
    let held = node.get(&format!("/ds/profile/{}", Account::new(1).name)).await;
    assert_eq!(held.body, new.profile().to_canonical());
}

#[tokio::test]
async fn a_challenge_names_the_server_it_is_for() {
    let node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let challenge = node.get(&format!("/ds/auth/{}", alice.name)).await.text();
    let claims = URL_SAFE_NO_PAD.decode(challenge.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["aud"], "http://127.0.0.1:4040");
    assert_eq!(claims["account"], alice.name.as_str());
}

#[tokio::test]
async fn a_profile_on_chain_signs_in_under_its_name() {
    let node = Node::start().await;
    let alice = Account::new(1).called("alice.eth");
    assert_eq!(node.get("/ds/auth/alice.eth").await.status, 404);
    node.chain.set_address("alice.eth", alice.address);
    node.chain.set_profile("alice.eth", dm3_core::registry::profile_record(&alice.profile()));
    let token = alice.sign_in(&node).await;
    assert_eq!(alice.incoming(&node, &token).await.len(), 0);
    // What somebody else signed is no profile of that address.
    node.chain.set_address("mallory.eth", alice.address);
    let record = dm3_core::registry::profile_record(&Account::new(3).profile());
    node.chain.set_profile("mallory.eth", record);
    assert_eq!(node.get("/ds/auth/mallory.eth").await.status, 404);
}

#[tokio::test]
async fn an_ailing_chain_is_not_mistaken_for_an_unknown_name() {
    let node = Node::start().await;
    node.chain.break_down();
    assert_eq!(node.get("/ds/auth/alice.eth").await.status, 503);
    assert_eq!(node.get("/health").await.status, 200);
}
