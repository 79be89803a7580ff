//! The row that says who is meant by what is typed into the list's field.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::search_texts::{has_texts, open_first, texts};
use crate::adapters::fold::fold;
use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::fault::Fault;
use crate::app::part::Loader;
use crate::app::search::{Answer, Guess, is_whole};
use crate::app::state::{Person, Reach};
use crate::app::{Active, App, Command, SearchPart, SearchSteps};
use crate::texts::{self, SearchWord, Word, say, short_address, write_to};
use crate::view::attributes::{attrs, class};
use crate::view::icons::{Picture, icon};
use crate::view::list::first_meant;
use crate::view::names::display_name;
use crate::view::panel::{blank, note};
use crate::view::person::{person_avatar, person_name};
use crate::view::{sends, when};

thread_local! {
    pub(super) static LOADER: Loader<SearchPart> = Loader::new(table);
}

part!(fn table in search("search") -> SearchPart = SearchPart { row, enter, texts, go });
part!(fn steps in search("search") -> SearchSteps<Active<Page>> = SearchSteps::new(fold));

fn row(app: &App, typed: &str) -> AnyView {
    let listed = first_meant(app.state, typed);
    match Guess::of(app.state, typed) {
        // Whose conversation stands below is not said twice; most often it is who is meant.
        Answer::None | Answer::Searching if listed.is_some() => ().into_any(),
        Answer::Found(person, _) if listed == Some(person.address) => ().into_any(),
        Answer::None if is_whole(typed) => start(app, typed),
        Answer::None if has_texts(app) => ().into_any(),
        Answer::None => hint(),
        Answer::Searching => searching(),
        Answer::Found(person, reach) => {
            let words = say(if reach == Reach::Ready { SearchWord::Ready } else { SearchWord::NoProfile });
            view! {
                <button {attrs(&[("class", "row row-first row-found"), ("type", "button")])} on:click=sends(app, Command::Open(typed.to_owned()))>
                    {who(&person, words)}
                </button>
                {told(&person, words)}
            }
            .into_any()
        }
        Answer::Own(person) => {
            let words = say(SearchWord::Own);
            view! {
                <div {class("row row-first row-found")}>{who(&person, words)}</div>
                {told(&person, words)}
            }
            .into_any()
        }
        Answer::Failed(fault) => failed(app, typed, &fault),
    }
}

/// What Enter in the field does: the same as the first thing that stands there.
fn enter(app: &App, typed: String) {
    let is_asked = is_whole(&typed) || Guess::of(app.state, &typed) != Answer::None;
    match first_meant(app.state, &typed) {
        Some(peer) if !is_asked => app.command(Command::OpenPeer(peer)),
        None if !is_asked && has_texts(app) => open_first(app, &typed),
        _ => app.command(Command::Open(typed)),
    }
}

/// What to type for somebody to be found.
fn hint() -> AnyView {
    view! {
        <div {class("row row-first row-found row-new")}>
            <span {class("avatar avatar-large")}>{icon(Picture::Search)}</span>
            <span {class("row-body")}><span {attrs(&[("class", "words"), ("role", "status")])}>{say(SearchWord::Hint)}</span></span>
        </div>
    }
    .into_any()
}

/// What Enter does, for a finger.
fn start(app: &App, typed: &str) -> AnyView {
    view! {
        <button {attrs(&[("class", "row row-first row-new"), ("type", "button")])} on:click=sends(app, Command::Open(typed.to_owned()))>
            <span {class("avatar avatar-large")}>{icon(Picture::Pen)}</span>
            <span {class("row-body")}>
                <b {attrs(&[("dir", "auto")])}>{write_to(typed.trim())}</b>
                <span {class("words")}>{say(SearchWord::Start)}</span>
            </span>
        </button>
    }
    .into_any()
}

fn searching() -> AnyView {
    view! {
        <div {attrs(&[("class", "row-first skeleton-row"), ("role", "status"), ("aria-label", say(Word::Searching))])}>
            {blank("skeleton-disc")}
            <div {class("skeleton-lines")}>{blank("skeleton-line")}{blank("skeleton-line")}</div>
        </div>
    }
    .into_any()
}

/// Somebody, and what there is to say of them.
fn who(person: &Person, words: &'static str) -> AnyView {
    let address = person.name.as_ref().map(|_| short_address(person.address)).unwrap_or_default();
    view! {
        {person_avatar(person, true)}
        <span {class("row-body")}>
            <span {class("row-top")}>{person_name(person)}<span {class("mono row-address")}>{address}</span></span>
            <span {class("words")}>{words}</span>
        </span>
    }
    .into_any()
}

/// The same for those who do not see it.
fn told(person: &Person, words: &str) -> AnyView {
    note("sr", "status", format!("{}: {words}", display_name(person)))
}

/// Why nobody was found, and a way to try again if that may pass.
fn failed(app: &App, typed: &str, fault: &Fault) -> AnyView {
    let passes = matches!(fault, Fault::Find(error) if error.is_temporary());
    let words = texts::fault(fault);
    let again = when(passes, || {
        view! {
            <button {attrs(&[("class", "again"), ("type", "button")])} on:click=sends(app, Command::LookUp(typed.to_owned()))>
                {say(Word::Retry)}
            </button>
        }
        .into_any()
    });
    view! {
        <div {class("row row-first row-found")}>
            <span {class("avatar avatar-large avatar-fault")}>{icon(Picture::Alert)}</span>
            <span {class("row-body")}>
                <span {attrs(&[("class", "words"), ("role", "status"), ("title", &words), ("dir", "auto")])}>{words.clone()}</span>
            </span>
            {again}
        </div>
    }
    .into_any()
}

/// Where a key leads: to the row below or above, the first or the last. Above the first is the field.
fn go(from: &Element, key: &str) {
    let Some(screen) = from.closest(".screen").ok().flatten() else { return };
    let Ok(rows) = screen.query_selector_all(".list button.row") else { return };
    let at = (0..rows.length()).find(|at| rows.item(*at).is_some_and(|row| row.contains(Some(from))));
    let to = match (at, key) {
        (None, _) | (_, "Home") => Some(0),
        (_, "End") => rows.length().checked_sub(1),
        (Some(at), "ArrowUp") => at.checked_sub(1),
        (Some(at), _) => Some(at + 1),
    };
    let to = match to {
        Some(to) => rows.item(to).and_then(|row| row.dyn_into::<HtmlElement>().ok()),
        None => {
            let field = screen.query_selector(".search input").ok().flatten();
            field.and_then(|field| field.dyn_into::<HtmlElement>().ok())
        }
    };
    if let Some(to) = to {
        // An element that cannot take the focus leaves it where it is.
        let _ = to.focus();
    }
}
