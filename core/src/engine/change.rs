//! What an engine tells.

use crate::conversation::ConversationId;
use crate::message::MessageHash;
use crate::ports::StoreError;
use crate::session::{HomeError, NewMessage};

/// Something that has changed. What it is now is read from the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Messages of this conversation, or what is kept of it, on this device: written, taken in, further on their way.
    Conversation(ConversationId),
    /// Another device of the account changed what its owner chose.
    Settings,
    /// Something waits in the outbox for this conversation, or its peer was found. Whoever holds the lease delivers it, and
    /// is told with [`Engine::deliver_outbox`](super::Engine::deliver_outbox).
    Outbox(ConversationId),
    /// A delivery service has a message of this account.
    Sent(MessageHash),
    /// A message came in.
    Received(NewMessage),
    /// Something came in that can't be proven; or what could not be proven was.
    Unproven,
    /// So many entries of the mailboxes are no envelopes.
    Unreadable(usize),
    /// How it stands with the account's delivery services.
    Connection(Connection),
    /// Whether the account's node has no room for more of its history: what is new stays on this device.
    HistoryFull(bool),
    /// What came in, or what became of a message, could not be kept. It is tried again.
    Store(StoreError),
}

/// How it stands with the account's delivery services. One that works is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Not decided yet; or another tab, or program, holds the lease.
    Connecting,
    /// Messages arrive as they are sent.
    Live,
    /// Nothing is pushed, but mailboxes are looked into every few seconds.
    Polling,
    /// No mailbox can be reached. It is tried again.
    Lost(HomeError),
}
