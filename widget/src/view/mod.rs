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
pub(crate) mod form;
pub(crate) mod icons;
mod list;
pub mod listening;
pub(crate) mod names;
pub(crate) mod panel;
pub(crate) mod person;
pub(crate) mod screen;
pub(crate) mod share;
pub(crate) mod site;
pub(crate) mod stake;
pub(crate) mod states;
mod talk;
mod thread;
mod thread_rows;
pub(crate) mod time;

use std::sync::Arc;

use dm3_core::index::Index;
use leptos::ev::{Event, KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use leptos::tachys::view::keyed::keyed;

use crate::app::{App, Command};
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

/// What typing does.
pub(crate) type OnInput = Box<dyn FnMut(Event)>;

/// What a key does.
pub type OnKey = Box<dyn FnMut(KeyboardEvent)>;

/// A view that is there or not.
pub(crate) fn when(is_there: bool, view: impl FnOnce() -> AnyView) -> Option<AnyView> {
    is_there.then(view)
}

/// Rows by their keys: a row stays the same element for as long as its key is there, and only what has changed of it is
/// drawn anew – a screen reader would read all others again.
struct Rows<T> {
    shown: Vec<(String, ArcRwSignal<T>)>,
    row: Arc<dyn Fn(T) -> AnyView + Send + Sync>,
}

impl<T: Clone + PartialEq + Send + Sync + 'static> Rows<T> {
    /// No rows yet; `row` draws one.
    fn new(row: impl Fn(T) -> AnyView + Send + Sync + 'static) -> Self {
        Self { shown: Vec::new(), row: Arc::new(row) }
    }

    /// These and no others, with their keys.
    fn show(&mut self, wanted: Vec<(String, T)>) -> AnyView {
        let (mut known, mut places) = (Index::default(), Index::default());
        for (place, (key, _)) in self.shown.iter().enumerate() {
            known.insert(key.clone(), place);
        }
        let (mut keys, mut shown) = (Vec::new(), Vec::new());
        for (key, new) in wanted {
            let row = match known.get(&key).and_then(|place| self.shown.get(place)) {
                Some((_, row)) => {
                    if row.with_untracked(|shown| *shown != new) {
                        row.set(new);
                    }
                    row.clone()
                }
                None => ArcRwSignal::new(new),
            };
            places.insert(key.clone(), keys.len());
            keys.push(key.clone());
            shown.push((key, row));
        }
        self.shown.clone_from(&shown);
        let draw = Arc::clone(&self.row);
        let row = move |key: String| {
            let row = places.get(&key).and_then(|place| shown.get(place)).map(|(_, row)| row.clone());
            let draw = Arc::clone(&draw);
            part(move || row.as_ref().map(|row| draw(row.get())).into_any()).into_any()
        };
        rows(keys, Box::new(row))
    }
}

/// Elements by their keys. Of one type for all, because it is a lot of code.
fn rows(keys: Vec<String>, row: Box<dyn Fn(String) -> AnyView + Send>) -> AnyView {
    keyed(keys, String::clone, move |_, key| ((|_| ()) as fn(usize), row(key))).into_any()
}

/// For ARIA attributes, which are words.
pub(crate) fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
