//! Which slots of deposits were promised to accounts here.

use dm3_core::identity::Address;

use super::StoreError;

/// Slots that a voucher promises to an account here. The chain has said that they are covered, so there are never more
/// of a deposit than it has slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The contract that holds the deposit.
    pub contract: Address,
    /// Who deposited.
    pub sender: Address,
    /// The key that signed.
    pub key: Address,
    /// The week it is for.
    pub epoch: u64,
    /// The first slot, and the first one above them.
    pub slots: std::ops::Range<u16>,
    /// Who may burn.
    pub receiver: Address,
    /// The voucher's JSON.
    pub voucher: String,
}

/// What became of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promised {
    /// It is kept.
    New,
    /// These slots were promised to this receiver before.
    Known,
    /// Some of them were promised to this receiver before, with others.
    Overlaps,
    /// Some of them were promised to somebody else. What proves it is kept for both.
    Twice,
}

/// Two vouchers that prove that slots were promised twice, in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The one that came first.
    pub one: String,
    /// The one that came after it.
    pub other: String,
}

/// Promises, and what was wrong with them.
#[async_trait::async_trait]
pub trait DepositStore: Send + Sync {
    /// Keeps a promise, unless there is another for the same slots.
    async fn promise(&self, promise: &Promise) -> Result<Promised, StoreError>;

    /// The vouchers that a sender gave to a receiver for a contract's deposit, in JSON, the latest weeks first, at most so many.
    async fn promises(
        &self,
        contract: Address,
        sender: Address,
        receiver: Address,
        most: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// What was promised to an account and to somebody else, at most so much, the latest weeks first.
    async fn double_uses(&self, owner: Address, most: u32) -> Result<Vec<Evidence>, StoreError>;

    /// Forgets promises of weeks before this one, at most so many; says how many. Evidence stays.
    async fn forget_promises(&self, before: u64, most: u32) -> Result<u64, StoreError>;
}
