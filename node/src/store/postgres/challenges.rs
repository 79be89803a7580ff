//! Answered challenges in Postgres.

use super::Postgres;
use crate::store::{ChallengeStore, StoreError, signed};

#[async_trait::async_trait]
impl ChallengeStore for Postgres {
    async fn answer_challenge(&self, id: &str, expires_at: u64, now: u64) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "WITH ended AS (
                 SELECT id FROM answered_challenges WHERE expires_at < $3 LIMIT 100 FOR UPDATE SKIP LOCKED
             ), removed AS (
                 DELETE FROM answered_challenges USING ended WHERE answered_challenges.id = ended.id
             )
             INSERT INTO answered_challenges (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(signed(expires_at))
        .bind(signed(now))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}
