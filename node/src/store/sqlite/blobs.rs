//! Blobs in SQLite.

use super::Sqlite;
use crate::store::shared::impl_blob_store;

impl_blob_store!(Sqlite, readers, writer);
