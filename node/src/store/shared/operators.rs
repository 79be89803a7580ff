//! What operators do and see, in SQL.

/// `impl OperatorStore` for an engine, by its kind of rows, the fields of its pools for reading and for writing, and the statements that
/// give room back.
macro_rules! impl_operator_store {
    ($engine:ty, $row:ty, $readers:ident, $writer:ident, $free:expr) => {
        use base64::Engine as _;
        use dm3_core::identity::{Address, EnsName};
        use serde_json::{Value, json};
        use sqlx::Row as _;

        use crate::store::shared::log_act;
        use crate::store::{
            AccountUse, Act, Block, Blockable, EXPORT_ROWS, LOGIN_STEP, OperatorStore, Part, Purged,
            REGISTRATION_STOPPED, SLICE, SenderUse, StoreError, address_from, signed, unsigned,
        };

        /// Puts a block or takes it away; whether that changes anything.
        macro_rules! set_block {
            ($transaction:expr, $what:expr, $subject:expr, $blocked:expr, $at:expr) => {{
                let query = if $blocked {
                    sqlx::query(
                        "INSERT INTO blocks (kind, subject, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                    )
                    .bind($what.word())
                    .bind($subject)
                    .bind(signed($at))
                } else {
                    sqlx::query("DELETE FROM blocks WHERE kind = $1 AND subject = $2")
                        .bind($what.word())
                        .bind($subject)
                };
                query.execute(&mut *$transaction).await?.rows_affected() > 0
            }};
        }

        #[async_trait::async_trait]
        impl OperatorStore for $engine {
            async fn is_blocked(&self, what: Blockable, subject: &str) -> Result<bool, StoreError> {
                let row = sqlx::query("SELECT 1 FROM blocks WHERE kind = $1 AND subject = $2")
                    .bind(what.word())
                    .bind(subject)
                    .fetch_optional(&self.$readers)
                    .await?;
                Ok(row.is_some())
            }

            async fn is_sender_blocked(
                &self,
                address: Option<Address>,
                name: &str,
            ) -> Result<bool, StoreError> {
                let row = sqlx::query(
                    "SELECT 1 FROM blocks WHERE kind IN ('account', 'sender') AND subject IN ($1, $2) LIMIT 1",
                )
                .bind(address.map_or_else(String::new, |address| address.to_lower_hex()))
                .bind(name)
                .fetch_optional(&self.$readers)
                .await?;
                Ok(row.is_some())
            }

            async fn block_account(
                &self,
                address: Address,
                blocked: bool,
                act: Act,
            ) -> Result<bool, StoreError> {
                let bytes = address.as_bytes().as_slice();
                let mut transaction = self.$writer.begin().await?;
                let subject = address.to_lower_hex();
                if !set_block!(transaction, Blockable::Account, &subject, blocked, act.at) {
                    return Ok(false);
                }
                let known = sqlx::query(
                    "UPDATE accounts SET version = version + 1, epoch = epoch + 1 WHERE address = $1",
                )
                .bind(bytes)
                .execute(&mut *transaction)
                .await?;
                if known.rows_affected() == 0 {
                    // Whose profile is on the chain alone can have sessions as well.
                    sqlx::query(
                        "INSERT INTO ended_accounts (address, epoch, version) VALUES ($1, 1, 0)
                         ON CONFLICT (address) DO UPDATE SET epoch = ended_accounts.epoch + 1",
                    )
                    .bind(bytes)
                    .execute(&mut *transaction)
                    .await?;
                }
                log_act!(transaction, act);
                transaction.commit().await?;
                Ok(true)
            }

            async fn block(
                &self,
                what: Blockable,
                subject: &str,
                blocked: bool,
                act: Act,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.$writer.begin().await?;
                if !set_block!(transaction, what, subject, blocked, act.at) {
                    return Ok(false);
                }
                log_act!(transaction, act);
                transaction.commit().await?;
                Ok(true)
            }

            async fn blocks(&self) -> Result<Vec<Block>, StoreError> {
                let rows = sqlx::query("SELECT kind, subject, since FROM blocks ORDER BY kind, subject")
                    .fetch_all(&self.$readers)
                    .await?;
                rows.iter()
                    .map(|row| {
                        Ok(Block {
                            kind: row.try_get("kind")?,
                            subject: row.try_get("subject")?,
                            since: unsigned(row.try_get("since")?),
                        })
                    })
                    .collect()
            }

            async fn accounts_by_use(&self, most: u32) -> Result<Vec<AccountUse>, StoreError> {
                let rows = sqlx::query(
                    "SELECT a.address, n.name, a.last_login,
                            coalesce(m.messages, 0) AS messages, coalesce(m.bytes, 0) AS mailbox_bytes,
                            coalesce(s.bytes, 0) + coalesce(h.bytes, 0) + coalesce(b.bytes, 0) AS storage_bytes
                     FROM accounts a
                     LEFT JOIN names n ON n.address = a.address
                     LEFT JOIN mailboxes m ON m.mailbox = a.address
                     LEFT JOIN storage_usage s ON s.owner = a.address
                     LEFT JOIN history_usage h ON h.owner = a.address
                     LEFT JOIN blob_usage b ON b.owner = a.address
                     ORDER BY coalesce(m.bytes, 0) + coalesce(s.bytes, 0) + coalesce(h.bytes, 0)
                              + coalesce(b.bytes, 0) DESC, a.address
                     LIMIT $1",
                )
                .bind(i64::from(most))
                .fetch_all(&self.$readers)
                .await?;
                let mut accounts = Vec::with_capacity(rows.len());
                for row in rows {
                    let address = address_from(row.try_get("address")?)?;
                    let last_login: Option<i64> = row.try_get("last_login")?;
                    accounts.push(AccountUse {
                        address,
                        name: row.try_get("name")?,
                        messages: unsigned(row.try_get("messages")?),
                        mailbox_bytes: unsigned(row.try_get("mailbox_bytes")?),
                        storage_bytes: unsigned(row.try_get("storage_bytes")?),
                        last_login: last_login.map(unsigned),
                        blocked: self.is_blocked(Blockable::Account, &address.to_lower_hex()).await?,
                    });
                }
                Ok(accounts)
            }

            async fn claimed_names(&self, most: u32) -> Result<Vec<(String, Address)>, StoreError> {
                let rows = sqlx::query("SELECT name, address FROM names ORDER BY name LIMIT $1")
                    .bind(i64::from(most))
                    .fetch_all(&self.$readers)
                    .await?;
                rows.iter()
                    .map(|row| Ok((row.try_get("name")?, address_from(row.try_get("address")?)?)))
                    .collect()
            }

            async fn senders_by_volume(&self, most: u32) -> Result<Vec<SenderUse>, StoreError> {
                let rows = sqlx::query(
                    "SELECT sender, sender_address, standing > 0 AS verified, count(*) AS messages,
                            CAST(sum(size) AS BIGINT) AS bytes, count(DISTINCT mailbox) AS mailboxes
                     FROM messages GROUP BY sender, sender_address, standing > 0
                     ORDER BY CAST(sum(size) AS BIGINT) DESC, sender LIMIT $1",
                )
                .bind(i64::from(most))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter()
                    .map(|row| {
                        let address: Option<Vec<u8>> = row.try_get("sender_address")?;
                        Ok(SenderUse {
                            sender: row.try_get("sender")?,
                            address: address.map(address_from).transpose()?,
                            verified: row.try_get("verified")?,
                            messages: unsigned(row.try_get("messages")?),
                            bytes: unsigned(row.try_get("bytes")?),
                            mailboxes: unsigned(row.try_get("mailboxes")?),
                        })
                    })
                    .collect()
            }

            async fn end_account(&self, address: Address, act: Act) -> Result<bool, StoreError> {
                let bytes = address.as_bytes().as_slice();
                let mut transaction = self.$writer.begin().await?;
                sqlx::query(
                    "INSERT INTO ended_accounts (address, epoch, version)
                     SELECT address, epoch + 1, version + 1 FROM accounts WHERE address = $1
                     ON CONFLICT (address) DO UPDATE SET epoch = excluded.epoch, version = excluded.version",
                )
                .bind(bytes)
                .execute(&mut *transaction)
                .await?;
                let ended = sqlx::query("DELETE FROM accounts WHERE address = $1")
                    .bind(bytes)
                    .execute(&mut *transaction)
                    .await?;
                for removal in [
                    "DELETE FROM names WHERE address = $1",
                    "DELETE FROM mailboxes WHERE mailbox = $1",
                    "DELETE FROM pending_profiles WHERE address = $1",
                    "DELETE FROM superseded_profiles WHERE address = $1",
                    "DELETE FROM settings WHERE address = $1",
                    "DELETE FROM notified_accounts WHERE owner = $1",
                    "DELETE FROM notification_channels WHERE owner = $1",
                    "DELETE FROM notification_codes WHERE owner = $1",
                    "DELETE FROM promised_slots WHERE receiver = $1",
                    "DELETE FROM double_uses WHERE owner = $1",
                    // What waits has its place among the payer's transactions.
                    "DELETE FROM relayed_burns WHERE owner = $1 AND state <> 0",
                    "UPDATE blobs SET state = 2, ends_at = 0 WHERE owner = $1",
                ] {
                    sqlx::query(removal).bind(bytes).execute(&mut *transaction).await?;
                }
                log_act!(transaction, act);
                transaction.commit().await?;
                Ok(ended.rows_affected() > 0)
            }

            async fn remove_remains(&self, address: Address) -> Result<bool, StoreError> {
                let bytes = address.as_bytes().as_slice();
                let mut transaction = self.$writer.begin().await?;
                let mut removed = 0;
                for removal in [
                    "DELETE FROM messages WHERE seq IN (
                         SELECT seq FROM messages WHERE mailbox = $1 ORDER BY seq LIMIT $2)",
                    "DELETE FROM taken_signatures WHERE mailbox = $1 AND signed IN (
                         SELECT signed FROM taken_signatures WHERE mailbox = $1 LIMIT $2)",
                    "DELETE FROM storage_messages WHERE seq IN (
                         SELECT seq FROM storage_messages WHERE owner = $1 ORDER BY seq LIMIT $2)",
                    "DELETE FROM history_records WHERE owner = $1 AND version IN (
                         SELECT version FROM history_records WHERE owner = $1 ORDER BY version LIMIT $2)",
                    // Pieces are a thousand times as large as rows of the others.
                    "DELETE FROM blob_pieces WHERE seq IN (SELECT p.seq FROM blob_pieces p
                         JOIN blobs b ON b.id = p.blob WHERE b.owner = $1 LIMIT CAST($2 AS BIGINT) / 50)",
                ] {
                    let done = sqlx::query(removal).bind(bytes).bind(SLICE).execute(&mut *transaction).await?;
                    removed += done.rows_affected();
                }
                if removed == 0 {
                    // Conversations and blobs last, since messages and pieces belong to them.
                    for removal in [
                        "DELETE FROM storage_conversations WHERE owner = $1",
                        "DELETE FROM blobs WHERE owner = $1",
                        "DELETE FROM storage_usage WHERE owner = $1",
                        "DELETE FROM history_usage WHERE owner = $1",
                        "DELETE FROM mailbox_shares WHERE mailbox = $1",
                    ] {
                        sqlx::query(removal).bind(bytes).execute(&mut *transaction).await?;
                    }
                }
                transaction.commit().await?;
                Ok(removed > 0)
            }

            async fn ended_epoch(&self, address: Address) -> Result<u64, StoreError> {
                let row = sqlx::query("SELECT epoch FROM ended_accounts WHERE address = $1")
                    .bind(address.as_bytes().as_slice())
                    .fetch_optional(&self.$readers)
                    .await?;
                Ok(row.map(|row| row.try_get(0)).transpose()?.map_or(0, unsigned))
            }

            async fn purge(&self, mailbox: Address, whose: &Purged) -> Result<u64, StoreError> {
                let bytes = mailbox.as_bytes().as_slice();
                let mut transaction = self.$writer.begin().await?;
                // The mailbox's row first, as deliveries take it first.
                sqlx::query("UPDATE mailboxes SET messages = messages WHERE mailbox = $1")
                    .bind(bytes)
                    .execute(&mut *transaction)
                    .await?;
                let removal = match whose {
                    Purged::Unknown => sqlx::query(
                        "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages
                             WHERE mailbox = $1 AND standing = 0 ORDER BY seq LIMIT $2)",
                    )
                    .bind(bytes)
                    .bind(SLICE),
                    Purged::Address(sender) => sqlx::query(
                        "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages
                             WHERE mailbox = $1 AND sender_address = $3 ORDER BY seq LIMIT $2)",
                    )
                    .bind(bytes)
                    .bind(SLICE)
                    .bind(sender.as_bytes().as_slice()),
                    Purged::Name(sender) => sqlx::query(
                        "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages
                             WHERE mailbox = $1 AND sender = $3 ORDER BY seq LIMIT $2)",
                    )
                    .bind(bytes)
                    .bind(SLICE)
                    .bind(sender),
                };
                let removed = removal.execute(&mut *transaction).await?.rows_affected();
                transaction.commit().await?;
                Ok(removed)
            }

            async fn take_back(&self, name: &EnsName, act: Act) -> Result<bool, StoreError> {
                let mut transaction = self.$writer.begin().await?;
                let taken = sqlx::query("DELETE FROM names WHERE name = $1")
                    .bind(name.as_str())
                    .execute(&mut *transaction)
                    .await?;
                if taken.rows_affected() == 0 {
                    return Ok(false);
                }
                log_act!(transaction, act);
                transaction.commit().await?;
                Ok(true)
            }

            async fn stop_registration(&self, stopped: bool, act: Act) -> Result<(), StoreError> {
                let mut transaction = self.$writer.begin().await?;
                sqlx::query(
                    "INSERT INTO marks (name, value) VALUES ($1, $2)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                )
                .bind(REGISTRATION_STOPPED)
                .bind(i64::from(stopped))
                .execute(&mut *transaction)
                .await?;
                log_act!(transaction, act);
                transaction.commit().await?;
                Ok(())
            }

            async fn note_act(&self, act: Act) -> Result<(), StoreError> {
                let mut transaction = self.$writer.begin().await?;
                log_act!(transaction, act);
                transaction.commit().await?;
                Ok(())
            }

            async fn acts(&self, most: u32) -> Result<Vec<Act>, StoreError> {
                let rows = sqlx::query(
                    "SELECT at, operator, act, subject FROM operator_acts ORDER BY seq DESC LIMIT $1",
                )
                .bind(i64::from(most))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter()
                    .map(|row| {
                        Ok(Act {
                            at: unsigned(row.try_get("at")?),
                            operator: row.try_get("operator")?,
                            act: row.try_get("act")?,
                            subject: row.try_get("subject")?,
                        })
                    })
                    .collect()
            }

            async fn note_login(&self, address: Address, now: u64) -> Result<(), StoreError> {
                sqlx::query(
                    "UPDATE accounts SET last_login = $2
                     WHERE address = $1 AND coalesce(last_login, 0) < $2 - $3",
                )
                .bind(address.as_bytes().as_slice())
                .bind(signed(now))
                .bind(LOGIN_STEP)
                .execute(&self.$writer)
                .await?;
                Ok(())
            }

            async fn export(
                &self,
                address: Address,
                part: Part,
                after: &str,
            ) -> Result<Vec<(String, Value)>, StoreError> {
                let sql = match part {
                    Part::Messages => {
                        "SELECT seq, received_at, envelope FROM messages
                         WHERE mailbox = $1 AND seq > $2 ORDER BY seq LIMIT $3"
                    }
                    Part::StorageConversations => {
                        "SELECT id, contact, profile_location, hidden, updated_at FROM storage_conversations
                         WHERE owner = $1 AND id > $2 ORDER BY id LIMIT $3"
                    }
                    Part::StorageMessages => {
                        "SELECT seq, id, conversation, created_at, halted, container FROM storage_messages
                         WHERE owner = $1 AND seq > $2 ORDER BY seq LIMIT $3"
                    }
                    Part::History => {
                        "SELECT version, conversation, id, data FROM history_records
                         WHERE owner = $1 AND version > $2 ORDER BY version LIMIT $3"
                    }
                    Part::Blobs => {
                        "SELECT id, size, hash, state, ends_at FROM blobs
                         WHERE owner = $1 AND id > $2 AND state < 2 ORDER BY id LIMIT $3"
                    }
                };
                let query = sqlx::query(sql).bind(address.as_bytes().as_slice());
                let query = match part {
                    Part::StorageConversations => query.bind(after),
                    Part::Blobs => query.bind(hex::decode(after).unwrap_or_default()),
                    // A key that was not given here begins at the beginning.
                    _ => query.bind(after.parse::<i64>().unwrap_or_default()),
                };
                let rows = query.bind(EXPORT_ROWS).fetch_all(&self.$readers).await?;
                let number =
                    |row: &$row, column: &str| -> Result<u64, StoreError> { Ok(unsigned(row.try_get(column)?)) };
                let text = |row: &$row, column: &str| -> Result<String, StoreError> { Ok(row.try_get(column)?) };
                let told = |row: &$row| -> Result<(String, Value), StoreError> {
                    Ok(match part {
                        Part::Messages => {
                            let envelope = text(row, "envelope")?;
                            let envelope: Value = serde_json::from_str(&envelope)
                                .map_err(|_| StoreError::Damaged("an envelope is no JSON"))?;
                            let value = json!({
                                "id": number(row, "seq")?,
                                "receivedAt": number(row, "received_at")?,
                                "envelope": envelope,
                            });
                            (number(row, "seq")?.to_string(), value)
                        }
                        Part::StorageConversations => {
                            let value = json!({
                                "id": text(row, "id")?,
                                "contact": text(row, "contact")?,
                                "profileLocation": text(row, "profile_location")?,
                                "hidden": row.try_get::<bool, _>("hidden")?,
                                "updatedAt": number(row, "updated_at")?,
                            });
                            (text(row, "id")?, value)
                        }
                        Part::StorageMessages => {
                            let value = json!({
                                "id": text(row, "id")?,
                                "conversation": text(row, "conversation")?,
                                "createdAt": number(row, "created_at")?,
                                "halted": row.try_get::<bool, _>("halted")?,
                                "container": text(row, "container")?,
                            });
                            (number(row, "seq")?.to_string(), value)
                        }
                        Part::History => {
                            let data: Option<Vec<u8>> = row.try_get("data")?;
                            let value = json!({
                                "version": number(row, "version")?,
                                "conversation": text(row, "conversation")?,
                                "id": text(row, "id")?,
                                "data": data.map(|data| base64::engine::general_purpose::STANDARD.encode(data)),
                            });
                            (number(row, "version")?.to_string(), value)
                        }
                        Part::Blobs => {
                            let bytes = |column: &str| row.try_get::<Vec<u8>, _>(column).map(hex::encode);
                            let value = json!({
                                "size": number(row, "size")?,
                                "hash": bytes("hash")?,
                                "complete": number(row, "state")? == 1,
                                "endsAt": number(row, "ends_at")?,
                            });
                            (bytes("id")?, value)
                        }
                    })
                };
                rows.iter().map(told).collect()
            }

            async fn free_space(&self) -> Result<(), StoreError> {
                for statement in $free {
                    sqlx::query(statement).execute(&self.$writer).await?;
                }
                Ok(())
            }
        }
    };
}

pub(in crate::store) use impl_operator_store;
