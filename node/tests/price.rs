//! What a new account costs: an invitation, work, something at stake, or it can't be had; on both engines.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use dm3_core::delivery::{Payment, Price, Work};
use dm3_core::deposit::Voucher;
use reqwest::Method;
use serde_json::json;
use support::chain::{DEPOSITED, DEPOSITS, SLOT};
use support::stake::{Key, voucher};
use support::{Account, Node, PostgresServer, Reply};
use tokio::process::Command;

async fn on_both_engines(more: &str, test: impl AsyncFn(Node)) {
    test(Node::start_with(more).await).await;
    let url = PostgresServer::shared().database().await;
    test(Node::start_on(Some(&url), "warn", more).await).await;
}

async fn admin(node: &Node, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dm3-node"));
    command.arg("--config").arg(node.folder().join("node.toml")).args(["admin", "--as", "olga"]).args(words);
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn register(node: &Node, account: &Account, paid: Option<&Payment>) -> Reply {
    let bearer = paid.map(|paid| paid.to_bearer().unwrap());
    let path = format!("/ds/profile/{}", account.name);
    let profile = account.profile().to_canonical();
    node.request(Method::POST, &path, bearer.as_ref().map(|bearer| bearer.expose()), Some(&profile)).await
}

/// Refused with this price.
fn price(reply: &Reply) -> serde_json::Value {
    let body = reply.json();
    assert_eq!(
        (reply.status.as_u16(), &body["message"]),
        (400, &json!("Couldn't store profile")),
        "{reply:?}"
    );
    assert!(body["error"].as_str().unwrap().len() > 20);
    body["price"].clone()
}

fn work(reply: &Reply) -> Work {
    let price = price(reply);
    assert_eq!(price["kind"], "work");
    Work::new(price["challenge"].as_str().unwrap(), price["bits"].as_u64().unwrap().try_into().unwrap())
        .unwrap()
}

#[tokio::test]
async fn an_invitation_lets_in_as_many_as_it_says_and_nobody_once_it_is_revoked() {
    on_both_engines("registration = 'invitation'\n", async |mut node| {
        let (alice, bob, carol) = (Account::new(1), Account::new(2), Account::new(3));
        assert_eq!(price(&register(&node, &alice, None).await), Price::Invitation.to_json());
        let wrong = Payment::invitation("00000000-00000000-00000000-00000000").unwrap();
        price(&register(&node, &alice, Some(&wrong)).await);

        let said = admin(&node, &["invite", "2", "30", "the fair"]).await;
        let code = said.lines().next().unwrap().to_owned();
        let invited = Payment::invitation(&code.to_uppercase()).unwrap();
        assert_eq!(register(&node, &alice, Some(&invited)).await.status, 200);
        // Who has an account needs none: other keys, the gateway, the storage.
        assert_eq!(register(&node, &Account::new(1).rotated(9), None).await.status, 200);
        assert_eq!(alice.claim_name(&node, "alice").await.status, 200);
        assert_eq!(register(&node, &bob, Some(&invited)).await.status, 200);
        price(&register(&node, &carol, Some(&invited)).await);

        let listed = admin(&node, &["invitations"]).await;
        let columns: Vec<&str> = listed.lines().nth(1).unwrap().split('\t').collect();
        assert_eq!((columns[1], columns[2], columns[5]), ("2", "2", "the fair"), "{listed}");
        let second = admin(&node, &["invite", "1", "0", "carol"]).await;
        let second = Payment::invitation(second.lines().next().unwrap()).unwrap();
        let listed = admin(&node, &["invitations"]).await;
        let id = listed.lines().find(|line| line.ends_with("carol")).unwrap().split('\t').next().unwrap();
        admin(&node, &["revoke", id]).await;
        price(&register(&node, &carol, Some(&second)).await);
        let log = admin(&node, &["log"]).await;
        assert!(log.contains(&format!("olga\trevoke invitation\t{id}")), "{log}");
        assert!(log.contains("the fair") && !log.contains(&code), "{log}");
        // The code itself is nowhere.
        if let Some(file) = node.sqlite_file() {
            node.terminate().await;
            let kept = std::fs::read(file).unwrap();
            assert!(!kept.windows(code.len()).any(|bytes| bytes == code.as_bytes()));
        }
    })
    .await;
}

#[tokio::test]
async fn who_comes_at_the_same_time_shares_the_uses_of_an_invitation() {
    on_both_engines("registration = 'invitation'\n", async |node| {
        let said = admin(&node, &["invite", "3", "1", ""]).await;
        let invited = Payment::invitation(said.lines().next().unwrap()).unwrap();
        let accounts: Vec<Account> = (1..=9).map(Account::new).collect();
        let all = accounts.iter().map(|account| register(&node, account, Some(&invited)));
        let replies = futures_util::future::join_all(all).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 3);
    })
    .await;
}

