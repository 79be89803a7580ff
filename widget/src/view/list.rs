//! The conversation list, with the field that finds or starts a conversation.

use dm3_core::device::Trust;
use dm3_core::identity::Address;
use leptos::ev::{Event, FocusEvent, KeyboardEvent};
use leptos::prelude::*;

use super::account::account_menu;
use super::attention;
use super::attributes::{VALUE, attrs, class};
use super::focus::element;
use super::icons::{Picture, icon};
use super::names::display_name;
use super::panel::{advice, blank, connection_bar, header, lookup_note, quarantine_note, slot};
use super::person::{person_avatar, person_name};
use super::rows::Rows;
use super::states::{empty, skeleton_rows};
use super::{OnInput, OnKey, is_input_method, on_click, part, sends, time, truth, when};
use crate::app::part::Loading;
use crate::app::state::{ConversationRow, Filter, Person, Ranked, State};
use crate::app::{Act, App, AttentionAsk, Command};
use crate::texts::{self, Word, say};

/// How many rows are drawn at first, more than a panel shows, and how many more each time that somebody comes near the
/// last one. So a list is there as fast, however long it is.
const ROWS: usize = 40;
/// How near that is, in pixels.
const NEAR: i32 = 600;

/// What fits into the field: more than is understood, so that nothing that is pasted loses its end unnoticed.
const ROOM: &str = "4096";

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
        let at = element(event.target());
        let Some(list) = at.and_then(|at| at.closest(".list").ok().flatten()) else { return };
        let all = state.conversations.with_untracked(|rows| rows.as_ref().map_or(0, Vec::len));
        if limit.get_untracked() < all
            && list.scroll_top() + list.client_height() > list.scroll_height() - NEAR
        {
            limit.update(|limit| *limit += ROWS);
        }
    };
    let entered = move |event: FocusEvent| {
        let row = element(event.target()).and_then(|at| at.get_attribute("data-peer"));
        let row = row.filter(|row| state.stop.with_untracked(|stop| stop != row));
        row.into_iter().for_each(|row| state.stop.set(row));
        near(&event);
    };
    let filters = {
        let app = app.clone();
        part(move || filters(&app).into_any())
    };
    let moved: OnKey = {
        let app = app.clone();
        Box::new(move |event: KeyboardEvent| go(&app, &event, true))
    };
    view! {
        {top}
        {search}
        {filters}
        {part(move || lookup_note(state).into_any())}
        <div {attrs(&[("class", "list"), ("part", "list")])} on:keydown=moved on:scroll=move |event| near(&event) on:focusin=entered on:pointerover=move |event| near(&event)>
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
            go(&app, &event, false);
            let wanted = wanted(app.state);
            // Enter inside an input method's list chooses there.
            if event.key() == "Enter" && !is_input_method(&event) && !wanted.is_empty() {
                event.prevent_default();
                match app.parts.search.state() {
                    Loading::There(part) => (part.enter)(&app, wanted),
                    Loading::Waiting | Loading::Missing(_) => app.command(Command::Open(wanted)),
                }
            }
        })
    };
    let entered: OnInput = {
        let app = app.clone();
        Box::new(move |event: Event| {
            let text = event_target_value(&event);
            query.set(text.clone());
            app.parts.search.ask();
            app.command(Command::LookUp(text));
        })
    };
    view! {
        <div {class("search")}>
            {icon(Picture::Search)}
            <input {attrs(&[("type", "text"), ("data-autofocus", "true"), ("aria-label", say(Word::Search)), ("placeholder", say(Word::Search)), ("autocomplete", "off"), ("autocapitalize", "none"), ("spellcheck", "false"), ("enterkeyhint", "go"), ("maxlength", ROOM), (VALUE, &query.get())])} on:input=entered on:keydown=typed />
        </div>
    }
    .into_any()
}

/// Leads the focus along the rows.
fn go(app: &App, event: &KeyboardEvent, from_row: bool) {
    let key = event.key();
    let leads = match key.as_str() {
        "ArrowDown" => true,
        "ArrowUp" | "Home" | "End" => from_row,
        _ => false,
    };
    let Some(from) = element(event.target()).filter(|_| leads && !is_input_method(event)) else { return };
    event.prevent_default();
    app.parts.search.with(move |part| (part.go)(&from, &key));
}

/// What is typed, without the blanks around it.
fn wanted(state: State) -> String {
    state.query.with(|query| query.trim().to_owned())
}

