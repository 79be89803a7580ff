//! Profile keys, from a wallet signature or from chance.
//!
//! ```text
//! derived   seed = SHA-256(UTF-8("0x…signature"))   the text of the signature, so letter case and 0x matter
//!           signing key    = Ed25519(seed)
//!           encryption key = crypto_kx(seed)
//! random    seed = 32 random bytes, or what follows from a random code (`backup.rs`)
//!           signing key    = Ed25519(HKDF-SHA256(seed, "dm3 signing key v1"))
//!           encryption key = crypto_kx(HKDF-SHA256(seed, "dm3 encryption key v1"))
//! ```
//!
//! Source of the first: the deployed client (`KeyCreation`, `createProfileKeys`); the specification of it is
//! unpublished. It uses one secret for everything, which is kept for interoperability: the same wallet must lead to the
//! same keys in every client. Random keys are nobody's to repeat, so they are separated: a leak of one is none of the
//! other. Peers see no difference.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Address;
use crate::seal::signing::{SigningKey, SigningSecret};
use crate::seal::{EncryptionKey, EncryptionSecret, Entropy, derive_key, sha256};

/// The nonce that clients use when nothing else was agreed: SHA-256 of `dm3_default_nonce`.
pub const DEFAULT_NONCE: &str = "0xa1b38837dd52e70a250ac2bf3e19f1599833e9d30662bf69a1c12e5747ed9f65";

/// The longest nonce, in bytes.
const MAX_NONCE: usize = 256;

/// What a client puts into the [`key_message`], so that its keys differ from those of other clients: any text of one
/// line. Each client chose its own when it was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyNonce(String);

/// A text that can't be a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a nonce is one line of at most 256 bytes")]
pub struct NonceError;

impl KeyNonce {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for KeyNonce {
    fn default() -> Self {
        Self(DEFAULT_NONCE.to_owned())
    }
}

impl FromStr for KeyNonce {
    type Err = NonceError;

    /// Takes the text verbatim. Another line could change the meaning of what the wallet shows.
    fn from_str(text: &str) -> Result<Self, NonceError> {
        if text.len() > MAX_NONCE || text.chars().any(char::is_control) {
            return Err(NonceError);
        }
        Ok(Self(text.to_owned()))
    }
}

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

/// The 32 bytes from which all keys of an account follow, and how.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct KeySeed {
    bytes: [u8; 32],
    separated: bool,
}

/// A seed of another length or kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key seed is 32 bytes in base64")]
pub struct SeedError;

/// Behind the 32 bytes of a seed whose keys are separated, where it is kept.
const SEPARATED: u8 = 1;

impl KeySeed {
    /// The seed that follows from a wallet's signature of the [`key_message`].
    pub fn derive(signature_text: &str) -> Self {
        Self::from_bytes(sha256(signature_text.as_bytes()))
    }

    /// A seed that nobody can derive again. Whoever loses it has lost the account's messages, so it needs a
    /// [backup](super::Backup).
    pub fn new_random(entropy: &impl Entropy) -> Self {
        let mut seed = Self { bytes: [0; 32], separated: true };
        entropy.fill(&mut seed.bytes);
        seed
    }

    /// A seed whose keys are separated.
    pub(super) const fn separated(bytes: &[u8; 32]) -> Self {
        Self { bytes: *bytes, separated: true }
    }

