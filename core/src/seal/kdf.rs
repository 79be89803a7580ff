//! Keys for one purpose each out of one secret: `HKDF-SHA256(salt = none, secret, info = label)` (RFC 5869).

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The 32-byte key that `label` names. The secret must be hard to guess: no password.
#[allow(clippy::expect_used, reason = "32 bytes are less than the 8160 that HKDF-SHA256 can give")]
pub fn derive_key(secret: &[u8], label: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, secret)
        .expand(label.as_bytes(), key.as_mut_slice())
        .expect("32 bytes are within the limit of HKDF");
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5869, test case 3 (no salt, no info), its first 32 bytes.
    #[test]
    fn agrees_with_the_rfc() {
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d";
        assert_eq!(hex::encode(derive_key(&[0x0b; 22], "").as_slice()), expected);
        assert_ne!(derive_key(&[0x0b; 22], "a"), derive_key(&[0x0b; 22], "b"));
    }
}
