//! What every kind of price can say.

use dm3_core::delivery as wire;
use dm3_core::identity::Address;

use crate::store::Payment;

/// One kind of price.
#[async_trait::async_trait]
pub(super) trait Rule: Send + Sync {
    /// What is asked of an account at `now`, in seconds since 1970.
    fn price(&self, account: Address, now: u64) -> wire::Price;

    /// What is used up if `paid` pays for the account.
    async fn accept(&self, account: Address, paid: &str, now: u64) -> Option<Payment>;
}
