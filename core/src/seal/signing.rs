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

#[cfg(test)]
mod tests {
    use curve25519_dalek::Scalar;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    use ed25519_dalek::Verifier as _;
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha512};

    use super::*;

    proptest! {
        #[test]
        fn an_r_of_small_order_is_refused_even_where_it_fits(seed: [u8; 32], which in 0..8_usize, tries in 0..64_u64) {
            // A key with a part of small order, and an R of small order that fits where the message allows.
            let secret = Scalar::hash_from_bytes::<Sha512>(&seed);
            let key = (secret * ED25519_BASEPOINT_POINT + EIGHT_TORSION[which]).compress().0;
            let r = EIGHT_TORSION[(which + 1) % 8].compress().0;
            let text = tries.to_string();
            let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(&text);
            let s = Scalar::from_hash(hash) * secret;
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&r);
            signature[32..].copy_from_slice(s.as_bytes());
            prop_assert!(SigningKey::from_bytes(key).verify(&text, &STANDARD.encode(signature)).is_err());
        }

        #[test]
        fn a_signature_counts_for_its_key_and_text_unchanged(
            seed: [u8; 32], text: String, changed in 0..128_usize, bit in 0..8, whole: bool,
        ) {
            let key = Dalek::from_bytes(&seed);
            let (mut public, mut signature) = (key.verifying_key().to_bytes(), key.sign(text.as_bytes()).to_bytes());
            match changed {
                _ if whole => {}
                0..32 => public[changed] ^= 1_u8 << bit,
                32..96 => signature[changed - 32] ^= 1_u8 << bit,
                // s and the order: the same number, and another signature, if it were taken.
                _ => {
                    let mut carry = 0;
                    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
                        let sum = u16::from(*byte) + u16::from(order) + carry;
                        (*byte, carry) = (sum as u8, sum >> 8);
                    }
                }
            }
            let verified = SigningKey::from_bytes(public).verify(&text, &STANDARD.encode(signature));
            prop_assert_eq!(verified.is_ok(), whole);
        }
    }

    /// The order of the base point (RFC 8032 §5.1).
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    #[test]
    fn a_signature_that_fits_any_text_is_refused() {
        // With a key and an R of order one, S = 0 satisfies the plain equation for every text.
        let one = EIGHT_TORSION[0].compress().0;
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&one);
        let plain =
            VerifyingKey::from_bytes(&one).unwrap().verify(b"any", &Signature::from_bytes(&signature));
        assert!(plain.is_ok());
        assert!(SigningKey::from_bytes(one).verify("any", &STANDARD.encode(signature)).is_err());
    }
}
