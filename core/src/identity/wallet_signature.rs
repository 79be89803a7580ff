//! Signatures of externally owned accounts:
//! `secp256k1(keccak256("\x19Ethereum Signed Message:\n" ‖ len ‖ text))` with recovery (EIP-191, version 0x45).

use super::{Address, secp256k1};
use crate::seal::keccak256;

/// A signature from which no signer can be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// Not `0x` and 65 bytes in hexadecimal. Smart accounts sign in other forms.
    #[error("not a signature of an ordinary wallet account (65 bytes in hexadecimal)")]
    Form,
    /// The numbers in it do not make a signature.
    #[error("the signature is damaged")]
    Invalid,
}

/// The hash that `personal_sign` signs.
pub fn eip191_hash(message: &[u8]) -> [u8; 32] {
    let mut text = format!("\x19Ethereum Signed Message:\n{}", message.len()).into_bytes();
    text.extend_from_slice(message);
    keccak256(&text)
}

/// The account that signed `message` with `personal_sign`.
///
/// # Errors
/// [`RecoverError`] if the signature has another form or is damaged.
pub fn recover(message: &str, signature: &str) -> Result<Address, RecoverError> {
    recover_hash(&eip191_hash(message.as_bytes()), signature)
}

/// The account that signed a 32-byte hash.
///
/// # Errors
/// As [`recover`].
pub fn recover_hash(hash: &[u8; 32], signature: &str) -> Result<Address, RecoverError> {
    let mut bytes = [0; 65];
    let digits = signature.strip_prefix("0x").ok_or(RecoverError::Form)?;
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| RecoverError::Form)?;
    let odd = match bytes[64] {
        0 | 27 => false,
        1 | 28 => true,
        _ => return Err(RecoverError::Form),
    };
    let (mut r, mut s) = ([0; 32], [0; 32]);
    r.copy_from_slice(&bytes[..32]);
    s.copy_from_slice(&bytes[32..64]);
    let key = secp256k1::recover(hash, &r, &s, odd).ok_or(RecoverError::Invalid)?;
    Ok(address_of(&key))
}

/// The address of a secp256k1 public key, given as its coordinates x ‖ y: the last 20 bytes of their hash.
pub fn address_of(coordinates: &[u8; 64]) -> Address {
    let hash = keccak256(coordinates);
    let mut address = [0; 20];
    address.copy_from_slice(&hash[12..]);
    Address::from_bytes(address)
}
