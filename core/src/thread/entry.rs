//! What a conversation shows.

use crate::identity::Address;
use crate::message::MessageHash;
use crate::record::SendState;

/// One message as shown, with everything that later ones did to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Identifies it.
    pub hash: MessageHash,
    /// Who signed it.
    pub author: Address,
    /// Written by the account itself.
    pub own: bool,
    /// Where it stands: milliseconds since 1970.
    pub time: u64,
    /// What it says.
    pub content: Content,
    /// How far it has come.
    pub state: SendState,
    /// What the other side told about it.
    pub(super) receipt: Option<Receipt>,
    /// Emoji, each with how often it was given.
    pub reactions: Vec<(String, usize)>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text {
        /// The text, of the latest edit.
        text: String,
        /// It was edited.
        edited: bool,
        /// What it answers, if that is known here.
        quote: Option<Quote>,
        /// How many attachments it carries.
        attachments: usize,
    },
    /// Its author deleted it.
    Deleted,
}

/// The start of a message that another one answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Written by the account itself.
    pub own: bool,
    /// At most 200 characters; empty if it was deleted.
    pub text: String,
}

/// What the other side told about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Receipt {
    /// Their client has it.
    Arrived,
    /// They have seen it.
    Read,
}
