//! How fast the node is: submissions, latencies, pushes, acknowledgements, memory, and what a hostile client does to
//! a good one. On SQLite and on Postgres, with the same messages, which are sealed before the clock runs.
//!
//! `npm run bench -- node` runs it and shows the numbers. The last line of its output is all of them as JSON.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a measurement ends where an assumption fails"
)]

mod cryptography;
mod hostile;
mod http;
mod load;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Connection, request};
use load::{Measured, full, paced};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use support::account::submit;
use support::{Account, Around, Node, PostgresServer, Socket};
use tokio::task::JoinSet;

/// How many connections send at once.
const CONNECTIONS: [usize; 4] = [1, 4, 16, 64];
/// How many messages each of these sends.
const MESSAGES: [usize; 4] = [3_000, 8_000, 12_000, 12_000];
/// How many messages are sent at half the load.
const HALF_LOAD: usize = 5_000;
/// How many lie in the mailboxes that 50 are acknowledged in.
const QUEUES: [usize; 3] = [10, 1_000, 100_000];
/// How many messages are sealed at once while mailboxes are filled.
const FILL_AT_ONCE: usize = 20_000;

/// Messages from number 1 to the receiver, as requests. Sealed on both cores.
fn sealed(receiver: u8, count: usize) -> Vec<Vec<u8>> {
    let half = count.div_ceil(2);
    let part = move |count: usize| {
        let (alice, bob) = (Account::new(1), Account::new(receiver));
        (0..count)
            .map(|n| {
                let envelope = alice.envelope(&bob, &format!("message {n}")).to_canonical();
                request("POST", "/ds/rpc", None, Some(&submit(&envelope)))
            })
            .collect::<Vec<_>>()
    };
    let other = std::thread::spawn(move || part(count - half));
    let mut all = part(half);
    all.extend(other.join().unwrap());
    all
}

/// Puts so many messages into the receiver's mailbox.
async fn fill(node: SocketAddr, receiver: u8, count: usize) {
    let mut left = count;
    while left > 0 {
        let some = left.min(FILL_AT_ONCE);
        let requests = Arc::new(sealed(receiver, some));
        let measured = full(node, 64, &requests).await;
        assert_eq!(measured.to_json()["failed"], 0, "every message is taken");
        left -= some;
        eprintln!("    {left} messages to go");
    }
}

/// The copies of one turn.
const COPIES: usize = 10_000;
const COPY_SQLITE: &str =
    "INSERT INTO messages (mailbox, sender, message_hash, envelope_hash, received_at, size, envelope)
     SELECT mailbox, sender, hex(randomblob(32)), randomblob(32), received_at, size, envelope
     FROM messages WHERE mailbox = $1 ORDER BY seq LIMIT $2";
const COPY_POSTGRES: &str =
    "INSERT INTO messages (mailbox, sender, message_hash, envelope_hash, received_at, size, envelope)
     SELECT mailbox, sender, gen_random_uuid()::text,
            decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'),
            received_at, size, envelope
     FROM messages WHERE mailbox = $1 ORDER BY seq LIMIT $2";

/// Resident memory of a process in megabytes: now, and the most it ever was.
fn memory(process: u32) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let of = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    };
    (of("VmRSS:"), of("VmHWM:"))
}

/// Has the most memory of a process counted from now on (proc(5), clear_refs).
fn forget_most_memory(process: u32) {
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
}

/// A mailbox may hold the million; of hostile clients some come through a proxy, or name hosts on this machine.
const SETTINGS: &str = "mailbox_message_limit = 0\nmailbox_byte_limit = 0\ntrusted_proxies = '127.0.0.250'\n\
    allow_private_networks = true\n";

struct Engine {
    name: &'static str,
    node: Node,
    address: SocketAddr,
    postgres: Option<String>,
}

impl Engine {
    /// This build, or another program.
    async fn start(name: &'static str, postgres: Option<&str>, program: Option<&str>) -> Self {
        let around = Around { program: program.map(Into::into), ..Around::default() };
        let node = Node::start_in(tempfile::tempdir().unwrap(), around, postgres, "info", SETTINGS).await;
        let address = node.url.trim_start_matches("http://").parse().unwrap();
        for number in 1..=9 {
            Account::new(number).registered(&node).await;
        }
        Self { name, node, address, postgres: postgres.map(str::to_owned) }
    }

    fn say(&self, text: &str) {
        eprintln!("  {}: {text}", self.name);
    }

    /// From the first byte of a submission to the message on the receiver's socket.
    async fn push(&self) -> Value {
        self.say("submission to socket");
        let bob = Account::new(3);
        let mut socket = Socket::authorized(&self.node, &bob, &bob.sign_in(&self.node).await).await;
        let mut connection = Connection::open(self.address, 1).await.unwrap();
        let mut latencies = Vec::new();
        let all = Instant::now();
        for one in sealed(3, 500) {
            let began = Instant::now();
            let (answer, ()) = tokio::join!(connection.exchange(&one), async {
                socket.message().await;
                latencies.push(began.elapsed().as_micros() as u64);
            });
            assert_eq!(answer.unwrap().0, 200);
        }
        Measured::new(latencies, 0, all.elapsed()).to_json()
    }

