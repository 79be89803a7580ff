//! The encrypted storage of deployed clients: conversations and messages as the reference's backend keeps them.
//! All is opaque to the node but whose it is, how much, and when.

use dm3_core::identity::Address;

use super::StoreError;

/// A part of a list.
#[derive(Debug, Clone, Copy)]
pub struct PartOf {
    /// How many items come before it.
    pub skipped: u64,
    /// The most items it has.
    pub most: u32,
    /// Once there are so many bytes of containers there are no more; the first item is always one.
    pub bytes: u64,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredConversation {
    /// The contact's name, encrypted.
    pub contact: String,
    /// Where the contact's profile is, encrypted; may be empty.
    pub profile_location: String,
    /// The container of its latest message.
    pub preview: Option<String>,
    /// When it was made or a message was added, in milliseconds since 1970.
    pub updated_at: u64,
}

/// A message to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Unique for its owner.
    pub id: String,
    /// The client's time, in milliseconds since 1970.
    pub created_at: u64,
    /// The encrypted message.
    pub container: String,
    /// Whether it still waits to be delivered.
    pub halted: bool,
}

/// A stored message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// As it was given.
    pub message: NewMessage,
    /// The contact's name, encrypted.
    pub contact: String,
    /// Which conversation it is in.
    pub conversation: String,
}

/// How much an account may store.
#[derive(Debug, Clone, Copy)]
pub struct StorageQuota {
    /// Bytes of containers and names, and of rows.
    pub bytes: u64,
    /// How many bytes a row counts beside what it holds.
    pub row: usize,
    /// Conversations.
    pub conversations: u64,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is stored: so many messages are new.
    New(usize),
    /// The account would have more than it may; nothing was changed.
    Full,
}

/// The encrypted storage.
#[async_trait::async_trait]
pub trait StorageStore: Send + Sync {
    /// Makes a conversation, or changes its profile location.
    async fn add_conversation(
        &self,
        owner: Address,
        contact: &str,
        profile_location: &str,
        now: u64,
        quota: StorageQuota,
    ) -> Result<Stored, StoreError>;

    /// The conversations that are not hidden, latest first.
    async fn conversations(
        &self,
        owner: Address,
        part: PartOf,
    ) -> Result<Vec<StoredConversation>, StoreError>;

    /// How many conversations there are, hidden ones too.
    async fn count_conversations(&self, owner: Address) -> Result<u64, StoreError>;

    /// Hides or shows a conversation, if there is one.
    async fn hide_conversation(&self, owner: Address, contact: &str, hidden: bool) -> Result<(), StoreError>;

    /// Adds messages to a conversation, which is made if there is none. Those whose id is stored already are
    /// skipped. All or, if the quota does not allow it, none.
    async fn add_messages(
        &self,
        owner: Address,
        contact: &str,
        messages: &[NewMessage],
        now: u64,
        quota: StorageQuota,
    ) -> Result<Stored, StoreError>;

    /// Replaces the containers of messages, and adds those that are not stored. All or none.
    async fn edit_messages(
        &self,
        owner: Address,
        contact: &str,
        messages: &[NewMessage],
        now: u64,
        quota: StorageQuota,
    ) -> Result<Stored, StoreError>;

    /// The messages of a conversation, latest first; of one time, in the order they were added.
    async fn messages(
        &self,
        owner: Address,
        contact: &str,
        part: PartOf,
    ) -> Result<Vec<StoredMessage>, StoreError>;

    /// How many messages a conversation has.
    async fn count_messages(&self, owner: Address, contact: &str) -> Result<u64, StoreError>;

    /// At most `most` messages that wait to be delivered, oldest first; no more once there are `bytes` of containers.
    async fn halted_messages(
        &self,
        owner: Address,
        most: u32,
        bytes: u64,
    ) -> Result<Vec<StoredMessage>, StoreError>;

    /// Marks a message as delivered. With a name, its conversation is the one of that name from then on: it
    /// is renamed, or joined to the one that has the name. False if there is no such message.
    async fn release_message(
        &self,
        owner: Address,
        id: &str,
        contact: Option<&str>,
    ) -> Result<bool, StoreError>;
}
