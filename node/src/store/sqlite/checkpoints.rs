//! Copying the log into the file beside the writer.
//!
//! A commit appends to the log, and at some time what is in the log must be copied into the file. SQLite does that
//! within the commit that makes the log long: for 8,000 pages that took 30 ms, in which nobody could write
//! (docs/performance.md). A passive checkpoint by another connection does the same while the writer goes on. What
//! it leaves, since the writer has gone on, is so little that the writer's own checkpoint is short; only that one
//! can come to the end of the log, from where the log is used anew.

use std::time::Duration;

use sqlx::sqlite::{SqliteConnection, SqlitePool};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long commits gather before they are copied. At half load the p99 is 6 ms with a pause of 10 ms, 8 ms with 20 ms,
/// 11 ms with 50 ms and 27 ms with 200 ms or more, as what the disk has to write at once grows; full load likes it longer.
const PAUSE: Duration = Duration::from_millis(20);
/// How long nothing is told until the log is looked at all the same. A commit is told before its end, and one whose
/// end takes the disk longer than [`PAUSE`] comes to the log after the copying it asked for. Nothing to copy takes
/// microseconds.
const IDLE: Duration = Duration::from_secs(1);
/// How long to wait after a failure. The writer's own checkpoints go on.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Tells the task of commits.
#[derive(Clone)]
pub(super) struct Commits(watch::Sender<()>);

impl Commits {
    pub fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    /// Has the writer's connection tell.
    pub async fn watch(&self, writer: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let commits = self.0.clone();
        // Called right before the end of a commit, which the pause lets happen.
        writer.lock_handle().await?.set_commit_hook(move || {
            commits.send_replace(());
            true
        });
        Ok(())
    }

    /// Starts the task with a connection of its own. It ends when the pool is closed, or nobody can commit.
    pub fn copy_by(&self, pool: SqlitePool) {
        let mut commits = self.0.subscribe();
        tokio::spawn(async move {
            loop {
                match timeout(IDLE, commits.changed()).await {
                    Ok(Ok(())) => sleep(PAUSE).await,
                    Ok(Err(_)) => return,
                    Err(_) => {}
                }
                commits.mark_unchanged();
                match sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&pool).await {
                    Ok(_) => {}
                    Err(sqlx::Error::PoolClosed) => return,
                    Err(error) => {
                        tracing::warn!(%error, "the database's log can't be copied into its file");
                        sleep(PAUSE_AFTER_FAILURE).await;
                    }
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sqlx::Connection as _;
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};

    use super::*;

    #[tokio::test]
    async fn a_commit_that_ends_after_the_copying_it_asked_for_is_copied_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log.sqlite");
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        // It does not tell by itself.
        let mut writer =
            SqliteConnection::connect_with(&options.clone().pragma("wal_autocheckpoint", "0")).await.unwrap();
        sqlx::query("CREATE TABLE kept (n INTEGER)").execute(&mut writer).await.unwrap();
        let commits = Commits::new();
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        commits.copy_by(pool.clone());
        commits.0.send_replace(());
        sleep(PAUSE * 5).await;
        sqlx::query("INSERT INTO kept VALUES (1)").execute(&mut writer).await.unwrap();
        let copied = async {
            while in_the_file(&file).await != Some(1) {
                sleep(PAUSE).await;
            }
        };
        assert!(timeout(Duration::from_secs(60), copied).await.is_ok(), "the log is not copied");
    }

    /// How many rows the file alone holds, without its log.
    async fn in_the_file(file: &Path) -> Option<i64> {
        let copy = file.with_extension("copy");
        std::fs::copy(file, &copy).unwrap();
        // A copy made while pages are written may be torn.
        let mut connection = SqliteConnection::connect(&format!("sqlite://{}", copy.display())).await.ok()?;
        sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(&mut connection).await.ok()
    }
}
