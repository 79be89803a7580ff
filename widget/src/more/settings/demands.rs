//! What is demanded of those who write.

use dm3_core::delivery::{Amount, SpamRule, Verdict};
use leptos::ev::Event;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::pieces::{failed, hint, switch};
use crate::app::fault::Fault;
use crate::app::settings::Demands;
use crate::app::{App, Command, SettingsAsk};
use crate::texts::{self, SettingsWord, say};
use crate::view::OnInput;
use crate::view::attributes::{attrs, class};
use crate::view::names::display_name;
use crate::view::sends;

/// The group.
pub(super) fn demands(app: &App, demands: Option<&Result<Demands, Fault>>) -> AnyView {
    match demands {
        None => hint(SettingsWord::LookedUp),
        Some(Err(fault)) => failed(texts::fault(fault)),
        Some(Ok(Demands { rules: None, .. })) => hint(SettingsWord::DemandsNowhere),
        Some(Ok(Demands { rules: Some(rules), failed: fault })) => view! {
            {contacts(app, rules)}
            {transactions(app, rules)}
            {coins(app, rules)}
            {others(app, rules)}
            {fault.as_ref().map(|fault| failed(texts::fault(fault)))}
            {hint(SettingsWord::DemandsHelp)}
            {as_read(app, rules)}
        }
        .into_any(),
    }
}

fn ask(rules: Vec<SpamRule>) -> Command {
    Command::Settings(SettingsAsk::Demand(rules))
}

/// The rules without those of one kind.
fn without(rules: &[SpamRule], is_of_kind: impl Fn(&SpamRule) -> bool) -> Vec<SpamRule> {
    rules.iter().filter(|rule| !is_of_kind(rule)).cloned().collect()
}

fn contacts(app: &App, rules: &[SpamRule]) -> AnyView {
    let is_on = rules.contains(&SpamRule::ContactsOnly);
    let mut turned = without(rules, |rule| *rule == SpamRule::ContactsOnly);
    if !is_on {
        turned.push(SpamRule::ContactsOnly);
    }
    let turn = SettingsAsk::Demand(turned);
    switch(app, is_on, turn, SettingsWord::DemandsContacts, SettingsWord::DemandsContactsHelp)
}

fn transactions(app: &App, rules: &[SpamRule]) -> AnyView {
    let least = rules.iter().find_map(|rule| match rule {
        SpamRule::MinNonce(least) => Some(least.to_string()),
        _ => None,
    });
    let rest = without(rules, |rule| matches!(rule, SpamRule::MinNonce(_)));
    amount(app, SettingsWord::DemandsTransactions, "numeric", least, rest, |written| {
        let least = written.trim().parse().ok()?;
        Some((least > 0).then_some(SpamRule::MinNonce(least)))
    })
}

fn coins(app: &App, rules: &[SpamRule]) -> AnyView {
    let least = rules.iter().find_map(|rule| match rule {
        SpamRule::MinBalance(least) => Some(least.in_coins()),
        _ => None,
    });
    let rest = without(rules, |rule| matches!(rule, SpamRule::MinBalance(_)));
    amount(app, SettingsWord::DemandsCoins, "decimal", least, rest, |written| {
        let least = Amount::of_coins(written).ok()?;
        Some((least != Amount::from(0)).then_some(SpamRule::MinBalance(least)))
    })
}

/// A field for a rule with a number in it. Nothing, or nought, is no rule; `read` tells which one is meant, and nothing if
/// what was written is no number.
fn amount(
    app: &App,
    label: SettingsWord,
    keyboard: &'static str,
    least: Option<String>,
    rest: Vec<SpamRule>,
    read: fn(&str) -> Option<Option<SpamRule>>,
) -> AnyView {
    let wrong = RwSignal::new(false);
    let app = app.clone();
    let changed: OnInput = Box::new(move |event: Event| {
        let field = event.target().and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
        let written = field.map(|field| field.value()).unwrap_or_default();
        let rule = if written.trim().is_empty() { Some(None) } else { read(&written) };
        wrong.set(rule.is_none());
        if let Some(rule) = rule {
            app.command(ask(rest.iter().cloned().chain(rule).collect()));
        }
    });
    let least = least.unwrap_or_default();
    let told = move || {
        let alert = view! { <p {attrs(&[("class", "setting-wrong"), ("role", "alert")])}>{say(SettingsWord::DemandsNumber)}</p> };
        wrong.get().then_some(alert)
    };
    view! {
        <label {class("setting")}>
            <span {class("setting-body")}>
                <b>{say(label)}</b>
                {told}
            </span>
            <input {attrs(&[("class", "setting-field"), ("inputmode", keyboard), ("autocomplete", "off"), ("maxlength", "40"), ("placeholder", "0"), ("value", &least)])} on:change=changed />
        </label>
    }
    .into_any()
}

/// Rules that came from elsewhere: they are told, and can be dropped.
fn others(app: &App, rules: &[SpamRule]) -> AnyView {
    let is_other = |rule: &&SpamRule| {
        matches!(rule, SpamRule::MinTokenBalance { .. } | SpamRule::Deposit(_) | SpamRule::Other(_))
    };
    let rows = rules.iter().filter(is_other).map(|rule| {
        let drop = sends(app, ask(without(rules, |other| other == rule)));
        let words = read_as(app, rule);
        view! {
            <div {class("setting")}>
                <span {class("setting-body setting-help")}>{words}</span>
                <button {attrs(&[("class", "setting-act"), ("type", "button")])} on:click=drop>
                    {say(SettingsWord::Remove)}
                </button>
            </div>
        }
        .into_any()
    });
    rows.collect::<Vec<_>>().into_any()
}

/// What others are told before they write.
fn as_read(app: &App, rules: &[SpamRule]) -> AnyView {
    let words: Vec<_> = rules.iter().map(|rule| view! { <p>{read_as(app, rule)}</p> }).collect();
    let nothing = words.is_empty().then(|| view! { <p>{say(SettingsWord::DemandsNothing)}</p> });
    view! {
        <div {class("setting")}>
            <div {attrs(&[("class", "setting-body"), ("role", "status")])}>
                <b>{say(SettingsWord::DemandsRead)}</b>
                {words}
                {nothing}
            </div>
        </div>
    }
    .into_any()
}

fn read_as(app: &App, rule: &SpamRule) -> String {
    let own = app.state.account.with(|account| account.as_ref().map(display_name));
    texts::demand(&own.unwrap_or_default(), rule, Verdict::Met)
}
