//! What is demanded of those who write.

use dm3_core::delivery::{Amount, SpamRule};
use dm3_core::session::Askable;
use leptos::ev::Event;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::pieces::{ADDRESS, Attributes, failed, form, hint, sends_and_goes, switch};
use crate::app::fault::Fault;
use crate::app::settings::{Asking, Demands};
use crate::app::{App, Command, Numbered, SettingsAsk};
use crate::texts::{self, SettingsWord, say, short_address};
use crate::view::OnInput;
use crate::view::attributes::{attrs, class};
use crate::view::names::display_name;

/// Fields: of an amount of a token, of how many stakes.
const HELD: Attributes = &[("inputmode", "decimal"), ("autocomplete", "off"), ("maxlength", "40")];
const STAKES: Attributes = &[("inputmode", "numeric"), ("autocomplete", "off"), ("maxlength", "3")];

/// The group.
pub(super) fn demands(app: &App, demands: Option<&Result<Demands, Fault>>) -> AnyView {
    match demands {
        None => hint(SettingsWord::LookedUp),
        Some(Err(fault)) => failed(texts::fault(fault)),
        Some(Ok(Demands { rules: None, .. })) => hint(SettingsWord::DemandsNowhere),
        Some(Ok(Demands { rules: Some(rules), failed: fault, known, asking, misread })) => view! {
            {contacts(app, rules)}
            {transactions(app, rules, misread.as_ref())}
            {coins(app, rules, misread.as_ref())}
            {others(app, rules, known)}
            {contract(app, asking)}
            {fault.as_ref().map(|fault| failed(texts::fault(fault)))}
            {hint(SettingsWord::DemandsHelp)}
            {as_read(app, rules, known)}
        }
        .into_any(),
    }
}

