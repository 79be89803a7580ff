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
use tokio::time::sleep;

/// How long commits gather before they are copied. At half load the p99 is 6 ms with a pause of 10 ms, 8 ms with 20 ms,
/// 11 ms with 50 ms and 27 ms with 200 ms or more, as what the disk has to write at once grows; full load likes it longer.
const PAUSE: Duration = Duration::from_millis(20);
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
            while commits.changed().await.is_ok() {
                sleep(PAUSE).await;
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
