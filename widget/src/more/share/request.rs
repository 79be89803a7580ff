//! What is asked about a stranger in place of the composer: what is known of them, and what becomes of them.

use dm3_core::device::Trust;
use dm3_core::session::{Decision, NameStanding, Usage};
use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::app::state::Person;
use crate::app::stranger::{Stranger, look_alike};
use crate::app::{Act, App, Command, ShareAsk};
use crate::more::focus::{focus_when_drawn, place_to_write, screen};
use crate::texts::{
    ShareWord, TalkWord, first_written, looks_like, mentioned, mentioned_more, say, short_address, used,
};
use crate::view::attention::{REQUESTED, payments};
use crate::view::attributes::{attrs, class};
use crate::view::form::link;
use crate::view::icons::{Picture, icon};
use crate::view::names::display_name;
use crate::view::person::{person_avatar, person_name};
use crate::view::share::shares;
use crate::view::stake::{STAKED, at_stake};
use crate::view::{OnClick, part, time};

/// How a fact is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    Bad,
    /// It may be a reason to be careful, and most often is none.
    Odd,
    Plain,
    /// Somebody has said so.
    Said,
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
        let (app, address) = (app.clone(), peer.address);
        let decide: OnClick = Box::new(move |event: MouseEvent| {
            app.command(Command::Decide(address, decision));
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
                <div {class("request-choices")}>{decide(Decision::Unblock, TalkWord::Unblock, "button button-quiet")}</div>
                {report()}
            </div>
        }
        .into_any(),
        Trust::Requested => view! {
            <div {attrs(&[("class", "request"), ("role", "group"), ("aria-label", say(TalkWord::Request))])}>
                {card(app, &peer, first)}
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
fn card(app: &App, peer: &Person, first: Option<u64>) -> AnyView {
    // Another day has other words.
    app.state.today.get();
    let mut facts = Vec::new();
    if let Some(known) = look_alike(app.state, peer) {
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
    let facts: Vec<_> = facts.into_iter().map(|(kind, words)| fact(kind, words)).collect();
    // Drawn by itself, so that nobody who has come to a button by keyboard leaves it when something was found out.
    let looked_up = {
        let (app, peer) = (app.clone(), peer.clone());
        part(move || looked_up(&app, &peer))
    };
    view! {
        <div {class("request-card")}>
            <div {class("request-person")}>
                {person_avatar(peer, true)}
                <div {class("row-body")}>
                    <div {class("row-top")}>{person_name(peer)}</div>
                    <p {attrs(&[("class", "mono"), ("title", &peer.address.to_string())])}>{short_address(peer.address)}</p>
                </div>
            </div>
            <ul>{facts} {looked_up}</ul>
        </div>
    }
    .into_any()
}

fn fact(kind: Kind, words: String) -> AnyView {
    let (picture, classes) = match kind {
        Kind::Good => (Picture::Check, "fact fact-good"),
        Kind::Bad => (Picture::Alert, "fact fact-bad"),
        Kind::Odd => (Picture::Alert, "fact"),
        Kind::Plain => (Picture::Clock, "fact"),
        Kind::Said => (Picture::Bubble, "fact"),
    };
    view! { <li {class(classes)}>{icon(picture)}<span>{words}</span></li> }.into_any()
}

/// What is looked up of a stranger once it is asked about them: how much their account was used, and who has mentioned them.
fn looked_up(app: &App, peer: &Person) -> AnyView {
    let known = app.state.stranger.with(|stranger| stranger.shown::<Stranger>().cloned());
    if known.as_ref().is_none_or(|known| known.of != *peer) {
        app.command(Command::act(Act::Share(ShareAsk::LookAtStranger)));
    }
    // What was known of them under another name stands until more is.
    let known = known.filter(|known| known.of.address == peer.address);
    let usage = match known.as_ref().and_then(|known| known.usage) {
        None => blank(ShareWord::UsedNever),
        Some(None) => fact(Kind::Plain, say(ShareWord::UsedUnknown).to_owned()),
        Some(Some(Usage::Contract)) => fact(Kind::Plain, say(ShareWord::UsedContract).to_owned()),
        Some(Some(Usage::Sent(0))) => fact(Kind::Odd, say(ShareWord::UsedNever).to_owned()),
        Some(Some(Usage::Sent(count))) => {
            fact(Kind::Plain, used(usize::try_from(count).unwrap_or(usize::MAX)))
        }
    };
    let mentions = match known.as_ref().and_then(|known| known.mentioned.as_deref()) {
        None => blank(ShareWord::MentionedNever),
        Some([]) => fact(Kind::Said, say(ShareWord::MentionedNever).to_owned()),
        Some([one]) => fact(Kind::Said, mentioned(&display_name(one))),
        Some([first, others @ ..]) => fact(Kind::Said, mentioned_more(others.len(), &display_name(first))),
    };
    view! { {usage} {mentions} }.into_any()
}

/// Room for what is not known yet: as many lines as the longest that it most likely will be.
fn blank(words: ShareWord) -> AnyView {
    view! {
        <li {attrs(&[("class", "fact fact-blank"), ("aria-hidden", "true")])}>
            {icon(Picture::Clock)}
            <span><span>{say(words)}</span></span>
        </li>
    }
    .into_any()
}
