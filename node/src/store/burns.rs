//! Burns that this server brings to the chain and pays for.

use dm3_core::delivery::BurnState;
use dm3_core::deposit::BurnFault;
use dm3_core::identity::Address;

use super::StoreError;

/// All that a transaction is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBurn {
    /// What the receiver signed.
    pub id: [u8; 32],
    /// Whose wish it is.
    pub owner: Address,
    /// Who pays.
    pub payer: Address,
    /// Which of its payer's transactions it is. Of one that is not kept yet: the first that the chain has not seen.
    pub nonce: u64,
    /// What is called.
    pub contract: Address,
    /// With what.
    pub data: Vec<u8>,
    /// How much gas it may use.
    pub gas: u64,
    /// In wei for each gas, at most.
    pub fee: u64,
    /// Of it, for who makes the block.
    pub tip: u64,
    /// When, in milliseconds since 1970.
    pub made_at: u64,
}

/// One that has its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBurn {
    /// What it is made of.
    pub burn: NewBurn,
    /// Where it stands.
    pub state: BurnState,
}

/// How many wei may be paid on a day; what waits counts with the most it can cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurnBudget {
    /// For all.
    pub all: u64,
    /// For one account.
    pub account: u64,
}

/// What became of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reserved {
    /// It is to be sent.
    New(KeptBurn),
    /// It waits already, or is on the chain.
    Known(KeptBurn),
    /// So much was paid for on this day that it can't be, too.
    Spent,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurnOutcome {
    /// Why it was in vain, if it was.
    pub fault: Option<BurnFault>,
    /// What it has cost, in wei.
    pub cost: u64,
}

impl NewBurn {
    /// What it costs at most, in wei.
    pub const fn cost(&self) -> u64 {
        self.gas.saturating_mul(self.fee)
    }

    /// On which day it counts, since 1970.
    pub const fn day(&self) -> u64 {
        self.made_at / (24 * 60 * 60 * 1000)
    }
}

/// Burns.
#[async_trait::async_trait]
pub trait BurnStore: Send + Sync {
    /// Gives a transaction its number, unless the same burn waits or is on the chain, or the budget of its day is spent.
    async fn reserve_burn(&self, burn: &NewBurn, budget: BurnBudget) -> Result<Reserved, StoreError>;

    /// The last transaction for a burn.
    async fn burn(&self, id: [u8; 32]) -> Result<Option<KeptBurn>, StoreError>;

    /// Those of an account, at most so many, the latest first.
    async fn burns_of(&self, owner: Address, most: u32) -> Result<Vec<KeptBurn>, StoreError>;

    /// Those of a payer that wait, at most so many, in their order.
    async fn waiting_burns(&self, payer: Address, most: u32) -> Result<Vec<KeptBurn>, StoreError>;

    /// Notes what became of one that waits.
    async fn settle_burn(&self, payer: Address, nonce: u64, outcome: BurnOutcome) -> Result<(), StoreError>;

    /// Forgets those that wait no more and were made before this, at most so many; says how many.
    async fn forget_burns(&self, before: u64, most: u32) -> Result<u64, StoreError>;
}
