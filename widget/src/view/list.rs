//! The conversation list, with the field that finds or starts a conversation.

use leptos::ev::{Event, KeyboardEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use web_sys::Element;

use super::attributes::{VALUE, attrs, class};
use super::icons::{Picture, icon};
use super::names::display_name;
use super::panel::{advice, connection_bar, header, lookup_note, quarantine_note};
use super::person::{person_avatar, person_name};
use super::states::{empty, skeleton_rows};
use super::{OnKey, Rows, on_click, part, sends, time, truth, when};
use crate::app::state::{ConversationRow, Lookup, Person, State};
use crate::app::{App, BackupAsk, Command};
use crate::texts::{self, Word, language, say};

/// How many rows are drawn at first, more than a panel shows, and how many more each time that somebody comes near the
/// last one. So a list is there as fast, however long it is.
const ROWS: usize = 40;
/// How near that is, in pixels.
const NEAR: i32 = 600;

/// The whole screen.
pub fn list(app: &App) -> AnyView {
    let top = {
        let app = app.clone();
        part(move || view! { {list_header(&app)} {connection_bar(&app)} }.into_any())
    };
    let (state, limit) = (app.state, RwSignal::new(ROWS));
    let search = {
        let app = app.clone();
        part(move || search(&app))
    };
    let found = {
        let app = app.clone();
        let mut rows = {
            let app = app.clone();
            Rows::new(move |row| row_view(&app, &row))
        };
        part(move || found(&app, limit.get(), &mut rows))
    };
    // A panel may be so high that nothing has to be scrolled.
    let near = move |event: &Event| {
        let at = event.target().and_then(|at| at.dyn_into::<Element>().ok());
        let Some(list) = at.and_then(|at| at.closest(".list").ok().flatten()) else { return };
        let all = state.conversations.with_untracked(|rows| rows.as_ref().map_or(0, Vec::len));
        if limit.get_untracked() < all
            && list.scroll_top() + list.client_height() > list.scroll_height() - NEAR
        {
            limit.update(|limit| *limit += ROWS);
        }
    };
    view! {
        {top}
        {search}
        {part(move || lookup_note(state).into_any())}
        <div {attrs(&[("class", "list"), ("part", "list")])} on:scroll=move |event| near(&event) on:focusin=move |event| near(&event) on:pointerover=move |event| near(&event)>
            {found}
        </div>
        {part(move || quarantine_note(state).into_any())}
        {part(move || advice(state).into_any())}
    }
    .into_any()
}

fn list_header(app: &App) -> AnyView {
    let account = app.state.account.get();
    let content = view! {
        <div {class("title")}>
            <h2 {attrs(&[("tabindex", "-1")])}>{say(Word::Messages)}</h2>
            <p>{account.as_ref().map(display_name).unwrap_or_default()}</p>
        </div>
        {account_menu(app, account.as_ref())}
    };
    header(app, "header", content.into_any())
}

fn search(app: &App) -> AnyView {
    let query = app.state.query;
    let typed: OnKey = {
        let app = app.clone();
        Box::new(move |event: KeyboardEvent| {
            let wanted = wanted(app.state);
            // Enter inside an input method's list chooses there.
            if event.key() == "Enter" && !event.is_composing() && !wanted.is_empty() {
                event.prevent_default();
                app.command(Command::Open(wanted));
            }
        })
    };
    view! {
        <div {class("search")}>
            {icon(Picture::Search)}
            <input {attrs(&[("type", "text"), ("data-autofocus", "true"), ("aria-label", say(Word::Search)), ("placeholder", say(Word::Search)), ("autocomplete", "off"), ("autocapitalize", "none"), ("spellcheck", "false"), ("enterkeyhint", "go"), ("maxlength", "255"), (VALUE, &query.get())])} on:input=move |event| query.set(event_target_value(&event)) on:keydown=typed />
        </div>
    }
    .into_any()
}

/// What is typed, without the blanks around it.
fn wanted(state: State) -> String {
    state.query.with(|query| query.trim().to_owned())
}

/// Who is meant by what is typed, and what Enter does.
fn found(app: &App, limit: usize, rows: &mut Rows<ConversationRow>) -> AnyView {
    let state = app.state;
    let wanted = wanted(state);
    let start = when(!wanted.is_empty(), || start_row(app, &wanted));
    let Some(found) = matching(state, &wanted.to_ascii_lowercase(), limit) else {
        return view! { {start} {skeleton_rows()} }.into_any();
    };
    let nobody = found.is_empty().then(|| match (wanted.is_empty(), state.lookup.get()) {
        (true, _) => empty(say(Word::EmptyList), say(Word::EmptyListHelp)),
        (false, Lookup::Idle) => view! { <p {class("status")}>{say(Word::NoMatch)}</p> }.into_any(),
        // The search says something by itself.
        (false, _) => ().into_any(),
    });
    view! {
        {start}
        <ul>{rows.show(found)}</ul>
        {nobody}
    }
    .into_any()
}

/// The first of those who are meant by what was typed (in lower case), by their addresses. `None` while the list is read.
fn matching(state: State, wanted: &str, limit: usize) -> Option<Vec<(String, ConversationRow)>> {
    state.conversations.with(|rows| {
        let matching = rows.as_ref()?.iter().filter(|row| is_meant(&row.peer, wanted));
        Some(matching.take(limit).map(|row| (row.peer.address.to_lower_hex(), row.clone())).collect())
    })
}

fn is_meant(person: &Person, wanted: &str) -> bool {
    person.name.as_ref().is_some_and(|name| name.to_ascii_lowercase().contains(wanted))
        || person.address.to_lower_hex().contains(wanted)
}

/// The first row while something is typed: what Enter does, for a finger.
fn start_row(app: &App, name: &str) -> AnyView {
    view! {
        <button {attrs(&[("class", "row row-new"), ("type", "button")])} on:click=sends(app, Command::Open(name.to_owned()))>
            <span {class("avatar avatar-large")}>{icon(Picture::Pen)}</span>
            <span {class("row-body")}>
                <b {attrs(&[("dir", "auto")])}>{language().write_to(name)}</b>
                <span {class("row-bottom")}>{say(Word::NewConversationHelp)}</span>
            </span>
        </button>
    }
    .into_any()
}

/// One conversation.
fn row_view(app: &App, row: &ConversationRow) -> AnyView {
    let unread = row.unread;
    let classes = if unread > 0 { "row row-unread" } else { "row" };
    let time = row.preview.as_ref().map(|_| time::short_time(row.time, time::now())).unwrap_or_default();
    let badge = when(unread > 0, || {
        view! {
            <span {class("unread")}>
                {unread.to_string()}
                <span {class("sr")}>{language().unread(unread)}</span>
            </span>
        }
        .into_any()
    });
    view! {
        <li><button {attrs(&[("class", classes), ("type", "button")])} on:click=sends(app, Command::OpenPeer(row.peer.address))>
            {person_avatar(&row.peer, true)}
            <span {class("row-body")}>
                <span {class("row-top")}>{person_name(&row.peer)}<time>{time}</time></span>
                <span {class("row-bottom")}>
                    <span {attrs(&[("class", "preview"), ("dir", "auto")])}>
                        {preview(row)}
                    </span>
                    {badge}
                </span>
            </span>
        </button></li>
    }
    .into_any()
}

fn preview(row: &ConversationRow) -> String {
    /// More than any panel shows of one line.
    const LENGTH: usize = 120;
    let Some(preview) = &row.preview else { return say(Word::NoMessage).into() };
    let text: String = texts::preview(&preview.text).chars().take(LENGTH).collect();
    if preview.own { language().own_preview(&text, preview.waiting) } else { text }
}

/// What becomes of the records of who signs out.
fn sign_out_choice(app: &App) -> AnyView {
    let choice = |word, command| {
        view! {
            <button {attrs(&[("class", "button button-quiet"), ("type", "button")])} on:click=sends(app, command)>
                {say(word)}
            </button>
        }
    };
    view! {
        <p>{say(Word::SignOutHelp)}</p>
        {choice(Word::KeepRecords, Command::Disconnect)}
        {choice(Word::DeleteRecords, Command::SignOut)}
    }
    .into_any()
}

/// Who is signed in, and the way out.
fn account_menu(app: &App, account: Option<&Person>) -> AnyView {
    let (menu, leaving) = (app.state.menu, app.state.leaving);
    let escape: OnKey = Box::new(move |event: KeyboardEvent| {
        if event.key() == "Escape" && menu.get_untracked() {
            // The panel's own Escape would close the whole chat.
            event.prevent_default();
            menu.set(false);
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
                <button {attrs(&[("class", "button button-quiet"), ("type", "button")])} on:click=sends(app, Command::Backup(BackupAsk::Show))>
                    {say(Word::Backup)}
                </button>
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
