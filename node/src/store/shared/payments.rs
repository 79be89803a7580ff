//! Using up what an account is paid with, in SQL.

/// `use_up` for an engine, by its kind of connection.
macro_rules! impl_use_up {
    ($connection:ty) => {
        /// Uses up what a new account is paid with; false if that is not good.
        async fn use_up(
            connection: &mut $connection,
            registration: &Registration,
        ) -> Result<bool, StoreError> {
            let query = match &registration.payment {
                None => return Ok(true),
                Some(Payment::Invitation(hash)) => sqlx::query(
                    "UPDATE invitations SET used = used + 1
                     WHERE code_hash = $1 AND used < uses AND (expires_at IS NULL OR expires_at > $2)",
                )
                .bind(hash.as_slice())
                .bind(signed(registration.now)),
                Some(Payment::Once { id, expires_at }) => sqlx::query(
                    "INSERT INTO answered_challenges (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                )
                .bind(id)
                .bind(signed(*expires_at)),
            };
            Ok(query.execute(&mut *connection).await?.rows_affected() == 1)
        }
    };
}

pub(in crate::store) use impl_use_up;
