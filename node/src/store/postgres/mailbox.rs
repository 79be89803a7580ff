//! Mailboxes in Postgres.

use std::collections::{BTreeMap, HashMap};

use dm3_core::identity::Address;
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, Row};

use super::Postgres;
use super::notices::{Origin, tell};
use crate::store::group::{
    Amount, Commit, Found, Key, Plan, Share, Taken, hash, key, outcomes, plan, shares,
};
use crate::store::{
    Arrival, COPIES, Copy, Delivery, MailboxStore, Outcome, PICK_UP_BYTES, PICK_UP_CONVERSATIONS,
    PICK_UP_MESSAGES, Page, StoreError, Totals, address_from, signed, unsigned,
};

/// How many messages one transaction removes, so that a mailbox is not locked for long.
const SLICE: usize = 500;
/// Held from before messages get their numbers until they are committed, else a number may become visible after
/// a higher one, and whoever went on from the higher one never sees it. For readers of one mailbox the lock of its
/// row does that already; this does it for a node that catches up over all of them. "dm3 mail" in ASCII.
const NUMBERING: i64 = 0x646d_3320_6d61_696c;

/// Commits groups of deliveries, and tells the other nodes.
pub(super) struct Writer {
    pub pool: PgPool,
    pub origin: Origin,
}

#[async_trait::async_trait]
impl Commit for Writer {
    async fn commit(&self, group: &[Delivery]) -> Result<Vec<Outcome>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(NUMBERING).execute(&mut *transaction).await?;
        let mut found = find(&mut transaction, group).await?;
        let mut taken = find_taken(&mut transaction, group).await?;
        let plan = plan(group, &mut found, &mut taken);
        for (mailbox, found) in &found {
            give_way(&mut transaction, *mailbox, found.gives_way).await?;
        }
        let with = |wanted| {
            let chosen = group.iter().zip(&plan).filter(move |(_, plan)| **plan == wanted);
            chosen.map(|(delivery, _)| delivery).collect::<Vec<_>>()
        };
        let inserted = insert(&mut transaction, &with(Plan::Insert)).await?;
        take_signatures(&mut transaction, &with(Plan::Insert)).await?;
        let too_much = with(Plan::TooMuch);
        let known =
            if too_much.is_empty() { Vec::new() } else { find_messages(&mut transaction, &too_much).await? };
        if !inserted.is_empty() {
            self.announce(&mut transaction, &inserted).await?;
        }
        transaction.commit().await?;
        Ok(outcomes(group, &plan, inserted, &known))
    }
}

impl Writer {
    /// While the numbering is locked nobody else's messages come in between, so first and last number say which.
    async fn announce(
        &self,
        connection: &mut PgConnection,
        inserted: &HashMap<Key, i64>,
    ) -> Result<(), StoreError> {
        let mut arrivals: BTreeMap<Address, Arrival> = BTreeMap::new();
        for ((mailbox, _), seq) in inserted {
            let new = Arrival { mailbox: *mailbox, first: *seq, last: *seq };
            let arrival = arrivals.entry(*mailbox).or_insert(new);
            (arrival.first, arrival.last) = (arrival.first.min(*seq), arrival.last.max(*seq));
        }
        let notices: Vec<String> = arrivals.values().map(|arrival| self.origin.messages(arrival)).collect();
        Ok(tell(connection, &notices).await?)
    }
}

/// Locks mailboxes in the order that everybody locks them in.
async fn lock(connection: &mut PgConnection, mailboxes: &[&[u8]]) -> Result<(), StoreError> {
    sqlx::query("SELECT 1 FROM mailboxes WHERE mailbox = ANY($1) ORDER BY mailbox FOR UPDATE")
        .bind(mailboxes)
        .execute(connection)
        .await?;
    Ok(())
}

