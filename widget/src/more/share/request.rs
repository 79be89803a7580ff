//! What is asked about a stranger in place of the composer: what is known of them, and what becomes of them.

use dm3_core::device::Trust;
use dm3_core::identity::is_look_alike;
use dm3_core::session::{Decision, NameStanding};
use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::app::state::{Person, State};
use crate::app::{App, Command, ShareAsk};
use crate::more::focus::{focus_when_drawn, place_to_write, screen};
use crate::texts::{TalkWord, first_written, looks_like, say, short_address};
use crate::view::attention::{REQUESTED, payments};
use crate::view::attributes::{attrs, class};
use crate::view::form::link;
use crate::view::icons::{Picture, icon};
use crate::view::names::display_name;
use crate::view::person::{person_avatar, person_name};
use crate::view::share::shares;
use crate::view::stake::{STAKED, at_stake};
use crate::view::{OnClick, time};

/// How a fact is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    Bad,
    Plain,
}

/// The card of a stranger, or that somebody is blocked, with what can be done.
pub(super) fn request(app: &App) -> AnyView {
    let Some((peer, trust, first)) = app.state.thread.with(|thread| {
        let thread = thread.as_ref()?;
        let first = thread.messages.as_ref()?.first().map(|bubble| bubble.time);
        Some((thread.peer.clone(), thread.standing.trust, first))
    }) else {
        return ().into_any();
    };
    let decide = |decision, word: TalkWord, classes: &'static str| {
        let app = app.clone();
        let decide: OnClick = Box::new(move |event: MouseEvent| {
            app.command(Command::Decide(decision));
            // The button goes. Of who is not welcome the name is left.
            let then = if decision == Decision::Accept { place_to_write() } else { "h2 .who" };
            if let Some(screen) = screen(event.target()) {
                focus_when_drawn(screen, then, ".request *");
            }
        });
        view! {
            <button {attrs(&[("class", classes), ("type", "button")])} on:click=decide>
                {say(word)}
            </button>
        }
        .into_any()
    };
    let report = || link(say(TalkWord::Report), shares(app, ShareAsk::Report));
    match trust {
        Trust::Accepted => ().into_any(),
        Trust::Blocked => view! {
            <div {attrs(&[("class", "request"), ("role", "group"), ("aria-label", say(TalkWord::Blocked))])}>
                <p>{say(TalkWord::BlockedHelp)}</p>
                <div {class("request-choices")}>{decide(Decision::Accept, TalkWord::Unblock, "button button-quiet")}</div>
                {report()}
            </div>
        }
        .into_any(),
        Trust::Requested => view! {
            <div {attrs(&[("class", "request"), ("role", "group"), ("aria-label", say(TalkWord::Request))])}>
                {card(app.state, &peer, first)}
                {at_stake(app, STAKED)}
                {payments(app, REQUESTED)}
                <p>{say(TalkWord::RequestHelp)}</p>
                <div {class("request-choices")}>
                    {decide(Decision::Block, TalkWord::Block, "button button-quiet")}
                    {decide(Decision::Accept, TalkWord::Accept, "button")}
                </div>
                {report()}
            </div>
        }
        .into_any(),
    }
}

/// What is known of somebody, each fact with a sign and in words.
fn card(state: State, peer: &Person, first: Option<u64>) -> AnyView {
    let mut facts = Vec::new();
    if let Some(known) = look_alike(state, peer) {
        facts.push((Kind::Bad, looks_like(&known)));
    }
    facts.push(match (&peer.name, peer.standing) {
        (Some(_), NameStanding::Checked) => (Kind::Good, say(TalkWord::NameIsTheirs).to_owned()),
        (Some(_), NameStanding::Unchecked | NameStanding::Uncheckable) => {
            (Kind::Plain, say(TalkWord::NameNotChecked).to_owned())
        }
        (None, _) => (Kind::Plain, say(TalkWord::NoName).to_owned()),
    });
    if let Some(first) = first {
        facts.push((Kind::Plain, first_written(&time::day(first, time::now()))));
    }
    let facts = facts.into_iter().map(|(kind, words)| {
        let (picture, classes) = match kind {
            Kind::Good => (Picture::Check, "fact fact-good"),
            Kind::Bad => (Picture::Alert, "fact fact-bad"),
            Kind::Plain => (Picture::Clock, "fact"),
        };
        view! { <li {class(classes)}>{icon(picture)}<span>{words}</span></li> }.into_any()
    });
    view! {
        <div {class("request-card")}>
            <div {class("request-person")}>
                {person_avatar(peer, true)}
                <div {class("row-body")}>
                    <div {class("row-top")}>{person_name(peer)}</div>
                    <p {attrs(&[("class", "mono"), ("title", &peer.address.to_string())])}>{short_address(peer.address)}</p>
                </div>
            </div>
            <ul>{facts.collect::<Vec<_>>()}</ul>
        </div>
    }
    .into_any()
}

/// The name of somebody welcome that a stranger's name may be taken for.
fn look_alike(state: State, peer: &Person) -> Option<String> {
    let name = peer.name.as_ref()?;
    state.conversations.with(|rows| {
        let mut known = rows.iter().flatten().filter(|row| {
            row.standing.trust == Trust::Accepted
                && row.peer.address != peer.address
                && row.peer.name.is_some()
        });
        let like =
            known.find(|row| row.peer.name.as_ref().is_some_and(|known| is_look_alike(name, known)))?;
        Some(display_name(&like.peer))
    })
}
