//! One conversation.

use dm3_core::device::Trust;
use dm3_core::markup::has_marks;
use dm3_core::session::{FindError, NameStanding};
use leptos::prelude::*;

use super::account::account_menu;
use super::attributes::{attrs, class};
use super::composer::composer;
use super::files::{shown_files, with_files};
use super::icons::{Picture, icon};
use super::names::display_name;
use super::panel::{back_button, bar, connection_bar, fault_bar, header, lookup_note, quarantine_note};
use super::person::{person_avatar, person_name};
use super::rows::Rows;
use super::share::{CARD, OVER, PENDING, REQUEST, TOP, shared};
use super::site::{KNOWN, sited};
use super::states::skeleton_bubbles;
use super::talk::with_talk;
use super::thread_rows::{Line, PlacedBubble, beginning, lines};
use super::{OnClick, OnKey, on_click, part, sends, time, truth, when};
use crate::app::fault::Fault;
use crate::app::state::{Apart, Bubble, BubbleContent, Connection, Delivery, Person, Reach, State};
use crate::app::{Act, App, Command, SettingsAsk};
use crate::texts::{self, Word, say};

/// The whole screen.
pub fn thread(app: &App) -> AnyView {
    let state = app.state;
    let top = {
        let app = app.clone();
        part(move || {
            // Where the list stands beside it, that says the rest.
            let alone = !state.wide.get();
            let connection = if alone { connection_bar(&app) } else { None };
            let lookup = if alone { lookup_note(state) } else { None };
            let known = state.site.with(|site| site.place > 0).then(|| sited(&app, KNOWN));
            view! { {thread_header(&app)} {connection} {lookup} {missing_bar(&app)} {reach_bar(&app)} {about(&app, TOP)} {known} }
                .into_any()
        })
    };
    let log = {
        let app = app.clone();
        let mut rows = {
            let app = app.clone();
            Rows::new(move |row| row_view(&app, &row))
        };
        part(move || log(&app, &mut rows))
    };
    let composer = {
        let app = app.clone();
        part(move || match is_welcome(state) {
            true => composer(&app, &peer_name(state)),
            false => shared(&app, &Apart::at(REQUEST)).into_any(),
        })
    };
    let (clicked, pressed) = (app.clone(), app.clone());
    let clicked: OnClick = Box::new(move |event| {
        with_talk(&clicked, |talk| (talk.clicked)(&clicked, &event));
    });
    let pressed: OnKey = Box::new(move |event| {
        with_talk(&pressed, |talk| (talk.pressed)(&pressed, &event));
    });
    let (menu, composing, files, below) = (app.clone(), app.clone(), app.clone(), app.clone());
    let (pending, over) = (app.clone(), app.clone());
    view! {
        {top}
        <div {attrs(&[("class", "log"), ("part", "log"), ("role", "log"), ("aria-relevant", "additions"), ("aria-live", "off"), ("aria-label", say(Word::Conversation)), ("tabindex", "0")])} on:click=clicked on:keydown=pressed>
            <div {class("log-whole")}>
                <div {class("room")}></div>
                {log}
            </div>
        </div>
        {part(move || with_talk(&below, |talk| (talk.below)(&below)).into_any())}
        {part(move || if state.wide.get() { None } else { quarantine_note(state) }.into_any())}
        {part(move || with_talk(&composing, |talk| (talk.composing)(&composing)).into_any())}
        {part(move || about(&pending, PENDING).into_any())}
        {part(move || with_files(&files, |part| (part.strip)(&files)).into_any())}
        {composer}
        {part(move || with_talk(&menu, |talk| (talk.menu)(&menu)).into_any())}
        {part(move || state.sharing.with(|it| when(it.place == OVER, || shared(&over, it).into_any())).into_any())}
    }
    .into_any()
}

/// Whether the peer may be written to without deciding about them before, and their texts may lead elsewhere.
fn is_welcome(state: State) -> bool {
    state.thread.with(|thread| thread.as_ref().is_none_or(|it| it.standing.trust == Trust::Accepted))
}

