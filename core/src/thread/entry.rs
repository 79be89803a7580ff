//! What a conversation shows.

use crate::device::SendState;
use crate::identity::Address;
use crate::message::{Context, MessageHash};

/// The longest quote, in characters.
const MAX_QUOTE: usize = 200;

/// One message as shown, with everything that later ones did to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Identifies it, whatever is edited later.
    pub hash: MessageHash,
    /// The message whose text is shown: itself, or its latest edit.
    pub version: MessageHash,
    /// Who signed it.
    pub author: Address,
    /// Written by the account itself.
    pub own: bool,
    /// Where it stands: milliseconds since 1970.
    pub time: u64,
    /// What it says.
    pub shown: Shown,
    /// How far the shown version has come.
    pub state: SendState,
    /// What the other side told about it.
    pub(super) receipt: Option<Receipt>,
    /// The reactions, those given first before the others.
    pub reactions: Vec<Reaction>,
    /// What the account did to it and has not left: the other side does not see that yet.
    pub unsent: Option<Unsent>,
}

/// A delete request or a reaction of the account that waits, or was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// The request or the reaction itself.
    pub hash: MessageHash,
    /// How far it has come.
    pub state: SendState,
    /// The emoji that is given or taken back; empty if the message was deleted.
    pub emoji: String,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Text.
    Text {
        /// The text, of the latest edit.
        text: String,
        /// How often it was edited; [`Thread::history`](super::Thread::history) has the versions.
        edits: usize,
        /// What it answers, if that is known here.
        quote: Option<Quote>,
        /// How many attachments it carries.
        attachments: usize,
        /// What the conversation is about that it begins, as its author says.
        about: Option<Context>,
    },
    /// Its author deleted it.
    Deleted,
}

/// The start of a message that another one answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The message that is answered.
    pub hash: MessageHash,
    /// Written by the account itself.
    pub own: bool,
    /// What is shown of it.
    pub shown: Quoted,
}

/// What is shown of a message that another one answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quoted {
    /// The beginning of its text.
    Text(String),
    /// It has so many attachments and no text.
    Attachments(usize),
    /// Its author deleted it.
    Deleted,
}

impl Quoted {
    /// Of a message with this text, and so many attachments.
    pub fn of(text: &str, attachments: usize) -> Self {
        if text.is_empty() && attachments > 0 {
            return Self::Attachments(attachments);
        }
        Self::Text(text.chars().take(MAX_QUOTE).collect())
    }
}

/// An emoji at a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji as it was sent.
    pub emoji: String,
    /// How many people gave it.
    pub count: usize,
    /// The account's own reaction among them: a delete request that refers to it takes it back.
    pub own: Option<MessageHash>,
}

/// A text that a message had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version<'a> {
    /// The message itself, or an edit of it.
    pub hash: &'a MessageHash,
    /// When its author claims to have written it: milliseconds since 1970.
    pub written: u64,
    /// The text.
    pub text: &'a str,
    /// How many attachments it carried.
    pub attachments: usize,
}

/// What a message changed in a conversation. Entries never vanish and never change places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The entry that is new. Those behind it move up by one place.
    pub added: Option<MessageHash>,
    /// The other entries that now look different, in their order. None of them moved among themselves.
    pub changed: Vec<MessageHash>,
}

/// What the other side told about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Receipt {
    /// Their client has it.
    Arrived,
    /// They have seen it.
    Read,
}

impl Entry {
    /// Whether the other side has it, or has seen it.
    pub fn is_read(&self) -> bool {
        self.receipt == Some(Receipt::Read)
    }

    /// Whether the other side's client has it.
    pub fn has_arrived(&self) -> bool {
        self.receipt.is_some()
    }

    /// Whether it still waits in the outbox.
    pub fn is_waiting(&self) -> bool {
        self.state == SendState::Waiting
    }
}
