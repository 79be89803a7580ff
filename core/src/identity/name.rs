//! ENS names, normalised once and hashed (EIP-137, ENSIP-1, ENSIP-10, ENSIP-15).
//!
//! Names in ASCII are normalised here. The tables that all others need are many times larger than everything else:
//! a native build has them behind the feature `ensip15`, a browser fetches them when the first such name is met.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Address;
use super::name_error::NameError;
use crate::seal::keccak256;

/// The longest name we look at, in bytes. A label is shorter, so its length fits the byte that the wire
/// form gives it (ENSIP-10 lifts the 63 of DNS).
const MAX_NAME: usize = 253;

/// A normalised ENS name such as `alice.eth`. Two equal names are the same name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnsName(String);

impl EnsName {
    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes a name that was normalised before: by a library that knows ENSIP-15, or before it was stored. What
    /// can be checked without tables is checked.
    ///
    /// # Errors
    /// [`NameError`] if it can't be a normalised name.
    pub fn from_normalised(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > MAX_NAME {
            return Err(NameError::TooLong);
        }
        for label in text.split('.') {
            if label.is_ascii() {
                check_label(label)?;
            } else if let Some(bad) = label.chars().find(|c| *c <= ' ' || c.is_ascii_uppercase()) {
                return Err(NameError::Character(bad));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether deployed peers can read the name. They normalise by nameprep (RFC 3491), which refuses emoji, reads
    /// some letters as others, and refuses hyphens at either end of a name and in its third and fourth place. Their
    /// programs don't survive a name they can't read, so another is put in its place. Of the letters outside ASCII only
    /// those are taken for readable that nameprep leaves as they are whatever stands beside them.
    pub fn is_nameprep_stable(&self) -> bool {
        let mut third = self.0.chars().skip(2);
        self.0.chars().all(is_left_as_it_is)
            && !self.0.starts_with('-')
            && !self.0.ends_with('-')
            && [third.next(), third.next()] != [Some('-'); 2]
    }

    /// The address that a name carries as its first label, below whichever domain, or that stands there alone, as
    /// deployed peers may write it. Such a name speaks for that address and for no other.
    pub fn carried_address(&self) -> Option<Address> {
        let label = self.0.split('.').next()?;
        Address::parse_unchecked_case(label).ok()
    }

    /// The labels from left to right.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }

    /// The name without its first label; `None` for a top-level name.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_once('.').map(|(_, rest)| Self(rest.to_owned()))
    }

    /// The node that registry and resolvers know this name by (EIP-137).
    pub fn namehash(&self) -> [u8; 32] {
        self.labels().rev().fold([0; 32], |node, label| {
            let mut joined = [0; 64];
            joined[..32].copy_from_slice(&node);
            joined[32..].copy_from_slice(&keccak256(label.as_bytes()));
            keccak256(&joined)
        })
    }

    /// The DNS wire form that ENSIP-10 resolvers take: length-prefixed labels and a zero.
    pub fn dns_encoded(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() + 2);
        for label in self.labels() {
            // The constructor bounds the whole name below 256 bytes.
            out.push(label.len() as u8);
            out.extend_from_slice(label.as_bytes());
        }
        out.push(0);
        out
    }

    /// The name of an address below an address domain: `0x….addr.dm3.eth`, in lower case.
    pub fn of_address(address: Address, domain: &EnsName) -> Self {
        Self(format!("{}.{}", address.to_lower_hex(), domain.0))
    }

    /// An address where a name is expected: deployed peers and our nodes take it for itself.
    pub fn bare(address: Address) -> Self {
        Self(address.to_lower_hex())
    }

    /// The name under which an address publishes its primary name: `….addr.reverse` (ENSIP-3).
    pub fn reverse_of(address: Address) -> Self {
        Self(format!("{}.addr.reverse", hex::encode(address.as_bytes())))
    }

    /// Whether it was made by [`Self::reverse_of`].
    pub fn is_reverse(&self) -> bool {
        self.0.ends_with(".addr.reverse")
    }

    /// The address a name carries as its first label, if it is an address name below `domain`.
    pub fn address_below(&self, domain: &EnsName) -> Option<Address> {
        let (_, rest) = self.0.split_once('.')?;
        self.carried_address().filter(|_| rest == domain.0)
    }
}

impl FromStr for EnsName {
    type Err = NameError;

    /// Normalises a name as a person or a peer wrote it. Outside ASCII this takes the feature `ensip15`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > MAX_NAME {
            return Err(NameError::TooLong);
        }
        // The one character of ASCII whose normal form is outside: it becomes ’.
        if !text.is_ascii() || text.contains('\'') {
            return beyond_ascii(text);
        }
        let name = text.to_ascii_lowercase();
        for label in name.split('.') {
            check_label(label)?;
        }
        Ok(Self(name))
    }
}

#[cfg(feature = "ensip15")]
fn beyond_ascii(name: &str) -> Result<EnsName, NameError> {
    EnsName::from_normalised(&super::ensip15::normalise(name)?)
}

