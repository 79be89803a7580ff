//! A voucher: the promise of slots that goes along with a message.
//!
//! ```text
//! digest = keccak256(0x1901 ‖ domain ‖ keccak256(type ‖ sender ‖ receiver ‖ epoch ‖ first ‖ count ‖ topic))   EIP-712
//! domain = keccak256(type ‖ keccak256("dm3 deposit") ‖ keccak256("1") ‖ chain ‖ contract)
//! ```

use serde_json::Value;

use super::{Slots, Terms, epoch_of};
use crate::identity::Address;
use crate::identity::typed_data::{Domain, Kind, word};
use crate::identity::wallet_signature::recover_hash;
use crate::seal::json::{integer, object};

const VOUCHER: Kind = Kind {
    name: "Voucher",
    members: &[
        ("sender", "address"),
        ("receiver", "address"),
        ("epoch", "uint64"),
        ("first", "uint16"),
        ("count", "uint16"),
        ("topic", "bytes32"),
    ],
};
pub(super) const BURN: Kind = Kind { name: "Burn", members: &[("voucher", "bytes32"), ("slots", "uint256")] };
/// Half of the curve's order: a signature whose number s is above it is refused by the contract.
const HALF_ORDER: &str = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0";
/// How long before an epoch its vouchers are taken, in milliseconds: clocks differ, and the contract covers it.
const EARLY: u64 = 10 * 60 * 1000;

/// What binds a voucher to a conversation: 32 bytes that its sender chooses at random. The contract does not look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Topic([u8; 32]);

/// What is promised, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Voucher {
    /// The number of the contract's chain.
    pub chain: u64,
    /// The contract that holds the deposit.
    pub contract: Address,
    /// Who deposited.
    pub sender: Address,
    /// Who may burn.
    pub receiver: Address,
    /// The week in which it was given.
    pub epoch: u64,
    /// Which slots of it.
    pub slots: Slots,
    /// Which conversation it is for.
    pub topic: Topic,
}

/// A voucher with a signature that nobody has looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedVoucher {
    voucher: Voucher,
    signature: String,
}

/// A voucher and the key that signed it. Whether that key is of a deposit, the chain knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenVoucher {
    voucher: Voucher,
    signature: String,
    key: Address,
}

/// The signature is not one that the contract takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the voucher's signature is none that the contract takes")]
pub struct VoucherError;

/// Why a voucher does not meet a rule, whatever the chain says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// It is for another contract or chain.
    #[error("the voucher is of another contract or chain")]
    Contract,
    /// It is of somebody else.
    #[error("the voucher is of another sender")]
    Sender,
    /// It is for somebody else.
    #[error("the voucher is for another receiver")]
    Receiver,
    /// It is of another epoch, which may be over before the receiver has had time.
    #[error("the voucher is of another week")]
    Epoch,
    /// It promises less.
    #[error("the voucher promises fewer slots than are demanded")]
    Slots,
}

impl Topic {
    /// A topic of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Voucher {
    /// What the deposit's key signs.
    pub fn digest(&self) -> [u8; 32] {
        let members = [
            word(self.sender.as_bytes()),
            word(self.receiver.as_bytes()),
            word(&self.epoch.to_be_bytes()),
            word(&self.slots.first().to_be_bytes()),
            word(&self.slots.count().to_be_bytes()),
            self.topic.0,
        ];
        self.domain().digest(&VOUCHER, &members)
    }

    /// What the receiver signs for somebody else to burn these slots, as [`Slots::bits`] has them.
    pub fn burn_digest(&self, slots: &[u8; 32]) -> [u8; 32] {
        self.domain().digest(&BURN, &[self.digest(), *slots])
    }

    /// With the signature of its digest: `0x` and 65 bytes.
    pub fn signed(self, signature: String) -> SignedVoucher {
        SignedVoucher { voucher: self, signature }
    }

    pub(super) const fn domain(&self) -> Domain<'static> {
        Domain { name: "dm3 deposit", version: "1", chain: self.chain, contract: self.contract }
    }
}

impl SignedVoucher {
    /// The member of a message's metadata that it travels in.
    pub const MEMBER: &'static str = "voucher";

