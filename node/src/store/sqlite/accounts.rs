//! Accounts in SQLite.

use dm3_core::identity::Address;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use crate::store::{Account, AccountStore, Registered, Registration, Service, StoreError, signed};

async fn keep_profile(
    connection: &mut SqliteConnection,
    registration: &Registration,
) -> Result<Registered, StoreError> {
    let address = registration.address.as_bytes().as_slice();
    let hash = registration.profile_hash.as_slice();
    let known = sqlx::query("SELECT profile_hash FROM accounts WHERE address = ?1")
        .bind(address)
        .fetch_optional(&mut *connection)
        .await?
        .map(|row| row.try_get::<Vec<u8>, _>(0))
        .transpose()?;
    if known.as_deref() == Some(hash) {
        return Ok(Registered::Kept);
    }
    let superseded =
        sqlx::query("SELECT 1 FROM superseded_profiles WHERE address = ?1 AND profile_hash = ?2")
            .bind(address)
            .bind(hash)
            .fetch_optional(&mut *connection)
            .await?;
    if superseded.is_some() {
        return Ok(Registered::Superseded);
    }
    if let Some(known) = known {
        sqlx::query("INSERT INTO superseded_profiles (address, profile_hash) VALUES (?1, ?2)")
            .bind(address)
            .bind(known)
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query(
        "INSERT INTO accounts (address, profile, profile_hash) VALUES (?1, ?2, ?3)
         ON CONFLICT (address) DO UPDATE SET profile = excluded.profile, profile_hash = excluded.profile_hash",
    )
    .bind(address)
    .bind(&registration.profile)
    .bind(hash)
    .execute(&mut *connection)
    .await?;
    Ok(Registered::Kept)
}

#[async_trait::async_trait]
impl AccountStore for Sqlite {
    async fn account(&self, address: Address) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query(
            "SELECT profile, mailbox_since IS NOT NULL AS mailbox, storage_since IS NOT NULL AS storage,
                    gateway_since IS NOT NULL AS gateway, version
             FROM accounts WHERE address = ?1",
        )
        .bind(address.as_bytes().as_slice())
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Account {
            address,
            profile: row.try_get("profile")?,
            mailbox: row.try_get("mailbox")?,
            storage: row.try_get("storage")?,
            gateway: row.try_get("gateway")?,
            version: row.try_get("version")?,
        }))
    }

    async fn register(&self, registration: Registration) -> Result<Registered, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let outcome = keep_profile(&mut transaction, &registration).await?;
        if outcome == Registered::Kept {
            let mark = match registration.service {
                Service::Mailbox => {
                    "UPDATE accounts SET mailbox_since = coalesce(mailbox_since, ?2), version = version + 1 WHERE address = ?1"
                }
                Service::Storage => {
                    "UPDATE accounts SET storage_since = coalesce(storage_since, ?2), version = version + 1 WHERE address = ?1"
                }
                Service::Gateway => {
                    "UPDATE accounts SET gateway_since = coalesce(gateway_since, ?2), version = version + 1 WHERE address = ?1"
                }
            };
            sqlx::query(mark)
                .bind(registration.address.as_bytes().as_slice())
                .bind(signed(registration.now))
                .execute(&mut *transaction)
                .await?;
            if registration.service == Service::Mailbox {
                sqlx::query("INSERT INTO mailboxes (mailbox) VALUES (?1) ON CONFLICT DO NOTHING")
                    .bind(registration.address.as_bytes().as_slice())
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(outcome)
    }
}
