//! How fast the engines are by themselves, in a release build:
//! `cargo test --release -p dm3-node --test store -- --ignored --nocapture measure`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dm3_core::identity::Address;
use dm3_node::store::{
    Database, Delivery, MailboxLimits, Outcome, PICK_UP_MESSAGES, Registration, Service, Standing, Store,
};

use crate::postgres::PostgresServer;

const SECONDS: u64 = 4;
/// Bytes of an envelope, about those of a short message.
const BYTES: usize = 2500;

fn mailbox(n: u64) -> Address {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    Address::from_bytes(bytes)
}

fn delivery(to: u64, n: u64) -> Delivery {
    let mut envelope_hash = [0; 32];
    envelope_hash[..8].copy_from_slice(&n.to_be_bytes());
    Delivery {
        mailbox: mailbox(to),
        sender: "a.eth".into(),
        message_hash: format!("0x{n:064x}"),
        sender_address: Some(mailbox(n % 100)),
        standing: Standing::Verified,
        signed: Some(envelope_hash),
        envelope_hash,
        received_at: n,
        envelope: "x".repeat(BYTES),
        account_version: 1,
        limits: MailboxLimits {
            messages: u64::MAX,
            bytes: u64::MAX,
            unknown: 100,
            verified: 100,
            sender: 100,
        },
    }
}

async fn register(store: &dyn Store, n: u64) {
    let (address, profile_hash) = (mailbox(n), [0; 32]);
    let profile = "{}".into();
    let registration =
        Registration { address, profile, profile_hash, service: Service::Mailbox, payment: None, now: 1 };
    store.register(registration).await.unwrap();
}

async fn deliveries(engine: &str, store: &Arc<dyn Store>, connections: u64, round: u64) {
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let tasks: Vec<_> = (0..connections)
        .map(|connection| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                let mut n = (round << 48) | (connection << 32);
                while Instant::now() < until {
                    let started = Instant::now();
                    n += 1;
                    let outcome = store.deliver(delivery(connection, n)).await.unwrap();
                    assert!(matches!(outcome, Outcome::Stored { .. }));
                    times.push(started.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!(
        "{engine} {connections:>3} at once: {:>6} durable deliveries/s, p50 {:.1} ms, p99 {:.1} ms",
        times.len() as u64 / SECONDS,
        at(50),
        at(99),
    );
}

async fn acknowledgement(engine: &str, store: &Arc<dyn Store>, to: u64, queued: u64) {
    register(&**store, to).await;
    let fill = (0..queued).map(|n| {
        let store = store.clone();
        async move { store.deliver(delivery(to, (to << 48) | n)).await.unwrap() }
    });
    futures_util::StreamExt::for_each(
        futures_util::StreamExt::buffer_unordered(futures_util::stream::iter(fill), 128),
        |_| async {},
    )
    .await;
    let started = Instant::now();
    let mut numbers = Vec::new();
    for n in 0..50.min(queued) {
        let hash = format!("0x{:064x}", (to << 48) | (n * queued / 50));
        numbers.extend(store.copies(mailbox(to), &hash, "a.eth").await.unwrap().iter().map(|copy| copy.seq));
    }
    store.remove(mailbox(to), &numbers).await.unwrap();
    let acknowledged = started.elapsed();
    let started = Instant::now();
    let page = store.page(mailbox(to), numbers[numbers.len() / 2], PICK_UP_MESSAGES).await.unwrap();
    println!(
        "{engine} {queued:>7} queued: acknowledging {} {:.1} ms, a page of {} {:.1} ms",
        numbers.len(),
        acknowledged.as_secs_f64() * 1e3,
        page.envelopes.len(),
        started.elapsed().as_secs_f64() * 1e3,
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a test"]
async fn measure() {
    let folder = tempfile::tempdir().unwrap();
    // This one waits for the disk.
    let server = PostgresServer::start(&[]);
    let postgres: Database = server.database().await.parse().unwrap();
    let sqlite = Database::Sqlite(folder.path().join("node.sqlite"));
    for (engine, database) in [("SQLite  ", sqlite), ("Postgres", postgres)] {
        let store = database.open().await.unwrap();
        for n in 0..64 {
            register(&*store, n).await;
        }
        for (round, connections) in [1, 8, 16, 64].into_iter().enumerate() {
            deliveries(engine, &store, connections, round as u64 + 1).await;
        }
        for (to, queued) in [(1000, 50), (1001, 1000), (1002, 100_000)] {
            acknowledgement(engine, &store, to, queued).await;
        }
        store.close().await;
    }
}
