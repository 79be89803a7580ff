//! What a receiver demands to be at stake.

use serde_json::Value;

use super::Slots;
use crate::identity::Address;
use crate::seal::json::{amount, integer, object};

/// So many slots of a deposit in a contract. What its token and its slot are stands here for people to see before they
/// deposit; whoever checks the rule compares it with what the contract says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Terms {
    /// The chain's number.
    pub chain: u64,
    /// The contract that holds deposits.
    pub contract: Address,
    /// The token that is deposited there.
    pub token: Address,
    /// How much a slot is, in the token's smallest unit.
    pub slot: u128,
    /// How many slots have to be promised: at least one.
    pub slots: u16,
}

impl Terms {
    /// The name of the rule.
    pub const RULE: &'static str = "deposit";

    /// The rule's element, `{"rule":"deposit","chain":…,"contract":"0x…","token":"0x…","slot":"…","slots":…}`.
    pub fn to_json(&self) -> Value {
        object(vec![
            ("rule", Self::RULE.into()),
            ("chain", self.chain.into()),
            ("contract", self.contract.to_string().into()),
            ("token", self.token.to_string().into()),
            ("slot", self.slot.to_string().into()),
            ("slots", self.slots.into()),
        ])
    }

    /// Reads it; `None` if something is missing, or can't be met by anybody.
    pub fn from_json(rule: &Value) -> Option<Self> {
        let address = |member: &str| Address::parse_unchecked_case(rule.get(member)?.as_str()?).ok();
        let slots = u16::try_from(integer(rule.get("slots")?)?).ok()?;
        let slot = amount(rule.get("slot")?.as_str()?)?;
        Slots::new(0, slots)?;
        Some(Self {
            chain: integer(rule.get("chain")?)?,
            contract: address("contract")?,
            token: address("token")?,
            slot: (slot > 0).then_some(slot)?,
            slots,
        })
    }

    /// How much is at stake in all, in the token's smallest unit; `None` if it is more than tokens can be.
    pub fn stake(&self) -> Option<u128> {
        self.slot.checked_mul(self.slots.into())
    }
}
