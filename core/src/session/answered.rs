//! Which message of the peer an own one answers.

use crate::device::{Lane, StoredMessage};
use crate::identity::Address;
use crate::message::{MessageHash, SignedMessage};

/// Looks for the `replyDeliveryInstruction` that a message to a peer must carry on as its `deliveryInstruction`: that of
/// the peer's message it refers to; if it refers to an own one, that of the text before it; if it refers to none, that
/// of the peer's newest text. Specification: Message Transport, Message Metadata.
pub(super) struct Answered {
    peer: Address,
    /// What the message refers to, until that is found.
    sought: Option<MessageHash>,
    found: bool,
    /// What was found so far.
    pub(super) instruction: Option<String>,
}

impl Answered {
    pub(super) fn new(peer: Address, reference: Option<MessageHash>) -> Self {
        Self { peer, sought: reference, found: false, instruction: None }
    }

    /// Looks at a page of the conversation, newest first; tells whether that is enough.
    pub(super) fn look(&mut self, page: &[StoredMessage]) -> bool {
        for stored in page {
            let referred = self.sought.as_ref() == Some(&stored.hash);
            if referred {
                (self.sought, self.found, self.instruction) = (None, false, None);
            }
            if stored.author == self.peer && (referred || !self.found && stored.lane == Lane::In) {
                self.found = true;
                let message = SignedMessage::parse(&stored.json).ok();
                self.instruction =
                    message.as_ref().and_then(SignedMessage::reply_delivery_instruction).map(str::to_owned);
            }
            if self.found && self.sought.is_none() {
                return true;
            }
        }
        false
    }
}
