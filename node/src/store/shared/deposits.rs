//! Promised slots in SQL.

/// `impl DepositStore` for an engine, by the fields of its pools for reading and for writing.
macro_rules! impl_deposit_store {
    ($engine:ty, $readers:ident, $writer:ident) => {
        use dm3_core::identity::Address;
        use sqlx::Row as _;

        use crate::store::{DepositStore, Evidence, Promise, Promised, StoreError, signed};

        #[async_trait::async_trait]
        impl DepositStore for $engine {
            async fn promise(&self, promise: &Promise) -> Result<Promised, StoreError> {
                let Promise { contract, sender, key, epoch, slots, receiver, voucher } = promise;
                let of = [contract, sender, key].map(|address| address.as_bytes().as_slice());
                let [contract, sender, key] = of;
                let (epoch, receiver) = (signed(*epoch), receiver.as_bytes().as_slice());
                let mut transaction = self.$writer.begin().await?;
                // Held until the end: two messages at once can't both be the first for a slot.
                sqlx::query(
                    "INSERT INTO promising_deposits (contract, sender, voucher_key, epoch) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (contract, sender, voucher_key, epoch) DO UPDATE SET epoch = excluded.epoch",
                )
                .bind(contract)
                .bind(sender)
                .bind(key)
                .bind(epoch)
                .execute(&mut *transaction)
                .await?;
                let rows = sqlx::query(
                    "SELECT first_slot, end_slot, receiver, voucher FROM promised_slots
                     WHERE contract = $1 AND sender = $2 AND voucher_key = $3 AND epoch = $4
                         AND first_slot < $6 AND end_slot > $5",
                )
                .bind(contract)
                .bind(sender)
                .bind(key)
                .bind(epoch)
                .bind(i64::from(slots.start))
                .bind(i64::from(slots.end))
                .fetch_all(&mut *transaction)
                .await?;
                let mut promised = Promised::New;
                for row in &rows {
                    let (other, earlier): (Vec<u8>, String) = (row.try_get("receiver")?, row.try_get("voucher")?);
                    if other != receiver {
                        promised = Promised::Twice;
                        for owner in [receiver, &other] {
                            sqlx::query(
                                "INSERT INTO double_uses (owner, contract, sender, voucher_key, epoch, one, other)
                                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
                            )
                            .bind(owner)
                            .bind(contract)
                            .bind(sender)
                            .bind(key)
                            .bind(epoch)
                            .bind(&earlier)
                            .bind(voucher)
                            .execute(&mut *transaction)
                            .await?;
                        }
                        break;
                    }
                    let range: (i64, i64) = (row.try_get("first_slot")?, row.try_get("end_slot")?);
                    let is_same = range == (slots.start.into(), slots.end.into());
                    promised = if is_same { Promised::Known } else { Promised::Overlaps };
                }
                if promised == Promised::New {
                    sqlx::query(
                        "INSERT INTO promised_slots
                             (contract, sender, voucher_key, epoch, first_slot, end_slot, receiver, voucher)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    )
                    .bind(contract)
                    .bind(sender)
                    .bind(key)
                    .bind(epoch)
                    .bind(i64::from(slots.start))
                    .bind(i64::from(slots.end))
                    .bind(receiver)
                    .bind(voucher)
                    .execute(&mut *transaction)
                    .await?;
                }
                transaction.commit().await?;
                Ok(promised)
            }

            async fn promises(
                &self,
                contract: Address,
                sender: Address,
                receiver: Address,
                most: u32,
            ) -> Result<Vec<String>, StoreError> {
                let rows = sqlx::query(
                    "SELECT voucher FROM promised_slots WHERE contract = $1 AND sender = $2 AND receiver = $3
                     ORDER BY epoch DESC, voucher_key, first_slot LIMIT $4",
                )
                .bind(contract.as_bytes().as_slice())
                .bind(sender.as_bytes().as_slice())
                .bind(receiver.as_bytes().as_slice())
                .bind(i64::from(most))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
            }

            async fn double_uses(&self, owner: Address, most: u32) -> Result<Vec<Evidence>, StoreError> {
                let rows = sqlx::query(
                    "SELECT one, other FROM double_uses WHERE owner = $1
                     ORDER BY epoch DESC, contract, sender, voucher_key LIMIT $2",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(i64::from(most))
                .fetch_all(&self.$readers)
                .await?;
                let evidence =
                    |row: &_| Ok(Evidence { one: sqlx::Row::try_get(row, 0)?, other: sqlx::Row::try_get(row, 1)? });
                rows.iter().map(evidence).collect()
            }

            async fn forget_promises(&self, before: u64, most: u32) -> Result<u64, StoreError> {
                let mut removed = 0;
                let mut transaction = self.$writer.begin().await?;
                for removal in [
                    "DELETE FROM promised_slots WHERE (contract, sender, voucher_key, epoch, first_slot) IN (
                         SELECT contract, sender, voucher_key, epoch, first_slot FROM promised_slots
                         WHERE epoch < $1 LIMIT $2)",
                    "DELETE FROM promising_deposits WHERE (contract, sender, voucher_key, epoch) IN (
                         SELECT contract, sender, voucher_key, epoch FROM promising_deposits
                         WHERE epoch < $1 LIMIT $2)",
                ] {
                    let done = sqlx::query(removal)
                        .bind(signed(before))
                        .bind(i64::from(most))
                        .execute(&mut *transaction)
                        .await?;
                    removed += done.rows_affected();
                }
                transaction.commit().await?;
                Ok(removed)
            }
        }
    };
}

pub(in crate::store) use impl_deposit_store;
