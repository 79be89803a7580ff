//! What is the account's own: its names, its delivery services, its devices, the room it has, its deposits. And what there is to know of a contact.

mod card;
mod deposits;
mod devices;
mod ens;
mod name;
mod pieces;
mod room;
mod services;

use leptos::prelude::*;

use self::card::card;
use self::deposits::deposits;
use self::devices::devices;
use self::ens::ens;
use self::name::own_name;
use self::pieces::group;
use self::room::room;
use self::services::services;
use super::settings::pieces::screen_of;
use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::own::Own;
use crate::app::part::Loader;
use crate::app::settings::Card;
use crate::app::state::Apart;
use crate::app::{Active, App, OwnSteps, ScreenPart, ServicesSteps};
use crate::texts::{OwnWord, say};
use crate::view::states::starting;

thread_local! {
    pub(super) static LOADER: Loader<ScreenPart> = Loader::new(table);
}

part!(fn table in own("own") -> ScreenPart = ScreenPart { view: own });
part!(fn steps in own_steps("own-steps") -> OwnSteps<Active<Page>> = OwnSteps::new());
part!(fn services_steps in own("own") -> ServicesSteps<Active<Page>> = ServicesSteps::new());

/// The whole screen.
fn own(app: &App, at: &Apart) -> AnyView {
    let own = match (at.shown::<Own>(), at.shown::<Card>()) {
        (Some(own), _) => own,
        (None, Some(shown)) => return card(app, shown),
        (None, None) => return starting(app),
    };
    let body = view! {
        {group(OwnWord::Name, own_name(app, &own.name))}
        {group(OwnWord::Ens, ens(app, &own.ens))}
        {group(OwnWord::Services, services(app, &own.services, &own.ens))}
        {group(OwnWord::Devices, devices(app, &own.devices))}
        {group(OwnWord::Room, room(app, own.room.as_ref()))}
        {group(OwnWord::Deposits, deposits(app, own))}
    };
    screen_of(app, say(OwnWord::Title), body.into_any())
}
