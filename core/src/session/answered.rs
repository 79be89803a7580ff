//! Which message of the peer an own one answers.

use super::Session;
use crate::conversation::ConversationId;
use crate::device::MessageRow;
use crate::message::{MessageHash, SignedMessage};
use crate::ports::{Ports, Store as _, StoreError};

impl<P: Ports> Session<P> {
    /// The `replyDeliveryInstruction` that a message must carry on as its `deliveryInstruction`: that of the peer's
    /// message it refers to; if it refers to an own one, that of the text that came before it; if it refers to none that is here,
    /// that of the peer's newest text. Specification: Message Transport, Message Metadata.
    pub(super) async fn instruction(
        &self,
        conversation: ConversationId,
        reference: Option<&MessageHash>,
    ) -> Result<Option<String>, StoreError> {
        let ConversationId::Peer(peer) = conversation;
        let referred = match reference {
            Some(hash) => self.stored(conversation, hash).await?,
            None => None,
        };
        if let Some(row) = referred.as_ref().filter(|row| row.author == peer) {
            return Ok(instruction_in(row));
        }
        let until = referred.map_or(u64::MAX, |row| row.arrived);
        let text = self.ports().store().last_incoming(self.account, conversation, until).await?;
        Ok(text.as_ref().and_then(instruction_in))
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

fn instruction_in(row: &MessageRow) -> Option<String> {
    let message = SignedMessage::parse(&row.json).ok()?;
    message.reply_delivery_instruction().map(str::to_owned)
}
