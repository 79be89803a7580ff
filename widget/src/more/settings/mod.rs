//! What somebody can set, and what there is to know of a contact.

mod card;
mod choices;
mod demands;
mod offers;
mod pieces;

use leptos::prelude::*;

use self::card::card;
use self::choices::choices;
use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::part::Loader;
use crate::app::settings::{Card, Settings};
use crate::app::state::Apart;
use crate::app::{Active, App, ScreenPart, SettingsSteps};
use crate::view::states::starting;

thread_local! {
    pub(super) static LOADER: Loader<ScreenPart> = Loader::new(table);
}

part!(fn table in settings("settings") -> ScreenPart = ScreenPart { view: settings });
part!(fn steps in settings("settings") -> SettingsSteps<Active<Page>> = SettingsSteps::new());

/// The whole screen.
fn settings(app: &App, at: &Apart) -> AnyView {
    match (at.shown::<Settings>(), at.shown::<Card>()) {
        (Some(settings), _) => choices(app, settings),
        (_, Some(shown)) => card(app, shown),
        (None, None) => starting(app),
    }
}