async fn find(
    connection: &mut PgConnection,
    group: &[Delivery],
) -> Result<HashMap<Address, Found>, StoreError> {
    let addresses: Vec<&[u8]> = group.iter().map(|delivery| delivery.mailbox.as_bytes().as_slice()).collect();
    let rows = sqlx::query(
        "SELECT address, version, messages, bytes FROM mailboxes JOIN accounts ON address = mailbox
         WHERE mailbox = ANY($1) ORDER BY mailbox FOR UPDATE OF mailboxes",
    )
    .bind(addresses)
    .fetch_all(&mut *connection)
    .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let mailbox = Found::new(row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        found.insert(address_from(row.try_get(0)?)?, mailbox);
    }
    let wanted: Vec<(&[u8], Share)> = group
        .iter()
        .flat_map(|one| shares(one).into_iter().map(|share| (one.mailbox.as_bytes().as_slice(), share)))
        .collect();
    let rows = sqlx::query(
        "SELECT mailbox, share, messages, bytes FROM mailbox_shares
         WHERE (mailbox, share) IN (SELECT * FROM unnest($1::bytea[], $2::bytea[]))",
    )
    .bind(wanted.iter().map(|(mailbox, _)| *mailbox).collect::<Vec<_>>())
    .bind(wanted.iter().map(|(_, share)| share.as_slice()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    for row in rows {
        if let Some(found) = found.get_mut(&address_from(row.try_get(0)?)?) {
            let (messages, bytes) = (unsigned(row.try_get(2)?), unsigned(row.try_get(3)?));
            found.shares.insert(row.try_get(1)?, Amount { messages, bytes });
        }
    }
    Ok(found)
}

/// The signatures of a group that were taken before.
async fn find_taken(connection: &mut PgConnection, group: &[Delivery]) -> Result<Taken, StoreError> {
    let signed: Vec<(&[u8], &[u8])> = group.iter().filter_map(signature).collect();
    let rows = sqlx::query(
        "SELECT mailbox, signed, envelope_hash FROM taken_signatures
         WHERE (mailbox, signed) IN (SELECT * FROM unnest($1::bytea[], $2::bytea[]))",
    )
    .bind(signed.iter().map(|(mailbox, _)| *mailbox).collect::<Vec<_>>())
    .bind(signed.iter().map(|(_, signed)| *signed).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let mut taken = HashMap::with_capacity(rows.len());
    for row in rows {
        taken.insert(key(row.try_get(0)?, row.try_get(1)?)?, hash(row.try_get(2)?)?);
    }
    Ok(taken)
}

fn signature(delivery: &Delivery) -> Option<(&[u8], &[u8])> {
    Some((delivery.mailbox.as_bytes().as_slice(), delivery.signed.as_ref()?.as_slice()))
}

async fn take_signatures(connection: &mut PgConnection, deliveries: &[&Delivery]) -> Result<(), StoreError> {
    let signed: Vec<&Delivery> = deliveries.iter().copied().filter(|one| one.signed.is_some()).collect();
    if signed.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO taken_signatures (mailbox, signed, envelope_hash, taken_at)
         SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[]) ON CONFLICT DO NOTHING",
    )
    .bind(column(&signed, |delivery| delivery.mailbox.as_bytes().as_slice()))
    .bind(column(&signed, |delivery| delivery.signed.as_ref().map(<[u8; 32]>::as_slice)))
    .bind(column(&signed, |delivery| delivery.envelope_hash.as_slice()))
    .bind(column(&signed, |delivery| crate::store::signed(delivery.received_at)))
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the oldest messages of unknown senders, at least as many and of as many bytes as must give way.
async fn give_way(connection: &mut PgConnection, mailbox: Address, amount: Amount) -> Result<(), StoreError> {
    if amount == Amount::default() {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM messages WHERE seq IN (
             SELECT seq FROM (
                 SELECT seq, row_number() OVER (ORDER BY seq) AS place,
                        sum(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - size AS before
                 FROM messages WHERE mailbox = $1 AND standing = 0
             ) AS listed WHERE place <= $2 OR before < $3
         )",
    )
    .bind(mailbox.as_bytes().as_slice())
    .bind(signed(amount.messages))
    .bind(signed(amount.bytes))
    .execute(connection)
    .await?;
    Ok(())
}

async fn find_messages(
    connection: &mut PgConnection,
    deliveries: &[&Delivery],
) -> Result<Vec<Key>, StoreError> {
    let rows = sqlx::query(
        "SELECT mailbox, envelope_hash FROM messages
         WHERE (mailbox, envelope_hash) IN (SELECT * FROM unnest($1::bytea[], $2::bytea[]))",
    )
    .bind(column(deliveries, |delivery| delivery.mailbox.as_bytes().as_slice()))
    .bind(column(deliveries, |delivery| delivery.envelope_hash.as_slice()))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| key(row.try_get(0)?, row.try_get(1)?)).collect()
}

async fn insert(
    connection: &mut PgConnection,
    deliveries: &[&Delivery],
) -> Result<HashMap<Key, i64>, StoreError> {
    if deliveries.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(
        "INSERT INTO messages (mailbox, sender, message_hash, envelope_hash, received_at, size, envelope,
                               sender_address, standing)
         SELECT mailbox, sender, message_hash, envelope_hash, received_at, octet_length(envelope), envelope,
                sender_address, standing
         FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[], $5::bigint[], $6::text[], $7::bytea[],
                     $8::smallint[])
              WITH ORDINALITY AS new (mailbox, sender, message_hash, envelope_hash, received_at, envelope,
                                      sender_address, standing, place)
         ORDER BY place
         ON CONFLICT (mailbox, envelope_hash) DO NOTHING RETURNING mailbox, envelope_hash, seq",
    )
    .bind(column(deliveries, |delivery| delivery.mailbox.as_bytes().as_slice()))
    .bind(column(deliveries, |delivery| delivery.sender.as_str()))
    .bind(column(deliveries, |delivery| delivery.message_hash.as_str()))
    .bind(column(deliveries, |delivery| delivery.envelope_hash.as_slice()))
    .bind(column(deliveries, |delivery| signed(delivery.received_at)))
    .bind(column(deliveries, |delivery| delivery.envelope.as_str()))
    .bind(column(deliveries, |delivery| {
        delivery.sender_address.as_ref().map(|address| address.as_bytes().as_slice())
    }))
    .bind(column(deliveries, |delivery| delivery.standing.number()))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((key(row.try_get(0)?, row.try_get(1)?)?, row.try_get(2)?))).collect()
}

