//! How much of an account is kept, and what it takes to have more.

use dm3_core::deposit::SignedVoucher;
use dm3_core::identity::Address;

use super::error::ApiError;
use crate::app::App;
use crate::config::Room;
use crate::machine::clock::now_ms;
use crate::mailbox::deposits::Unsure;
use crate::price::Lift;
use crate::store::StoreError;

impl App {
    /// What every account has.
    const fn free_room(&self) -> Room {
        Room { history: self.config.storage_limit, files: self.config.blobs.account }
    }

    /// How much room an account has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn room_of(&self, owner: Address) -> Result<Room, StoreError> {
        let Some(share) = &self.share else { return Ok(self.free_room()) };
        Ok(share.room_of(owner, now_ms()).await?.unwrap_or_else(|| self.free_room()))
    }

    /// What would lift the limit that an account with this room has reached, if `would` says that the larger room is enough.
    ///
    /// # Errors
    /// [`Unsure`] if that can't be found out now.
    pub(super) async fn lift(
        &self,
        has: Room,
        would: impl Fn(Room) -> bool,
    ) -> Result<Option<Box<Lift>>, Unsure> {
        let Some(share) = self.share.as_ref().filter(|_| has == self.free_room()) else { return Ok(None) };
        Ok(share.lift().await?.filter(|lift| would(lift.room)).map(Box::new))
    }

    /// What an account has to do for more room.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] where there is no more.
    pub async fn more_room(&self) -> Result<Lift, ApiError> {
        let share = self.share.as_ref().ok_or(ApiError::NotFound)?;
        share.lift().await?.ok_or(ApiError::NotFound)
    }

    /// Takes what an account has at stake, for more room until the week is over.
    ///
    /// # Errors
    /// [`ApiError::Unstaked`] if that is not what is wanted, [`ApiError::NotFound`] where there is no more room.
    pub async fn stake_for_room(
        &self,
        owner: Address,
        voucher: Option<SignedVoucher>,
    ) -> Result<(), ApiError> {
        let share = self.share.as_ref().ok_or(ApiError::NotFound)?;
        let is_good = match voucher {
            Some(voucher) => share.take(owner, &voucher).await?,
            None => false,
        };
        if is_good { Ok(()) } else { Err(ApiError::Unstaked(Box::new(self.more_room().await?))) }
    }
}
