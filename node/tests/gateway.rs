//! The name gateway: what is published, and what is answered over CCIP-read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use dm3_core::identity::wallet_signature::{address_of, recover_hash};
use dm3_core::identity::{Address, EnsName};
use dm3_core::registry::abi::{Arg, Tuple, encode_call};
use dm3_core::registry::gateway::response_digest;
use dm3_core::registry::{SigningForm, ens, profile_record};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use support::{Account, GATEWAY_KEY, GATEWAY_RESOLVER, Node, address};

async fn publish(node: &Node, account: &Account) {
    let body = json!({
        "signedUserProfile": account.profile().to_json(),
        "address": account.address,
        "subdomain": "addr.dm3.eth",
    });
    let reply = node.post("/resolver-handler/profile/address", &body).await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "OK"));
}

/// What dm3's resolver contract asks for a name.
fn question(name: &EnsName, call: &[u8]) -> Vec<u8> {
    let context = [9; 20];
    encode_call(
        ens::RESOLVE_WITH_CONTEXT,
        &[Arg::Bytes(&name.dns_encoded()), Arg::Bytes(call), Arg::Bytes(&context)],
    )
}

fn path(question: &[u8]) -> String {
    format!("/resolver/{GATEWAY_RESOLVER}/0x{}", hex::encode(question))
}

/// Checks an answer as the contract's verifier does; gives the result.
fn verified(reply: &Value, question: &[u8]) -> Vec<u8> {
    let answer = hex::decode(&reply["data"].as_str().unwrap()[2..]).unwrap();
    let answer = Tuple::new(&answer).unwrap();
    let (result, expires, signature) =
        (answer.bytes(0).unwrap(), answer.uint(1).unwrap(), answer.bytes(2).unwrap());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!((now..=now + 300).contains(&expires), "{expires}");
    let digest = response_digest(SigningForm::Dm3, address(GATEWAY_RESOLVER), expires, question, result);
    let signer = recover_hash(&digest, &format!("0x{}", hex::encode(signature))).unwrap();
    assert_eq!(signer, gateway_address());
    result.to_vec()
}

fn gateway_address() -> Address {
    let bytes: [u8; 32] = hex::decode(&GATEWAY_KEY[2..]).unwrap().try_into().unwrap();
    let key = SigningKey::from_bytes(&bytes.into()).unwrap();
    address_of(key.verifying_key().to_sec1_point(false).as_bytes()[1..].try_into().unwrap())
}

#[tokio::test]
async fn a_published_profile_is_answered_under_the_address_name_and_the_claimed_name() {
    let node = Node::start().await;
    let alice = Account::new(1);
    publish(&node, &alice).await;
    let claimed = node.post("/resolver-handler/profile/name", &alice.claim("alice.user.dm3.eth")).await;
    assert_eq!((claimed.status.as_u16(), claimed.body.as_str()), (200, "OK"));
    for name in [alice.name.clone(), "alice.user.dm3.eth".parse().unwrap()] {
        let addr = question(&name, &ens::addr_call(&name));
        let reply = node.get(&path(&addr)).await;
        assert_eq!(reply.headers["access-control-allow-origin"], "*");
        assert_eq!(verified(&reply.json(), &addr), alice.address.as_bytes());
        let text = question(&name, &ens::text_call(&name, "network.dm3.profile"));
        let body = json!({ "sender": GATEWAY_RESOLVER, "data": format!("0x{}", hex::encode(&text)) });
        for reply in [
            node.get(&path(&text)).await,
            node.get(&format!("{}.json", path(&text))).await,
            node.post("/resolver", &body).await,
            node.post("/resolver/", &body).await,
        ] {
            let result = verified(&reply.json(), &text);
            let record = Tuple::new(&result).unwrap().string(0).unwrap().to_owned();
            assert_eq!(record, profile_record(&alice.profile()));
        }
    }
}

#[tokio::test]
async fn what_is_not_published_is_answered_as_absent() {
    let node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    for name in [alice.name.clone(), "free.user.dm3.eth".parse().unwrap(), "alice.eth".parse().unwrap()] {
        let addr = question(&name, &ens::addr_call(&name));
        assert!(verified(&node.get(&path(&addr)).await.json(), &addr).is_empty());
        let text = question(&name, &ens::text_call(&name, "network.dm3.profile"));
        let result = verified(&node.get(&path(&text)).await.json(), &text);
        assert_eq!(Tuple::new(&result).unwrap().string(0), Ok(""));
    }
    publish(&node, &alice).await;
    let other = question(&alice.name, &ens::text_call(&alice.name, "avatar"));
    let result = verified(&node.get(&path(&other)).await.json(), &other);
    assert_eq!(Tuple::new(&result).unwrap().string(0), Ok(""));
}

