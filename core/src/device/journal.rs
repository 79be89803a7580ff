//! What has changed on this device and is not kept on the account's node yet.
//!
//! ```text
//! add_messages, set_state, put_contact, set_value ──same transaction──▶ entry ──kept on the node──▶ struck out
//! ```
//!
//! Each change adds an entry with a number of its own, so what changes again while it is on its way has a later entry,
//! which stays.

use std::fmt;
use std::str::FromStr;

use crate::conversation::ConversationId;
use crate::message::MessageHash;

/// The longest name of a setting, in bytes.
pub const MAX_SETTING: usize = 128;

/// What has changed. Its text form is stable, and two equal texts mean the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// A message: it is new, or has come further.
    Message(MessageHash),
    /// What is kept of a conversation, or how far it has been read.
    Contact(ConversationId),
    /// What is being written in a conversation.
    Draft(ConversationId),
    /// Something the person chose, by its name.
    Setting(String),
}

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Later ones have greater numbers.
    pub number: u64,
    /// What it is about.
    pub changed: Changed,
}

/// A small text that is kept of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// What is being written in a conversation. Travels to the account's other devices.
    Draft(ConversationId),
    /// Something the person chose, by its name. Travels to the account's other devices.
    Setting(String),
    /// How far this device has followed the history on the node.
    History,
    /// The same of one conversation.
    HistoryOf(ConversationId),
    /// What of a conversation is in the storage of deployed clients.
    BackendOf(ConversationId),
    /// How this device's clock differs from that of the account's first delivery service.
    Clock,
    /// Transactions that the wallet sent for this device, of which no block is known yet.
    Transactions,
    /// What this device has promised of a deposit.
    Promised,
    /// What this device is called among the account's devices.
    Device,
    /// The token that the account's node gave, sealed.
    Token,
}

/// A text is not the text form of a [`Changed`] or a [`Slot`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing that is kept is called so")]
pub struct KeptNameError;

impl Slot {
    /// What the journal is told when the text changes.
    pub fn changed(&self) -> Option<Changed> {
        match self {
            Self::Draft(conversation) => Some(Changed::Draft(*conversation)),
            Self::Setting(name) => Some(Changed::Setting(name.clone())),
            Self::History
            | Self::HistoryOf(_)
            | Self::BackendOf(_)
            | Self::Clock
            | Self::Transactions
            | Self::Promised
            | Self::Device
            | Self::Token => None,
        }
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(hash) => write!(f, "message {hash}"),
            Self::Contact(conversation) => write!(f, "contact {conversation}"),
            Self::Draft(conversation) => write!(f, "draft {conversation}"),
            Self::Setting(name) => write!(f, "setting {name}"),
        }
    }
}

impl FromStr for Changed {
    type Err = KeptNameError;

    fn from_str(text: &str) -> Result<Self, KeptNameError> {
        let (kind, rest) = text.split_once(' ').ok_or(KeptNameError)?;
        match kind {
            "message" => rest.parse().map(Self::Message).map_err(|_| KeptNameError),
            "contact" => rest.parse().map(Self::Contact).map_err(|_| KeptNameError),
            _ => text.parse::<Slot>().ok().and_then(|slot| slot.changed()).ok_or(KeptNameError),
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Draft(conversation) => write!(f, "draft {conversation}"),
            Self::Setting(name) => write!(f, "setting {name}"),
            Self::History => f.write_str("history"),
            Self::HistoryOf(conversation) => write!(f, "history {conversation}"),
            Self::BackendOf(conversation) => write!(f, "backend {conversation}"),
            Self::Clock => f.write_str("clock"),
            Self::Transactions => f.write_str("transactions"),
            Self::Promised => f.write_str("promised"),
            Self::Device => f.write_str("device"),
            Self::Token => f.write_str("token"),
        }
    }
}

impl FromStr for Slot {
    type Err = KeptNameError;

    fn from_str(text: &str) -> Result<Self, KeptNameError> {
        let conversation = |text: &str| text.parse::<ConversationId>().map_err(|_| KeptNameError);
        match text.split_once(' ') {
            None if text == "history" => Ok(Self::History),
            None if text == "clock" => Ok(Self::Clock),
            None if text == "transactions" => Ok(Self::Transactions),
            None if text == "promised" => Ok(Self::Promised),
            None if text == "device" => Ok(Self::Device),
            None if text == "token" => Ok(Self::Token),
            Some(("draft", rest)) => conversation(rest).map(Self::Draft),
            Some(("history", rest)) => conversation(rest).map(Self::HistoryOf),
            Some(("backend", rest)) => conversation(rest).map(Self::BackendOf),
            Some(("setting", name)) if name.len() <= MAX_SETTING => Ok(Self::Setting(name.to_owned())),
            _ => Err(KeptNameError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Address;

    #[test]
    fn text_forms_come_back() {
        let conversation = ConversationId::Peer(Address::from_bytes([0xab; 20]));
        let hash = format!("0x{}", "0f".repeat(32)).parse().unwrap();
        let setting = "two words".to_owned();
        for changed in [
            Changed::Message(hash),
            Changed::Contact(conversation),
            Changed::Draft(conversation),
            Changed::Setting(setting.clone()),
        ] {
            assert_eq!(changed.to_string().parse(), Ok(changed));
        }
        for slot in [
            Slot::Draft(conversation),
            Slot::Setting(setting),
            Slot::Setting(String::new()),
            Slot::History,
            Slot::HistoryOf(conversation),
            Slot::BackendOf(conversation),
            Slot::Clock,
            Slot::Transactions,
            Slot::Promised,
            Slot::Device,
            Slot::Token,
        ] {
            assert_eq!(slot.to_string().parse(), Ok(slot));
        }
        let long = format!("setting {}", "x".repeat(MAX_SETTING + 1));
        for other in ["", "history ", "draft", "message 0x", "contact 0x", &long] {
            assert!(other.parse::<Slot>().is_err() && other.parse::<Changed>().is_err(), "{other}");
        }
        assert!("history".parse::<Changed>().is_err());
    }
}
