//! `signature = Ed25519(secret, UTF-8(text))`, detached, in base64 (RFC 8032). dm3 signs the text itself, not
//! its hash.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey as Dalek, VerifyingKey};

/// A public Ed25519 key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SigningKey([u8; 32]);

/// The secret half of a [`SigningKey`]. Zeroised when dropped.
pub struct SigningSecret(Dalek);

/// The text was not signed with this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not belong to this text and key")]
pub struct SignatureError;

impl SigningKey {
    /// Wraps the 32 bytes of a public key.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks a base64 signature of `text`. Small-order keys and malleable signatures are refused, as
    /// libsodium does.
    ///
    /// # Errors
    /// [`SignatureError`] whatever is wrong with it.
    pub fn verify(&self, text: &str, signature: &str) -> Result<(), SignatureError> {
        let bytes = STANDARD.decode(signature).map_err(|_| SignatureError)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| SignatureError)?;
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| SignatureError)?;
        key.verify_strict(text.as_bytes(), &signature).map_err(|_| SignatureError)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl SigningSecret {
    /// The key pair of a 32-byte seed.
    pub fn derive(seed: &[u8; 32]) -> Self {
        Self(Dalek::from_bytes(seed))
    }

    /// The public half.
    pub fn public(&self) -> SigningKey {
        SigningKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a text; base64.
    pub fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.0.sign(text.as_bytes()).to_bytes())
    }
}
