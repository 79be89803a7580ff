//! Channels in SQLite.

use super::Sqlite;
use crate::store::shared::impl_channel_store;

impl_channel_store!(Sqlite, readers, writer);
