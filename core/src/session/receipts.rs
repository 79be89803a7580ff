//! Telling a peer that their messages arrived or were seen. Nothing here happens by itself: receipts are written for
//! messages of one conversation, when the account's owner wants them to be.

use super::Session;
use crate::conversation::ConversationId;
use crate::message::{Draft, Kind, MessageHash, Receipt, SignedMessage};
use crate::ports::{Ports, Store as _, StoreError};

/// The most receipts that are written in one go.
const MAX_RECEIPTS: usize = 100;
/// How many notes about one message are looked at, reactions and edits among them. With more of them, a receipt may
/// be written a second time, which says the same.
const MAX_NOTES: usize = 1_000;

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
        let ConversationId::Peer(peer) = conversation;
        let mut due: Vec<MessageHash> = Vec::new();
        for hash in messages {
            if due.len() == MAX_RECEIPTS {
                break;
            }
            let stored = self.stored(conversation, hash).await?.filter(|stored| stored.author == peer);
            let message = stored.and_then(|stored| SignedMessage::parse(&stored.json).ok());
            let is_text =
                message.is_some_and(|message| matches!(message.kind(), Kind::New | Kind::Reply | Kind::Edit));
            if is_text && !due.contains(hash) && !self.has_told(hash, receipt).await? {
                due.push(hash.clone());
            }
        }
        let to = self.addressee(conversation).await?;
        let behind = self.behind_all(conversation).await?;
        let header = || self.header_behind(behind, to.clone());
        let mut place = self.place_behind_all(conversation).await?;
        let mut rows = Vec::new();
        for hash in &due {
            rows.push(self.sign(conversation, Draft::receipt(header(), hash, receipt)).at(place));
            place = place.next();
        }
        self.ports().store().add_messages(self.account, &rows).await?;
        Ok(due)
    }

    /// Whether a receipt that tells as much was written for a message.
    async fn has_told(&self, hash: &MessageHash, receipt: Receipt) -> Result<bool, StoreError> {
        let notes = self.ports().store().notes_about(self.account, hash, MAX_NOTES).await?;
        let own = notes.into_iter().filter(|note| note.author == self.account);
        Ok(own
            .filter_map(|note| SignedMessage::parse(&note.json).ok())
            .any(|note| says(&note.kind(), receipt)))
    }
}

/// Whether a receipt of this kind tells at least what `receipt` does.
fn says(kind: &Kind, receipt: Receipt) -> bool {
    match receipt {
        Receipt::Received => matches!(kind, Kind::ReadReceived | Kind::ReadOpened),
        Receipt::Opened | Receipt::Specified => *kind == Kind::ReadOpened,
    }
}
