//! A payment that is offered for an answer.
//!
//! ```text
//! id = keccak256(payer ‖ receiver ‖ token ‖ amount ‖ until ‖ topic), each a word
//! ```

use serde_json::Value;

use super::Minimum;
use crate::identity::Address;
use crate::identity::typed_data::word;
use crate::seal::json::{amount, integer, object};
use crate::seal::keccak256;

/// What the contract calls itself where it takes signatures.
pub(crate) const DOMAIN_NAME: &str = "dm3 attention";

/// A payment, and all that it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The number of the contract's chain.
    pub chain: u64,
    /// The contract that holds it.
    pub contract: Address,
    /// Who pays.
    pub payer: Address,
    /// Who has it for an answer.
    pub receiver: Address,
    /// Of which token.
    pub token: Address,
    /// How much was offered, in its smallest unit. Of tokens that keep a fee, less arrives.
    pub amount: u128,
    /// Until when it can be claimed, in seconds since 1970.
    pub until: u64,
    /// What binds it to a conversation: 32 bytes that the payer chooses.
    pub topic: [u8; 32],
}

/// What the contract says of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentState {
    /// Nobody has offered it.
    None,
    /// It is held; so much arrived.
    Held(u128),
    /// It was claimed, or went back.
    Done,
}

/// Why a payment does not count, whatever the chain says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is in another contract or chain.
    #[error("the payment is in another contract or chain")]
    Contract,
    /// It is of another token.
    #[error("the payment is of another token")]
    Token,
    /// It is of somebody else.
    #[error("the payment is of another sender")]
    Payer,
    /// It is for somebody else.
    #[error("the payment is for another receiver")]
    Receiver,
    /// It is less than the receiver wants.
    #[error("the payment is less than the receiver looks at")]
    Amount,
    /// It can be claimed no more.
    #[error("the payment's time is over")]
    Late,
}

impl Payment {
    /// The member of a message's metadata that it travels in.
    pub const MEMBER: &'static str = "payment";

    /// By what the contract knows it.
    pub fn id(&self) -> [u8; 32] {
        keccak256(&self.words().concat())
    }

    /// Its members, as the contract has them.
    pub(crate) fn words(&self) -> [[u8; 32]; 6] {
        [
            word(self.payer.as_bytes()),
            word(self.receiver.as_bytes()),
            word(self.token.as_bytes()),
            word(&self.amount.to_be_bytes()),
            word(&self.until.to_be_bytes()),
            self.topic,
        ]
    }

    /// What stands in a message.
    pub fn to_json(&self) -> Value {
        object(vec![
            ("chain", self.chain.into()),
            ("contract", self.contract.to_string().into()),
            ("payer", self.payer.to_string().into()),
            ("receiver", self.receiver.to_string().into()),
            ("token", self.token.to_string().into()),
            ("amount", self.amount.to_string().into()),
            ("until", self.until.into()),
            ("topic", format!("0x{}", hex::encode(self.topic)).into()),
        ])
    }

    /// Reads it; `None` if it is no payment.
    pub fn from_json(value: &Value) -> Option<Self> {
        let text = |member: &str| value.get(member)?.as_str();
        let address = |member: &str| Address::parse_unchecked_case(text(member)?).ok();
        let number = |member: &str| integer(value.get(member)?);
        let mut topic = [0; 32];
        hex::decode_to_slice(text("topic")?.strip_prefix("0x")?, &mut topic).ok()?;
        Some(Self {
            chain: number("chain")?,
            contract: address("contract")?,
            payer: address("payer")?,
            receiver: address("receiver")?,
            token: address("token")?,
            amount: amount(text("amount")?)?,
            until: number("until")?,
            topic,
        })
    }

    /// Whether it is one of this sender for this receiver that counts, at a time in milliseconds since 1970.
    ///
    /// # Errors
    /// [`Unfit`] if it is not.
    pub fn is_fit(
        &self,
        minimum: &Minimum,
        sender: Address,
        receiver: Address,
        now: u64,
    ) -> Result<(), Unfit> {
        if (self.chain, self.contract) != (minimum.chain, minimum.contract) {
            return Err(Unfit::Contract);
        }
        if self.token != minimum.token {
            return Err(Unfit::Token);
        }
        if self.payer != sender {
            return Err(Unfit::Payer);
        }
        if self.receiver != receiver {
            return Err(Unfit::Receiver);
        }
        if self.amount < minimum.amount {
            return Err(Unfit::Amount);
        }
        if self.until < now / 1000 { Err(Unfit::Late) } else { Ok(()) }
    }
}

impl PaymentState {
    /// Whether at least as much is held as a receiver looks at.
    pub const fn holds(self, minimum: &Minimum) -> bool {
        matches!(self, Self::Held(amount) if amount > 0 && amount >= minimum.amount)
    }
}
