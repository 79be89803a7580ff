//! Which profiles are kept, and what is answered.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use dm3_core::identity::SignedProfile;
use serde_json::json;
use support::{Account, Node};

#[tokio::test]
async fn a_profile_is_kept_and_given_out_and_the_same_again_changes_nothing() {
    let node = Node::start().await;
    let alice = Account::new(1);
    let path = format!("/ds/profile/{}", alice.name);
    let missing = node.get(&path).await;
    assert_eq!(missing.status, 400);
    let message = format!("could not get profile for {}. Unable to resolve address", alice.name);
    assert_eq!(missing.json(), json!({ "message": message }));
    for _ in 0..2 {
        assert_eq!(node.post(&path, &alice.profile().to_json()).await.status, 200);
    }
    let kept = node.get(&format!("{path}/")).await;
    assert_eq!((kept.status.as_u16(), kept.body), (200, alice.profile().to_canonical()));
}

#[tokio::test]
async fn a_replaced_profile_never_comes_back() {
    let mut node = Node::start().await;
    let old = Account::new(1).registered(&node).await;
    let new = Account::new(1).rotated(77).registered(&node).await;
    new.sign_in(&node).await;
    let path = format!("/ds/profile/{}", old.name);
    let publication = |account: &Account| {
        json!({
            "signedUserProfile": account.profile().to_json(),
            "address": account.address,
            "subdomain": "addr.dm3.eth",
        })
    };
    let refused = node.post(&path, &old.profile().to_json()).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json()["error"].as_str().unwrap().contains("replaced by a newer one"));
    node.kill_and_restart().await;
    assert_eq!(node.post(&path.replace("/ds", "/api"), &old.profile().to_json()).await.status, 400);
    assert_eq!(node.post("/resolver-handler/profile/address", &publication(&old)).await.status, 400);
    // The other signature that recovers to the same wallet makes no other profile of it.
    let twin = twin_signature(&old.profile());
    assert!(twin.clone().verify(old.address).is_ok());
    assert_eq!(node.post(&path, &twin.to_json()).await.status, 400);
    assert_eq!(node.get(&path).await.body, new.profile().to_canonical());
    assert_eq!(node.post("/resolver-handler/profile/address", &publication(&new)).await.status, 200);
}

#[tokio::test]
async fn a_new_profile_takes_effect_when_its_key_answers_a_challenge() {
    let mut node = Node::start().await;
    let old = Account::new(1).registered(&node).await;
    let new = Account::new(1).rotated(77).registered(&node).await;
    let path = format!("/ds/profile/{}", old.name);
    assert_eq!(node.get(&path).await.body, old.profile().to_canonical(), "posted, but proven by nobody");
    old.sign_in(&node).await;
    // Who only has a copy of a profile can post it, and no more.
    let stranger = Account::new(1).rotated(78);
    let challenge = node.get(&format!("/ds/auth/{}", new.name)).await.text();
    let reply = node.post(&format!("/ds/auth/{}", new.name), &stranger.answer(&challenge)).await;
    assert_eq!((reply.status.as_u16(), reply.json()["error"].as_str()), (400, Some("Signature invalid")));
    node.kill_and_restart().await;
    new.sign_in(&node).await;
    assert_eq!(node.get(&path).await.body, new.profile().to_canonical());
    let challenge = node.get(&format!("/ds/auth/{}", old.name)).await.text();
    assert_eq!(node.post(&format!("/ds/auth/{}", old.name), &old.answer(&challenge)).await.status, 400);
}

/// Keys A, then B, then A again: the return is an edition of its own, and copies of what was replaced stay refused.
#[tokio::test]
async fn who_goes_back_to_former_keys_signs_another_edition_and_is_let_in() {
    let mut node = Node::start().await;
    let editions = [(1, 0), (77, 1), (1, 2), (77, 3)];
    let account = |(keys, edition): (u8, u64)| Account::new(1).rotated(keys).edition(edition);
    let path = format!("/ds/profile/{}", Account::new(1).name);
    for (round, edition) in editions.into_iter().enumerate() {
        let now = account(edition).registered(&node).await;
        now.sign_in(&node).await;
        assert_eq!(node.get(&path).await.body, now.profile().to_canonical());
        node.kill_and_restart().await;
        for former in &editions[..round] {
            let copy = account(*former).profile().to_json();
            assert_eq!(node.post(&path, &copy).await.status, 400, "{former:?} in round {round}");
        }
        if round > 0 {
            let former = account(editions[round - 1]);
            let challenge = node.get(&format!("/ds/auth/{}", former.name)).await.text();
            let reply = node.post(&format!("/ds/auth/{}", former.name), &former.answer(&challenge)).await;
            assert_eq!(reply.status, 400, "the former keys open nothing");
        }
    }
}