/// Who is meant by what is typed, and what Enter does.
fn found(app: &App, limit: usize, rows: &mut Rows<Row>) -> AnyView {
    let state = app.state;
    let wanted = wanted(state);
    let start = when(!wanted.is_empty(), || first_row(app));
    let Some(found) = matching(state, &wanted.to_ascii_lowercase(), limit) else {
        return view! { {start} {skeleton_rows()} }.into_any();
    };
    let texts = when(!wanted.is_empty(), || match app.parts.search.state() {
        Loading::There(part) => (part.texts)(app),
        Loading::Waiting | Loading::Missing(_) => ().into_any(),
    });
    let none_of_them = |word| view! { <p {class("status")}>{say(word)}</p> }.into_any();
    let nobody = when(found.is_empty() && wanted.is_empty(), || match state.filter.get() {
        Filter::All => slot("empty", Some(empty(say(Word::EmptyList), say(Word::EmptyListHelp)))),
        Filter::Unread => none_of_them(Word::NoUnread),
        Filter::Requests => none_of_them(Word::NoRequests),
    });
    view! {
        {start}
        <ul>{rows.show(found)}</ul>
        {nobody}
        {texts}
    }
    .into_any()
}

/// Which conversations are shown; nothing to choose from while there is none.
fn filters(app: &App) -> Option<AnyView> {
    let state = app.state;
    let requests = state.conversations.with(|rows| {
        let rows = rows.as_ref().filter(|rows| !rows.is_empty())?;
        Some(rows.iter().filter(|row| Filter::Requests.shows(row)).count())
    })?;
    let chosen = state.filter.get();
    let choice = |filter, word, count: usize| {
        let words =
            if count > 0 { [say(word), &texts::number(count)].join(" · ") } else { say(word).to_owned() };
        let app = app.clone();
        let choose = on_click(move || {
            state.filter.set(filter);
            if filter == Filter::Requests && count > 0 {
                app.command(Command::act(Act::Attention(AttentionAsk::Rank)));
            }
        });
        view! {
            <button {attrs(&[("class", "filter"), ("type", "button"), ("aria-pressed", truth(filter == chosen))])} on:click=choose>
                {words}
            </button>
        }
        .into_any()
    };
    Some(
        view! {
            <div {class("filters")}>
                {choice(Filter::All, Word::FilterAll, 0)}
                {choice(Filter::Unread, Word::FilterUnread, 0)}
                {choice(Filter::Requests, Word::FilterRequests, requests)}
            </div>
        }
        .into_any(),
    )
}

/// The first of those who are meant by what was typed (in lower case), by their addresses. `None` while the list is read.
/// Who is looked for is found in whichever part of the list, unless they are blocked.
fn matching(state: State, wanted: &str, limit: usize) -> Option<Vec<(String, Row)>> {
    let open = state.thread.with(|thread| thread.as_ref().map(|thread| thread.peer.address));
    let (filter, today) = (state.filter.get(), state.today.get());
    let ranked =
        if filter == Filter::Requests && wanted.is_empty() { state.ranked.get() } else { Vec::new() };
    let contact = if filter == Filter::All && wanted.is_empty() { contact(state) } else { None };
    let row = |row: &ConversationRow, offered: Option<&Ranked>| {
        let (is_open, is_contact) = (open == Some(row.peer.address), contact == Some(row.peer.address));
        let shown =
            Row { row: row.clone(), is_open, is_contact, is_stop: false, offered: offered.cloned(), today };
        (row.peer.address.to_lower_hex(), shown)
    };
    state.conversations.with(|rows| {
        let is_shown = |row: &&ConversationRow| match wanted.is_empty() {
            true => filter.shows(row),
            false => is_meant(row, wanted),
        };
        let shown = || rows.iter().flatten().filter(is_shown);
        let is_of = |ranked: &Ranked, row: &ConversationRow| ranked.peer == row.peer.address;
        let mut all: Vec<_> = ranked
            .iter()
            .filter_map(|offered| Some(row(shown().find(|it| is_of(offered, it))?, Some(offered))))
            .collect();
        let is_contact = |row: &&ConversationRow| contact == Some(row.peer.address);
        all.extend(shown().find(is_contact).map(|it| row(it, None)));
        let others = shown().filter(|it| !is_contact(it) && !ranked.iter().any(|offered| is_of(offered, it)));
        all.extend(others.take(limit).map(|it| row(it, None)));
        all.truncate(limit);
        // All of them are one stop of the Tab key; arrows lead from one to the next.
        let stop = state.stop.with(|stop| all.iter().position(|(key, _)| key == stop)).unwrap_or_default();
        all.get_mut(stop).into_iter().for_each(|(_, row)| row.is_stop = true);
        rows.is_some().then_some(all)
    })
}

