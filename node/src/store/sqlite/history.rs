//! History in SQLite.

use sqlx::SqliteConnection;

use super::Sqlite;
use crate::store::shared::impl_history_store;

impl_history_store!(Sqlite, readers, writer);

impl Sqlite {
    /// There is no other node to be told.
    async fn announce(&self, _: &mut SqliteConnection, _: Address, _: u64) -> Result<(), StoreError> {
        Ok(())
    }
}
