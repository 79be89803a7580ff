//! Ethereum addresses (EIP-55).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::seal::keccak256;

/// A 20-byte Ethereum account address. Shown with the EIP-55 checksum.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address([u8; 20]);

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `0x` and 40 hexadecimal digits.
    #[error("an address is 0x followed by 40 hexadecimal digits")]
    Form,
    /// Mixed case that does not match the checksum: most likely a typing error.
    #[error("the address does not match its checksum; please check it for typing errors")]
    Checksum,
}

impl Address {
    /// The address of twenty zero bytes, which ENS uses for "none".
    pub const ZERO: Self = Self([0; 20]);

    /// Wraps raw bytes.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// `0x` and 40 lower-case digits: the form inside address names.
    pub fn to_lower_hex(&self) -> String {
        format!("0x{}", hex::encode(self.0))
    }

    /// Parses like [`FromStr`] but ignores a wrong checksum, for addresses that a machine wrote.
    pub fn parse_unchecked_case(text: &str) -> Result<Self, AddressError> {
        let digits = text.strip_prefix("0x").ok_or(AddressError::Form)?;
        let mut bytes = [0; 20];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| AddressError::Form)?;
        Ok(Self(bytes))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let address = Self::parse_unchecked_case(text)?;
        let digits = &text[2..];
        let one_case = !digits.bytes().any(|b| b.is_ascii_lowercase())
            || !digits.bytes().any(|b| b.is_ascii_uppercase());
        if one_case || address.to_string() == text { Ok(address) } else { Err(AddressError::Checksum) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = hex::encode(self.0);
        let hash = keccak256(digits.as_bytes());
        let mut text = String::from("0x");
        for (i, digit) in digits.chars().enumerate() {
            let nibble = if i % 2 == 0 { hash[i / 2] >> 4 } else { hash[i / 2] & 0x0f };
            text.push(if nibble >= 8 { digit.to_ascii_uppercase() } else { digit });
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_unchecked_case(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_eip_55_checksum() {
        for text in
            ["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"]
        {
            assert_eq!(
                Address::from_str(&text.to_lowercase().replace("0X", "0x")).unwrap().to_string(),
                text
            );
            assert_eq!(Address::from_str(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_wrong_checksum_is_a_typing_error() {
        let wrong = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD";
        assert_eq!(Address::from_str(wrong), Err(AddressError::Checksum));
        assert!(Address::parse_unchecked_case(wrong).is_ok());
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "0x",
            "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Be",
            "0xé",
        ] {
            assert_eq!(Address::from_str(text), Err(AddressError::Form), "{text}");
        }
    }
}
