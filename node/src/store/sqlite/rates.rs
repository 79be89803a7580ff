//! What is counted for all processes, in SQLite.

use super::Sqlite;
use crate::store::shared::impl_rate_store;

impl_rate_store!(Sqlite, writer, "BEGIN IMMEDIATE");
