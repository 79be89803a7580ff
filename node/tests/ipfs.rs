//! What records lead to on IPFS: which gateways are asked, how long, and what comes of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::time::{Duration, Instant};

use dm3_core::seal::sha256;
use reqwest::Client;
use serde_json::{Value, json};
use support::account::submit;
use support::host::{DOCUMENT, DOCUMENT_HASH_OF_BYTES, cid};
use support::{Account, Host, Node, Reply, Silent};

/// With these gateways, which are on this machine.
async fn with_gateways(gateways: &[&str], more: &str) -> Node {
    let gateways = gateways.join(", ");
    Node::start_with(&format!("allow_private_networks = true\nipfs_gateways = '{gateways}'\n{more}")).await
}

/// Number `n` of the accounts under a name on the chain whose record is this.
fn named(node: &Node, n: u8, record: &str) -> Account {
    let account = Account::new(n).called(&format!("a{n}.eth"));
    node.chain.set_address(account.name.as_str(), account.address);
    node.chain.set_profile(account.name.as_str(), record.to_owned());
    account
}

/// The record that leads to a raw block.
fn leads_to(block: &[u8]) -> String {
    format!("ipfs://{}", cid(&hex::encode(sha256(block))))
}

/// The text of an account's profile.
fn profile_of(n: u8) -> String {
    Account::new(n).profile().to_json().to_string()
}

/// A file of these pieces, in the wire format of dag-pb and UnixFS, and the record that leads to it.
fn file_of(pieces: &[&[u8]]) -> (Vec<u8>, String) {
    let link = |piece: &&[u8]| [&[0x12, 38, 0x0a, 36, 1, 0x55, 0x12, 32][..], &sha256(piece)].concat();
    let links: Vec<u8> = pieces.iter().flat_map(link).collect();
    let file = [links, vec![0x0a, 2, 8, 2]].concat();
    let record = format!("ipfs://f01701220{}", hex::encode(sha256(&file)));
    (file, record)
}

async fn hand_in(node: &Node, from: &Account, to: &Account) -> Reply {
    let mut request = submit(&from.envelope(to, "hi").to_canonical());
    request["id"] = 1.into();
    node.post("/ds/rpc", &request).await
}

/// What the node says of the senders of what is in a mailbox.
async fn marks(account: &Account, node: &Node, token: &str) -> Vec<Value> {
    account.incoming(node, token).await.iter().map(|envelope| envelope["senderCheck"].clone()).collect()
}

#[tokio::test]
async fn a_client_that_asks_for_what_nobody_has_leaves_ipfs_to_others_and_to_senders() {
    let silent = Silent::start().await;
    let more = "trusted_proxies = '127.0.0.1'\noutgoing_at_once = 32\n";
    let node = with_gateways(&[&silent.url], more).await;
    let client = Client::builder().no_proxy().build().unwrap();
    let ask = |from: &'static str, n: u8| {
        let path = format!("/proxy/ipfs/{}", cid(&hex::encode([n; 32])));
        let request = client.get(format!("{}{path}", node.url)).header("x-forwarded-for", from);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let bob = Account::new(2).registered(&node).await;
    let alice = named(&node, 3, &format!("ipfs://{}", cid(DOCUMENT_HASH_OF_BYTES)));
    let many = futures_util::future::join_all((0..16).map(|n| ask("192.0.2.1", n)));
    let others = async {
        silent.was_asked(4).await;
        assert_eq!(ask("192.0.2.1", 20).await, 503, "the client has its share");
        assert_eq!(silent.count(), 4);
        let later = futures_util::future::join_all((30..36).map(|n| {
            let from = ["192.0.2.2", "192.0.2.3", "192.0.2.4"][usize::from(n) % 3];
            ask(from, n)
        }));
        let sender = async {
            // As many as one site has of hosts that strangers choose, and more.
            silent.was_asked(10).await;
            hand_in(&node, &alice, &bob).await
        };
        let asked = silent.was_asked(11);
        tokio::join!(later, sender, asked)
    };
    let all = tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(many, others) }).await;
    let (first, (later, ..)) = all.expect("none waits for another");
    assert_eq!(first.iter().filter(|status| **status == 502).count(), 4, "asked, in vain: {first:?}");
    assert_eq!(later, [502; 6], "asked, in vain");
}

