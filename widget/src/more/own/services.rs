//! The delivery services that take in messages for the account.

use dm3_core::engine::Connection as Link;
use leptos::prelude::*;

use super::pieces::hint;
use crate::app::App;
use crate::app::fault::Fault;
use crate::app::own::Service;
use crate::app::state::Connection;
use crate::more::settings::pieces::{fact, failed, hint_of};
use crate::texts::{self, OwnWord, SettingsWord, say};

/// The group.
pub(super) fn services(app: &App, services: Option<&Result<Vec<Service>, Fault>>) -> AnyView {
    let list = match services {
        None => hint_of(say(SettingsWord::LookedUp).to_owned()),
        Some(Err(fault)) => failed(texts::fault(fault)),
        Some(Ok(services)) if services.is_empty() => hint(OwnWord::NoService),
        Some(Ok(services)) => {
            let rows = services.iter().map(|service| service_row(app, service));
            rows.collect::<Vec<_>>().into_any()
        }
    };
    view! { {list} {hint(OwnWord::ServicesHelp)} }.into_any()
}

fn service_row(app: &App, service: &Service) -> AnyView {
    let connection = app.state.connection.get();
    let (word, classes) = match (&service.link, connection) {
        (Some(Link::Live), _) | (None, Connection::Live) => (OwnWord::Live, "link-good"),
        (Some(Link::Polling), _) => (OwnWord::Polling, "link-good"),
        (Some(Link::Lost(_)), _) | (None, Connection::Lost(_)) => (OwnWord::Lost, "link-bad"),
        (Some(Link::Connecting), _) | (None, Connection::Idle | Connection::Connecting) => {
            (OwnWord::Connecting, "")
        }
    };
    fact(service.name.clone(), say(word).to_owned(), classes)
}
