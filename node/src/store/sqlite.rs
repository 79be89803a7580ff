//! SQLite in a file: write-ahead log, synchronous FULL, one writer and several readers.

use std::path::Path;
use std::time::Duration;

use dm3_core::identity::{Address, EnsName};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Row, SqlSafeStr, SqliteConnection};

use super::{
    Account, Copy, Delivery, PICK_UP_BYTES, PICK_UP_CONVERSATIONS, PICK_UP_MESSAGES, Page, Registered,
    Registration, Service, Store, StoreError, Totals,
};

/// How many connections read at once.
const READERS: u32 = 4;
/// How many messages one statement removes, so that other writers get their turn.
const SLICE: usize = 500;

/// A SQLite file.
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Sqlite {
    /// Opens the file, creates it if it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] if the file can't be opened or is newer than this program.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        migrations().run(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.create_if_missing(false).read_only(true))
            .await?;
        Ok(Self { writer, readers })
    }
}

fn migrations() -> Migrator {
    let first = include_str!("migrations/0001_first.sql").into_sql_str();
    Migrator::with_migrations(vec![Migration::new(1, "first".into(), MigrationType::Simple, first, false)])
}

fn bytes(address: &Address) -> &[u8] {
    address.as_bytes()
}

fn address(row: &sqlx::sqlite::SqliteRow, column: &str) -> Result<Address, StoreError> {
    let bytes: Vec<u8> = row.try_get(column)?;
    bytes.try_into().map(Address::from_bytes).map_err(|_| StoreError::Damaged("an address is not 20 bytes"))
}

/// SQLite's integers have a sign; times never come near the end.
fn signed(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}

