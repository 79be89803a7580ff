//! What one more message costs in conversations of 10, 1,000 and 100,000. `npm run bench -- thread`.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a measurement on a terminal")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use dm3_core::conversation::ConversationId;
use dm3_core::device::StoredMessage;
use dm3_core::message::Kind;
use dm3_core::testing::notes::{ME, PEER, note};
use dm3_core::thread::Thread;

const SIZES: [u64; 3] = [10, 1_000, 100_000];
/// How many messages are measured together; few enough that ten are still about ten afterwards.
const BATCH: u64 = 10;
/// Of this many rounds the best counts: the others were disturbed.
const ROUNDS: u64 = 400;
/// The milliseconds between two messages of the conversation, so that there is room between them.
const STEP: u64 = 10_000;

/// How a new message stands to the conversation: its round and number give a message that is not there yet.
type Arriving = fn(size: u64, round: u64, number: u64, there: &[StoredMessage]) -> StoredMessage;

fn main() {
    let conversations: Vec<_> = SIZES.iter().map(|size| conversation(*size)).collect();
    println!(
        "{:<34}{:>12}{:>12}{:>12}{:>10}",
        "one more message", "at 10", "at 1,000", "at 100,000", "ratio"
    );
    for (name, arriving) in [
        ("newest", newest as Arriving),
        ("in the middle, out of order", in_the_middle),
        ("edit of an old one", edit),
        ("reaction to an old one", reaction),
        ("delete request before its target", early_delete),
        ("known already", known),
    ] {
        let times: Vec<_> =
            conversations.iter().map(|(thread, there)| measure(thread, there, arriving)).collect();
        print!("{name:<34}");
        for time in &times {
            print!("{:>9.2} µs", time.as_secs_f64() * 1e6);
        }
        println!("{:>9.2}×", times[2].as_secs_f64() / times[0].as_secs_f64());
    }
    println!(
        "Best of {ROUNDS} rounds of {BATCH} messages; each message is read, hashed, filed, and what it changed is"
    );
    println!("read again for the view. Ratio: 100,000 to 10.");
}

fn conversation(size: u64) -> (Thread, Vec<StoredMessage>) {
    let author = |i: u64| if i.is_multiple_of(3) { ME } else { PEER };
    let there: Vec<_> = (0..size)
        .map(|i| note(author(i), (i + 1) * STEP, Kind::New, None, &format!("message {i}")))
        .collect();
    let mut thread = Thread::new(ConversationId::Peer(PEER));
    for message in &there {
        thread.insert(message);
    }
    assert_eq!(thread.len() as u64, size);
    (thread, there)
}

fn measure(thread: &Thread, there: &[StoredMessage], arriving: Arriving) -> Duration {
    let mut thread = thread.clone();
    let size = there.len() as u64;
    let mut best = Duration::MAX;
    for round in 0..ROUNDS {
        // Small conversations start anew, or they would not stay small.
        let mut small;
        let grown = if size <= 1_000 {
            small = Thread::new(ConversationId::Peer(PEER));
            there.iter().for_each(|message| {
                small.insert(message);
            });
            &mut small
        } else {
            &mut thread
        };
        let messages: Vec<_> = (0..BATCH).map(|number| arriving(size, round, number, there)).collect();
        let start = Instant::now();
        for message in &messages {
            let changes = grown.insert(message);
            for hash in changes.added.iter().chain(&changes.changed) {
                black_box((grown.place(hash), grown.find(hash)));
            }
        }
        best = best.min(start.elapsed() / BATCH as u32);
    }
    best
}

fn newest(size: u64, round: u64, number: u64, _: &[StoredMessage]) -> StoredMessage {
    note(PEER, (size + 2) * STEP + round * BATCH + number, Kind::New, None, "a new message")
}

fn in_the_middle(size: u64, round: u64, number: u64, _: &[StoredMessage]) -> StoredMessage {
    let between = (size / 2 + number % (size / 4)) * STEP;
    note(PEER, between + 1 + round * BATCH + number, Kind::New, None, "a late message")
}

/// Spread over the conversation, so that no message gets all of it.
fn old(size: u64, round: u64, number: u64, there: &[StoredMessage]) -> &StoredMessage {
    &there[((round * BATCH + number) * 7 % size) as usize]
}

fn edit(size: u64, round: u64, number: u64, there: &[StoredMessage]) -> StoredMessage {
    let target = old(size, round, number, there);
    note(target.row().author, (size + 2) * STEP + round, Kind::Edit, Some(target), "what was meant")
}

fn reaction(size: u64, round: u64, number: u64, there: &[StoredMessage]) -> StoredMessage {
    note(PEER, (size + 2) * STEP + round, Kind::Reaction, Some(old(size, round, number, there)), "👍")
}

fn early_delete(size: u64, round: u64, number: u64, _: &[StoredMessage]) -> StoredMessage {
    let absent = note(PEER, 1, Kind::New, None, &format!("not here {round} {number}"));
    note(PEER, (size + 2) * STEP + round, Kind::DeleteRequest, Some(&absent), "")
}

fn known(size: u64, round: u64, number: u64, there: &[StoredMessage]) -> StoredMessage {
    old(size, round, number, there).clone()
}
