//! Messages that wait for their receivers.

use dm3_core::identity::Address;

use super::{Arrival, StoreError};

/// The largest answer of one pick-up, in bytes of envelopes.
pub const PICK_UP_BYTES: u64 = 32_000_000;
/// The most conversations in one pick-up.
pub const PICK_UP_CONVERSATIONS: u32 = 100;
/// The most messages of each conversation in one pick-up, and the most in a page.
pub const PICK_UP_MESSAGES: u32 = 1000;

/// How many copies of one message are looked for: whoever floods a mailbox under one hash must not make every
/// acknowledgement of it dear.
pub(super) const COPIES: u32 = 500;

/// An accepted message for a mailbox.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The receiver.
    pub mailbox: Address,
    /// The sender's name as claimed, in lower case.
    pub sender: String,
    /// The hash that the sender claims for the message.
    pub message_hash: String,
    /// The address that this name leads to, whoever sent it.
    pub sender_address: Option<Address>,
    /// How well the sender is known.
    pub standing: Standing,
    /// SHA-256 of the canonical envelope as submitted.
    pub envelope_hash: [u8; 32],
    /// SHA-256 of what a verified sender signed: it brings one message into a mailbox.
    pub signed: Option<[u8; 32]>,
    /// Milliseconds since 1970.
    pub received_at: u64,
    /// JSON of the envelope as the receiver gets it.
    pub envelope: String,
    /// The version of the receiver's account that the message was accepted for.
    pub account_version: i64,
    /// How much the mailbox may hold, this message included.
    pub limits: MailboxLimits,
}

/// How well a receiver's server knows a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody can say who it is. Its messages give way to those of known senders, the oldest first.
    Unknown,
    /// It signed as who it claims to be. Anybody can have an account, so all of these together have a share.
    Verified,
    /// It is on the receiver's list, too.
    Allowed,
}

impl Standing {
    /// As it is stored.
    pub(super) const fn number(self) -> i16 {
        match self {
            Self::Unknown => 0,
            Self::Verified => 1,
            Self::Allowed => 2,
        }
    }
}

/// How much a mailbox may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailboxLimits {
    /// How many messages.
    pub messages: u64,
    /// Bytes of their envelopes.
    pub bytes: u64,
    /// How much of both, in hundredths, all unknown senders together may fill.
    pub unknown: u8,
    /// How much all verified senders together may fill that are not on the receiver's list.
    pub verified: u8,
    /// How much one known sender may fill.
    pub sender: u8,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored durably under this number.
    Stored {
        /// Later messages have higher numbers.
        seq: i64,
    },
    /// The same envelope lies there already.
    Known,
    /// The mailbox, or the share of it that is the sender's, holds as much as it may. What it holds is not touched.
    Full,
    /// What the sender signed came with another envelope before.
    Reused,
    /// The receiver's account is another than the message was accepted for, or gone: accept it anew.
    Changed,
}

/// A page of a mailbox, oldest message first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// JSON of the envelopes.
    pub envelopes: Vec<String>,
    /// Their numbers.
    pub numbers: Vec<i64>,
    /// Where the next page begins, if there is one.
    pub next: Option<i64>,
}

impl Page {
    /// The page of at most `most` messages out of those after `after`, of which at most one more is given.
    pub(super) fn from_rows(rows: Vec<(i64, String)>, after: i64, most: u32) -> Self {
        let mut envelopes = Vec::with_capacity(rows.len());
        let mut numbers = Vec::with_capacity(rows.len());
        let mut last = after;
        let mut bytes = 0;
        for (seq, envelope) in rows {
            bytes += envelope.len() as u64;
            let full = envelopes.len() == most as usize;
            if full || (bytes > PICK_UP_BYTES && !envelopes.is_empty()) {
                return Self { envelopes, numbers, next: Some(last) };
            }
            last = seq;
            numbers.push(seq);
            envelopes.push(envelope);
        }
        Self { envelopes, numbers, next: None }
    }
}

/// One stored copy of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The sender's name as claimed, in lower case.
    pub sender: String,
    /// The address that this name led to when the message came.
    pub address: Option<Address>,
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

/// The mailboxes.
#[async_trait::async_trait]
pub trait MailboxStore: Send + Sync {
    /// The messages under a sender's name within the `PICK_UP` limits, newest first.
    async fn pick_up_from(&self, mailbox: Address, sender: &str) -> Result<Vec<String>, StoreError>;

    /// Puts a message into a mailbox.
    ///
    /// A failure says nothing about whether it is stored; the same delivery again finds out.
    async fn deliver(&self, delivery: Delivery) -> Result<Outcome, StoreError>;

    /// What arrived and is still there, oldest first.
    async fn arrived(&self, arrival: Arrival) -> Result<Vec<String>, StoreError>;

    /// The newest messages of the latest conversations within the `PICK_UP` limits: latest conversation first,
    /// newest message first.
    async fn pick_up(&self, mailbox: Address) -> Result<Vec<String>, StoreError>;

    /// The messages after number `after`, oldest first, at most `most` of them and never more bytes than
    /// [`PICK_UP_BYTES`].
    async fn page(&self, mailbox: Address, after: i64, most: u32) -> Result<Page, StoreError>;

    /// The copies of a message in a mailbox, from whomever; at most [`COPIES`], those of `sender` first.
    async fn copies(
        &self,
        mailbox: Address,
        message_hash: &str,
        sender: &str,
    ) -> Result<Vec<Copy>, StoreError>;

    /// Removes messages from a mailbox.
    async fn remove(&self, mailbox: Address, numbers: &[i64]) -> Result<(), StoreError>;

    /// When the newest message came, in milliseconds since 1970.
    async fn newest(&self) -> Result<Option<u64>, StoreError>;

    /// Forgets at most `most` of the signatures that were taken before `before` (milliseconds since 1970); how many.
    async fn forget_signatures(&self, before: u64, most: u32) -> Result<u64, StoreError>;

    /// Removes at most `most` messages that came before `before` (milliseconds since 1970); how many.
    async fn expire(&self, before: u64, most: u32) -> Result<u64, StoreError>;

    /// What waits in all mailboxes.
    async fn totals(&self) -> Result<Totals, StoreError>;
}
