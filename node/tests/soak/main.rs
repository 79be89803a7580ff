//! What shows only after a while, or only when much goes wrong at once. Short here; `npm run soak` is the long form.
//!
//! - `storm`: mixed load while the node is killed, its disk filled, its clock put, its database ended.
//! - `flood`: strangers and accounts fill a mailbox while friends write.
//! - `growth`: nothing goes wrong, and nothing grows.
//!
//! `DM3_SOAK_SECONDS` says how long each takes, `DM3_NODE` which program it is done to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends where an assumption fails"
)]
#![cfg(target_os = "linux")]

mod asking;
mod flood;
mod growth;
mod storm;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

/// How long it takes, if nobody says.
fn seconds(short: u64) -> Duration {
    let seconds = std::env::var("DM3_SOAK_SECONDS").map_or(short, |text| text.parse().unwrap());
    Duration::from_secs(seconds)
}
