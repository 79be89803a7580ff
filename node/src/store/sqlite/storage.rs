//! The encrypted storage of deployed clients in SQLite.

use super::Sqlite;
use crate::store::shared::impl_storage_store;

impl_storage_store!(Sqlite, readers, writer, sqlx::SqliteConnection, sqlx::sqlite::SqliteRow);
