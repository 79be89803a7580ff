//! Mailboxes in SQL.

/// `impl MailboxStore` for an engine, by the fields of its pools for reading and for writing; it removes in ways of its own,
/// `remove_messages` and `expire_messages`.
macro_rules! impl_mailbox_store {
    ($engine:ty, $readers:ident, $writer:ident) => {
        use dm3_core::identity::Address;
        use sqlx::Row as _;

        use crate::store::{
            Arrival, COPIES, Copy, Delivery, MailboxStore, Outcome, PICK_UP_BYTES, PICK_UP_CONVERSATIONS,
            PICK_UP_MESSAGES, Page, StoreError, Totals, address_from, signed, unsigned,
        };

        #[async_trait::async_trait]
        impl MailboxStore for $engine {
            async fn deliver(&self, delivery: Delivery) -> Result<Outcome, StoreError> {
                self.group.deliver(delivery).await
            }

            async fn arrived(&self, arrival: Arrival) -> Result<Vec<String>, StoreError> {
                let rows = sqlx::query(
                    "SELECT envelope FROM messages WHERE mailbox = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq",
                )
                .bind(arrival.mailbox.as_bytes().as_slice())
                .bind(arrival.first)
                .bind(arrival.last)
                .fetch_all(&self.$readers)
                .await?;
                rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
            }

            async fn pick_up(&self, mailbox: Address) -> Result<Vec<String>, StoreError> {
                let rows = sqlx::query(
                    "WITH numbered AS (
                         SELECT seq, size,
                                row_number() OVER (PARTITION BY sender ORDER BY seq DESC) AS place,
                                max(seq) OVER (PARTITION BY sender) AS latest
                         FROM messages WHERE mailbox = $1
                     ), shown AS (
                         SELECT seq, size, latest, dense_rank() OVER (ORDER BY latest DESC) AS conversation
                         FROM numbered WHERE place <= $2
                     ), summed AS (
                         SELECT seq, latest,
                                sum(size) OVER (ORDER BY latest DESC, seq DESC ROWS UNBOUNDED PRECEDING) AS total
                         FROM shown WHERE conversation <= $3
                     )
                     SELECT messages.envelope FROM summed JOIN messages USING (seq)
                     WHERE total <= $4 ORDER BY latest DESC, summed.seq DESC",
                )
                .bind(mailbox.as_bytes().as_slice())
                .bind(i64::from(PICK_UP_MESSAGES))
                .bind(i64::from(PICK_UP_CONVERSATIONS))
                .bind(signed(PICK_UP_BYTES))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
            }

            async fn pick_up_from(&self, mailbox: Address, sender: &str) -> Result<Vec<String>, StoreError> {
                let rows = sqlx::query(
                    "WITH listed AS (
                         SELECT seq, size FROM messages WHERE mailbox = $1 AND sender = $2 ORDER BY seq DESC LIMIT $3
                     ), summed AS (
                         SELECT seq, sum(size) OVER (ORDER BY seq DESC ROWS UNBOUNDED PRECEDING) AS total FROM listed
                     )
                     SELECT messages.envelope FROM summed JOIN messages USING (seq)
                     WHERE total <= $4 ORDER BY messages.seq DESC",
                )
                .bind(mailbox.as_bytes().as_slice())
                .bind(sender)
                .bind(i64::from(PICK_UP_MESSAGES))
                .bind(signed(PICK_UP_BYTES))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
            }

            async fn page(&self, mailbox: Address, after: i64, most: u32) -> Result<Page, StoreError> {
                // One more than a page, to see whether another follows.
                let rows = sqlx::query(
                    "WITH listed AS (
                         SELECT seq, size FROM messages WHERE mailbox = $1 AND seq > $2 ORDER BY seq LIMIT $3
                     ), summed AS (
                         SELECT seq, sum(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - size AS before FROM listed
                     )
                     SELECT messages.seq, messages.envelope FROM summed JOIN messages USING (seq)
                     WHERE before <= $4 ORDER BY messages.seq",
                )
                .bind(mailbox.as_bytes().as_slice())
                .bind(after)
                .bind(i64::from(most) + 1)
                .bind(signed(PICK_UP_BYTES))
                .fetch_all(&self.$readers)
                .await?;
                let rows = rows
                    .iter()
                    .map(|row| Ok((row.try_get("seq")?, row.try_get("envelope")?)))
                    .collect::<Result<_, StoreError>>()?;
                Ok(Page::from_rows(rows, after, most))
            }

            async fn copies(
                &self,
                mailbox: Address,
                message_hash: &str,
                sender: &str,
            ) -> Result<Vec<Copy>, StoreError> {
                // No stored text holds it, and Postgres refuses to look for it.
                if message_hash.contains('\0') || sender.contains('\0') {
                    return Ok(Vec::new());
                }
                let rows = sqlx::query(
                    "SELECT sender, sender_address, seq FROM messages
                     WHERE mailbox = $1 AND message_hash = $2 ORDER BY sender = $3 DESC, seq LIMIT $4",
                )
                .bind(mailbox.as_bytes().as_slice())
                .bind(message_hash)
                .bind(sender)
                .bind(i64::from(COPIES))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter()
                    .map(|row| {
                        let address: Option<Vec<u8>> = row.try_get(1)?;
                        let address = address.map(address_from).transpose()?;
                        Ok(Copy { sender: row.try_get(0)?, address, seq: row.try_get(2)? })
                    })
                    .collect()
            }

            async fn newest(&self) -> Result<Option<u64>, StoreError> {
                let row = sqlx::query("SELECT max(received_at) FROM messages").fetch_one(&self.$readers).await?;
                Ok(row.try_get::<Option<i64>, _>(0)?.map(unsigned))
            }

            async fn forget_signatures(&self, before: u64, most: u32) -> Result<u64, StoreError> {
                let done = sqlx::query(
                    "DELETE FROM taken_signatures WHERE (mailbox, signed) IN (
                         SELECT mailbox, signed FROM taken_signatures WHERE taken_at < $1 LIMIT $2)",
                )
                .bind(signed(before))
                .bind(i64::from(most))
                .execute(&self.$writer)
                .await?;
                Ok(done.rows_affected())
            }

            async fn totals(&self) -> Result<Totals, StoreError> {
                let row = sqlx::query(
                    "SELECT CAST(coalesce(sum(messages), 0) AS BIGINT), CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM mailboxes",
                )
                .fetch_one(&self.$readers)
                .await?;
                let number = |index| row.try_get::<i64, _>(index).map(|number| u64::try_from(number).unwrap_or(0));
                Ok(Totals { messages: number(0)?, bytes: number(1)? })
            }

            async fn remove(&self, mailbox: Address, numbers: &[i64]) -> Result<(), StoreError> {
                self.remove_messages(mailbox, numbers).await
            }

            async fn expire(&self, before: u64, most: u32) -> Result<u64, StoreError> {
                self.expire_messages(before, most).await
            }
        }
    };
}

/// `give_way` for an engine, by its kind of connection.
macro_rules! impl_give_way {
    ($connection:ty) => {
        /// Removes the oldest messages of unknown senders, at least as many and of as many bytes as must give way.
        async fn give_way(connection: &mut $connection, mailbox: Address, amount: Amount) -> Result<(), StoreError> {
            if amount == Amount::default() {
                return Ok(());
            }
            sqlx::query(
                "DELETE FROM messages WHERE seq IN (
                     SELECT seq FROM (
                         SELECT seq, row_number() OVER (ORDER BY seq) AS place,
                                sum(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - size AS before
                         FROM messages WHERE mailbox = $1 AND standing = 0
                     ) AS listed WHERE place <= $2 OR before < $3
                 )",
            )
            .bind(mailbox.as_bytes().as_slice())
            .bind(signed(amount.messages))
            .bind(signed(amount.bytes))
            .execute(connection)
            .await?;
            Ok(())
        }
    };
}

pub(in crate::store) use {impl_give_way, impl_mailbox_store};
