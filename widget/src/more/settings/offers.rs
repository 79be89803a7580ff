//! What the node offers: a name, and mail while nobody is there.

use dm3_core::delivery::{ChannelRefusal, MailChannel};
use dm3_core::identity::EnsName;
use dm3_core::session::{ClaimError, MailError};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlFormElement, HtmlInputElement};

use super::pieces::{failed, hint};
use crate::app::fault::Fault;
use crate::app::settings::{Mail, Offer, OwnName};
use crate::app::{App, Command, MailAsk, OfferAsk, SettingsAsk};
use crate::texts::{self, SettingsWord, say};
use crate::view::attributes::{attrs, class};
use crate::view::{sends, truth};

type Attributes = &'static [(&'static str, &'static str)];

/// The group of the account's name.
pub(super) fn own_name(app: &App, offer: &Offer<OwnName>) -> AnyView {
    match offer {
        Offer::Searching => hint(SettingsWord::LookedUp),
        Offer::Nowhere => hint(SettingsWord::OwnNameNowhere),
        Offer::Unknown(fault) => failed(texts::fault(fault)),
        Offer::Known(own) => {
            let wrong = own.failed.as_ref().map(|error| failed(claim_words(error)));
            match &own.name {
                Some(name) => view! { {given(app, own, name.clone())} {wrong} }.into_any(),
                None => view! { {claim(app, own)} {wrong} {hint(SettingsWord::OwnNameNone)} }.into_any(),
            }
        }
    }
}

fn claim(app: &App, own: &OwnName) -> AnyView {
    let field: Attributes =
        &[("autocapitalize", "none"), ("spellcheck", "false"), ("maxlength", "63"), ("dir", "ltr")];
    let ask = |label| OfferAsk::Claim(label);
    let domain = format!(".{}", own.domain);
    let label = texts::own_name_field(&own.domain);
    form(app, own.busy, &label, field, Some(domain), SettingsWord::Claim, ask)
}

fn given(app: &App, own: &OwnName, name: EnsName) -> AnyView {
    let (written, busy) = (name.to_string(), own.busy);
    let way = if own.asked {
        let give = sends(app, offer(OfferAsk::Release(name)));
        let keep = sends(app, offer(OfferAsk::Doubt(false)));
        view! {
            <div {class("setting")}>
                <span {attrs(&[("class", "setting-body setting-help"), ("role", "alert")])}>{say(SettingsWord::GiveBackSure)}</span>
                <button {attrs(&[("class", "setting-act"), ("type", "button")])} on:click=keep>{say(SettingsWord::KeepName)}</button>
                <button {attrs(&[("class", "setting-act setting-act-bad"), ("type", "button"), ("aria-disabled", truth(busy))])} on:click=give>
                    {say(SettingsWord::GiveBackNow)}
                </button>
            </div>
        }
        .into_any()
    } else {
        let ask = sends(app, offer(OfferAsk::Doubt(true)));
        view! {
            <button {attrs(&[("class", "setting setting-link"), ("type", "button"), ("aria-disabled", truth(busy))])} on:click=ask>
                {say(SettingsWord::GiveBack)}
            </button>
        }
        .into_any()
    };
    view! {
        <div {class("setting")}>
            <div {class("setting-body")}>
                <b {attrs(&[("dir", "ltr")])}>{written}</b>
                <p>{say(SettingsWord::OwnNameHelp)}</p>
            </div>
        </div>
        {way}
    }
    .into_any()
}

fn claim_words(error: &ClaimError) -> String {
    match error {
        ClaimError::NotOffered => say(SettingsWord::OwnNameNowhere).to_owned(),
        ClaimError::Form => say(SettingsWord::OwnNameForm).to_owned(),
        ClaimError::Taken => say(SettingsWord::OwnNameTaken).to_owned(),
        ClaimError::Home(error) => texts::fault(&Fault::from(error.clone())),
    }
}

/// Mail, among the ways to be told of messages.
pub(super) fn mail(app: &App, offer: &Offer<Mail>) -> AnyView {
    match offer {
        Offer::Searching => hint(SettingsWord::LookedUp),
        Offer::Nowhere => hint(SettingsWord::MailNowhere),
        Offer::Unknown(fault) => failed(texts::fault(fault)),
        Offer::Known(mail) => {
            let wrong = mail.failed.as_ref().map(|error| failed(mail_words(error)));
            match &mail.channel {
                None => no_address(app, mail.busy, wrong),
                Some(channel) if channel.proven => told_at(app, channel, mail.busy, wrong),
                Some(channel) => unproven(app, channel, mail.busy, wrong),
            }
        }
    }
}

