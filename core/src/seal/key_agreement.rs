//! libsodium's `crypto_kx` (X25519, RFC 7748; BLAKE2b, RFC 7693):
//!
//! ```text
//! secret  = BLAKE2b-256(seed)            public = X25519(secret, 9)
//! rx ‖ tx = BLAKE2b-512(X25519(sk, pk) ‖ client public ‖ server public)
//! ```
//!
//! In dm3 the sender is the client with a fresh key pair for each text, and the receiver is the server; both
//! use the second half (the client's `tx`, the server's `rx`).

use std::fmt;

use blake2::digest::Digest as _;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use super::aead::SealKey;
use super::error::{OpenError, SealError};
use super::fixed_base::public_key;

/// A public X25519 key that texts can be sealed for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EncryptionKey([u8; 32]);

/// The secret half of an [`EncryptionKey`], with that half, which costs as much to compute as to agree on a key.
#[derive(ZeroizeOnDrop)]
pub struct EncryptionSecret {
    secret: StaticSecret,
    #[zeroize(skip)]
    public: EncryptionKey,
}

impl EncryptionKey {
    /// Wraps the 32 bytes of a public key.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl EncryptionSecret {
    /// The key pair of a 32-byte seed.
    pub fn derive(seed: &[u8; 32]) -> Self {
        Self::from_bytes(Blake2b::<U32>::digest(seed).into())
    }

    /// Wraps the 32 bytes of a secret key.
    pub fn from_bytes(mut bytes: [u8; 32]) -> Self {
        let secret = StaticSecret::from(bytes);
        let public = EncryptionKey(public_key(&bytes));
        bytes.zeroize();
        Self { secret, public }
    }

    /// The public half.
    pub const fn public(&self) -> EncryptionKey {
        self.public
    }

    /// The secret key itself as a symmetric key: what deployed clients encrypt their contacts' names with.
    pub(crate) fn legacy_storage_key(&self) -> SealKey {
        SealKey::from_bytes(self.secret.to_bytes())
    }

    /// The key under which this (ephemeral) sender seals for `receiver`.
    pub(super) fn sending_key(&self, receiver: &EncryptionKey) -> Result<SealKey, SealError> {
        self.agree(receiver, &self.public(), receiver).ok_or(SealError::WeakKey)
    }

    /// The key under which `ephemeral` sealed for this receiver.
    pub(super) fn receiving_key(&self, ephemeral: &EncryptionKey) -> Result<SealKey, OpenError> {
        self.agree(ephemeral, ephemeral, &self.public()).ok_or(OpenError::WeakKey)
    }

    /// `None` for a key on which no secret can be agreed.
    fn agree(
        &self,
        other: &EncryptionKey,
        client: &EncryptionKey,
        server: &EncryptionKey,
    ) -> Option<SealKey> {
        let shared = self.secret.diffie_hellman(&PublicKey::from(other.0));
        if !shared.was_contributory() {
            return None;
        }
        let mut hash = Blake2b512::new();
        hash.update(shared.as_bytes());
        hash.update(client.0);
        hash.update(server.0);
        let halves: Zeroizing<[u8; 64]> = Zeroizing::new(hash.finalize().into());
        let mut key = [0; 32];
        key.copy_from_slice(&halves[32..]);
        let seal_key = SealKey::from_bytes(key);
        key.zeroize();
        Some(seal_key)
    }
}
