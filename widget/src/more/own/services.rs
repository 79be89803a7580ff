//! The delivery services that take in messages for the account, and another list of them.

use dm3_core::delivery::api::ApiError;
use dm3_core::engine::Connection as Link;
use dm3_core::identity::EnsName;
use dm3_core::session::{Asked, FindError, LeftService, NameStands, Services, ServicesError};
use leptos::ev::MouseEvent;
use leptos::prelude::*;

use super::pieces::{ENS_NAME, ask, hint};
use crate::app::fault::Fault;
use crate::app::own::{Ens, Listing, NotListed, OwnServices};
use crate::app::state::Connection;
use crate::app::{App, Command, OwnAsk, ServiceAct, ServicesAsk};
use crate::more::focus::{element, focus};
use crate::more::settings::pieces::{fact, failed, form, hint_of, sends_and_goes};
use crate::texts::{self, OwnWord, SettingsWord, StakeWord, say};
use crate::view::attributes::{attrs, class};
use crate::view::{OnClick, time, truth};

/// The group.
pub(super) fn services(app: &App, services: &OwnServices, ens: &Ens) -> AnyView {
    let found = match &services.found {
        None => return hint_of(say(SettingsWord::LookedUp).to_owned()),
        Some(Err(fault)) => return failed(texts::fault(fault)),
        Some(Ok(found)) => found,
    };
    let none = services.wanted.is_empty().then(|| hint(OwnWord::NoService));
    let rows: Vec<_> = (0..services.wanted.len()).map(|place| row(app, services, place)).collect();
    let gone = services.listed().iter().filter(|name| !services.wanted.contains(name));
    let gone: Vec<_> = gone.map(|name| gone_row(app, services, name)).collect();
    let left: Vec<_> =
        found.left.iter().filter(|left| !services.wanted.contains(&left.name)).map(left_row).collect();
    let busy = services.step.is_busy();
    let add = Box::new(|typed| services_ask(ServicesAsk::Add(typed)));
    let field = form(app, busy, say(OwnWord::ServicesField), ENS_NAME, None, say(OwnWord::ServicesAdd), add);
    let sure = services.is_changed().then(|| sure(app, services, found, ens));
    let told = match services.step {
        Listing::Looking => say(SettingsWord::LookedUp).to_owned(),
        Listing::Signing => say(OwnWord::ServicesSign).to_owned(),
        Listing::Publishing => say(OwnWord::ServicesPublishing).to_owned(),
        Listing::Done => done(ens),
        Listing::Idle => String::new(),
    };
    view! {
        <ol>{rows}</ol>
        {none}
        {gone}
        {left}
        {field}
        {sure}
        <p {attrs(&[("class", "group-hint"), ("role", "status")])}>{told}</p>
        {services.failed.as_ref().map(|why| failed(words(why)))}
        {hint(OwnWord::ServicesHelp)}
    }
    .into_any()
}

/// One that is wanted, with its place, and the ways to another.
fn row(app: &App, services: &OwnServices, place: usize) -> AnyView {
    let Some(name) = services.wanted.get(place) else { return ().into_any() };
    let (busy, count) = (services.step.is_busy(), services.wanted.len());
    let (word, classes) = standing(app, services, name);
    let ways = [
        (OwnWord::ServicesUp, ServiceAct::Raise, busy || place == 0),
        (OwnWord::ServicesDown, ServiceAct::Lower, busy || place + 1 == count),
        (OwnWord::EnsForget, ServiceAct::Remove, busy || count == 1),
    ];
    let ways = ways.map(|(word, act, idle)| way(app, name, word, act, idle));
    view! {
        <li {attrs(&[("class", "setting setting-doubt"), ("data-service", name.as_str())])}>
            <div {class("setting-body")}>
                <b {attrs(&[("dir", "auto")])}>{format!("{}. {name}", place + 1)}</b>
                <p {class(classes)}>{say(word)}</p>
            </div>
            {Vec::from(ways)}
        </li>
    }
    .into_any()
}

