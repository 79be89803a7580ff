//! What the cryptography of a submission alone allows: opening its delivery information, checking the sender's signature,
//! and signing and sealing the postmark, on all cores and with nothing else.

use std::time::{Duration, Instant};

use dm3_core::message::{Envelope, Postmark};

use crate::support::account::OsEntropy;
use crate::support::{Account, node_keys};

/// How long it is measured.
const TIME: Duration = Duration::from_secs(3);

/// How many submissions a second it allows.
pub fn per_second() -> f64 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads: Vec<_> = (0..cores).map(|_| std::thread::spawn(on_one_core)).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
}

fn on_one_core() -> f64 {
    let (alice, bob, keys) = (Account::new(1), Account::new(2), node_keys());
    let text = alice.envelope(&bob, "message 1").to_canonical();
    let envelope = Envelope::parse(&text).unwrap();
    let (signing, encryption) = (alice.keys.public().signing, bob.keys.public().encryption);
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < TIME {
        envelope.open_delivery_information(&keys.encryption).unwrap();
        envelope.check_signature(&signing).unwrap();
        Postmark::make(&envelope, u64::from(count), &keys).seal(&encryption, &OsEntropy).unwrap();
        count += 1;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}
