//! History in SQL.

/// `impl HistoryStore` for an engine, by the fields of its pools for reading and for writing.
macro_rules! impl_history_store {
    ($engine:ty, $readers:ident, $writer:ident) => {
        use dm3_core::identity::Address;
        use sqlx::Row as _;

        use crate::store::{
            HistoryQuota, HistoryStore, HistoryUsage, NewRecord, Record, RecordKey, RecordRange, StoreError,
            Written, signed, unsigned,
        };

        #[async_trait::async_trait]
        impl HistoryStore for $engine {
            async fn write_records(
                &self,
                owner: Address,
                records: &[NewRecord],
                quota: HistoryQuota,
            ) -> Result<Written, StoreError> {
                let mut transaction = self.$writer.begin().await?;
                let row = sqlx::query(
                    "INSERT INTO history_usage (owner, last_change, records, bytes) VALUES ($1, 0, 0, 0)
                     ON CONFLICT (owner) DO UPDATE SET records = history_usage.records
                     RETURNING last_change, records, bytes",
                )
                .bind(owner.as_bytes().as_slice())
                .fetch_one(&mut *transaction)
                .await?;
                let before = HistoryUsage {
                    last_change: unsigned(row.try_get("last_change")?),
                    records: unsigned(row.try_get("records")?),
                    bytes: unsigned(row.try_get("bytes")?),
                };
                let mut usage = before;
                let mut versions = Vec::with_capacity(records.len());
                let mut conflicts = Vec::new();
                for record in records {
                    let known = sqlx::query(
                        "SELECT version, data IS NOT NULL AS present,
                                CAST(coalesce(length(data), 0) AS BIGINT) AS size
                         FROM history_records WHERE owner = $1 AND conversation = $2 AND id = $3",
                    )
                    .bind(owner.as_bytes().as_slice())
                    .bind(&record.key.conversation)
                    .bind(&record.key.id)
                    .fetch_optional(&mut *transaction)
                    .await?;
                    let (version, size) = match known {
                        Some(row) if row.try_get("present")? => {
                            (unsigned(row.try_get("version")?), unsigned(row.try_get("size")?))
                        }
                        Some(_) => (0, 0),
                        None => {
                            usage.records += 1;
                            (0, 0)
                        }
                    };
                    if version != record.replaces {
                        conflicts.push((record.key.clone(), version));
                        continue;
                    }
                    usage.last_change += 1;
                    usage.bytes -= size.min(usage.bytes);
                    usage.bytes += record.data.as_ref().map_or(0, Vec::len) as u64;
                    versions.push(usage.last_change);
                    sqlx::query(
                        "INSERT INTO history_records (owner, conversation, id, version, data)
                         VALUES ($1, $2, $3, $4, $5)
                         ON CONFLICT (owner, conversation, id)
                         DO UPDATE SET version = excluded.version, data = excluded.data",
                    )
                    .bind(owner.as_bytes().as_slice())
                    .bind(&record.key.conversation)
                    .bind(&record.key.id)
                    .bind(signed(usage.last_change))
                    .bind(record.data.as_deref())
                    .execute(&mut *transaction)
                    .await?;
                }
                // Leaving without a commit undoes what was written.
                if !conflicts.is_empty() {
                    return Ok(Written::Conflict(conflicts));
                }
                let over = |now: u64, before: u64, most: u64| now > before && now > most;
                if over(usage.bytes, before.bytes, quota.bytes)
                    || over(usage.records, before.records, quota.records)
                {
                    return Ok(Written::Full);
                }
                sqlx::query(
                    "UPDATE history_usage SET last_change = $2, records = $3, bytes = $4 WHERE owner = $1",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(signed(usage.last_change))
                .bind(signed(usage.records))
                .bind(signed(usage.bytes))
                .execute(&mut *transaction)
                .await?;
                self.announce(&mut transaction, owner, usage.last_change).await?;
                transaction.commit().await?;
                Ok(Written::Versions(versions))
            }

            async fn record(&self, owner: Address, key: &RecordKey) -> Result<Option<Record>, StoreError> {
                let row = sqlx::query(
                    "SELECT version, data FROM history_records
                     WHERE owner = $1 AND conversation = $2 AND id = $3",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(&key.conversation)
                .bind(&key.id)
                .fetch_optional(&self.$readers)
                .await?;
                let Some(row) = row else { return Ok(None) };
                let version = unsigned(row.try_get("version")?);
                Ok(Some(Record { key: key.clone(), version, data: row.try_get("data")? }))
            }

            async fn records(
                &self,
                owner: Address,
                range: RecordRange<'_>,
                most: u32,
                bytes: u64,
            ) -> Result<Vec<Record>, StoreError> {
                // Contents are only read for as many records as are given out.
                let query = match range {
                    RecordRange::Changes { after } => sqlx::query(
                        "WITH listed AS (
                             SELECT version, coalesce(length(data), 0) AS size
                             FROM history_records WHERE owner = $1 AND version > $2
                             ORDER BY version LIMIT $3
                         ), summed AS (
                             SELECT version, sum(size) OVER (ORDER BY version ROWS UNBOUNDED PRECEDING) - size
                                    AS earlier
                             FROM listed
                         )
                         SELECT r.conversation, r.id, r.version, r.data
                         FROM summed JOIN history_records r ON r.owner = $1 AND r.version = summed.version
                         WHERE summed.earlier < $4 ORDER BY r.version",
                    )
                    .bind(owner.as_bytes().as_slice())
                    .bind(signed(after)),
                    RecordRange::Conversation { before, .. } => sqlx::query(
                        "WITH listed AS (
                             SELECT version, length(data) AS size FROM history_records
                             WHERE owner = $1 AND conversation = $5 AND version < $2 AND data IS NOT NULL
                             ORDER BY version DESC LIMIT $3
                         ), summed AS (
                             SELECT version,
                                    sum(size) OVER (ORDER BY version DESC ROWS UNBOUNDED PRECEDING) - size
                                    AS earlier
                             FROM listed
                         )
                         SELECT r.conversation, r.id, r.version, r.data
                         FROM summed JOIN history_records r ON r.owner = $1 AND r.version = summed.version
                         WHERE summed.earlier < $4 ORDER BY r.version DESC",
                    )
                    .bind(owner.as_bytes().as_slice())
                    .bind(signed(before)),
                };
                let query = query.bind(i64::from(most)).bind(signed(bytes));
                let query = match range {
                    RecordRange::Changes { .. } => query,
                    RecordRange::Conversation { conversation, .. } => query.bind(conversation.to_owned()),
                };
                let rows = query.fetch_all(&self.$readers).await?;
                rows.iter()
                    .map(|row| {
                        Ok(Record {
                            key: RecordKey {
                                conversation: row.try_get("conversation")?,
                                id: row.try_get("id")?,
                            },
                            version: unsigned(row.try_get("version")?),
                            data: row.try_get("data")?,
                        })
                    })
                    .collect()
            }

            async fn history_usage(&self, owner: Address) -> Result<HistoryUsage, StoreError> {
                let row =
                    sqlx::query("SELECT last_change, records, bytes FROM history_usage WHERE owner = $1")
                        .bind(owner.as_bytes().as_slice())
                        .fetch_optional(&self.$readers)
                        .await?;
                let Some(row) = row else { return Ok(HistoryUsage::default()) };
                Ok(HistoryUsage {
                    last_change: unsigned(row.try_get("last_change")?),
                    records: unsigned(row.try_get("records")?),
                    bytes: unsigned(row.try_get("bytes")?),
                })
            }
        }
    };
}

pub(in crate::store) use impl_history_store;
