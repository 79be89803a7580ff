//! Burns that are brought to the chain, in SQL.

/// `impl BurnStore` for an engine, by its kinds of row and connection and the fields of its pools for reading and for writing.
macro_rules! impl_burn_store {
    ($engine:ty, $row:ty, $connection:ty, $readers:ident, $writer:ident) => {
        use dm3_core::delivery::BurnState;
        use dm3_core::deposit::BurnFault;
        use dm3_core::identity::Address;
        use sqlx::Row as _;

        use crate::store::{
            BurnBudget, BurnOutcome, BurnStore, KeptBurn, NewBurn, Offer, Reserved, StoreError, address_from,
            signed, unsigned,
        };

        #[async_trait::async_trait]
        impl BurnStore for $engine {
            async fn reserve_burn(
                &self,
                burn: &NewBurn,
                budget: BurnBudget,
            ) -> Result<Reserved, StoreError> {
                let mut transaction = self.$writer.begin().await?;
                sqlx::query(TAKE_TURN).execute(&mut *transaction).await?;
                let known = sqlx::query(
                    "SELECT * FROM relayed_burns WHERE id = $1 AND state <> 2 ORDER BY made_at DESC LIMIT 1",
                )
                .bind(burn.id.as_slice())
                .fetch_optional(&mut *transaction)
                .await?;
                if let Some(known) = known {
                    return Ok(Reserved::Known(kept_burn(&known)?));
                }
                // None of those that are kept has this number.
                let spent = spent_beside(&mut transaction, burn, -1).await?;
                if !budget.allows(burn.cost(), spent) {
                    return Ok(Reserved::Spent);
                }
                let last = sqlx::query(
                    "SELECT CAST(COALESCE(MAX(nonce) + 1, 0) AS BIGINT) FROM relayed_burns WHERE payer = $1",
                )
                .bind(burn.payer.as_bytes().as_slice())
                .fetch_one(&mut *transaction)
                .await?;
                let nonce = unsigned(last.try_get(0)?).max(burn.nonce);
                sqlx::query(
                    "INSERT INTO relayed_burns (payer, nonce, id, owner, contract, data, gas, fee, tip, cost, day,
                         made_at, state)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)",
                )
                .bind(burn.payer.as_bytes().as_slice())
                .bind(signed(nonce))
                .bind(burn.id.as_slice())
                .bind(burn.owner.as_bytes().as_slice())
                .bind(burn.contract.as_bytes().as_slice())
                .bind(&burn.data)
                .bind(signed(burn.gas))
                .bind(signed(burn.fee))
                .bind(signed(burn.tip))
                .bind(signed(burn.cost()))
                .bind(signed(burn.day()))
                .bind(signed(burn.made_at))
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await?;
                let burn = NewBurn { nonce, ..burn.clone() };
                Ok(Reserved::New(KeptBurn { burn, earlier: Vec::new(), state: BurnState::Waiting }))
            }

            async fn burn(&self, id: [u8; 32]) -> Result<Option<KeptBurn>, StoreError> {
                let row = sqlx::query(
                    "SELECT * FROM relayed_burns WHERE id = $1 ORDER BY made_at DESC, nonce DESC LIMIT 1",
                )
                .bind(id.as_slice())
                .fetch_optional(&self.$readers)
                .await?;
                row.as_ref().map(kept_burn).transpose()
            }

            async fn burns_of(&self, owner: Address, most: u32) -> Result<Vec<KeptBurn>, StoreError> {
                let rows = sqlx::query(
                    "SELECT * FROM relayed_burns WHERE owner = $1 ORDER BY made_at DESC, nonce DESC LIMIT $2",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(i64::from(most))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter().map(kept_burn).collect()
            }

            async fn waiting_burns(&self, payer: Address, most: u32) -> Result<Vec<KeptBurn>, StoreError> {
                let rows = sqlx::query(
                    "SELECT * FROM relayed_burns WHERE payer = $1 AND state = 0 ORDER BY nonce LIMIT $2",
                )
                .bind(payer.as_bytes().as_slice())
                .bind(i64::from(most))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter().map(kept_burn).collect()
            }

            async fn raise_burn(
                &self,
                kept: &KeptBurn,
                offer: Offer,
                budget: BurnBudget,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.$writer.begin().await?;
                sqlx::query(TAKE_TURN).execute(&mut *transaction).await?;
                let burn = &kept.burn;
                let raised = burn.at(offer);
                let spent = spent_beside(&mut transaction, burn, signed(burn.nonce)).await?;
                if !budget.allows(raised.cost(), spent) {
                    return Ok(false);
                }
                let offers = kept.earlier.iter().copied().chain([burn.offer()]);
                let earlier: Vec<u8> =
                    offers.flat_map(|offer| [offer.fee, offer.tip]).flat_map(u64::to_be_bytes).collect();
                let done = sqlx::query(
                    "UPDATE relayed_burns SET fee = $3, tip = $4, cost = $5, earlier_offers = $6
                     WHERE payer = $1 AND nonce = $2 AND state = 0 AND fee = $7 AND tip = $8",
                )
                .bind(burn.payer.as_bytes().as_slice())
                .bind(signed(burn.nonce))
                .bind(signed(raised.fee))
                .bind(signed(raised.tip))
                .bind(signed(raised.cost()))
                .bind(earlier)
                .bind(signed(burn.fee))
                .bind(signed(burn.tip))
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await?;
                Ok(done.rows_affected() == 1)
            }

            async fn settle_burn(&self, burn: &NewBurn, outcome: BurnOutcome) -> Result<(), StoreError> {
                sqlx::query(
                    "UPDATE relayed_burns SET state = $3, fault = $4, cost = $5, fee = $6, tip = $7
                     WHERE payer = $1 AND nonce = $2 AND state = 0",
                )
                .bind(burn.payer.as_bytes().as_slice())
                .bind(signed(burn.nonce))
                .bind(if outcome.fault.is_some() { 2_i64 } else { 1 })
                .bind(outcome.fault.map(BurnFault::code))
                .bind(signed(outcome.cost))
                .bind(signed(burn.fee))
                .bind(signed(burn.tip))
                .execute(&self.$writer)
                .await?;
                Ok(())
            }

            async fn forget_burns(&self, before: u64, most: u32) -> Result<u64, StoreError> {
                // The last number of each payer stays: the chain may not know it yet.
                let done = sqlx::query(
                    "DELETE FROM relayed_burns WHERE (payer, nonce) IN (
                         SELECT payer, nonce FROM relayed_burns AS old WHERE made_at < $1 AND state <> 0
                             AND nonce < (SELECT MAX(nonce) FROM relayed_burns WHERE payer = old.payer)
                         LIMIT $2)",
                )
                .bind(signed(before))
                .bind(i64::from(most))
                .execute(&self.$writer)
                .await?;
                Ok(done.rows_affected())
            }
        }

        /// Held until the end: two wishes at once can't both have the last of a budget, or one number.
        const TAKE_TURN: &str =
            "INSERT INTO relay_turns (one) VALUES (1) ON CONFLICT (one) DO UPDATE SET one = excluded.one";

        /// What is spent on the day of a burn, by all and by its account, without the payer's transaction of this number.
        async fn spent_beside(
            connection: &mut $connection,
            burn: &NewBurn,
            nonce: i64,
        ) -> Result<BurnBudget, StoreError> {
            let spent = sqlx::query(
                "SELECT CAST(COALESCE(SUM(cost), 0) AS BIGINT),
                     CAST(COALESCE(SUM(CASE WHEN owner = $2 THEN cost ELSE 0 END), 0) AS BIGINT)
                 FROM relayed_burns WHERE day = $1 AND NOT (payer = $3 AND nonce = $4)",
            )
            .bind(signed(burn.day()))
            .bind(burn.owner.as_bytes().as_slice())
            .bind(burn.payer.as_bytes().as_slice())
            .bind(nonce)
            .fetch_one(connection)
            .await?;
            Ok(BurnBudget { all: unsigned(spent.try_get(0)?), account: unsigned(spent.try_get(1)?) })
        }

        fn kept_burn(row: &$row) -> Result<KeptBurn, StoreError> {
            let number = |column: &str| row.try_get::<i64, _>(column).map(unsigned);
            let address = |column: &str| address_from(row.try_get(column)?);
            let id: Vec<u8> = row.try_get("id")?;
            let fault: Option<String> = row.try_get("fault")?;
            let fault = fault.as_deref().and_then(BurnFault::from_code);
            let burn = NewBurn {
                id: id.try_into().map_err(|_| StoreError::Damaged("a burn's id is not 32 bytes"))?,
                owner: address("owner")?,
                payer: address("payer")?,
                nonce: number("nonce")?,
                contract: address("contract")?,
                data: row.try_get("data")?,
                gas: number("gas")?,
                fee: number("fee")?,
                tip: number("tip")?,
                made_at: number("made_at")?,
            };
            let state = match number("state")? {
                0 => BurnState::Waiting,
                1 => BurnState::Burned,
                _ => BurnState::Failed(fault.unwrap_or(BurnFault::Reverted)),
            };
            let earlier: Vec<u8> = row.try_get("earlier_offers")?;
            let offer = |bytes: &[u8; 16]| {
                let number = u128::from_be_bytes(*bytes);
                Offer { fee: (number >> 64) as u64, tip: number as u64 }
            };
            let earlier = earlier.as_chunks().0.iter().map(offer).collect();
            Ok(KeptBurn { burn, earlier, state })
        }
    };
}

pub(in crate::store) use impl_burn_store;
