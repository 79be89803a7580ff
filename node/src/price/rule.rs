//! What every kind of price can say.

use dm3_core::delivery as wire;
use dm3_core::identity::Address;

pub(super) use crate::mailbox::deposits::Unsure;
use crate::store::Payment;

/// One kind of price.
#[async_trait::async_trait]
pub(super) trait Rule: Send + Sync {
    /// What is asked of an account at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// [`Unsure`] if that can't be found out now.
    async fn price(&self, account: Address, now: u64) -> Result<wire::Price, Unsure>;

    /// What is used up if `paid` pays for the account.
    ///
    /// # Errors
    /// [`Unsure`] if it is not known whether it pays.
    async fn accept(&self, account: Address, paid: &str, now: u64) -> Result<Option<Payment>, Unsure>;
}
