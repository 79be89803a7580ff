//! The account's history on its node, in records of our own: so that a second device or an emptied browser has
//! everything after signing in, newest first.
//!
//! ```text
//! journal ──push──▶ node            what changed here, in batches; on a conflict both are merged and written again
//! node ──pull──▶ device             what others changed since; at first what a list shows
//! node ──older──▶ device            a conversation's pages, while somebody scrolls
//! ```
//!
//! The node is believed nothing. A record counts if this account's own keys sealed it at its place; the node can hold
//! back or show old ones, and then the device lacks something or keeps what is further. Nothing that is here is ever
//! removed because of it, and each step asks a bounded number of requests.

mod limits;
mod outcome;
mod place;
mod pull;
mod push;
mod slots;
mod state;

pub(super) use limits::Limits;
pub use outcome::{HistoryError, Older, Pulled, Pushed};
pub(super) use pull::merged;
