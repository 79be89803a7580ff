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
use crate::app::command::ServicesAsk;
use crate::app::driver::Active;
use crate::app::fault::Fault;
use crate::app::platform::{HostEvent, Platform, Purpose, TabMessage};
use crate::app::{changes, stake};

/// How often it is looked at how it stands with them while that is shown: milliseconds.
const WATCH: u32 = 2_000;

/// Shows them, and how it stands with each, for as long as that is shown.
pub(super) async fn watch<P: Platform>(at: Active<P>) {
    look(&at).await;
    loop {
        let links = at.engine.leads().then(|| at.engine.connections());
        if !change_services(&at, |services| services.links = links) {
            return;
        }
        at.driver.platform.clock().sleep(WATCH).await;
    }
}

/// Finds out which there are. What is wanted instead stays.
async fn look<P: Platform>(at: &Active<P>) {
    let found = at.session().services().await.map_err(Fault::from);
    change_services(at, |services| {
        let as_found = !services.is_changed();
        services.found = Some(found);
        if as_found {
            services.wanted = services.listed().to_vec();
        }
    });
}

/// Does what somebody wants of them.
pub(super) async fn carry_out<P: Platform>(at: &Active<P>, ask: ServicesAsk) {
    match ask {
        ServicesAsk::Add(typed) => add(at, &typed).await,
        ServicesAsk::Keep(name) => change_wanted(at, |wanted| wanted.push(name)),
        ServicesAsk::Remove(name) => change_wanted(at, |wanted| {
            if wanted.len() > 1 {
                wanted.retain(|listed| *listed != name);
            }
        }),
        ServicesAsk::Move(name, earlier) => change_wanted(at, |wanted| {
            let from = wanted.iter().position(|listed| *listed == name);
            let to = from.and_then(|from| if earlier { from.checked_sub(1) } else { Some(from + 1) });
            if let (Some(from), Some(to)) = (from, to.filter(|to| *to < wanted.len())) {
                wanted.swap(from, to);
            }
        }),
        ServicesAsk::Leave => {
            let mut leaves = false;
            change_services(at, |services| {
                leaves = !services.step.is_busy();
                if leaves {
                    services.wanted = services.listed().to_vec();
                    (services.signed, services.step, services.failed) = (None, Listing::Idle, None);
                }
            });
            // Who leaves what was signed learns whether others find it all the same.
            if leaves {
                look(at).await;
            }
        }
        ServicesAsk::Publish => publish(at).await,
    }
}

async fn add<P: Platform>(at: &Active<P>, typed: &str) {
    let mut beside = None;
    change_services(at, |services| {
        if !services.step.is_busy() {
            beside = Some(services.wanted.clone());
            (services.step, services.failed) = (Listing::Looking, None);
        }
    });
    let Some(beside) = beside else { return };
    match at.session().find_service(typed, &beside).await {
        Ok(name) => {
            change_services(at, |services| services.step = Listing::Idle);
            change_wanted(at, |wanted| wanted.push(name));
        }
        Err(error) => failed(at, error.into()),
    }
}

async fn publish<P: Platform>(at: &Active<P>) {
    let mut going = None;
    change_services(at, |services| {
        if services.is_changed() && !services.step.is_busy() {
            going = Some((services.wanted.clone(), services.signed.clone()));
            (services.step, services.failed) = (Listing::Signing, None);
        }
    });
    let Some((wanted, signed)) = going else { return };
    let signed = match signed {
        Some(signed) => Ok(signed),
        None => sign(at, &wanted).await,
    };
    let signed = match signed {
        Ok(signed) => signed,
        Err(why) => return failed(at, why),
    };
    change_services(at, |services| {
        (services.step, services.signed) = (Listing::Publishing, Some(signed.clone()));
    });
    match at.session().publish_services(&signed).await {
        Ok(()) => {
            change_services(at, |services| {
                (services.step, services.signed) = (Listing::Done, None);
                // What is found now is what is wanted.
                services.wanted = services.listed().to_vec();
            });
            // The account's other devices, the other tabs, and whichever is in touch with the services.
            at.engine.keep();
            at.driver.platform.tell_tabs(TabMessage::RecordsChanged(at.address(), None));
            changes::wake(at.clone()).await;
            look(at).await;
            // A name of the account's own holds the former list.
            ens::look_at_names(at).await;
        }
        Err(error) => {
            if error == ServicesError::Changed {
                change_services(at, |services| services.signed = None);
            }
            failed(at, error.into());
            look(at).await;
        }
    }
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
    change_services(at, |services| (services.step, services.failed) = (Listing::Idle, Some(why)));
}

/// Another list is wanted: what was signed is not for that.
fn change_wanted<P: Platform>(at: &Active<P>, change: impl FnOnce(&mut Vec<EnsName>)) {
    change_services(at, |services| {
        if !services.step.is_busy() {
            change(&mut services.wanted);
            (services.signed, services.step, services.failed) = (None, Listing::Idle, None);
        }
    });
}

fn change_services<P: Platform>(at: &Active<P>, change: impl FnOnce(&mut OwnServices)) -> bool {
    change_own(at, |shown: &mut Own| change(&mut shown.services))
}
