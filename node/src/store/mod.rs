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
mod challenges;
mod channels;
mod database;
mod group;
mod history;
mod invitations;
mod mailbox;
mod marks;
mod names;
mod notices;
mod operators;
mod postgres;
mod settings;
mod shared;
mod sqlite;
mod statistics;
mod storage;

use accounts::PENDING_PROFILES;
pub use accounts::{Account, AccountStore, Payment, Registered, Registration, Service};
pub use challenges::ChallengeStore;
pub use channels::{Channel, ChannelKind, ChannelStore, Code, CodeIssue, CodeLimits};
pub use database::{Database, DatabaseError, PostgresUrl, SchemaState};
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
pub use settings::SettingsStore;
pub use sqlite::Sqlite;
pub use statistics::{Interval, StatisticsStore};
pub use storage::{
    NewMessage, PageOf, StorageQuota, StorageStore, Stored, StoredConversation, StoredMessage,
};

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
    /// The transaction failed that this was part of. It may have been committed all the same.
    #[error("whether it was stored is not known: {0}")]
    Group(std::sync::Arc<StoreError>),
    /// The store was closed.
    #[error("the database is closed")]
    Closed,
}

/// Everything the node remembers.
#[async_trait::async_trait]
pub trait Store:
    AccountStore
    + ChallengeStore
    + ChannelStore
    + HistoryStore
    + InvitationStore
    + MailboxStore
    + MarkStore
    + NameStore
    + NoticeStore
    + OperatorStore
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

/// The mark that is written to find out whether the database can be.
const PROBE: &str = "probe";

/// The databases' integers have a sign; times and sizes never come near the end.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that was written with [`signed`].
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// The address in a column of 20 bytes.
fn address_from(bytes: Vec<u8>) -> Result<dm3_core::identity::Address, StoreError> {
    bytes
        .try_into()
        .map(dm3_core::identity::Address::from_bytes)
        .map_err(|_| StoreError::Damaged("an address is not 20 bytes"))
}

/// The number of an engine's last migration.
fn newest(migrations: &[(i64, &str, &str)]) -> i64 {
    migrations.last().map_or(0, |(number, ..)| *number)
}

/// The migrations of an engine, from number, name and SQL.
fn migrator(migrations: &[(i64, &'static str, &'static str)]) -> sqlx::migrate::Migrator {
    use sqlx::SqlSafeStr as _;
    use sqlx::migrate::{Migration, MigrationType, Migrator};
    let migration = |(number, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*number, (*name).into(), MigrationType::Simple, (*sql).into_sql_str(), false)
    };
    Migrator::with_migrations(migrations.iter().map(migration).collect())
}
