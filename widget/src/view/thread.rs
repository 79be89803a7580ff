//! One conversation.

use dm3_core::session::{FindError, NameStanding};
use leptos::prelude::*;

use super::attributes::{attrs, class};
use super::composer::composer;
use super::icons::{Picture, icon};
use super::names::display_name;
use super::panel::{bar, connection_bar, header, lookup_note, quarantine_note};
use super::person::{person_avatar, person_name};
use super::states::skeleton_bubbles;
use super::thread_rows::{Line, PlacedBubble, lines};
use super::{Rows, part, sends, time, when};
use crate::app::fault::Fault;
use crate::app::state::{Bubble, BubbleContent, Delivery, Person, Reach, State};
use crate::app::{App, Command};
use crate::texts::{self, Word, language, say};

/// The whole screen.
pub fn thread(app: &App) -> AnyView {
    let state = app.state;
    let top = {
        let app = app.clone();
        part(move || {
            view! { {thread_header(&app)} {connection_bar(&app)} {lookup_note(state)} {reach_bar(&app)} }
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
        part(move || composer(&app, &peer_name(state)))
    };
    view! {
        {top}
        <div {attrs(&[("class", "log"), ("role", "log"), ("aria-label", say(Word::Conversation)), ("tabindex", "0")])}>
            {log}
        </div>
        {part(move || quarantine_note(state).into_any())}
        {composer}
    }
    .into_any()
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
    let content = view! {
        <button {attrs(&[("class", "icon-button back"), ("type", "button"), ("aria-label", say(Word::Back))])} on:click=sends(app, Command::Back)>
            {icon(Picture::Back)}
        </button>
        {peer.as_ref().map(|peer| person_avatar(peer, false))}
        <div {class("title")}>
            <h2 {attrs(&[("tabindex", "-1")])}>{peer.as_ref().map(person_name)}</h2>
            <p {attrs(&[("title", &full)])}>{subtitle.unwrap_or_default()}</p>
        </div>
    };
    header(app, "header", content.into_any())
}

/// Says that the peer cannot get messages now, and why.
fn reach_bar(app: &App) -> Option<AnyView> {
    let check = || sends(app, Command::CheckPeer);
    match app.state.thread.with(|thread| thread.as_ref().map(|thread| thread.reach.clone()))? {
        Reach::Checking | Reach::Ready => None,
        Reach::NoProfile => {
            let words = language().no_profile(&peer_name(app.state));
            Some(bar("bar bar-warn", "status", words, say(Word::CheckAgain), check()))
        }
        Reach::Unknown(fault @ Fault::Find(FindError::OldProfile { .. })) => {
            let accept = sends(app, Command::AcceptProfile);
            Some(bar("bar", "alert", language().fault(&fault), say(Word::UseOldProfile), accept))
        }
        Reach::Unknown(fault) => {
            Some(bar("bar", "alert", language().fault(&fault), say(Word::Retry), check()))
        }
    }
}

fn log(app: &App, rows: &mut Rows<Row>) -> AnyView {
    let state = app.state;
    let peer = peer_name(state);
    let found = state.thread.with(|thread| {
        let thread = thread.as_ref()?;
        let lines = lines(thread, time::same_day)?.into_iter();
        let row = |(key, line)| (key, Row { line, peer: peer.clone() });
        Some((lines.map(row).collect::<Vec<_>>(), thread.more))
    });
    let Some((found, more)) = found else { return skeleton_bubbles() };
    let start = when(found.is_empty(), || {
        view! { <p {class("day")}>{language().no_messages_with(&peer)}</p> }.into_any()
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
}

fn row_view(app: &App, row: &Row) -> AnyView {
    match &row.line {
        Line::Message(entry) => message_view(app, entry, &row.peer),
        Line::Notice(at, notice) => {
            let when = format!("{}, {}", time::day(*at, time::now()), time::time_of_day(*at));
            let words = language().notice(notice, &row.peer, &when);
            view! { <p {attrs(&[("class", "day"), ("role", "note")])}>{words}</p> }.into_any()
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
        let each =
            bubble.reactions.iter().map(|(emoji, count)| view! { <span>{format!("{emoji} {count}")}</span> });
        view! { <div {class("reactions")}>{each.collect::<Vec<_>>()}</div> }.into_any()
    });
    view! {
        {day}
        <div {class(classes)}>
            <span {class("sr")}>{language().author(bubble.own, peer, &at)}</span>
            <div {attrs(&[("class", "message"), ("part", if bubble.own { "message message-own" } else { "message" })])}>
                {content_view(&bubble.content)}
            </div>
            {reactions}
            {when(entry.shows_meta(), || meta(app, bubble, at))}
        </div>
    }
    .into_any()
}

fn content_view(content: &BubbleContent) -> AnyView {
    let (text, quote, attachments) = match content {
        BubbleContent::Text { text, quote, attachments, .. } => (text, quote, attachments),
        BubbleContent::Deleted => {
            return view! { <div {class("message-gone")}>{say(Word::Deleted)}</div> }.into_any();
        }
    };
    let quote = quote.as_ref().map(|(start, own)| {
        view! {
            <div {attrs(&[("class", "quote"), ("dir", "auto")])}>
                <b>{if *own { say(Word::You) } else { "" }}</b>
                {start.clone()}
            </div>
        }
    });
    let attachments = when(*attachments > 0, || {
        view! { <div {class("attachments")}>{language().attachments(*attachments)}</div> }.into_any()
    });
    view! {
        {quote}
        <div {attrs(&[("class", "message-text"), ("dir", "auto")])}>
            {text.clone()}
        </div>
        {attachments}
    }
    .into_any()
}

/// The small line below: time, edited, how far it has come.
fn meta(app: &App, bubble: &Bubble, at: String) -> AnyView {
    let failed = matches!(bubble.delivery, Delivery::Failed(_));
    let mut words = vec![at];
    if matches!(bubble.content, BubbleContent::Text { edited: true, .. }) {
        words.push(say(Word::Edited).to_owned());
    }
    words.extend(texts::delivery(&bubble.delivery));
    let retry = when(failed, || {
        view! {
            <button {attrs(&[("type", "button")])} on:click=sends(app, Command::Resend(bubble.hash.clone()))>
                {say(Word::Retry)}
            </button>
        }
        .into_any()
    });
    let stop = when(bubble.delivery == Delivery::Waiting, || {
        view! {
            <button {attrs(&[("type", "button")])} on:click=sends(app, Command::Stop(bubble.hash.clone()))>
                {say(Word::StopSending)}
            </button>
        }
        .into_any()
    });
    view! {
        <div {attrs(&[("class", if failed { "meta meta-failed" } else { "meta" }), ("role", if failed { "alert" } else { "" })])}>
            <span>{words.join(" · ")}</span>
            {retry}
            {stop}
        </div>
    }
    .into_any()
}
