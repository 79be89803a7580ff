//! What is the account's own: its names, its delivery services, its devices, the room it has, its deposits. And what is looked up of a contact. Loaded when
//! somebody asks for it, after the settings.
//!
//! `name`, `ens`, `services`, `devices`, `room`, `deposits` do what is wanted of each, `search` finds deposits on the chain; what is
//! shown of them all is `shown`.

mod card;
mod deposits;
pub(super) mod devices;
mod ens;
mod name;
mod room;
mod search;
mod services;
mod shown;

pub use self::shown::{
    Devices, Ens, Held, Listing, NotListed, NotPublished, OWN, Own, OwnName, OwnServices, Publishing, Room,
    Search, Unsearched,
};

use super::command::OwnAsk;
use super::driver::Active;
use super::platform::Platform;
use super::settings::put;
use super::steps::{OwnSteps, ServicesSteps};

impl<P: Platform> OwnSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self { carry_out: |at, ask| Box::pin(carry_out(at, ask)), card: |at| Box::pin(card::show(at)) }
    }
}

impl<P: Platform> ServicesSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self { carry_out: |at, ask| Box::pin(async move { services::carry_out(&at, ask).await }) }
    }
}

impl<P: Platform> Default for ServicesSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Platform> Default for OwnSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

async fn carry_out<P: Platform>(at: Active<P>, ask: OwnAsk) {
    match ask {
        OwnAsk::Show => show(at),
        OwnAsk::Name(ask) => name::carry_out(&at, ask).await,
        OwnAsk::Ens(ask) => ens::carry_out(&at, ask).await,
        OwnAsk::Services(ask) => {
            if let Ok(steps) = (at.driver.later.services)().await {
                (steps.carry_out)(at, ask).await;
            }
        }
        OwnAsk::Device(ask) => devices::carry_out(&at, ask).await,
        OwnAsk::TakeBack(contract, key) => deposits::take_back(&at, contract, key).await,
        OwnAsk::PayBack(payment) => deposits::pay_back(&at, payment).await,
        OwnAsk::StakeForRoom => room::stake(&at).await,
        OwnAsk::Search => search::further(&at).await,
        OwnAsk::SearchAt(typed) => search::typed(&at, &typed).await,
    }
}

fn show<P: Platform>(at: Active<P>) {
    put(&at, OWN, Own::new());
    at.spawn(name::look);
    at.spawn(ens::look);
    at.spawn(services::watch);
    at.spawn(devices::watch);
    at.spawn(room::look);
    at.spawn(search::begin);
}