fn column<'a, T>(deliveries: &[&'a Delivery], value: impl Fn(&'a Delivery) -> T) -> Vec<T> {
    deliveries.iter().map(|delivery| value(delivery)).collect()
}

#[async_trait::async_trait]
impl MailboxStore for Postgres {
    async fn deliver(&self, delivery: Delivery) -> Result<Outcome, StoreError> {
        self.group.deliver(delivery).await
    }

    async fn arrived(&self, arrival: Arrival) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "SELECT envelope FROM messages WHERE mailbox = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq",
        )
        .bind(arrival.mailbox.as_bytes().as_slice())
        .bind(arrival.first)
        .bind(arrival.last)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
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

    async fn pick_up_from(&self, mailbox: Address, sender: &str) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "WITH listed AS (
                 SELECT seq, size FROM messages WHERE mailbox = $1 AND sender = $2 ORDER BY seq DESC LIMIT $3
             ), summed AS (
                 SELECT seq, sum(size) OVER (ORDER BY seq DESC ROWS UNBOUNDED PRECEDING) AS total FROM listed
             )
             SELECT messages.envelope FROM summed JOIN messages USING (seq)
             WHERE total <= $4 ORDER BY messages.seq DESC",
        )
        .bind(mailbox.as_bytes().as_slice())
        .bind(sender)
        .bind(i64::from(PICK_UP_MESSAGES))
        .bind(signed(PICK_UP_BYTES))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    async fn page(&self, mailbox: Address, after: i64, most: u32) -> Result<Page, StoreError> {
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
        .bind(i64::from(most) + 1)
        .bind(signed(PICK_UP_BYTES))
        .fetch_all(&self.pool)
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
        // No stored text holds it, and Postgres refuses to look for it.
        if message_hash.contains('\0') || sender.contains('\0') {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(
            "SELECT sender, sender_address, seq FROM messages
             WHERE mailbox = $1 AND message_hash = $2 ORDER BY sender = $3 DESC, seq LIMIT $4",
        )
        .bind(mailbox.as_bytes().as_slice())
        .bind(message_hash)
        .bind(sender)
        .bind(i64::from(COPIES))
        .fetch_all(&self.pool)
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
            let mut transaction = self.pool.begin().await?;
            lock(&mut transaction, &[mailbox.as_bytes().as_slice()]).await?;
            sqlx::query("DELETE FROM messages WHERE mailbox = $1 AND seq = ANY($2)")
                .bind(mailbox.as_bytes().as_slice())
                .bind(slice)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    async fn expire(&self, before: u64, most: u32) -> Result<u64, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let rows = sqlx::query("SELECT seq, mailbox FROM messages WHERE received_at < $1 LIMIT $2")
            .bind(signed(before))
            .bind(i64::from(most))
            .fetch_all(&mut *transaction)
            .await?;
        let numbers: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        let mailboxes: Vec<&[u8]> = rows.iter().map(|row| row.try_get(1)).collect::<Result<_, _>>()?;
        lock(&mut transaction, &mailboxes).await?;
        let done = sqlx::query("DELETE FROM messages WHERE seq = ANY($1)")
            .bind(&numbers)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }

    async fn newest(&self) -> Result<Option<u64>, StoreError> {
        let row = sqlx::query("SELECT max(received_at) FROM messages").fetch_one(&self.pool).await?;
        Ok(row.try_get::<Option<i64>, _>(0)?.map(unsigned))
    }

    async fn forget_signatures(&self, before: u64, most: u32) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "DELETE FROM taken_signatures WHERE (mailbox, signed) IN (
                 SELECT mailbox, signed FROM taken_signatures WHERE taken_at < $1 LIMIT $2)",
        )
        .bind(signed(before))
        .bind(i64::from(most))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        let row = sqlx::query(
            "SELECT coalesce(sum(messages), 0)::bigint, coalesce(sum(bytes), 0)::bigint FROM mailboxes",
        )
        .fetch_one(&self.pool)
        .await?;
        let number = |index| row.try_get::<i64, _>(index).map(|number| u64::try_from(number).unwrap_or(0));
        Ok(Totals { messages: number(0)?, bytes: number(1)? })
    }
}
