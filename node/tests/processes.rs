//! Three processes of the program on one Postgres: any of them serves any account, and each may be killed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use support::account::submit;
use support::{Account, Node, PostgresServer, Socket};

/// Starts three nodes on one new database.
async fn three() -> [Node; 3] {
    let url = PostgresServer::shared().database().await;
    let database = format!("database = '{url}'");
    // At once, as by an operator's script: one of them brings the schema up to date.
    let (one, two, three) =
        tokio::join!(Node::start_with(&database), Node::start_with(&database), Node::start_with(&database));
    [one, two, three]
}

#[tokio::test]
async fn a_message_submitted_to_one_is_pushed_by_the_others_once() {
    let nodes = three().await;
    let alice = Account::new(1);
    let bob = Account::new(2).registered(&nodes[0]).await;
    let mut sockets = Vec::new();
    for node in &nodes {
        let token = bob.sign_in(node).await;
        sockets.push(Socket::authorized(node, &bob, &token).await);
    }
    for (n, node) in nodes.iter().enumerate() {
        let text = format!("submitted to {n}");
        let envelope = alice.envelope(&bob, &text).to_canonical();
        for _ in 0..2 {
            assert_eq!(node.post("/ds/rpc", &submit(&envelope)).await.body, "OK");
        }
        for socket in &mut sockets {
            assert_eq!(bob.open(&socket.message().await), text);
        }
    }
    // Twice submitted, also to another node, is once stored and once pushed.
    let envelope = alice.envelope(&bob, "everywhere").to_canonical();
    for node in &nodes {
        assert_eq!(node.post("/ds/rpc", &submit(&envelope)).await.body, "OK");
    }
    for socket in &mut sockets {
        assert_eq!(bob.open(&socket.message().await), "everywhere");
        assert!(socket.is_silent().await);
    }
}

#[tokio::test]
async fn a_challenge_of_one_is_answered_at_another_and_only_once() {
    let nodes = three().await;
    let bob = Account::new(2).registered(&nodes[0]).await;
    let path = format!("/ds/auth/{}", bob.name);
    let challenge = nodes[0].get(&path).await.text();
    let answer = bob.answer(&challenge);
    let (one, two, three) = tokio::join!(
        nodes[0].post(&path, &answer),
        nodes[1].post(&path, &answer),
        nodes[2].post(&path, &answer),
    );
    let replies = [one, two, three];
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    let token = replies.iter().find(|reply| reply.status == 200).unwrap().text();
    for node in &nodes {
        assert_eq!(bob.incoming(node, &token).await.len(), 0);
    }
}

#[tokio::test]
async fn a_profile_replaced_at_one_is_used_by_the_others_at_once() {
    let nodes = three().await;
    let alice = Account::new(1);
    let mut bob = Account::new(2).registered(&nodes[0]).await;
    for (round, node) in nodes.iter().enumerate() {
        // Each node knows the account by now.
        for node in &nodes {
            alice.send(node, &bob, "before").await;
        }
        bob = bob.rotated(10 + u8::try_from(round).unwrap()).registered(node).await;
        let token = bob.sign_in(node).await;
        for node in &nodes {
            alice.send(node, &bob, "after").await;
        }
        let incoming = bob.incoming(node, &token).await;
        for envelope in &incoming[..3] {
            assert_eq!(bob.open(envelope), "after");
            let received = dm3_core::message::ReceivedEnvelope::from_json(envelope).unwrap();
            // The postmark is sealed for the new key.
            dm3_core::seal::open(received.postmark().unwrap(), &bob.keys.encryption).unwrap();
        }
    }
}

/// Submits to the nodes in turn until one says OK, as clients do.
async fn insist(client: &reqwest::Client, urls: &[String], first: usize, envelope: &str) {
    for turn in first..first + 60 {
        let url = format!("{}/ds/rpc", urls[turn % urls.len()]);
        let sent = client.post(url).body(submit(envelope).to_string()).send().await;
        if let Ok(response) = sent
            && response.status() == 200
            && response.text().await.is_ok_and(|body| body == "OK")
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no node takes the message");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_killed_under_load_loses_nothing_and_doubles_nothing() {
    const MESSAGES: usize = 96;
    let mut nodes = three().await;
    let alice = Account::new(1);
    let bob = Account::new(2).registered(&nodes[0]).await;
    let token = bob.sign_in(&nodes[2]).await;
    let mut socket = Socket::authorized(&nodes[2], &bob, &token).await;
    let urls: Vec<String> = nodes.iter().map(|node| node.url.clone()).collect();
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
    let mut texts = BTreeSet::new();
    let mut senders = Vec::new();
    for worker in 0..8 {
        let mut envelopes = Vec::new();
        for n in 0..MESSAGES / 8 {
            let text = format!("{worker} {n}");
            envelopes.push(alice.envelope(&bob, &text).to_canonical());
            texts.insert(text);
        }
        let (client, urls) = (client.clone(), urls.clone());
        senders.push(tokio::spawn(async move {
            for (n, envelope) in envelopes.iter().enumerate() {
                insist(&client, &urls, worker + n, envelope).await;
            }
        }));
    }
    let mut pushed = Vec::new();
    while pushed.len() < MESSAGES {
        if pushed.len() == MESSAGES / 4 {
            nodes[0].signal("KILL").await;
        }
        pushed.push(bob.open(&socket.message().await));
    }
    for sender in senders {
        sender.await.unwrap();
    }
    assert!(!nodes[0].ended().await);
    assert!(socket.is_silent().await);
    let unique: BTreeSet<String> = pushed.into_iter().collect();
    assert_eq!(unique, texts);
    for node in &nodes[1..] {
        let found = bob.all(node, &token).await;
        assert_eq!(found.len(), MESSAGES);
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), texts);
    }
    // The one that was killed comes back to the same.
    nodes[0].start_again().await;
    assert_eq!(bob.all(&nodes[0], &token).await.len(), MESSAGES);
}

trait All {
    /// The texts of the whole mailbox, by cursor.
    async fn all(&self, node: &Node, token: &str) -> Vec<String>;
}

impl All for Account {
    async fn all(&self, node: &Node, token: &str) -> Vec<String> {
        let path = format!("/ds/delivery/messages/incoming/{}?after=0", self.name);
        let reply = node.get_as(token, &path).await;
        let envelopes: Vec<Value> = reply.json().as_array().unwrap().clone();
        envelopes.iter().map(|envelope| self.open(envelope)).collect()
    }
}