#[tokio::test]
async fn work_opens_one_account_once_and_is_told_beforehand() {
    on_both_engines("registration = 'work'\nregistration_work_bits = 12\n", async |node| {
        let discovery = node.get("/.well-known/dm3").await.json();
        assert_eq!(discovery["registration"], json!({ "price": "work", "workBits": 12 }));
        let (alice, bob) = (Account::new(1), Account::new(2));
        let asked = work(&register(&node, &alice, None).await);
        assert_eq!(asked.bits(), 12);
        let number = asked.search(0, u32::MAX).unwrap();
        let done = Payment::Work(asked.clone(), number);
        let not_done = (0..).find(|number| !asked.is_done_by(*number)).unwrap();
        price(&register(&node, &alice, Some(&Payment::Work(asked, not_done))).await);
        price(&register(&node, &bob, Some(&done)).await);
        assert_eq!(register(&node, &alice, Some(&done)).await.status, 200);
        assert_eq!(register(&node, &alice, None).await.status, 200, "who has an account posts it again");
        alice.sign_in(&node).await;
        // The same work is not good for the account that comes after it was deleted.
        admin(&node, &["--yes", "delete", alice.name.as_str()]).await;
        price(&register(&node, &alice, Some(&done)).await);
    })
    .await;
}

/// The operator's account is the ninth.
fn for_a_stake(slots: u16) -> String {
    let operator = Account::new(9).address;
    format!(
        "registration = 'deposit'\nregistration_contract = '{DEPOSITS}'\nregistration_slots = {slots}\n\
         registration_receiver = '{operator}'\n"
    )
}

#[tokio::test]
async fn who_has_something_at_stake_towards_the_operator_has_an_account_and_nobody_else() {
    on_both_engines(&for_a_stake(3), async |node| {
        let (alice, bob, operator) = (Account::new(1), Account::new(2), Account::new(9));
        let told = node.get("/.well-known/dm3").await.json();
        let wanted = json!({ "contract": DEPOSITS, "slots": 3, "receiver": operator.address });
        assert_eq!(told["registration"], json!({ "price": "deposit", "workBits": null, "deposit": wanted }));
        let asked = json!({
            "kind": "deposit", "chain": 1, "contract": DEPOSITS, "token": DEPOSITED, "slot": SLOT.to_string(),
            "slots": 3, "receiver": operator.address,
        });
        assert_eq!(price(&register(&node, &alice, None).await), asked);
        let key = Key::new(7);
        node.chain.set_deposit(alice.address, key.address(), 10);
        let good = || voucher(&alice, &operator, 4, 3);
        for (wrong, why) in [
            (key.sign(voucher(&alice, &operator, 4, 2)), "too few"),
            (key.sign(voucher(&alice, &bob, 4, 3)), "for somebody else"),
            (key.sign(voucher(&bob, &operator, 4, 3)), "of somebody else"),
            (key.sign(Voucher { epoch: good().epoch - 1, ..good() }), "of last week"),
            (good().signed(format!("0x{}", "11".repeat(65))), "not signed"),
        ] {
            let reply = register(&node, &alice, Some(&Payment::Deposit(wrong))).await;
            assert_eq!(price(&reply), asked, "{why}");
        }
        assert_eq!(node.chain.standings(), [], "so far, the chain need not be asked");
        // Whose deposit the chain does not know has nothing at stake.
        let bobs = Payment::Deposit(key.sign(voucher(&bob, &operator, 0, 3)));
        assert_eq!(price(&register(&node, &bob, Some(&bobs)).await), asked);
        let given = Payment::Deposit(key.sign(good()));
        assert_eq!(register(&node, &alice, Some(&given)).await.status, 200);
        assert_eq!(register(&node, &alice, None).await.status, 200, "who has an account posts it again");
        alice.sign_in(&node).await;
        assert_eq!(node.chain.standings(), [bob.address, alice.address]);

        // The operator can burn it.
        let listed = admin(&node, &["stakes", &alice.address.to_string()]).await;
        let row: Vec<&str> = listed.lines().nth(1).unwrap().split('\t').collect();
        let Payment::Deposit(given_voucher) = &given else { unreachable!() };
        let proven = given_voucher.clone().prove().unwrap();
        let burn = dm3_core::registry::deposits::burn(&proven, proven.voucher().slots.bits());
        assert_eq!(
            (row[0], row[2], row[3]),
            ("3", &*DEPOSITS.to_string(), &*format!("0x{}", hex::encode(burn)))
        );
        // The same stake is not good for the account that comes after it was deleted.
        admin(&node, &["--yes", "delete", alice.name.as_str()]).await;
        assert_eq!(price(&register(&node, &alice, Some(&given)).await), asked);
    })
    .await;
}

