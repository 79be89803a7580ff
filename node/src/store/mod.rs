//! What the node remembers, behind one trait.

mod sqlite;

use dm3_core::identity::{Address, EnsName};

pub use sqlite::Sqlite;

/// The largest answer of one pick-up, in bytes of envelopes.
pub const PICK_UP_BYTES: u64 = 32_000_000;
/// The most conversations in one pick-up.
pub const PICK_UP_CONVERSATIONS: u32 = 100;
/// The most messages of each conversation in one pick-up, and the most in a page.
pub const PICK_UP_MESSAGES: u32 = 1000;

/// The database failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A query failed, or the database can't be reached.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema can't be brought up to date.
    #[error("the database's schema can't be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// What is stored can't be read back.
    #[error("the database holds what it should not: {0}")]
    Damaged(&'static str),
}

/// Which part of the node an account registered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The mailbox.
    Mailbox,
    /// The encrypted storage.
    Storage,
    /// The name gateway.
    Gateway,
}

/// Who has a profile here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose it is.
    pub address: Address,
    /// Canonical JSON of the signed profile.
    pub profile: String,
    /// Whether messages are taken for it.
    pub mailbox: bool,
    /// Whether it registered with the encrypted storage.
    pub storage: bool,
    /// Whether the name gateway answers for it.
    pub gateway: bool,
}

/// A verified profile that is to be kept.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Whose profile it is.
    pub address: Address,
    /// Canonical JSON of the signed profile.
    pub profile: String,
    /// SHA-256 of the canonical profile inside, so that another signature makes no other profile.
    pub profile_hash: [u8; 32],
    /// Where it was posted.
    pub service: Service,
    /// Milliseconds since 1970.
    pub now: u64,
}

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// The profile is kept now, or was before.
    Kept,
    /// It was kept once and has been replaced since.
    Superseded,
}

/// An accepted message for a mailbox.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The receiver.
    pub mailbox: Address,
    /// The sender's name as claimed, in lower case.
    pub sender: String,
    /// The hash that the sender claims for the message.
    pub message_hash: String,
    /// SHA-256 of the canonical envelope as submitted.
    pub envelope_hash: [u8; 32],
    /// Milliseconds since 1970.
    pub received_at: u64,
    /// JSON of the envelope as the receiver gets it.
    pub envelope: String,
}

/// A page of a mailbox, oldest message first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// JSON of the envelopes.
    pub envelopes: Vec<String>,
    /// Where the next page begins, if there is one.
    pub next: Option<i64>,
}

/// One stored copy of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The sender's name as claimed, in lower case.
    pub sender: String,
    /// Its number in the store.
    pub seq: i64,
}

/// What waits in all mailboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// How many messages.
    pub messages: u64,
    /// Bytes of their envelopes.
    pub bytes: u64,
}

/// Everything the node remembers. Each call is one transaction and returns after it is durable.
#[async_trait::async_trait]
pub trait Store: Send + Sync + 'static {
    /// The account of an address.
    async fn account(&self, address: Address) -> Result<Option<Account>, StoreError>;

    /// Keeps a profile. The same profile again changes nothing; one that was replaced is never taken again.
    async fn register(&self, registration: Registration) -> Result<Registered, StoreError>;

    /// Gives a name to an address; false if the name is taken or the address has one.
    async fn claim_name(&self, name: &EnsName, address: Address) -> Result<bool, StoreError>;

    /// Takes a name back from an address; false if it was not its.
    async fn release_name(&self, name: &EnsName, address: Address) -> Result<bool, StoreError>;

    /// Who claimed a name.
    async fn address_of(&self, name: &EnsName) -> Result<Option<Address>, StoreError>;

    /// The name an address claimed.
    async fn name_of(&self, address: Address) -> Result<Option<EnsName>, StoreError>;

    /// Marks a challenge as answered; false if it was before. Times are seconds since 1970.
    async fn answer_challenge(&self, id: &str, expires_at: u64, now: u64) -> Result<bool, StoreError>;

    /// Puts a message into a mailbox; false if the same envelope lies there already.
    async fn deliver(&self, delivery: Delivery) -> Result<bool, StoreError>;

    /// The newest messages of the latest conversations within the `PICK_UP` limits: latest conversation first,
    /// newest message first.
    async fn pick_up(&self, mailbox: Address) -> Result<Vec<String>, StoreError>;

    /// The messages after number `after`, oldest first, at most [`PICK_UP_MESSAGES`].
    async fn page(&self, mailbox: Address, after: i64) -> Result<Page, StoreError>;

    /// The copies of a message in a mailbox, from whomever.
    async fn copies(&self, mailbox: Address, message_hash: &str) -> Result<Vec<Copy>, StoreError>;

    /// Removes messages from a mailbox.
    async fn remove(&self, mailbox: Address, numbers: &[i64]) -> Result<(), StoreError>;

    /// Removes at most `most` messages that came before `before` (milliseconds since 1970); how many.
    async fn expire(&self, before: u64, most: u32) -> Result<u64, StoreError>;

    /// What waits in all mailboxes. Reads every message's size: not for every request.
    async fn totals(&self) -> Result<Totals, StoreError>;

    /// Fails if the database can't be read.
    async fn check(&self) -> Result<(), StoreError>;

    /// Closes the database after what is under way.
    async fn close(&self);
}
