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

mod limits;
mod secret;

pub use limits::{BlobLimits, MAX_BLOBS, PIECE};
pub use secret::BlobSecret;
