//! Keys of a device that contracts know: they sign what a contract reads, and no wallet is asked.
//!
//! ```text
//! key = HKDF-SHA256(secret: key seed, info: "dm3 deposit key v1 " ‖ hex(tag))      RFC 5869
//! ```
//!
//! The tag is random, so that two devices of an account have two keys; who has the seed and the tag has the key again.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::wallet_signature::address_of;
use super::{Address, KeySeed, secp256k1};
use crate::seal::{Entropy, derive_key};

/// What one of an account's keys is told apart by. No secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTag([u8; 16]);

/// A key on secp256k1 that signs hashes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ContractKey {
    secret: [u8; 32],
}

impl KeyTag {
    /// One that no other device draws.
    pub fn new_random(entropy: &impl Entropy) -> Self {
        let mut tag = [0; 16];
        entropy.fill(&mut tag);
        Self(tag)
    }

    /// One of these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads what [`Self::to_text`] gave.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut tag = [0; 16];
        hex::decode_to_slice(text, &mut tag).ok()?;
        Some(Self(tag))
    }

    /// As hexadecimal digits.
    pub fn to_text(self) -> String {
        hex::encode(self.0)
    }
}

impl ContractKey {
    /// The key of an account's seed and a tag.
    pub fn derive(seed: &KeySeed, tag: KeyTag) -> Self {
        let label = format!("dm3 deposit key v1 {}", tag.to_text());
        Self { secret: *derive_key(seed.expose_secret(), &label) }
    }

    /// The address by which a contract knows it. `None`: it is no key, which one of 2^128 tags gives.
    pub fn address(&self) -> Option<Address> {
        Some(address_of(&secp256k1::public_key(&self.secret)?))
    }

    /// The signature of a hash: `0x` and 65 bytes, in the one form that contracts take.
    pub fn sign(&self, hash: &[u8; 32]) -> Option<String> {
        Some(format!("0x{}", hex::encode(secp256k1::sign(&self.secret, hash)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::wallet_signature::recover_hash;

    #[test]
    fn a_key_comes_back_from_seed_and_tag_and_each_tag_has_its_own() {
        let seed = KeySeed::from_bytes([7; 32]);
        let (one, other) = (KeyTag([1; 16]), KeyTag([2; 16]));
        assert_eq!(KeyTag::from_text(&one.to_text()), Some(one));
        assert_eq!(KeyTag::from_text("01"), None);
        let key = ContractKey::derive(&seed, one);
        assert_eq!(key.address(), ContractKey::derive(&seed, one).address());
        assert_ne!(key.address(), ContractKey::derive(&seed, other).address());
        assert_ne!(key.address(), ContractKey::derive(&KeySeed::from_bytes([8; 32]), one).address());
        let signature = key.sign(&[9; 32]).unwrap();
        assert_eq!(recover_hash(&[9; 32], &signature).ok(), key.address());
    }
}