/// How it stands with one that is wanted.
fn standing(app: &App, services: &OwnServices, name: &EnsName) -> (OwnWord, &'static str) {
    if !services.listed().contains(name) {
        return (OwnWord::ServicesNew, "link-good");
    }
    let links = services.links.iter().flatten();
    let link = links.into_iter().find(|(of, _)| of == name).map(|(_, link)| link);
    match (link, app.state.connection.get()) {
        (Some(Link::Live), _) | (None, Connection::Live) => (OwnWord::Live, "link-good"),
        (Some(Link::Polling), _) => (OwnWord::Polling, "link-good"),
        (Some(Link::Lost(_)), _) | (None, Connection::Lost(_)) => (OwnWord::Lost, "link-bad"),
        (Some(Link::Connecting), _) | (None, Connection::Idle | Connection::Connecting) => {
            (OwnWord::Connecting, "")
        }
    }
}

/// One that is listed, and not wanted any more.
fn gone_row(app: &App, services: &OwnServices, name: &EnsName) -> AnyView {
    view! {
        <div {attrs(&[("class", "setting"), ("data-service", name.as_str())])}>
            <div {class("setting-body")}>
                <b {attrs(&[("dir", "auto")])}>{name.to_string()}</b>
                <p {class("link-bad")}>{say(OwnWord::ServicesGone)}</p>
            </div>
            {way(app, name, OwnWord::ServicesKeep, ServiceAct::Keep, services.step.is_busy())}
        </div>
    }
    .into_any()
}

/// One that is listed no more, and read for a while.
fn left_row(left: &LeftService) -> AnyView {
    fact(left.name.to_string(), texts::own_services_left(&time::day(left.until, time::now())), "")
}

/// A button of a row. The focus goes along with the service, or to the heading if it is not there any more.
fn way(app: &App, name: &EnsName, word: OwnWord, act: ServiceAct, idle: bool) -> AnyView {
    let label = texts::of_whom(say(word), name.as_str());
    let button = if act == ServiceAct::Lower { "button + button" } else { "button" };
    let selector = format!("[data-service=\"{name}\"] {button}");
    let (app, wanted) = (app.clone(), ServicesAsk::With(act, name.clone()));
    let press: OnClick = Box::new(move |event: MouseEvent| {
        let pressed = element(event.current_target()).filter(|_| !idle);
        let Some(section) = pressed.and_then(|it| it.closest("section").ok().flatten()) else { return };
        app.command(services_ask(wanted.clone()));
        let selector = selector.clone();
        request_animation_frame(move || {
            let there = section.query_selector(&selector).ok().flatten().is_some();
            focus(&section, if there { &selector } else { "h3" });
        });
    });
    view! {
        <button {attrs(&[("class", "setting-act"), ("type", "button"), ("aria-label", &label), ("aria-disabled", truth(idle))])} on:click=press>
            {say(word)}
        </button>
    }
    .into_any()
}

