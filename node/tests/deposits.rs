//! Who writes to somebody that demands a deposit.
//!
//! `DM3_FLOOD=1000 cargo test --release -p dm3-node --test deposits flood -- --nocapture` is a flood of a thousand senders, and says
//! how long somebody beside it waits for an answer; then that is at most [`LONGEST`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use dm3_core::deposit::{SignedVoucher, Voucher};
use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use support::account::submit;
use support::chain::{DEPOSITED, DEPOSITS, SLOT};
use support::stake::{Key, voucher};
use support::{Account, Node, Socket};

/// What a good client may wait beside a flood.
const LONGEST: Duration = Duration::from_millis(100);
/// How long it is silent between two messages.
const PAUSE: Duration = Duration::from_millis(20);

fn rule(slots: u16) -> Value {
    json!({
        "rule": "deposit", "chain": 1, "contract": DEPOSITS.to_string(), "token": DEPOSITED.to_string(),
        "slot": SLOT.to_string(), "slots": slots,
    })
}

/// Somebody who demands a deposit, and their token.
async fn demanding(node: &Node, n: u8, rule: &Value) -> (Account, String) {
    let account = Account::new(n).registered(node).await;
    let token = account.sign_in(node).await;
    let path = format!("/ds/settings/{}", account.name);
    let settings = json!({ "spamRules": [rule] }).to_string();
    let reply = node.request(Method::PUT, &path, Some(&token), Some(&settings)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    (account, token)
}

/// Writes, as JSON-RPC asks; gives the refusal's code and data, or nothing.
async fn write(
    node: &Node,
    from: &Account,
    to: &Account,
    voucher: Option<SignedVoucher>,
) -> Option<(i64, Value)> {
    let text = voucher.map(|voucher| voucher.to_json().to_string().into());
    write_beside(node, from, to, text).await
}

async fn write_beside(
    node: &Node,
    from: &Account,
    to: &Account,
    beside: Option<Value>,
) -> Option<(i64, Value)> {
    let mut request = submit(&from.envelope(to, "hi").to_canonical());
    request["id"] = json!(1);
    request["params"].as_array_mut().unwrap().extend(beside);
    let reply = node.post("/ds/rpc", &request).await;
    let error = &reply.json()["error"];
    (reply.status != 200).then(|| (error["code"].as_i64().unwrap(), error["data"].clone()))
}

#[tokio::test]
async fn who_promises_covered_slots_is_taken_and_nobody_else() {
    let node = Node::start().await;
    let (bob, _) = demanding(&node, 2, &rule(3)).await;
    let alice = Account::new(1).registered(&node).await;
    let carol = Account::new(3).registered(&node).await;
    let key = Key::new(9);
    node.chain.set_deposit(alice.address, key.address(), 10);
    let refused = Some((-32010, rule(3)));
    let good = || voucher(&alice, &bob, 4, 3);
    for (wrong, why) in [
        (None, "none"),
        (Some(key.sign(voucher(&alice, &bob, 4, 2))), "too few"),
        (Some(key.sign(Voucher { chain: 5, ..good() })), "another chain"),
        (Some(key.sign(Voucher { contract: DEPOSITED, ..good() })), "another contract"),
        (Some(key.sign(Voucher { sender: carol.address, ..good() })), "of somebody else"),
        (Some(key.sign(Voucher { receiver: carol.address, ..good() })), "for somebody else"),
        (Some(key.sign(Voucher { epoch: good().epoch - 1, ..good() })), "of last week"),
        (Some(key.sign(Voucher { epoch: good().epoch + 5, ..good() })), "of another week"),
        (Some(good().signed(format!("0x{}", "11".repeat(65)))), "not signed"),
    ] {
        assert_eq!(write(&node, &alice, &bob, wrong).await, refused, "{why}");
    }
    for beside in [json!(1), json!("no JSON"), json!({}), json!("{}"), json!("[".repeat(2000))] {
        assert_eq!(write_beside(&node, &alice, &bob, Some(beside)).await, refused);
    }
    // So far, the chain was not asked for anybody.
    assert_eq!(node.chain.standings(), []);
    let given = key.sign(good());
    assert_eq!(write(&node, &alice, &bob, Some(given.clone())).await, None);
    // More messages of the same conversation need no further slots; other slots may be promised, too.
    assert_eq!(write(&node, &alice, &bob, Some(given)).await, None);
    assert_eq!(write(&node, &alice, &bob, Some(key.sign(voucher(&alice, &bob, 7, 3)))).await, None);
    assert_eq!(write(&node, &alice, &bob, Some(key.sign(voucher(&alice, &bob, 8, 3)))).await, refused);
    // A voucher of a stranger to the chain.
    let carols = Key::new(10).sign(voucher(&carol, &bob, 0, 3));
    assert_eq!(write(&node, &carol, &bob, Some(carols)).await, refused);
    assert_eq!(node.chain.standings(), [alice.address, carol.address]);
}

#[tokio::test]
async fn a_contract_that_is_another_than_the_rule_says_is_believed_nothing() {
    let node = Node::start().await;
    let mut other = rule(1);
    other["slot"] = json!("999");
    let mut none = rule(1);
    none["contract"] = json!(DEPOSITED.to_string());
    let alice = Account::new(1).registered(&node).await;
    let key = Key::new(9);
    node.chain.set_deposit(alice.address, key.address(), 10);
    for (n, rule) in [(2, other), (3, none)] {
        let (receiver, _) = demanding(&node, n, &rule).await;
        let contract = rule["contract"].as_str().unwrap().parse().unwrap();
        let given = key.sign(Voucher { contract, ..voucher(&alice, &receiver, 0, 1) });
        assert_eq!(write(&node, &alice, &receiver, Some(given)).await, Some((-32010, rule)));
    }
    assert_eq!(node.chain.standings(), []);
}

#[tokio::test]
async fn a_rule_for_another_chain_is_not_taken() {
    let node = Node::start().await;
    let bob = Account::new(2).registered(&node).await;
    let token = bob.sign_in(&node).await;
    let path = format!("/ds/settings/{}", bob.name);
    for (member, value) in
        [("chain", json!(5)), ("slots", json!(0)), ("slot", json!("0")), ("more", json!(1))]
    {
        let mut wrong = rule(1);
        wrong[member] = value;
        let settings = json!({ "spamRules": [wrong] }).to_string();
        let reply = node.request(Method::PUT, &path, Some(&token), Some(&settings)).await;
        assert_eq!(reply.status, 400, "{member}: {reply:?}");
    }
}

#[tokio::test]
async fn what_a_payment_has_to_be_is_published_and_nothing_is_demanded() {
    let node = Node::start().await;
    let (alice, bob) = (Account::new(1).registered(&node).await, Account::new(2).registered(&node).await);
    let token = bob.sign_in(&node).await;
    let path = format!("/ds/settings/{}", bob.name);
    let minimum = json!({ "chain": 5, "contract": DEPOSITS.to_string(), "token": DEPOSITED.to_string(), "amount": "500" });
    let put = async |minimum: &Value| {
        let settings = json!({ "attention": minimum }).to_string();
        node.request(Method::PUT, &path, Some(&token), Some(&settings)).await
    };
    for (member, value) in [("amount", json!(500)), ("contract", json!("0x12")), ("more", json!(1))] {
        let mut wrong = minimum.clone();
        wrong[member] = value;
        assert_eq!(put(&wrong).await.status, 400, "{member}");
    }
    assert_eq!(put(&minimum).await.json()["attention"], minimum);
    assert_eq!(node.get_as(&token, &path).await.json()["attention"], minimum);
    let asked = json!({ "jsonrpc": "2.0", "method": "dm3_getProfileExtension", "params": [bob.name] });
    let told = node.post("/ds/rpc", &asked).await.json()["result"].as_str().unwrap().to_owned();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["attention"], minimum);
    assert_eq!(write(&node, &alice, &bob, None).await, None);
    assert_eq!(put(&Value::Null).await.json().get("attention"), None);
}

