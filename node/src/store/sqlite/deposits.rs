//! Promised slots in SQLite.

use super::Sqlite;
use crate::store::shared::impl_deposit_store;

impl_deposit_store!(Sqlite, readers, writer);