/// What is going to happen, before it does.
fn sure(app: &App, services: &OwnServices, found: &Services, ens: &Ens) -> AnyView {
    let (wanted, listed, busy) = (&services.wanted, &found.listed, services.step.is_busy());
    let named = |among: &[EnsName], except: &[EnsName]| {
        let names = among.iter().filter(|name| !except.contains(name));
        names.map(EnsName::as_str).collect::<Vec<_>>().join(", ")
    };
    let order = match wanted.as_slice() {
        [first, others @ ..] if !others.is_empty() => {
            texts::own_services_first(first.as_str(), &named(others, &[]))
        }
        [only] => texts::own_services_only(only.as_str()),
        _ => String::new(),
    };
    let mut said = vec![order];
    let new = named(wanted, listed);
    if !new.is_empty() {
        said.push(texts::own_services_new_sure(&new));
    }
    let gone = named(listed, wanted);
    if !gone.is_empty() {
        said.push(texts::own_services_gone_sure(&gone));
        if listed.contains(&found.node) && !wanted.contains(&found.node) {
            said.push(texts::own_services_node_gone(found.node.as_str()));
        }
    }
    let published = own_names(ens, NameStands::Published);
    if !published.is_empty() {
        said.push(texts::own_services_names(&published));
    }
    if services.signed.is_none() {
        said.push(say(OwnWord::ServicesSure).to_owned());
    }
    let publish = if services.signed.is_some() { OwnWord::ServicesAgain } else { OwnWord::ServicesPublish };
    let act = |word: OwnWord, wanted| {
        let press = sends_and_goes(app, services_ask(wanted));
        view! {
            <button {attrs(&[("class", "setting-act"), ("type", "button"), ("aria-disabled", truth(busy))])} on:click=press>{say(word)}</button>
        }
        .into_any()
    };
    view! {
        <div {class("setting setting-doubt")}>
            <span {attrs(&[("class", "setting-body setting-help"), ("role", "status")])}>{said.join(" ")}</span>
            {act(OwnWord::ServicesLeave, ServicesAsk::Leave)}
            {act(publish, ServicesAsk::Publish)}
        </div>
    }
    .into_any()
}

/// Others find it; by a name of the account's own they may find the former one.
fn done(ens: &Ens) -> String {
    let older = own_names(ens, NameStands::Older);
    let done = say(OwnWord::ServicesDone);
    if older.is_empty() { done.to_owned() } else { format!("{done} {}", texts::own_services_names(&older)) }
}

fn own_names(ens: &Ens, that: NameStands) -> String {
    let names = ens.names.iter().flatten().flatten().filter(|own| own.stands == that);
    names.map(|own| own.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn words(why: &NotListed) -> String {
    let error = match why {
        NotListed::NoWallet => return say(StakeWord::NoWallet).to_owned(),
        NotListed::Forbidden => return texts::fault(&Fault::SigningForbidden),
        NotListed::Services(error) => error,
    };
    let fault = match error {
        ServicesError::NoSuchName(name) => return texts::own_services_no_name(name.as_str()),
        ServicesError::Away { name, .. } => return texts::own_services_away(name.as_str()),
        ServicesError::Refused { name, reason } => return refused(name, reason),
        ServicesError::Asks { name, asked } => {
            return match asked {
                Asked::Closed => texts::own_services_closed(name.as_str()),
                Asked::Something => texts::own_services_asks(name.as_str()),
            };
        }
        ServicesError::Listed(name) => return texts::own_services_listed(name.as_str()),
        ServicesError::TooMany => return say(OwnWord::ServicesTooMany).to_owned(),
        ServicesError::Nobody => return say(OwnWord::NoService).to_owned(),
        ServicesError::Uncounted => return say(OwnWord::ServicesUncounted).to_owned(),
        ServicesError::Changed => return say(OwnWord::ServicesChanged).to_owned(),
        ServicesError::NoService(name) => Fault::Find(FindError::NoDeliveryService(name.clone())),
        ServicesError::Name(error) => Fault::Find(error.clone().into()),
        ServicesError::Find(error) => Fault::Find(error.clone()),
        ServicesError::Sign(error) => Fault::SignIn(error.clone()),
        ServicesError::Home(error) => Fault::from(error.clone()),
        ServicesError::Store(error) => Fault::Store(error.clone()),
    };
    texts::fault(&fault)
}

/// What may pass is told as that.
fn refused(name: &EnsName, reason: &ApiError) -> String {
    match reason {
        ApiError::Busy { .. } | ApiError::Unavailable(_) => texts::own_services_away(name.as_str()),
        ApiError::Refused { reason, .. } if !reason.as_str().is_empty() => {
            texts::own_services_refused_said(name.as_str(), reason.as_str())
        }
        _ => texts::own_services_refused(name.as_str()),
    }
}

fn services_ask(services: ServicesAsk) -> Command {
    ask(OwnAsk::Services(services))
}
