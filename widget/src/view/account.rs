//! Who is signed in, and the ways from there.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, FocusEvent, KeyboardEvent};

use super::attributes::{attrs, class};
use super::focus::{element, focus};
use super::icons::{Picture, icon};
use super::{is_input_method, on_click, sends, truth, when};
use crate::app::state::Person;
use crate::app::{App, BackupAsk, Command, SettingsAsk};
use crate::texts::{self, Word, say};

/// What becomes of the records of who signs out.
fn sign_out_choice(app: &App) -> AnyView {
    view! {
        <p>{say(Word::SignOutHelp)}</p>
        {menu_entry(app, Word::KeepRecords, Command::Disconnect)}
        {menu_entry(app, Word::DeleteRecords, Command::SignOut)}
    }
    .into_any()
}

fn menu_entry(app: &App, word: Word, command: Command) -> AnyView {
    view! {
        <button {attrs(&[("class", "button button-quiet"), ("type", "button")])} on:click=sends(app, command)>
            {say(word)}
        </button>
    }
    .into_any()
}

/// Whoever presses beside the menu leaves it.
pub(super) fn pressed(app: &App, event: &Event) {
    let is_inside = element(event.target()).is_none_or(|at| matches!(at.closest(".menu"), Ok(Some(_))));
    if !is_inside && app.state.menu.get_untracked() {
        app.state.menu.set(false);
    }
}

/// Escape closes a menu that is open, wherever the focus is: a menu may have been opened a moment ago, and not have it yet.
pub(super) fn escaped(app: &App, event: &Event) {
    let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return };
    let state = app.state;
    let is_open = state.menu.get_untracked()
        || state.acting.with_untracked(Option::is_some)
        || state.picking.with_untracked(Option::is_some);
    if !is_open || key.key() != "Escape" || key.default_prevented() || is_input_method(key) {
        return;
    }
    // The panel's own Escape would close the whole chat.
    key.prevent_default();
    state.menu.set(false);
    state.acting.set(None);
    state.picking.set(None);
    // What had it goes.
    let menu = element(event.target()).and_then(|at| at.closest(".menu").ok().flatten());
    menu.into_iter().for_each(|menu| focus(&menu, "button"));
}

/// Who is signed in, and the way out.
pub(super) fn account_menu(app: &App, account: Option<&Person>) -> AnyView {
    let (menu, leaving) = (app.state.menu, app.state.leaving);
    // Whoever goes on elsewhere by keyboard leaves it, too.
    let left: Box<dyn FnMut(FocusEvent)> = Box::new(move |event| {
        let from = element(event.target()).and_then(|from| from.closest(".menu").ok().flatten());
        let to = element(event.related_target());
        if let (Some(from), Some(to)) = (from, to) {
            // What is around it gets the focus where somebody selects what the menu says.
            let is_around = to.contains(Some(&from));
            if !is_around && !from.contains(Some(&to)) && menu.get_untracked() {
                menu.set(false);
            }
        }
    });
    let card = account.filter(|_| menu.get()).map(|person| {
        let name = person.name.clone().unwrap_or_else(|| texts::short_address(person.address));
        let ask = on_click(move || leaving.update(|asked| *asked = !*asked));
        view! {
            <div {class("menu-card")}>
                <div>
                    <p>{say(Word::SignedInAs)}</p>
                    <b>{name}</b>
                    <p {class("mono")}>{person.address.to_string()}</p>
                </div>
                {menu_entry(app, Word::Settings, Command::settings(SettingsAsk::Show))}
                {menu_entry(app, Word::Backup, Command::backup(BackupAsk::Show))}
                <button {attrs(&[("class", "button button-quiet"), ("type", "button"), ("aria-expanded", truth(leaving.get()))])} on:click=ask>
                    {say(Word::SignOut)}
                </button>
                {when(leaving.get(), || sign_out_choice(app))}
            </div>
        }
    });
    let sign_in = app.parts.sign_in;
    let toggle = on_click(move || {
        menu.update(|open| *open = !*open);
        leaving.set(false);
        // Whoever signs out needs it next.
        sign_in.ask();
    });
    view! {
        <div {class("menu")} on:focusout=left>
            <button {attrs(&[("class", "icon-button"), ("type", "button"), ("aria-label", say(Word::Account)), ("aria-expanded", truth(menu.get()))])} on:click=toggle>
                {icon(Picture::Dots)}
            </button>
            {card}
        </div>
    }
    .into_any()
}
