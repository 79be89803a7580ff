//! Challenges that were answered, so that each is answered once.

use super::StoreError;

/// The answered challenges.
#[async_trait::async_trait]
pub trait ChallengeStore: Send + Sync {
    /// Marks a challenge as answered; false if it was before. Times are seconds since 1970.
    async fn answer_challenge(&self, id: &str, expires_at: u64, now: u64) -> Result<bool, StoreError>;
}
