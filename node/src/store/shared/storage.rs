//! The encrypted storage of deployed clients in SQL.

/// `impl StorageStore` for an engine, by the fields of its pools for reading and for writing, the type of its
/// connections and the type of its rows.
macro_rules! impl_storage_store {
    ($engine:ty, $readers:ident, $writer:ident, $connection:ty, $row:ty) => {
        use dm3_core::identity::Address;
        use sqlx::Row as _;

        use crate::store::{
            NewMessage, PartOf, StorageQuota, StorageStore, StoreError, Stored, StoredConversation,
            StoredMessage, signed, unsigned,
        };

        /// How many messages one statement moves, so that other writers get their turn.
        const SLICE: i64 = 500;
        /// How many messages one statement adds.
        const ROWS: usize = 50;

        /// What an account uses.
        #[derive(Clone, Copy)]
        struct Usage {
            bytes: u64,
            conversations: u64,
        }

        impl Usage {
            /// Reads it and keeps other writes of the account waiting.
            async fn lock(connection: &mut $connection, owner: Address) -> Result<Self, StoreError> {
                let row = sqlx::query(
                    "INSERT INTO storage_usage (owner, bytes, conversations) VALUES ($1, 0, 0)
                     ON CONFLICT (owner) DO UPDATE SET bytes = storage_usage.bytes
                     RETURNING bytes, conversations",
                )
                .bind(owner.as_bytes().as_slice())
                .fetch_one(connection)
                .await?;
                Ok(Self {
                    bytes: unsigned(row.try_get("bytes")?),
                    conversations: unsigned(row.try_get("conversations")?),
                })
            }

            async fn save(self, connection: &mut $connection, owner: Address) -> Result<(), StoreError> {
                sqlx::query("UPDATE storage_usage SET bytes = $2, conversations = $3 WHERE owner = $1")
                    .bind(owner.as_bytes().as_slice())
                    .bind(signed(self.bytes))
                    .bind(signed(self.conversations))
                    .execute(connection)
                    .await?;
                Ok(())
            }

            fn replace(&mut self, before: usize, after: usize) {
                self.bytes = self.bytes.saturating_sub(before as u64).saturating_add(after as u64);
            }

            /// Whether it is more than before and more than it may be.
            const fn exceeds(self, quota: StorageQuota, before: Self) -> bool {
                (self.bytes > before.bytes && self.bytes > quota.bytes)
                    || (self.conversations > before.conversations && self.conversations > quota.conversations)
            }
        }

        async fn find(
            connection: &mut $connection,
            owner: Address,
            contact: &str,
        ) -> Result<Option<(String, String)>, StoreError> {
            let row = sqlx::query(
                "SELECT id, profile_location FROM storage_conversations WHERE owner = $1 AND contact = $2",
            )
            .bind(owner.as_bytes().as_slice())
            .bind(contact)
            .fetch_optional(connection)
            .await?;
            let Some(row) = row else { return Ok(None) };
            Ok(Some((row.try_get("id")?, row.try_get("profile_location")?)))
        }

        async fn make(
            connection: &mut $connection,
            owner: Address,
            contact: &str,
            profile_location: &str,
            now: u64,
            usage: &mut Usage,
            row: usize,
        ) -> Result<String, StoreError> {
            let id = uuid::Uuid::new_v4().to_string();
            sqlx::query(
                "INSERT INTO storage_conversations (id, owner, contact, profile_location, updated_at)
                 VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(&id)
            .bind(owner.as_bytes().as_slice())
            .bind(contact)
            .bind(profile_location)
            .bind(signed(now))
            .execute(connection)
            .await?;
            usage.conversations += 1;
            usage.replace(0, contact.len() + profile_location.len() + row);
            Ok(id)
        }

        /// Adds those of a conversation that are new, some with each statement, in this order: while a long batch is
        /// written, others wait. Gives the sizes of what is new.
        async fn insert(
            connection: &mut $connection,
            owner: Address,
            conversation: &str,
            messages: &[NewMessage],
        ) -> Result<Vec<usize>, StoreError> {
            let mut new = Vec::with_capacity(messages.len());
            for some in messages.chunks(ROWS) {
                let mut adding = sqlx::QueryBuilder::<<$connection as sqlx::Connection>::Database>::new(
                    "INSERT INTO storage_messages (owner, id, conversation, created_at, halted, size, container) ",
                );
                adding.push_values(some, |mut row, message| {
                    row.push_bind(owner.as_bytes().to_vec());
                    row.push_bind(message.id.clone());
                    row.push_bind(conversation.to_owned());
                    row.push_bind(signed(message.created_at));
                    row.push_bind(message.halted);
                    row.push_bind(signed(message.container.len() as u64));
                    row.push_bind(message.container.clone());
                });
                adding.push(" ON CONFLICT (owner, id) DO NOTHING RETURNING size");
                // One that is kept is another statement for each number of rows.
                let rows = adding.build().persistent(some.len() == ROWS).fetch_all(&mut *connection).await?;
                for row in rows {
                    new.push(usize::try_from(unsigned(row.try_get("size")?)).unwrap_or(usize::MAX));
                }
            }
            Ok(new)
        }

        fn message(row: &$row) -> Result<StoredMessage, StoreError> {
            Ok(StoredMessage {
                message: NewMessage {
                    id: row.try_get("id")?,
                    created_at: unsigned(row.try_get("created_at")?),
                    container: row.try_get("container")?,
                    halted: row.try_get("halted")?,
                },
                contact: row.try_get("contact")?,
                conversation: row.try_get("conversation")?,
            })
        }

        #[async_trait::async_trait]
        impl StorageStore for $engine {
            async fn add_conversation(
                &self,
                owner: Address,
                contact: &str,
                profile_location: &str,
                now: u64,
                quota: StorageQuota,
            ) -> Result<Stored, StoreError> {
                let mut transaction = self.$writer.begin().await?;
                let before = Usage::lock(&mut transaction, owner).await?;
                let mut usage = before;
                match find(&mut transaction, owner, contact).await? {
                    Some((id, known)) => {
                        sqlx::query("UPDATE storage_conversations SET profile_location = $2 WHERE id = $1")
                            .bind(&id)
                            .bind(profile_location)
                            .execute(&mut *transaction)
                            .await?;
                        usage.replace(known.len(), profile_location.len());
                    }
                    None => {
                        make(&mut transaction, owner, contact, profile_location, now, &mut usage, quota.row).await?;
                    }
                }
                if usage.exceeds(quota, before) {
                    return Ok(Stored::Full);
                }
                usage.save(&mut transaction, owner).await?;
                transaction.commit().await?;
                Ok(Stored::New(0))
            }

            async fn conversations(
                &self,
                owner: Address,
                part: PartOf,
            ) -> Result<Vec<StoredConversation>, StoreError> {
                let rows = sqlx::query(
                    "SELECT c.contact, c.profile_location, c.updated_at, m.container AS preview
                     FROM (
                         SELECT id, seq, sum(size) OVER (ORDER BY updated_at DESC, id ROWS UNBOUNDED PRECEDING) - size
                             AS before
                         FROM (
                             SELECT page.id, page.updated_at, latest.seq, coalesce(latest.size, 0) AS size
                             FROM (
                                 SELECT id, updated_at, (
                                     SELECT seq FROM storage_messages WHERE conversation = storage_conversations.id
                                     ORDER BY created_at DESC, seq LIMIT 1) AS seq
                                 FROM storage_conversations WHERE owner = $1 AND hidden = FALSE
                                 ORDER BY updated_at DESC, id LIMIT $2 OFFSET $3
                             ) AS page LEFT JOIN storage_messages latest ON latest.seq = page.seq
                         ) AS sized
                     ) AS listed JOIN storage_conversations c ON c.id = listed.id
                     LEFT JOIN storage_messages m ON m.seq = listed.seq
                     WHERE listed.before < $4 ORDER BY c.updated_at DESC, c.id",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(i64::from(part.most))
                .bind(signed(part.skipped))
                .bind(signed(part.bytes))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter()
                    .map(|row| {
                        Ok(StoredConversation {
                            contact: row.try_get("contact")?,
                            profile_location: row.try_get("profile_location")?,
                            preview: row.try_get("preview")?,
                            updated_at: unsigned(row.try_get("updated_at")?),
                        })
                    })
                    .collect()
            }

            async fn count_conversations(&self, owner: Address) -> Result<u64, StoreError> {
                let row = sqlx::query("SELECT count(*) FROM storage_conversations WHERE owner = $1")
                    .bind(owner.as_bytes().as_slice())
                    .fetch_one(&self.$readers)
                    .await?;
                Ok(unsigned(row.try_get(0)?))
            }

            async fn hide_conversation(
                &self,
                owner: Address,
                contact: &str,
                hidden: bool,
            ) -> Result<(), StoreError> {
                sqlx::query("UPDATE storage_conversations SET hidden = $3 WHERE owner = $1 AND contact = $2")
                    .bind(owner.as_bytes().as_slice())
                    .bind(contact)
                    .bind(hidden)
                    .execute(&self.$writer)
                    .await?;
                Ok(())
            }

            async fn add_messages(
                &self,
                owner: Address,
                contact: &str,
                messages: &[NewMessage],
                now: u64,
                quota: StorageQuota,
            ) -> Result<Stored, StoreError> {
                let mut transaction = self.$writer.begin().await?;
                let before = Usage::lock(&mut transaction, owner).await?;
                let mut usage = before;
                let conversation = match find(&mut transaction, owner, contact).await? {
                    Some((id, _)) => id,
                    None => make(&mut transaction, owner, contact, "", now, &mut usage, quota.row).await?,
                };
                let added = insert(&mut transaction, owner, &conversation, messages).await?;
                let new = added.len();
                for size in added {
                    usage.replace(0, size + quota.row);
                }
                if usage.exceeds(quota, before) {
                    return Ok(Stored::Full);
                }
                sqlx::query("UPDATE storage_conversations SET updated_at = $2 WHERE id = $1")
                    .bind(&conversation)
                    .bind(signed(now))
                    .execute(&mut *transaction)
                    .await?;
                usage.save(&mut transaction, owner).await?;
                transaction.commit().await?;
                Ok(Stored::New(new))
            }

            async fn edit_messages(
                &self,
                owner: Address,
                contact: &str,
                messages: &[NewMessage],
                now: u64,
                quota: StorageQuota,
            ) -> Result<Stored, StoreError> {
                let mut transaction = self.$writer.begin().await?;
                let before = Usage::lock(&mut transaction, owner).await?;
                let mut usage = before;
                let mut new = 0;
                for message in messages {
                    let known = sqlx::query("SELECT size FROM storage_messages WHERE owner = $1 AND id = $2")
                        .bind(owner.as_bytes().as_slice())
                        .bind(&message.id)
                        .fetch_optional(&mut *transaction)
                        .await?;
                    let Some(known) = known else {
                        let conversation = match find(&mut transaction, owner, contact).await? {
                            Some((id, _)) => id,
                            None => make(&mut transaction, owner, contact, "", now, &mut usage, quota.row).await?,
                        };
                        insert(&mut transaction, owner, &conversation, std::slice::from_ref(message)).await?;
                        usage.replace(0, message.container.len() + quota.row);
                        new += 1;
                        continue;
                    };
                    let size = usize::try_from(unsigned(known.try_get("size")?)).unwrap_or(usize::MAX);
                    usage.replace(size, message.container.len());
                    sqlx::query(
                        "UPDATE storage_messages SET container = $3, size = $4 WHERE owner = $1 AND id = $2",
                    )
                    .bind(owner.as_bytes().as_slice())
                    .bind(&message.id)
                    .bind(&message.container)
                    .bind(signed(message.container.len() as u64))
                    .execute(&mut *transaction)
                    .await?;
                }
                if usage.exceeds(quota, before) {
                    return Ok(Stored::Full);
                }
                usage.save(&mut transaction, owner).await?;
                transaction.commit().await?;
                Ok(Stored::New(new))
            }

            async fn messages(
                &self,
                owner: Address,
                contact: &str,
                part: PartOf,
            ) -> Result<Vec<StoredMessage>, StoreError> {
                let rows = sqlx::query(
                    "SELECT m.id, m.created_at, m.container, m.halted, m.conversation, c.contact
                     FROM (
                         SELECT seq, sum(size) OVER (ORDER BY created_at DESC, seq ROWS UNBOUNDED PRECEDING) - size
                             AS before
                         FROM (
                             SELECT m.seq, m.size, m.created_at
                             FROM storage_conversations c JOIN storage_messages m ON m.conversation = c.id
                             WHERE c.owner = $1 AND c.contact = $2
                             ORDER BY m.created_at DESC, m.seq LIMIT $3 OFFSET $4
                         ) AS sized
                     ) AS listed JOIN storage_messages m ON m.seq = listed.seq
                     JOIN storage_conversations c ON c.id = m.conversation
                     WHERE listed.before < $5 ORDER BY m.created_at DESC, m.seq",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(contact)
                .bind(i64::from(part.most))
                .bind(signed(part.skipped))
                .bind(signed(part.bytes))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter().map(message).collect()
            }

            async fn count_messages(&self, owner: Address, contact: &str) -> Result<u64, StoreError> {
                let row = sqlx::query(
                    "SELECT count(*)
                     FROM storage_conversations c JOIN storage_messages m ON m.conversation = c.id
                     WHERE c.owner = $1 AND c.contact = $2",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(contact)
                .fetch_one(&self.$readers)
                .await?;
                Ok(unsigned(row.try_get(0)?))
            }

            async fn halted_messages(
                &self,
                owner: Address,
                most: u32,
                bytes: u64,
            ) -> Result<Vec<StoredMessage>, StoreError> {
                let rows = sqlx::query(
                    "SELECT m.id, m.created_at, m.container, m.halted, m.conversation, c.contact
                     FROM storage_messages m JOIN storage_conversations c ON m.conversation = c.id
                     WHERE m.seq IN (
                         SELECT seq FROM (
                             SELECT seq, sum(size) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - size AS before
                             FROM storage_messages WHERE owner = $1 AND halted = TRUE ORDER BY seq LIMIT $2
                         ) AS listed WHERE before <= $3
                     ) ORDER BY m.seq",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(i64::from(most))
                .bind(signed(bytes))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter().map(message).collect()
            }

            async fn release_message(
                &self,
                owner: Address,
                id: &str,
                contact: Option<&str>,
            ) -> Result<bool, StoreError> {
                // Most of what is to be merged, in slices; if it ends in between, the message waits yet and is released
                // again.
                while let Some(contact) = contact {
                    let moved = sqlx::query(
                        "UPDATE storage_messages SET conversation = (
                             SELECT id FROM storage_conversations WHERE owner = $1 AND contact = $3)
                         WHERE seq IN (
                             SELECT m.seq FROM storage_messages m, storage_conversations c
                             WHERE c.owner = $1 AND c.contact = $3 AND m.owner = $1 AND m.id <> $2
                                 AND m.conversation <> c.id
                                 AND m.conversation = (
                                     SELECT conversation FROM storage_messages WHERE owner = $1 AND id = $2)
                             LIMIT $4)",
                    )
                    .bind(owner.as_bytes().as_slice())
                    .bind(id)
                    .bind(contact)
                    .bind(SLICE)
                    .execute(&self.$writer)
                    .await?;
                    if moved.rows_affected() < SLICE.unsigned_abs() {
                        break;
                    }
                }
                let mut transaction = self.$writer.begin().await?;
                let mut usage = Usage::lock(&mut transaction, owner).await?;
                let released = sqlx::query(
                    "UPDATE storage_messages SET halted = FALSE WHERE owner = $1 AND id = $2
                     RETURNING conversation",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(id)
                .fetch_optional(&mut *transaction)
                .await?;
                let Some(released) = released else { return Ok(false) };
                let conversation: String = released.try_get("conversation")?;
                if let Some(contact) = contact {
                    match find(&mut transaction, owner, contact).await? {
                        Some((other, _)) if other == conversation => {}
                        Some((other, _)) => {
                            for change in [
                                "UPDATE storage_messages SET conversation = $2 WHERE conversation = $1",
                                "UPDATE storage_conversations SET updated_at = (SELECT max(updated_at)
                                 FROM storage_conversations WHERE id IN ($1, $2)) WHERE id = $2",
                                "DELETE FROM storage_conversations WHERE id = $1 AND id <> $2",
                            ] {
                                sqlx::query(change)
                                    .bind(&conversation)
                                    .bind(&other)
                                    .execute(&mut *transaction)
                                    .await?;
                            }
                            usage.conversations = usage.conversations.saturating_sub(1);
                        }
                        None => {
                            sqlx::query("UPDATE storage_conversations SET contact = $2 WHERE id = $1")
                                .bind(&conversation)
                                .bind(contact)
                                .execute(&mut *transaction)
                                .await?;
                        }
                    }
                }
                usage.save(&mut transaction, owner).await?;
                transaction.commit().await?;
                Ok(true)
            }
        }
    };
}

pub(in crate::store) use impl_storage_store;
