//! Recovery of the public key behind an ECDSA signature on secp256k1 (SEC 1 v2.0, section 4.1.6), and signatures:
//!
//! ```text
//! R = (r, y), y² = r³ + 7, y odd or even as v says       Q = r⁻¹ (s R − z G)
//! ```
//!
//! Recovering takes *variable time*: signatures, hashes and public keys are public. [`sign`] and [`public_key`] are given a
//! secret and take the same time and the same steps whatever it is (SEC 1, section 4.1.3, with the nonce of RFC 6979):
//!
//! ```text
//! R = k G     r = R.x mod n     s = k⁻¹ (z + r d), or n − s where that is smaller
//! ```
//!
//! Small rather than fast: the element ships this code. One multiplication in Montgomery form serves both moduli,
//! powers replace inversions (Fermat) and roots (p ≡ 3 mod 4), and one addition without special cases serves for
//! doubling too: Renes, Costello and Batina, "Complete addition formulas for prime order elliptic curves"
//! (EUROCRYPT 2016), algorithm 7, in homogeneous coordinates (x = X/Z, y = Y/Z).
//!
//! The curve's numbers are from SEC 2 v2.0, section 2.4.1.

use crypto_bigint::modular::{ConstMontyForm, ConstMontyParams};
use crypto_bigint::{U256, const_monty_params};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

const_monty_params!(
    FieldOrder,
    U256,
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
    "The prime p that coordinates are reduced by."
);
const_monty_params!(
    GroupOrder,
    U256,
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    "The prime n of points on the curve, which scalars are reduced by."
);

type Residue<M> = ConstMontyForm<M, { U256::LIMBS }>;
type Coordinate = Residue<FieldOrder>;
type Scalar = Residue<GroupOrder>;

/// p − 2: the power that inverts a coordinate.
const FIELD_INVERSE: U256 =
    U256::from_be_hex("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2d");
/// (p + 1) / 4: the power that is the root of a square.
const FIELD_ROOT: U256 =
    U256::from_be_hex("3fffffffffffffffffffffffffffffffffffffffffffffffffffffffbfffff0c");
/// n − 2: the power that inverts a scalar.
const GROUP_INVERSE: U256 =
    U256::from_be_hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413f");

/// b of the curve's equation y² = x³ + b.
const B: Coordinate = Coordinate::new(&U256::from_u8(7));
/// 3b, as the addition takes it.
const B3: Coordinate = Coordinate::new(&U256::from_u8(21));

/// A point in homogeneous coordinates; at infinity Z is zero.
#[derive(Clone, Copy)]
struct Point {
    x: Coordinate,
    y: Coordinate,
    z: Coordinate,
}

const INFINITY: Point = Point { x: Coordinate::ZERO, y: Coordinate::ONE, z: Coordinate::ZERO };

/// G, which generates the group.
const GENERATOR: Point = Point {
    x: Coordinate::new(&U256::from_be_hex(
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    )),
    y: Coordinate::new(&U256::from_be_hex(
        "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
    )),
    z: Coordinate::ONE,
};

/// The coordinates x ‖ y of the public key whose owner signed `hash` with (`r`, `s`), all big endian. None if no
/// key can have: a number is zero or not below n, no point has the x coordinate r, or Q is at infinity.
///
/// r stands for itself: signatures whose R has an x coordinate of n or above can't be expressed with Ethereum's v.
pub(super) fn recover(hash: &[u8; 32], r: &[u8; 32], s: &[u8; 32], odd: bool) -> Option<[u8; 64]> {
    let (r, s) = (scalar(r)?, scalar(s)?);
    let nonce_point = lift(&r, odd)?;
    let inverse = power(&Scalar::new(&r), &GROUP_INVERSE);
    let generator_times = Scalar::ZERO - inverse * Scalar::new(&U256::from_be_slice(hash));
    let nonce_point_times = inverse * Scalar::new(&s);
    let key = sum_of_products(&generator_times.retrieve(), &nonce_point_times.retrieve(), &nonce_point);
    (key.z != Coordinate::ZERO).then(|| affine(&key))
}

/// The signature r ‖ s ‖ v of a hash by a secret key, with the lower one of the two s there are and v 27 or 28. None for a
/// key that is zero or not below n, and where a nonce is of no use, which nobody has ever seen.
pub(super) fn sign(secret: &[u8; 32], hash: &[u8; 32]) -> Option<[u8; 65]> {
    let key = scalar(secret)?;
    let hash = Scalar::new(&U256::from_be_slice(hash));
    let nonce = nonce(secret, hash.retrieve().to_be_bytes().as_ref().try_into().ok()?);
    let point = affine(&generator_times(&nonce));
    let (x, y) = point.split_at(32);
    // A coordinate of n or above can't be expressed with v.
    let r = Scalar::new(&scalar(x.try_into().ok()?)?);
    let inverse = power(&Scalar::new(&scalar(&nonce)?), &GROUP_INVERSE);
    let s = inverse * (hash + r * Scalar::new(&key));
    let (low, high) = (s.retrieve(), (Scalar::ZERO - s).retrieve());
    // The signature is public.
    let is_high = low > high;
    let odd = (y[31] & 1 == 1) != is_high;
    let mut signature = [0; 65];
    signature[..32].copy_from_slice(x);
    signature[32..64].copy_from_slice(if is_high { high } else { low }.to_be_bytes().as_ref());
    signature[64] = 27 + u8::from(odd);
    (s != Scalar::ZERO).then_some(signature)
}

