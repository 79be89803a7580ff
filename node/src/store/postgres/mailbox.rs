//! Mailboxes in Postgres.

use dm3_core::identity::Address;
use sqlx::Row;

use super::Postgres;
use crate::store::{
    Copy, Delivery, MailboxStore, PICK_UP_BYTES, PICK_UP_CONVERSATIONS, PICK_UP_MESSAGES, Page, StoreError,
    Totals, signed,
};

/// How many messages one statement removes, so that other writers get their turn.
const SLICE: usize = 500;

#[async_trait::async_trait]
impl MailboxStore for Postgres {
    async fn deliver(&self, delivery: Delivery) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO messages (mailbox, sender, message_hash, envelope_hash, received_at, size, envelope)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (mailbox, envelope_hash) DO NOTHING",
        )
        .bind(delivery.mailbox.as_bytes().as_slice())
        .bind(&delivery.sender)
        .bind(&delivery.message_hash)
        .bind(delivery.envelope_hash.as_slice())
        .bind(signed(delivery.received_at))
        .bind(signed(delivery.envelope.len() as u64))
        .bind(&delivery.envelope)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn pick_up(&self, mailbox: Address) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "WITH numbered AS (
                 SELECT seq, size,
                        row_number() OVER (PARTITION BY sender ORDER BY seq DESC) AS place,
                        max(seq) OVER (PARTITION BY sender) AS latest
                 FROM messages WHERE mailbox = $1
             ), shown AS (
                 SELECT seq, size, latest, dense_rank() OVER (ORDER BY latest DESC) AS conversation
                 FROM numbered WHERE place <= $2
             ), summed AS (
                 SELECT seq, latest,
                        sum(size) OVER (ORDER BY latest DESC, seq DESC ROWS UNBOUNDED PRECEDING) AS total
                 FROM shown WHERE conversation <= $3
             )
             SELECT messages.envelope FROM summed JOIN messages USING (seq)
             WHERE total <= $4 ORDER BY latest DESC, summed.seq DESC",
        )
        .bind(mailbox.as_bytes().as_slice())
        .bind(i64::from(PICK_UP_MESSAGES))
        .bind(i64::from(PICK_UP_CONVERSATIONS))
        .bind(signed(PICK_UP_BYTES))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    async fn page(&self, mailbox: Address, after: i64) -> Result<Page, StoreError> {
        // One more than a page, to see whether another follows.
        let rows = sqlx::query(
            "WITH listed AS (
                 SELECT seq, size FROM messages WHERE mailbox = $1 AND seq > $2 ORDER BY seq LIMIT $3
             ), summed AS (
                 SELECT seq, sum(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - size AS before FROM listed
             )
             SELECT messages.seq, messages.envelope FROM summed JOIN messages USING (seq)
             WHERE before <= $4 ORDER BY messages.seq",
        )
        .bind(mailbox.as_bytes().as_slice())
        .bind(after)
        .bind(i64::from(PICK_UP_MESSAGES) + 1)
        .bind(signed(PICK_UP_BYTES))
        .fetch_all(&self.pool)
        .await?;
        let rows = rows
            .iter()
            .map(|row| Ok((row.try_get("seq")?, row.try_get("envelope")?)))
            .collect::<Result<_, StoreError>>()?;
        Ok(Page::from_rows(rows, after))
    }

    async fn copies(&self, mailbox: Address, message_hash: &str) -> Result<Vec<Copy>, StoreError> {
        let rows = sqlx::query("SELECT sender, seq FROM messages WHERE mailbox = $1 AND message_hash = $2")
            .bind(mailbox.as_bytes().as_slice())
            .bind(message_hash)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok(Copy { sender: row.try_get("sender")?, seq: row.try_get("seq")? })).collect()
    }

    async fn remove(&self, mailbox: Address, numbers: &[i64]) -> Result<(), StoreError> {
        for slice in numbers.chunks(SLICE) {
            let mut transaction = self.pool.begin().await?;
            for number in slice {
                sqlx::query("DELETE FROM messages WHERE mailbox = $1 AND seq = $2")
                    .bind(mailbox.as_bytes().as_slice())
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
            "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages WHERE received_at < $1 LIMIT $2)",
        )
        .bind(signed(before))
        .bind(i64::from(most))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        let row = sqlx::query("SELECT count(*), coalesce(sum(size), 0)::bigint FROM messages")
            .fetch_one(&self.pool)
            .await?;
        let number = |index| row.try_get::<i64, _>(index).map(|number| u64::try_from(number).unwrap_or(0));
        Ok(Totals { messages: number(0)?, bytes: number(1)? })
    }
}
