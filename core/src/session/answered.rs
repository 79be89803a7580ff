//! Which message of the peer an own one answers.

use super::Session;
use crate::conversation::ConversationId;
use crate::device::{Lane, MessageRow};
use crate::message::{MessageHash, SignedMessage};
use crate::ports::{Ports, StoreError};

impl<P: Ports> Session<P> {
    /// The `replyDeliveryInstruction` that a message must carry on as its `deliveryInstruction`: that of the peer's
    /// message it refers to; if it refers to an own one, that of the text before it; if it refers to none that is here,
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
        let mut found = None;
        let visit = |row: &MessageRow| {
            let is_text = row.lane == Lane::In;
            if is_text {
                found = instruction_in(row);
            }
            is_text
        };
        self.read_back(conversation, referred.as_ref().map(MessageRow::position), visit).await?;
        Ok(found)
    }
}

fn instruction_in(row: &MessageRow) -> Option<String> {
    let message = SignedMessage::parse(&row.json).ok()?;
    message.reply_delivery_instruction().map(str::to_owned)
}
