//! Mailboxes in SQLite.

use std::collections::HashMap;

use dm3_core::identity::Address;
use sqlx::sqlite::SqlitePool;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use super::Sqlite;
use crate::store::group::{
    Amount, Commit, Found, Key, Plan, Share, Taken, hash, key, outcomes, plan, shares,
};
use crate::store::{
    Arrival, COPIES, Copy, Delivery, MailboxStore, Outcome, PICK_UP_BYTES, PICK_UP_CONVERSATIONS,
    PICK_UP_MESSAGES, Page, StoreError, Totals, address_from, signed, unsigned,
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
        let mut found = find(&mut transaction, group).await?;
        let mut taken = find_taken(&mut transaction, group).await?;
        let plan = plan(group, &mut found, &mut taken);
        for (mailbox, found) in &found {
            give_way(&mut transaction, *mailbox, found.gives_way).await?;
        }
        let mut known = Vec::new();
        let mut inserted = HashMap::with_capacity(group.len());
        let mut rest = Vec::with_capacity(group.len());
        for (delivery, plan) in group.iter().zip(&plan) {
            match plan {
                Plan::Insert => rest.push(delivery),
                Plan::TooMuch => known.extend(find_message(&mut transaction, delivery).await?),
                Plan::Changed | Plan::Known | Plan::Reused => {}
            }
        }
        let mut rest = rest.as_slice();
        while let Some((now, later)) = ROWS.iter().find_map(|rows| rest.split_at_checked(*rows)) {
            insert(&mut transaction, now, &mut inserted).await?;
            rest = later;
        }
        for (delivery, _) in group.iter().zip(&plan).filter(|(_, plan)| **plan == Plan::Insert) {
            take_signature(&mut transaction, delivery).await?;
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
    .fetch_all(&mut *connection)
    .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let mailbox = Found::new(row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        found.insert(address_from(row.try_get(0)?)?, mailbox);
    }
    let mut wanted: Vec<(Address, Share)> =
        group.iter().flat_map(|one| shares(one).into_iter().map(|share| (one.mailbox, share))).collect();
    wanted.sort_unstable();
    wanted.dedup();
    for (mailbox, share) in wanted {
        let Some(found) = found.get_mut(&mailbox) else { continue };
        let row = sqlx::query("SELECT messages, bytes FROM mailbox_shares WHERE mailbox = ?1 AND share = ?2")
            .bind(mailbox.as_bytes().as_slice())
            .bind(share.as_slice())
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(row) = row {
            let (messages, bytes) = (unsigned(row.try_get(0)?), unsigned(row.try_get(1)?));
            found.shares.insert(share, Amount { messages, bytes });
        }
    }
    Ok(found)
}

/// The signatures of a group that were taken before.
async fn find_taken(connection: &mut SqliteConnection, group: &[Delivery]) -> Result<Taken, StoreError> {
    let mut taken = HashMap::new();
    for delivery in group {
        let Some(signed) = delivery.signed else { continue };
        let row =
            sqlx::query("SELECT envelope_hash FROM taken_signatures WHERE mailbox = ?1 AND signed = ?2")
                .bind(delivery.mailbox.as_bytes().as_slice())
                .bind(signed.as_slice())
                .fetch_optional(&mut *connection)
                .await?;
        if let Some(row) = row {
            taken.insert((delivery.mailbox, signed), hash(row.try_get(0)?)?);
        }
    }
    Ok(taken)
}

async fn take_signature(connection: &mut SqliteConnection, delivery: &Delivery) -> Result<(), StoreError> {
    let Some(signed) = delivery.signed else { return Ok(()) };
    sqlx::query(
        "INSERT INTO taken_signatures (mailbox, signed, envelope_hash, taken_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )
    .bind(delivery.mailbox.as_bytes().as_slice())
    .bind(signed.as_slice())
    .bind(delivery.envelope_hash.as_slice())
    .bind(crate::store::signed(delivery.received_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the oldest messages of unknown senders, at least as many and of as many bytes as must give way.
async fn give_way(
    connection: &mut SqliteConnection,
    mailbox: Address,
    amount: Amount,
) -> Result<(), StoreError> {
    if amount == Amount::default() {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM messages WHERE seq IN (
             SELECT seq FROM (
                 SELECT seq, row_number() OVER (ORDER BY seq) AS place,
                        sum(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - size AS before
                 FROM messages WHERE mailbox = ?1 AND standing = 0
             ) WHERE place <= ?2 OR before < ?3
         )",
    )
    .bind(mailbox.as_bytes().as_slice())
    .bind(signed(amount.messages))
    .bind(signed(amount.bytes))
    .execute(connection)
    .await?;
    Ok(())
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
        "INSERT INTO messages
             (mailbox, sender, message_hash, envelope_hash, received_at, size, envelope, sender_address, standing) ",
    );
    query.push_values(deliveries, |mut row, delivery| {
        row.push_bind(delivery.mailbox.as_bytes().as_slice())
            .push_bind(&delivery.sender)
            .push_bind(&delivery.message_hash)
            .push_bind(delivery.envelope_hash.as_slice())
            .push_bind(signed(delivery.received_at))
            .push_bind(signed(delivery.envelope.len() as u64))
            .push_bind(&delivery.envelope)
            .push_bind(delivery.sender_address.map(|address| address.as_bytes().to_vec()))
            .push_bind(delivery.standing.number());
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

    async fn page(&self, mailbox: Address, after: i64, most: u32) -> Result<Page, StoreError> {
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
        .bind(most + 1)
        .bind(signed(PICK_UP_BYTES))
        .fetch_all(&self.readers)
        .await?;
        let rows = rows
            .iter()
            .map(|row| Ok((row.try_get("seq")?, row.try_get("envelope")?)))
            .collect::<Result<_, StoreError>>()?;
        Ok(Page::from_rows(rows, after, most))
    }

    async fn copies(
        &self,
        mailbox: Address,
        message_hash: &str,
        sender: &str,
    ) -> Result<Vec<Copy>, StoreError> {
        let rows = sqlx::query(
            "SELECT sender, sender_address, seq FROM messages 
             WHERE mailbox = ?1 AND message_hash = ?2 ORDER BY sender = ?3 DESC, seq LIMIT ?4",
        )
        .bind(mailbox.as_bytes().as_slice())
        .bind(message_hash)
        .bind(sender)
        .bind(COPIES)
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let address: Option<Vec<u8>> = row.try_get(1)?;
                let address = address.map(address_from).transpose()?;
                Ok(Copy { sender: row.try_get(0)?, address, seq: row.try_get(2)? })
            })
            .collect()
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

    async fn newest(&self) -> Result<Option<u64>, StoreError> {
        let row = sqlx::query("SELECT max(received_at) FROM messages").fetch_one(&self.readers).await?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(unsigned))
    }

    async fn forget_signatures(&self, before: u64, most: u32) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "DELETE FROM taken_signatures WHERE (mailbox, signed) IN (
                 SELECT mailbox, signed FROM taken_signatures WHERE taken_at < ?1 LIMIT ?2)",
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
