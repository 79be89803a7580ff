//! What is asked of payments for answers.

use dm3_core::delivery::Amount;
use leptos::prelude::*;

use super::super::settings::pieces::{ADDRESS, Attributes, failed, form, hint, sends_and_goes};
use crate::app::fault::Fault;
use crate::app::settings::{Asked, Next, Wrong};
use crate::app::{App, AttentionAsk, Command, SettingsAsk};
use crate::texts::{self, SettingsWord, say, short_address};
use crate::view::attributes::{attrs, class};

/// A field of an amount of a token.
const AMOUNT: Attributes = &[("inputmode", "decimal"), ("autocomplete", "off"), ("maxlength", "40")];

/// The group.
pub(super) fn asked(app: &App, asked: Option<&Result<Asked, Fault>>) -> AnyView {
    match asked {
        None => hint(SettingsWord::LookedUp),
        Some(Err(fault)) => failed(texts::fault(fault)),
        Some(Ok(Asked { nowhere: true, .. })) => hint(SettingsWord::PaymentsNowhere),
        Some(Ok(asked)) => view! {
            {now(app, asked)}
            {next(app, asked)}
            {asked.wrong.map(|wrong| failed(say(words_of(wrong)).to_owned()))}
            {asked.failed.as_ref().map(|fault| failed(texts::fault(fault)))}
            {hint(SettingsWord::PaymentsHelp)}
        }
        .into_any(),
    }
}

/// What is asked now, with a way to ask for nothing.
fn now(app: &App, asked: &Asked) -> AnyView {
    let (words, drop) = match &asked.minimum {
        None => (say(SettingsWord::PaymentsNone).to_owned(), None),
        Some((minimum, token)) => {
            let amount = texts::tokens(&Amount::from(minimum.amount), token.as_ref());
            let drop =
                sends_and_goes(app, Command::settings(SettingsAsk::Payments(AttentionAsk::AskNothing)));
            let drop = view! {
                <button {attrs(&[("class", "setting-act"), ("type", "button")])} on:click=drop>
                    {say(SettingsWord::Remove)}
                </button>
            };
            (texts::payments_stand_first(&amount), Some(drop))
        }
    };
    view! {
        <div {class("setting")}>
            <span {attrs(&[("class", "setting-body"), ("role", "status")])}>{words}</span>
            {drop}
        </div>
    }
    .into_any()
}

/// The field for what is asked next.
fn next(app: &App, asked: &Asked) -> AnyView {
    let typed = Box::new(|typed| Command::settings(SettingsAsk::Payments(AttentionAsk::AskFor(typed))));
    let look_up = say(SettingsWord::DemandsLookUp);
    let (label, field, action) = match &asked.next {
        Next::Contract => (say(SettingsWord::PaymentsContract).to_owned(), ADDRESS, look_up),
        Next::Token(_) => (say(SettingsWord::PaymentsToken).to_owned(), ADDRESS, look_up),
        Next::Amount(_, token) => {
            let called = token.symbol.clone().unwrap_or_else(|| short_address(token.address));
            (texts::payments_amount(&called), AMOUNT, say(SettingsWord::PaymentsSet))
        }
    };
    form(app, asked.busy, &label, field, None, action, typed)
}

const fn words_of(wrong: Wrong) -> SettingsWord {
    match wrong {
        Wrong::Address => SettingsWord::DemandsNoAddress,
        Wrong::Contract => SettingsWord::PaymentsNoContract,
        Wrong::Token => SettingsWord::PaymentsNoToken,
        Wrong::Number => SettingsWord::DemandsNumber,
        Wrong::Unknown => SettingsWord::DemandsUnknown,
    }
}