fn no_address(app: &App, busy: bool, wrong: Option<AnyView>) -> AnyView {
    let field: Attributes =
        &[("type", "email"), ("autocomplete", "email"), ("maxlength", "254"), ("dir", "ltr")];
    let ask = |address| OfferAsk::Mail(MailAsk::Set(address));
    let label = say(SettingsWord::MailField);
    view! {
        {form(app, busy, label, field, None, SettingsWord::MailSend, ask)}
        {wrong}
        {hint(SettingsWord::MailHelp)}
    }
    .into_any()
}

fn unproven(app: &App, channel: &MailChannel, busy: bool, wrong: Option<AnyView>) -> AnyView {
    let field: Attributes =
        &[("inputmode", "numeric"), ("autocomplete", "one-time-code"), ("maxlength", "8"), ("dir", "ltr")];
    let ask = |code| OfferAsk::Mail(MailAsk::Prove(code));
    let label = say(SettingsWord::MailCode);
    view! {
        <p {attrs(&[("class", "group-hint"), ("role", "status")])}>{texts::mail_sent(&channel.address)}</p>
        {form(app, busy, label, field, None, SettingsWord::MailConfirm, ask)}
        {wrong}
        {way(app, busy, SettingsWord::MailAgain, MailAsk::SendCode)}
        {way(app, busy, SettingsWord::MailRemove, MailAsk::Remove)}
    }
    .into_any()
}

fn told_at(app: &App, channel: &MailChannel, busy: bool, wrong: Option<AnyView>) -> AnyView {
    let turn = sends(app, offer(OfferAsk::Mail(MailAsk::Enable(!channel.enabled))));
    view! {
        <button {attrs(&[("class", "setting switch"), ("type", "button"), ("role", "switch"), ("aria-checked", truth(channel.enabled)), ("aria-disabled", truth(busy))])} on:click=turn>
            <span {class("setting-body")}>
                <b>{say(SettingsWord::Mail)}</b>
                <span {attrs(&[("class", "setting-help"), ("dir", "auto")])}>{channel.address.clone()}</span>
            </span>
            <span {class("switch-track")}></span>
        </button>
        {way(app, busy, SettingsWord::MailRemove, MailAsk::Remove)}
        {wrong}
        {hint(SettingsWord::MailHelp)}
    }
    .into_any()
}

fn mail_words(error: &MailError) -> String {
    say(match error {
        MailError::NotOffered => SettingsWord::MailNowhere,
        MailError::Refused(ChannelRefusal::Address) => SettingsWord::MailWrongAddress,
        MailError::Refused(ChannelRefusal::WrongCode) => SettingsWord::MailWrongCode,
        MailError::Refused(ChannelRefusal::NoCode) => SettingsWord::MailNoCode,
        MailError::Refused(ChannelRefusal::TooSoon) => SettingsWord::MailTooSoon,
        MailError::Refused(ChannelRefusal::TooMany) => SettingsWord::MailTooMany,
        MailError::Home(error) => return texts::fault(&Fault::from(error.clone())),
    })
    .to_owned()
}

fn offer(ask: OfferAsk) -> Command {
    Command::Settings(SettingsAsk::Offer(ask))
}

fn way(app: &App, busy: bool, label: SettingsWord, ask: MailAsk) -> AnyView {
    let press = sends(app, offer(OfferAsk::Mail(ask)));
    view! {
        <button {attrs(&[("class", "setting setting-link"), ("type", "button"), ("aria-disabled", truth(busy))])} on:click=press>
            {say(label)}
        </button>
    }
    .into_any()
}

/// A field, what stands behind it, and what is done with what was typed. Nothing is done twice, or with nothing.
fn form(
    app: &App,
    busy: bool,
    label: &str,
    field: Attributes,
    behind: Option<String>,
    action: SettingsWord,
    ask: impl Fn(String) -> OfferAsk + 'static,
) -> AnyView {
    let app = app.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let form = event.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
        let typed = form.and_then(|form| form.query_selector("input").ok().flatten());
        let typed = typed.and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
        let typed = typed.map(|field| field.value()).unwrap_or_default();
        if !busy && !typed.trim().is_empty() {
            app.command(offer(ask(typed)));
        }
    };
    let mut attributes = vec![("class", "setting-field setting-field-wide"), ("aria-label", label)];
    attributes.extend_from_slice(field);
    let behind = behind
        .map(|words| view! { <span {attrs(&[("class", "setting-behind"), ("dir", "ltr")])}>{words}</span> });
    view! {
        <form {attrs(&[("class", "setting"), ("novalidate", "novalidate")])} on:submit=submit>
            <span {attrs(&[("class", "setting-label"), ("aria-hidden", "true")])}>{label.to_owned()}</span>
            <span {attrs(&[("class", "setting-body setting-typed"), ("dir", "ltr")])}>
                <input {attrs(&attributes)} />
                {behind}
            </span>
            <button {attrs(&[("class", "setting-act"), ("type", "submit"), ("aria-disabled", truth(busy))])}>{say(action)}</button>
        </form>
    }
    .into_any()
}
