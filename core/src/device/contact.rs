use crate::conversation::ConversationId;
use crate::identity::EnsName;

/// What the account keeps of a conversation beside its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Which conversation.
    pub conversation: ConversationId,
    /// A name that resolved to the peer's address when it was last checked.
    pub name: Option<EnsName>,
    /// Messages that arrived until then have been seen: milliseconds.
    pub read_until: u64,
    /// When the conversation was opened or last changed: milliseconds.
    pub touched: u64,
}
