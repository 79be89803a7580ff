//! Two nodes on one Postgres, with a pooler between, whose server is killed under load and comes back.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use support::account::submit;
use support::pooler::Pooler;
use support::{Account, Node, PostgresServer, Socket};

/// How many write at the same time.
const WRITERS: usize = 8;
/// How long the server is away.
const AWAY: Duration = Duration::from_secs(1);
/// How long anything may take to come back.
const PATIENCE: Duration = Duration::from_secs(60);

/// Hands a message over until it is taken, as clients do; whether it was ever refused for now.
async fn submitted(node: &Node, envelope: &str) -> bool {
    let (started, mut refused) = (Instant::now(), false);
    loop {
        let reply = node.post("/ds/rpc", &submit(envelope)).await;
        match reply.status.as_u16() {
            200 => return refused,
            503 => refused = true,
            _ => panic!("nothing final may be said while the database is away: {reply:?}"),
        }
        assert!(started.elapsed() < PATIENCE, "{reply:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn becomes(node: &Node, path: &str, status: u16) {
    let started = Instant::now();
    while node.get(path).await.status != status {
        assert!(started.elapsed() < PATIENCE, "{path} does not become {status}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_under_load_loses_no_message_and_doubles_none() {
    // Durable, since it is about what is on the disk.
    let mut server = PostgresServer::start(&[]);
    let Some(pooler) = Pooler::start(&server.database().await) else { return };
    let (one, two) = tokio::join!(
        Node::start_on(Some(&pooler.url), "off", ""),
        Node::start_on(Some(&pooler.url), "off", "")
    );
    let nodes = Arc::new([one, two]);
    let bob = Account::new(2).registered(&nodes[0]).await;
    let token = bob.sign_in(&nodes[1]).await;
    let mut socket = Socket::authorized(&nodes[1], &bob, &token).await;
    nodes[0].post("/ds/rpc", &submit(&Account::new(1).envelope(&bob, "before").to_canonical())).await;
    assert_eq!(bob.open(&socket.message().await), "before", "one node tells the other, through the pooler");

    let bob = Arc::new(bob);
    let (stopped, refusals) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (nodes, bob) = (Arc::clone(&nodes), Arc::clone(&bob));
            let (stopped, refusals) = (Arc::clone(&stopped), Arc::clone(&refusals));
            tokio::spawn(async move {
                let alice = Account::new(1);
                let mut sent = Vec::new();
                while !stopped.load(Ordering::Relaxed) {
                    let text = format!("{writer}-{}", sent.len());
                    let envelope = alice.envelope(&bob, &text).to_canonical();
                    if submitted(&nodes[sent.len() % 2], &envelope).await {
                        refusals.fetch_add(1, Ordering::Relaxed);
                    }
                    sent.push(text);
                }
                sent
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.crash();
    becomes(&nodes[0], "/ready", 503).await;
    tokio::time::sleep(AWAY).await;
    assert_eq!(nodes[0].get("/health").await.status, 200, "a process that is restarted would not help");
    let _server = tokio::task::spawn_blocking(move || {
        server.start_again();
        server
    })
    .await
    .unwrap();
    for node in nodes.iter() {
        becomes(node, "/ready", 200).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stopped.store(true, Ordering::Relaxed);
    let mut sent = vec!["before".to_owned()];
    for writer in writers {
        sent.extend(writer.await.unwrap());
    }
    assert!(refusals.load(Ordering::Relaxed) > 0, "somebody was in the middle of something");

    let token = bob.sign_in(&nodes[0]).await;
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = nodes[0].get_as(&token, &format!("/ds/mailbox/{}?after={after}", bob.name)).await.json();
        found.extend(page["messages"].as_array().unwrap().iter().map(|one| bob.open(&one["envelope"])));
        match page["next"].as_i64() {
            Some(next) => after = next,
            None => break,
        }
    }
    sent.sort();
    found.sort();
    assert_eq!(found.len(), sent.len());
    assert!(found == sent, "every message that was taken is there, once");

    // The nodes hear each other again.
    let token = bob.sign_in(&nodes[1]).await;
    let mut socket = Socket::authorized(&nodes[1], &bob, &token).await;
    nodes[0].post("/ds/rpc", &submit(&Account::new(1).envelope(&bob, "after").to_canonical())).await;
    let heard = async { while bob.open(&socket.message().await) != "after" {} };
    tokio::time::timeout(PATIENCE, heard).await.expect("it is pushed by the other node");
}
