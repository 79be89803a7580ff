//! What a blob's address ends with.

use dm3_core::seal::Entropy as _;
use sha2::{Digest as _, Sha256};

use crate::machine::entropy::OsEntropy;
use crate::store::BlobId;

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