/// n − s where that is smaller. With the other root it belongs to the same signer.
pub(super) fn low(s: &[u8; 32]) -> Option<[u8; 32]> {
    let given = U256::from_be_slice(s);
    let other = (Scalar::ZERO - Scalar::new(&given)).retrieve();
    (other < given).then(|| other.to_be_bytes().into())
}

/// The coordinates x ‖ y of a secret key's public one. None for a key that is zero or not below n.
pub(super) fn public_key(secret: &[u8; 32]) -> Option<[u8; 64]> {
    scalar(secret)?;
    Some(affine(&generator_times(secret)))
}

/// `number` G, by as many doublings and additions whatever it is.
fn generator_times(number: &[u8; 32]) -> Point {
    let mut sum = INFINITY;
    for byte in number {
        for place in (0..8).rev() {
            sum = add(&sum, &sum);
            let more = add(&sum, &GENERATOR);
            let bit = Coordinate::new(&U256::from_u8(byte >> place & 1));
            let chosen = |a: Coordinate, b: Coordinate| a + bit * (b - a);
            sum = Point { x: chosen(sum.x, more.x), y: chosen(sum.y, more.y), z: chosen(sum.z, more.z) };
        }
    }
    sum
}

/// The nonce of RFC 6979 with SHA-256, of a key and of a hash below n.
fn nonce(key: &[u8; 32], hash: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let (mut k, mut v) = (Zeroizing::new([0; 32]), Zeroizing::new([1; 32]));
    for round in 0..2 {
        *k = keyed(&k, &[v.as_slice(), &[round], key, hash]);
        *v = keyed(&k, &[v.as_slice()]);
    }
    loop {
        *v = keyed(&k, &[v.as_slice()]);
        if scalar(&v).is_some() {
            return v;
        }
        *k = keyed(&k, &[v.as_slice(), &[0]]);
        *v = keyed(&k, &[v.as_slice()]);
    }
}

fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A short key is filled up with zeros.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&(*block).into());
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// The coordinates x ‖ y of a point that is not at infinity.
fn affine(point: &Point) -> [u8; 64] {
    let inverse = power(&point.z, &FIELD_INVERSE);
    let mut out = [0; 64];
    let (x, y) = out.split_at_mut(32);
    x.copy_from_slice((point.x * inverse).retrieve().to_be_bytes().as_ref());
    y.copy_from_slice((point.y * inverse).retrieve().to_be_bytes().as_ref());
    out
}

/// A number in [1, n).
fn scalar(bytes: &[u8; 32]) -> Option<U256> {
    let number = U256::from_be_slice(bytes);
    (number != U256::ZERO && number < *Scalar::MODULUS.as_ref()).then_some(number)
}

/// The point with this x coordinate whose y coordinate is odd or even, if there is one.
fn lift(x: &U256, odd: bool) -> Option<Point> {
    let x = Coordinate::new(x);
    let square = x * x * x + B;
    let root = power(&square, &FIELD_ROOT);
    if root * root != square {
        return None;
    }
    let y = if root.retrieve().bit_vartime(0) == odd { root } else { Coordinate::ZERO - root };
    Some(Point { x, y, z: Coordinate::ONE })
}

/// `base` to the power of `exponent`, by squaring and multiplying from the highest bit.
fn power<M: ConstMontyParams<{ U256::LIMBS }>>(base: &Residue<M>, exponent: &U256) -> Residue<M> {
    let mut result = Residue::<M>::ONE;
    for bit in (0..U256::BITS).rev() {
        result = result * result;
        if exponent.bit_vartime(bit) {
            result *= base;
        }
    }
    result
}

/// `u` G + `v` `point`, both by one run of doublings (Shamir's trick).
fn sum_of_products(u: &U256, v: &U256, point: &Point) -> Point {
    let both = add(&GENERATOR, point);
    let mut sum = INFINITY;
    for bit in (0..U256::BITS).rev() {
        sum = add(&sum, &sum);
        let addend = match (u.bit_vartime(bit), v.bit_vartime(bit)) {
            (false, false) => continue,
            (true, false) => &GENERATOR,
            (false, true) => point,
            (true, true) => &both,
        };
        sum = add(&sum, addend);
    }
    sum
}

/// The sum of any two points, equal ones and infinity too.
fn add(a: &Point, b: &Point) -> Point {
    let (xx, yy, zz) = (a.x * b.x, a.y * b.y, B3 * (a.z * b.z));
    let xy = a.x * b.y + b.x * a.y;
    let yz = a.y * b.z + b.y * a.z;
    let xz = B3 * (a.x * b.z + b.x * a.z);
    let xx = xx + xx + xx;
    let (below, above) = (yy - zz, yy + zz);
    Point { x: xy * below - yz * xz, y: above * below + xx * xz, z: above * yz + xx * xy }
}