#[cfg(not(feature = "ensip15"))]
fn beyond_ascii(_: &str) -> Result<EnsName, NameError> {
    Err(NameError::NotAscii)
}

/// Whether nameprep neither refuses a character nor puts another in its place: ASCII, and letters without capitals of
/// Latin-1, Cyrillic, Hiragana, Katakana, Chinese and Korean.
fn is_left_as_it_is(letter: char) -> bool {
    letter.is_ascii()
        || matches!(letter, 'à'..='ÿ' | 'а'..='џ' | 'ぁ'..='ゔ' | 'ァ'..='ヾ' | '一'..='\u{9fa5}' | '가'..='힣')
}

/// ENSIP-15 for ASCII: letters, digits, `-`, `$`; `_` only in front; no `--` in third place.
fn check_label(label: &str) -> Result<(), NameError> {
    if label.is_empty() {
        return Err(NameError::EmptyLabel);
    }
    let rest = label.trim_start_matches('_');
    let allowed = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '$');
    if let Some(bad) = rest.chars().find(|c| !allowed(c)) {
        return Err(NameError::Character(bad));
    }
    if label.as_bytes().get(2..4) == Some(b"--") {
        return Err(NameError::Character('-'));
    }
    Ok(())
}

impl fmt::Display for EnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for EnsName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EnsName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> EnsName {
        text.parse().unwrap()
    }

    #[test]
    fn hashes_like_eip_137() {
        assert_eq!(
            hex::encode(name("Foo.ETH").namehash()),
            "de9b09fd7c5f901e23a3f19fecc54828e9c848539801e86591bd9801b019f84f"
        );
        assert_eq!(
            hex::encode(name("alice.eth").namehash()),
            "787192fc5378cc32aa956ddfdedbf26b24e8d78e40109add0eea2c1a012c3dec"
        );
    }

    #[test]
    fn encodes_for_dns() {
        assert_eq!(name("a.eth").dns_encoded(), b"\x01a\x03eth\0");
    }

    #[test]
    fn an_address_name_carries_its_address_only_below_its_own_domain() {
        let address: Address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".parse().unwrap();
        let domain = name("addr.dm3.eth");
        let alias = EnsName::of_address(address, &domain);
        assert_eq!(alias.as_str(), "0x70997970c51812dc3a010c7d01b50e0d17dc79c8.addr.dm3.eth");
        assert_eq!(alias.address_below(&domain), Some(address));
        assert_eq!(alias.address_below(&name("dm3.eth")), None);
        assert_eq!(name("alice.addr.dm3.eth").address_below(&domain), None);
    }

    #[test]
    fn names_that_were_normalised_before_are_checked_for_what_needs_no_tables() {
        for good in ["alice.eth", "ünï.eth", "’.eth", "_x.1⃣.eth"] {
            assert_eq!(EnsName::from_normalised(good).unwrap().as_str(), good);
        }
        for bad in ["Alice.eth", "ü..eth", "ü .eth", "üN.eth", "\u{fc}\n.eth", "a_b.ü", ""] {
            assert!(EnsName::from_normalised(bad).is_err(), "{bad}");
        }
        assert_eq!(EnsName::from_normalised(&"ü".repeat(200)), Err(NameError::TooLong));
    }

    #[test]
    fn deployed_peers_get_only_names_that_they_can_read() {
        let normalised = |text| EnsName::from_normalised(text).unwrap();
        for readable in ["alice.eth", "0x12.addr.dm3.eth", "a-b.eth", "_dm3.eth"] {
            assert!(name(readable).is_nameprep_stable(), "{readable}");
        }
        for readable in
            ["müller.eth", "анна.eth", "日本.eth", "ひらがな.eth", "カー.eth", "한국.eth", "ü-ü.eth"]
        {
            assert!(normalised(readable).is_nameprep_stable(), "{readable}");
        }
        for unreadable in
            ["☕.eth", "straße.eth", "-a.eth", "a.eth-", "ﬁ.eth", "ας.eth", "か\u{3099}.eth", "ü\u{fe0f}.eth"]
        {
            assert!(!normalised(unreadable).is_nameprep_stable(), "{unreadable}");
        }
    }

    #[test]
    fn refuses_what_ens_does_not_allow() {
        assert_eq!("".parse::<EnsName>(), Err(NameError::Empty));
        assert_eq!("a..eth".parse::<EnsName>(), Err(NameError::EmptyLabel));
        assert_eq!("a b.eth".parse::<EnsName>(), Err(NameError::Character(' ')));
        assert_eq!("a_b.eth".parse::<EnsName>(), Err(NameError::Character('_')));
        assert_eq!("xn--a.eth".parse::<EnsName>(), Err(NameError::Character('-')));
        assert_eq!(format!("{}.eth", "a".repeat(250)).parse::<EnsName>(), Err(NameError::TooLong));
    }
}
