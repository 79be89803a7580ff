//! The messages that say what is typed into the list's field, below the conversations.

use leptos::prelude::*;

use crate::app::search_texts::{FoundTexts, Hit, Progress};
use crate::app::{Act, App, Command};
use crate::texts::{SearchWord, own_preview, say};
use crate::view::attributes::{attrs, class};
use crate::view::panel::note;
use crate::view::person::{person_avatar, person_name};
use crate::view::{sends, time, when};

/// What opens the first of them, if there are any.
pub(super) fn first_text(app: &App) -> Option<Command> {
    app.state.texts.with(|texts| texts.shown::<FoundTexts>()?.hits.first().map(open))
}

fn open(hit: &Hit) -> Command {
    Command::act(Act::FindIn(hit.peer.address, hit.hash.clone()))
}

pub(super) fn texts(app: &App) -> AnyView {
    app.state.texts.with(|texts| {
        let Some(FoundTexts { hits, progress }) = texts.shown() else { return ().into_any() };
        let rows: Vec<_> = hits.iter().map(|hit| row(app, hit)).collect();
        let title = when(!hits.is_empty(), || {
            view! { <h3 {class("texts-title")}>{say(SearchWord::Texts)}</h3> }.into_any()
        });
        let end = match progress {
            Progress::Searching | Progress::All => None,
            Progress::Device => Some(say(SearchWord::TextsDevice)),
            Progress::Most => Some(say(SearchWord::TextsMore)),
            Progress::Failed => Some(say(SearchWord::TextsFailed)),
        };
    // Another day has other words.
    app.state.today.get();
        view! {
            {title}
            <ul {attrs(&[("aria-label", say(SearchWord::Texts))])}>{rows}</ul>
            {end.map(|words| note("status", "status", words.to_owned()))}
        }
        .into_any()
    })
}

fn row(app: &App, hit: &Hit) -> AnyView {
    let opened = sends(app, open(hit));
    let before = if hit.own { own_preview(&hit.before, false) } else { hit.before.clone() };
    view! {
        <li><button {attrs(&[("class", "row row-text"), ("type", "button")])} on:click=opened>
            {person_avatar(&hit.peer, true)}
            <span {class("row-body")}>
                <span {class("row-top")}>{person_name(&hit.peer)}<time>{time::short_time(hit.time, time::now())}</time></span>
                <span {class("row-bottom")}>
                    <span {attrs(&[("class", "preview"), ("dir", "auto")])}>{before}<mark>{hit.said.clone()}</mark>{hit.after.clone()}</span>
                </span>
            </span>
        </button></li>
    }
    .into_any()
}