/// What the conversation is about, where what is sent next says so.
fn about(app: &App, place: u8) -> Option<AnyView> {
    let is_said = app.state.thread.with(|thread| thread.as_ref().is_some_and(|it| it.about.is_some()));
    if is_said { shared(app, &Apart::at(place)) } else { None }
}

fn peer(state: State) -> Option<Person> {
    state.thread.with(|thread| thread.as_ref().map(|thread| thread.peer.clone()))
}

/// Who is at the other end; empty while nobody is.
pub fn peer_name(state: State) -> String {
    peer(state).as_ref().map(display_name).unwrap_or_default()
}

fn thread_header(app: &App) -> AnyView {
    let peer = peer(app.state);
    let subtitle = peer.as_ref().map(|peer| {
        // Without a name the address is the title already.
        match &peer.name {
            Some(_) => {
                let last = match peer.standing {
                    NameStanding::Uncheckable => Word::NameUncheckable,
                    NameStanding::Checked | NameStanding::Unchecked => Word::Encrypted,
                };
                format!("{} · {}", texts::short_address(peer.address), say(last))
            }
            None => say(Word::Encrypted).to_owned(),
        }
    });
    let full = peer.as_ref().map(|peer| peer.address.to_string()).unwrap_or_default();
    // Who can't go back to a list finds there what is above it else.
    let locked = app.state.locked.get();
    let account = when(locked, || account_menu(app, app.state.account.get().as_ref()));
    let back = when(!locked, || back_button(app));
    let content = view! {
        {back}
        {peer.as_ref().map(|peer| person_avatar(peer, false))}
        <div {class("title")}>
            <h2 {attrs(&[("tabindex", "-1")])}>
                <button {attrs(&[("class", "who"), ("type", "button")])} on:click=sends(app, Command::settings(SettingsAsk::Card))>
                    {peer.as_ref().map(person_name)}
                    <span {class("sr")}>{say(Word::ContactDetails)}</span>
                </button>
            </h2>
            <p {attrs(&[("title", &full)])}>{subtitle.unwrap_or_default()}</p>
        </div>
        {account}
    };
    header(app, "header", content.into_any())
}

/// Says that something of the conversation can't be loaded, which does nothing then. What is asked about somebody who is not
/// welcome says so in its own place.
fn missing_bar(app: &App) -> Option<AnyView> {
    let parts = app.parts;
    let share = if is_welcome(app.state) { parts.share.missing() } else { None };
    let why = parts.talk.missing().or_else(|| parts.files.missing()).or(share)?;
    let again = on_click(move || {
        parts.talk.ask_again();
        parts.files.ask_again();
        parts.share.ask_again();
    });
    Some(fault_bar(&Fault::Part(why), again))
}

/// Says that the peer cannot get messages now, and why.
fn reach_bar(app: &App) -> Option<AnyView> {
    let check = || sends(app, Command::CheckPeer);
    let (peer, reach) = app.state.thread.with(|thread| {
        let thread = thread.as_ref()?;
        Some((thread.peer.address, thread.reach.clone()))
    })?;
    match reach {
        Reach::Checking | Reach::Ready => None,
        Reach::NoProfile => {
            let words = texts::no_profile(&peer_name(app.state));
            Some(bar("bar bar-warn", "status", words, say(Word::CheckAgain), check()))
        }
        Reach::Unknown(fault @ Fault::Find(FindError::OldProfile { .. })) => {
            let accept = sends(app, Command::AcceptProfile(peer));
            Some(bar("bar", "alert", texts::fault(&fault), say(Word::UseOldProfile), accept))
        }
        // The connection says the same.
        Reach::Unknown(fault) if is_said(app.state, &fault) => None,
        Reach::Unknown(fault) => Some(fault_bar(&fault, check())),
    }
}

/// Whether the connection fails with the same words.
fn is_said(state: State, fault: &Fault) -> bool {
    match state.connection.get() {
        Connection::Lost(lost) => texts::fault(&lost) == texts::fault(fault),
        Connection::Idle | Connection::Connecting | Connection::Live => false,
    }
}

