//! Burns that a node brings to the chain for receivers who have no coins.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use dm3_core::deposit::{Burn, ConsentedBurn, Voucher};
use dm3_core::identity::Address;
use dm3_core::seal::keccak256;
use reqwest::Method;
use serde_json::{Value, json};
use support::chain::{DEPOSITED, DEPOSITS, hash_of};
use support::stake::{Key, voucher};
use support::{Account, Node, Reply};

/// The key of the account that pays.
const PAYER: u8 = 0x44;

async fn relaying(more: &str) -> Node {
    let key = hex::encode([PAYER; 32]);
    let node =
        Node::start_with(&format!("relay_private_key = '0x{key}'\nrelay_contracts = '{DEPOSITS}'\n{more}"))
            .await;
    node.chain.set_standing(Key::new(PAYER).address(), 5, u128::MAX / 2, 0);
    node.chain.set_mining(Some(true));
    node
}

/// Somebody who wants something burned, whose wallet is this key.
struct Receiver {
    account: Account,
    token: String,
    wallet: Key,
}

impl Receiver {
    async fn of(node: &Node, n: u8) -> Self {
        let account = Account::new(n).registered(node).await;
        let token = account.sign_in(node).await;
        Self { account, token, wallet: Key::new(n) }
    }

    fn wish(&self, given: Voucher) -> ConsentedBurn {
        let slots = given.slots.bits();
        let burn = Burn::new(Key::new(9).sign(given).prove().unwrap(), slots).unwrap();
        let consent = self.wallet.sign_hash(&burn.digest());
        burn.consented(&consent).unwrap()
    }

    fn path(&self) -> String {
        format!("/ds/deposits/{}/burns", self.account.name)
    }

    async fn post(&self, node: &Node, wish: &Value) -> Reply {
        node.post_as(&self.token, &self.path(), wish).await
    }

