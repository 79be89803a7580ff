//! Killed without warning under load, at any point of a request: what was answered is there, once.
//!
//! `DM3_KILLS` sets how often; `npm run bench -- kills` does it a hundred times.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where an assumption fails"
)]

mod support;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::{Connection as _, Row as _};
use support::account::submit;
use support::{Account, Node, PostgresServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How many connections send at once.
const CONNECTIONS: usize = 8;
/// How many messages are ready for a round; more than the node takes before it is killed.
const MESSAGES: usize = 400;
/// The longest time between the first request and the kill.
const LONGEST_MS: u64 = 250;

fn kills() -> usize {
    std::env::var("DM3_KILLS").map_or(10, |text| text.parse().expect("DM3_KILLS is a number"))
}

fn random(below: u64) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes) % below
}

struct Message {
    hash: String,
    body: String,
}

fn messages(sender: &Account, receiver: &Account) -> Vec<Message> {
    (0..MESSAGES)
        .map(|n| {
            let envelope = sender.envelope(receiver, &format!("{n}"));
            Message {
                hash: envelope.claimed_hash().to_owned(),
                body: submit(&envelope.to_canonical()).to_string(),
            }
        })
        .collect()
}

/// Sends messages until the connection breaks. Requests go out in two pieces with a pause at a random place,
/// so that the kill meets half-sent ones, too. Gives what was sent and what was answered `OK`.
async fn send(url: String, messages: Arc<Vec<Message>>, next: Arc<AtomicUsize>) -> (Vec<usize>, Vec<usize>) {
    let (mut sent, mut answered) = (Vec::new(), Vec::new());
    let Ok(mut stream) = TcpStream::connect(url.trim_start_matches("http://")).await else {
        return (sent, answered);
    };
    stream.set_nodelay(true).unwrap();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(message) = messages.get(index) else { return (sent, answered) };
        let body = &message.body;
        let request =
            format!("POST /ds/rpc HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        sent.push(index);
        let exchanged = async {
            let place = usize::try_from(random(request.len() as u64)).unwrap();
            stream.write_all(&request.as_bytes()[..place]).await?;
            if random(4) == 0 {
                tokio::time::sleep(Duration::from_micros(random(3000))).await;
            }
            stream.write_all(&request.as_bytes()[place..]).await?;
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n\r\nOK") {
                if stream.read_buf(&mut answer).await? == 0 {
                    return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
                }
            }
            assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
            Ok(())
        };
        match exchanged.await {
            Ok(()) => answered.push(index),
            Err(_) => return (sent, answered),
        }
    }
}

/// How often each message lies in the receiver's mailbox, by its hash.
async fn stored(node: &Node, receiver: &Account, token: &str) -> HashMap<String, usize> {
    let mut found = HashMap::new();
    let mut after = "0".to_owned();
    loop {
        let path = format!("/ds/delivery/messages/incoming/{}/?after={after}", receiver.name);
        let page = node.get_as(token, &path).await;
        assert_eq!(page.status, 200, "{}", node.log());
        for envelope in page.json().as_array().unwrap() {
            let hash = envelope["metadata"]["messageHash"].as_str().unwrap().to_owned();
            *found.entry(hash).or_insert(0) += 1;
        }
        match page.headers.get("dm3-next-after") {
            Some(next) => after = next.to_str().unwrap().to_owned(),
            None => return found,
        }
    }
}

async fn nothing_is_lost_or_doubled(mut node: Node, rounds: usize) {
    let sender = Account::new(1).registered(&node).await;
    let (mut all_sent, mut all_answered, mut unanswered_but_there) = (0, 0, 0);
    let mut receivers = Vec::new();
    for round in 0..rounds {
        // A mailbox for each round; there are two hundred accounts.
        let receiver = Account::new(u8::try_from(2 + round % 200).unwrap()).registered(&node).await;
        let token = receiver.sign_in(&node).await;
        let already = stored(&node, &receiver, &token).await;
        let messages = Arc::new(messages(&sender, &receiver));
        let next = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..CONNECTIONS)
            .map(|_| tokio::spawn(send(node.url.clone(), messages.clone(), next.clone())))
            .collect();
        tokio::time::sleep(Duration::from_millis(1 + random(LONGEST_MS))).await;
        node.kill_and_restart().await;
        let (mut sent, mut answered) = (Vec::new(), Vec::new());
        for task in tasks {
            let (some_sent, some_answered) = task.await.unwrap();
            sent.extend(some_sent);
            answered.extend(some_answered);
        }

        let found = stored(&node, &receiver, &token).await;
        for index in &answered {
            let hash = &messages[*index].hash;
            assert_eq!(found.get(hash), Some(&1), "round {round}: message {index} was answered OK");
        }
        unanswered_but_there += found.len() - already.len() - answered.len();

        // Whoever got no answer sends again, and so does whoever is careful.
        for index in &sent {
            let reply = node.post_text("/ds/rpc", &messages[*index].body).await;
            assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "OK"), "{}", node.log());
        }
        let found = stored(&node, &receiver, &token).await;
        assert_eq!(found.len(), already.len() + sent.len(), "round {round}: each message is there");
        assert!(found.values().all(|times| *times == 1), "round {round}: and only once");
        all_sent += sent.len();
        all_answered += answered.len();
        receivers.push((receiver, token, found));
    }
    // The last state of each mailbox is still there after all the kills.
    let mut last: HashMap<String, (Account, String, HashMap<String, usize>)> = HashMap::new();
    for (receiver, token, found) in receivers {
        last.insert(receiver.name.to_string(), (receiver, token, found));
    }
    for (receiver, token, found) in last.into_values() {
        assert_eq!(stored(&node, &receiver, &token).await, found);
    }
    println!(
        "{rounds} kills: {all_sent} sent, {all_answered} answered OK, none of them lost; \
         {unanswered_but_there} stored without an answer, none of them doubled"
    );
    assert!(all_answered > 0 && all_sent > all_answered, "the kills met requests under way");
    node.terminate().await;
    if let Some(file) = node.sqlite_file() {
        let mut database =
            sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
        let answer = sqlx::query("PRAGMA integrity_check").fetch_one(&mut database).await.unwrap();
        assert_eq!(answer.get::<String, _>(0), "ok");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_sqlite_keeps_what_was_answered() {
    nothing_is_lost_or_doubled(Node::start().await, kills()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_postgres_keeps_what_was_answered() {
    let database = PostgresServer::shared().database().await;
    nothing_is_lost_or_doubled(Node::start_on(Some(&database), "warn", "").await, kills()).await;
}
