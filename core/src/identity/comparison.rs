//! What two people read to each other to know that nobody stands between them: a number out of the keys of both.
//!
//! ```text
//! side    = address ‖ signing key (Ed25519) ‖ encryption key (X25519)
//! both    = the smaller side ‖ the larger side
//! h₀      = SHA-256("dm3 comparison code, version 1" ‖ 0x00 ‖ both)
//! hᵢ      = SHA-256(hᵢ₋₁ ‖ both)                                          5,200 times
//! code    = six groups; group g: the bytes 5g to 5g+4 of the last h as a number, modulo 100,000, in five digits
//! ```
//!
//! The rounds make looking for other keys with the same number as many times dearer.

use std::fmt;

use super::{Address, PublicKeys};
use crate::seal::sha256;

const DOMAIN: &[u8] = b"dm3 comparison code, version 1\0";
const ROUNDS: usize = 5_200;
const GROUPS: usize = 6;
const GROUP_BYTES: usize = 5;

/// Thirty digits that are alike for both sides as long as each has the other's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComparisonCode([u32; GROUPS]);

impl ComparisonCode {
    /// The number of two accounts with these keys, whichever of them is named first.
    pub fn of(one: (Address, PublicKeys), other: (Address, PublicKeys)) -> Self {
        let (one, other) = (side(&one), side(&other));
        let both = if one <= other { [one, other].concat() } else { [other, one].concat() };
        let first = sha256(&[DOMAIN, &both].concat());
        let last = (0..ROUNDS).fold(first, |hash, _| sha256(&[&hash, both.as_slice()].concat()));
        let mut groups = [0; GROUPS];
        for (group, bytes) in groups.iter_mut().zip(last.chunks(GROUP_BYTES)) {
            let number = bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
            *group = (number % 100_000) as u32;
        }
        Self(groups)
    }

    /// The groups, five digits each.
    pub fn groups(self) -> [String; GROUPS] {
        self.0.map(|group| format!("{group:05}"))
    }
}

/// The groups with blanks in between.
impl fmt::Display for ComparisonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.groups().join(" "))
    }
}

fn side((address, keys): &(Address, PublicKeys)) -> Vec<u8> {
    [address.as_bytes().as_slice(), keys.signing.as_bytes(), keys.encryption.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{KeySeed, ProfileKeys};
    use crate::seal::EncryptionKey;
    use crate::seal::signing::SigningKey;

    fn somebody(address: u8, keys: &str) -> (Address, PublicKeys) {
        (Address::from_bytes([address; 20]), ProfileKeys::derive(&KeySeed::derive(keys)).public())
    }

    #[test]
    fn both_sides_have_the_same_code_whoever_computes_it() {
        let (alice, bob) = (somebody(1, "a"), somebody(2, "b"));
        assert_eq!(ComparisonCode::of(alice, bob), ComparisonCode::of(bob, alice));
    }

    #[test]
    fn the_code_is_six_groups_of_five_digits() {
        let code = ComparisonCode::of(somebody(1, "a"), somebody(2, "b"));
        for group in code.groups() {
            assert!(group.len() == 5 && group.bytes().all(|digit| digit.is_ascii_digit()), "{group}");
        }
    }

    /// The expected digits were computed by another program from the formula above.
    #[test]
    fn the_code_follows_from_the_formula() {
        let keys = |signing, encryption| PublicKeys {
            signing: SigningKey::from_bytes([signing; 32]),
            encryption: EncryptionKey::from_bytes([encryption; 32]),
        };
        let one = (Address::from_bytes([1; 20]), keys(2, 3));
        let other = (Address::from_bytes([9; 20]), keys(4, 5));
        assert_eq!(ComparisonCode::of(other, one).to_string(), "02127 66050 50999 06616 76369 13921");
    }

    #[test]
    fn another_key_or_address_on_either_side_is_another_code() {
        let (alice, bob) = (somebody(1, "a"), somebody(2, "b"));
        let code = ComparisonCode::of(alice, bob);
        let (mallory, other) = (somebody(2, "m"), somebody(3, "b"));
        let signing = (bob.0, PublicKeys { signing: mallory.1.signing, ..bob.1 });
        let encryption = (bob.0, PublicKeys { encryption: mallory.1.encryption, ..bob.1 });
        for changed in [mallory, other, signing, encryption] {
            assert_ne!(ComparisonCode::of(alice, changed), code);
        }
    }
}