    /// What became of the last burn, once that is known.
    async fn settled(&self, node: &Node) -> Value {
        for _ in 0..200 {
            let told = node.get_as(&self.token, &self.path()).await.json();
            if told["burns"][0]["state"] != "waiting" {
                return told["burns"][0].clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it still waits");
    }
}

/// How the node refuses: the status and the reason.
fn refused(reply: &Reply) -> (u16, String) {
    (reply.status.as_u16(), reply.json()["reason"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_burn_is_paid_for_once_and_told_also_after_a_restart() {
    let mut node = relaying("").await;
    let offer = node.get("/.well-known/dm3").await.json()["deposits"].clone();
    assert_eq!(offer, json!({ "url": "http://127.0.0.1:4040/ds/deposits", "burns": [DEPOSITS.to_string()] }));
    let (alice, bob) = (Account::new(1).registered(&node).await, Receiver::of(&node, 2).await);
    assert_eq!(
        node.get_as(&bob.token, &bob.path()).await.json(),
        json!({ "contracts": [DEPOSITS.to_string()], "burns": [] })
    );
    let wish = bob.wish(voucher(&alice, &bob.account, 4, 2)).to_json();
    let (one, two) = tokio::join!(bob.post(&node, &wish), bob.post(&node, &wish));
    let (one, two) = (one.json(), two.json());
    assert_eq!((&one["id"], &one["transaction"]), (&two["id"], &two["transaction"]));
    assert_eq!(bob.settled(&node).await["state"], "burned");
    let again = bob.post(&node, &wish).await.json();
    assert_eq!((&again["state"], &again["transaction"]), (&json!("burned"), &one["transaction"]));
    node.kill_and_restart().await;
    assert_eq!(bob.post(&node, &wish).await.json(), again);
    let sent = node.chain.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    let raw = hex::decode(&sent[0][2..]).unwrap();
    assert_eq!(one["transaction"], format!("0x{}", hex::encode(keccak256(&raw))));
    // Another burn has the next number of the payer's.
    let other = bob.wish(voucher(&alice, &bob.account, 6, 1)).to_json();
    assert_eq!(bob.post(&node, &other).await.status, 200);
    assert_eq!(bob.settled(&node).await["state"], "burned");
    assert_eq!(node.chain.sent().len(), 2);
}

#[tokio::test]
async fn what_is_no_burn_of_the_account_is_refused_and_nothing_is_sent() {
    let node = relaying("").await;
    let alice = Account::new(1).registered(&node).await;
    let (bob, carol) = (Receiver::of(&node, 2).await, Receiver::of(&node, 3).await);
    let good = || voucher(&alice, &bob.account, 0, 1);
    let epoch = good().epoch;
    for (wrong, reason) in [
        (Voucher { contract: DEPOSITED, ..good() }, "contract"),
        (Voucher { chain: 5, ..good() }, "contract"),
        (Voucher { receiver: carol.account.address, ..good() }, "receiver"),
        (Voucher { epoch: epoch - 2, ..good() }, "time"),
        (Voucher { epoch: epoch + 1, ..good() }, "time"),
    ] {
        let reply = bob.post(&node, &bob.wish(wrong).to_json()).await;
        assert_eq!(refused(&reply), (400, reason.to_owned()));
    }
    let calls = node.chain.calls();
    let wish = bob.wish(good()).to_json();
    for (member, value) in [("slots", json!("0x00")), ("consent", json!("0x")), ("voucher", json!({}))] {
        let mut malformed = wish.clone();
        malformed[member] = value;
        assert_eq!(bob.post(&node, &malformed).await.status, 400);
    }
    assert_eq!(node.post_as(&carol.token, &bob.path(), &wish).await.status, 401);
    assert_eq!(node.request(Method::GET, &bob.path(), None, None).await.status, 401);
    assert_eq!(node.chain.calls(), calls, "the chain was not asked for any of them");
    for (error, reason) in
        [("AlreadyBurned()", "burned"), ("NotReceiver()", "receiver"), ("Strange()", "reverted")]
    {
        node.chain.refuse_burns(Some(error));
        assert_eq!(refused(&bob.post(&node, &wish).await), (400, reason.to_owned()));
    }
    node.chain.refuse_burns(None);
    // What can't be asked is no fact.
    node.chain.break_down();
    assert_eq!(bob.post(&node, &wish).await.status, 503);
    node.chain.repair();
    node.chain.set_standing(Key::new(PAYER).address(), 5, 10, 0);
    assert_eq!(bob.post(&node, &wish).await.status, 503, "the payer has nothing");
    assert_eq!(node.chain.sent(), [""; 0]);
    node.chain.set_standing(Key::new(PAYER).address(), 5, u128::MAX / 2, 0);
    assert_eq!(bob.post(&node, &wish).await.status, 200);
    assert_eq!(bob.settled(&node).await["state"], "burned");
}

#[tokio::test]
async fn a_day_has_a_budget_for_all_and_for_each_account() {
    let node = relaying("relay_gwei_per_day_per_account = 0\n").await;
    let (alice, bob) = (Account::new(1).registered(&node).await, Receiver::of(&node, 2).await);
    let wish = bob.wish(voucher(&alice, &bob.account, 0, 1)).to_json();
    let reply = bob.post(&node, &wish).await;
    assert_eq!(refused(&reply), (429, "spent".to_owned()));
    let wait: u64 = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&wait), "{wait}");
    assert_eq!(node.chain.sent(), [""; 0]);
}

#[tokio::test]
async fn one_account_tries_so_many_in_an_hour() {
    let node = relaying("burns_per_hour_per_account = 2\n").await;
    let alice = Account::new(1).registered(&node).await;
    let (bob, carol) = (Receiver::of(&node, 2).await, Receiver::of(&node, 3).await);
    node.chain.refuse_burns(Some("NotCovered()"));
    let ask = async |who: &Receiver| {
        refused(&who.post(&node, &who.wish(voucher(&alice, &who.account, 0, 1)).to_json()).await)
    };
    for _ in 0..2 {
        assert_eq!(ask(&bob).await, (400, "uncovered".to_owned()));
    }
    assert_eq!(ask(&bob).await, (429, String::new()));
    assert_eq!(ask(&carol).await, (400, "uncovered".to_owned()));
}

#[tokio::test]
async fn what_waits_is_sent_again_as_it_was_and_what_was_in_vain_may_be_asked_for_again() {
    let mut node = relaying("").await;
    let (alice, bob) = (Account::new(1).registered(&node).await, Receiver::of(&node, 2).await);
    node.chain.set_mining(None);
    let wish = bob.wish(voucher(&alice, &bob.account, 0, 1)).to_json();
    assert_eq!(bob.post(&node, &wish).await.json()["state"], "waiting");
    while node.chain.sent().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    node.chain.set_mining(Some(false));
    node.kill_and_restart().await;
    let failed = bob.settled(&node).await;
    assert_eq!((&failed["state"], &failed["reason"]), (&json!("failed"), &json!("reverted")));
    assert_eq!(BTreeSet::from_iter(node.chain.sent()).len(), 1, "the same bytes");
    node.chain.set_mining(Some(true));
    let other = bob.post(&node, &wish).await.json();
    assert_ne!(other["transaction"], failed["transaction"]);
    assert_eq!(bob.settled(&node).await["state"], "burned");
    assert_eq!(BTreeSet::from_iter(node.chain.sent()).len(), 2);
}

/// The different transactions that were sent, once there are so many.
async fn offers(node: &Node, count: usize) -> Vec<String> {
    for _ in 0..600 {
        let mut sent = node.chain.sent();
        sent.dedup();
        if sent.len() >= count {
            return sent;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no more was offered: {:?}", node.chain.sent());
}

#[tokio::test]
async fn more_is_offered_for_what_fees_have_risen_above_and_whichever_is_taken_is_paid_for_once() {
    // Budget for the first offer and the second, and not for both: 100,000 gas at 5 wei, then at 2,001.
    let mut node = relaying(
        "relay_gwei_per_day_per_account = 0
",
    )
    .await;
    drop(node);
    node = relaying(
        "relay_highest_fee_gwei = 1
",
    )
    .await;
    let (alice, bob) = (Account::new(1).registered(&node).await, Receiver::of(&node, 2).await);
    node.chain.set_mining(None);
    let wish = bob.wish(voucher(&alice, &bob.account, 0, 1)).to_json();
    let first = bob.post(&node, &wish).await.json();
    offers(&node, 1).await;
    node.chain.set_base_fee(1_000);
    let sent = offers(&node, 2).await;
    let raised = bob.post(&node, &wish).await.json();
    assert_eq!(raised["id"], first["id"]);
    assert_eq!(raised["transaction"], hash_of(&sent[1]), "the last offer is told");
    // A restart in between: the last offer comes again, and nothing new.
    node.kill_and_restart().await;
    let again = node.chain.sent().len();
    while node.chain.sent().len() == again {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(offers(&node, 2).await, sent);
    // Fees above the highest: it waits.
    node.chain.set_base_fee(2_000_000_000);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(offers(&node, 2).await, sent);
    // The chain takes the first offer after all.
    node.chain.mine(&sent[0]);
    let settled = bob.settled(&node).await;
    assert_eq!((&settled["state"], &settled["transaction"]), (&json!("burned"), &first["transaction"]));
    assert_eq!(bob.post(&node, &wish).await.json(), settled);
    assert_eq!(offers(&node, 2).await, sent);
}

#[tokio::test]
async fn no_more_is_offered_than_the_budget_of_a_day_allows() {
    // 100,000 gas: the first offer is of 5 wei, the next would be of 20,001.
    let node = relaying(
        "relay_gwei_per_day_per_account = 1
",
    )
    .await;
    let (alice, bob) = (Account::new(1).registered(&node).await, Receiver::of(&node, 2).await);
    node.chain.set_mining(None);
    let wish = bob.wish(voucher(&alice, &bob.account, 0, 1)).to_json();
    assert_eq!(bob.post(&node, &wish).await.status, 200);
    let first = offers(&node, 1).await;
    node.chain.set_base_fee(10_000);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(offers(&node, 1).await, first, "2,000,100,000 wei are more than one gwei");
    node.chain.set_base_fee(1_000);
    let sent = offers(&node, 2).await;
    node.chain.mine(&sent[1]);
    let settled = bob.settled(&node).await;
    assert_eq!((&settled["state"], &settled["transaction"]), (&json!("burned"), &json!(hash_of(&sent[1]))));
}

#[tokio::test]
async fn without_a_key_no_burn_is_brought() {
    let node = Node::start().await;
    assert_eq!(node.get("/.well-known/dm3").await.json()["deposits"]["burns"], json!([]));
    let (alice, bob) = (Account::new(1).registered(&node).await, Receiver::of(&node, 2).await);
    let wish = bob.wish(voucher(&alice, &bob.account, 0, 1)).to_json();
    assert_eq!(bob.post(&node, &wish).await.status, 404);
    let none: [Address; 0] = [];
    assert_eq!(node.get_as(&bob.token, &bob.path()).await.json(), json!({ "contracts": none, "burns": [] }));
}
