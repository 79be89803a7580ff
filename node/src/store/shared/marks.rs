//! The node's notes in SQL.

/// `impl MarkStore` for an engine, by the fields of its pools for reading and for writing.
macro_rules! impl_mark_store {
    ($engine:ty, $readers:ident, $writer:ident) => {
        use sqlx::Row as _;

        use crate::store::{MarkStore, StoreError, signed, unsigned};

        #[async_trait::async_trait]
        impl MarkStore for $engine {
            async fn mark(&self, name: &str) -> Result<Option<u64>, StoreError> {
                let row = sqlx::query("SELECT value FROM marks WHERE name = $1")
                    .bind(name)
                    .fetch_optional(&self.$readers)
                    .await?;
                Ok(row.map(|row| row.try_get(0)).transpose()?.map(unsigned))
            }

            async fn set_mark(&self, name: &str, value: u64) -> Result<(), StoreError> {
                sqlx::query(
                    "INSERT INTO marks (name, value) VALUES ($1, $2)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                )
                .bind(name)
                .bind(signed(value))
                .execute(&self.$writer)
                .await?;
                Ok(())
            }
        }
    };
}

pub(in crate::store) use impl_mark_store;
