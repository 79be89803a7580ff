//! Settings in SQLite.

use dm3_core::identity::Address;
use sqlx::Row;

use super::Sqlite;
use crate::store::{SettingsStore, StoreError};

#[async_trait::async_trait]
impl SettingsStore for Sqlite {
    async fn settings(&self, address: Address) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT settings FROM settings WHERE address = ?1")
            .bind(address.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    async fn set_settings(&self, address: Address, settings: &str) -> Result<(), StoreError> {
        let address = address.as_bytes().as_slice();
        let mut transaction = self.writer.begin().await?;
        sqlx::query(
            "INSERT INTO settings (address, settings) VALUES (?1, ?2)
             ON CONFLICT (address) DO UPDATE SET settings = excluded.settings",
        )
        .bind(address)
        .bind(settings)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("UPDATE accounts SET version = version + 1 WHERE address = ?1")
            .bind(address)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}
