//! Slots that a receiver wants burned by somebody else, who pays for the transaction (`burnFor`).
//!
//! ```text
//! ProvenVoucher ─of its slots─▶ Burn ─typed_data, signed by the receiver's wallet─▶ ConsentedBurn ─▶ any relay
//! digest = keccak256(0x1901 ‖ domain ‖ keccak256(type ‖ voucher's digest ‖ slots))   EIP-712; burns once
//! ```

use serde_json::Value;

use super::voucher::BURN;
use super::{ProvenVoucher, SignedVoucher, epoch_of};
use crate::identity::wallet_signature::{for_contracts, recover_hash};
use crate::seal::json::object;

/// The longest signature of a receiver, in bytes: contract accounts have longer ones than keys.
const MAX_CONSENT: usize = 2048;

/// Slots of a voucher, at least one, all of them promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burn {
    voucher: ProvenVoucher,
    slots: [u8; 32],
}

/// The same with a signature that may be its receiver's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentedBurn {
    burn: Burn,
    consent: Vec<u8>,
}

impl Burn {
    /// Of these slots, as [`super::Slots::bits`] has them; `None` if they are none, or others than are promised.
    pub fn new(voucher: ProvenVoucher, slots: [u8; 32]) -> Option<Self> {
        let promised = voucher.voucher().slots.bits();
        let others = slots.iter().zip(promised).any(|(slots, promised)| slots & !promised != 0);
        (!others && slots != [0; 32]).then_some(Self { voucher, slots })
    }

    /// What promises the slots.
    pub const fn voucher(&self) -> &ProvenVoucher {
        &self.voucher
    }

    /// Which slots.
    pub const fn slots(&self) -> [u8; 32] {
        self.slots
    }

    /// What the receiver signs. The contract takes it once, so it is also what the burn is known by.
    pub fn digest(&self) -> [u8; 32] {
        self.voucher.voucher().burn_digest(&self.slots)
    }

    /// What a wallet is asked to sign (`eth_signTypedData_v4`).
    pub fn typed_data(&self) -> Value {
        let voucher = self.voucher.voucher();
        let message =
            vec![("voucher", bytes(&voucher.digest()).into()), ("slots", bytes(&self.slots).into())];
        voucher.domain().request(&BURN, object(message))
    }

    /// Whether it is the time for it, in milliseconds since 1970: the voucher's epoch or the one after.
    pub fn is_timely(&self, now: u64) -> bool {
        let (now, given) = (epoch_of(now), self.voucher.voucher().epoch);
        given == now || given.checked_add(1) == Some(now)
    }

    /// With what the receiver's wallet gave for [`Self::typed_data`]: `0x` and its bytes. The contract takes an
    /// ordinary account's signature in one of the forms in which wallets give it.
    pub fn consented(self, signature: &str) -> Option<ConsentedBurn> {
        let digits = signature.strip_prefix("0x").filter(|digits| digits.len() <= 2 * MAX_CONSENT)?;
        let consent = hex::decode(digits).ok().filter(|consent| !consent.is_empty())?;
        let is_key = recover_hash(&self.digest(), signature).ok() == Some(self.voucher.voucher().receiver);
        let by_key = for_contracts(signature).ok().filter(|_| is_key);
        let consent = by_key.map_or(consent, Vec::from);
        Some(ConsentedBurn { burn: self, consent })
    }
}

impl ConsentedBurn {
    /// What is to be burned.
    pub const fn burn(&self) -> &Burn {
        &self.burn
    }

    /// The receiver's signature.
    pub fn consent(&self) -> &[u8] {
        &self.consent
    }

    /// As it goes to a relay.
    pub fn to_json(&self) -> Value {
        object(vec![
            ("voucher", self.burn.voucher.to_json()),
            ("slots", bytes(&self.burn.slots).into()),
            ("consent", bytes(&self.consent).into()),
        ])
    }

    /// Reads what [`Self::to_json`] writes; `None` if it is none that the contract could take.
    pub fn from_json(value: &Value) -> Option<Self> {
        let voucher = SignedVoucher::from_json(value.get("voucher")?)?.prove().ok()?;
        let mut slots = [0; 32];
        hex::decode_to_slice(value.get("slots")?.as_str()?.strip_prefix("0x")?, &mut slots).ok()?;
        Burn::new(voucher, slots)?.consented(value.get("consent")?.as_str()?)
    }
}

fn bytes(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
