//! What a payment has to be, at least, for a receiver to look at a request before others.

use serde_json::Value;

use crate::identity::Address;
use crate::seal::json::{amount, integer, object};

/// So much of a token, in a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minimum {
    /// The chain's number.
    pub chain: u64,
    /// The contract that holds payments.
    pub contract: Address,
    /// The token in which they are.
    pub token: Address,
    /// How much, in its smallest unit.
    pub amount: u128,
}

impl Minimum {
    /// The member of the settings and of the profile extension that it stands in.
    pub const MEMBER: &'static str = "attention";

    /// `{"chain":…,"contract":"0x…","token":"0x…","amount":"…"}`.
    pub fn to_json(&self) -> Value {
        object(vec![
            ("chain", self.chain.into()),
            ("contract", self.contract.to_string().into()),
            ("token", self.token.to_string().into()),
            ("amount", self.amount.to_string().into()),
        ])
    }

    /// Reads it; `None` if something is missing.
    pub fn from_json(value: &Value) -> Option<Self> {
        let address = |member: &str| Address::parse_unchecked_case(value.get(member)?.as_str()?).ok();
        Some(Self {
            chain: integer(value.get("chain")?)?,
            contract: address("contract")?,
            token: address("token")?,
            amount: amount(value.get("amount")?.as_str()?)?,
        })
    }
}
