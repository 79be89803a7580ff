//! `signature = Ed25519(secret, UTF-8(text))`, detached, in base64 (RFC 8032). dm3 signs the text itself, not
//! its hash.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey as Dalek, Verifier as _, VerifyingKey};

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
        // What `verify_strict` demands, without decompressing R: where it is not the canonical text of the point that
        // was computed, `verify` refuses it.
        if key.is_weak() || is_small_order(signature.r_bytes()) {
            return Err(SignatureError);
        }
        key.verify(text.as_bytes(), &signature).map_err(|_| SignatureError)
    }
}

/// Whether this is the canonical text of one of the eight points of small order. They have five y coordinates, of
/// which the two of order eight are spelled out.
fn is_small_order(point: &[u8; 32]) -> bool {
    const EIGHTH: [u8; 32] = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    let mut y = *point;
    y[31] &= 0x7f;
    let (first, last) = (y[0], y[31]);
    let between = |byte| y[1..31].iter().all(|b| *b == byte);
    // Zero and one; minus one; that of order eight and its opposite, which is 2^255 - 19 less it.
    (first <= 1 && last == 0 && between(0))
        || (first == 0xec && last == 0x7f && between(0xff))
        || y == EIGHTH
        || (first == 0xed - EIGHTH[0]
            && y[1..31].iter().zip(&EIGHTH[1..31]).all(|(b, eighth)| *b == !eighth)
            && last == 0x7f - EIGHTH[31])
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
    use curve25519_dalek::edwards::CompressedEdwardsY;
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha512};

    use super::*;

    #[test]
    fn the_points_of_small_order_are_known() {
        for point in EIGHT_TORSION {
            assert!(is_small_order(&point.compress().0));
        }
    }

    proptest! {
        #[test]
        fn no_other_point_is_taken_for_one_of_small_order(bytes: [u8; 32], which in 0..8_usize, at in 0..32_usize, bit in 0..8) {
            let mut near = EIGHT_TORSION[which].compress().0;
            near[at] ^= 1_u8 << bit;
            for bytes in [bytes, near] {
                let known = EIGHT_TORSION.iter().any(|point| point.compress().0 == bytes);
                // The point of order two and that of order one have a second text, with the sign of a zero.
                let sign_of_zero = [1, 0xec].contains(&bytes[0]) && bytes[31] & 0x80 != 0;
                prop_assert!(is_small_order(&bytes) == known || sign_of_zero);
            }
        }

        #[test]
        fn what_verify_strict_refuses_is_refused(seed: [u8; 32], which in 0..8_usize, nonce: u64, tries in 0..64_u64) {
            // A key with a part of small order, and an R of small order that fits where the message allows.
            let secret = Scalar::hash_from_bytes::<Sha512>(&seed);
            let key = (secret * ED25519_BASEPOINT_POINT + EIGHT_TORSION[which]).compress().0;
            for small in [true, false] {
                let nonce = if small { Scalar::ZERO } else { Scalar::from(nonce) };
                let r = nonce * ED25519_BASEPOINT_POINT + EIGHT_TORSION[(which + 1) % 8];
                let text = tries.to_string();
                let hash = Sha512::new().chain_update(r.compress().0).chain_update(key).chain_update(&text);
                let s = nonce + Scalar::from_hash(hash) * secret;
                let mut signature = [0; 64];
                signature[..32].copy_from_slice(&r.compress().0);
                signature[32..].copy_from_slice(s.as_bytes());
                let strict = VerifyingKey::from_bytes(&key)
                    .and_then(|key| key.verify_strict(text.as_bytes(), &Signature::from_bytes(&signature)));
                let ours = SigningKey::from_bytes(key).verify(&text, &STANDARD.encode(signature));
                prop_assert_eq!(ours.is_ok(), strict.is_ok());
                prop_assert!(!small || ours.is_err());
            }
        }
    }

    #[test]
    fn a_signature_that_fits_any_text_is_refused() {
        // With a key and an R of order one, S = 0 satisfies the plain equation for every text.
        let one = CompressedEdwardsY::from_slice(&EIGHT_TORSION[0].compress().0).unwrap().0;
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&one);
        let plain =
            VerifyingKey::from_bytes(&one).unwrap().verify(b"any", &Signature::from_bytes(&signature));
        assert!(plain.is_ok());
        assert!(SigningKey::from_bytes(one).verify("any", &STANDARD.encode(signature)).is_err());
    }
}