#[tokio::test]
async fn a_block_that_was_had_lately_is_not_asked_for_again() {
    let host = Host::start().await;
    let node = with_gateways(&[&host.url], "").await;
    for _ in 0..3 {
        let reply = node.get(&format!("/proxy/ipfs/{}", cid(DOCUMENT_HASH_OF_BYTES))).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, DOCUMENT));
    }
    assert_eq!(host.asked().len(), 1, "{:?}", host.asked());
}

#[tokio::test]
async fn a_profile_in_a_few_pieces_is_put_together_and_one_in_many_is_not_followed_to_its_end() {
    let host = Host::start().await;
    let node = with_gateways(&[&host.url], "").await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    for (n, pieces, mark, requests) in [(3, 4, Value::Null, 5), (4, 20, json!("unknown"), 8)] {
        let profile = profile_of(n);
        let pieces: Vec<_> = profile.as_bytes().chunks(profile.len().div_ceil(pieces)).collect();
        let (file, record) = file_of(&pieces);
        host.hold(&[&[&file[..]], &pieces[..]].concat());
        let before = host.asked().len();
        let sender = named(&node, n, &record);
        assert_eq!(hand_in(&node, &sender, &bob).await.status, 200);
        assert_eq!(host.asked().len() - before, requests);
        let incoming = bob.incoming(&node, &token).await;
        let from = |envelope: &&Value| envelope.to_string().contains(sender.name.as_str());
        assert_eq!(incoming.iter().find(from).unwrap()["senderCheck"], mark);
    }
}

#[tokio::test]
async fn a_gateway_that_hangs_keeps_no_sender_from_being_known_and_is_asked_last_from_then_on() {
    let (silent, host) = (Silent::start().await, Host::start().await);
    let node = with_gateways(&[&silent.url, &host.url], "").await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    for n in [3, 4] {
        let profile = profile_of(n);
        host.hold(&[profile.as_bytes()]);
        let sender = named(&node, n, &leads_to(profile.as_bytes()));
        let reply = hand_in(&node, &sender, &bob).await;
        assert_eq!(reply.status, 200, "{n}: {reply:?}");
    }
    assert_eq!(marks(&bob, &node, &token).await, [Value::Null, Value::Null], "verified");
    assert_eq!(silent.count(), 1, "the other answered last");
}

#[tokio::test]
async fn what_is_too_large_at_every_gateway_is_no_profile_and_what_is_nowhere_may_come() {
    let host = Host::start().await;
    let node = with_gateways(&[&host.url], "").await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let block = vec![b' '; 200_000];
    host.hold(&[&block]);
    let large = named(&node, 3, &leads_to(&block));
    let reply = hand_in(&node, &large, &bob).await;
    assert_eq!(reply.status, 200, "no later time makes it smaller: {reply:?}");
    assert_eq!(marks(&bob, &node, &token).await, [json!("unknown")]);
    let profile = profile_of(4);
    let late = named(&node, 4, &leads_to(profile.as_bytes()));
    host.hold(&[]);
    let reply = hand_in(&node, &late, &bob).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["error"]["code"]), (503, &json!(-32002)));
    host.hold(&[profile.as_bytes()]);
    assert_eq!(hand_in(&node, &late, &bob).await.status, 200, "it came");
}

#[tokio::test]
async fn a_gateway_on_the_operators_machine_is_asked_and_leads_nowhere_else_there() {
    let host = Host::start().await;
    let public = "allow_private_networks = false\n";
    let path = format!("/proxy/ipfs/{}", cid(DOCUMENT_HASH_OF_BYTES));
    let node = with_gateways(&[&host.url], public).await;
    let reply = node.get(&path).await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, DOCUMENT), "{reply:?}");
    let away = format!("{}/away", host.url);
    let before = host.asked().len();
    let node = with_gateways(&[&away], public).await;
    assert_eq!(node.get(&path).await.status, 502);
    assert_eq!(host.asked().len(), before + 1, "it is not called where it redirects to: {:?}", host.asked());
    let node = with_gateways(&[&away], "").await;
    assert_eq!(node.get(&path).await.body, DOCUMENT);
}

#[tokio::test]
async fn all_gateways_together_have_a_time_in_which_a_page_gets_its_answer() {
    let silent = Silent::start().await;
    let gateways: Vec<_> = (0..8).map(|n| format!("{}/{n}", silent.url)).collect();
    let gateways: Vec<_> = gateways.iter().map(String::as_str).collect();
    let node = with_gateways(&gateways, "").await;
    let started = Instant::now();
    let reply = node.get(&format!("/proxy/ipfs/{}", cid(DOCUMENT_HASH_OF_BYTES))).await;
    assert_eq!(reply.status, 502, "{reply:?}");
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}
