//! A simulation of many people who write to each other while everything goes wrong that can: one seed decides who says
//! what, which task takes the next step, how long each request is under way and what fails. It runs the engine of the
//! core as it is; clocks, network, nodes, chain, storage, browsers and their tabs are in memory.
//!
//! ```text
//! World ── draws ──▶ people say something, tabs die, nodes restart, storage fails, …
//!   │                  ▼
//!   │     Engine (core) in each tab ──ports──▶ Schedule (time), Network (nodes, chain), MemoryStore
//!   ▼                                              │ each acknowledgement
//! settle: all is healed ──▶ Oracle: what was said ◀┘ against what is kept, on every device
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a simulation that can't go on must fail"
)]

mod chain;
mod device;
mod lease;
mod lie;
mod network;
mod node;
mod options;
mod oracle;
mod people;
mod schedule;
mod world;

pub use lie::Lie;
pub use options::{Options, Trouble};
pub use world::{Report, World};

/// How many messages are said in one world. Worlds end, so that memory does not grow.
pub const WORLD: usize = 1_000;
