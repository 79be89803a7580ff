//! What every screen has: the header, and what is said below it.

use leptos::prelude::*;

use super::attributes::{attrs, class};
use super::icons::{Picture, icon};
use super::{OnClick, goes_back, sends};
use crate::app::fault::Fault;
use crate::app::state::{Connection, Lookup, State};
use crate::app::{App, Command};
use crate::texts::{self, Word, say};

/// The top of a screen: what the screen puts there, then the button that closes the panel.
pub fn header(app: &App, classes: &'static str, content: AnyView) -> AnyView {
    // The loader listens for clicks on [data-close]: it owns the panel.
    let close = app.state.closable.get().then(|| {
        view! {
            <button {attrs(&[("class", "icon-button"), ("type", "button"), ("data-close", "true"), ("aria-label", say(Word::Close))])}>
                {icon(Picture::Close)}
            </button>
        }
    });
    view! {
        <div {attrs(&[("class", classes), ("part", "header")])}>
            {content}
            {slot("header-actions", None)}
            {close}
        </div>
    }
    .into_any()
}

/// Where the page may put something of its own, in the place of what is said else.
pub fn slot(name: &str, otherwise: Option<AnyView>) -> AnyView {
    view! { <slot {attrs(&[("name", name)])}>{otherwise}</slot> }.into_any()
}

/// A header with nothing but the button.
pub fn bare_header(app: &App) -> AnyView {
    header(app, "header header-bare", blank("title"))
}

/// The button that leads back from what is shown.
pub fn back_button(app: &App) -> AnyView {
    view! {
        <button {attrs(&[("class", "icon-button back"), ("type", "button"), ("aria-label", say(Word::Back))])} on:click=goes_back(app)>
            {icon(Picture::Back)}
        </button>
    }
    .into_any()
}

/// An element with a class and nothing in it.
pub fn blank(classes: &'static str) -> AnyView {
    view! { <div {class(classes)}></div> }.into_any()
}

/// A bar below the header: words and a way out.
pub fn bar(
    classes: &'static str,
    role: &'static str,
    words: String,
    label: &'static str,
    act: OnClick,
) -> AnyView {
    // The loader listens for clicks on [data-reload].
    let reloads = if label == say(Word::Reload) { "true" } else { "" };
    view! {
        <div {attrs(&[("class", classes), ("role", role)])}>
            <span>{words}</span>
            <button {attrs(&[("type", "button"), ("data-reload", reloads)])} on:click=act>
                {label}
            </button>
        </div>
    }
    .into_any()
}

/// The same for what did not work: what helps is to try it again, or to reload the page.
pub fn fault_bar(fault: &Fault, again: OnClick) -> AnyView {
    let word = if fault.needs_reload() { Word::Reload } else { Word::Retry };
    bar("bar", "alert", texts::fault(fault), say(word), again)
}

/// Says that the node does not answer, with a way to try now.
pub fn connection_bar(app: &App) -> Option<AnyView> {
    match app.state.connection.get() {
        Connection::Lost(fault) => Some(fault_bar(&fault, sends(app, Command::Reconnect))),
        Connection::Idle | Connection::Connecting | Connection::Live => None,
    }
}

/// How the looking up of a name goes.
pub fn lookup_note(state: State) -> Option<AnyView> {
    match state.lookup.get() {
        Lookup::Idle => None,
        Lookup::Searching => Some(note("status", "status", say(Word::Searching).to_owned())),
        Lookup::Failed(fault) => Some(note("error error-inset", "alert", texts::fault(&fault))),
    }
}

/// How many received messages could not be proven genuine.
pub fn quarantine_note(state: State) -> Option<AnyView> {
    let count = state.quarantined.get();
    (count > 0).then(|| note("note", "status", texts::quarantined(count)))
}

/// What somebody can do something about who loses nothing by it now.
pub fn advice(state: State) -> Vec<AnyView> {
    let full = state.history_full.get().then(|| say(Word::HistoryFull).to_owned());
    let clock = state.clock_error.get().map(texts::clock_error);
    full.into_iter().chain(clock).map(|words| note("note", "status", words)).collect()
}

/// A paragraph that assistive technology announces.
pub fn note(classes: &'static str, role: &'static str, words: String) -> AnyView {
    view! {
        <p {attrs(&[("class", classes), ("role", role)])}>
            {words}
        </p>
    }
    .into_any()
}
