//! Everything that the device keeps of the account as one file, and back: keys, settings, contacts, messages,
//! what is being written.
//!
//! ```text
//! store ──pages──▶ ArchiveWriter ──pieces──▶ file          whole messages are in memory for a page at a time
//! file ──pieces──▶ ArchiveReader ──proven records──▶ merged into the store ──▶ journal, for the account's node
//! ```

use super::Session;
use super::history::merged;
use crate::delivery::Refusal;
use crate::device::{Changed, MessageRow, SendState, StoredMessage};
use crate::identity::{Address, RecoveryCode};
use crate::message::MessageHash;
use crate::ports::{Clock as _, Ports, Store as _, StoreError};
use crate::seal::SealError;
use crate::storage::{
    ArchiveError, ArchiveHead, ArchiveReader, ArchiveWriter, ContactRecord, ReadMarker, Record,
};

/// How many messages are read from the store at a time.
const PAGE: usize = 200;

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The account's keys are not on this device any more.
    #[error("the keys of this account are not on this device any more")]
    NoKeys,
    /// The records can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They can't be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Why a file was not taken in, or not to its end. What was taken in before stays; the same file can be taken in again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The file is somebody else's.
    #[error("the backup file belongs to the account {0}")]
    OtherAccount(Address),
    /// The file is refused.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The records can't be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came out of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Messages that were not here, or not as far.
    pub messages: usize,
    /// Conversations that the file tells of.
    pub conversations: usize,
    /// Things that this version can't read.
    pub skipped: usize,
}

/// A file that is being taken in.
pub struct Import<'a, P> {
    session: &'a Session<P>,
    reader: ArchiveReader,
    restored: Restored,
    /// What waited when the file was made, and is stopped here.
    stopped: Vec<MessageHash>,
}

impl<P: Ports> Session<P> {
    /// A code for a file. It is to be shown once, and kept nowhere.
    pub fn new_recovery_code(&self) -> RecoveryCode {
        RecoveryCode::new_random(self.ports().entropy())
    }

    /// Writes everything into a file that `code` opens; `write` gets it piece by piece. What comes in meanwhile may be
    /// missing in it.
    ///
    /// # Errors
    /// [`ExportError`]: then what was written so far is of no use.
    pub async fn export(
        &self,
        code: &RecoveryCode,
        mut write: impl FnMut(Vec<u8>),
    ) -> Result<(), ExportError> {
        let (store, owner) = (self.ports().store(), self.account);
        let seed = store.seed(owner).await?.ok_or(ExportError::NoKeys)?;
        let (now, entropy) = (self.ports().clock().now(), self.ports().entropy());
        let mut writer = ArchiveWriter::new(owner, &seed, code, now, entropy)?;
        for name in store.settings(owner).await? {
            if let Some(setting) = self.setting_record(&name).await? {
                writer.add(&Record::Setting(setting))?;
            }
        }
        // First what a list shows.
        let contacts = store.contacts(owner).await?;
        for contact in &contacts {
            let (conversation, read_until) = (contact.conversation, contact.read_until);
            writer.add(&Record::Contact(ContactRecord::new(contact, None)))?;
            writer.add(&Record::ReadMarker(ReadMarker { conversation, read_until }))?;
            if let Some(draft) = self.draft_record(conversation).await? {
                writer.add(&Record::Draft(draft))?;
            }
        }
        for contact in &contacts {
            let mut before = None;
            loop {
                let rows = store.messages(owner, contact.conversation, before.as_ref(), PAGE).await?;
                let Some(last) = rows.last() else { break };
                before = Some(last.position());
                let is_last = rows.len() < PAGE;
                for row in rows {
                    writer.add(&Record::Message(StoredMessage::kept(row)))?;
                }
                write(writer.take());
                if is_last {
                    break;
                }
            }
        }
        write(writer.finish()?);
        Ok(())
    }

    /// Begins to take in a file of this account, made with the keys that it has here.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn import(&self, head: ArchiveHead, code: &RecoveryCode) -> Result<Import<'_, P>, ImportError> {
        if head.account() != self.account {
            return Err(ImportError::OtherAccount(head.account()));
        }
        let seed = self.ports().store().seed(self.account).await?;
        let reader = head.open(code, &seed.ok_or(ArchiveError::OtherKeys)?)?;
        Ok(Import { session: self, reader, restored: Restored::default(), stopped: Vec::new() })
    }
}

