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
        sqlx::query(
            "INSERT INTO settings (address, settings) VALUES (?1, ?2)
             ON CONFLICT (address) DO UPDATE SET settings = excluded.settings",
        )
        .bind(address.as_bytes().as_slice())
        .bind(settings)
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}
