//! Who has a profile here, and for what.

use dm3_core::identity::Address;

use super::StoreError;

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
    /// Another after each change.
    pub version: i64,
    /// Raised by each change of keys and by [`AccountStore::end_sessions`]: sessions of another are over.
    pub epoch: u64,
    /// Whether an operator has blocked it.
    pub blocked: bool,
    /// Whether the key of its profile has answered a challenge here.
    pub answered: bool,
}

impl Account {
    /// Whether it registered with a part of the node.
    pub const fn serves(&self, service: Service) -> bool {
        match service {
            Service::Mailbox => self.mailbox,
            Service::Storage => self.storage,
            Service::Gateway => self.gateway,
        }
    }
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
    /// What is used up by it if it makes an account; `None` where accounts cost nothing.
    pub payment: Option<Payment>,
    /// Milliseconds since 1970.
    pub now: u64,
}

/// What an account is paid with: it is used up in the transaction that makes the account, or there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payment {
    /// One use of an invitation, by the SHA-256 of its code.
    Invitation([u8; 32]),
    /// Something that can be used once, by what identifies it, until a time in seconds since 1970.
    Once {
        /// What it is known by.
        id: String,
        /// When nobody could use it any more anyway.
        expires_at: u64,
    },
}

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// The profile is kept now, or was before.
    Kept,
    /// Another is kept. This one waits for [`AccountStore::promote`].
    Pending,
    /// It was kept once and has been replaced since.
    Superseded,
    /// It would make an account, and what it is paid with is used up, or no longer good.
    Unpaid,
}

/// The most profiles of an account that wait; the oldest make room.
pub(super) const PENDING_PROFILES: i64 = 8;

/// The accounts.
#[async_trait::async_trait]
pub trait AccountStore: Send + Sync {
    /// The account of an address.
    async fn account(&self, address: Address) -> Result<Option<Account>, StoreError>;

    /// Keeps the first profile of an account. The same again changes nothing, another waits to be promoted, and one
    /// that was replaced is never taken again.
    async fn register(&self, registration: Registration) -> Result<Registered, StoreError>;

    /// The profiles of an account that wait, the latest first.
    async fn pending_profiles(&self, address: Address) -> Result<Vec<String>, StoreError>;

    /// Replaces an account's profile by one that waits, given as it was registered, and forgets the others that
    /// wait; false if it does not wait any more. With
    /// `new_keys` it ends its sessions, as [`Self::end_sessions`] does.
    async fn promote(&self, address: Address, profile: &str, new_keys: bool) -> Result<bool, StoreError>;

    /// Ends all sessions of an account, and tells the other nodes.
    async fn end_sessions(&self, address: Address) -> Result<(), StoreError>;
}
