//! What the node remembers, behind one trait object: [`Store`].
//!
//! ```text
//! handlers ─▶ dyn Store = AccountStore + NameStore + ChallengeStore + MailboxStore + …   (one file each, here)
//!                 ├─ sqlite/    one `impl` per noun, in a file of the same name
//!                 └─ postgres/  likewise
//! migrations/sqlite/NNNN_*.sql, migrations/postgres/NNNN_*.sql   (schema, applied in order at the start)
//! tests/store/                  the contract, run against both engines
//! ```
//!
//! # To add a noun
//! 1. `store/<noun>.rs`: its types and `#[async_trait] pub trait <Noun>Store: Send + Sync`. `mod` and `pub use` it
//!    below and add it to the supertraits of [`Store`]. Each method is one transaction and returns after it is
//!    durable.
//! 2. `store/sqlite/<noun>.rs` and `store/postgres/<noun>.rs`: `impl <Noun>Store for Sqlite` and `Postgres`.
//!    Where the SQL of both is the same it is one macro in `store/shared/`. In SQLite reads go to `self.readers`, writes to `self.writer`, of which there is one: keep it for a few
//!    milliseconds at most, and remove in slices.
//! 3. A migration of the same number and name for both engines, in both lists (`MIGRATIONS` in the engines'
//!    `mod.rs`). One that was released is never changed.
//! 4. `tests/store/<noun>.rs`: tests that take a store, named in one `contract!(…)`; both engines run them.
//!
//! A change of anything that the acceptance of a message depends on must raise `accounts.version` of the receiver
//! in the same transaction: what was read of an account is cached, and a delivery is only stored if the version is
//! still the one it was made for.
//!
//! Postgres's text can't hold U+0000 and SQLite's can: whatever comes from outside as free text must be refused
//! with it, or kept as bytes.

mod accounts;
mod blobs;
mod burns;
mod challenges;
mod channels;
mod database;
mod deposits;
mod disk;
mod error;
mod group;
mod history;
mod invitations;
mod mailbox;
mod marks;
mod names;
mod notices;
mod operators;
mod postgres;
mod rates;
mod schema;
mod settings;
mod shared;
mod sqlite;
mod statistics;
mod storage;
mod turns;
mod url;
mod values;

use accounts::PENDING_PROFILES;
pub use accounts::{Account, AccountStore, Payment, Registered, Registration, Service};
pub use blobs::{Begun, Blob, BlobId, BlobQuota, BlobStore, BlobUsage, NewBlob};
pub use burns::{BurnBudget, BurnOutcome, BurnStore, KeptBurn, NewBurn, Offer, Reserved};
pub use challenges::ChallengeStore;
pub use channels::{Channel, ChannelKind, ChannelStore, Code, CodeIssue, CodeLimits};
pub use database::{Database, DatabaseError};
pub use deposits::{DepositStore, Evidence, Promise, Promised};
pub use disk::Disk;
pub use error::StoreError;
pub use history::{
    HistoryQuota, HistoryStore, HistoryUsage, NewRecord, Record, RecordKey, RecordRange, Written,
};
pub use invitations::{Invitation, InvitationStore};
use mailbox::COPIES;
pub use mailbox::{
    Copy, Delivery, MailboxLimits, MailboxStore, Outcome, PICK_UP_BYTES, PICK_UP_CONVERSATIONS,
    PICK_UP_MESSAGES, Page, Standing, Totals,
};
pub use marks::MarkStore;
pub use names::NameStore;
pub use notices::{Arrival, Notice, NoticeStore, Question};
pub use operators::{
    ACTS, AccountUse, Act, Block, Blockable, OperatorStore, Part, Purged, REGISTRATION_STOPPED, SenderUse,
};
use operators::{EXPORT_ROWS, LOGIN_STEP, SLICE};
pub use postgres::Postgres;
pub use rates::{Rate, RateStore};
pub use schema::SchemaState;
use schema::{migrator, newest};
pub use settings::SettingsStore;
pub use sqlite::Sqlite;
pub use statistics::{Interval, StatisticsStore};
pub use storage::{
    NewMessage, PartOf, StorageQuota, StorageStore, Stored, StoredConversation, StoredMessage,
};
pub use url::PostgresUrl;
use values::{PROBE, address_from, signed, unsigned};

/// Everything the node remembers.
#[async_trait::async_trait]
pub trait Store:
    AccountStore
    + BlobStore
    + BurnStore
    + ChallengeStore
    + ChannelStore
    + DepositStore
    + HistoryStore
    + InvitationStore
    + MailboxStore
    + MarkStore
    + NameStore
    + NoticeStore
    + OperatorStore
    + RateStore
    + SettingsStore
    + StatisticsStore
    + StorageStore
    + 'static
{
    /// Fails if the database can't be read or written.
    async fn check(&self) -> Result<(), StoreError>;

    /// Closes the database after what is under way.
    async fn close(&self);
}
