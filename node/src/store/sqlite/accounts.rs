//! Accounts in SQLite.

use dm3_core::identity::Address;
use sqlx::{Row, SqliteConnection};

use super::Sqlite;
use crate::store::shared::impl_use_up;
use crate::store::{
    Account, AccountStore, PENDING_PROFILES, Payment, Registered, Registration, Service, StoreError, signed,
    unsigned,
};

impl_use_up!(SqliteConnection);

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
    if known.is_some() {
        sqlx::query(
            "INSERT INTO pending_profiles (address, profile_hash, profile, posted_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (address, profile_hash)
             DO UPDATE SET profile = excluded.profile, posted_at = excluded.posted_at",
        )
        .bind(address)
        .bind(hash)
        .bind(&registration.profile)
        .bind(signed(registration.now))
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "DELETE FROM pending_profiles WHERE address = ?1 AND profile_hash NOT IN (
                 SELECT profile_hash FROM pending_profiles WHERE address = ?1
                 ORDER BY profile_hash = ?2 DESC, posted_at DESC LIMIT ?3
             )",
        )
        .bind(address)
        .bind(hash)
        .bind(PENDING_PROFILES)
        .execute(&mut *connection)
        .await?;
        return Ok(Registered::Pending);
    }
    sqlx::query(
        "INSERT INTO accounts (address, profile, profile_hash, epoch, version) VALUES (?1, ?2, ?3,
             coalesce((SELECT epoch FROM ended_accounts WHERE address = ?1), 0),
             coalesce((SELECT version FROM ended_accounts WHERE address = ?1), 0))",
    )
    .bind(address)
    .bind(&registration.profile)
    .bind(hash)
    .execute(&mut *connection)
    .await?;
    let paid = use_up(connection, registration).await?;
    Ok(if paid { Registered::Kept } else { Registered::Unpaid })
}

#[async_trait::async_trait]
impl AccountStore for Sqlite {
    async fn account(&self, address: Address) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query(
            "SELECT profile, mailbox_since IS NOT NULL AS mailbox, storage_since IS NOT NULL AS storage,
                    gateway_since IS NOT NULL AS gateway, version, epoch, last_login IS NOT NULL AS answered,
                    EXISTS (SELECT 1 FROM blocks WHERE kind = 'account' AND subject = ?2) AS blocked
             FROM accounts WHERE address = ?1",
        )
        .bind(address.as_bytes().as_slice())
        .bind(address.to_lower_hex())
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
            epoch: unsigned(row.try_get("epoch")?),
            blocked: row.try_get("blocked")?,
            answered: row.try_get("answered")?,
        }))
    }

    async fn register(&self, registration: Registration) -> Result<Registered, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let outcome = keep_profile(&mut transaction, &registration).await?;
        if outcome == Registered::Unpaid {
            transaction.rollback().await?;
            return Ok(outcome);
        }
        if outcome != Registered::Superseded {
            let mark = match registration.service {
                Service::Mailbox => {
                    "UPDATE accounts SET mailbox_since = ?2, version = version + 1
                     WHERE address = ?1 AND mailbox_since IS NULL"
                }
                Service::Storage => {
                    "UPDATE accounts SET storage_since = ?2, version = version + 1
                     WHERE address = ?1 AND storage_since IS NULL"
                }
                Service::Gateway => {
                    "UPDATE accounts SET gateway_since = ?2, version = version + 1
                     WHERE address = ?1 AND gateway_since IS NULL"
                }
            };
            // Anybody can post again what is kept: then nothing changes, and nothing is written.
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

    async fn pending_profiles(&self, address: Address) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "SELECT profile FROM pending_profiles WHERE address = ?1 ORDER BY posted_at DESC, profile_hash",
        )
        .bind(address.as_bytes().as_slice())
        .fetch_all(&self.readers)
        .await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    async fn promote(&self, address: Address, profile: &str, new_keys: bool) -> Result<bool, StoreError> {
        let address = address.as_bytes().as_slice();
        let mut transaction = self.writer.begin().await?;
        let known = sqlx::query("SELECT profile_hash FROM accounts WHERE address = ?1")
            .bind(address)
            .fetch_optional(&mut *transaction)
            .await?;
        let pending =
            sqlx::query("SELECT profile_hash FROM pending_profiles WHERE address = ?1 AND profile = ?2")
                .bind(address)
                .bind(profile)
                .fetch_optional(&mut *transaction)
                .await?;
        let (Some(known), Some(pending)) = (known, pending) else { return Ok(false) };
        sqlx::query("INSERT INTO superseded_profiles (address, profile_hash) VALUES (?1, ?2)")
            .bind(address)
            .bind(known.try_get::<Vec<u8>, _>(0)?)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "UPDATE accounts SET profile = ?2, profile_hash = ?3, version = version + 1, epoch = epoch + ?4
             WHERE address = ?1",
        )
        .bind(address)
        .bind(profile)
        .bind(pending.try_get::<Vec<u8>, _>(0)?)
        .bind(i64::from(new_keys))
        .execute(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM pending_profiles WHERE address = ?1")
            .bind(address)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn end_sessions(&self, address: Address) -> Result<(), StoreError> {
        sqlx::query("UPDATE accounts SET epoch = epoch + 1 WHERE address = ?1")
            .bind(address.as_bytes().as_slice())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
