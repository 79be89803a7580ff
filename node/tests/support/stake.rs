//! Vouchers, and keys on the chain.

use std::time::{SystemTime, UNIX_EPOCH};

use dm3_core::deposit::{SignedVoucher, Slots, Topic, Voucher, epoch_of};
use dm3_core::identity::Address;
use dm3_core::identity::wallet_signature::address_of;
use k256::ecdsa::SigningKey;

use super::Account;
use super::chain::DEPOSITS;

/// A key that signs vouchers.
pub struct Key(SigningKey);

impl Key {
    pub fn new(n: u8) -> Self {
        Self(SigningKey::from_bytes(&[n; 32].into()).unwrap())
    }

    pub fn address(&self) -> Address {
        let point = self.0.verifying_key().to_sec1_point(false);
        address_of(point.as_bytes()[1..].try_into().unwrap())
    }

    pub fn sign(&self, voucher: Voucher) -> SignedVoucher {
        let signature = self.sign_hash(&voucher.digest());
        voucher.signed(signature)
    }

    pub fn sign_hash(&self, hash: &[u8; 32]) -> String {
        let (signature, id) = self.0.sign_prehash_recoverable(hash);
        let form = 27 + id.to_byte();
        format!("0x{}{form:02x}", hex::encode(signature.to_bytes()))
    }
}

/// Of this week, from this slot on.
pub fn voucher(from: &Account, to: &Account, first: u16, count: u16) -> Voucher {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    Voucher {
        chain: 1,
        contract: DEPOSITS,
        sender: from.address,
        receiver: to.address,
        epoch: epoch_of(now),
        slots: Slots::new(first, count).unwrap(),
        topic: Topic::from_bytes([7; 32]),
    }
}
