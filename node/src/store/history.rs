//! History in records of our own, written by several devices of an account. The node knows none of their
//! contents.
//!
//! Each write of an account gets the next number of that account, which is both the record's version and its
//! place in the list of changes. A device that knows all changes up to a number asks for those after it.

use dm3_core::identity::Address;

use super::StoreError;

/// A record's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordKey {
    /// A keyed pseudonym of the conversation.
    pub conversation: String,
    /// The record's id within the conversation.
    pub id: String,
}

/// A record that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// Where.
    pub key: RecordKey,
    /// The version that it replaces; 0 if there must be none.
    pub replaces: u64,
    /// The new contents; `None` deletes it.
    pub data: Option<Vec<u8>>,
}

/// A record, or what is left of a deleted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where.
    pub key: RecordKey,
    /// The number of the write that made it so.
    pub version: u64,
    /// Its contents; `None` if it was deleted.
    pub data: Option<Vec<u8>>,
}

/// How much an account may write.
#[derive(Debug, Clone, Copy)]
pub struct HistoryQuota {
    /// Bytes of contents.
    pub bytes: u64,
    /// Records, deleted ones too.
    pub records: u64,
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// All is written; the versions, in the order of the records.
    Versions(Vec<u64>),
    /// Nothing is written: these records have other versions than they should (0: there is none).
    Conflict(Vec<(RecordKey, u64)>),
    /// Nothing is written: the account would have more than it may.
    Full,
}

/// What an account has written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HistoryUsage {
    /// The number of the last write.
    pub last_change: u64,
    /// Records, deleted ones too.
    pub records: u64,
    /// Bytes of contents.
    pub bytes: u64,
}

/// Which records are listed.
#[derive(Debug, Clone, Copy)]
pub enum RecordRange<'a> {
    /// All changes after a number, oldest first, deletions too.
    Changes {
        /// The number.
        after: u64,
    },
    /// A conversation's records before a version, newest first, without deleted ones.
    Conversation {
        /// Which.
        conversation: &'a str,
        /// The version.
        before: u64,
    },
}

/// The history.
#[async_trait::async_trait]
pub trait HistoryStore: Send + Sync {
    /// Writes records: all or none. No record may be there twice.
    async fn write_records(
        &self,
        owner: Address,
        records: &[NewRecord],
        quota: HistoryQuota,
    ) -> Result<Written, StoreError>;

    /// One record.
    async fn record(&self, owner: Address, key: &RecordKey) -> Result<Option<Record>, StoreError>;

    /// At most `most` records of a range, and no more than `bytes` of contents unless one alone has more.
    async fn records(
        &self,
        owner: Address,
        range: RecordRange<'_>,
        most: u32,
        bytes: u64,
    ) -> Result<Vec<Record>, StoreError>;

    /// How much an account has written.
    async fn history_usage(&self, owner: Address) -> Result<HistoryUsage, StoreError>;
}
