use crate::identity::{Address, EnsName};

/// Somebody the account has a conversation with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The peer's address: what identifies the conversation.
    pub peer: Address,
    /// A name that resolved to the address when it was last checked.
    pub name: Option<EnsName>,
    /// Messages that arrived until then have been seen: milliseconds.
    pub read_until: u64,
    /// When the conversation was opened or last changed: milliseconds.
    pub touched: u64,
}
