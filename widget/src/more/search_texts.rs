//! The messages that say what is typed into the list's field, below the conversations.

use leptos::prelude::*;

use crate::app::search_texts::{FoundTexts, Hit, Progress, keep_search};
use crate::app::{Act, App, Command};
use crate::texts::{SearchWord, own_preview, say};
use crate::view::attributes::{attrs, class};
use crate::view::panel::note;
use crate::view::person::{person_avatar, person_name};
use crate::view::{on_click, time, when};

/// Whether there are any.
pub(super) fn has_texts(app: &App) -> bool {
    app.state.texts.with(|texts| texts.shown::<FoundTexts>().is_some_and(|found| !found.hits.is_empty()))
}

/// Opens the first of them that says what is typed. While those of what was typed before still stand there, that is none.
pub(super) fn open_first(app: &App, typed: &str) {
    let texts = app.state.texts;
    let first = texts.with_untracked(|texts| texts.shown::<FoundTexts>()?.first(typed).cloned());
    first.iter().for_each(|hit| open(app, hit));
}

fn open(app: &App, hit: &Hit) {
    keep_search(app.state);
    app.command(Command::act(Act::FindIn(hit.peer.address, hit.hash.clone())));
}

pub(super) fn texts(app: &App) -> AnyView {
    // Another day has other words.
    app.state.today.get();
    app.state.texts.with(|texts| {
        let Some(FoundTexts { hits, progress, .. }) = texts.shown() else { return ().into_any() };
        let rows = when(!hits.is_empty(), || {
            let rows: Vec<_> = hits.iter().map(|hit| row(app, hit)).collect();
            view! {
                <h3 {class("texts-title")}>{say(SearchWord::Texts)}</h3>
                <ul {attrs(&[("aria-label", say(SearchWord::Texts))])}>{rows}</ul>
            }
            .into_any()
        });
        let end = match progress {
            Progress::Searching => Some(SearchWord::TextsSearching),
            Progress::All if hits.is_empty() => Some(SearchWord::TextsNone),
            Progress::All => None,
            Progress::Device => Some(SearchWord::TextsDevice),
            Progress::Most => Some(SearchWord::TextsMore),
            Progress::Failed => Some(SearchWord::TextsFailed),
        };
        view! {
            {rows}
            {end.map(|word| note("status", "status", say(word).to_owned()))}
        }
        .into_any()
    })
}

fn row(app: &App, hit: &Hit) -> AnyView {
    let opened = {
        let (app, hit) = (app.clone(), hit.clone());
        on_click(move || open(&app, &hit))
    };
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