#[tokio::test]
async fn other_delivery_services_with_the_same_keys_take_effect_at_the_next_login_if_they_are_a_later_edition()
 {
    let node = Node::start().await;
    let first = Account::new(1).registered(&node).await;
    let path = format!("/ds/profile/{}", first.name);
    // Which of two profiles of one edition is the later, nobody can tell: whoever has a copy may have posted it.
    Account::new(1).also_at("ds2.eth").registered(&node).await.sign_in(&node).await;
    assert_eq!(node.get(&path).await.body, first.profile().to_canonical());
    let later = Account::new(1).also_at("ds2.eth").edition(1).registered(&node).await;
    assert_eq!(node.get(&path).await.body, first.profile().to_canonical(), "posted, but nobody logged in");
    later.sign_in(&node).await;
    assert_eq!(node.get(&path).await.body, later.profile().to_canonical());
    later.sign_in(&node).await;
    assert_eq!(node.post(&path, &first.profile().to_json()).await.status, 400);
}

#[tokio::test]
async fn a_smart_account_with_other_owners_registers_anew() {
    let node = Node::start().await;
    let safe = dm3_core::identity::Address::from_bytes([0x5a; 20]);
    let (first, next) = (Account::new(1), Account::new(2));
    node.chain.set_owner(safe, first.address);
    let (first, next) = (first.smart(safe), next.smart(safe).edition(1));
    let first = first.registered(&node).await;
    first.sign_in(&node).await;
    node.chain.set_owner(safe, Account::new(2).address);
    let challenge = node.get(&format!("/ds/auth/{}", first.name)).await;
    assert_eq!(challenge.status, 404, "the former owner's profile is none any more");
    let next = next.registered(&node).await;
    next.sign_in(&node).await;
    assert_eq!(node.get(&format!("/ds/profile/{}", next.name)).await.body, next.profile().to_canonical());
    let reply = node.post(&format!("/ds/profile/{}", first.name), &first.profile().to_json()).await;
    assert_eq!(reply.status, 400);
}

/// The profile with the signature (r, n - s) and the other recovery id, which anybody can compute.
fn twin_signature(profile: &SignedProfile) -> SignedProfile {
    let mut json = profile.to_json();
    let mut bytes = hex::decode(&json["signature"].as_str().unwrap()[2..]).unwrap();
    let signature = k256::ecdsa::Signature::from_slice(&bytes[..64]).unwrap();
    let (r, s) = signature.split_scalars();
    let twin = k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).unwrap();
    bytes[..64].copy_from_slice(&twin.to_bytes());
    bytes[64] = 27 + 28 - bytes[64];
    json["signature"] = format!("0x{}", hex::encode(bytes)).into();
    SignedProfile::from_json(json).unwrap()
}

#[tokio::test]
async fn only_the_wallet_of_the_address_registers_it() {
    let node = Node::start().await;
    let alice = Account::new(1);
    let mallory = Account::new(9);
    for base in ["/ds", "/api"] {
        let path = format!("{base}/profile/{}", alice.name);
        assert_eq!(node.post(&path, &mallory.profile().to_json()).await.status, 400);
        for body in ["", "x", "[]", "{}", r#"{"profile":{},"signature":"0x"}"#, &"[".repeat(100_000)] {
            assert_eq!(node.post_text(&path, body).await.status, 400, "{body:.40}");
        }
    }
    assert_eq!(node.get(&format!("/ds/profile/{}", alice.name)).await.status, 400);
    assert_eq!(node.post("/ds/profile/nosuch.eth", &alice.profile().to_json()).await.status, 400);
}

#[tokio::test]
async fn a_name_on_chain_registers_its_address() {
    let node = Node::start().await;
    let alice = Account::new(1).called("alice.eth");
    node.chain.set_address("alice.eth", alice.address);
    let alice = alice.registered(&node).await;
    assert_eq!(node.get("/ds/profile/alice.eth").await.body, alice.profile().to_canonical());
    let by_address = Account::new(1);
    assert_eq!(node.get(&format!("/ds/profile/{}", by_address.name)).await.status, 200);
}

#[tokio::test]
async fn address_names_need_no_chain() {
    let node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    alice.send(&node, &bob, "hello").await;
    assert_eq!(bob.texts(&node, &token).await, ["hello"]);
    assert_eq!(node.chain.calls(), 0);
}

#[tokio::test]
async fn the_storage_registers_once_beside_the_mailbox() {
    let node = Node::start().await;
    let alice = Account::new(1).registered(&node).await;
    let path = format!("/api/profile/{}", alice.name);
    assert_eq!(node.post(&path, &alice.profile().to_json()).await.status, 200);
    let again = node.post(&path, &alice.profile().to_json()).await;
    let refused =
        json!({ "message": "Couldn't store profile", "error": "the account is registered already" });
    assert_eq!((again.status.as_u16(), again.json()), (400, refused));
    assert_eq!(node.get(&path).await.body, alice.profile().to_canonical());
    // The mailbox does not know an account of the storage alone.
    let bob = Account::new(2);
    assert_eq!(node.post(&format!("/api/profile/{}", bob.name), &bob.profile().to_json()).await.status, 200);
    assert_eq!(node.get(&format!("/ds/profile/{}", bob.name)).await.status, 404);
}
