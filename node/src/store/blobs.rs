//! Sealed files that are too large for a message, in pieces of one size but the last. The node knows none of their
//! contents.
//!
//! ```text
//! begin ─▶ coming ── pieces, one after the other ─▶ finish: complete ──┐
//!            └── drop, or its end ─▶ going ◀── drop, or its end ───────┘   going ── clear, in slices ─▶ gone
//! ```
//!
//! Rows rather than files beside the database: several nodes on one Postgres share no folder, a copy of the database is
//! all there is to back up, and what is promised is counted in the transaction that promises it. What a crash leaves
//! half done has a row that says so, and an end.

use dm3_core::identity::Address;

use super::StoreError;

/// How many pieces are removed in one transaction, so that others write in between.
pub(super) const PIECES_AT_ONCE: i64 = 8;

/// A blob is known by the hash of the secret its address ends with.
pub type BlobId = [u8; 32];

/// A blob that is to come.
#[derive(Debug, Clone, Copy)]
pub struct NewBlob {
    /// Under which it is found.
    pub id: BlobId,
    /// Whose it is.
    pub owner: Address,
    /// How many bytes it will have.
    pub size: u64,
    /// Their SHA-256.
    pub hash: [u8; 32],
    /// When it is given up unless it is complete, in milliseconds since 1970.
    pub ends_at: u64,
}

/// How much may be kept.
#[derive(Debug, Clone, Copy)]
pub struct BlobQuota {
    /// Bytes of one account.
    pub bytes: u64,
    /// Blobs of one account.
    pub blobs: u64,
    /// Bytes of all accounts.
    pub all_bytes: u64,
}

/// What became of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It may come.
    Begun,
    /// The account would have more than it may.
    Full,
    /// All accounts together would.
    NoRoom,
}

/// What is known of a blob that is not being removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    /// Whose it is.
    pub owner: Address,
    /// How many bytes it has, or will have.
    pub size: u64,
    /// Their SHA-256, as it was promised.
    pub hash: [u8; 32],
    /// How many have come.
    pub stored: u64,
    /// Whether all have come and their hash is right.
    pub complete: bool,
    /// When it ends.
    pub ends_at: u64,
}

/// What an account has, or all have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlobUsage {
    /// Blobs, those that are still coming or going too.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The blobs.
#[async_trait::async_trait]
pub trait BlobStore: Send + Sync {
    /// Makes room for a blob. Its bytes count from now on.
    async fn begin_blob(&self, blob: NewBlob, quota: BlobQuota) -> Result<Begun, StoreError>;

    /// A blob, complete or not.
    async fn blob(&self, id: &BlobId) -> Result<Option<Blob>, StoreError>;

    /// Adds the piece of this place to a blob that is still coming and has `at` bytes; false if it is not so.
    async fn add_piece(&self, id: &BlobId, at: u64, place: u64, data: &[u8]) -> Result<bool, StoreError>;

    /// A piece of a blob that is not being removed.
    async fn piece(&self, id: &BlobId, place: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// A blob is complete and ends at `ends_at`; false if it is not there any more.
    async fn finish_blob(&self, id: &BlobId, ends_at: u64) -> Result<bool, StoreError>;

    /// From now on a blob of this owner is there for nobody; false if there was none.
    async fn drop_blob(&self, id: &BlobId, owner: Address) -> Result<bool, StoreError>;

    /// The same with all of an owner; how many there were.
    async fn drop_blobs_of(&self, owner: Address) -> Result<u64, StoreError>;

    /// Removes a slice of what has ended by `now` or was dropped; false once there is nothing left.
    async fn clear_blobs(&self, now: u64) -> Result<bool, StoreError>;

    /// What an account has; without one, what all have.
    async fn blob_usage(&self, owner: Option<Address>) -> Result<BlobUsage, StoreError>;
}
