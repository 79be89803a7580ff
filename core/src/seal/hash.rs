//! The two hash functions of dm3.
//!
//! ```text
//! SHA-256     messages, profiles in links, key seeds; written down as "0x" ‖ 64 lower-case digits    FIPS 180-4
//! Keccak-256  addresses, names, wallet signatures: with the padding of before SHA-3                 Ethereum Yellow Paper
//! ```

use sha2::Digest as _;
use sha3::Keccak256;

/// Keccak-256 as Ethereum uses it (not SHA3-256).
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    Keccak256::digest(bytes).into()
}

/// SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(bytes).into()
}

/// SHA-256 of UTF-8 text, as the `0x…` text that dm3 uses for every hash it writes down.
pub fn sha256_hex(text: &str) -> String {
    format!("0x{}", hex::encode(sha256(text.as_bytes())))
}
