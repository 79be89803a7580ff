//! Telling a peer that their messages arrived or were seen. Nothing here happens by itself: receipts are written for
//! messages of one conversation, when the account's owner wants them to be.

use super::Session;
use crate::conversation::ConversationId;
use crate::device::MessageRow;
use crate::message::{Draft, Kind, MessageHash, Receipt, SignedMessage};
use crate::ports::{Ports, Store as _, StoreError};

/// The most receipts that are written in one go.
const MAX_RECEIPTS: usize = 100;

impl<P: Ports> Session<P> {
    /// Writes receipts for messages of a conversation, to their author alone. Left out is what the peer did not write, what is no
    /// text, and what was told already; what could not be proven is no message of anybody. They leave with the next
    /// [`Self::flush`]. Gives the messages that receipts were written for, at most 100.
    ///
    /// # Errors
    /// [`StoreError`]: then none was written.
    pub async fn write_receipts(
        &self,
        conversation: ConversationId,
        receipt: Receipt,
        messages: &[MessageHash],
    ) -> Result<Vec<MessageHash>, StoreError> {
        let mut told = Vec::new();
        let mut due = Vec::new();
        let ConversationId::Peer(peer) = conversation;
        let visit = |stored: &MessageRow| {
            let Ok(message) = SignedMessage::parse(&stored.json) else { return false };
            match message.kind() {
                kind if stored.author == self.account && says(&kind, receipt) => {
                    told.extend(message.reference());
                }
                Kind::New | Kind::Reply | Kind::Edit
                    if stored.author == peer && messages.contains(&stored.hash) =>
                {
                    due.push(stored.hash.clone());
                }
                _ => {}
            }
            false
        };
        self.read_back(conversation, None, visit).await?;
        due.retain(|hash| !told.contains(hash));
        due.truncate(MAX_RECEIPTS);
        let to = self.addressee(conversation).await?;
        let behind = self.behind_all(conversation).await?;
        let header = || self.header_behind(behind, to.clone());
        let row = |hash| self.sign(conversation, Draft::receipt(header(), hash, receipt));
        let rows: Vec<_> = due.iter().map(row).collect();
        self.ports().store().add_messages(self.account, &rows).await?;
        Ok(due)
    }
}

/// Whether a receipt of this kind tells at least what `receipt` does.
fn says(kind: &Kind, receipt: Receipt) -> bool {
    match receipt {
        Receipt::Received => matches!(kind, Kind::ReadReceived | Kind::ReadOpened),
        Receipt::Opened | Receipt::Specified => *kind == Kind::ReadOpened,
    }
}
