//! Stored messages without a signature, for tests of what comes after the check of it.

use serde_json::json;

use crate::conversation::ConversationId;
use crate::device::{MessageRow, Place, SendState, StoredMessage};
use crate::identity::Address;
use crate::message::{Kind, SignedMessage};

/// The account.
pub const ME: Address = Address::from_bytes([1; 20]);
/// Whom it talks to.
pub const PEER: Address = Address::from_bytes([2; 20]);

/// A message between [`ME`] and [`PEER`]. `written` is in milliseconds.
pub fn note(
    author: Address,
    written: u64,
    kind: Kind,
    reference: Option<&StoredMessage>,
    text: &str,
) -> StoredMessage {
    with(PEER, author, written, kind, reference, text)
}

/// A message of the conversation with `peer`.
pub fn with(
    peer: Address,
    author: Address,
    written: u64,
    kind: Kind,
    reference: Option<&StoredMessage>,
    text: &str,
) -> StoredMessage {
    let mut metadata = json!({
        "from": author.to_string(),
        "to": if author == peer { ME } else { peer }.to_string(),
        "timestamp": written,
        "type": kind.to_string(),
    });
    if let Some(reference) = reference {
        metadata["referenceMessageHash"] = reference.hash().as_str().into();
    }
    let json = json!({ "message": text, "metadata": metadata, "signature": "" });
    let message = SignedMessage::parse(&json.to_string()).expect("the form of a message");
    let state = if author == peer { SendState::Received } else { SendState::Accepted };
    // The latest time that JSON carries.
    let conversation = ConversationId::Peer(peer);
    StoredMessage::kept(MessageRow::new(&message, author, conversation, (1 << 53) - 1, state))
}

/// The same message at another place of its conversation.
pub fn at(message: &StoredMessage, time: u64) -> StoredMessage {
    message.clone().at(Place::at(time))
}