#[tokio::test]
async fn who_promises_a_slot_twice_is_refused_and_both_receivers_can_prove_it() {
    let mut node = Node::start().await;
    let (bob, bobs) = demanding(&node, 2, &rule(1)).await;
    let (carol, carols) = demanding(&node, 3, &rule(1)).await;
    let alice = Account::new(1).registered(&node).await;
    let key = Key::new(9);
    node.chain.set_deposit(alice.address, key.address(), 10);
    let (one, other) = (key.sign(voucher(&alice, &bob, 0, 3)), key.sign(voucher(&alice, &carol, 2, 1)));
    assert_eq!(write(&node, &alice, &bob, Some(one.clone())).await, None);
    // Also after a restart.
    node.kill_and_restart().await;
    assert_eq!(write(&node, &alice, &carol, Some(other.clone())).await, Some((-32010, rule(1))));
    for (account, token) in [(&bob, &bobs), (&carol, &carols)] {
        let told = node.get_as(token, &format!("/ds/deposits/{}", account.name)).await.json();
        assert_eq!(told, json!({ "doubleUses": [[one.to_json(), other.to_json()]] }));
    }
    let path = format!("/ds/deposits/{}", bob.name);
    assert_eq!(node.get_as(&carols, &path).await.status, 401);
    assert_eq!(node.request(Method::GET, &path, None, None).await.status, 401);
}

