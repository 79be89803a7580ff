//! Message types as they are named on the wire.

use std::fmt;

/// What a message is (`metadata.type`). The spelling of the deployed clients is written; the specification's
/// `READ_RECEIPT` is understood as [`Kind::ReadOpened`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text of its own.
    New,
    /// Answers another message.
    Reply,
    /// Replaces the content of an earlier message of the same author.
    Edit,
    /// Asks to remove an earlier message of the same author.
    DeleteRequest,
    /// An emoji on another message.
    Reaction,
    /// The message arrived at the receiver's client.
    ReadReceived,
    /// The message was seen by the receiver.
    ReadOpened,
    /// Asks to send a message again.
    ResendRequest,
    /// A type this version does not know; it is kept and shown as text.
    Other(String),
}

impl Kind {
    /// Reads the wire form.
    pub fn from_wire(text: &str) -> Self {
        match text {
            "NEW" => Self::New,
            "REPLY" => Self::Reply,
            "EDIT" => Self::Edit,
            "DELETE_REQUEST" => Self::DeleteRequest,
            "REACTION" => Self::Reaction,
            "READ_RECEIVED" => Self::ReadReceived,
            "READ_OPENED" | "READ_RECEIPT" => Self::ReadOpened,
            "RESEND_REQUEST" => Self::ResendRequest,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "NEW",
            Self::Reply => "REPLY",
            Self::Edit => "EDIT",
            Self::DeleteRequest => "DELETE_REQUEST",
            Self::Reaction => "REACTION",
            Self::ReadReceived => "READ_RECEIVED",
            Self::ReadOpened => "READ_OPENED",
            Self::ResendRequest => "RESEND_REQUEST",
            Self::Other(text) => text,
        })
    }
}