/// Whether somebody may be meant by this, in small letters.
fn is_meant(row: &ConversationRow, wanted: &str) -> bool {
    let Person { name, address, .. } = &row.peer;
    row.standing.trust != Trust::Blocked
        && (name.as_ref().is_some_and(|name| name.to_ascii_lowercase().contains(wanted))
            || address.to_lower_hex().contains(wanted))
}

/// Whose conversation is the first that is listed for what is typed.
pub(crate) fn first_meant(state: State, typed: &str) -> Option<Address> {
    let wanted = typed.trim().to_ascii_lowercase();
    state
        .conversations
        .with(|rows| rows.iter().flatten().find(|row| is_meant(row, &wanted)).map(|row| row.peer.address))
}

/// To whom the page wants people to write, if that is known.
fn contact(state: State) -> Option<Address> {
    let contact = state.contact.get()?;
    state.to.with(|to| to.as_ref() == Some(&contact.1)).then_some(contact.0)
}

/// The first row while something is typed: who is meant by it. Its place is kept until it can be drawn.
fn first_row(app: &App) -> AnyView {
    match app.parts.search.state() {
        Loading::There(part) => app.state.query.with(|query| (part.row)(app, query)),
        Loading::Waiting | Loading::Missing(_) => blank("row-first"),
    }
}

/// Finds the row of somebody.
pub(super) fn row_of(peer: Address) -> String {
    [".row[data-peer='", &peer.to_lower_hex(), "']"].concat()
}

/// A row as it is shown.
#[derive(Clone, PartialEq)]
struct Row {
    row: ConversationRow,
    /// Its conversation stands beside the list.
    is_open: bool,
    /// The page wants people to write to them.
    is_contact: bool,
    /// The Tab key leads to it.
    is_stop: bool,
    /// What is offered with it.
    offered: Option<Ranked>,
    /// When the day began: another day has other words.
    today: u64,
}

/// One conversation.
fn row_view(app: &App, Row { row, is_open, is_contact, is_stop, offered, .. }: &Row) -> AnyView {
    let unread = row.unread;
    let classes = match (unread > 0, *is_contact) {
        (false, false) => "row",
        (true, false) => "row row-unread",
        (false, true) => "row row-contact",
        (true, true) => "row row-contact row-unread",
    };
    let words = if *is_contact { Word::SiteContact } else { Word::NoMessage };
    let (current, stop) = (if *is_open { "true" } else { "" }, if *is_stop { "0" } else { "-1" });
    let time = row.preview.as_ref().map(|_| time::short_time(row.time, time::now())).unwrap_or_default();
    let muted = when(row.standing.muted, || {
        view! { {icon(Picture::Muted)} <span {class("sr")}>{say(Word::Muted)}</span> }.into_any()
    });
    let badge = when(unread > 0, || {
        view! {
            <span {class("unread")}>
                {texts::number(unread as usize)}
                <span {class("sr")}>{" ".to_owned() + &texts::unread(unread as usize)}</span>
            </span>
        }
        .into_any()
    });
    view! {
        <li><button {attrs(&[("class", classes), ("type", "button"), ("tabindex", stop), ("data-peer", &row.peer.address.to_lower_hex()), ("aria-current", current)])} on:click=sends(app, Command::OpenPeer(row.peer.address))>
            {person_avatar(&row.peer, true)}
            <span {class("row-body")}>
                <span {class("row-top")}>{person_name(&row.peer)}{muted}<time>{time}</time></span>
                <span {class("row-bottom")}>
                    <span {attrs(&[("class", "preview"), ("dir", "auto")])}>
                        {preview(row, words)}
                    </span>
                    {offered.as_ref().and_then(|with| attention::offered(app, with))}
                    {badge}
                </span>
            </span>
        </button></li>
    }
    .into_any()
}

/// What was said last; `words` where nothing was said yet.
fn preview(row: &ConversationRow, words: Word) -> String {
    /// More than any panel shows of one line.
    const LENGTH: usize = 120;
    let Some(preview) = &row.preview else { return say(words).into() };
    let text: String = texts::preview(&preview.text).chars().take(LENGTH).collect();
    if preview.own { texts::own_preview(&text, preview.waiting) } else { text }
}
