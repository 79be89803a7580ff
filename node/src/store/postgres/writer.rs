//! Committing groups of deliveries in Postgres.

use std::collections::{BTreeMap, HashMap};

use dm3_core::identity::Address;
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, Row};

use super::notices::{Origin, tell};
use crate::store::group::{
    Amount, Commit, Found, Key, Plan, Share, Taken, hash, key, outcomes, plan, shares,
};
use crate::store::shared::impl_give_way;
use crate::store::{Arrival, Delivery, Outcome, StoreError, address_from, signed, unsigned};

impl_give_way!(PgConnection);

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
