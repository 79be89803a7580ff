//! History in records of our own, for several devices of an account at once.
//!
//! A device writes on the condition that it knows the version it replaces, so nothing is overwritten unseen;
//! then the account's other devices are told over their sockets, and ask for the changes after those they know.
//!
//! ```text
//! device A ── write (replaces 7) ─▶ version 12 ─▶ socket event `history` {change: 12} ─▶ device B
//! device B ── changes after 11 ───▶ records, oldest first, deletions too
//! ```

use dm3_core::identity::Address;
use serde_json::json;

use crate::app::App;
use crate::config::Room;
use crate::mailbox::deposits::Unsure;
use crate::price::Lift;
use crate::store::{
    HistoryQuota, HistoryUsage, NewRecord, Record, RecordKey, RecordRange, StoreError, Written,
};

/// The socket event that tells an account's devices about a change.
const EVENT: &str = "history";
/// The longest id of a conversation or a record, in characters.
const MAX_ID: usize = 128;
/// The most contents of a record, in bytes.
pub const MAX_RECORD: usize = 512 * 1024;
/// The most records in one write.
pub const MAX_BATCH: usize = 500;
/// The most records in one answer.
pub const MAX_PAGE: u32 = 1000;
/// The most records of an account, deleted ones too.
pub const MAX_RECORDS: u64 = 1_000_000;
/// An answer holds no more records once it has so many bytes of contents.
const PAGE_BYTES: u64 = 8_000_000;

/// Why history is not written or read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// An id that is empty, too long, or not of letters, digits, `-` and `_`.
    #[error("an id has 1 to 128 letters, digits, - and _")]
    Id,
    /// Too many records, or one twice.
    #[error("a write has 1 to 500 records, and none twice")]
    Batch,
    /// A record that is too large.
    #[error("a record has at most 524288 bytes")]
    TooLarge,
    /// The write does not say which version it replaces.
    #[error("say which version is replaced: If-Match with its ETag, or If-None-Match: * for a new record")]
    Unconditional,
    /// A deletion of what is not there.
    #[error("there is no such record")]
    Absent,
    /// Others wrote first. Nothing is written.
    #[error("other versions are stored; read them first")]
    Conflict(Vec<(RecordKey, u64)>),
    /// The account would have more than it may. Nothing is written.
    #[error("the history of this account is full; delete something")]
    Full(Option<Box<Lift>>),
    /// It is not known what would help.
    #[error(transparent)]
    Unsure(#[from] Unsure),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads an id.
///
/// # Errors
/// [`HistoryError::Id`].
pub fn key(conversation: &str, id: &str) -> Result<RecordKey, HistoryError> {
    if is_id(conversation) && is_id(id) {
        Ok(RecordKey { conversation: conversation.to_owned(), id: id.to_owned() })
    } else {
        Err(HistoryError::Id)
    }
}

fn is_id(text: &str) -> bool {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(usual)
}

impl App {
    /// Writes records, all or none, tells the account's devices, and gives the new versions in their order.
    ///
    /// # Errors
    /// [`HistoryError`]; nothing is written then.
    pub async fn write_history(
        &self,
        owner: Address,
        records: &[NewRecord],
    ) -> Result<Vec<u64>, HistoryError> {
        let mut keys: Vec<_> =
            records.iter().map(|record| (&record.key.conversation, &record.key.id)).collect();
        keys.sort_unstable();
        if records.is_empty() || records.len() > MAX_BATCH || keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(HistoryError::Batch);
        }
        for record in records {
            match &record.data {
                Some(data) if data.len() > MAX_RECORD => return Err(HistoryError::TooLarge),
                None if record.replaces == 0 => return Err(HistoryError::Absent),
                _ => {}
            }
        }
        let room = self.room_of(owner).await?;
        let quota = HistoryQuota { bytes: room.history, records: MAX_RECORDS };
        let _turn = self.writing.of(owner).await;
        match self.store.write_records(owner, records, quota).await? {
            Written::Versions(versions) => {
                if let Some(change) = versions.last() {
                    self.announce_history(owner, *change);
                }
                Ok(versions)
            }
            Written::Conflict(conflicts) => Err(HistoryError::Conflict(conflicts)),
            Written::Full => {
                let (has, count) = (self.history_usage(owner).await?, records.len() as u64);
                let more: u64 =
                    records.iter().flat_map(|record| &record.data).map(|data| data.len() as u64).sum();
                let would =
                    |larger: Room| has.bytes + more <= larger.history && has.records + count <= MAX_RECORDS;
                Err(HistoryError::Full(self.lift(room, would).await?))
            }
        }
    }

    /// Tells the account's devices that are connected here of a change.
    pub fn announce_history(&self, owner: Address, change: u64) {
        self.sockets.emit(owner, EVENT, &json!({ "change": change }));
    }

    /// One record; `None` if it is not there or was deleted.
    ///
    /// # Errors
    /// [`HistoryError::Store`].
    pub async fn history_record(
        &self,
        owner: Address,
        key: &RecordKey,
    ) -> Result<Option<(u64, Vec<u8>)>, HistoryError> {
        let record = self.store.record(owner, key).await?;
        Ok(record.and_then(|record| Some((record.version, record.data?))))
    }

    /// The changes after a version, oldest first, as many as fit.
    ///
    /// # Errors
    /// [`HistoryError::Store`].
    pub async fn history_changes(
        &self,
        owner: Address,
        after: u64,
        most: u32,
    ) -> Result<Vec<Record>, HistoryError> {
        Ok(self.store.records(owner, RecordRange::Changes { after }, most, PAGE_BYTES).await?)
    }

    /// The records of a conversation before a version, newest first, as many as fit.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn history_of(
        &self,
        owner: Address,
        conversation: &str,
        before: u64,
        most: u32,
    ) -> Result<Vec<Record>, HistoryError> {
        if !is_id(conversation) {
            return Err(HistoryError::Id);
        }
        let range = RecordRange::Conversation { conversation, before };
        Ok(self.store.records(owner, range, most, PAGE_BYTES).await?)
    }

    /// How much an account has written.
    ///
    /// # Errors
    /// [`HistoryError::Store`].
    pub async fn history_usage(&self, owner: Address) -> Result<HistoryUsage, HistoryError> {
        Ok(self.store.history_usage(owner).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_need_no_escaping() {
        let longest = "x".repeat(MAX_ID);
        for id in ["a", "A-z_09", &longest] {
            assert!(key(id, id).is_ok(), "{id}");
        }
        let long = "x".repeat(MAX_ID + 1);
        for id in ["", "a/b", "a b", "é", "a\0", "..", "%41", &long] {
            assert!(key(id, "a").is_err() && key("a", id).is_err(), "{id}");
        }
    }
}