fn ask(rules: Vec<SpamRule>) -> Command {
    Command::settings(SettingsAsk::Demand(rules))
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

/// What was typed last that is no number, and for which rule.
type Misread<'a> = Option<&'a (Numbered, String)>;

fn transactions(app: &App, rules: &[SpamRule], misread: Misread<'_>) -> AnyView {
    let least = rules.iter().find_map(|rule| match rule {
        SpamRule::MinNonce(least) => Some(least.to_string()),
        _ => None,
    });
    let rest = without(rules, |rule| matches!(rule, SpamRule::MinNonce(_)));
    let field = Field {
        rule: Numbered::Transactions,
        label: SettingsWord::DemandsTransactions,
        keyboard: "numeric",
        wrong: SettingsWord::DemandsWhole,
    };
    amount(app, field, least, rest, misread, |written| {
        let least = written.trim().parse().ok()?;
        Some((least > 0).then_some(SpamRule::MinNonce(least)))
    })
}

fn coins(app: &App, rules: &[SpamRule], misread: Misread<'_>) -> AnyView {
    let least = rules.iter().find_map(|rule| match rule {
        SpamRule::MinBalance(least) => Some(least.in_coins()),
        _ => None,
    });
    let rest = without(rules, |rule| matches!(rule, SpamRule::MinBalance(_)));
    let field = Field {
        rule: Numbered::Coins,
        label: SettingsWord::DemandsCoins,
        keyboard: "decimal",
        wrong: SettingsWord::DemandsNumber,
    };
    amount(app, field, least, rest, misread, |written| {
        let least = Amount::of_coins(written).ok()?;
        Some((least != Amount::from(0)).then_some(SpamRule::MinBalance(least)))
    })
}

/// A field for a rule with a number in it.
struct Field {
    rule: Numbered,
    label: SettingsWord,
    keyboard: &'static str,
    /// What is said of what is no number there.
    wrong: SettingsWord,
}

/// The same as it is shown, with what was typed there and is no number. Nothing, or nought, is no rule; `read` tells which one is meant, and nothing if
/// what was written is no number.
fn amount(
    app: &App,
    field: Field,
    least: Option<String>,
    rest: Vec<SpamRule>,
    misread: Misread<'_>,
    read: fn(&str) -> Option<Option<SpamRule>>,
) -> AnyView {
    let Field { rule: of, label, keyboard, wrong } = field;
    let app = app.clone();
    let changed: OnInput = Box::new(move |event: Event| {
        let field = event.target().and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
        let written = field.map(|field| field.value()).unwrap_or_default();
        let rule = if written.trim().is_empty() { Some(None) } else { read(&written) };
        app.command(match rule {
            Some(rule) => ask(rest.iter().cloned().chain(rule).collect()),
            None => Command::settings(SettingsAsk::Misread(of, written)),
        });
    });
    let typed = misread.filter(|(rule, _)| *rule == of).map(|(_, typed)| typed.clone());
    let told = typed
        .is_some()
        .then(|| view! { <p {attrs(&[("class", "setting-wrong"), ("role", "alert")])}>{say(wrong)}</p> });
    let shown = typed.or(least).unwrap_or_default();
    view! {
        <label {class("setting")}>
            <span {class("setting-body")}>
                <b>{say(label)}</b>
                {told}
            </span>
            <input {attrs(&[("class", "setting-field"), ("inputmode", keyboard), ("autocomplete", "off"), ("maxlength", "40"), ("placeholder", "0"), ("value", &shown)])} on:change=changed />
        </label>
    }
    .into_any()
}

/// What can be demanded of a contract, by its address: to hold its token, or to stake one there.
fn contract(app: &App, asking: &Asking) -> AnyView {
    let searching = matches!(asking, Asking::Searching(_));
    let look_at = Box::new(|typed| Command::settings(SettingsAsk::LookAt(typed)));
    let look_up = say(SettingsWord::DemandsLookUp);
    let field = form(app, searching, say(SettingsWord::DemandsContract), ADDRESS, None, look_up, look_at);
    let told = match asking {
        Asking::None => None,
        Asking::NoAddress => Some(failed(say(SettingsWord::DemandsNoAddress).to_owned())),
        Asking::Searching(_) => Some(hint(SettingsWord::LookedUp)),
        Asking::Neither => Some(failed(say(SettingsWord::DemandsNeither).to_owned())),
        Asking::Unknown => Some(failed(say(SettingsWord::DemandsUnknown).to_owned())),
        Asking::Found(found, misread) => Some(how_much(app, found, misread.as_deref())),
    };
    view! {
        {field}
        {told}
    }
    .into_any()
}

/// How much of it; with what was typed and is no such number.
fn how_much(app: &App, of: &Askable, misread: Option<&str>) -> AnyView {
    let demand = Box::new(|typed| Command::settings(SettingsAsk::DemandOf(typed)));
    let (label, field, first, wrong, help) = match of {
        Askable::Token(token) => {
            let called = token.symbol.clone().unwrap_or_else(|| short_address(token.address));
            (texts::demands_held(&called), HELD, "", SettingsWord::DemandsNumber, None)
        }
        Askable::Deposits { token, slot, .. } => {
            let stake = texts::tokens(&Amount::from(*slot), Some(token));
            let help = Some(hint(SettingsWord::DemandsStakesHelp));
            (texts::demands_stakes(&stake), STAKES, "1", SettingsWord::DemandsWhole, help)
        }
    };
    let mut attributes = field.to_vec();
    attributes.push(("value", misread.unwrap_or(first)));
    view! {
        {form(app, false, &label, &attributes, None, say(SettingsWord::DemandsAdd), demand)}
        {misread.map(|_| failed(say(wrong).to_owned()))}
        {help}
    }
    .into_any()
}

/// Rules about contracts, and such as came from elsewhere: they are told, and can be dropped.
fn others(app: &App, rules: &[SpamRule], known: &[Askable]) -> AnyView {
    let is_other = |rule: &&SpamRule| {
        matches!(rule, SpamRule::MinTokenBalance { .. } | SpamRule::Deposit(_) | SpamRule::Other(_))
    };
    let rows = rules.iter().filter(is_other).map(|rule| {
        let drop = sends_and_goes(app, ask(without(rules, |other| other == rule)));
        let words = read_as(app, rule, known);
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
fn as_read(app: &App, rules: &[SpamRule], known: &[Askable]) -> AnyView {
    let words: Vec<_> = rules.iter().map(|rule| view! { <p>{read_as(app, rule, known)}</p> }).collect();
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

fn read_as(app: &App, rule: &SpamRule, known: &[Askable]) -> String {
    let own = app.state.account.with(|account| account.as_ref().map(display_name));
    texts::demand_of(&own.unwrap_or_default(), rule, known)
}
