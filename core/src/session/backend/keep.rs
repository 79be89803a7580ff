//! Who keeps the backend up to date, for those who know nothing of it.

use crate::conversation::ConversationId;
use crate::ports::{Ports, StoreError};
use crate::session::Session;
use crate::session::deadline::within;
use crate::session::history::{HistoryError, Older};

/// How long an acknowledgement waits for the backend: milliseconds.
const PATIENCE: u32 = 10_000;
/// How long a delivery service keeps what can't be brought to the backend: milliseconds. After that it is let go of, since
/// this device has it and brings it there once that is possible: mail must not pile up because of a broken backend.
const LONGEST: u64 = 3_600_000;

impl<P: Ports> Session<P> {
    /// From now on mail is acknowledged once the backend has it, and older messages are read there, too.
    pub(crate) fn keep_at_backend(&self) {
        self.backend.keep.set(Some(|session| Box::pin(session.is_kept_at_backend())));
        self.backend
            .read_older
            .set(Some(|session, conversation| Box::pin(session.older_at_backend(conversation))));
        self.backend
            .has_older
            .set(Some(|session, conversation| Box::pin(session.has_older_at_backend(conversation))));
    }

    /// Whether a delivery service may let go of what was taken in.
    pub(in crate::session) async fn may_let_go(&self) -> bool {
        match self.backend.keep.get() {
            Some(keep) => keep(self).await,
            None => true,
        }
    }

    /// Reads older messages of a conversation where it is, if anybody does.
    pub(crate) async fn older_elsewhere(&self, conversation: ConversationId) -> Result<Older, HistoryError> {
        match self.backend.read_older.get() {
            Some(read) => read(self, conversation).await,
            None => Err(HistoryError::NotOffered),
        }
    }

    /// Whether older messages of a conversation may be where deployed clients keep them, and are not on this device.
    pub(in crate::session) async fn has_older_elsewhere(
        &self,
        conversation: ConversationId,
    ) -> Result<bool, StoreError> {
        match self.backend.has_older.get() {
            Some(has) => has(self, conversation).await,
            None => Ok(false),
        }
    }

    async fn has_older_at_backend(&self, conversation: ConversationId) -> Result<bool, StoreError> {
        Ok(self.may_use_backend() && self.read_backend_mark(conversation).await?.older > 0)
    }

    async fn is_kept_at_backend(&self) -> bool {
        let now = self.now();
        let pushed = within(self.ports().clock(), PATIENCE, self.push_to_backend()).await;
        match pushed {
            Some(Ok(pushed)) if !pushed.more => true,
            Some(Err(HistoryError::NotOffered)) => true,
            _ => {
                if self.backend.behind_since.get() == 0 {
                    self.backend.behind_since.set(now);
                }
                now.saturating_sub(self.backend.behind_since.get()) >= LONGEST
            }
        }
    }
}
