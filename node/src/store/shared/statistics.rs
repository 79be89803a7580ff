//! Intervals in SQL.

/// `impl StatisticsStore` for an engine, by the fields of its pools for reading and for writing.
macro_rules! impl_statistics_store {
    ($engine:ty, $readers:ident, $writer:ident) => {
        #[async_trait::async_trait]
        impl crate::store::StatisticsStore for $engine {
            async fn count(
                &self,
                more: crate::store::Interval,
                forget: u64,
            ) -> Result<(), crate::store::StoreError> {
                use crate::store::signed;
                let mut transaction = self.$writer.begin().await?;
                sqlx::query(
                    "INSERT INTO delivery_intervals (start, messages, bytes, notifications)
                     VALUES ($1, $2, $3, $4)
                     ON CONFLICT (start) DO UPDATE SET
                         messages = delivery_intervals.messages + excluded.messages,
                         bytes = delivery_intervals.bytes + excluded.bytes,
                         notifications = delivery_intervals.notifications + excluded.notifications",
                )
                .bind(signed(more.start))
                .bind(signed(more.messages))
                .bind(signed(more.bytes))
                .bind(signed(more.notifications))
                .execute(&mut *transaction)
                .await?;
                sqlx::query("DELETE FROM delivery_intervals WHERE start < $1")
                    .bind(signed(forget))
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(())
            }

            async fn intervals(
                &self,
                from: u64,
                until: u64,
            ) -> Result<Vec<crate::store::Interval>, crate::store::StoreError> {
                use crate::store::{signed, unsigned};
                use sqlx::Row as _;
                let rows = sqlx::query(
                    "SELECT start, messages, bytes, notifications FROM delivery_intervals
                     WHERE start >= $1 AND start < $2 ORDER BY start",
                )
                .bind(signed(from))
                .bind(signed(until))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter()
                    .map(|row| {
                        Ok(crate::store::Interval {
                            start: unsigned(row.try_get("start")?),
                            messages: unsigned(row.try_get("messages")?),
                            bytes: unsigned(row.try_get("bytes")?),
                            notifications: unsigned(row.try_get("notifications")?),
                        })
                    })
                    .collect()
            }
        }
    };
}

pub(in crate::store) use impl_statistics_store;
