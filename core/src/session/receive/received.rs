use crate::conversation::ConversationId;
use crate::device::Lane;
use crate::message::MessageHash;

/// A message that was not here before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which one.
    pub hash: MessageHash,
    /// What it is for the conversation.
    pub lane: Lane,
}

/// What came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Messages that were not here before.
    pub new: Vec<NewMessage>,
    /// Envelopes that could not be proven and were not known yet.
    pub quarantined: usize,
    /// Entries of the mailbox that are no envelopes.
    pub unreadable: usize,
    /// Envelopes that can't be taken in now, and were not known yet; [`Session::retry_kept`](crate::session::Session::retry_kept) tries them again.
    pub postponed: usize,
}

/// What became of the envelopes of one listing.
#[derive(Default)]
pub(super) struct Taken {
    /// The delivery service has let go of some of them.
    pub made_room: bool,
    /// The first of those that are being taken in elsewhere just now, by its number.
    pub in_work: Option<u64>,
}

impl Received {
    /// Adds what came in elsewhere.
    pub fn add(&mut self, other: Self) {
        self.new.extend(other.new);
        self.quarantined += other.quarantined;
        self.unreadable += other.unreadable;
        self.postponed += other.postponed;
    }
}
