//! More room for who has something at stake towards the operator.
//!
//! ```text
//! voucher of this week ─▶ Staked: the chain covers it ─▶ kept as promised ─▶ until the week is over, the larger room
//! ```
//!
//! Nothing else is remembered: the promise itself is what the room hangs on, and what the operator burns.

use std::sync::Arc;

use dm3_core::delivery as wire;
use dm3_core::deposit::{SignedVoucher, epoch_of};
use dm3_core::identity::Address;

use super::rule::Unsure;
use super::stake::Staked;
use crate::config::{Config, Room, StakedShare};
use crate::ethereum::chain::Chain;
use crate::mailbox::deposits::Deposits;
use crate::store::{Store, StoreError};

/// How many promises of an account are looked at, the latest weeks first.
const MOST_PROMISES: u32 = 16;

/// The larger room, and who has it.
pub struct Share {
    staked: Staked,
    room: Room,
}

/// What would give an account more room.
#[derive(Debug)]
pub struct Lift {
    /// What is to be at stake.
    pub price: wire::Price,
    /// How much room there is then.
    pub room: Room,
}

impl Share {
    /// What the operator has chosen, if anything.
    pub fn of(config: &Config, chain: Arc<Chain>, store: Arc<dyn Store>) -> Option<Self> {
        let StakedShare { stake: wanted, room } = config.staked_share?;
        let (chain_id, deposits) = (config.chain_id, Deposits::new(config.chain_id));
        Some(Self { staked: Staked { chain, store, chain_id, wanted, deposits }, room })
    }

    /// Takes a voucher of this account; false if it is not what is wanted.
    ///
    /// # Errors
    /// [`Unsure`] if that is not known.
    pub async fn take(&self, account: Address, voucher: &SignedVoucher) -> Result<bool, Unsure> {
        self.staked.takes(account, voucher).await
    }

    /// The larger room, if this account has given a voucher for the week of `now`, in milliseconds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn room_of(&self, account: Address, now: u64) -> Result<Option<Room>, StoreError> {
        let Staked { store, wanted, .. } = &self.staked;
        let promises = store.promises(wanted.contract, account, wanted.receiver, MOST_PROMISES).await?;
        let vouchers = promises.iter().filter_map(|text| {
            let voucher = SignedVoucher::from_json(&serde_json::from_str(text).ok()?)?;
            voucher.prove().ok()
        });
        let is_good = |proven: &dm3_core::deposit::ProvenVoucher| {
            let given = proven.voucher();
            given.epoch == epoch_of(now) && given.slots.count() >= wanted.slots
        };
        Ok({ vouchers }.any(|proven| is_good(&proven)).then_some(self.room))
    }

    /// What an account without it is told; `None` if nobody can have it, since the contract is none.
    ///
    /// # Errors
    /// [`Unsure`] if the chain can't be asked what the contract is for.
    pub async fn lift(&self) -> Result<Option<Lift>, Unsure> {
        let Some(stake) = self.staked.stake().await? else {
            tracing::error!(contract = %self.staked.wanted.contract, "staked_contract holds no deposits: nobody has more room");
            return Ok(None);
        };
        Ok(Some(Lift { price: wire::Price::Deposit(Box::new(stake)), room: self.room }))
    }
}
