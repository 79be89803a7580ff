//! What Ethereum says: names, profiles, what somebody holds; what was found out lately; and this server's keys there.
//!
//! ```text
//! names ─▶ store (of this node) ─▶ chain (ENS, CCIP-read) ─▶ endpoints (the first that is well) ─▶ outgoing
//! ```

pub mod chain;
pub mod endpoints;
pub mod ipfs;
pub mod key;
pub mod names;
pub mod recent;