#[cfg(test)]
mod tests {
    use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
    use proptest::prelude::*;

    use super::*;

    const ORDER: &U256 = Scalar::MODULUS.as_ref();

    fn bytes(number: &U256) -> [u8; 32] {
        number.to_be_bytes().as_ref().try_into().unwrap()
    }

    /// n − `number`.
    fn negative(number: &[u8; 32]) -> [u8; 32] {
        bytes(&ORDER.wrapping_sub(&U256::from_be_slice(number)))
    }

    /// What k256 recovers.
    fn oracle(hash: &[u8; 32], r: &[u8; 32], s: &[u8; 32], odd: bool) -> Option<[u8; 64]> {
        let signature = Signature::from_scalars(*r, *s).ok()?;
        let key = VerifyingKey::recover_from_prehash(hash, &signature, RecoveryId::new(odd, false)).ok()?;
        key.to_sec1_point(false).as_bytes()[1..].try_into().ok()
    }

    fn coordinates(key: &SigningKey) -> [u8; 64] {
        key.verifying_key().to_sec1_point(false).as_bytes()[1..].try_into().unwrap()
    }

    /// Any number; often one at an edge: close to zero, to n or to 2²⁵⁶.
    fn number() -> impl Strategy<Value = [u8; 32]> {
        let near = |base: U256| {
            (-4_i8..=4).prop_map(move |offset| {
                let distance = U256::from_u8(offset.unsigned_abs());
                let number =
                    if offset < 0 { base.wrapping_sub(&distance) } else { base.wrapping_add(&distance) };
                bytes(&number)
            })
        };
        prop_oneof![
            6 => any::<[u8; 32]>(),
            1 => near(U256::ZERO),
            1 => near(*ORDER),
            1 => near(*Coordinate::MODULUS.as_ref()),
        ]
    }

    fn signing_key() -> impl Strategy<Value = SigningKey> {
        any::<[u8; 32]>().prop_filter_map("a key", |bytes| SigningKey::from_bytes(&bytes.into()).ok())
    }

    fn parts(signature: &Signature) -> ([u8; 32], [u8; 32]) {
        let (r, s) = signature.split_bytes();
        (r.into(), s.into())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_numbers_recover_as_with_k256(hash in number(), r in number(), s in number(), odd: bool) {
            prop_assert_eq!(recover(&hash, &r, &s, odd), oracle(&hash, &r, &s, odd));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_signature_recovers_to_its_key_with_low_and_high_s(key in signing_key(), hash in number()) {
            let (signature, id) = key.sign_prehash_recoverable(&hash);
            let (r, s) = parts(&signature);
            prop_assert_eq!(recover(&hash, &r, &s, id.is_y_odd()), Some(coordinates(&key)));
            prop_assert_eq!(recover(&hash, &r, &s, !id.is_y_odd()), oracle(&hash, &r, &s, !id.is_y_odd()));
            let high = negative(&s);
            prop_assert_eq!(recover(&hash, &r, &high, !id.is_y_odd()), Some(coordinates(&key)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn signatures_and_public_keys_are_those_of_k256(key in signing_key(), hash in number()) {
            let secret: [u8; 32] = key.to_bytes().into();
            prop_assert_eq!(public_key(&secret), Some(coordinates(&key)));
            let (signature, id) = key.sign_prehash_recoverable(&hash);
            let expected = [&signature.to_bytes()[..], &[27 + id.to_byte()]].concat();
            prop_assert_eq!(sign(&secret, &hash).map(Vec::from), Some(expected));
        }
    }

    #[test]
    fn what_is_no_key_signs_nothing() {
        for outside in [[0; 32], bytes(ORDER), [0xff; 32]] {
            assert_eq!(sign(&outside, &[1; 32]), None);
            assert_eq!(public_key(&outside), None);
        }
    }

    /// With R = G and s = z the key is at infinity; with s = −z it is −2 G, where R and −z G are equal.
    #[test]
    fn equal_and_opposite_points_are_added_as_any_others() {
        let r = bytes(&GENERATOR.x.retrieve());
        let z = [5; 32];
        let opposite = negative(&z);
        assert_eq!(recover(&z, &r, &z, false), None);
        for (s, odd) in [(z, false), (z, true), (opposite, false), (opposite, true)] {
            assert_eq!(recover(&z, &r, &s, odd), oracle(&z, &r, &s, odd));
        }
        assert!(recover(&z, &r, &opposite, false).is_some());
    }

    #[test]
    fn numbers_outside_the_group_are_refused() {
        let valid = bytes(&GENERATOR.x.retrieve());
        assert!(recover(&[1; 32], &valid, &valid, true).is_some());
        for outside in [[0; 32], bytes(ORDER), [0xff; 32]] {
            assert_eq!(recover(&[1; 32], &outside, &valid, true), None);
            assert_eq!(recover(&[1; 32], &valid, &outside, true), None);
        }
        let five = bytes(&U256::from_u8(5));
        assert_eq!(recover(&[1; 32], &five, &valid, true), None, "no point has x = 5");
    }
}
