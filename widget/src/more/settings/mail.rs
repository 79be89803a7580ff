//! Mail of the node while nobody is there.

use dm3_core::delivery::{ChannelRefusal, MailChannel};
use dm3_core::session::MailError;
use leptos::prelude::*;

use super::pieces::{Attributes, failed, form, hint, sends_and_goes};
use crate::app::fault::Fault;
use crate::app::settings::{Mail, Offer};
use crate::app::{App, Command, MailAsk, SettingsAsk};
use crate::texts::{self, SettingsWord, say};
use crate::view::attributes::{attrs, class};
use crate::view::{OnClick, sends, truth};

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
    let ask = Box::new(|address| mail_ask(MailAsk::Set(address)));
    let label = say(SettingsWord::MailField);
    view! {
        {form(app, busy, label, field, None, say(SettingsWord::MailSend), ask)}
        {wrong}
        {hint(SettingsWord::MailHelp)}
    }
    .into_any()
}

fn unproven(app: &App, channel: &MailChannel, busy: bool, wrong: Option<AnyView>) -> AnyView {
    let field: Attributes =
        &[("inputmode", "numeric"), ("autocomplete", "one-time-code"), ("maxlength", "8"), ("dir", "ltr")];
    let ask = Box::new(|code| mail_ask(MailAsk::Prove(code)));
    let label = say(SettingsWord::MailCode);
    view! {
        <p {attrs(&[("class", "group-hint"), ("role", "status")])}>{texts::mail_sent(&channel.address)}</p>
        {form(app, busy, label, field, None, say(SettingsWord::MailConfirm), ask)}
        {wrong}
        {way(busy, SettingsWord::MailAgain, sends(app, mail_ask(MailAsk::SendCode)))}
        {way(busy, SettingsWord::MailRemove, sends_and_goes(app, mail_ask(MailAsk::Remove)))}
    }
    .into_any()
}

fn told_at(app: &App, channel: &MailChannel, busy: bool, wrong: Option<AnyView>) -> AnyView {
    let turn = sends(app, mail_ask(MailAsk::Enable(!channel.enabled)));
    view! {
        <button {attrs(&[("class", "setting switch"), ("type", "button"), ("role", "switch"), ("aria-checked", truth(channel.enabled)), ("aria-disabled", truth(busy))])} on:click=turn>
            <span {class("setting-body")}>
                <b>{say(SettingsWord::Mail)}</b>
                <span {attrs(&[("class", "setting-help"), ("dir", "auto")])}>{channel.address.clone()}</span>
            </span>
            <span {class("switch-track")}></span>
        </button>
        {way(busy, SettingsWord::MailRemove, sends_and_goes(app, mail_ask(MailAsk::Remove)))}
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

fn mail_ask(ask: MailAsk) -> Command {
    Command::settings(SettingsAsk::Mail(ask))
}

fn way(busy: bool, label: SettingsWord, press: OnClick) -> AnyView {
    view! {
        <button {attrs(&[("class", "setting setting-link"), ("type", "button"), ("aria-disabled", truth(busy))])} on:click=press>
            {say(label)}
        </button>
    }
    .into_any()
}
