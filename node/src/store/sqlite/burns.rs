//! Burns that are brought to the chain, in SQLite.

use super::Sqlite;
use crate::store::shared::impl_burn_store;

impl_burn_store!(Sqlite, sqlx::sqlite::SqliteRow, sqlx::SqliteConnection, readers, writer);
