use super::Place;
use crate::conversation::ConversationId;
use crate::delivery::Refusal;
use crate::identity::Address;
use crate::message::{AuthenticMessage, Kind, MessageHash, SignedMessage};

/// A message as a store gives it back. It proves nothing: whoever can write to the store can write anything there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Its hash, computed here.
    pub hash: MessageHash,
    /// Where it belongs.
    pub conversation: ConversationId,
    /// Who signed it.
    pub author: Address,
    /// What it is for the conversation.
    pub lane: Lane,
    /// Where it stands in the conversation: when it was written here, or taken by a delivery service of the account.
    /// By the clock of the account's first delivery service.
    pub place: Place,
    /// Where it would stand by that time alone: others of its author may have come later that were said before.
    pub taken: Place,
    /// When it came to this device: milliseconds by the same clock.
    pub arrived: u64,
    /// The JSON that was signed, in the spelling that the signature covers.
    pub json: String,
    /// How far it has come.
    pub state: SendState,
}

/// A message whose author is proven, as a store takes it: made of an [`AuthenticMessage`], or by a session out of what
/// it kept itself.
///
/// ```compile_fail
/// # use dm3_core::device::{MessageRow, StoredMessage};
/// fn forged(row: MessageRow) -> StoredMessage {
///     StoredMessage { row }
/// }
/// ```
///
/// ```compile_fail
/// # use dm3_core::device::{MessageRow, StoredMessage};
/// fn forged(row: MessageRow) -> StoredMessage {
///     StoredMessage::kept(row)
/// }
/// ```
///
/// ```compile_fail
/// # use dm3_core::device::StoredMessage;
/// # use dm3_core::identity::Address;
/// fn of_somebody_else(stored: &mut StoredMessage, author: Address) {
///     stored.row.author = author;
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    row: MessageRow,
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
    /// Every delivery service of the receiver refused it.
    Refused(Refusal),
    /// The peer's; it is here.
    Received,
}

impl SendState {
    /// Whether it is further than another of the same message: accepted goes before refused before waiting.
    pub fn is_further_than(&self, other: &Self) -> bool {
        self.progress() > other.progress()
    }

    /// Whether it is ours and no delivery service has it.
    pub const fn has_not_left(&self) -> bool {
        matches!(self, Self::Waiting | Self::Refused(_))
    }

    fn progress(&self) -> (u8, Option<&Refusal>) {
        match self {
            Self::Waiting => (0, None),
            Self::Refused(refusal) => (1, Some(refusal)),
            Self::Accepted => (2, None),
            Self::Received => (3, None),
        }
    }
}

/// Where a message stands among the others of its conversation. Messages of one place are ordered by hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// [`MessageRow::place`].
    pub place: Place,
    /// [`MessageRow::hash`].
    pub hash: MessageHash,
}

impl StoredMessage {
    /// A message that came in at `arrived`, in milliseconds since 1970.
    pub fn received(message: &AuthenticMessage, arrived: u64) -> Self {
        let conversation = ConversationId::Peer(message.author());
        Self::new(message, conversation, arrived, SendState::Received)
    }

    /// A message of this account that is about to be sent.
    pub(crate) fn to_send(message: &AuthenticMessage, conversation: ConversationId) -> Self {
        Self::new(message, conversation, message.message().timestamp(), SendState::Waiting)
    }

    fn new(message: &AuthenticMessage, conversation: ConversationId, arrived: u64, state: SendState) -> Self {
        Self::kept(MessageRow::new(message.message(), message.author(), conversation, arrived, state))
    }

    /// A message that was proven before it was kept: what a session's own store gives back, and what only the account's
    /// own keys can have written.
    pub(crate) const fn kept(row: MessageRow) -> Self {
        Self { row }
    }

    /// The same, taken at another time, and at the place of that time in its conversation.
    #[must_use]
    pub(crate) fn at(mut self, taken: Place) -> Self {
        (self.row.taken, self.row.place) = (taken, taken);
        self
    }

    /// The same at another place of its conversation.
    #[must_use]
    pub(crate) fn moved_to(mut self, place: Place) -> Self {
        self.row.place = place;
        self
    }

    /// What is stored.
    pub const fn row(&self) -> &MessageRow {
        &self.row
    }

    /// Its hash.
    pub const fn hash(&self) -> &MessageHash {
        &self.row.hash
    }
}

impl Position {
    /// Before all messages of a place.
    pub(crate) fn before(place: Place) -> Self {
        Self { place, hash: MessageHash::least() }
    }
}

impl MessageRow {
    /// The row of a message that came to this device at `arrived`, in milliseconds since 1970.
    pub fn new(
        message: &SignedMessage,
        author: Address,
        conversation: ConversationId,
        arrived: u64,
        state: SendState,
    ) -> Self {
        let ConversationId::Peer(peer) = conversation;
        let lane = match message.kind() {
            Kind::New | Kind::Reply | Kind::Other(_) if author == peer => Lane::In,
            Kind::New | Kind::Reply | Kind::Other(_) => Lane::Out,
            Kind::Edit
            | Kind::DeleteRequest
            | Kind::Reaction
            | Kind::ReadReceived
            | Kind::ReadOpened
            | Kind::ResendRequest
            | Kind::Link
            | Kind::LinkRecover
            | Kind::LinkAccept => Lane::Note,
        };
        let place = Place::at(message.timestamp().min(arrived));
        Self {
            hash: message.hash().clone(),
            conversation,
            author,
            lane,
            place,
            taken: place,
            arrived,
            json: message.to_text(),
            state,
        }
    }

    /// The message that a note is about. Only notes have one here: what answers another message stands by itself.
    pub fn about(&self) -> Option<MessageHash> {
        if self.lane == Lane::Note { SignedMessage::parse(&self.json).ok()?.reference() } else { None }
    }

    /// Whether the same message, as another device of the account has it, says more than what is known here: it has come
    /// further, or was there earlier, which two devices agree by what was read.
    pub fn brings_further(&self, known: &Self) -> bool {
        self.state.is_further_than(&known.state) || (self.lane == Lane::In && self.arrived < known.arrived)
    }

    /// Whether it gives another message another text.
    pub fn is_edit(&self) -> bool {
        SignedMessage::parse(&self.json).is_ok_and(|message| message.kind() == Kind::Edit)
    }

    /// Whether it tells that another message arrived, or was read.
    pub fn is_receipt(&self) -> bool {
        let kind = SignedMessage::parse(&self.json).map(|message| message.kind());
        matches!(kind, Ok(Kind::ReadReceived | Kind::ReadOpened))
    }

    /// Where the message stands.
    pub fn position(&self) -> Position {
        Position { place: self.place, hash: self.hash.clone() }
    }
}