#[tokio::test]
async fn where_the_chain_is_away_nobody_is_told_that_they_have_nothing_at_stake() {
    let node = Node::start_with(&for_a_stake(1)).await;
    let (alice, operator) = (Account::new(1), Account::new(9));
    let key = Key::new(7);
    node.chain.set_deposit(alice.address, key.address(), 1);
    let given = Payment::Deposit(key.sign(voucher(&alice, &operator, 0, 1)));
    node.chain.break_down();
    assert_eq!(register(&node, &alice, None).await.status, 503);
    assert_eq!(register(&node, &alice, Some(&given)).await.status, 503);
    node.chain.repair();
    assert_eq!(register(&node, &alice, Some(&given)).await.status, 200);
}

#[tokio::test]
async fn a_contract_that_holds_no_deposits_lets_nobody_in() {
    let stake = for_a_stake(1).replace(&DEPOSITS.to_string(), &DEPOSITED.to_string());
    let node = Node::start_with(&stake).await;
    assert_eq!(price(&register(&node, &Account::new(1), None).await), Price::Closed.to_json());
}

/// Whoever has a domain has as many names with profiles as they like.
#[tokio::test]
async fn who_signs_in_by_a_profile_on_the_chain_keeps_nothing_without_an_account() {
    let node = Node::start_with("registration = 'invitation'\n").await;
    let alice = Account::new(1).called("alice.eth");
    node.chain.set_address("alice.eth", alice.address);
    node.chain.set_profile("alice.eth", format!("data:application/json,{}", alice.profile().to_json()));
    let token = alice.sign_in(&node).await;
    let path = "/ds/settings/alice.eth";
    let kept = node.request(Method::PUT, path, Some(&token), Some("{}")).await;
    assert_eq!(kept.status, 401);
    assert_eq!(node.get_as(&token, "/api/history/alice.eth").await.status, 401);
}

#[tokio::test]
async fn a_closed_node_takes_nobody_and_an_open_one_everybody() {
    let closed = Node::start_with("registration = 'closed'\n").await;
    assert_eq!(price(&register(&closed, &Account::new(1), None).await), Price::Closed.to_json());
    assert_eq!(closed.get("/.well-known/dm3").await.json()["registration"]["price"], "closed");
    let open = Node::start().await;
    assert_eq!(register(&open, &Account::new(1), None).await.status, 200);
    assert_eq!(
        open.get("/.well-known/dm3").await.json()["registration"],
        json!({ "price": "open", "workBits": null })
    );
}
