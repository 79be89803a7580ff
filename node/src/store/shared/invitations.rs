//! Invitations in SQL.

/// `impl InvitationStore` for an engine, by the fields of its pools for reading and for writing.
macro_rules! impl_invitation_store {
    ($engine:ty, $readers:ident, $writer:ident) => {
        use sqlx::Row as _;

        use crate::store::shared::log_act;
        use crate::store::{Act, Invitation, InvitationStore, StoreError, signed, unsigned};

        #[async_trait::async_trait]
        impl InvitationStore for $engine {
            async fn invite(&self, invitation: Invitation, act: Act) -> Result<(), StoreError> {
                let mut transaction = self.$writer.begin().await?;
                sqlx::query(
                    "INSERT INTO invitations (code_hash, note, uses, used, made_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                )
                .bind(invitation.code_hash.as_slice())
                .bind(&invitation.note)
                .bind(signed(invitation.uses))
                .bind(signed(invitation.used))
                .bind(signed(invitation.made_at))
                .bind(invitation.expires_at.map(signed))
                .execute(&mut *transaction)
                .await?;
                log_act!(transaction, act);
                transaction.commit().await?;
                Ok(())
            }

            async fn invitations(&self, most: u32) -> Result<Vec<Invitation>, StoreError> {
                let rows = sqlx::query(
                    "SELECT code_hash, note, uses, used, made_at, expires_at FROM invitations
                     ORDER BY made_at DESC, code_hash LIMIT $1",
                )
                .bind(i64::from(most))
                .fetch_all(&self.$readers)
                .await?;
                rows.iter()
                    .map(|row| {
                        let hash: Vec<u8> = row.try_get("code_hash")?;
                        Ok(Invitation {
                            code_hash: hash
                                .try_into()
                                .map_err(|_| StoreError::Damaged("a hash is not 32 bytes"))?,
                            note: row.try_get("note")?,
                            uses: unsigned(row.try_get("uses")?),
                            used: unsigned(row.try_get("used")?),
                            made_at: unsigned(row.try_get("made_at")?),
                            expires_at: row.try_get::<Option<i64>, _>("expires_at")?.map(unsigned),
                        })
                    })
                    .collect()
            }

            async fn revoke_invitation(&self, code_hash: [u8; 32], act: Act) -> Result<bool, StoreError> {
                let mut transaction = self.$writer.begin().await?;
                let done = sqlx::query("DELETE FROM invitations WHERE code_hash = $1")
                    .bind(code_hash.as_slice())
                    .execute(&mut *transaction)
                    .await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                log_act!(transaction, act);
                transaction.commit().await?;
                Ok(true)
            }
        }
    };
}

pub(in crate::store) use impl_invitation_store;
