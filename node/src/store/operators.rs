//! What operators do to what people have here, and what they see of it.
//!
//! Each act is one transaction with its line in the log and a step of [`ACTS`], which tells every process that serves
//! the database to look at its sockets and caches anew.

use dm3_core::identity::{Address, EnsName};
use serde_json::Value;

use super::StoreError;

/// The mark that each act raises.
pub const ACTS: &str = "operator_acts";
/// The mark that is 1 while no new account is taken.
pub const REGISTRATION_STOPPED: &str = "registration_stopped";
/// How many rows are removed in one transaction, so that others write in between.
pub(super) const SLICE: i64 = 500;
/// How many rows an export reads at a time.
pub(super) const EXPORT_ROWS: i64 = 20;
/// How exactly a login is noted, in milliseconds, so that not each costs a write.
pub(super) const LOGIN_STEP: i64 = 3_600_000;

/// What can be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blockable {
    /// An account, by its address: it can't sign in, register, send or receive.
    Account,
    /// A sender, by address or name: nobody here gets messages of it.
    Sender,
    /// A label: nobody can claim it.
    Name,
}

impl Blockable {
    /// One word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Sender => "sender",
            Self::Name => "name",
        }
    }
}

/// Who does what to whom.
#[derive(Debug, Clone)]
pub struct Act {
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who does it, as they call themselves.
    pub operator: String,
    /// What is done, in a few words.
    pub act: String,
    /// To whom: an address, a name, or nothing.
    pub subject: String,
}

/// What is refused, since when.
#[derive(Debug, Clone)]
pub struct Block {
    /// [`Blockable::word`].
    pub kind: String,
    /// An address, a name or a label.
    pub subject: String,
    /// Milliseconds since 1970.
    pub since: u64,
}

/// What an account uses.
#[derive(Debug, Clone)]
pub struct AccountUse {
    /// Whose it is.
    pub address: Address,
    /// The name it claimed.
    pub name: Option<String>,
    /// Messages in its mailbox.
    pub messages: u64,
    /// Their bytes.
    pub mailbox_bytes: u64,
    /// Bytes in the storage of deployed clients, in its history and of its files.
    pub storage_bytes: u64,
    /// When somebody signed in last, in milliseconds since 1970.
    pub last_login: Option<u64>,
    /// Whether it is refused.
    pub blocked: bool,
}

/// What waits here of one sender.
#[derive(Debug, Clone)]
pub struct SenderUse {
    /// The name it claims.
    pub sender: String,
    /// Where that name led.
    pub address: Option<Address>,
    /// Whether its signature was verified.
    pub verified: bool,
    /// Its messages that wait.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// In how many mailboxes.
    pub mailboxes: u64,
}

/// Whose messages are removed from a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purged {
    /// Of all whose signature could not be verified.
    Unknown,
    /// Of an address.
    Address(Address),
    /// Of who claims a name.
    Name(String),
}

/// A part of an account that has many rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What waits in the mailbox.
    Messages,
    /// Conversations in the storage of deployed clients.
    StorageConversations,
    /// Messages there.
    StorageMessages,
    /// The history's records.
    History,
    /// Which sealed files are kept, without their contents.
    Blobs,
}

/// What operators do and see.
#[async_trait::async_trait]
pub trait OperatorStore: Send + Sync {
    /// Whether something is refused.
    async fn is_blocked(&self, what: Blockable, subject: &str) -> Result<bool, StoreError>;

    /// Whether messages are refused of who claims `name`, which leads to `address`: as a sender or as an account.
    async fn is_sender_blocked(&self, address: Option<Address>, name: &str) -> Result<bool, StoreError>;

    /// Refuses an account from now on, or no longer, and ends its sessions; false if that was so.
    async fn block_account(&self, address: Address, blocked: bool, act: Act) -> Result<bool, StoreError>;

    /// Refuses a sender or a label from now on, or no longer; false if that was so.
    async fn block(
        &self,
        what: Blockable,
        subject: &str,
        blocked: bool,
        act: Act,
    ) -> Result<bool, StoreError>;

    /// All that is refused.
    async fn blocks(&self) -> Result<Vec<Block>, StoreError>;

    /// The accounts that use the most, these first.
    async fn accounts_by_use(&self, most: u32) -> Result<Vec<AccountUse>, StoreError>;

    /// Claimed names and whose they are, by name.
    async fn claimed_names(&self, most: u32) -> Result<Vec<(String, Address)>, StoreError>;

    /// Senders of what waits, those of the most bytes first.
    async fn senders_by_volume(&self, most: u32) -> Result<Vec<SenderUse>, StoreError>;

    /// Ends an account and its sessions: from now on nothing is taken for it. What it has is removed by
    /// [`Self::remove_remains`]. False if there was none.
    async fn end_account(&self, address: Address, act: Act) -> Result<bool, StoreError>;

    /// Removes a slice of what an address without an account has here; false once there is nothing left.
    async fn remove_remains(&self, address: Address) -> Result<bool, StoreError>;

    /// The epoch of an address that has no account: raised when one was deleted or the address was blocked.
    async fn ended_epoch(&self, address: Address) -> Result<u64, StoreError>;

    /// Removes a slice of a mailbox's messages; how many, 0 once none is left.
    async fn purge(&self, mailbox: Address, whose: &Purged) -> Result<u64, StoreError>;

    /// Takes a name back from whoever has it; false if nobody has.
    async fn take_back(&self, name: &EnsName, act: Act) -> Result<bool, StoreError>;

    /// Stops taking new accounts, or begins again.
    async fn stop_registration(&self, stopped: bool, act: Act) -> Result<(), StoreError>;

    /// Writes a line of the log for an act that changes nothing else here.
    async fn note_act(&self, act: Act) -> Result<(), StoreError>;

    /// The last acts, the latest first.
    async fn acts(&self, most: u32) -> Result<Vec<Act>, StoreError>;

    /// Notes that somebody signed in at `now`, in milliseconds since 1970.
    async fn note_login(&self, address: Address, now: u64) -> Result<(), StoreError>;

    /// Reads on in a part of an account: some rows with their keys, after a key of an earlier one; none at the
    /// end.
    async fn export(
        &self,
        address: Address,
        part: Part,
        after: &str,
    ) -> Result<Vec<(String, Value)>, StoreError>;

    /// Gives unused room back to the disk. Writes wait meanwhile.
    async fn free_space(&self) -> Result<(), StoreError>;
}
