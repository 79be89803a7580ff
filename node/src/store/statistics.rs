//! How much was delivered, by intervals of time.

use super::StoreError;

/// What happened in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interval {
    /// When it began, in seconds since 1970.
    pub start: u64,
    /// Messages that were taken.
    pub messages: u64,
    /// Bytes of their envelopes.
    pub bytes: u64,
    /// Notifications that were sent.
    pub notifications: u64,
}

/// The intervals.
#[async_trait::async_trait]
pub trait StatisticsStore: Send + Sync {
    /// Adds to an interval's numbers, and forgets intervals that began before `forget` (seconds since 1970).
    async fn count(&self, more: Interval, forget: u64) -> Result<(), StoreError>;

    /// The intervals that began at `from` or later and before `until`, oldest first.
    async fn intervals(&self, from: u64, until: u64) -> Result<Vec<Interval>, StoreError>;
}
