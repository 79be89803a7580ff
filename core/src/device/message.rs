use crate::conversation::ConversationId;
use crate::identity::Address;
use crate::message::{Kind, MessageHash, SignedMessage};

/// A message with a peer, ours or theirs. Only authentic messages are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its hash, computed here.
    pub hash: MessageHash,
    /// The other side of the conversation.
    pub peer: Address,
    /// Who signed it.
    pub author: Address,
    /// What it is for the conversation.
    pub lane: Lane,
    /// Where it stands in the conversation: the author's time, but not later than its arrival; those of one
    /// author that claim to be are set apart by a millisecond each, in their order. Milliseconds.
    pub time: u64,
    /// When it came to this device: milliseconds by its clock.
    pub arrived: u64,
    /// The JSON that was signed, in the spelling that the signature covers.
    pub json: String,
    /// How far it has come.
    pub state: SendState,
}

/// What a message is for the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Written by the peer: counts as unread.
    In,
    /// Written by us.
    Out,
    /// Changes other messages, or tells about them: edits, deletes, reactions, receipts.
    Note,
}

/// How far a message has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendState {
    /// Ours, and no delivery service has it yet.
    Waiting,
    /// A delivery service of the receiver has it.
    Accepted,
    /// Every delivery service of the receiver refused it; in words.
    Refused(String),
    /// The peer's; it is here.
    Received,
}

/// A place in a conversation. Messages of one millisecond are ordered by hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// [`StoredMessage::time`].
    pub time: u64,
    /// [`StoredMessage::hash`].
    pub hash: MessageHash,
}

impl StoredMessage {
    /// The record of a message between `owner` and `peer`.
    pub fn new(
        message: &SignedMessage,
        author: Address,
        peer: Address,
        arrived: u64,
        state: SendState,
    ) -> Self {
        let lane = match message.kind() {
            Kind::New | Kind::Reply | Kind::Other(_) if author == peer => Lane::In,
            Kind::New | Kind::Reply | Kind::Other(_) => Lane::Out,
            _ => Lane::Note,
        };
        Self {
            hash: message.hash().clone(),
            peer,
            author,
            lane,
            time: message.timestamp().min(arrived),
            arrived,
            json: message.to_text(),
            state,
        }
    }

    /// The conversation it belongs to.
    pub const fn conversation(&self) -> ConversationId {
        ConversationId::Peer(self.peer)
    }

    /// Where the message stands.
    pub fn position(&self) -> Position {
        Position { time: self.time, hash: self.hash.clone() }
    }
}
