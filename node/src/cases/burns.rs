//! Burns for accounts that have no coins for them.

use std::time::Duration;

use dm3_core::delivery::{BurnReceipt, BurnState, RelayedBurns};
use dm3_core::deposit::ConsentedBurn;
use dm3_core::identity::Address;

use super::error::ApiError;
use crate::app::{App, AppState};
use crate::machine::clock::now_ms;
use crate::relay::{LastSent, RelayError};
use crate::store::StoreError;

/// How many receipts an account gets to see.
const MOST_RECEIPTS: u32 = 100;
/// How soon it is looked what became of one that was sent, and then each time twice as late, up to the time of a block.
const LOOK_FIRST: Duration = Duration::from_millis(500);
const LOOK_LAST: Duration = Duration::from_secs(12);
/// How often it is looked whether another process has left some.
const LOOK_FOR_OTHERS_EVERY: Duration = Duration::from_secs(60);

impl App {
    /// Brings a burn of an account to the chain; the same again says what became of it.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] where none are brought, [`ApiError::Burn`] if this one is not.
    pub async fn bring_burn(&self, owner: Address, wish: &ConsentedBurn) -> Result<BurnReceipt, ApiError> {
        let relay = self.relay.as_ref().ok_or(ApiError::NotFound)?;
        let known = self.store.burn(wish.burn().digest()).await?;
        if let Some(known) = known.filter(|known| !matches!(known.state, BurnState::Failed(_)))
            && known.burn.owner == owner
        {
            return Ok(relay.receipt(&known));
        }
        relay.would_take(owner, wish, now_ms())?;
        self.limits.burn(owner).inspect_err(|_| self.metrics.refused("burns"))?;
        let brought = relay.bring(self.names.chain(), self.store.as_ref(), wish, now_ms()).await;
        Ok(relay.receipt(&brought?))
    }

    /// What became of an account's burns.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn burns(&self, owner: Address) -> Result<RelayedBurns, StoreError> {
        let Some(relay) = &self.relay else {
            return Ok(RelayedBurns { contracts: Vec::new(), burns: Vec::new() });
        };
        let kept = self.store.burns_of(owner, MOST_RECEIPTS).await?;
        let burns = kept.iter().map(|kept| relay.receipt(kept)).collect();
        Ok(RelayedBurns { contracts: relay.contracts().to_vec(), burns })
    }
}

impl From<RelayError> for ApiError {
    fn from(error: RelayError) -> Self {
        match error {
            RelayError::Fault(fault) => fault.into(),
            RelayError::Chain(error) => error.into(),
            RelayError::Store(error) => error.into(),
            RelayError::Poor => Self::Unavailable,
        }
    }
}

/// Follows burns until the chain has them, for as long as the server runs.
pub async fn run(app: AppState) {
    let Some(relay) = &app.relay else { return };
    let mut sent = LastSent::new();
    let mut next = LOOK_FIRST;
    loop {
        let left = relay.follow(app.names.chain(), app.store.as_ref(), &mut sent, now_ms()).await;
        let wait = match left {
            Ok(0) => LOOK_FOR_OTHERS_EVERY,
            Ok(_) => next,
            Err(error) => {
                tracing::warn!(%error, "burns can't be followed");
                LOOK_LAST
            }
        };
        let is_woken = tokio::time::timeout(wait, relay.wake.notified()).await.is_ok();
        next = if is_woken { LOOK_FIRST } else { LOOK_LAST.min(2 * next) };
    }
}
