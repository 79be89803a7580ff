//! Committing groups of deliveries in SQLite.

use std::collections::HashMap;

use dm3_core::identity::Address;
use sqlx::sqlite::SqlitePool;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use crate::store::group::{
    Amount, Commit, Found, Key, Plan, Share, Taken, hash, key, outcomes, plan, shares,
};
use crate::store::shared::impl_give_way;
use crate::store::{Delivery, Outcome, StoreError, address_from, signed, unsigned};

impl_give_way!(SqliteConnection);

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
