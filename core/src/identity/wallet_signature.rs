//! Signatures of externally owned accounts:
//! `secp256k1(keccak256("\x19Ethereum Signed Message:\n" ‖ len ‖ text))` with recovery (EIP-191, version 0x45).
//!
//! ```text
//! r ‖ s ‖ v                        65 bytes: v is 0 or 1, or 27 or 28
//! r ‖ s with v in its highest bit  64 bytes (EIP-2098)
//! ```

use super::{Address, secp256k1};
use crate::seal::keccak256;

/// A signature from which no signer can be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    /// Not `0x` and 65 bytes in hexadecimal, or 64. Smart accounts sign in other forms.
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
    let (r, s, odd) = numbers(signature)?;
    let key = secp256k1::recover(hash, &r, &s, odd).ok_or(RecoverError::Invalid)?;
    Ok(address_of(&key))
}

/// A signature in the form that contracts take: r ‖ s ‖ v, where v is 27 or 28.
///
/// # Errors
/// [`RecoverError::Form`].
pub fn for_contracts(signature: &str) -> Result<[u8; 65], RecoverError> {
    let (r, s, odd) = numbers(signature)?;
    let mut bytes = [27 + u8::from(odd); 65];
    bytes[..32].copy_from_slice(&r);
    bytes[32..64].copy_from_slice(&s);
    Ok(bytes)
}

/// A signature as wallets mostly spell it, of all the spellings that mean the same; one of another form as it is.
pub(super) fn spelled_alike(signature: &str) -> String {
    let Ok(mut bytes) = for_contracts(signature) else { return signature.to_owned() };
    let mut s = [0; 32];
    s.copy_from_slice(&bytes[32..64]);
    if let Some(low) = secp256k1::low(&s) {
        bytes[32..64].copy_from_slice(&low);
        bytes[64] = 27 + 28 - bytes[64];
    }
    format!("0x{}", hex::encode(bytes))
}

/// r, s, and whether the point is odd.
fn numbers(signature: &str) -> Result<([u8; 32], [u8; 32], bool), RecoverError> {
    let mut bytes = [0; 65];
    let digits = signature.strip_prefix("0x").ok_or(RecoverError::Form)?;
    let is_compact = digits.len() == 128;
    let length = if is_compact { 64 } else { 65 };
    hex::decode_to_slice(digits, &mut bytes[..length]).map_err(|_| RecoverError::Form)?;
    let odd = match bytes[64] {
        _ if is_compact => bytes[32] >= 0x80,
        recovery @ (0 | 1) => recovery == 1,
        // Numbers that name a chain (EIP-155) are those of transactions, not of texts.
        v @ (27 | 28) => v == 28,
        _ => return Err(RecoverError::Form),
    };
    if is_compact {
        bytes[32] &= 0x7f;
    }
    let (mut r, mut s) = ([0; 32], [0; 32]);
    r.copy_from_slice(&bytes[..32]);
    s.copy_from_slice(&bytes[32..64]);
    Ok((r, s, odd))
}

/// The address of a secp256k1 public key, given as its coordinates x ‖ y: the last 20 bytes of their hash.
pub fn address_of(coordinates: &[u8; 64]) -> Address {
    let hash = keccak256(coordinates);
    let mut address = [0; 20];
    address.copy_from_slice(&hash[12..]);
    Address::from_bytes(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the text "hello" by the wallet whose key is 32 times 7.
    fn signed() -> ([u8; 65], Address) {
        let wallet = k256::ecdsa::SigningKey::from_bytes(&[7; 32].into()).unwrap();
        let (signature, recovery) = wallet.sign_prehash_recoverable(&eip191_hash(b"hello"));
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = recovery.to_byte();
        let point = wallet.verifying_key().to_sec1_point(false);
        (bytes, address_of(point.as_bytes()[1..].try_into().unwrap()))
    }

    fn signer(bytes: &[u8]) -> Result<Address, RecoverError> {
        recover("hello", &format!("0x{}", hex::encode(bytes)))
    }

    #[test]
    fn every_form_of_the_recovery_id_is_read() {
        let (bytes, account) = signed();
        let parity = bytes[64];
        for base in [0, 27] {
            let v = base + parity;
            let with = |v: u8| [&bytes[..64], &[v]].concat();
            assert_eq!(signer(&with(v)), Ok(account), "{v}");
            assert_ne!(signer(&with(base + 1 - parity)), Ok(account), "{v}");
            let text = format!("0x{}", hex::encode(with(v)));
            assert_eq!(for_contracts(&text).unwrap().as_slice(), with(27 + parity), "{v}");
        }
        for v in (2..27).chain(29..=255) {
            assert_eq!(signer(&[&bytes[..64], &[v]].concat()), Err(RecoverError::Form), "{v}");
        }
    }

    #[test]
    fn all_spellings_of_a_signature_are_spelled_alike() {
        let (mut bytes, _) = signed();
        bytes[64] += 27;
        let usual = format!("0x{}", hex::encode(bytes));
        let mut high = bytes;
        let s: [u8; 32] = bytes[32..64].try_into().unwrap();
        let order = k256::elliptic_curve::bigint::U256::from_be_hex(
            "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        );
        let other = order.wrapping_sub(&k256::elliptic_curve::bigint::U256::from_be_slice(&s));
        high[32..64].copy_from_slice(other.to_be_bytes().as_ref());
        high[64] = 55 - bytes[64];
        let mut small = bytes;
        small[64] -= 27;
        let mut compact = bytes;
        compact[32] |= (bytes[64] - 27) << 7;
        for other in [&bytes[..], &high, &small, &compact[..64]] {
            assert_eq!(spelled_alike(&format!("0x{}", hex::encode(other))), usual);
            assert_eq!(spelled_alike(&format!("0x{}", hex::encode_upper(other))), usual);
        }
        assert_eq!(spelled_alike("0x1234"), "0x1234");
    }

    #[test]
    fn a_compact_signature_has_it_in_its_highest_bit() {
        let (mut bytes, account) = signed();
        bytes[32] |= bytes[64] << 7;
        assert_eq!(signer(&bytes[..64]), Ok(account));
        let expanded = for_contracts(&format!("0x{}", hex::encode(&bytes[..64]))).unwrap();
        assert_eq!(expanded[..64], signed().0[..64]);
        assert_eq!(expanded[64], 27 + signed().0[64]);
        bytes[32] ^= 0x80;
        assert_ne!(signer(&bytes[..64]), Ok(account));
        for length in [0, 32, 63, 66] {
            assert_eq!(signer(&vec![1; length]), Err(RecoverError::Form), "{length}");
        }
        assert_eq!(recover("hello", &hex::encode(&bytes[..64])), Err(RecoverError::Form), "0x is wanted");
    }
}
