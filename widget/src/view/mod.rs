//! What is inside the panel, one file per part of the screen. Views read [`State`](crate::app::state::State) and
//! send [`Command`]s; they do no I/O.
//!
//! They are written for small WASM: a [`Part`] is a function of the state; its elements stay and are given their
//! attributes and texts anew when the state changes. All parts, handlers, rows and attributes have one type each,
//! because every further type of closure, memo or attribute costs up to a kilobyte after compression.
//!
//! Static text is written as `{"text"}`, and attributes through [`attributes::attrs`]: markup that is constant
//! throughout would be set through `innerHTML`, which Trusted Types forbid.

mod account;
pub(crate) mod attention;
pub(crate) mod attributes;
mod composer;
pub(crate) mod emoji;
pub(crate) mod files;
pub(crate) mod focus;
pub(crate) mod form;
pub(crate) mod icons;
pub(crate) mod list;
pub mod listening;
pub(crate) mod names;
pub(crate) mod panel;
pub(crate) mod person;
mod rows;
pub(crate) mod screen;
pub(crate) mod share;
pub(crate) mod site;
pub(crate) mod stake;
pub(crate) mod states;
mod talk;
mod thread;
pub(crate) mod thread_rows;
pub(crate) mod time;

use leptos::ev::{Event, KeyboardEvent, MouseEvent};
use leptos::prelude::*;

use crate::app::{App, Command, back};
pub use screen::Chat;

/// A piece of the screen that follows the state.
pub(crate) type Part = Box<dyn FnMut() -> AnyView + Send>;

/// A piece of the screen that follows what `view` reads.
pub(crate) fn part(view: impl FnMut() -> AnyView + Send + 'static) -> Part {
    Box::new(view)
}

/// What a click does.
pub(crate) type OnClick = Box<dyn FnMut(MouseEvent)>;

pub(crate) fn on_click(act: impl FnMut() + 'static) -> OnClick {
    let mut act = act;
    Box::new(move |_| act())
}

/// A click that sends one command.
pub(crate) fn sends(app: &App, command: Command) -> OnClick {
    let app = app.clone();
    on_click(move || app.command(command.clone()))
}

/// A click that leads back from what is shown.
pub(crate) fn goes_back(app: &App) -> OnClick {
    let app = app.clone();
    on_click(move || back(app.state).into_iter().for_each(|back| app.command(back)))
}

/// What typing does.
pub(crate) type OnInput = Box<dyn FnMut(Event)>;

/// What a key does.
pub type OnKey = Box<dyn FnMut(KeyboardEvent)>;

/// What some browsers report for keys that go to an input method (UI Events, appendix on keyCode).
const IME_KEY: u32 = 229;

/// Whether a key belongs to an input method: Enter chooses in its list, and Escape leaves that. Safari says of the Enter that ends
/// a composition that it is over already.
pub(crate) fn is_input_method(event: &KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == IME_KEY
}

/// A view that is there or not.
pub(crate) fn when(is_there: bool, view: impl FnOnce() -> AnyView) -> Option<AnyView> {
    is_there.then(view)
}

/// For ARIA attributes, which are words.
pub(crate) fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