fn log(app: &App, rows: &mut Rows<Row>) -> AnyView {
    let state = app.state;
    let (peer, today) = (peer_name(state), state.today.get());
    let found = state.thread.with(|thread| {
        let thread = thread.as_ref()?;
        let lines = lines(thread, time::same_day)?.into_iter();
        let row = |(key, line)| (key, Row { line, peer: peer.clone(), today });
        Some((lines.map(row).collect::<Vec<_>>(), thread.more))
    });
    let Some((found, more)) = found else { return skeleton_bubbles() };
    let start = when(found.is_empty(), || {
        view! { <p {class("day")}>{texts::no_messages_with(&peer)}</p> }.into_any()
    });
    let older = when(more, || {
        view! {
            <button {attrs(&[("class", "link older"), ("type", "button")])} on:click=sends(app, Command::LoadOlder)>
                {say(Word::Older)}
            </button>
        }
        .into_any()
    });
    view! {
        <div {class("log-content")}>
            {start}
            {older}
            {rows.show(found)}
        </div>
    }
    .into_any()
}

/// A line as it is shown.
#[derive(Clone, PartialEq)]
struct Row {
    line: Line,
    /// As the peer is called.
    peer: String,
    /// When the day began: another day has other words.
    today: u64,
}

fn row_view(app: &App, row: &Row) -> AnyView {
    match &row.line {
        Line::Message(entry) => message_view(app, entry, &row.peer),
        Line::Unseen => {
            // What is in a separator is not read.
            let words = say(Word::Unseen);
            view! { <p {attrs(&[("class", "day unseen"), ("role", "separator"), ("aria-label", words)])}>{words}</p> }
                .into_any()
        }
        Line::Notice(at, notice) => {
            let when = format!("{}, {}", time::day(*at, time::now()), time::time_of_day(*at));
            let words = texts::notice(notice, &row.peer, &when);
            view! {
                <div {attrs(&[("class", "note notice"), ("role", "note")])}>
                    {icon(Picture::Alert)}
                    <span>{words}</span>
                    {with_talk(app, |talk| (talk.way)(app, notice))}
                </div>
            }
            .into_any()
        }
    }
}

fn message_view(app: &App, entry: &PlacedBubble, peer: &str) -> AnyView {
    let bubble = &entry.bubble;
    let at = time::time_of_day(bubble.time);
    let day = when(entry.first_of_day, || {
        view! { <div {class("day")}>{time::day(bubble.time, time::now())}</div> }.into_any()
    });
    let classes = match (bubble.own, entry.tail) {
        (true, true) => "entry entry-own entry-tail",
        (true, false) => "entry entry-own",
        (false, true) => "entry entry-tail",
        (false, false) => "entry",
    };
    let reactions = when(!bubble.reactions.is_empty(), || {
        // What somebody says to it who is not welcome is shown, and no more.
        let (reacts, is_dead) = if is_welcome(app.state) { ("react", "") } else { ("", "true") };
        let each = bubble.reactions.iter().map(|it| {
            view! {
                <button {attrs(&[("type", "button"), ("tabindex", "-1"), ("data-act", reacts), ("data-emoji", &it.emoji), ("aria-pressed", truth(it.own.is_some())), ("aria-disabled", is_dead)])}>
                    {[it.emoji.as_str(), &texts::number(it.count)].join(" ")}
                </button>
            }
        });
        view! { <div {class("reactions")}>{each.collect::<Vec<_>>()}</div> }.into_any()
    });
    let actions = when(matches!(bubble.content, BubbleContent::Text { .. }), || {
        view! {
            <button {attrs(&[("class", "icon-button act"), ("type", "button"), ("tabindex", "-1"), ("data-act", "menu"), ("aria-haspopup", "menu"), ("aria-label", say(Word::MessageActions))])}>
                {icon(Picture::Dots)}
            </button>
        }
        .into_any()
    });
    view! {
        {day}
        <div {attrs(&[("class", classes), ("tabindex", "-1"), ("data-of", &bubble.hash.to_string())])}>
            <span {class("sr")}>{texts::author(bubble.own, peer, &at)}</span>
            <div {class("line")}>
                <div {attrs(&[("class", "message"), ("part", if bubble.own { "message message-own" } else { "message" })])}>
                    {content_view(app, bubble)}
                </div>
                {actions}
            </div>
            {reactions}
            {when(entry.shows_meta(), || meta(app, bubble, at))}
        </div>
    }
    .into_any()
}

