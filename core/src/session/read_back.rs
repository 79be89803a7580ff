//! Looking things up in the stored conversation with one peer.

use super::Session;
use crate::device::StoredMessage;
use crate::identity::Address;
use crate::message::MessageHash;
use crate::ports::{Ports, Store as _, StoreError};

/// How many messages are read at once.
pub(super) const PAGE: usize = 20;
/// How many pages are read back at most.
pub(super) const MAX_PAGES: usize = 500;

impl<P: Ports> Session<P> {
    /// Reads the conversation with a peer backwards until `visit` says that it is enough; at most 10,000 messages.
    pub(super) async fn read_back(
        &self,
        peer: Address,
        mut visit: impl FnMut(&StoredMessage) -> bool,
    ) -> Result<(), StoreError> {
        let mut before = None;
        for _ in 0..MAX_PAGES {
            let page = self.ports().store().messages(self.account, peer, before.as_ref(), PAGE).await?;
            let Some(oldest) = page.last() else { break };
            before = Some(oldest.position());
            if page.iter().any(&mut visit) {
                break;
            }
        }
        Ok(())
    }

    /// The message of this hash in the conversation with a peer.
    pub(super) async fn stored(
        &self,
        peer: Address,
        hash: &MessageHash,
    ) -> Result<Option<StoredMessage>, StoreError> {
        let mut found = None;
        let visit = |message: &StoredMessage| {
            let matches = message.hash == *hash;
            if matches {
                found = Some(message.clone());
            }
            matches
        };
        self.read_back(peer, visit).await?;
        Ok(found)
    }
}
