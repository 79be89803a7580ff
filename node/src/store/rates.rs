//! What is counted for all processes of one database together.

use super::StoreError;

/// Something that may be done so often in a time; all of it may come at once, then one more each time its share of that
/// time has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    /// A hash of what is counted, and for whom.
    pub key: [u8; 32],
    /// How much of the time one use takes, in milliseconds.
    pub pause: u64,
    /// How many uses may come at once.
    pub most: u32,
}

/// The counts. Times are in milliseconds since 1970.
#[async_trait::async_trait]
pub trait RateStore: Send + Sync {
    /// Counts one use of each, or of none: then it gives in how many milliseconds to try again.
    async fn count_uses(&self, rates: &[Rate], now: u64) -> Result<Option<u64>, StoreError>;

    /// Forgets at most `most` of what is over; how many that were.
    async fn forget_rates(&self, now: u64, most: u32) -> Result<u64, StoreError>;
}
