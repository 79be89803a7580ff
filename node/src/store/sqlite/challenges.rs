//! Answered challenges in SQLite.

use super::Sqlite;
use crate::store::{ChallengeStore, StoreError, signed};

#[async_trait::async_trait]
impl ChallengeStore for Sqlite {
    async fn answer_challenge(&self, id: &str, expires_at: u64, now: u64) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin().await?;
        sqlx::query("DELETE FROM answered_challenges WHERE expires_at < ?1")
            .bind(signed(now))
            .execute(&mut *transaction)
            .await?;
        let done = sqlx::query(
            "INSERT INTO answered_challenges (id, expires_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(signed(expires_at))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}
