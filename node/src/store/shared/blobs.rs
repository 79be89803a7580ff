//! Blobs in SQL.

/// `impl BlobStore` for an engine, by the fields of its pools for reading and for writing.
macro_rules! impl_blob_store {
    ($engine:ty, $readers:ident, $writer:ident) => {
        use dm3_core::identity::Address;
        use sqlx::Row as _;

        use crate::store::blobs::PIECES_AT_ONCE;
        use crate::store::{
            Begun, Blob, BlobId, BlobQuota, BlobStore, BlobUsage, NewBlob, StoreError, address_from, signed,
            unsigned,
        };

        /// The row that counts an owner's, locked; that of all is asked for first, so that nobody waits in a circle.
        macro_rules! counted {
            ($transaction:expr, $owner:expr) => {{
                let row = sqlx::query(
                    "INSERT INTO blob_usage (owner, blobs, bytes) VALUES ($1, 0, 0)
                     ON CONFLICT (owner) DO UPDATE SET blobs = blob_usage.blobs RETURNING blobs, bytes",
                )
                .bind($owner)
                .fetch_one(&mut *$transaction)
                .await?;
                BlobUsage { blobs: unsigned(row.try_get("blobs")?), bytes: unsigned(row.try_get("bytes")?) }
            }};
        }

        #[async_trait::async_trait]
        impl BlobStore for $engine {
            async fn begin_blob(&self, blob: NewBlob, quota: BlobQuota) -> Result<Begun, StoreError> {
                let owner = blob.owner.as_bytes().as_slice();
                let mut transaction = self.$writer.begin().await?;
                let all = counted!(transaction, b"".as_slice());
                let own = counted!(transaction, owner);
                // Leaving without a commit undoes what was written.
                if own.bytes.saturating_add(blob.size) > quota.bytes || own.blobs >= quota.blobs {
                    return Ok(Begun::Full);
                }
                if all.bytes.saturating_add(blob.size) > quota.all_bytes {
                    return Ok(Begun::NoRoom);
                }
                sqlx::query(
                    "INSERT INTO blobs (id, owner, size, hash, stored, state, ends_at)
                     VALUES ($1, $2, $3, $4, 0, 0, $5)",
                )
                .bind(blob.id.as_slice())
                .bind(owner)
                .bind(signed(blob.size))
                .bind(blob.hash.as_slice())
                .bind(signed(blob.ends_at))
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await?;
                Ok(Begun::Begun)
            }

            async fn blob(&self, id: &BlobId) -> Result<Option<Blob>, StoreError> {
                let row = sqlx::query(
                    "SELECT owner, size, hash, stored, state, ends_at FROM blobs WHERE id = $1 AND state < 2",
                )
                .bind(id.as_slice())
                .fetch_optional(&self.$readers)
                .await?;
                let Some(row) = row else { return Ok(None) };
                let number =
                    |column: &str| -> Result<u64, StoreError> { Ok(unsigned(row.try_get(column)?)) };
                let hash: Vec<u8> = row.try_get("hash")?;
                Ok(Some(Blob {
                    owner: address_from(row.try_get("owner")?)?,
                    size: number("size")?,
                    hash: hash.try_into().map_err(|_| StoreError::Damaged("a hash is not 32 bytes"))?,
                    stored: number("stored")?,
                    complete: number("state")? == 1,
                    ends_at: number("ends_at")?,
                }))
            }

            async fn add_piece(
                &self,
                id: &BlobId,
                at: u64,
                place: u64,
                data: &[u8],
            ) -> Result<bool, StoreError> {
                let mut transaction = self.$writer.begin().await?;
                let grown = sqlx::query(
                    "UPDATE blobs SET stored = stored + $3
                     WHERE id = $1 AND state = 0 AND stored = $2 AND stored + $3 <= size",
                )
                .bind(id.as_slice())
                .bind(signed(at))
                .bind(signed(data.len() as u64))
                .execute(&mut *transaction)
                .await?;
                if grown.rows_affected() == 0 {
                    return Ok(false);
                }
                sqlx::query("INSERT INTO blob_pieces (blob, place, data) VALUES ($1, $2, $3)")
                    .bind(id.as_slice())
                    .bind(signed(place))
                    .bind(data)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(true)
            }

            async fn piece(&self, id: &BlobId, place: u64) -> Result<Option<Vec<u8>>, StoreError> {
                let row = sqlx::query(
                    "SELECT p.data FROM blob_pieces p JOIN blobs b ON b.id = p.blob
                     WHERE p.blob = $1 AND p.place = $2 AND b.state < 2",
                )
                .bind(id.as_slice())
                .bind(signed(place))
                .fetch_optional(&self.$readers)
                .await?;
                Ok(row.map(|row| row.try_get(0)).transpose()?)
            }

            async fn finish_blob(&self, id: &BlobId, ends_at: u64) -> Result<bool, StoreError> {
                let done = sqlx::query(
                    "UPDATE blobs SET state = 1, ends_at = $2 WHERE id = $1 AND state = 0 AND stored = size",
                )
                .bind(id.as_slice())
                .bind(signed(ends_at))
                .execute(&self.$writer)
                .await?;
                Ok(done.rows_affected() > 0)
            }

            async fn drop_blob(&self, id: &BlobId, owner: Address) -> Result<bool, StoreError> {
                let dropped = sqlx::query(
                    "UPDATE blobs SET state = 2, ends_at = 0 WHERE id = $1 AND owner = $2 AND state < 2",
                )
                .bind(id.as_slice())
                .bind(owner.as_bytes().as_slice())
                .execute(&self.$writer)
                .await?;
                Ok(dropped.rows_affected() > 0)
            }

            async fn drop_blobs_of(&self, owner: Address) -> Result<u64, StoreError> {
                let dropped =
                    sqlx::query("UPDATE blobs SET state = 2, ends_at = 0 WHERE owner = $1 AND state < 2")
                        .bind(owner.as_bytes().as_slice())
                        .execute(&self.$writer)
                        .await?;
                Ok(dropped.rows_affected())
            }

            async fn clear_blobs(&self, now: u64) -> Result<bool, StoreError> {
                let row = sqlx::query("SELECT id FROM blobs WHERE ends_at <= $1 ORDER BY ends_at LIMIT 1")
                    .bind(signed(now))
                    .fetch_optional(&self.$readers)
                    .await?;
                let Some(row) = row else { return Ok(false) };
                let id: Vec<u8> = row.try_get(0)?;
                let mut transaction = self.$writer.begin().await?;
                // No piece comes to it any more.
                sqlx::query("UPDATE blobs SET state = 2, ends_at = 0 WHERE id = $1 AND ends_at <= $2")
                    .bind(&id)
                    .bind(signed(now))
                    .execute(&mut *transaction)
                    .await?;
                let removed = sqlx::query(
                    "DELETE FROM blob_pieces WHERE seq IN (SELECT p.seq FROM blob_pieces p
                         JOIN blobs b ON b.id = p.blob WHERE b.id = $1 AND b.state = 2 LIMIT $2)",
                )
                .bind(&id)
                .bind(PIECES_AT_ONCE)
                .execute(&mut *transaction)
                .await?;
                if removed.rows_affected() == 0 {
                    sqlx::query("DELETE FROM blobs WHERE id = $1 AND state = 2")
                        .bind(&id)
                        .execute(&mut *transaction)
                        .await?;
                }
                transaction.commit().await?;
                Ok(true)
            }

            async fn blob_usage(&self, owner: Option<Address>) -> Result<BlobUsage, StoreError> {
                let owner = owner.as_ref().map_or(b"".as_slice(), |owner| owner.as_bytes().as_slice());
                let row = sqlx::query("SELECT blobs, bytes FROM blob_usage WHERE owner = $1")
                    .bind(owner)
                    .fetch_optional(&self.$readers)
                    .await?;
                let Some(row) = row else { return Ok(BlobUsage::default()) };
                Ok(BlobUsage {
                    blobs: unsigned(row.try_get("blobs")?),
                    bytes: unsigned(row.try_get("bytes")?),
                })
            }
        }
    };
}

pub(in crate::store) use impl_blob_store;