async fn keep_profile(
    connection: &mut SqliteConnection,
    registration: &Registration,
) -> Result<Registered, StoreError> {
    let address = bytes(&registration.address);
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
impl Store for Sqlite {
    async fn account(&self, address: Address) -> Result<Option<Account>, StoreError> {
        let row = sqlx::query(
            "SELECT profile, mailbox_since IS NOT NULL AS mailbox, storage_since IS NOT NULL AS storage,
                    gateway_since IS NOT NULL AS gateway
             FROM accounts WHERE address = ?1",
        )
        .bind(bytes(&address))
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Account {
            address,
            profile: row.try_get("profile")?,
            mailbox: row.try_get("mailbox")?,
            storage: row.try_get("storage")?,
            gateway: row.try_get("gateway")?,
        }))
    }

    async fn register(&self, registration: Registration) -> Result<Registered, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let outcome = keep_profile(&mut transaction, &registration).await?;
        if outcome == Registered::Kept {
            let mark = match registration.service {
                Service::Mailbox => {
                    "UPDATE accounts SET mailbox_since = coalesce(mailbox_since, ?2) WHERE address = ?1"
                }
                Service::Storage => {
                    "UPDATE accounts SET storage_since = coalesce(storage_since, ?2) WHERE address = ?1"
                }
                Service::Gateway => {
                    "UPDATE accounts SET gateway_since = coalesce(gateway_since, ?2) WHERE address = ?1"
                }
            };
            sqlx::query(mark)
                .bind(bytes(&registration.address))
                .bind(signed(registration.now))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(outcome)
    }

    async fn claim_name(&self, name: &EnsName, address: Address) -> Result<bool, StoreError> {
        let done = sqlx::query("INSERT INTO names (name, address) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
            .bind(name.as_str())
            .bind(bytes(&address))
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn release_name(&self, name: &EnsName, address: Address) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM names WHERE name = ?1 AND address = ?2")
            .bind(name.as_str())
            .bind(bytes(&address))
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn address_of(&self, name: &EnsName) -> Result<Option<Address>, StoreError> {
        let row = sqlx::query("SELECT address FROM names WHERE name = ?1")
            .bind(name.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| self::address(&row, "address")).transpose()
    }

    async fn name_of(&self, address: Address) -> Result<Option<EnsName>, StoreError> {
        let row = sqlx::query("SELECT name FROM names WHERE address = ?1")
            .bind(bytes(&address))
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let name: String = row.try_get("name")?;
        name.parse().map(Some).map_err(|_| StoreError::Damaged("a claimed name is none"))
    }

    async fn answer_challenge(&self, id: &str, expires_at: u64, now: u64) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin().await?;
        sqlx::query("DELETE FROM answered_challenges WHERE expires_at < ?1")
            .bind(signed(now))
            .execute(&mut *transaction)
            .await?;
        let done = sqlx::query(
            "INSERT INTO answered_challenges (id, expires_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(signed(expires_at))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    async fn deliver(&self, delivery: Delivery) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO messages (mailbox, sender, message_hash, envelope_hash, received_at, size, envelope)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (mailbox, envelope_hash) DO NOTHING",
        )
        .bind(bytes(&delivery.mailbox))
        .bind(&delivery.sender)
        .bind(&delivery.message_hash)
        .bind(delivery.envelope_hash.as_slice())
        .bind(signed(delivery.received_at))
        .bind(signed(delivery.envelope.len() as u64))
        .bind(&delivery.envelope)
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn pick_up(&self, mailbox: Address) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "WITH numbered AS (
                 SELECT seq, size,
                        row_number() OVER (PARTITION BY sender ORDER BY seq DESC) AS place,
                        max(seq) OVER (PARTITION BY sender) AS latest
                 FROM messages WHERE mailbox = ?1
             ), shown AS (
                 SELECT seq, size, latest, dense_rank() OVER (ORDER BY latest DESC) AS conversation
                 FROM numbered WHERE place <= ?2
             ), summed AS (
                 SELECT seq, latest,
                        sum(size) OVER (ORDER BY latest DESC, seq DESC ROWS UNBOUNDED PRECEDING) AS total
                 FROM shown WHERE conversation <= ?3
             )
             SELECT messages.envelope FROM summed JOIN messages USING (seq)
             WHERE total <= ?4 ORDER BY latest DESC, summed.seq DESC",
        )
        .bind(bytes(&mailbox))
        .bind(PICK_UP_MESSAGES)
        .bind(PICK_UP_CONVERSATIONS)
        .bind(signed(PICK_UP_BYTES))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    async fn page(&self, mailbox: Address, after: i64) -> Result<Page, StoreError> {
        // One more than a page, to see whether another follows.
        let rows = sqlx::query(
            "WITH listed AS (
                 SELECT seq, size FROM messages WHERE mailbox = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3
             ), summed AS (
                 SELECT seq, sum(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - size AS before FROM listed
             )
             SELECT messages.seq, messages.envelope FROM summed JOIN messages USING (seq)
             WHERE before <= ?4 ORDER BY messages.seq",
        )
        .bind(bytes(&mailbox))
        .bind(after)
        .bind(PICK_UP_MESSAGES + 1)
        .bind(signed(PICK_UP_BYTES))
        .fetch_all(&self.readers)
        .await?;
        let mut envelopes = Vec::with_capacity(rows.len());
        let mut last = after;
        let mut bytes = 0;
        for row in &rows {
            let envelope: String = row.try_get("envelope")?;
            bytes += envelope.len() as u64;
            let full = envelopes.len() == PICK_UP_MESSAGES as usize;
            if full || (bytes > PICK_UP_BYTES && !envelopes.is_empty()) {
                return Ok(Page { envelopes, next: Some(last) });
            }
            last = row.try_get("seq")?;
            envelopes.push(envelope);
        }
        Ok(Page { envelopes, next: None })
    }

    async fn copies(&self, mailbox: Address, message_hash: &str) -> Result<Vec<Copy>, StoreError> {
        let rows = sqlx::query("SELECT sender, seq FROM messages WHERE mailbox = ?1 AND message_hash = ?2")
            .bind(bytes(&mailbox))
            .bind(message_hash)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| Ok(Copy { sender: row.try_get("sender")?, seq: row.try_get("seq")? })).collect()
    }

    async fn remove(&self, mailbox: Address, numbers: &[i64]) -> Result<(), StoreError> {
        for slice in numbers.chunks(SLICE) {
            let mut transaction = self.writer.begin().await?;
            for number in slice {
                sqlx::query("DELETE FROM messages WHERE mailbox = ?1 AND seq = ?2")
                    .bind(bytes(&mailbox))
                    .bind(number)
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }

    async fn expire(&self, before: u64, most: u32) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages WHERE received_at < ?1 LIMIT ?2)",
        )
        .bind(signed(before))
        .bind(most)
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected())
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        let row = sqlx::query("SELECT count(*), coalesce(sum(size), 0) FROM messages")
            .fetch_one(&self.readers)
            .await?;
        let number = |index| row.try_get::<i64, _>(index).map(|number| u64::try_from(number).unwrap_or(0));
        Ok(Totals { messages: number(0)?, bytes: number(1)? })
    }

    async fn check(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT count(*) FROM answered_challenges").fetch_one(&self.readers).await?;
        Ok(())
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
