//! Who talks with whom. Every port and every index takes a [`ConversationId`], so that conversations of another kind
//! fit in later.

use std::fmt;
use std::str::FromStr;

use crate::identity::Address;

/// In front of the address of a conversation with one other account.
const PEER: &str = "peer:";

/// What identifies a conversation, whatever names happen to be shown. Its text form is stable, and two equal texts are
/// the same conversation: `peer:` and the other account's address with lower-case digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ConversationId {
    /// With one other account.
    Peer(Address),
}

/// A text is not the text form of a [`ConversationId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this does not identify a conversation")]
pub struct ConversationIdError;

impl ConversationId {
    /// The other account of a conversation between two.
    pub const fn peer(self) -> Address {
        let Self::Peer(peer) = self;
        peer
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Peer(peer) = self;
        write!(f, "{PEER}{}", peer.to_lower_hex())
    }
}

impl FromStr for ConversationId {
    type Err = ConversationIdError;

    fn from_str(text: &str) -> Result<Self, ConversationIdError> {
        let digits = text.strip_prefix(PEER).ok_or(ConversationIdError)?;
        let peer = Address::parse_unchecked_case(digits).map_err(|_| ConversationIdError)?;
        // One text for one conversation.
        if peer.to_lower_hex() == digits { Ok(Self::Peer(peer)) } else { Err(ConversationIdError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_text_form_is_the_only_one_and_comes_back() {
        let id = ConversationId::Peer(Address::from_bytes([0xab; 20]));
        let text = format!("peer:0x{}", "ab".repeat(20));
        assert_eq!(id.to_string(), text);
        assert_eq!(text.parse(), Ok(id));
        for other in
            [text.to_uppercase(), text.replace("ab", "AB"), text.replace("peer:", ""), format!("{text} ")]
        {
            assert_eq!(other.parse::<ConversationId>(), Err(ConversationIdError), "{other}");
        }
    }
}
