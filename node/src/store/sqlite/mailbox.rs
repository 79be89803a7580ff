//! Mailboxes in SQLite.

use std::collections::HashMap;

use dm3_core::identity::Address;
use sqlx::sqlite::SqlitePool;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use super::Sqlite;
use crate::store::group::{Commit, Found, Key, Plan, key, outcomes, plan};
use crate::store::{
    Arrival, Copy, Delivery, MailboxStore, Outcome, PICK_UP_BYTES, PICK_UP_CONVERSATIONS, PICK_UP_MESSAGES,
    Page, StoreError, Totals, address_from, signed,
};

/// How many messages one statement removes, so that other writers get their turn.
const SLICE: usize = 500;
/// How many rows one statement inserts: a few sizes, so that the statements stay prepared.
const ROWS: [usize; 4] = [32, 8, 2, 1];

/// Commits groups of deliveries by the one connection that writes.
pub(super) struct Writer(pub SqlitePool);

#[async_trait::async_trait]
impl Commit for Writer {
    async fn commit(&self, group: &[Delivery]) -> Result<Vec<Outcome>, StoreError> {
        // At once for writing: another program with the file open, as a backup's, is waited for here.
        let mut transaction = self.0.begin_with("BEGIN IMMEDIATE").await?;
        let plan = plan(group, &mut find(&mut transaction, group).await?);
        let mut known = Vec::new();
        let mut inserted = HashMap::with_capacity(group.len());
        let mut rest = Vec::with_capacity(group.len());
        for (delivery, plan) in group.iter().zip(&plan) {
            match plan {
                Plan::Insert => rest.push(delivery),
                Plan::TooMuch => known.extend(find_message(&mut transaction, delivery).await?),
                Plan::Changed => {}
            }
        }
        let mut rest = rest.as_slice();
        while let Some((now, later)) = ROWS.iter().find_map(|rows| rest.split_at_checked(*rows)) {
            insert(&mut transaction, now, &mut inserted).await?;
            rest = later;
        }
        transaction.commit().await?;
        Ok(outcomes(group, &plan, inserted, &known))
    }
}

async fn find(
    connection: &mut SqliteConnection,
    group: &[Delivery],
) -> Result<HashMap<Address, Found>, StoreError> {
    let addresses: Vec<String> =
        group.iter().map(|delivery| hex::encode(delivery.mailbox.as_bytes())).collect();
    let rows = sqlx::query(
        "SELECT address, version, messages, bytes FROM accounts JOIN mailboxes ON mailbox = address
         WHERE address IN (SELECT unhex(value) FROM json_each(?1))",
    )
    .bind(format!("{addresses:?}"))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let number =
                |column| row.try_get::<i64, _>(column).map(|number| u64::try_from(number).unwrap_or(0));
            let found =
                Found { version: row.try_get(1)?, messages: number("messages")?, bytes: number("bytes")? };
            Ok((address_from(row.try_get(0)?)?, found))
        })
        .collect()
}

async fn find_message(
    connection: &mut SqliteConnection,
    delivery: &Delivery,
) -> Result<Option<Key>, StoreError> {
    let row = sqlx::query("SELECT 1 FROM messages WHERE mailbox = ?1 AND envelope_hash = ?2")
        .bind(delivery.mailbox.as_bytes().as_slice())
        .bind(delivery.envelope_hash.as_slice())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|_| (delivery.mailbox, delivery.envelope_hash)))
}

async fn insert(
    connection: &mut SqliteConnection,
    deliveries: &[&Delivery],
    inserted: &mut HashMap<Key, i64>,
) -> Result<(), StoreError> {
    let mut query = QueryBuilder::new(
        "INSERT INTO messages (mailbox, sender, message_hash, envelope_hash, received_at, size, envelope) ",
    );
    query.push_values(deliveries, |mut row, delivery| {
        row.push_bind(delivery.mailbox.as_bytes().as_slice())
            .push_bind(&delivery.sender)
            .push_bind(&delivery.message_hash)
            .push_bind(delivery.envelope_hash.as_slice())
            .push_bind(signed(delivery.received_at))
            .push_bind(signed(delivery.envelope.len() as u64))
            .push_bind(&delivery.envelope);
    });
    query.push(" ON CONFLICT (mailbox, envelope_hash) DO NOTHING RETURNING mailbox, envelope_hash, seq");
    for row in query.build().fetch_all(connection).await? {
        inserted.insert(key(row.try_get(0)?, row.try_get(1)?)?, row.try_get(2)?);
    }
    Ok(())
}

#[async_trait::async_trait]
impl MailboxStore for Sqlite {
    async fn deliver(&self, delivery: Delivery) -> Result<Outcome, StoreError> {
        self.group.deliver(delivery).await
    }

    async fn arrived(&self, arrival: Arrival) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "SELECT envelope FROM messages WHERE mailbox = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq",
        )
        .bind(arrival.mailbox.as_bytes().as_slice())
        .bind(arrival.first)
        .bind(arrival.last)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
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
        .bind(mailbox.as_bytes().as_slice())
        .bind(PICK_UP_MESSAGES)
        .bind(PICK_UP_CONVERSATIONS)
        .bind(signed(PICK_UP_BYTES))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    async fn pick_up_from(&self, mailbox: Address, sender: &str) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "WITH listed AS (
                 SELECT seq, size FROM messages WHERE mailbox = ?1 AND sender = ?2 ORDER BY seq DESC LIMIT ?3
             ), summed AS (
                 SELECT seq, sum(size) OVER (ORDER BY seq DESC ROWS UNBOUNDED PRECEDING) AS total FROM listed
             )
             SELECT messages.envelope FROM summed JOIN messages USING (seq)
             WHERE total <= ?4 ORDER BY messages.seq DESC",
        )
        .bind(mailbox.as_bytes().as_slice())
        .bind(sender)
        .bind(i64::from(PICK_UP_MESSAGES))
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
        .bind(mailbox.as_bytes().as_slice())
        .bind(after)
        .bind(PICK_UP_MESSAGES + 1)
        .bind(signed(PICK_UP_BYTES))
        .fetch_all(&self.readers)
        .await?;
        let rows = rows
            .iter()
            .map(|row| Ok((row.try_get("seq")?, row.try_get("envelope")?)))
            .collect::<Result<_, StoreError>>()?;
        Ok(Page::from_rows(rows, after))
    }

    async fn copies(&self, mailbox: Address, message_hash: &str) -> Result<Vec<Copy>, StoreError> {
        let rows = sqlx::query("SELECT sender, seq FROM messages WHERE mailbox = ?1 AND message_hash = ?2")
            .bind(mailbox.as_bytes().as_slice())
            .bind(message_hash)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| Ok(Copy { sender: row.try_get("sender")?, seq: row.try_get("seq")? })).collect()
    }

    async fn remove(&self, mailbox: Address, numbers: &[i64]) -> Result<(), StoreError> {
        for slice in numbers.chunks(SLICE) {
            sqlx::query(
                "DELETE FROM messages WHERE mailbox = ?1 AND seq IN (SELECT value FROM json_each(?2))",
            )
            .bind(mailbox.as_bytes().as_slice())
            .bind(format!("{slice:?}"))
            .execute(&self.writer)
            .await?;
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
        let row = sqlx::query("SELECT coalesce(sum(messages), 0), coalesce(sum(bytes), 0) FROM mailboxes")
            .fetch_one(&self.readers)
            .await?;
        let number = |index| row.try_get::<i64, _>(index).map(|number| u64::try_from(number).unwrap_or(0));
        Ok(Totals { messages: number(0)?, bytes: number(1)? })
    }
}
