//! What somebody can set.

mod choices;
mod demands;
mod mail;
pub(super) mod pieces;

use leptos::prelude::*;

use self::choices::choices;
use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::part::Loader;
use crate::app::settings::{SETTINGS, Settings};
use crate::app::state::Apart;
use crate::app::{Active, App, ScreenPart, SettingsSteps};
use crate::view::screen::of_part;
use crate::view::states::starting;

thread_local! {
    pub(super) static LOADER: Loader<ScreenPart> = Loader::new(table);
}

part!(fn table in settings("settings") -> ScreenPart = ScreenPart { view: settings });
part!(fn steps in settings("settings") -> SettingsSteps<Active<Page>> = SettingsSteps::new());

/// The whole screen.
fn settings(app: &App, at: &Apart) -> AnyView {
    match at.shown::<Settings>() {
        Some(settings) => choices(app, settings),
        None if at.place > SETTINGS => {
            app.parts.own.want();
            of_part(app, app.parts.own, at)
        }
        None => starting(app),
    }
}
