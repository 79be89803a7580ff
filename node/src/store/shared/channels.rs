//! Notification channels in SQL.

/// `impl ChannelStore` for an engine, by the fields of its pools for reading and for writing.
macro_rules! impl_channel_store {
    ($engine:ty, $readers:ident, $writer:ident) => {
        use dm3_core::identity::Address;
        use sqlx::Row as _;

        use crate::store::{
            Channel, ChannelKind, ChannelStore, Code, CodeIssue, CodeLimits, StoreError, signed, unsigned,
        };

        #[async_trait::async_trait]
        impl ChannelStore for $engine {
            async fn notifications_enabled(&self, owner: Address) -> Result<bool, StoreError> {
                let found = sqlx::query("SELECT 1 FROM notified_accounts WHERE owner = $1")
                    .bind(owner.as_bytes().as_slice())
                    .fetch_optional(&self.$readers)
                    .await?;
                Ok(found.is_some())
            }

            async fn enable_notifications(&self, owner: Address, enabled: bool) -> Result<(), StoreError> {
                let change = if enabled {
                    "INSERT INTO notified_accounts (owner) VALUES ($1) ON CONFLICT DO NOTHING"
                } else {
                    "DELETE FROM notified_accounts WHERE owner = $1"
                };
                sqlx::query(change).bind(owner.as_bytes().as_slice()).execute(&self.$writer).await?;
                Ok(())
            }

            async fn claim_notification(
                &self,
                owner: Address,
                now: u64,
                pause: u64,
            ) -> Result<bool, StoreError> {
                let done = sqlx::query(
                    "UPDATE notified_accounts SET told_at = $2 WHERE owner = $1 AND told_at <= $3",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(signed(now))
                .bind(signed(now.saturating_sub(pause)))
                .execute(&self.$writer)
                .await?;
                Ok(done.rows_affected() > 0)
            }

            async fn channels(&self, owner: Address) -> Result<Vec<Channel>, StoreError> {
                let rows = sqlx::query(
                    "SELECT kind, recipient, enabled, verified FROM notification_channels
                     WHERE owner = $1 ORDER BY kind",
                )
                .bind(owner.as_bytes().as_slice())
                .fetch_all(&self.$readers)
                .await?;
                rows.iter()
                    .map(|row| {
                        let kind: String = row.try_get("kind")?;
                        Ok(Channel {
                            kind: ChannelKind::parse(&kind)
                                .ok_or(StoreError::Damaged("a notification channel has no known kind"))?,
                            recipient: row.try_get("recipient")?,
                            enabled: row.try_get("enabled")?,
                            verified: row.try_get("verified")?,
                        })
                    })
                    .collect()
            }

            async fn set_channel(&self, owner: Address, channel: Channel) -> Result<(), StoreError> {
                sqlx::query(
                    "INSERT INTO notification_channels (owner, kind, recipient, enabled, verified)
                     VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (owner, kind) DO UPDATE SET recipient = excluded.recipient,
                         enabled = excluded.enabled, verified = excluded.verified",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(channel.kind.as_str())
                .bind(channel.recipient)
                .bind(channel.enabled)
                .bind(channel.verified)
                .execute(&self.$writer)
                .await?;
                Ok(())
            }

            async fn enable_channel(
                &self,
                owner: Address,
                kind: ChannelKind,
                enabled: bool,
            ) -> Result<bool, StoreError> {
                let done = sqlx::query(
                    "UPDATE notification_channels SET enabled = $3 WHERE owner = $1 AND kind = $2",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(kind.as_str())
                .bind(enabled)
                .execute(&self.$writer)
                .await?;
                Ok(done.rows_affected() == 1)
            }

            async fn remove_channel(
                &self,
                owner: Address,
                kind: ChannelKind,
                recipient: Option<&str>,
            ) -> Result<bool, StoreError> {
                let done = sqlx::query(
                    "DELETE FROM notification_channels
                     WHERE owner = $1 AND kind = $2 AND recipient = coalesce($3, recipient)",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(kind.as_str())
                .bind(recipient)
                .execute(&self.$writer)
                .await?;
                Ok(done.rows_affected() == 1)
            }

            async fn verify_channel(
                &self,
                owner: Address,
                kind: ChannelKind,
                recipient: &str,
            ) -> Result<bool, StoreError> {
                let mut transaction = self.$writer.begin().await?;
                let used = sqlx::query(
                    "UPDATE notification_codes SET digest = NULL
                     WHERE owner = $1 AND kind = $2 AND digest IS NOT NULL",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(kind.as_str())
                .execute(&mut *transaction)
                .await?;
                let proven = sqlx::query(
                    "UPDATE notification_channels SET verified = TRUE
                     WHERE owner = $1 AND kind = $2 AND recipient = $3",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(kind.as_str())
                .bind(recipient)
                .execute(&mut *transaction)
                .await?;
                if used.rows_affected() == 0 || proven.rows_affected() == 0 {
                    return Ok(false);
                }
                transaction.commit().await?;
                Ok(true)
            }

            async fn new_code(
                &self,
                owner: Address,
                kind: ChannelKind,
                digest: [u8; 32],
                limits: CodeLimits,
            ) -> Result<CodeIssue, StoreError> {
                let mut transaction = self.$writer.begin().await?;
                let row = sqlx::query(
                    "INSERT INTO notification_codes (owner, kind, digest, made_at, tries, made, made_since)
                     VALUES ($1, $2, NULL, 0, 0, 0, 0)
                     ON CONFLICT (owner, kind) DO UPDATE SET made = notification_codes.made
                     RETURNING made_at, made, made_since",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(kind.as_str())
                .fetch_one(&mut *transaction)
                .await?;
                let made_at = unsigned(row.try_get("made_at")?);
                let mut made = unsigned(row.try_get("made")?);
                let mut since = unsigned(row.try_get("made_since")?);
                if limits.now < made_at.saturating_add(limits.pause) {
                    return Ok(CodeIssue::TooSoon);
                }
                if limits.now >= since.saturating_add(limits.within) {
                    (made, since) = (0, limits.now);
                }
                if made >= limits.most.into() {
                    return Ok(CodeIssue::TooMany);
                }
                sqlx::query(
                    "UPDATE notification_codes
                     SET digest = $3, made_at = $4, tries = 0, made = $5, made_since = $6
                     WHERE owner = $1 AND kind = $2",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(kind.as_str())
                .bind(digest.as_slice())
                .bind(signed(limits.now))
                .bind(signed(made + 1))
                .bind(signed(since))
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await?;
                Ok(CodeIssue::Issued)
            }

            async fn try_code(
                &self,
                owner: Address,
                kind: ChannelKind,
                most: u32,
            ) -> Result<Option<Code>, StoreError> {
                let row = sqlx::query(
                    "UPDATE notification_codes SET tries = tries + 1
                     WHERE owner = $1 AND kind = $2 AND digest IS NOT NULL AND tries < $3
                     RETURNING digest, made_at",
                )
                .bind(owner.as_bytes().as_slice())
                .bind(kind.as_str())
                .bind(i64::from(most))
                .fetch_optional(&self.$writer)
                .await?;
                let Some(row) = row else { return Ok(None) };
                Ok(Some(Code { digest: row.try_get("digest")?, made_at: unsigned(row.try_get("made_at")?) }))
            }
        }
    };
}

pub(in crate::store) use impl_channel_store;
