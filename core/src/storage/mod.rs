//! Records in a storage that only its owner can read: the deployed backend's formats, and our own.
//!
//! ```text
//! api      the routes of the backend as typed requests and replies; reading back what was written
//! legacy   what deployed clients keep there: names under a fixed nonce, containers sealed for oneself
//! keys     keys and pseudonyms of our own format
//! record   our own format: Record ──seal──▶ SealedRecord ──open──▶ Record; merging what several devices wrote
//! ```
//!
//! `docs/storage-format.md` has the formulas and the shapes. Our own records travel through the same routes: the
//! conversation's pseudonym stands where the deployed clients put the encrypted name, the record's pseudonym where
//! they put the message id, and the sealed content where they put the container.

pub mod api;
mod keys;
mod legacy;
mod record;
mod time;

pub use keys::{Pseudonym, PseudonymError, StorageKeys};
pub use legacy::{LegacyContainer, LegacyError, LegacyNames, LegacyState};
pub use record::{
    ContactRecord, MAX_RECORD, Opened, ReadMarker, Record, RecordError, SealedRecord, Setting, merge,
};
