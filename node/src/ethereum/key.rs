//! Keys of this server on the chain: what the name gateway's answers are signed with, and what pays for burns.

use dm3_core::identity::Address;
use dm3_core::identity::wallet_signature::address_of;
use k256::ecdsa::SigningKey;
use zeroize::Zeroizing;

/// A secp256k1 key. Never shown.
pub struct EthereumKey(SigningKey);

impl EthereumKey {
    /// Reads `0x` and 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.strip_prefix("0x")?, bytes.as_mut_slice()).ok()?;
        SigningKey::from_bytes((&*bytes).into()).ok().map(Self)
    }

    /// Its account: of the gateway's, the one that the resolver contract's verifier must trust.
    pub fn address(&self) -> Address {
        let point = self.0.verifying_key().to_sec1_point(false);
        let mut coordinates = [0; 64];
        coordinates.copy_from_slice(&point.as_bytes()[1..]);
        address_of(&coordinates)
    }

    /// Signs a hash: r, s and v (27 or 28), as Solidity's `ecrecover` takes it.
    pub fn sign(&self, hash: &[u8; 32]) -> [u8; 65] {
        let (signature, recovery) = self.0.sign_prehash_recoverable(hash);
        let mut out = [0; 65];
        out[..64].copy_from_slice(&signature.to_bytes());
        out[64] = 27 + recovery.to_byte();
        out
    }
}

#[cfg(test)]
mod tests {
    use dm3_core::identity::wallet_signature::{eip191_hash, recover_hash};

    use super::*;

    #[test]
    fn a_signature_recovers_to_the_address() {
        let key = EthereumKey::from_hex(&format!("0x{}", "11".repeat(32))).unwrap();
        let hash = eip191_hash(b"answer");
        let signature = format!("0x{}", hex::encode(key.sign(&hash)));
        assert_eq!(recover_hash(&hash, &signature), Ok(key.address()));
    }

    #[test]
    fn refuses_what_is_no_key() {
        for text in ["", "0x", "0x00", &format!("0x{}", "00".repeat(32)), &"11".repeat(32)] {
            assert!(EthereumKey::from_hex(text).is_none(), "{text}");
        }
    }
}
