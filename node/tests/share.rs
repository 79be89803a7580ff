//! More room for who has something at stake towards the operator.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dm3_core::deposit::{SignedVoucher, Voucher};
use serde_json::{Value, json};
use support::chain::{DEPOSITED, DEPOSITS, SLOT};
use support::stake::{Key, voucher};
use support::{Account, Node, PostgresServer, Reply};

/// The operator's account is the ninth. Free are 1000 bytes of history and 1500 of files, twice as much for three slots.
fn settings() -> String {
    format!(
        "storage_limit = 1000\nblob_limit = 1500\nblob_account_limit = 1500\nstaked_contract = '{DEPOSITS}'\n\
         staked_slots = 3\nstaked_receiver = '{}'\nstaked_storage_limit = 2000\nstaked_blob_account_limit = 3000\n",
        Account::new(9).address
    )
}

/// What is told to who has no more room.
fn told(reason: &str) -> (u16, Value) {
    let status = if reason == "free_share" { 507 } else { 400 };
    (status, json!({ "reason": reason, "price": price(), "limits": limits(2000, 3000) }))
}

fn price() -> Value {
    json!({
        "kind": "deposit", "chain": 1, "contract": DEPOSITS, "token": DEPOSITED, "slot": SLOT.to_string(),
        "slots": 3, "receiver": Account::new(9).address,
    })
}

fn limits(history: u64, files: u64) -> Value {
    json!({ "historyBytes": history, "fileBytes": files })
}

/// A refusal without its words.
fn refusal(reply: &Reply) -> (u16, Value) {
    let mut body = reply.json();
    assert!(body.as_object_mut().unwrap().remove("error").unwrap().as_str().unwrap().len() > 20);
    (reply.status.as_u16(), body)
}

/// Somebody with an account.
struct Keeper<'a> {
    node: &'a Node,
    account: Account,
    token: String,
}

impl<'a> Keeper<'a> {
    async fn new(node: &'a Node, n: u8) -> Self {
        let account = Account::new(n).registered(node).await;
        let token = account.sign_in(node).await;
        Self { node, account, token }
    }

    /// Writes so many bytes of history.
    async fn write(&self, id: &str, bytes: usize) -> Reply {
        let record = json!({ "conversation": "bob", "id": id, "replaces": 0, "data": STANDARD.encode(vec![0; bytes]) });
        let path = format!("/api/history/{}", self.account.name);
        self.node.post_as(&self.token, &path, &json!({ "records": [record] })).await
    }

    /// Makes room for a file of so many bytes.
    async fn promise(&self, bytes: usize) -> Reply {
        let path = format!("/ds/blobs/{}", self.account.name);
        self.node.post_as(&self.token, &path, &json!({ "size": bytes, "hash": "ab".repeat(32) })).await
    }

    fn room(&self) -> String {
        format!("/ds/deposits/{}/room", self.account.name)
    }

    async fn stake(&self, voucher: &SignedVoucher) -> Reply {
        self.node.post_as(&self.token, &self.room(), &voucher.to_json()).await
    }
}

