//! Mailboxes in SQLite.

use super::Sqlite;
use crate::store::shared::impl_mailbox_store;

/// How many messages one statement removes, so that other writers get their turn.
const SLICE: usize = 500;

impl_mailbox_store!(Sqlite, readers, writer);

impl Sqlite {
    async fn remove_messages(&self, mailbox: Address, numbers: &[i64]) -> Result<(), StoreError> {
        for slice in numbers.chunks(SLICE) {
            sqlx::query(
                "DELETE FROM messages WHERE mailbox = ?1 AND seq IN (SELECT value FROM json_each(?2))",
            )
            .bind(mailbox.as_bytes().as_slice())
            .bind(format!("{slice:?}"))
            .execute(&self.writer)
            .await?;
        }
        Ok(())
    }

    async fn expire_messages(&self, before: u64, most: u32) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages WHERE received_at < ?1 LIMIT ?2)",
        )
        .bind(signed(before))
        .bind(most)
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected())
    }
}
