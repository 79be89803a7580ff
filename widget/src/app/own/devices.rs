//! The devices that the account is signed in on.

use std::rc::Rc;

use dm3_core::ports::{Clock as _, StoreError};

use super::shown::{Devices, Own, change_own};
use crate::app::command::DeviceAsk;
use crate::app::driver::Active;
use crate::app::fault::Fault;
use crate::app::platform::Platform;
use crate::app::settings::Offer;
use crate::app::start::{Keep, forget, forget_late_drafts};

/// How often it is looked which there are while that is shown: milliseconds.
const WATCH: u32 = 2_000;

/// Shows which there are, for as long as that is shown.
pub(super) async fn watch<P: Platform>(at: Active<P>) {
    if !at.session().knows_devices() {
        change_own(&at, |shown: &mut Own| shown.devices = Offer::Nowhere);
        return;
    }
    loop {
        let list = match at.session().devices().await {
            Ok(list) => list,
            Err(error) => return at.storage_failed(error),
        };
        let is_shown = change_own(&at, |shown: &mut Own| match &mut shown.devices {
            Offer::Known(devices) => devices.list = list,
            other => *other = Offer::Known(Devices { list, ..Devices::default() }),
        });
        if !is_shown {
            return;
        }
        at.driver.platform.clock().sleep(WATCH).await;
    }
}

/// Does what somebody wants of them.
pub(super) async fn carry_out<P: Platform>(at: &Active<P>, ask: DeviceAsk) {
    match ask {
        DeviceAsk::Doubt(asked) => change_devices(at, |shown| shown.asked = asked),
        DeviceAsk::TurnOut(ids) => turned_out(at, at.session().turn_out(&ids).await).await,
        DeviceAsk::TurnOutOthers => turned_out(at, at.session().turn_out_others().await).await,
    }
}

async fn turned_out<P: Platform>(at: &Active<P>, noted: Result<(), StoreError>) {
    if let Err(error) = noted {
        return at.storage_failed(error);
    }
    at.engine.keep();
    let list = match at.session().devices().await {
        Ok(list) => list,
        Err(error) => return at.storage_failed(error),
    };
    change_devices(at, |shown| *shown = Devices { list, told: true, ..Devices::default() });
    // Who has a session there begins anew, and learns of it. What has not come to the node by then comes soon.
    let failed = at.session().end_sessions().await.err().map(Fault::from);
    change_devices(at, |shown| shown.failed = failed);
}

fn change_devices<P: Platform>(at: &Active<P>, change: impl FnOnce(&mut Devices)) {
    change_own(at, |shown: &mut Own| {
        if let Offer::Known(devices) = &mut shown.devices {
            change(devices);
        }
    });
}

/// Writes this device down among the account's.
pub(in crate::app) async fn note<P: Platform>(at: Active<P>) {
    if !at.session().knows_devices() {
        return;
    }
    match at.session().note_device(&at.driver.platform.device_name()).await {
        Ok(true) => at.engine.keep(),
        Ok(false) => {}
        Err(error) => at.storage_failed(error),
    }
}

/// Leaves nothing of the account here, if another of its devices has had this one signed out.
pub(in crate::app) async fn obey<P: Platform>(at: Active<P>) {
    if at.session().is_turned_out().await != Ok(true) {
        return;
    }
    let (driver, account) = (Rc::clone(&at.driver), at.address());
    // Nothing may end this halfway.
    at.driver.platform.spawn(Box::pin(async move {
        let forgotten = forget(&driver, account, Keep::Nothing).await;
        if let Some(at) = driver.active().filter(|at| at.address() == account) {
            at.storage_failed(forgotten.err().unwrap_or(StoreError::SignedOut));
        }
        forget_late_drafts(&driver, account).await;
    }));
}
