//! Transactions that change the records of names at the plain resolver: what they cost, who may, and what they do.

use serde_json::{Value, json};

use super::chain::{Chain, PLAIN};
use crate::identity::Address;
use crate::registry::abi::{Tuple, split_selector};
use crate::registry::json_rpc::gas_price_body;
use crate::registry::{SET_TEXT, TransactionRequest};

/// What a unit of gas costs.
pub const GAS_PRICE: u64 = 2_000_000_000;
/// How much gas a record takes, and each of its bytes.
const GAS: u64 = 50_000;
const GAS_OF_BYTE: u64 = 700;

impl Chain {
    /// Carries a transaction out; tells whether it was not refused.
    pub fn carry_out(&mut self, from: Address, transaction: &TransactionRequest) -> bool {
        let Some((node, key, value)) = set_text(transaction.to, &transaction.data) else { return false };
        if !self.may_write(node, from) {
            return false;
        }
        let name = self.names.iter_mut().find(|(name, _)| name.namehash() == node).map(|(_, name)| name);
        name.map(|name| name.texts.insert(key, value)).is_some()
    }

    /// `eth_gasPrice` and `eth_estimateGas`.
    pub(super) fn answer_about_costs(&self, body: &str) -> Option<String> {
        if body == gas_price_body() {
            return Some(json!({ "result": format!("{GAS_PRICE:#x}") }).to_string());
        }
        let asked: Value = serde_json::from_str(body).ok()?;
        let asked = asked.get("params").filter(|_| asked["method"] == "eth_estimateGas")?.get(0)?;
        let address = |member: &str| Address::parse_unchecked_case(asked.get(member)?.as_str()?).ok();
        let data = hex::decode(asked["data"].as_str()?.strip_prefix("0x")?).ok()?;
        let answer = match set_text(address("to")?, &data) {
            Some((node, _, value)) if self.may_write(node, address("from")?) => {
                json!({ "result": format!("{:#x}", GAS + GAS_OF_BYTE * value.len() as u64) })
            }
            _ => json!({ "error": { "code": 3, "message": "execution reverted" } }),
        };
        Some(answer.to_string())
    }

    fn may_write(&self, node: [u8; 32], account: Address) -> bool {
        let name = self.names.iter().find(|(name, _)| name.namehash() == node).map(|(_, name)| name);
        name.is_some_and(|name| name.gateway.is_none() && name.owner.or(name.address) == Some(account))
    }
}

/// The node, the key and the value of a call of `setText` at the plain resolver.
fn set_text(to: Address, data: &[u8]) -> Option<([u8; 32], String, String)> {
    let (selector, args) = split_selector(data).ok()?;
    let args = Tuple::new(args).ok().filter(|_| to == PLAIN && selector == SET_TEXT)?;
    Some((args.word(0).ok()?, args.string(1).ok()?.to_owned(), args.string(2).ok()?.to_owned()))
}
