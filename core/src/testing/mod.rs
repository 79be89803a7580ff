//! In-memory ports, a [`Pair`] of peers in a [`Network`] that fails on purpose, and the contract that every store
//! keeps. For tests of this and other crates.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't be set up must fail"
)]

mod backend;
mod carrier;
mod chain;
mod clock;
mod delivery_service;
mod device;
mod entropy;
mod files;
mod history;
mod journal_contract;
mod kept;
mod lease;
mod memory_store;
mod network;
pub mod notes;
mod offers;
mod pair;
mod records;
mod smart_account;
pub mod store_contract;
mod tasks;
mod wallet;

pub use backend::BackendService;
pub use chain::{Holdings, Name};
pub use clock::FakeClock;
pub use delivery_service::DeliveryService;
pub use device::MemoryPorts;
pub use entropy::SeededEntropy;
pub use files::FileHost;
pub use history::{HistoryService, Snapshot};
pub use lease::{SharedLeases, TabLease};
pub use memory_store::MemoryStore;
pub use network::{Fault, MemoryConnection, Network, TABLES};
pub use offers::Offers;
pub use pair::{Pair, Peer};
pub use records::GAS_PRICE;
pub use tasks::Tasks;
pub use wallet::TestWallet;
