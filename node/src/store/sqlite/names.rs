//! Claimed names in SQLite.

use dm3_core::identity::{Address, EnsName};
use sqlx::Row;

use super::Sqlite;
use crate::store::{NameStore, StoreError, address_from};

#[async_trait::async_trait]
impl NameStore for Sqlite {
    async fn claim_name(&self, name: &EnsName, address: Address) -> Result<bool, StoreError> {
        let done = sqlx::query("INSERT INTO names (name, address) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
            .bind(name.as_str())
            .bind(address.as_bytes().as_slice())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn release_name(&self, name: &EnsName, address: Address) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM names WHERE name = ?1 AND address = ?2")
            .bind(name.as_str())
            .bind(address.as_bytes().as_slice())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn address_of(&self, name: &EnsName) -> Result<Option<Address>, StoreError> {
        let row = sqlx::query("SELECT address FROM names WHERE name = ?1")
            .bind(name.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| address_from(row.try_get("address")?)).transpose()
    }

    async fn name_of(&self, address: Address) -> Result<Option<EnsName>, StoreError> {
        let row = sqlx::query("SELECT name FROM names WHERE address = ?1")
            .bind(address.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let name: String = row.try_get("name")?;
        name.parse().map(Some).map_err(|_| StoreError::Damaged("a claimed name is none"))
    }
}
