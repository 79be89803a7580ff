//! SQLite in a file: write-ahead log, synchronous FULL, one writer and several readers.

mod accounts;
mod blobs;
mod burns;
mod challenges;
mod channels;
mod checkpoints;
mod deposits;
mod history;
mod invitations;
mod mailbox;
mod marks;
mod names;
mod notices;
mod operators;
mod rates;
mod settings;
mod statistics;
mod storage;
mod writer;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection as _, Row as _};

use self::checkpoints::Commits;
use super::group::GroupCommit;
use super::{MarkStore as _, PROBE, SchemaState, Store, StoreError, migrator, newest};
use crate::machine::files::private;

/// After how many pages of 4 KiB the writer copies what is left of the log into the file, to use the log anew. Under
/// full load that is about every other second, and the only time writers wait for it.
const CHECKPOINT_PAGES: &str = "32000";
/// How much of the file the writer keeps in memory; SQLite wants KiB with a minus.
const CACHE_KIB: &str = "-8000";
/// How many connections read at once.
const READERS: u32 = 4;

/// How long a connection is waited for: less than a request may take, so that whoever asks is told to try again.
const PATIENCE: Duration = Duration::from_secs(5);

/// The schema's versions, oldest first.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("../../../migrations/sqlite/0001_first.sql")),
    (2, "store", include_str!("../../../migrations/sqlite/0002_store.sql")),
    (
        3,
        "storage_history_channels",
        include_str!("../../../migrations/sqlite/0003_storage_history_channels.sql"),
    ),
    (4, "guard", include_str!("../../../migrations/sqlite/0004_guard.sql")),
    (5, "told", include_str!("../../../migrations/sqlite/0005_told.sql")),
    (6, "owners", include_str!("../../../migrations/sqlite/0006_owners.sql")),
    (7, "operators", include_str!("../../../migrations/sqlite/0007_operators.sql")),
    (8, "deposits", include_str!("../../../migrations/sqlite/0008_deposits.sql")),
    (9, "blobs", include_str!("../../../migrations/sqlite/0009_blobs.sql")),
    (10, "invitations", include_str!("../../../migrations/sqlite/0010_invitations.sql")),
    (11, "burns", include_str!("../../../migrations/sqlite/0011_burns.sql")),
    (12, "rates", include_str!("../../../migrations/sqlite/0012_rates.sql")),
    (13, "offers", include_str!("../../../migrations/sqlite/0013_offers.sql")),
];

/// A SQLite file.
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    checkpoints: SqlitePool,
    group: GroupCommit,
}

impl Sqlite {
    /// Opens the file, creates it if it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] if the file can't be opened or is newer than this program.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        make_private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let writing =
            options.clone().pragma("wal_autocheckpoint", CHECKPOINT_PAGES).pragma("cache_size", CACHE_KIB);
        let commits = Commits::new();
        let watched = commits.clone();
        // A connection to a file does not break while nobody uses it.
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let commits = watched.clone();
                Box::pin(async move { commits.watch(connection).await })
            })
            .after_release(|connection, _| Box::pin(is_at_rest(connection)))
            .connect_with(writing)
            .await?;
        migrator(MIGRATIONS).run(&writer).await?;
        let options = options.create_if_missing(false);
        let checkpoints = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        commits.copy_by(checkpoints.clone());
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .connect_with(options.read_only(true))
            .await?;
        let group = GroupCommit::start(writer::Writer(writer.clone()));
        Ok(Self { writer, readers, checkpoints, group })
    }

    /// How far the file's schema is; a file that is missing is empty.
    ///
    /// # Errors
    /// [`StoreError`] if it is no SQLite file or can't be read.
    pub async fn inspect(path: &Path) -> Result<SchemaState, StoreError> {
        let newest = newest(MIGRATIONS);
        if !path.exists() {
            return Ok(SchemaState { version: None, newest });
        }
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let begun = sqlx::query("SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations'")
            .fetch_optional(&mut connection)
            .await?;
        let mut version = None;
        if begun.is_some() {
            let row = sqlx::query("SELECT max(version) FROM _sqlx_migrations");
            version = row.fetch_one(&mut connection).await?.try_get(0)?;
        }
        connection.close().await?;
        Ok(SchemaState { version, newest })
    }
}

/// Whether a connection has ended what it began. Where the disk is full, SQLite ends a transaction by itself, or one can be
/// neither committed nor undone. Such a connection would refuse what comes next, or make it part of what was never
/// committed: so it is closed, and the next one begins anew.
async fn is_at_rest(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // What was left to be undone is undone by then.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Makes the file, if it is missing, so that its owner alone can read it; SQLite makes those beside it likewise.
fn make_private(path: &Path) -> Result<(), StoreError> {
    match private(std::fs::File::options().write(true).create_new(true)).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::Database(error.into())),
    }
}

#[async_trait::async_trait]
impl Store for Sqlite {
    async fn check(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT count(*) FROM answered_challenges").fetch_one(&self.readers).await?;
        self.set_mark(PROBE, 0).await
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
        // Last, since whoever closes last has the whole file to itself, and removes the log.
        self.checkpoints.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transaction_that_could_not_be_ended_spoils_nothing_that_comes_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&folder.path().join("dm3.sqlite")).await.unwrap();
        let mut transaction = store.writer.begin().await.unwrap();
        // As SQLite does by itself where the disk is full.
        sqlx::query("ROLLBACK").execute(&mut *transaction).await.unwrap();
        drop(transaction);
        let mut transaction = store.writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::query("CREATE TABLE kept (n INTEGER)").execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        let kept = sqlx::query("SELECT count(*) FROM kept").fetch_one(&store.readers).await;
        assert!(kept.is_ok(), "it was committed: {kept:?}");
    }

    #[tokio::test]
    async fn who_waits_for_a_connection_is_told_in_time_that_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&folder.path().join("dm3.sqlite")).await.unwrap();
        let held = store.writer.acquire().await.unwrap();
        let asked = tokio::time::timeout(PATIENCE * 2, store.set_mark(PROBE, 0)).await;
        assert!(matches!(asked, Ok(Err(StoreError::Database(sqlx::Error::PoolTimedOut)))), "{asked:?}");
        drop(held);
        assert!(store.set_mark(PROBE, 0).await.is_ok());
        assert_eq!(store.readers.options().get_acquire_timeout(), PATIENCE);
    }
}
