//! What makes text secret and provable: canonical JSON, hashes, sealing and signatures.
//!
//! ```text
//! value ──canonical──▶ text ──sign (Ed25519)──▶ signature
//!                       │
//!                       └──pad──▶ ChaCha20-Poly1305 under a key agreed by X25519 ──▶ Sealed
//! ```

mod aead;
mod error;
mod file;
mod fixed_base;
mod hash;
pub mod json;
mod json_number;
pub(crate) mod json_read;
pub(crate) mod json_text;
mod kdf;
mod key_agreement;
mod sealed;
pub mod signing;

pub use aead::SealKey;
pub use error::{OpenError, SealError};
pub use file::{FileKey, FileOpener, OpenFileError, SealedFile, seal_file, sealed_file_len};
pub use hash::{keccak256, sha256, sha256_hex};
pub use kdf::derive_key;
pub use key_agreement::{EncryptionKey, EncryptionSecret};
pub use sealed::{Sealed, open, seal, sealed_len};

/// Where secrets and nonces come from. Implemented by the platform, never by the core itself.
pub trait Entropy {
    /// Fills `bytes` from a cryptographically secure source.
    fn fill(&self, bytes: &mut [u8]);
}
