//! Waiting, stopped and empty.

use leptos::prelude::*;

use super::account::account_menu;
use super::attributes::{attrs, class};
use super::form::link;
use super::icons::{Picture, icon};
use super::panel::{back_button, bare_header, blank, connection_bar, header, lookup_note};
use super::{OnClick, sends, when};
use crate::app::fault::Fault;
use crate::app::part::PartMissing;
use crate::app::state::Lookup;
use crate::app::{App, Command, back};
use crate::texts::{self, Word, say};

/// The device's records are being read.
pub fn starting(app: &App) -> AnyView {
    view! {
        {untitled(app, "header")}
        <div {class("list")}>{skeleton_rows()}</div>
    }
    .into_any()
}

/// It can't go on by itself.
pub fn failed(app: &App, fault: &Fault) -> AnyView {
    view! {
        {bare_header(app)}
        <div {class("center")}>
            {icon(Picture::Alert)}
            <h2 {attrs(&[("tabindex", "-1")])}>{say(Word::Stopped)}</h2>
            <p {attrs(&[("role", "alert")])}>{texts::fault(fault)}</p>
            {way_on(fault, "true", sends(app, Command::Restart))}
        </div>
    }
    .into_any()
}

/// A part of the application could not be loaded; the rest goes on.
pub fn part_missing(app: &App, why: PartMissing, ask_again: OnClick) -> AnyView {
    view! { {untitled(app, "header header-bare")} {could_not_load(why, ask_again)} }.into_any()
}

/// A header of what is not there yet, with the way back if there is one.
fn untitled(app: &App, classes: &'static str) -> AnyView {
    let back = when(back(app.state).is_some(), || back_button(app));
    header(app, classes, view! { {back} {blank("title")} }.into_any())
}

/// Why something can't be shown that has to be loaded, and what to do about it.
pub fn could_not_load(why: PartMissing, ask_again: OnClick) -> AnyView {
    let fault = Fault::Part(why);
    view! {
        <div {class("center")}>
            {icon(Picture::Alert)}
            <p {attrs(&[("role", "alert")])}>{texts::fault(&fault)}</p>
            {way_on(&fault, "", ask_again)}
        </div>
    }
    .into_any()
}

/// The button that tries again, or reloads the page where that alone helps.
fn way_on(fault: &Fault, takes_focus: &'static str, act: OnClick) -> AnyView {
    // The loader listens for clicks on [data-reload].
    let (word, reloads) = if fault.needs_reload() { (Word::Reload, "true") } else { (Word::TryAgain, "") };
    view! {
        <button {attrs(&[("class", "button"), ("type", "button"), ("data-autofocus", takes_focus), ("data-reload", reloads)])} on:click=act>
            {say(word)}
        </button>
    }
    .into_any()
}

/// Nothing is there yet, and what to do about it.
pub fn empty(title: &'static str, help: &'static str) -> AnyView {
    view! {
        <div {class("center")}>
            {icon(Picture::Bubble)}
            <h3>{title}</h3>
            <p>{help}</p>
        </div>
    }
    .into_any()
}

/// Beside the list, before something is chosen from it.
pub fn nothing_open(app: &App) -> AnyView {
    view! {
        {bare_header(app)}
        <div {class("rest")}>{empty(say(Word::NothingOpen), say(Word::NothingOpenHelp))}</div>
    }
    .into_any()
}

/// While whom the page names is looked up, where there is nobody else to write to.
pub fn finding(app: &App) -> AnyView {
    let state = app.state;
    let account = account_menu(app, state.account.get().as_ref());
    let again = |to: String| link(say(Word::TryAgain), sends(app, Command::Open(to)));
    let failed = matches!(state.lookup.get(), Lookup::Failed(_));
    let content = view! { {blank("title")} {account} };
    view! {
        {header(app, "header", content.into_any())}
        {connection_bar(app)}
        {lookup_note(state)}
        {when(failed, || state.to.get().map(again).into_any())}
        <div {class("rest")}>{when(!failed, skeleton_bubbles)}</div>
    }
    .into_any()
}

/// Rows of a list that is being read.
pub fn skeleton_rows() -> AnyView {
    skeleton("", || {
        view! {
            <div {class("skeleton-row")}>
                {blank("skeleton-disc")}
                <div {class("skeleton-lines")}>{blank("skeleton-line")}{blank("skeleton-line")}</div>
            </div>
        }
        .into_any()
    })
}

/// Bubbles of a thread that is being read.
pub fn skeleton_bubbles() -> AnyView {
    skeleton("log-content", || blank("skeleton-bubble"))
}

fn skeleton(classes: &'static str, piece: fn() -> AnyView) -> AnyView {
    view! {
        <div {attrs(&[("class", classes), ("role", "status"), ("aria-label", say(Word::Loading))])}>
            {[piece(), piece(), piece(), piece()].into_iter().collect::<Vec<_>>()}
        </div>
    }
    .into_any()
}