    /// Puts so many messages into the receiver's mailbox: some by submission, the others as copies of those with
    /// other hashes, written by another program while the node runs. Sealing a million takes longer than all else.
    async fn fill_with_copies(&self, receiver: u8, count: usize) {
        fill(self.address, receiver, FILL_AT_ONCE).await;
        let mailbox = Account::new(receiver).address;
        let mailbox = mailbox.as_bytes().as_slice();
        for turn in 0..(count - FILL_AT_ONCE) / COPIES {
            if turn % 10 == 0 {
                self.say(&format!("  {} messages to go", count - FILL_AT_ONCE - turn * COPIES));
            }
            let many = i64::try_from(COPIES).unwrap();
            let written = if let Some(url) = &self.postgres {
                let mut database = PgConnection::connect(url).await.unwrap();
                let copy = sqlx::query(COPY_POSTGRES).bind(mailbox).bind(many);
                copy.execute(&mut database).await.unwrap().rows_affected()
            } else {
                let file = self.node.sqlite_file().unwrap();
                let mut database =
                    SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
                let copy = sqlx::query(COPY_SQLITE).bind(mailbox).bind(many);
                copy.execute(&mut database).await.unwrap().rows_affected()
            };
            assert_eq!(written, COPIES as u64);
        }
    }

    /// Acknowledging 50 messages in mailboxes of different sizes.
    async fn acknowledgements(&self) -> Value {
        let mut rows = Vec::new();
        for (queue, receiver) in QUEUES.into_iter().zip(4_u8..) {
            self.say(&format!("acknowledgement of 50 among {queue}"));
            fill(self.address, receiver, queue).await;
            rows.push(json!({ "queue": queue, "measured": self.acknowledge(receiver, queue).await }));
        }
        rows.into()
    }

    async fn acknowledge(&self, receiver: u8, queue: usize) -> Value {
        let bob = Account::new(receiver);
        let token = bob.sign_in(&self.node).await;
        let page = format!("/ds/delivery/messages/incoming/{}/?after=0", bob.name);
        let path = format!("/ds/delivery/messages/{}/syncAcknowledgements/", bob.name);
        let envelopes = self.node.get_as(&token, &page).await.json();
        let hashes: Vec<&str> = envelopes
            .as_array()
            .unwrap()
            .iter()
            .map(|envelope| envelope["metadata"]["messageHash"].as_str().unwrap())
            .collect();
        let contact = Account::new(1).name;
        let mut connection = Connection::open(self.address, 1).await.unwrap();
        let (mut latencies, all) = (Vec::new(), Instant::now());
        // A mailbox of ten has less than 50: the rest of the hashes lie nowhere.
        for round in 0..if queue < 50 { 1 } else { 10 } {
            let acknowledgements: Vec<Value> = (0..50)
                .map(|n| {
                    let hash =
                        hashes.get(round * 50 + n).map_or_else(|| format!("{n}"), |hash| (*hash).to_owned());
                    json!({ "contactAddress": contact, "messageHash": hash })
                })
                .collect();
            let body = json!({ "acknowledgements": acknowledgements });
            let one = request("POST", &path, Some(&token), Some(&body));
            let began = Instant::now();
            assert_eq!(connection.exchange(&one).await.unwrap().0, 200);
            latencies.push(began.elapsed().as_micros() as u64);
        }
        let left = self.node.get_as(&token, &page).await.json();
        let first = left[0]["metadata"]["messageHash"].as_str();
        // The page holds the oldest 1,000; of those, what was not acknowledged comes first now.
        assert_ne!(first, Some(hashes[0]), "what was acknowledged is gone");
        assert!(hashes.get(500).is_none_or(|next| first == Some(*next)), "and nothing else");
        Measured::new(latencies, 0, all.elapsed()).to_json()
    }

    /// Memory, submissions and pick-up with many messages stored.
    async fn stored(&self, receiver: u8, count: usize, per_second: f64) -> Value {
        self.say(&format!("with {count} messages stored"));
        let bob = Account::new(receiver);
        let token = bob.sign_in(&self.node).await;
        let mut connection = Connection::open(self.address, 1).await.unwrap();
        let (mut pages, mut bytes) = (Vec::new(), 0);
        for after in ["?after=0", ""] {
            let path = format!("/ds/delivery/messages/incoming/{}/{after}", bob.name);
            let one = request("GET", &path, Some(&token), None);
            let began = Instant::now();
            let (status, length) = connection.exchange(&one).await.unwrap();
            pages.push(began.elapsed().as_secs_f64() * 1000.0);
            assert_eq!(status, 200);
            bytes = bytes.max(length);
        }
        let half = Arc::new(sealed(7, HALF_LOAD));
        let half = paced(self.address, 16, &half, per_second).await.to_json();
        let (now, most) = memory(self.node.process_id());
        json!({
            "messages": count, "half": half, "memory": now, "mostMemory": most,
            "pageOf1000": pages[0], "pickUp": pages[1], "bytes": bytes,
        })
    }

