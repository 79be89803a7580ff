//! Who is signed in, and the ways from there.

use leptos::ev::{Event, KeyboardEvent};
use leptos::prelude::*;

use super::attributes::{attrs, class};
use super::focus::{element, focus, screen};
use super::icons::{Picture, icon};
use super::{OnKey, on_click, sends, truth, when};
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

/// Who is signed in, and the way out.
pub(super) fn account_menu(app: &App, account: Option<&Person>) -> AnyView {
    let (menu, leaving) = (app.state.menu, app.state.leaving);
    let escape: OnKey = Box::new(move |event: KeyboardEvent| {
        if event.key() == "Escape" && menu.get_untracked() {
            // The panel's own Escape would close the whole chat.
            event.prevent_default();
            menu.set(false);
            if let Some(screen) = screen(event.target()) {
                focus(&screen, ".menu button");
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
        <div {class("menu")} on:keydown=escape>
            <button {attrs(&[("class", "icon-button"), ("type", "button"), ("aria-label", say(Word::Account)), ("aria-expanded", truth(menu.get()))])} on:click=toggle>
                {icon(Picture::Dots)}
            </button>
            {card}
        </div>
    }
    .into_any()
}
