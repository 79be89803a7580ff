//! `X25519(secret, 9)` (RFC 7748 §5), for each sealed text's own key pair.
//!
//! curve25519-dalek has tables for multiples of the base point, of 30 KB, which no page should load. Without them it
//! doubles 252 times. Here four small tables, made at first use from the base point times 1, 2⁶⁴, 2¹²⁸ and 2¹⁹², leave
//! 60 doublings (the comb of Lim and Lee, CRYPTO '94). Every
//! operation is curve25519-dalek's, in constant time, and tables are read as a whole.

use std::sync::OnceLock;

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::traits::Identity as _;
use subtle::{ConditionallyNegatable as _, ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::Zeroizing;

/// Tables, and how many of the 64 digits each serves.
const TABLES: usize = 4;
const DIGITS: usize = 64 / TABLES;

/// One to eight times a point.
type Table = [EdwardsPoint; 8];

/// The public key of a secret one.
pub fn public_key(secret: &[u8; 32]) -> [u8; 32] {
    let digits = digits(secret);
    let tables = tables();
    let mut sum = EdwardsPoint::identity();
    for place in (0..DIGITS).rev() {
        if place + 1 < DIGITS {
            sum = sum.mul_by_cofactor();
            sum += sum;
        }
        for (number, table) in tables.iter().enumerate() {
            sum += select(table, digits[number * DIGITS + place]);
        }
    }
    sum.to_montgomery().to_bytes()
}

/// The clamped secret in digits of -8 to 8 for the powers of 16, the lowest first.
fn digits(secret: &[u8; 32]) -> Zeroizing<[i8; 64]> {
    let mut digits = Zeroizing::new([0; 64]);
    for (place, digit) in digits.iter_mut().enumerate() {
        let mut byte = secret[place / 2];
        match place {
            0 | 1 => byte &= 0xf8,
            62 | 63 => byte = byte & 0x7f | 0x40,
            _ => {}
        }
        *digit = (byte >> (4 * (place % 2)) & 0xf) as i8;
    }
    for place in 0..63 {
        let carry = (digits[place] + 8) >> 4;
        digits[place] -= carry << 4;
        digits[place + 1] += carry;
    }
    digits
}

fn tables() -> &'static [Table; TABLES] {
    static MADE: OnceLock<[Table; TABLES]> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut base = ED25519_BASEPOINT_POINT;
        let mut tables = [[base; 8]; TABLES];
        for table in &mut tables {
            let mut multiple = base;
            for entry in table {
                *entry = multiple;
                multiple += base;
            }
            base = (0..21).fold(base + base, |point, _| point.mul_by_cofactor());
        }
        tables
    })
}

/// The point times -8 to 8.
fn select(table: &Table, digit: i8) -> EdwardsPoint {
    let sign = digit >> 7;
    let size = ((digit ^ sign) - sign) as u8;
    let mut point = EdwardsPoint::identity();
    for (entry, times) in table.iter().zip(1_u8..) {
        point.conditional_assign(entry, size.ct_eq(&times));
    }
    point.conditional_negate(((sign & 1) as u8).into());
    point
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use x25519_dalek::{PublicKey, StaticSecret};

    use super::*;

    fn same_as_dalek(secret: [u8; 32]) {
        assert_eq!(public_key(&secret), PublicKey::from(&StaticSecret::from(secret)).to_bytes());
    }

    proptest! {
        #[test]
        fn a_public_key_is_the_one_that_x25519_dalek_finds(secret: [u8; 32]) {
            same_as_dalek(secret);
        }
    }

    #[test]
    fn the_secrets_at_the_edges_have_their_public_keys() {
        for byte in [0, 1, 7, 8, 0x77, 0x7f, 0x80, 0x88, 0xf0, 0xff] {
            same_as_dalek([byte; 32]);
        }
    }
}
