//! `signature = Ed25519(secret, UTF-8(text))`, detached, in base64 (RFC 8032). dm3 signs the text itself, not
//! its hash.

use std::fmt;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use curve25519_dalek::Scalar;
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::{CompressedEdwardsY, VartimeEdwardsPrecomputation};
use curve25519_dalek::traits::VartimePrecomputedMultiscalarMul as _;
use ed25519_dalek::{Signer as _, SigningKey as Dalek};
use sha2::{Digest as _, Sha512};

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
        let bytes: &[u8; 64] = bytes.as_slice().try_into().map_err(|_| SignatureError)?;
        if satisfies(&self.0, text.as_bytes(), bytes) == Some(true) { Ok(()) } else { Err(SignatureError) }
    }
}

/// Whether `R = s·B − SHA-512(R ‖ A ‖ text)·A` (RFC 8032 §5.1.7), for a canonical `s` and points that are not of small
/// order: what `verify_strict` of ed25519-dalek demands, to which the tests compare it. `None` if `A` is no point or
/// `s` not below the order. It is a tenth faster: multiples of the base point are computed once, and R, which is
/// compared as text, is not decompressed.
fn satisfies(key: &[u8; 32], text: &[u8], signature: &[u8; 64]) -> Option<bool> {
    static BASE: OnceLock<VartimeEdwardsPrecomputation> = OnceLock::new();
    let (r, s) = signature.split_first_chunk::<32>()?;
    let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(s.try_into().ok()?))?;
    let point = CompressedEdwardsY(*key).decompress()?;
    if point.is_small_order() || is_small_order(r) {
        return Some(false);
    }
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(text).finalize();
    let hash = Scalar::from_bytes_mod_order_wide(&hash.into());
    let base = BASE.get_or_init(|| VartimeEdwardsPrecomputation::new([ED25519_BASEPOINT_POINT]));
    let expected = base.optional_mixed_multiscalar_mul([s], [hash], [Some(-point)])?;
    Some(expected.compress().0 == *r)
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
    use curve25519_dalek::constants::EIGHT_TORSION;
    use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_signature_counts_where_it_does_for_verify_strict(
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
            let strict = VerifyingKey::from_bytes(&public)
                .and_then(|key| key.verify_strict(text.as_bytes(), &Signature::from_bytes(&signature)));
            let ours = SigningKey::from_bytes(public).verify(&text, &STANDARD.encode(signature));
            prop_assert_eq!(ours.is_ok(), strict.is_ok());
            prop_assert_eq!(ours.is_ok(), whole);
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
