//! How large, how many and for how long.

/// How many bytes each piece has but the last.
pub const PIECE: usize = 512 * 1024;
/// The most blobs of an account, those that are still coming too.
pub const MAX_BLOBS: u64 = 1000;

/// How much is kept for accounts, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct BlobLimits {
    /// Bytes of one blob; 0: none are taken.
    pub blob: u64,
    /// Bytes of one account.
    pub account: u64,
    /// Bytes of all accounts.
    pub all: u64,
    /// How long a blob is kept after it was complete.
    pub ttl: std::time::Duration,
}
