//! The name that the account's node gives it.

use dm3_core::identity::EnsName;
use dm3_core::session::ClaimError;
use leptos::prelude::*;

use super::pieces::{ask, hint};
use crate::app::fault::Fault;
use crate::app::own::OwnName;
use crate::app::settings::Offer;
use crate::app::{App, Command, NameAsk, OwnAsk};
use crate::more::settings::pieces::{Attributes, failed, form, hint_of, sends_and_goes};
use crate::texts::{self, OwnWord, SettingsWord, say};
use crate::view::attributes::{attrs, class};
use crate::view::truth;

/// The group of the account's name.
pub(super) fn own_name(app: &App, offer: &Offer<OwnName>) -> AnyView {
    match offer {
        Offer::Searching => hint_of(say(SettingsWord::LookedUp).to_owned()),
        Offer::Nowhere => hint(OwnWord::NameNowhere),
        Offer::Unknown(fault) => failed(texts::fault(fault)),
        Offer::Known(own) => {
            let wrong = own.failed.as_ref().map(|error| failed(claim_words(error)));
            match &own.name {
                Some(name) => view! { {given(app, own, name.clone())} {wrong} }.into_any(),
                None => view! { {claim(app, own)} {wrong} {hint(OwnWord::NameNone)} }.into_any(),
            }
        }
    }
}

fn claim(app: &App, own: &OwnName) -> AnyView {
    let field: Attributes =
        &[("autocapitalize", "none"), ("spellcheck", "false"), ("maxlength", "63"), ("dir", "ltr")];
    let ask = Box::new(|label| name_ask(NameAsk::Claim(label)));
    let domain = format!(".{}", own.domain);
    let label = texts::own_name_field(&own.domain);
    form(app, own.busy, &label, field, Some(domain), say(OwnWord::Claim), ask)
}

fn given(app: &App, own: &OwnName, name: EnsName) -> AnyView {
    let (written, busy) = (name.to_string(), own.busy);
    let way = if own.asked {
        let give = sends_and_goes(app, name_ask(NameAsk::Release(name)));
        let keep = sends_and_goes(app, name_ask(NameAsk::Doubt(false)));
        view! {
            <div {class("setting")}>
                <span {attrs(&[("class", "setting-body setting-help"), ("role", "alert")])}>{say(OwnWord::GiveBackSure)}</span>
                <button {attrs(&[("class", "setting-act"), ("type", "button")])} on:click=keep>{say(OwnWord::KeepName)}</button>
                <button {attrs(&[("class", "setting-act setting-act-bad"), ("type", "button"), ("aria-disabled", truth(busy))])} on:click=give>
                    {say(OwnWord::GiveBackNow)}
                </button>
            </div>
        }
        .into_any()
    } else {
        let ask = sends_and_goes(app, name_ask(NameAsk::Doubt(true)));
        view! {
            <button {attrs(&[("class", "setting setting-link"), ("type", "button"), ("aria-disabled", truth(busy))])} on:click=ask>
                {say(OwnWord::GiveBack)}
            </button>
        }
        .into_any()
    };
    view! {
        <div {class("setting")}>
            <div {class("setting-body")}>
                <b {attrs(&[("dir", "ltr")])}>{written}</b>
                <p>{say(OwnWord::NameHelp)}</p>
            </div>
        </div>
        {way}
    }
    .into_any()
}

fn claim_words(error: &ClaimError) -> String {
    match error {
        ClaimError::NotOffered => say(OwnWord::NameNowhere).to_owned(),
        ClaimError::Form => say(OwnWord::NameForm).to_owned(),
        ClaimError::Taken => say(OwnWord::NameTaken).to_owned(),
        ClaimError::Home(error) => texts::fault(&Fault::from(error.clone())),
    }
}

fn name_ask(name: NameAsk) -> Command {
    ask(OwnAsk::Name(name))
}
