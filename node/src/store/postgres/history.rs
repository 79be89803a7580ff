//! History in Postgres.

use sqlx::PgConnection;

use super::Postgres;
use super::notices::tell;
use crate::store::shared::impl_history_store;

impl_history_store!(Postgres, pool, pool);

impl Postgres {
    /// Tells the other nodes of a change within its transaction.
    async fn announce(
        &self,
        connection: &mut PgConnection,
        owner: Address,
        change: u64,
    ) -> Result<(), StoreError> {
        Ok(tell(connection, &[self.notices.origin.history(owner, change)]).await?)
    }
}
