//! What there is to know of somebody, and what can be decided about them.

use dm3_core::device::{Standing, Trust};
use dm3_core::identity::{Address, ComparisonCode};
use dm3_core::session::{Decision, NameStanding};
use leptos::prelude::*;

use crate::app::settings::{Card, Keys};
use crate::app::state::Person;
use crate::app::{App, Command, ShareAsk};
use crate::more::clipboard::copy;
use crate::more::settings::pieces::{group, hint, screen};
use crate::texts::{SettingsWord, Word, known_since, say};
use crate::view::attributes::{attrs, class};
use crate::view::icons::{Picture, icon, verified};
use crate::view::names::display_name;
use crate::view::person::person_avatar;
use crate::view::share::shares;
use crate::view::{on_click, sends, time, when};

/// How a fact is meant.
#[derive(Clone, Copy)]
enum Kind {
    Good,
    Plain,
}

/// The whole screen.
pub(super) fn card(app: &App, card: &Card) -> AnyView {
    // Another day has other words.
    app.state.today.get();
    let shown = app.state.thread.with(|thread| {
        let thread = thread.as_ref()?;
        Some((thread.peer.clone(), thread.standing))
    });
    let Some((peer, standing)) = shown else { return screen(app, SettingsWord::Contact, ().into_any()) };
    let names = when(!card.names.is_empty(), || {
        let each = card.names.iter().map(|name| {
            view! { <p {attrs(&[("class", "group-line"), ("dir", "auto")])}>{name.clone()}</p> }
        });
        group(SettingsWord::OtherNames, each.collect::<Vec<_>>().into_any())
    });
    let compare = match &card.keys {
        Keys::Signed(code) => Some(group(SettingsWord::Compare, comparison(*code))),
        Keys::Searching | Keys::None | Keys::Unknown(_) => None,
    };
    let body = view! {
        <div {class("card-top")}>
            {person_avatar(&peer, true)}
            <h3 {class("card-name")}>{whole_name(&peer)}</h3>
        </div>
        {group(SettingsWord::Address, address(&peer))}
        {group(SettingsWord::Verified, facts(&peer, card))}
        {names}
        {compare}
        {decisions(app, peer.address, standing)}
    };
    screen(app, SettingsWord::Contact, body.into_any())
}

/// The name with its sign. Here is room for the whole of it.
fn whole_name(peer: &Person) -> AnyView {
    let sign = peer.name.as_ref().map(|_| match peer.standing {
        NameStanding::Checked => verified(),
        NameStanding::Unchecked | NameStanding::Uncheckable => {
            view! { <span {class("sr")}>{say(Word::NotChecked)}</span> }.into_any()
        }
    });
    view! { <bdi>{display_name(peer)}</bdi> {sign} }.into_any()
}

fn address(peer: &Person) -> AnyView {
    let address = peer.address.to_string();
    let copied = RwSignal::new(false);
    let press = {
        let address = address.clone();
        on_click(move || copy(address.clone(), Box::new(move |done| copied.set(done))))
    };
    let sign = move || icon(if copied.get() { Picture::Check } else { Picture::Copy });
    let told = move || if copied.get() { say(SettingsWord::Copied) } else { "" };
    view! {
        <div {class("setting")}>
            <span {attrs(&[("class", "setting-body mono card-address"), ("dir", "ltr")])}>{address}</span>
            <button {attrs(&[("class", "icon-button"), ("type", "button"), ("aria-label", say(SettingsWord::CopyAddress))])} on:click=press>
                {sign}
            </button>
            <span {attrs(&[("class", "sr"), ("role", "status")])}>{told}</span>
        </div>
    }
    .into_any()
}

fn facts(peer: &Person, card: &Card) -> AnyView {
    let name = match (&peer.name, peer.standing) {
        (Some(_), NameStanding::Checked) => (Kind::Good, SettingsWord::NameLeadsHere),
        (Some(_), NameStanding::Unchecked | NameStanding::Uncheckable) => {
            (Kind::Plain, SettingsWord::NameNotChecked)
        }
        (None, _) => (Kind::Plain, SettingsWord::NoName),
    };
    let keys = match &card.keys {
        Keys::Searching => (Kind::Plain, SettingsWord::KeysSearching),
        Keys::Signed(_) => (Kind::Good, SettingsWord::KeysSigned),
        Keys::None => (Kind::Plain, SettingsWord::KeysNone),
        Keys::Unknown(_) => (Kind::Plain, SettingsWord::KeysUnknown),
    };
    let said = |(kind, word)| (kind, say(word).to_owned());
    let since = card.since.map(|since| (Kind::Plain, known_since(&time::day(since, time::now()))));
    let all = [said(name), said(keys)].into_iter().chain(since).map(|(kind, words)| {
        let (picture, classes) = match kind {
            Kind::Good => (Picture::Check, "card-fact card-fact-good"),
            Kind::Plain => (Picture::Clock, "card-fact"),
        };
        view! { <li {class(classes)}>{icon(picture)}<span>{words}</span></li> }
    });
    view! { <ul>{all.collect::<Vec<_>>()}</ul> }.into_any()
}

fn comparison(code: ComparisonCode) -> AnyView {
    let groups = code.groups().map(|group| view! { <span>{group}{" "}</span> });
    view! {
        <p {attrs(&[("class", "digits"), ("dir", "ltr"), ("translate", "no")])}>{Vec::from(groups)}</p>
        {hint(SettingsWord::CompareHelp)}
    }
    .into_any()
}

fn decisions(app: &App, peer: Address, standing: Standing) -> AnyView {
    let choice = |word, help: Option<SettingsWord>, act, classes: &str| {
        let help = help.map(|help| view! { <span {class("setting-help")}>{say(help)}</span> });
        view! {
            <button {attrs(&[("class", classes), ("type", "button")])} on:click=act>
                <span {class("setting-body")}>
                    <b>{say(word)}</b>
                    {help}
                </span>
            </button>
        }
        .into_any()
    };
    let decide = |word, help, decision, classes: &str| {
        choice(word, help, sends(app, Command::Decide(peer, decision)), classes)
    };
    let mute = match standing.muted {
        true => (SettingsWord::Unmute, Decision::Mute(false)),
        false => (SettingsWord::Mute, Decision::Mute(true)),
    };
    let hide = match standing.hidden {
        true => (SettingsWord::ShowAgain, None, Decision::Hide(false)),
        false => (SettingsWord::Hide, Some(SettingsWord::HideHelp), Decision::Hide(true)),
    };
    let block = match standing.trust {
        Trust::Blocked => (SettingsWord::Unblock, Decision::Unblock, "setting"),
        Trust::Requested | Trust::Accepted => (SettingsWord::Block, Decision::Block, "setting setting-bad"),
    };
    view! {
        <div {class("group-card")}>
            {decide(mute.0, Some(SettingsWord::MuteHelp), mute.1, "setting")}
            {decide(hide.0, hide.1, hide.2, "setting")}
            {decide(block.0, Some(SettingsWord::BlockHelp), block.1, block.2)}
            {choice(SettingsWord::Report, Some(SettingsWord::ReportHelp), shares(app, ShareAsk::Report), "setting setting-bad")}
        </div>
    }
    .into_any()
}
