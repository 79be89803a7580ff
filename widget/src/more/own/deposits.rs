//! What the account has at stake, wherever that is, and the way back.

use dm3_core::deposit::Promise;
use dm3_core::identity::Address;
use leptos::prelude::*;

use super::pieces::{ask, hint};
use crate::app::own::Held;
use crate::app::stake::Failure;
use crate::app::{App, OwnAsk};
use crate::more::settings::pieces::{failed, hint_of};
use crate::more::stake::standing;
use crate::texts::{self, OwnWord, SettingsWord, say, short_address};
use crate::view::attributes::{attrs, class};
use crate::view::names::display_name;
use crate::view::{sends, truth};

/// The most people who are named.
const MOST_NAMED: usize = 8;

/// The group.
pub(super) fn deposits(app: &App, deposits: Option<&Result<Vec<Held>, Failure>>) -> AnyView {
    match deposits {
        None => hint_of(say(SettingsWord::LookedUp).to_owned()),
        Some(Err(failure)) => failed(texts::stake_failed(failure)),
        Some(Ok(all)) if all.is_empty() => hint(OwnWord::DepositsNone),
        Some(Ok(all)) => {
            let rows: Vec<_> = all.iter().filter_map(|held| row(app, held)).collect();
            view! { {rows} {hint(OwnWord::DepositsHelp)} }.into_any()
        }
    }
}

fn row(app: &App, held: &Held) -> Option<AnyView> {
    let (words, way) = standing(&held.own, held.token.as_ref(), held.epoch)?;
    let contract = short_address(held.own.contract);
    let promised = promised(app, &held.own.promises, held.epoch);
    let way = way.map(|word| {
        let label = texts::of_whom(say(word), &words);
        let take = sends(app, ask(OwnAsk::TakeBack(held.own.contract, held.own.key)));
        view! {
            <button {attrs(&[("class", "setting-act"), ("type", "button"), ("aria-label", &label), ("aria-disabled", truth(held.busy))])} on:click=take>
                {say(word)}
            </button>
        }
    });
    let row = view! {
        <div {class("setting")}>
            <div {class("setting-body")}>
                <b>{words}</b>
                {promised.map(|words| view! { <p>{words}</p> })}
                <p>{texts::own_deposit_at(&contract)}</p>
            </div>
            {way}
        </div>
        {held.failed.as_ref().map(|failure| failed(texts::stake_failed(failure)))}
    };
    Some(row.into_any())
}

/// Who could burn something of it, of those to whom this device promised it.
fn promised(app: &App, promises: &[Promise], epoch: u64) -> Option<String> {
    let mut people: Vec<Address> = Vec::new();
    for promise in promises.iter().filter(|promise| promise.epoch + 1 >= epoch) {
        if !people.contains(&promise.receiver) {
            people.push(promise.receiver);
        }
    }
    let named: Vec<_> = people.iter().take(MOST_NAMED).map(|who| name_of(app, *who)).collect();
    let more = if people.len() > MOST_NAMED { ", …" } else { "" };
    (!named.is_empty()).then(|| texts::own_deposit_promised(&(named.join(", ") + more)))
}

fn name_of(app: &App, address: Address) -> String {
    app.state.conversations.with(|rows| {
        let mut rows = rows.iter().flat_map(|rows| rows.iter());
        let known = rows.find(|row| row.peer.address == address);
        known.map_or_else(|| short_address(address), |row| display_name(&row.peer))
    })
}
