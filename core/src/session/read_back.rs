//! Looking things up in the stored conversation.

use super::Session;
use crate::conversation::ConversationId;
use crate::device::{MessageRow, Position};
use crate::message::MessageHash;
use crate::ports::{Ports, Store as _, StoreError};

/// How many messages are read at once.
const PAGE: usize = 20;
/// How many pages are read back at most.
const MAX_PAGES: usize = 500;

impl<P: Ports> Session<P> {
    /// Reads a conversation backwards from `before`, or from its end, until `visit` says that it is enough; at most
    /// 10,000 messages.
    pub(super) async fn read_back(
        &self,
        conversation: ConversationId,
        mut before: Option<Position>,
        mut visit: impl FnMut(&MessageRow) -> bool,
    ) -> Result<(), StoreError> {
        for _ in 0..MAX_PAGES {
            let store = self.ports().store();
            let page = store.messages(self.account, conversation, before.as_ref(), PAGE).await?;
            let Some(oldest) = page.last() else { break };
            before = Some(oldest.position());
            if page.iter().any(&mut visit) {
                break;
            }
        }
        Ok(())
    }

    /// The message of this hash, if it belongs to this conversation.
    pub(super) async fn stored(
        &self,
        conversation: ConversationId,
        hash: &MessageHash,
    ) -> Result<Option<MessageRow>, StoreError> {
        let found = self.ports().store().message(self.account, hash).await?;
        Ok(found.filter(|row| row.conversation == conversation))
    }
}
