//! How much of the account its node keeps, and how it gets more room.

use dm3_core::delivery::room::MoreRoom;

use super::deposits;
use super::shown::{Own, Room, change_own};
use crate::app::driver::Active;
use crate::app::fault::Fault;
use crate::app::platform::Platform;
use crate::app::stake::{Failure, wallet};

/// Finds out how much there is, then what is to be at stake for more.
pub(super) async fn look<P: Platform>(at: Active<P>) {
    let told = at.session().room().await.map_err(Fault::from);
    let more = told.as_ref().ok().and_then(|told| told.more.clone());
    change_own(&at, |own: &mut Own| {
        let before = own.room.take().and_then(Result::ok);
        own.room = Some(told.map(|told| Room { told, ..before.unwrap_or_else(Room::empty) }));
    });
    let Some(more) = more else { return };
    // Until it is known, it is told in the token's smallest unit.
    let token = at.session().directory().token(more.stake.terms.token).await.ok().flatten();
    change_room(&at, |room| room.token = token);
}

/// Promises what gives more.
pub(super) async fn stake<P: Platform>(at: &Active<P>) {
    let mut wanted = None;
    change_room(at, |room| {
        if !room.busy {
            wanted = room.told.more.clone();
            (room.busy, room.failed) = (true, None);
        }
    });
    let Some(MoreRoom { stake, .. }) = wanted else { return };
    let done = match wallet(at) {
        Ok(wallet) => at.session().stake_for_room(&wallet, &stake).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    // What did not fit may do so now.
    at.engine.keep();
    change_room(at, |room| {
        room.busy = false;
        match done {
            Ok(more) => room.told.more = Some(more),
            Err(failure) => room.failed = Some(failure),
        }
    });
    look(at.clone()).await;
    deposits::look(at).await;
}

fn change_room<P: Platform>(at: &Active<P>, of: impl FnOnce(&mut Room)) {
    change_own(at, |own: &mut Own| {
        if let Some(Ok(room)) = &mut own.room {
            of(room);
        }
    });
}
