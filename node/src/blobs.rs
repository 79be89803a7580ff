//! Sealed files that are too large for a message: an account puts them here piece by piece, and whoever has the address,
//! which stands in the sealed message alone, fetches them.
//!
//! ```text
//! owner     begin {size, hash} ─▶ address ── pieces in order ─▶ [hash compared] ─▶ there for whoever has the address
//! receiver  GET address, Range ─▶ bytes, for as long as blob_ttl_seconds
//! ```
//!
//! Pieces, so that a request is as small as others are: nothing waits in memory but one piece, a connection that breaks
//! costs one piece, and a page sees how far it is.

use dm3_core::seal::Entropy as _;
use sha2::{Digest as _, Sha256};

use crate::entropy::OsEntropy;
use crate::store::BlobId;

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

/// The secret that a blob's address ends with: whoever has it may fetch.
pub struct BlobSecret([u8; 32]);

impl BlobSecret {
    /// A new one.
    pub fn new_random() -> Self {
        let mut bytes = [0; 32];
        OsEntropy.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// What the address ends with.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Under which the blob is kept. How long a look-up takes tells of this hash at most.
    pub fn id(&self) -> BlobId {
        Sha256::digest(self.0).into()
    }
}
