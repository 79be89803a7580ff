//! What operators do, in SQLite.

use super::Sqlite;
use crate::store::shared::impl_operator_store;

// The second gives the pages that became free back to the disk at once, not when the log is used anew.
impl_operator_store!(
    Sqlite,
    sqlx::sqlite::SqliteRow,
    readers,
    writer,
    ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"]
);
