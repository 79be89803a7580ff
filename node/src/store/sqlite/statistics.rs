//! Statistics in SQLite.

use super::Sqlite;
use crate::store::shared::impl_statistics_store;

impl_statistics_store!(Sqlite, readers, writer);
