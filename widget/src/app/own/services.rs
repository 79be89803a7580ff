//! The delivery services that take in messages for the account: how it stands with them, and another list of them.
//!
//! ```text
//! add, move, remove ─▶ wanted ──may sign?──▶ the wallet ─▶ signed ─▶ published ─▶ found
//!                        ▲          what failed goes on from where it was ◀┘
//! ```

use dm3_core::identity::{EnsName, VerifiedProfile};
use dm3_core::ports::Clock as _;
use dm3_core::session::ServicesError;

use super::ens;
use super::shown::{Listing, NotListed, Own, OwnServices, change_own};
use crate::app::command::{ServiceAct, ServicesAsk};
use crate::app::driver::Active;
use crate::app::fault::Fault;
use crate::app::platform::{HostEvent, Platform, Purpose, TabMessage};
use crate::app::{changes, stake};

/// How often it is looked at how it stands with them while that is shown: milliseconds.
const WATCH: u32 = 2_000;

/// Shows them, and how it stands with each, for as long as that is shown.
pub(super) async fn watch<P: Platform>(at: Active<P>) {
    look(&at).await;
    while let Some(mut services) = shown(&at) {
        services.links = at.engine.leads().then(|| at.engine.connections());
        show(&at, services);
        at.driver.platform.clock().sleep(WATCH).await;
    }
}

/// Finds out which there are. What is wanted instead stays.
async fn look<P: Platform>(at: &Active<P>) {
    let found = at.session().services().await.map_err(Fault::from);
    let Some(mut services) = shown(at) else { return };
    let as_found = !services.is_changed();
    services.found = Some(found);
    if as_found {
        services.wanted = services.listed().to_vec();
    }
    show(at, services);
}

/// Does what somebody wants of them. Nothing is begun while something is being done.
pub(super) async fn carry_out<P: Platform>(at: &Active<P>, ask: ServicesAsk) {
    let Some(mut services) = shown(at).filter(|services| !services.step.is_busy()) else { return };
    match ask {
        ServicesAsk::Add(typed) => return add(at, services, &typed).await,
        ServicesAsk::Publish => return publish(at, services).await,
        ServicesAsk::With(act, name) => change(&mut services.wanted, act, name),
        ServicesAsk::Leave => {
            services.wanted = services.listed().to_vec();
            show_another(at, services);
            // Who leaves what was signed learns whether others find it all the same.
            return look(at).await;
        }
    }
    show_another(at, services);
}

fn change(wanted: &mut Vec<EnsName>, act: ServiceAct, name: EnsName) {
    let Some(place) = wanted.iter().position(|listed| *listed == name) else {
        return if act == ServiceAct::Keep {
            wanted.push(name)
        };
    };
    match act {
        ServiceAct::Raise if place > 0 => wanted.swap(place, place - 1),
        ServiceAct::Lower if place + 1 < wanted.len() => wanted.swap(place, place + 1),
        // Somebody has to take messages.
        ServiceAct::Remove if wanted.len() > 1 => drop(wanted.remove(place)),
        ServiceAct::Keep | ServiceAct::Raise | ServiceAct::Lower | ServiceAct::Remove => {}
    }
}

async fn add<P: Platform>(at: &Active<P>, mut services: OwnServices, typed: &str) {
    (services.step, services.failed) = (Listing::Looking, None);
    show(at, services.clone());
    let found = at.session().find_service(typed, &services.wanted).await;
    let Some(mut services) = shown(at) else { return };
    match found {
        Ok(name) => {
            services.wanted.push(name);
            show_another(at, services);
        }
        Err(error) => failed(at, error.into()),
    }
}

async fn publish<P: Platform>(at: &Active<P>, mut services: OwnServices) {
    if !services.is_changed() {
        return;
    }
    (services.step, services.failed) = (Listing::Signing, None);
    show(at, services.clone());
    let signed = match services.signed {
        Some(signed) => Ok(signed),
        None => sign(at, &services.wanted).await,
    };
    let signed = match signed {
        Ok(signed) => signed,
        Err(why) => return failed(at, why),
    };
    // Who has left the screen has signed all the same.
    if let Some(mut services) = shown(at) {
        (services.step, services.signed) = (Listing::Publishing, Some(signed.clone()));
        show(at, services);
    }
    let published = at.session().publish_services(&signed).await;
    if published.is_ok() {
        // The account's other devices, the other tabs, and whichever is in touch with the services.
        at.engine.keep();
        at.driver.platform.tell_tabs(TabMessage::RecordsChanged(at.address(), None));
        changes::wake(at.clone()).await;
    }
    let Some(mut services) = shown(at) else { return };
    match published {
        Ok(()) => {
            (services.step, services.signed) = (Listing::Done, None);
            if let Some(Ok(found)) = &mut services.found {
                found.listed.clone_from(&services.wanted);
            }
        }
        Err(error) => {
            services.signed = Some(signed).filter(|_| error != ServicesError::Changed);
            (services.step, services.failed) = (Listing::Idle, Some(error.into()));
        }
    }
    show(at, services);
    look(at).await;
    // A name of the account's own holds the former list.
    ens::look_at_names(at).await;
}

async fn sign<P: Platform>(at: &Active<P>, wanted: &[EnsName]) -> Result<VerifiedProfile, NotListed> {
    let wallet = stake::wallet(at).map_err(|_| NotListed::NoWallet)?;
    let proposed = at.session().propose_services(wanted).await?;
    let text = proposed.registration_message(at.address());
    if !at.driver.platform.emit(HostEvent::BeforeSign { purpose: Purpose::Profile, text }) {
        return Err(NotListed::Forbidden);
    }
    Ok(at.session().sign_services(&wallet, proposed).await?)
}

fn failed<P: Platform>(at: &Active<P>, why: NotListed) {
    let Some(mut services) = shown(at) else { return };
    (services.step, services.failed) = (Listing::Idle, Some(why));
    show(at, services);
}

/// Another list is wanted: what was signed is not for that.
fn show_another<P: Platform>(at: &Active<P>, mut services: OwnServices) {
    (services.signed, services.step, services.failed) = (None, Listing::Idle, None);
    show(at, services);
}

fn shown<P: Platform>(at: &Active<P>) -> Option<OwnServices> {
    let mut shown = None;
    change_own(at, |own: &mut Own| shown = Some(own.services.clone()));
    shown
}

fn show<P: Platform>(at: &Active<P>, services: OwnServices) {
    change_own(at, |own: &mut Own| own.services = services);
}
