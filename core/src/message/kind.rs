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
    /// Hands the keys of a local profile to the main profile (DM3LPP).
    Link,
    /// Asks for the keys of a local profile that was linked before (DM3LPP).
    LinkRecover,
    /// Confirms a link, or answers [`Kind::LinkRecover`] (DM3LPP).
    LinkAccept,
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
            "LINK" => Self::Link,
            "LINK_RECOVER" => Self::LinkRecover,
            "LINK_ACCEPT" => Self::LinkAccept,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The wire form.
    pub fn as_wire(&self) -> &str {
        match self {
            Self::New => "NEW",
            Self::Reply => "REPLY",
            Self::Edit => "EDIT",
            Self::DeleteRequest => "DELETE_REQUEST",
            Self::Reaction => "REACTION",
            Self::ReadReceived => "READ_RECEIVED",
            Self::ReadOpened => "READ_OPENED",
            Self::ResendRequest => "RESEND_REQUEST",
            Self::Link => "LINK",
            Self::LinkRecover => "LINK_RECOVER",
            Self::LinkAccept => "LINK_ACCEPT",
            Self::Other(text) => text,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_wire())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_written_as_it_is_read() {
        for wire in [
            "NEW",
            "REPLY",
            "EDIT",
            "DELETE_REQUEST",
            "REACTION",
            "READ_RECEIVED",
            "READ_OPENED",
            "RESEND_REQUEST",
            "LINK",
            "LINK_RECOVER",
            "LINK_ACCEPT",
            "A_TYPE_OF_TOMORROW",
        ] {
            assert_eq!(Kind::from_wire(wire).to_string(), wire);
        }
        assert!(!matches!(Kind::from_wire("LINK_ACCEPT"), Kind::Other(_)));
    }

    #[test]
    fn the_specifications_receipt_means_that_the_message_was_seen() {
        assert_eq!(Kind::from_wire("READ_RECEIPT"), Kind::ReadOpened);
    }
}
