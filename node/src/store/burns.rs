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
    /// What was offered for it before, the first offer first: the chain may take any of them yet.
    pub earlier: Vec<Offer>,
    /// Where it stands.
    pub state: BurnState,
}

/// What a transaction is worth to those who make blocks, in wei for each gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// At most.
    pub fee: u64,
    /// Of it, for who makes the block.
    pub tip: u64,
}

/// How many wei may be paid on a day; what waits counts with the most it can cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurnBudget {
    /// For all.
    pub all: u64,
    /// For one account.
    pub account: u64,
}

impl BurnBudget {
    /// Whether so much more may be paid where this is spent.
    pub const fn allows(&self, cost: u64, spent: Self) -> bool {
        spent.all.saturating_add(cost) <= self.all && spent.account.saturating_add(cost) <= self.account
    }
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
    /// What is offered for it.
    pub const fn offer(&self) -> Offer {
        Offer { fee: self.fee, tip: self.tip }
    }

    /// The same for another offer. The chain takes one of all with one number.
    pub fn at(&self, Offer { fee, tip }: Offer) -> Self {
        Self { fee, tip, ..self.clone() }
    }

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

    /// Offers more for one that waits: what it can cost counts in place of what it could before. False, and nothing is changed,
    /// if it waits no more, if something else is offered for it than is said here, or if the budget of its day does not allow it.
    async fn raise_burn(&self, kept: &KeptBurn, offer: Offer, budget: BurnBudget)
    -> Result<bool, StoreError>;

    /// Notes what became of one that waits, at the offer that was taken.
    async fn settle_burn(&self, burn: &NewBurn, outcome: BurnOutcome) -> Result<(), StoreError>;

    /// Forgets those that wait no more and were made before this, at most so many; says how many.
    async fn forget_burns(&self, before: u64, most: u32) -> Result<u64, StoreError>;
}
