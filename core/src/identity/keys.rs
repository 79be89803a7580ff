//! Profile keys from a wallet signature.
//!
//! ```text
//! seed = SHA-256(UTF-8("0x…signature"))    the text of the signature, so letter case and 0x matter
//! signing key    = Ed25519(seed)
//! encryption key = crypto_kx(seed)
//! ```
//!
//! Source: the deployed client (`KeyCreation`, `createProfileKeys`); the specification of it is unpublished.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Address;
use crate::seal::signing::{SigningKey, SigningSecret};
use crate::seal::{EncryptionKey, EncryptionSecret, sha256};

/// The nonce that clients use when nothing else was agreed: SHA-256 of `dm3_default_nonce`.
pub const DEFAULT_NONCE: &str = "0xa1b38837dd52e70a250ac2bf3e19f1599833e9d30662bf69a1c12e5747ed9f65";

/// The text a wallet signs so that keys can be derived from its signature. Whoever has that signature has the
/// account's keys.
pub fn key_message(account: Address, nonce: &str) -> String {
    format!(
        "dm3.chat wants you to sign in with your Ethereum account:\n{account}\n\n\
         Connect the DM3 MESSENGER with your wallet. Keys for secure communication are derived from this signature.\n\n\
         (There is no paid transaction initiated. The signature is used off-chain only.)\n\n\
         URI: https://dm3.chat\nVersion: 1\nNonce: {nonce}"
    )
}

/// The 32 bytes from which all keys of an account follow.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct KeySeed([u8; 32]);

/// A seed that is not base64 of 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key seed is 32 bytes in base64")]
pub struct SeedError;

impl KeySeed {
    /// The seed that follows from a wallet's signature of the [`key_message`].
    pub fn derive(signature_text: &str) -> Self {
        Self(sha256(signature_text.as_bytes()))
    }

    /// Wraps seed bytes, for example from a vault.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a seed in base64, the deployed form of a storage key.
    ///
    /// # Errors
    /// [`SeedError`] unless it is 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, SeedError> {
        let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| SeedError)?);
        bytes.as_slice().try_into().map(Self).map_err(|_| SeedError)
    }

    /// The secret bytes, to be wrapped by a vault and by nothing else.
    pub const fn expose_secret(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The secret keys of an account or a delivery service.
pub struct ProfileKeys {
    /// Signs messages, envelopes and login challenges.
    pub signing: SigningSecret,
    /// Opens what was sealed for the account.
    pub encryption: EncryptionSecret,
}

/// The public halves of [`ProfileKeys`], as a profile publishes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKeys {
    /// Ed25519.
    pub signing: SigningKey,
    /// X25519.
    pub encryption: EncryptionKey,
}

impl ProfileKeys {
    /// The keys of a seed.
    pub fn derive(seed: &KeySeed) -> Self {
        Self { signing: SigningSecret::derive(&seed.0), encryption: EncryptionSecret::derive(&seed.0) }
    }

    /// The public halves.
    pub fn public(&self) -> PublicKeys {
        PublicKeys { signing: self.signing.public(), encryption: self.encryption.public() }
    }
}
