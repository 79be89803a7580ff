//! A mailbox is flooded while friends write: every message of theirs gets through and can be acknowledged.
//!
//! Strangers, whom nobody can verify, keep no verified sender out. Accounts cost nothing, so many of them are verified, too:
//! they keep nobody out who is on the receiver's list.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::asking::{Asking, Said};
use crate::seconds;
use crate::support::account::submit;
use crate::support::{Account, Node};

/// How many strangers write at the same time.
const STRANGERS: u16 = 6;
/// How many friends write.
const FRIENDS: u8 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verified_senders_get_through_to_a_mailbox_that_strangers_flood() {
    friends_get_through_beside(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_on_the_list_gets_through_though_accounts_flood_it_as_well() {
    friends_get_through_beside(6).await;
}

/// Friends are on the receiver's list if accounts flood the mailbox, too.
async fn friends_get_through_beside(accounts: u16) {
    // A small mailbox, so that it is full within seconds, and limits of rates off, so that it stays full.
    let node =
        Arc::new(Node::start_with("mailbox_message_limit = 400\nmax_connections_per_address = 1000\n").await);
    let bob = Arc::new(Account::new(2).registered(&node).await);
    let stopped = Arc::new(AtomicBool::new(false));
    let (handed, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut flood = Vec::new();
    for n in 0..STRANGERS + accounts {
        let (node, bob, stopped) = (node.clone(), bob.clone(), stopped.clone());
        let (handed, refused) = (handed.clone(), refused.clone());
        flood.push(tokio::spawn(async move {
            let is_account = n >= STRANGERS;
            let account = Account::of_many(n);
            let account = if is_account { account.registered(&node).await } else { account };
            for count in 0.. {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let stranger = format!("stranger{n}-{count}.eth");
                let name = if is_account { account.name.as_str() } else { &stranger };
                let envelope =
                    account.envelope_addressed(&bob, &"flood ".repeat(200), name, bob.name.as_str());
                let reply = node.post("/ds/rpc", &submit(&envelope.to_canonical())).await;
                handed.fetch_add(1, Ordering::Relaxed);
                if reply.status != 200 {
                    refused.fetch_add(1, Ordering::Relaxed);
                    // For now, or the mailbox's share is used up.
                    assert!(matches!(reply.status.as_u16(), 429 | 503 | 507), "{reply:?}");
                }
            }
        }));
    }
    // Full before the first friend writes.
    let began = Instant::now();
    while refused.load(Ordering::Relaxed) < 20 {
        assert!(began.elapsed() < Duration::from_secs(120), "the mailbox is not full");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let (asking, token) = (Asking::new(&node.url), bob.sign_in(&node).await);
    let friends: Vec<Account> = (10..10 + FRIENDS).map(Account::new).collect();
    for friend in &friends {
        let reply = node.post(&format!("/ds/profile/{}", friend.name), &friend.profile().to_json()).await;
        assert_eq!(reply.status, 200);
    }
    let allow: Vec<_> = friends.iter().map(|friend| friend.address).collect();
    let settings = json!({ "allow": if accounts > 0 { allow } else { Vec::new() } }).to_string();
    let path = format!("/ds/settings/{}", bob.name);
    assert_eq!(node.request(Method::PUT, &path, Some(&token), Some(&settings)).await.status, 200);
    let (began, mut sent, mut waits) = (Instant::now(), 0, Vec::new());
    while began.elapsed() < seconds(4) {
        let mut wanted = Vec::new();
        for friend in &friends {
            let text = format!("friend {sent}");
            let asked = Instant::now();
            let said = asking.submit(&friend.envelope(&bob, &text).to_canonical()).await;
            waits.push(asked.elapsed());
            assert_eq!(said, Said::Taken, "{text}");
            wanted.push(text);
            sent += 1;
        }
        // A reader goes through all of it, takes what friends wrote, and lets the flood lie.
        let (mut after, mut found) = (Some(0), Vec::new());
        while let Some(from) = after {
            let page = format!("/ds/mailbox/{}?after={from}&limit=500", bob.name);
            let page = asking.ask(Method::GET, &page, Some(&token), None).await;
            assert_eq!(page.status, 200, "{page:?}");
            let page = page.json();
            for one in page["messages"].as_array().unwrap() {
                let text = bob.open(&one["envelope"]);
                if text.starts_with("friend") {
                    found.push((one["id"].as_i64().unwrap(), text));
                }
            }
            after = page["next"].as_i64();
        }
        let (ids, texts): (Vec<i64>, Vec<String>) = found.into_iter().unzip();
        assert_eq!(texts, wanted, "every message of friends, and no earlier one");
        asking.acknowledge(&bob, &token, &ids).await.unwrap();
    }
    stopped.store(true, Ordering::Relaxed);
    for task in flood {
        task.await.unwrap();
    }
    waits.sort_unstable();
    println!(
        "{} handed in by strangers, {} of them refused; {sent} of friends all taken and acknowledged, p50 {:?}, longest {:?}",
        handed.load(Ordering::Relaxed),
        refused.load(Ordering::Relaxed),
        waits[waits.len() / 2],
        waits.last().unwrap()
    );
}
