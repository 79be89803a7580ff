//! What the wallet of a person is asked to send, or to sign for a contract, and what became of it, as values.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::identity::Address;
use crate::seal::json::object;

/// A transaction for the wallet of the person: what to call, with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionRequest {
    /// The contract.
    pub to: Address,
    /// How much of the chain's own coin goes along, in wei.
    pub value: u128,
    /// Selector and arguments.
    pub data: Vec<u8>,
}

/// A transaction's hash, by which its receipt is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionHash([u8; 32]);

/// What a wallet is asked to sign for a contract to read (EIP-712).
#[derive(Debug, Clone, PartialEq)]
pub struct TypedData {
    /// The JSON with `types`, `primaryType`, `domain` and `message`, of which the wallet shows the message.
    pub json: Value,
    /// The hash that is signed.
    pub digest: [u8; 32],
}

/// A text that is no hash of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the hash of a transaction")]
pub struct NoTransactionHash;

/// What a block says of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionReceipt {
    /// Which one.
    pub hash: TransactionHash,
    /// It did what it was to do; otherwise it was taken back, and its fee is paid all the same.
    pub succeeded: bool,
    /// The number of the block.
    pub block: u64,
}

impl TransactionRequest {
    /// Calls a contract, without coins.
    pub const fn call(to: Address, data: Vec<u8>) -> Self {
        Self { to, value: 0, data }
    }

    /// The only parameter of `eth_sendTransaction`.
    pub fn to_json(&self, from: Address) -> Value {
        object(vec![
            ("from", from.to_string().into()),
            ("to", self.to.to_string().into()),
            ("value", format!("0x{:x}", self.value).into()),
            ("data", format!("0x{}", hex::encode(&self.data)).into()),
        ])
    }
}

impl TransactionHash {
    /// A hash of these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for TransactionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl FromStr for TransactionHash {
    type Err = NoTransactionHash;

    fn from_str(text: &str) -> Result<Self, NoTransactionHash> {
        let mut bytes = [0; 32];
        let digits = text.strip_prefix("0x").ok_or(NoTransactionHash)?;
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| NoTransactionHash)?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_all_that_a_wallet_needs() {
        let (to, from) = (Address::from_bytes([1; 20]), Address::from_bytes([2; 20]));
        let json = TransactionRequest { to, value: 255, data: vec![1, 2] }.to_json(from);
        let said = serde_json::json!({
            "from": from.to_string(), "to": to.to_string(), "value": "0xff", "data": "0x0102",
        });
        assert_eq!(json, said);
        assert_eq!(TransactionRequest::call(to, Vec::new()).to_json(from)["value"], "0x0");
    }

    #[test]
    fn a_hash_is_32_bytes() {
        let hash = TransactionHash::from_bytes([0xab; 32]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        for none in ["", "0x", &"ab".repeat(32), &format!("0x{}", "ab".repeat(31))] {
            assert_eq!(none.parse::<TransactionHash>(), Err(NoTransactionHash), "{none}");
        }
    }
}
