//! ENS names, normalised once and hashed (EIP-137, ENSIP-1, ENSIP-10, ENSIP-15 for ASCII).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Address;
use crate::seal::keccak256;

/// The longest name we look at, in bytes. A label is shorter, so its length fits the byte that the wire
/// form gives it (ENSIP-10 lifts the 63 of DNS).
const MAX_NAME: usize = 253;

/// A normalised ENS name such as `alice.eth`. Two equal names are the same name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnsName(String);

/// Why a text is not a name that can be looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("please enter a name")]
    Empty,
    /// An empty label: two dots in a row, or one at either end.
    #[error("a name must not begin or end with a dot, nor have two in a row")]
    EmptyLabel,
    /// Longer than 253 bytes.
    #[error("the name is too long")]
    TooLong,
    /// A character that ENS does not allow here.
    #[error("‘{0}’ can't stand here in an ENS name")]
    Character(char),
    /// Outside ASCII: needs the full ENSIP-15 tables.
    #[error("names with letters outside a–z are not supported yet")]
    NotAscii,
}

impl EnsName {
    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.0
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

    /// The name under which an address publishes its primary name: `….addr.reverse` (ENSIP-3).
    pub fn reverse_of(address: Address) -> Self {
        Self(format!("{}.addr.reverse", hex::encode(address.as_bytes())))
    }

    /// The address a name carries as its first label, if it is an address name below `domain`.
    pub fn address_below(&self, domain: &EnsName) -> Option<Address> {
        let (label, rest) = self.0.split_once('.')?;
        if rest != domain.0 {
            return None;
        }
        Address::parse_unchecked_case(label).ok()
    }
}

impl FromStr for EnsName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > MAX_NAME {
            return Err(NameError::TooLong);
        }
        if !text.is_ascii() {
            return Err(NameError::NotAscii);
        }
        let name = text.to_ascii_lowercase();
        for label in name.split('.') {
            check_label(label)?;
        }
        Ok(Self(name))
    }
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
    fn refuses_what_ens_does_not_allow() {
        assert_eq!("".parse::<EnsName>(), Err(NameError::Empty));
        assert_eq!("a..eth".parse::<EnsName>(), Err(NameError::EmptyLabel));
        assert_eq!("a b.eth".parse::<EnsName>(), Err(NameError::Character(' ')));
        assert_eq!("a_b.eth".parse::<EnsName>(), Err(NameError::Character('_')));
        assert_eq!("xn--a.eth".parse::<EnsName>(), Err(NameError::Character('-')));
        assert_eq!("bоb.eth".parse::<EnsName>(), Err(NameError::NotAscii));
        assert_eq!(format!("{}.eth", "a".repeat(250)).parse::<EnsName>(), Err(NameError::TooLong));
    }
}