    /// Wraps the bytes of a derived seed.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { bytes, separated: false }
    }

    /// Reads what [`Self::to_kept`] gave.
    ///
    /// # Errors
    /// [`SeedError`] if it is something else.
    pub fn from_kept(kept: &[u8]) -> Result<Self, SeedError> {
        let (bytes, kind) = kept.split_first_chunk().ok_or(SeedError)?;
        match kind {
            [] => Ok(Self { bytes: *bytes, separated: false }),
            [SEPARATED] => Ok(Self { bytes: *bytes, separated: true }),
            _ => Err(SeedError),
        }
    }

    /// The secret bytes, to be wrapped by a vault and by nothing else: 32, and one more if the keys are separated.
    pub fn to_kept(&self) -> Zeroizing<Vec<u8>> {
        let mut kept = Zeroizing::new(Vec::with_capacity(33));
        kept.extend_from_slice(&self.bytes);
        kept.extend(self.separated.then_some(SEPARATED));
        kept
    }

    /// Reads a derived seed in base64, the deployed form of a storage key.
    ///
    /// # Errors
    /// [`SeedError`] unless it is 32 bytes.
    pub fn from_base64(text: &str) -> Result<Self, SeedError> {
        let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| SeedError)?);
        bytes.as_slice().try_into().map(Self::from_bytes).map_err(|_| SeedError)
    }

    /// The 32 secret bytes, to derive further secrets from.
    pub const fn expose_secret(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// One more of it, for another holder.
    pub const fn duplicate(&self) -> Self {
        Self { bytes: self.bytes, separated: self.separated }
    }

    /// Whether it is the same, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        bool::from(self.bytes.ct_eq(&other.bytes)) && self.separated == other.separated
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
        let (signing, encryption) = if seed.separated {
            let key = |label| derive_key(&seed.bytes, label);
            (key("dm3 signing key v1"), key("dm3 encryption key v1"))
        } else {
            (Zeroizing::new(seed.bytes), Zeroizing::new(seed.bytes))
        };
        Self { signing: SigningSecret::derive(&signing), encryption: EncryptionSecret::derive(&encryption) }
    }

    /// The public halves.
    pub fn public(&self) -> PublicKeys {
        PublicKeys { signing: self.signing.public(), encryption: self.encryption.public() }
    }
}

impl PublicKeys {
    /// Whether both keys are the same, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        let signing = self.signing.as_bytes().ct_eq(other.signing.as_bytes());
        bool::from(signing & self.encryption.as_bytes().ct_eq(other.encryption.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededEntropy;

    #[test]
    fn a_nonce_is_any_text_of_one_line() {
        for nonce in ["", "0x6f6d", "a nonce", "ünï"] {
            assert_eq!(nonce.parse::<KeyNonce>().unwrap().as_str(), nonce);
        }
        for bad in ["a\nURI: https://evil.example", "\r", &"x".repeat(257)] {
            assert_eq!(bad.parse::<KeyNonce>(), Err(NonceError));
        }
        assert_eq!(KeyNonce::default().as_str(), DEFAULT_NONCE);
    }

    /// Of the derived seed every secret key can be had from every other; of the random one none.
    #[test]
    fn weakness_1_random_keys_don_t_share_one_secret() {
        let seed = KeySeed::new_random(&SeededEntropy::new(1));
        let keys = ProfileKeys::derive(&seed).public();
        let shared = ProfileKeys::derive(&KeySeed::from_bytes(*seed.expose_secret())).public();
        assert!(keys.signing != shared.signing && keys.encryption != shared.encryption);
        assert_eq!((hex::encode(keys.signing.as_bytes()), hex::encode(keys.encryption.as_bytes())), {
            let key = |label| derive_key(seed.expose_secret(), label);
            let signing = SigningSecret::derive(&key("dm3 signing key v1")).public();
            let encryption = EncryptionSecret::derive(&key("dm3 encryption key v1")).public();
            (hex::encode(signing.as_bytes()), hex::encode(encryption.as_bytes()))
        });
    }

    #[test]
    fn a_seed_is_kept_with_its_kind() {
        for seed in [KeySeed::from_bytes([7; 32]), KeySeed::new_random(&SeededEntropy::new(2))] {
            let again = KeySeed::from_kept(&seed.to_kept()).unwrap();
            assert!(again.matches(&seed) && seed.duplicate().matches(&again));
            let keys = ProfileKeys::derive(&again).public();
            assert!(keys.matches(&ProfileKeys::derive(&seed).public()));
        }
        assert!(!KeySeed::from_bytes([1; 32]).matches(&KeySeed::from_kept(&[[1; 33]].concat()).unwrap()));
        for bad in [&[1; 31][..], &[2; 33], &[1; 34], &[]] {
            assert!(KeySeed::from_kept(bad).is_err());
        }
    }
}
