//! Records in a storage that only its owner can read: the deployed backend's formats, and our own.
//!
//! ```text
//! api      the routes of the backend as typed requests and replies; reading back what was written
//! legacy   what deployed clients keep there: names under a fixed nonce, containers sealed for oneself
//! history  the routes of a node that keeps our own records, as typed requests and replies
//! keys     keys and pseudonyms of our own format
//! archive  all of our own records, and the keys, as one file
//! record   our own format: Record ──seal──▶ SealedRecord ──open──▶ Record; merging what several devices wrote
//! ```
//!
//! `docs/storage-format.md` has the formulas and the shapes. Our own records are kept by
//! nodes of ours alone; at deployed servers an account keeps what deployed clients can read.

pub mod api;
mod archive;
pub mod history;
mod keys;
mod legacy;
mod record;
mod time;

pub use archive::{ArchiveError, ArchiveHead, ArchiveReader, ArchiveWriter, MAX_HEAD};
pub use keys::{Pseudonym, PseudonymError, StorageKeys};
pub use legacy::{LegacyContainer, LegacyError, LegacyNames, LegacyState};
pub use record::{
    ContactRecord, DraftRecord, MAX_RECORD, Opened, ReadMarker, Record, RecordError, SealedRecord, Setting,
    merge,
};
