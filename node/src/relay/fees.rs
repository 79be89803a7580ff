//! What a transaction is worth to those who make blocks.

use dm3_core::registry::json_rpc::RpcError;
use serde_json::json;

use crate::ethereum::chain::{Chain, ChainError, quantity};
use crate::store::Offer;

/// What the chain asks for now, in wei for each gas.
#[derive(Debug, Clone, Copy)]
pub struct Fees {
    /// What a block takes by itself.
    base: u64,
    /// For who makes it, as the Ethereum node says.
    tip: u64,
}

impl Fees {
    /// As an Ethereum node says.
    ///
    /// # Errors
    /// [`ChainError`] if it can't be asked, or its chain has no such fees.
    pub async fn of(chain: &Chain) -> Result<Self, ChainError> {
        let block = chain.result("eth_getBlockByNumber", json!(["latest", false])).await?;
        let base = quantity(block.get("baseFeePerGas").ok_or(RpcError::Form)?)?;
        let tip = quantity(&chain.result("eth_maxPriorityFeePerGas", json!([])).await?)?;
        Ok(Self { base, tip })
    }

    /// That tip, and a fee that lets the block's own double; no more than `highest`.
    pub fn offer(self, highest: u64) -> Offer {
        let fee = self.base.saturating_mul(2).saturating_add(self.tip).min(highest);
        Offer { fee, tip: self.tip.min(fee) }
    }

    /// What to offer in the place of something that fees have risen above; `None` if they have not, or if no more can be
    /// offered that chains take and that would help.
    pub fn raise(self, old: Offer, highest: u64) -> Option<Offer> {
        if self.base.saturating_add(self.tip) <= old.fee {
            return None;
        }
        let now = self.offer(highest);
        let offer = Offer { fee: now.fee.max(least(old.fee)), tip: now.tip.max(least(old.tip)) };
        (offer.fee <= highest && offer.tip <= offer.fee && offer.fee > self.base).then_some(offer)
    }
}

/// The least that is taken in the place of so much: an eighth more.
fn least(old: u64) -> u64 {
    old.saturating_add(old.div_ceil(8).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn offer(fee: u64, tip: u64) -> Offer {
        Offer { fee, tip }
    }

    #[test]
    fn an_offer_lets_fees_double_up_to_the_highest() {
        assert_eq!(Fees { base: 100, tip: 3 }.offer(1000), offer(203, 3));
        assert_eq!(Fees { base: 100, tip: 3 }.offer(150), offer(150, 3));
        assert_eq!(Fees { base: 100, tip: 300 }.offer(150), offer(150, 150));
    }

    #[test]
    fn more_is_offered_only_where_fees_have_risen_above_and_it_helps() {
        let raise = |base, old: u64, highest| Fees { base, tip: 3 }.raise(offer(old, 3), highest);
        assert_eq!(raise(100, 203, 1000), None, "it is enough");
        assert_eq!(raise(200, 203, 1000), None, "it is just enough");
        assert_eq!(raise(201, 203, 1000), Some(offer(405, 4)), "chains want an eighth more of both");
        assert_eq!(raise(201, 203, 229), Some(offer(229, 4)), "the highest");
        assert_eq!(raise(201, 203, 228), None, "less than an eighth more");
        assert_eq!(raise(229, 203, 229), None, "the highest does not help");
        assert_eq!(raise(u64::MAX, 203, 1000), None);
        assert_eq!(Fees { base: 1, tip: 0 }.raise(offer(0, 0), 1000), Some(offer(2, 1)));
    }
}
