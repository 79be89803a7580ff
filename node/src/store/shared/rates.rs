//! What is counted for all processes, in SQL.

/// `impl RateStore` for an engine, by the field of its pool for writing and how a transaction that writes begins.
macro_rules! impl_rate_store {
    ($engine:ty, $writer:ident, $begin:literal) => {
        use sqlx::Row as _;

        use crate::store::{Rate, RateStore, StoreError, signed, unsigned};

        #[async_trait::async_trait]
        impl RateStore for $engine {
            async fn count_uses(&self, rates: &[Rate], now: u64) -> Result<Option<u64>, StoreError> {
                // In one order, so that no two wait for each other.
                let mut rates = rates.to_vec();
                rates.sort_unstable();
                let mut transaction = self.$writer.begin_with($begin).await?;
                for rate in &rates {
                    let whole = rate.pause.saturating_mul(rate.most.into());
                    // What lies further ahead than can be was written by a clock that was wrong: it counts for nothing.
                    let counted = sqlx::query(
                        "INSERT INTO rates (rate_key, spread_until) VALUES ($1, $2 + $3)
                         ON CONFLICT (rate_key) DO UPDATE SET spread_until = $3 + CASE
                             WHEN rates.spread_until BETWEEN $2 AND $2 + $4 THEN rates.spread_until ELSE $2 END
                         WHERE rates.spread_until + $3 <= $2 + $4 OR rates.spread_until > $2 + $4",
                    )
                    .bind(rate.key.as_slice())
                    .bind(signed(now))
                    .bind(signed(rate.pause))
                    .bind(signed(whole))
                    .execute(&mut *transaction)
                    .await?;
                    if counted.rows_affected() == 0 {
                        let row = sqlx::query("SELECT spread_until FROM rates WHERE rate_key = $1")
                            .bind(rate.key.as_slice())
                            .fetch_one(&mut *transaction)
                            .await?;
                        let free = unsigned(row.try_get(0)?).saturating_add(rate.pause).saturating_sub(whole);
                        transaction.rollback().await?;
                        return Ok(Some(free.saturating_sub(now)));
                    }
                }
                transaction.commit().await?;
                Ok(None)
            }

            async fn forget_rates(&self, now: u64, most: u32) -> Result<u64, StoreError> {
                let done = sqlx::query(
                    "DELETE FROM rates WHERE rate_key IN (SELECT rate_key FROM rates WHERE spread_until < $1 LIMIT $2)",
                )
                .bind(signed(now))
                .bind(i64::from(most))
                .execute(&self.$writer)
                .await?;
                Ok(done.rows_affected())
            }
        }
    };
}

pub(in crate::store) use impl_rate_store;