    /// Reads what stands beside a message; `None` if it is no voucher.
    pub fn from_json(value: &Value) -> Option<Self> {
        let text = |member: &str| value.get(member)?.as_str();
        let address = |member: &str| Address::parse_unchecked_case(text(member)?).ok();
        let number = |member: &str| integer(value.get(member)?);
        let small = |member: &str| u16::try_from(number(member)?).ok();
        let mut topic = [0; 32];
        hex::decode_to_slice(text("topic")?.strip_prefix("0x")?, &mut topic).ok()?;
        let voucher = Voucher {
            chain: number("chain")?,
            contract: address("contract")?,
            sender: address("sender")?,
            receiver: address("receiver")?,
            epoch: number("epoch")?,
            slots: Slots::new(small("first")?, small("count")?)?,
            topic: Topic(topic),
        };
        let signature = text("signature").filter(|signature| signature.len() == 2 + 2 * 65)?;
        Some(voucher.signed(signature.to_owned()))
    }

    /// The contract that it says its deposit is in.
    pub const fn contract(&self) -> Address {
        self.voucher.contract
    }

    /// What stands beside a message.
    pub fn to_json(&self) -> Value {
        to_json(&self.voucher, &self.signature)
    }

    /// Finds the key that signed.
    ///
    /// # Errors
    /// [`VoucherError`] if the contract would not take the signature: it takes one form of each alone, so that a
    /// sender can't give a voucher that looks good and can't be burned.
    pub fn prove(self) -> Result<ProvenVoucher, VoucherError> {
        let digits = self.signature.strip_prefix("0x").ok_or(VoucherError)?.to_ascii_lowercase();
        let s = digits.get(64..128).ok_or(VoucherError)?;
        let form = digits.get(128..).ok_or(VoucherError)?;
        if s > HALF_ORDER || !matches!(form, "1b" | "1c") {
            return Err(VoucherError);
        }
        let signature = format!("0x{digits}");
        let key = recover_hash(&self.voucher.digest(), &signature).map_err(|_| VoucherError)?;
        Ok(ProvenVoucher { voucher: self.voucher, signature, key })
    }
}

impl ProvenVoucher {
    /// What is promised.
    pub const fn voucher(&self) -> &Voucher {
        &self.voucher
    }

    /// Its signature: `0x` and 65 bytes, in lower case.
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// The key that signed it.
    pub const fn key(&self) -> Address {
        self.key
    }

    /// As it stands beside a message.
    pub fn to_json(&self) -> Value {
        to_json(&self.voucher, &self.signature)
    }

    /// Whether it is what a rule demands of a sender who writes to a receiver at a time, in milliseconds since 1970.
    ///
    /// # Errors
    /// [`Misfit`] if it is not.
    pub fn is_fit(&self, terms: &Terms, sender: Address, receiver: Address, now: u64) -> Result<(), Misfit> {
        let Voucher { chain, contract, slots, epoch, .. } = self.voucher;
        if (chain, contract) != (terms.chain, terms.contract) {
            return Err(Misfit::Contract);
        }
        if self.voucher.sender != sender {
            return Err(Misfit::Sender);
        }
        if self.voucher.receiver != receiver {
            return Err(Misfit::Receiver);
        }
        if epoch != epoch_of(now) && epoch != epoch_of(now.saturating_add(EARLY)) {
            return Err(Misfit::Epoch);
        }
        if slots.count() < terms.slots { Err(Misfit::Slots) } else { Ok(()) }
    }
}

fn to_json(voucher: &Voucher, signature: &str) -> Value {
    object(vec![
        ("chain", voucher.chain.into()),
        ("contract", voucher.contract.to_string().into()),
        ("sender", voucher.sender.to_string().into()),
        ("receiver", voucher.receiver.to_string().into()),
        ("epoch", voucher.epoch.into()),
        ("first", voucher.slots.first().into()),
        ("count", voucher.slots.count().into()),
        ("topic", format!("0x{}", hex::encode(voucher.topic.0)).into()),
        ("signature", signature.into()),
    ])
}