impl<P: Ports> Import<'_, P> {
    /// Takes in the bytes that follow, after those of the head.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        let pushed = self.take(bytes).await;
        // What was taken in stays, also if there is no more.
        if pushed.is_err() && self.restored != Restored::default() {
            self.share().await?;
        }
        pushed
    }

    async fn take(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        let records = self.reader.push(bytes)?;
        Ok(self.keep(records).await?)
    }

    /// The account's other devices are to have it, too; but not that it was stopped here, where it may wait.
    async fn share(&self) -> Result<(), StoreError> {
        let (store, owner) = (self.session.ports().store(), self.session.account);
        store.journal_all(owner).await?;
        if self.stopped.is_empty() {
            return Ok(());
        }
        let entries = store.journal(owner, usize::MAX).await?.into_iter();
        let is_stopped =
            |changed: &Changed| matches!(changed, Changed::Message(hash) if self.stopped.contains(hash));
        let numbers: Vec<_> = entries.filter(|it| is_stopped(&it.changed)).map(|it| it.number).collect();
        store.strike_out(owner, &numbers).await
    }

    /// The file is at its end.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn finish(mut self) -> Result<Restored, ImportError> {
        let taken = self.take_rest().await;
        self.share().await?;
        taken.map(|()| self.restored)
    }

    async fn take_rest(&mut self) -> Result<(), ImportError> {
        let (records, skipped) = self.reader.finish()?;
        self.restored.skipped = skipped;
        Ok(self.keep(records).await?)
    }

    /// Merges proven records into the store.
    async fn keep(&mut self, records: Vec<Record>) -> Result<(), StoreError> {
        let session = self.session;
        let (store, owner) = (session.ports().store(), session.account);
        let mut messages = Vec::new();
        for record in records {
            match record {
                Record::Message(message) => messages.push(message),
                Record::Contact(contact) => {
                    self.restored.conversations += 1;
                    let conversation = contact.conversation;
                    let change = Box::new(move |here| merged(here, Some(contact), None));
                    store.update_contact(owner, conversation, change).await?;
                }
                Record::ReadMarker(marker) => {
                    let change = Box::new(move |here| merged(here, None, Some(marker)));
                    store.update_contact(owner, marker.conversation, change).await?;
                }
                Record::Draft(draft) => {
                    let here = session.draft_record(draft.conversation).await?;
                    if here.is_none_or(|here| here.changed < draft.changed) {
                        session.keep_draft(&draft).await?;
                    }
                }
                Record::Setting(setting) => {
                    let here = session.setting_record(&setting.name).await?;
                    if here.is_none_or(|here| here.changed < setting.changed) {
                        session.keep_setting(&setting).await?;
                    }
                }
            }
        }
        for part in messages.chunks(PAGE) {
            let mut due = Vec::with_capacity(part.len());
            for message in part {
                let (message, is_stopped) = session.stopped_unless_here(message).await?;
                if is_stopped {
                    self.stopped.push(message.hash().clone());
                }
                due.push(message);
            }
            self.restored.messages += session.restore(due).await?.len();
        }
        Ok(())
    }
}

impl<P: Ports> Session<P> {
    /// A message of a file, and whether it is stopped by that. One that waited when the file was made has most likely left
    /// since: where it is not here it waits no more, and its author can try it again.
    async fn stopped_unless_here(
        &self,
        message: &StoredMessage,
    ) -> Result<(StoredMessage, bool), StoreError> {
        let row = message.row();
        // A receipt tells nothing that its receiver could be surprised by.
        if row.state != SendState::Waiting || row.is_receipt() {
            return Ok((message.clone(), false));
        }
        let stopped = SendState::Refused(Refusal::Stopped);
        if let Some(here) = self.ports().store().message(self.account, &row.hash).await? {
            // It may be here out of the same file.
            return Ok((message.clone(), here.state == stopped));
        }
        let row = MessageRow { state: stopped, ..row.clone() };
        Ok((StoredMessage::kept(row), true))
    }
}