#[tokio::test]
async fn who_has_something_at_stake_has_more_room_for_history_and_files_and_nobody_else() {
    for url in [None, Some(PostgresServer::shared().database().await)] {
        let node = Node::start_on(url.as_deref(), "warn", &settings()).await;
        let (alice, bob, operator) =
            (Keeper::new(&node, 1).await, Keeper::new(&node, 2).await, Account::new(9));
        let published = node.get("/.well-known/dm3").await.json()["deposits"]["room"].clone();
        let wanted = json!({
            "contract": DEPOSITS, "slots": 3, "receiver": operator.address, "limits": limits(2000, 3000),
        });
        assert_eq!(published, wanted);
        for keeper in [&alice, &bob] {
            assert_eq!(keeper.write("a", 900).await.status, 200);
            assert_eq!(refusal(&keeper.write("b", 200).await), told("free_share"));
            assert_eq!(keeper.promise(1500).await.status, 201);
            assert_eq!(refusal(&keeper.promise(1000).await), told("free_share"));
        }
        // What a stake would not lift, it is not asked for.
        let (status, body) = refusal(&alice.write("b", 1200).await);
        assert_eq!((status, body), (507, json!({})));

        let key = Key::new(7);
        node.chain.set_deposit(alice.account.address, key.address(), 10);
        let good = || voucher(&alice.account, &operator, 4, 3);
        for (wrong, why) in [
            (key.sign(voucher(&alice.account, &operator, 4, 2)), "too few"),
            (key.sign(voucher(&alice.account, &bob.account, 4, 3)), "for somebody else"),
            (key.sign(voucher(&bob.account, &operator, 4, 3)), "of somebody else"),
            (key.sign(Voucher { epoch: good().epoch - 1, ..good() }), "of last week"),
            (good().signed(format!("0x{}", "11".repeat(65))), "not signed"),
        ] {
            assert_eq!(refusal(&alice.stake(&wrong).await), told("not_staked"), "{why}");
        }
        let none = node.post_text(&alice.room(), "{").await;
        assert_eq!(none.status, 401, "without a session nothing is looked at");
        assert_eq!(node.chain.standings(), [], "so far, the chain need not be asked");
        assert_eq!(refusal(&alice.write("b", 200).await).0, 507);

        let has = alice.stake(&key.sign(good())).await;
        let staked = json!({ "price": price(), "limits": limits(2000, 3000) });
        assert_eq!(has.json(), json!({ "limits": limits(2000, 3000), "staked": staked }));
        assert_eq!(alice.write("b", 200).await.status, 200);
        assert_eq!(alice.promise(1000).await.status, 201);
        let full = [refusal(&alice.write("c", 1000).await), refusal(&alice.promise(600).await)];
        assert_eq!(full, [(507, json!({})), (507, json!({}))], "there is an end of it, too");

        // Whose deposit the chain does not know has nothing at stake.
        let bobs = key.sign(voucher(&bob.account, &operator, 0, 3));
        assert_eq!(refusal(&bob.stake(&bobs).await), told("not_staked"));
        assert_eq!(refusal(&bob.write("b", 200).await), told("free_share"));
        let free = node.get_as(&bob.token, &bob.room()).await.json();
        assert_eq!(free["limits"], limits(1000, 1500));
        assert_eq!(node.chain.standings(), [alice.account.address, bob.account.address]);
    }
}

#[tokio::test]
async fn a_stake_counts_also_after_a_restart_and_the_chain_is_asked_once_a_week() {
    let mut node = Node::start_with(&settings()).await;
    let operator = Account::new(9);
    let alice = Keeper::new(&node, 1).await;
    let key = Key::new(7);
    node.chain.set_deposit(alice.account.address, key.address(), 10);
    let given = key.sign(voucher(&alice.account, &operator, 0, 3));
    for _ in 0..3 {
        assert_eq!(alice.stake(&given).await.status, 200);
    }
    assert_eq!(node.chain.standings(), [alice.account.address]);
    node.kill_and_restart().await;
    node.chain.break_down();
    let alice = Keeper::new(&node, 1).await;
    assert_eq!(alice.write("a", 1500).await.status, 200, "for what was promised the chain is not needed");
}

#[tokio::test]
async fn where_the_chain_is_away_nobody_is_told_for_good_that_they_have_no_more_room() {
    let node = Node::start_with(&settings()).await;
    let operator = Account::new(9);
    let alice = Keeper::new(&node, 1).await;
    let key = Key::new(7);
    node.chain.set_deposit(alice.account.address, key.address(), 3);
    let given = key.sign(voucher(&alice.account, &operator, 0, 3));
    node.chain.break_down();
    assert_eq!(alice.write("a", 900).await.status, 200, "the free share needs no chain");
    assert_eq!(alice.write("b", 200).await.status, 503);
    assert_eq!(alice.promise(1500).await.status, 201);
    assert_eq!(alice.promise(1).await.status, 503);
    assert_eq!(alice.stake(&given).await.status, 503);
    node.chain.repair();
    assert_eq!(refusal(&alice.write("b", 200).await), told("free_share"));
    assert_eq!(alice.stake(&given).await.status, 200);
    assert_eq!(alice.write("b", 200).await.status, 200);
}

#[tokio::test]
async fn a_contract_that_holds_no_deposits_gives_nobody_more_and_asks_nobody_for_it() {
    let other = settings().replace(&DEPOSITS.to_string(), &DEPOSITED.to_string());
    let node = Node::start_with(&other).await;
    let alice = Keeper::new(&node, 1).await;
    assert_eq!(refusal(&alice.write("a", 1001).await), (507, json!({})));
    assert_eq!(node.get_as(&alice.token, &alice.room()).await.status, 404);
    let plain = Node::start().await;
    let alice = Keeper::new(&plain, 1).await;
    assert_eq!(plain.get_as(&alice.token, &alice.room()).await.status, 404);
}