    /// How long a good client waits, alone and beside each kind of hostile ones, or those that are named.
    async fn hostile(&self, only: &[&str]) -> Value {
        let prepared = Arc::new(hostile::Prepared::on(&self.node).await);
        let mut rows = Vec::new();
        let good = async |kind: &str| {
            let requests = Arc::new(sealed(8, 500));
            let mut row = paced(self.address, 2, &requests, 100.0).await.to_json();
            row["beside"] = kind.into();
            row["memory"] = memory(self.node.process_id()).1.into();
            row
        };
        self.say("a good client alone");
        rows.push(good("nobody").await);
        let wanted = |name: &str| only.is_empty() || only.iter().any(|word| name.starts_with(*word));
        let kinds = hostile::KINDS.into_iter().enumerate().filter(|(_, (name, _))| wanted(name));
        for (kind, (name, count)) in kinds {
            self.say(&format!("a good client beside {count} × {name}"));
            forget_most_memory(self.node.process_id());
            let mut tasks = JoinSet::new();
            hostile::release(kind, count, self.address, &prepared, &mut tasks);
            tokio::time::sleep(Duration::from_millis(500)).await;
            rows.push(good(&format!("{count} × {name}")).await);
            tasks.shutdown().await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        rows.into()
    }
}

/// The same on each engine: every set is sent to one after the other, which begins in turn.
async fn submissions(engines: &[Engine], sets: &[Arc<Vec<Vec<u8>>>], half: &Arc<Vec<Vec<u8>>>) -> Vec<Value> {
    let mut rows = vec![Vec::new(); engines.len()];
    let mut at_16 = vec![0.0; engines.len()];
    for (turn, (connections, set)) in CONNECTIONS.into_iter().zip(sets).enumerate() {
        for place in 0..engines.len() {
            let place = (place + turn) % engines.len();
            engines[place].say(&format!("{connections} connections, full load"));
            let measured = full(engines[place].address, connections, set).await;
            if connections == 16 {
                at_16[place] = measured.per_second;
            }
            let mut row = measured.to_json();
            row["connections"] = connections.into();
            rows[place].push(row);
        }
    }
    let mut all = Vec::new();
    for ((engine, rows), at_16) in engines.iter().zip(rows).zip(at_16) {
        engine.say("16 connections, half load");
        let half = paced(engine.address, 16, half, at_16 / 2.0).await.to_json();
        all.push(json!({ "full": rows, "half": half, "halfPerSecond": at_16 / 2.0 }));
    }
    all
}

/// What follows `name=` among the arguments.
fn said<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let beside = said(&words, "beside");
    let only: Vec<&str> = said(&words, "only").map_or_else(Vec::new, |names| names.split(',').collect());
    let parts: Vec<&String> = words.iter().filter(|word| !word.contains('=')).collect();
    let wants = |word: &str| parts.is_empty() || parts.iter().any(|other| *other == word);
    let million = parts.iter().any(|word| *word == "million");
    let load = wants("load") || wants("sqlite") || million;
    let (mut sets, mut half, mut cryptography) = (Vec::new(), Arc::default(), 0.0);
    if load {
        eprintln!("  the cryptography of a submission alone");
        cryptography = cryptography::per_second();
        eprintln!("  sealing the messages");
        sets = MESSAGES.into_iter().map(|count| Arc::new(sealed(2, count))).collect();
        half = Arc::new(sealed(2, HALF_LOAD));
    }
    let server = (!parts.iter().any(|word| *word == "sqlite")).then(|| PostgresServer::start(&[]));
    let mut engines = vec![Engine::start("SQLite", None, None).await];
    if let Some(program) = beside {
        engines.push(Engine::start("SQLite, beside", None, Some(program)).await);
    }
    if let Some(server) = &server {
        engines.push(Engine::start("Postgres", Some(&server.database().await), None).await);
        if let Some(program) = beside {
            let database = server.database().await;
            engines.push(Engine::start("Postgres, beside", Some(&database), Some(program)).await);
        }
    }
    let fresh: Vec<_> = engines.iter().map(|engine| memory(engine.node.process_id()).0).collect();
    let submitted = if load { submissions(&engines, &sets, &half).await } else { Vec::new() };
    let mut results = Vec::new();
    for (place, engine) in engines.into_iter().enumerate() {
        let mut result = json!({ "engine": engine.name, "freshMemory": fresh[place] });
        let mut per_second = 1000.0;
        if let Some(submissions) = submitted.get(place) {
            result["submissions"] = submissions.clone();
            result["cryptography"] = cryptography.into();
            per_second = submissions["halfPerSecond"].as_f64().unwrap();
        }
        if wants("push") {
            result["push"] = engine.push().await;
        }
        if wants("hostile") {
            result["hostile"] = engine.hostile(&only).await;
        }
        if wants("stored") {
            result["acknowledgements"] = engine.acknowledgements().await;
            result["stored"] = engine.stored(6, QUEUES[2], per_second).await;
        }
        if million {
            engine.fill_with_copies(9, 1_000_000).await;
            result["million"] = engine.stored(9, 1_000_000, per_second).await;
        }
        results.push(result);
    }
    println!("{}", Value::from(results));
}
