//! What the account has at stake, wherever that is, and the way back; and how far the chain was looked through for it.

use dm3_core::deposit::Promise;
use dm3_core::identity::Address;
use dm3_core::registry::deposits::Deposited;
use dm3_core::session::Fate;
use leptos::prelude::*;

use super::pieces::{ask, hint};
use crate::app::attention::Known;
use crate::app::own::{Held, Own, Search, Unsearched};
use crate::app::{App, OwnAsk};
use crate::more::settings::pieces::{ADDRESS, failed, form, hint_of};
use crate::more::stake::standing;
use crate::texts::{
    self, AttentionWord, OwnWord, SettingsWord, attention_given, attention_late, say, short_address,
};
use crate::view::attributes::{attrs, class};
use crate::view::names::display_name;
use crate::view::{OnClick, sends, time, truth};

/// The most people who are named.
const MOST_NAMED: usize = 8;

/// The group.
pub(super) fn deposits(app: &App, own: &Own) -> AnyView {
    let payments: Vec<_> = own.payments.iter().map(|known| payment(app, own, known)).collect();
    let deposits = match &own.deposits {
        None => hint_of(say(SettingsWord::LookedUp).to_owned()),
        Some(Err(failure)) => failed(texts::stake_failed(failure)),
        Some(Ok(all)) if all.is_empty() && payments.is_empty() => hint(OwnWord::DepositsNone),
        Some(Ok(all)) => {
            let rows: Vec<_> = all.iter().filter_map(|held| row(app, held)).collect();
            let help = (!rows.is_empty()).then(|| hint(OwnWord::DepositsHelp));
            view! { {rows} {help} }.into_any()
        }
    };
    let unpaid = own.unpaid.as_ref().map(|failure| failed(texts::stake_failed(failure)));
    view! { {deposits} {payments} {unpaid} {search(app, &own.search)} }.into_any()
}

/// What was offered for an answer, and the way back once its time is over.
fn payment(app: &App, own: &Own, known: &Known) -> AnyView {
    let payment = &known.payment;
    let (name, until) =
        (name_of(app, payment.receiver), time::day(payment.until.saturating_mul(1000), time::now()));
    let words = match known.fate {
        Fate::Held(held) => attention_given(&texts::staked(held, known.token.as_ref()), &until, &name),
        Fate::Late(held) => attention_late(&texts::staked(held, known.token.as_ref()), &name),
        _ => return ().into_any(),
    };
    let way = matches!(known.fate, Fate::Late(_)).then(|| {
        let word = say(AttentionWord::GiveBack);
        let busy = own.paying.is_some();
        button(word, &texts::of_whom(word, &words), busy, sends(app, ask(OwnAsk::PayBack(payment.clone()))))
    });
    let contract = short_address(payment.contract);
    view! {
        <div {class("setting")}>
            <div {class("setting-body")}>
                <b>{words}</b>
                <p>{texts::own_deposit_at(&contract)}</p>
            </div>
            {way}
        </div>
    }
    .into_any()
}

/// How far the chain was looked through, and how to look further.
fn search(app: &App, search: &Search) -> AnyView {
    let words = match search.since() {
        _ if search.busy => Some(say(OwnWord::Searching).to_owned()),
        Some(None) => Some(say(OwnWord::SearchedAll).to_owned()),
        Some(Some(since)) => Some(texts::own_searched_since(&time::day(since, time::now()))),
        None => None,
    };
    let unread = (search.unread() > 0).then(|| hint(OwnWord::SearchUnread));
    let wrong = search.failed.map(|why| {
        failed(
            say(match why {
                Unsearched::Address => OwnWord::SearchAddress,
                Unsearched::Neither => OwnWord::SearchNeither,
                Unsearched::Unknown => OwnWord::SearchUnknown,
            })
            .to_owned(),
        )
    });
    let further = search.has_more().then(|| {
        let word = say(OwnWord::SearchFurther);
        view! {
            <div {class("setting")}>
                <div {class("setting-body")}><p>{say(OwnWord::SearchHelp)}</p></div>
                {button(word, word, search.busy, sends(app, ask(OwnAsk::Search)))}
            </div>
        }
    });
    view! {
        {words.map(|words| view! { <p {attrs(&[("class", "group-hint"), ("role", "status")])}>{words}</p> })}
        {further}
        {form(app, search.busy, say(OwnWord::SearchField), ADDRESS, None, say(OwnWord::SearchThere), Box::new(|typed| ask(OwnAsk::SearchAt(typed))))}
        {unread}
        {wrong}
    }
    .into_any()
}

fn button(word: &'static str, label: &str, busy: bool, press: OnClick) -> AnyView {
    view! {
        <button {attrs(&[("class", "setting-act"), ("type", "button"), ("aria-label", label), ("aria-disabled", truth(busy))])} on:click=press>
            {word}
        </button>
    }
    .into_any()
}

fn row(app: &App, held: &Held) -> Option<AnyView> {
    let (words, way) = standing(&held.own, held.token.as_ref(), held.epoch)?;
    let contract = short_address(held.own.contract);
    let promised = promised(app, &held.own.promises, held.epoch);
    let way = way.map(|word| {
        let label = texts::of_whom(say(word), &words);
        let take = sends(app, ask(OwnAsk::TakeBack(held.own.contract, held.own.key)));
        button(say(word), &label, held.busy, take)
    });
    let is_elsewhere = matches!(held.own.standing, Deposited::Open { .. }) && !held.own.promises_here;
    let elsewhere = is_elsewhere.then(|| view! { <p>{say(OwnWord::DepositElsewhere)}</p> });
    let row = view! {
        <div {class("setting")}>
            <div {class("setting-body")}>
                <b>{words}</b>
                {promised.map(|words| view! { <p>{words}</p> })}
                {elsewhere}
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
