//! History in SQLite.

use super::Sqlite;
use crate::store::shared::impl_history_store;

impl_history_store!(Sqlite, readers, writer);