fn content_view(app: &App, bubble: &Bubble) -> AnyView {
    let (text, edited, quote, attachments, about) = match &bubble.content {
        BubbleContent::Text { text, edited, quote, attachments, about } => {
            (text, *edited, quote, attachments, about)
        }
        BubbleContent::Deleted => {
            return view! { <div {class("message-gone")}>{say(Word::Deleted)}</div> }.into_any();
        }
    };
    let quote = quote.as_ref().map(|quote| {
        view! {
            <button {attrs(&[("class", "quote"), ("type", "button"), ("tabindex", "-1"), ("dir", "auto"), ("data-act", "quote"), ("data-quoted", &quote.hash.to_string())])}>
                <b>{if quote.own { say(Word::You) } else { "" }}</b>
                <span>{texts::quoted(&quote.shown)}</span>
            </button>
        }
    });
    let is_whole = || app.state.whole.with(|whole| whole.contains(&bubble.hash.to_string()));
    let cut = beginning(text).filter(|_| !is_whole());
    let all = when(cut.is_some(), || {
        view! { <button {attrs(&[("class", "link all"), ("type", "button"), ("data-act", "all")])}>{say(Word::ShowAll)}</button> }
            .into_any()
    });
    let text = cut.unwrap_or(text);
    let marked = if has_marks(text) && is_welcome(app.state) {
        with_talk(app, |talk| (talk.text)(text))
    } else {
        None
    };
    let attachments = when(*attachments > 0, || {
        let shown = if is_welcome(app.state) { shown_files(app, &bubble.version) } else { None };
        shown.unwrap_or_else(|| {
            view! { <div {class("attachments")}>{texts::attachments(*attachments)}</div> }.into_any()
        })
    });
    let about = about.as_ref().and_then(|about| shared(app, &Apart::new(about.clone(), CARD)));
    view! {
        {about}
        {quote}
        <div {attrs(&[("class", "message-text"), ("dir", "auto")])}>
            {marked.unwrap_or_else(|| text.to_owned().into_any())}
        </div>
        {all}
        {when(edited, || view! { <span {class("edited")}>{say(Word::Edited)}</span> }.into_any())}
        {attachments}
    }
    .into_any()
}

/// The small line below: time, edited, how far it has come.
fn meta(app: &App, bubble: &Bubble, at: String) -> AnyView {
    let failed = matches!(bubble.delivery, Delivery::Failed(_));
    let mut words = vec![at];
    words.extend(
        texts::delivery(&bubble.delivery)
            .map(|said| format!("{} {said}", bubble.emoji).trim_start().to_owned()),
    );
    let retry = when(failed && is_welcome(app.state), || {
        view! {
            <button {attrs(&[("type", "button")])} on:click=sends(app, Command::act(Act::Resend(bubble.sending.clone())))>
                {say(Word::Retry)}
            </button>
        }
        .into_any()
    });
    let stop = when(bubble.delivery == Delivery::Waiting, || {
        view! {
            <button {attrs(&[("type", "button")])} on:click=sends(app, Command::act(Act::Stop(bubble.sending.clone())))>
                {say(Word::StopSending)}
            </button>
        }
        .into_any()
    });
    view! {
        <div {class(if failed { "meta meta-failed" } else { "meta" })}>
            <span>{words.join(" · ")}</span>
            {retry}
            {stop}
        </div>
    }
    .into_any()
}
