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

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::postgres::PgListener;
use sqlx::{Connection as _, PgConnection, Row as _};
use support::account::submit;
use support::{Account, MailServer, Node, PostgresServer, Reply, Socket};

/// Starts three nodes on one new database.
async fn three() -> [Node; 3] {
    three_on(&PostgresServer::shared().database().await, "").await
}

async fn three_on(url: &str, more: &str) -> [Node; 3] {
    let database = format!("database = '{url}'\n{more}");
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
async fn sessions_that_are_ended_at_one_are_over_at_all() {
    let nodes = three().await;
    let bob = Account::new(2).registered(&nodes[0]).await;
    let stolen = bob.sign_in(&nodes[0]).await;
    let mut sockets = Vec::new();
    for node in &nodes {
        sockets.push(Socket::authorized(node, &bob, &stolen).await);
    }
    let mailbox = format!("/ds/mailbox/{}", bob.name);
    let bob = bob.rotated(77).registered(&nodes[1]).await;
    let token = bob.sign_in(&nodes[1]).await;
    for (node, socket) in nodes.iter().zip(&mut sockets) {
        assert_eq!(node.get_as(&stolen, &mailbox).await.status, 401);
        assert_eq!(node.get_as(&token, &mailbox).await.status, 200);
        assert_eq!(socket.frame().await.as_deref(), Some("41"), "it is disconnected");
    }
    let mut socket = Socket::authorized(&nodes[0], &bob, &token).await;
    let path = format!("/ds/auth/{}", bob.name);
    assert_eq!(nodes[2].request(Method::DELETE, &path, Some(&token), None).await.status, 204);
    assert_eq!(socket.frame().await.as_deref(), Some("41"));
    assert_eq!(nodes[0].get_as(&token, &mailbox).await.status, 401);
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

/// Ends the connections over which nodes are told of others' messages, as a firewall or a failing server does;
/// how many there were.
async fn cut_listeners(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let row = sqlx::query(
        "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'LISTEN%'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    row.get(0)
}

/// Writes one record of an account's history; `replaces` is the version that is there.
async fn write_history(node: &Node, account: &Account, token: &str, replaces: u64) -> Reply {
    let record =
        json!({ "conversation": "c", "id": "a", "replaces": replaces, "data": STANDARD.encode(b"x") });
    let body = json!({ "records": [record] });
    node.post_as(token, &format!("/api/history/{}", account.name), &body).await
}

#[tokio::test]
async fn history_written_at_one_is_told_by_all_once() {
    let nodes = three().await;
    let bob = Account::new(2).registered(&nodes[0]).await;
    let token = bob.sign_in(&nodes[0]).await;
    let mut sockets = Vec::new();
    for node in &nodes {
        sockets.push(Socket::authorized(node, &bob, &token).await);
    }
    for (change, node) in (1..).zip(&nodes) {
        let written = write_history(node, &bob, &token, change - 1).await;
        assert_eq!((written.status.as_u16(), written.json()), (200, json!({ "versions": [change] })));
        for socket in &mut sockets {
            assert_eq!(socket.event().await, ("history".into(), json!({ "change": change })));
        }
    }
    for socket in &mut sockets {
        assert!(socket.is_silent().await);
    }
}

#[tokio::test]
async fn nothing_is_lost_while_the_connections_that_tell_of_it_are_killed() {
    const MESSAGES: usize = 60;
    let url = PostgresServer::shared().database().await;
    let nodes = three_on(&url, "").await;
    let alice = Account::new(1);
    let bob = Account::new(2).registered(&nodes[0]).await;
    let token = bob.sign_in(&nodes[2]).await;
    let mut socket = Socket::authorized(&nodes[2], &bob, &token).await;
    let mut cut = 0;
    let mut missing = BTreeSet::new();
    for n in 0..MESSAGES {
        if n % 6 == 3 {
            cut += cut_listeners(&url).await;
        }
        let text = format!("{n}");
        alice.send(&nodes[n % 2], &bob, &text).await;
        missing.insert(text);
    }
    assert!(cut >= 3, "{cut} connections were cut");
    while !missing.is_empty() {
        // Some may come twice: after a lost connection nobody knows how far it was read.
        missing.remove(&bob.open(&socket.message().await));
    }
    // What is written while nobody listens is told when somebody does again.
    let last = 5;
    for change in 1..=last {
        cut_listeners(&url).await;
        assert_eq!(write_history(&nodes[0], &bob, &token, change - 1).await.status, 200);
    }
    while socket.event().await != ("history".into(), json!({ "change": last })) {}
}

#[tokio::test]
async fn a_receiver_with_a_socket_at_another_is_not_told_by_mail() {
    let mut server = MailServer::start().await;
    let url = PostgresServer::shared().database().await;
    let nodes = three_on(&url, &format!("{}notifications_name_sender = true", server.config())).await;
    let bob = Account::new(2).registered(&nodes[0]).await;
    let token = bob.sign_in(&nodes[0]).await;
    let post = async |route: &str, body: Value| {
        let path = format!("/ds/notifications{route}/{}", bob.name);
        assert_eq!(nodes[0].post_as(&token, &path, &body).await.status, 200, "{route}");
    };
    post("/global", json!({ "isEnabled": true })).await;
    post("", json!({ "recipientValue": "bob@example.test", "notificationChannelType": "EMAIL" })).await;
    let code = server.mail().await.code();
    post("/otp/verify", json!({ "otp": code, "notificationChannelType": "EMAIL" })).await;
    let mut socket = Socket::authorized(&nodes[1], &bob, &token).await;
    let mut listener = PgListener::connect(&url).await.unwrap();
    listener.listen("dm3_notices").await.unwrap();
    Account::new(1).called("alice.eth").send(&nodes[0], &bob, "seen").await;
    assert_eq!(bob.open(&socket.message().await), "seen");
    // The socket stays open until the node that has it was asked, and answered.
    let answer = async { while !listener.recv().await.unwrap().payload().contains(" here ") {} };
    tokio::time::timeout(Duration::from_secs(60), answer).await.expect("an answer in time");
    socket.send("41").await;
    drop(socket);
    // The other node may take a moment to see that the socket is gone. Had a mail been sent for the first
    // message, none would come for the next for a minute.
    let carol = Account::new(3).called("carol.eth");
    let mail = loop {
        carol.send(&nodes[0], &bob, "missed").await;
        if let Ok(mail) = tokio::time::timeout(Duration::from_secs(10), server.mail()).await {
            break mail;
        }
    };
    assert!(mail.text.contains("from carol.eth."), "{}", mail.text);
}

#[tokio::test]
async fn rules_set_at_one_hold_at_the_others_at_once() {
    let nodes = three().await;
    let alice = Account::new(1).registered(&nodes[0]).await;
    let bob = Account::new(2).registered(&nodes[0]).await;
    let token = bob.sign_in(&nodes[0]).await;
    let path = format!("/ds/settings/{}", bob.name);
    for (round, setter) in nodes.iter().enumerate() {
        for (settings, status) in [(r#"{"spamRules":[{"rule":"contactsOnly"}]}"#, 400), ("{}", 200)] {
            let reply = setter.request(Method::PUT, &path, Some(&token), Some(settings)).await;
            assert_eq!(reply.status, 200, "{reply:?}");
            for node in &nodes {
                let envelope = alice.envelope(&bob, &format!("{round}"));
                let reply = node.post("/ds/rpc", &submit(&envelope.to_canonical())).await;
                assert_eq!(reply.status, status, "{settings}: {reply:?}");
            }
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
