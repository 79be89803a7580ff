//! Mailboxes in Postgres.

use sqlx::PgConnection;

use super::Postgres;
use crate::store::shared::impl_mailbox_store;

/// How many messages one transaction removes, so that a mailbox is not locked for long.
const SLICE: usize = 500;

impl_mailbox_store!(Postgres, pool, pool);

/// Locks mailboxes in the order that everybody locks them in.
async fn lock(connection: &mut PgConnection, mailboxes: &[&[u8]]) -> Result<(), StoreError> {
    sqlx::query("SELECT 1 FROM mailboxes WHERE mailbox = ANY($1) ORDER BY mailbox FOR UPDATE")
        .bind(mailboxes)
        .execute(connection)
        .await?;
    Ok(())
}

impl Postgres {
    async fn remove_messages(&self, mailbox: Address, numbers: &[i64]) -> Result<(), StoreError> {
        for slice in numbers.chunks(SLICE) {
            let mut transaction = self.pool.begin().await?;
            lock(&mut transaction, &[mailbox.as_bytes().as_slice()]).await?;
            sqlx::query("DELETE FROM messages WHERE mailbox = $1 AND seq = ANY($2)")
                .bind(mailbox.as_bytes().as_slice())
                .bind(slice)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    async fn expire_messages(&self, before: u64, most: u32) -> Result<u64, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let rows = sqlx::query("SELECT seq, mailbox FROM messages WHERE received_at < $1 LIMIT $2")
            .bind(signed(before))
            .bind(i64::from(most))
            .fetch_all(&mut *transaction)
            .await?;
        let numbers: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        let mailboxes: Vec<&[u8]> = rows.iter().map(|row| row.try_get(1)).collect::<Result<_, _>>()?;
        lock(&mut transaction, &mailboxes).await?;
        let done = sqlx::query("DELETE FROM messages WHERE seq = ANY($1)")
            .bind(&numbers)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }
}
