//! What a transaction is worth to those who make blocks.

use dm3_core::registry::json_rpc::RpcError;
use serde_json::json;

use crate::ethereum::chain::{Chain, ChainError, quantity};

/// In wei for each gas.
pub struct Fees {
    /// At most, the tip included.
    pub fee: u64,
    /// For who makes the block.
    pub tip: u64,
}

impl Fees {
    /// The tip that the Ethereum node names, and a fee that lets the block's own double.
    ///
    /// # Errors
    /// [`ChainError`] if it can't be asked, or its chain has no such fees.
    pub async fn of(chain: &Chain) -> Result<Self, ChainError> {
        let block = chain.result("eth_getBlockByNumber", json!(["latest", false])).await?;
        let base = quantity(block.get("baseFeePerGas").ok_or(RpcError::Form)?)?;
        let tip = quantity(&chain.result("eth_maxPriorityFeePerGas", json!([])).await?)?;
        Ok(Self { fee: base.saturating_mul(2).saturating_add(tip), tip })
    }
}