#[tokio::test]
async fn a_voucher_goes_along_through_the_message_proxy_and_over_a_socket() {
    let node = Node::start().await;
    let (bob, _) = demanding(&node, 2, &rule(1)).await;
    let alice = Account::new(1).registered(&node).await;
    let token = alice.sign_in(&node).await;
    let key = Key::new(9);
    node.chain.set_deposit(alice.address, key.address(), 10);
    let mut socket = Socket::authorized(&node, &alice, &token).await;
    for (n, beside) in [(0, None), (1, Some(json!("no voucher"))), (2, Some(json!({ "chain": 1 })))] {
        let envelope: Value =
            serde_json::from_str(&alice.envelope(&bob, &format!("{n}")).to_canonical()).unwrap();
        let mut posted = json!({ "deliveryService": "ds1.eth", "envelope": envelope });
        let mut event = json!({ "envelop": envelope });
        if let Some(beside) = beside {
            posted["voucher"] = beside.clone();
            event["voucher"] = beside;
        }
        let reply = node.post_as(&token, "/proxy/message", &posted).await.json();
        assert_eq!(reply["failed"][0]["error"]["code"], -32010, "{reply}");
        assert_eq!(reply["failed"][0]["error"]["data"], rule(1));
        socket.send(&format!("42{n}{}", json!(["submitMessage", event]))).await;
        let answer = socket.frame().await.unwrap();
        assert_eq!(answer_to(&answer, n)["data"], rule(1), "{answer}");
    }
    let given = key.sign(voucher(&alice, &bob, 0, 1)).to_json();
    let envelope: Value = serde_json::from_str(&alice.envelope(&bob, "by proxy").to_canonical()).unwrap();
    let posted = json!({ "deliveryService": "ds1.eth", "envelope": envelope, "voucher": given });
    let reply = node.post_as(&token, "/proxy/message", &posted).await;
    assert_eq!(reply.json(), json!({ "deliveryService": "ds1.eth", "failed": [] }));
    let envelope: Value = serde_json::from_str(&alice.envelope(&bob, "by socket").to_canonical()).unwrap();
    socket.send(&format!("427{}", json!(["submitMessage", { "envelop": envelope, "voucher": given }]))).await;
    let answer = socket.frame().await.unwrap();
    assert_eq!(answer_to(&answer, 7), json!({ "response": "success" }));
    let bobs = bob.sign_in(&node).await;
    assert_eq!(bob.texts(&node, &bobs).await, ["by socket", "by proxy"], "the newest first");
}

/// What an acknowledgement of this number says.
fn answer_to(frame: &str, number: u32) -> Value {
    let args: Value = serde_json::from_str(frame.strip_prefix(&format!("43{number}")).unwrap()).unwrap();
    args[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_funded_and_unfunded_senders_asks_the_chain_once_for_each() {
    let wanted = std::env::var("DM3_FLOOD").ok();
    let senders: u16 = wanted.as_deref().map_or(100, |text| text.parse().unwrap());
    let node = Node::start().await;
    let (bob, _) = demanding(&node, 2, &rule(1)).await;
    // Beside it, somebody writes to somebody who demands nothing.
    let (alice, carol) = (Account::new(1).registered(&node).await, Account::new(3).registered(&node).await);
    let waits = RefCell::new(Vec::new());
    let beside = async {
        loop {
            let from = Instant::now();
            assert_eq!(write(&node, &alice, &carol, None).await, None);
            waits.borrow_mut().push(from.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
    };
    let key = Key::new(9);
    let flood = futures_util::stream::iter(0..senders).map(|n| {
        let (node, bob, key) = (&node, &bob, &key);
        async move {
            let sender = Account::of_many(n).registered(node).await;
            let is_funded = n % 2 == 0;
            if is_funded {
                node.chain.set_deposit(sender.address, key.address(), 4);
            }
            // The same again, other slots, and another key, some of them at once.
            let first = key.sign(voucher(&sender, bob, 0, 1));
            let same = || write(node, &sender, bob, Some(first.clone()));
            let (one, two) = tokio::join!(same(), same());
            let more = write(node, &sender, bob, Some(key.sign(voucher(&sender, bob, 1, 1)))).await;
            let other = write(node, &sender, bob, Some(Key::new(10).sign(voucher(&sender, bob, 2, 1)))).await;
            let refused = (!is_funded).then_some((-32010, rule(1)));
            assert_eq!([one, two, more], [refused.clone(), refused.clone(), refused], "{n}");
            // Nobody knows yet whether that key has a deposit.
            assert_eq!(other.map(|(code, _)| code), Some(-32002), "{n}");
        }
    });
    tokio::select! {
        _ = flood.buffer_unordered(16).collect::<Vec<_>>() => {}
        () = beside => {}
    }
    let mut waits = waits.into_inner();
    waits.sort();
    let (median, longest) = (waits[waits.len() / 2], waits[waits.len() - 1]);
    println!("{senders} senders; beside them {} messages: {median:?}, {longest:?} at most", waits.len());
    assert!(wanted.is_none() || longest <= LONGEST, "{longest:?}");
    let mut asked = node.chain.standings();
    assert_eq!(asked.len(), usize::from(senders));
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), usize::from(senders));
}
