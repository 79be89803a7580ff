//! The node's notes in SQLite.

use super::Sqlite;
use crate::store::shared::impl_mark_store;

impl_mark_store!(Sqlite, readers, writer);