#[tokio::test]
async fn malformed_questions_are_refused() {
    let mut node = Node::start().await;
    let alice = Account::new(1);
    let good = question(&alice.name, &ens::addr_call(&alice.name));
    let bob: EnsName = "bob.eth".parse().unwrap();
    let foreign = path(&good).replace(GATEWAY_RESOLVER, &alice.address.to_string());
    let paths = [
        "/resolver/x/0x".to_owned(),
        format!("/resolver/{GATEWAY_RESOLVER}/0x"),
        format!("/resolver/{GATEWAY_RESOLVER}/0xzz"),
        format!("/resolver/{GATEWAY_RESOLVER}/0xdeadbeef"),
        path(&good[..100]),
        path(&question(&alice.name, &ens::addr_call(&bob))),
        foreign,
    ];
    for path in paths {
        let reply = node.get(&path).await;
        assert_eq!(reply.status, 400, "{path}");
        assert!(reply.json()["message"].is_string(), "{path}");
    }
    assert_eq!(node.post_text("/resolver", "{").await.status, 400);
    assert!(node.is_running());
}

#[tokio::test]
async fn a_name_is_claimed_by_its_owner_and_given_back_by_nobody_else() {
    let node = Node::start().await;
    let alice = Account::new(1);
    let mallory = Account::new(9);
    let route = "/resolver-handler/profile/name";
    let error = |reply: &support::Reply| reply.json()["error"].as_str().unwrap().to_owned();
    let early = node.post(route, &alice.claim("alice.user.dm3.eth")).await;
    assert_eq!((early.status.as_u16(), error(&early).as_str()), (400, "publish a profile first"));
    publish(&node, &alice).await;
    publish(&node, &mallory).await;
    let mut forged = mallory.claim("alice.user.dm3.eth");
    forged["addressName"] = alice.name.to_string().into();
    let forged = node.post(route, &forged).await;
    assert_eq!((forged.status.as_u16(), error(&forged).as_str()), (400, "signature invalid"));
    assert_eq!(node.post(route, &alice.claim("alice.user.dm3.eth")).await.status, 200);
    for (account, name, text) in [
        (&mallory, "alice.user.dm3.eth", "Could not create alias"),
        (&alice, "second.user.dm3.eth", "Could not create alias"),
        (&alice, "alice.eth", "dm3 name alice.eth is not supported. Invalid subdomain"),
    ] {
        let reply = node.post(route, &account.claim(name)).await;
        assert_eq!((reply.status.as_u16(), error(&reply).as_str()), (400, text));
    }
    let name = |address: String| node.get_owned(format!("/resolver-handler/profile/name/{address}"));
    for spelling in [alice.address.to_string(), alice.address.to_lower_hex()] {
        assert_eq!(name(spelling).await.json(), json!({ "name": "alice.user.dm3.eth" }));
    }
    let release = |account: &Account| {
        let signature = account.keys.signing.sign("remove: alice.user.dm3.eth");
        json!({ "dm3Name": "alice.user.dm3.eth", "signature": signature })
    };
    let route = "/resolver-handler/profile/deleteName";
    assert_eq!(node.post(route, &release(&mallory)).await.status, 400);
    assert_eq!(node.post(route, &release(&alice)).await.status, 200);
    assert_eq!(name(alice.address.to_string()).await.status, 404);
    assert_eq!(node.post(route, &release(&alice)).await.status, 400);
}

#[tokio::test]
async fn published_profiles_are_given_out_by_address() {
    let node = Node::start().await;
    let alice = Account::new(1);
    let route = format!("/resolver-handler/profile/{}", alice.address);
    assert_eq!(node.get(&route).await.status, 404);
    publish(&node, &alice).await;
    assert_eq!(node.get(&route).await.body, alice.profile().to_canonical());
    assert_eq!(node.get(&route.to_lowercase()).await.status, 200);
    for (change, error) in [
        (json!({ "subdomain": "addr.other.eth" }), "subdomain addr.other.eth is not supported"),
        (json!({ "address": Account::new(2).address }), "invalid profile"),
        (json!({ "signedUserProfile": {} }), "invalid profile"),
    ] {
        let mut body = json!({
            "signedUserProfile": alice.profile().to_json(),
            "address": alice.address,
            "subdomain": "addr.dm3.eth",
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let reply = node.post("/resolver-handler/profile/address", &body).await;
        assert_eq!((reply.status.as_u16(), reply.json()), (400, json!({ "error": error })));
    }
}

#[tokio::test]
async fn a_message_to_a_claimed_name_arrives() {
    let node = Node::start().await;
    let alice = Account::new(1);
    let bob = Account::new(2).registered(&node).await;
    publish(&node, &bob).await;
    let route = "/resolver-handler/profile/name";
    assert_eq!(node.post(route, &bob.claim("bob.user.dm3.eth")).await.status, 200);
    let envelope = alice.envelope_addressed(&bob, "hi", alice.name.as_str(), "bob.user.dm3.eth");
    let request = support::account::submit(&envelope.to_canonical());
    assert_eq!(node.post("/ds/rpc", &request).await.body, "OK");
    let bob = bob.called("bob.user.dm3.eth");
    let token = bob.sign_in(&node).await;
    assert_eq!(bob.texts(&node, &token).await, ["hi"]);
    assert_eq!(node.chain.calls(), 0);
}
