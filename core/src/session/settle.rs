//! Settling what waits otherwise than by handing it over: it is stopped, tried again, or known to have arrived.

use super::Session;
use crate::delivery::Refusal;
use crate::device::{MessageRow, SendState};
use crate::message::MessageHash;
use crate::ports::{Ports, Store as _, StoreError};
use crate::thread::{MAX_EDIT_CHAIN, MAX_NOTES};

impl<P: Ports> Session<P> {
    /// Stops a message that still waits: it stays in the conversation, and can be [tried again](Self::retry). One that
    /// is being handed over just now may leave all the same, and is shown so then. With an edit stops what it edits, and with
    /// that all that refers to it, as far as it waits: nobody is told a part of what its author took back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn stop(&self, hash: &MessageHash) -> Result<(), StoreError> {
        let mut stopping = self.with_edited(hash, |state| *state == SendState::Waiting).await?;
        while let Some(hash) = stopping.pop() {
            let noted = self.not_noted(&hash).and_then(|handed| handed.state());
            self.note_state(&hash, &noted.unwrap_or(SendState::Refused(Refusal::Stopped))).await?;
            for note in self.ports().store().notes_about(self.account, &hash, MAX_NOTES).await? {
                if note.state == SendState::Waiting && !stopping.contains(&note.hash) {
                    stopping.push(note.hash);
                }
            }
        }
        Ok(())
    }

    /// Puts a refused message back into the outbox; with an edit what it edits, if that was refused, too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry(&self, hash: &MessageHash) -> Result<(), StoreError> {
        for hash in self.with_edited(hash, |state| matches!(state, SendState::Refused(_))).await? {
            self.note_state(&hash, &SendState::Waiting).await?;
        }
        Ok(())
    }

    /// An own message and, if it is an edit, what it edits, and so on, for as long as each stands so.
    async fn with_edited(
        &self,
        hash: &MessageHash,
        stands: impl Fn(&SendState) -> bool,
    ) -> Result<Vec<MessageHash>, StoreError> {
        let (mut found, mut next) = (Vec::new(), Some(hash.clone()));
        while let Some(hash) = next.take().filter(|_| found.len() <= MAX_EDIT_CHAIN) {
            let row = self.ports().store().message(self.account, &hash).await?;
            if let Some(row) = row.filter(|row| stands(&row.state)) {
                next = if row.is_edit() { row.about() } else { None };
                found.push(hash);
            }
        }
        Ok(found)
    }

    /// What the other side says to have arrived, or to have been read, has left, whatever this device knows of that.
    pub(super) async fn have_arrived(
        &self,
        came: impl Iterator<Item = &MessageRow>,
    ) -> Result<(), StoreError> {
        for receipt in came.filter(|row| row.is_receipt()) {
            let Some(hash) = receipt.about() else { continue };
            let row = self.ports().store().message(self.account, &hash).await?;
            let is_ours =
                |row: &MessageRow| row.author == self.account && row.conversation == receipt.conversation;
            if row.is_some_and(|row| is_ours(&row) && row.state.has_not_left()) {
                self.note_state(&hash, &SendState::Accepted).await?;
            }
        }
        Ok(())
    }
}
