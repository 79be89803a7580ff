//! Who talks with whom. Every port and every index takes a [`ConversationId`], so that conversations of another kind
//! fit in later.

use crate::identity::Address;

/// What identifies a conversation, whatever names happen to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ConversationId {
    /// With one other account.
    Peer(Address),
}
