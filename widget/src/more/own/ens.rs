//! ENS names of the account's own, and its profile on them.

use dm3_core::delivery::Amount;
use dm3_core::ports::TransactionError;
use dm3_core::session::{NameStands, OwnEns, Publication, PublishError, SignInError};
use leptos::prelude::*;

use super::pieces::{ENS_NAME, ask, hint};
use crate::app::fault::Fault;
use crate::app::own::{Ens, NotPublished, Publishing};
use crate::app::{App, Command, EnsAsk, OwnAsk};
use crate::more::settings::pieces::{failed, form, hint_of, sends_and_goes};
use crate::texts::{self, OwnWord, SettingsWord, StakeWord, say, short_address};
use crate::view::attributes::{attrs, class};
use crate::view::{sends, truth};

/// The group.
pub(super) fn ens(app: &App, ens: &Ens) -> AnyView {
    let names = match &ens.names {
        None => hint_of(say(SettingsWord::LookedUp).to_owned()),
        Some(Err(why)) => failed(words(why)),
        Some(Ok(names)) => names.iter().map(|own| row(app, own, ens)).collect::<Vec<_>>().into_any(),
    };
    let told = match &ens.step {
        Publishing::Looking => say(SettingsWord::LookedUp).to_owned(),
        Publishing::Signing => say(OwnWord::EnsSign).to_owned(),
        Publishing::Waiting(name) => texts::own_ens_waiting(name.as_str()),
        Publishing::Done(name) => texts::own_ens_done(name.as_str()),
        Publishing::Idle | Publishing::Asked(_) => String::new(),
    };
    let way = match &ens.step {
        Publishing::Asked(publication) => doubt(app, publication),
        Publishing::Signing | Publishing::Waiting(_) => ().into_any(),
        step => {
            let look = Box::new(|typed| ens_ask(EnsAsk::Look(typed)));
            form(app, step.is_busy(), say(OwnWord::EnsField), ENS_NAME, None, say(OwnWord::EnsLook), look)
        }
    };
    view! {
        {names}
        {way}
        <p {attrs(&[("class", "group-hint"), ("role", "status")])}>{told}</p>
        {ens.failed.as_ref().map(|why| failed(words(why)))}
        {hint(OwnWord::EnsHelp)}
    }
    .into_any()
}

fn row(app: &App, own: &OwnEns, ens: &Ens) -> AnyView {
    let name = own.name.as_str().to_owned();
    let (word, classes) = match own.stands {
        NameStands::Published => (OwnWord::EnsPublished, "link-good"),
        NameStands::Without => (OwnWord::EnsWithout, ""),
        NameStands::Older => (OwnWord::EnsOlder, "link-bad"),
        NameStands::Elsewhere => (OwnWord::EnsElsewhere, "link-bad"),
        NameStands::Unknown => (OwnWord::EnsUnknown, ""),
    };
    let way = match own.stands {
        NameStands::Without | NameStands::Older => Some((OwnWord::EnsPublish, EnsAsk::Look(name.clone()))),
        NameStands::Elsewhere => Some((OwnWord::EnsForget, EnsAsk::Forget(own.name.clone()))),
        NameStands::Published | NameStands::Unknown => None,
    };
    let way = way.map(|(word, wanted)| {
        let label = texts::of_whom(say(word), &name);
        let busy = truth(ens.step.is_busy());
        view! {
            <button {attrs(&[("class", "setting-act"), ("type", "button"), ("aria-label", &label), ("aria-disabled", busy)])} on:click=sends(app, ens_ask(wanted))>
                {say(word)}
            </button>
        }
    });
    view! {
        <div {class("setting")}>
            <div {class("setting-body")}>
                <b {attrs(&[("dir", "auto")])}>{name}</b>
                <p {class(classes)}>{say(word)}</p>
            </div>
            {way}
        </div>
    }
    .into_any()
}

/// What is going to happen, before it does.
fn doubt(app: &App, publication: &Publication) -> AnyView {
    let cost = texts::coins(&Amount::from(rounded(publication.cost)).in_coins());
    let sure = texts::own_ens_sure(&cost, publication.name.as_str());
    let replaces = if publication.replaces { say(OwnWord::EnsReplaces) } else { "" };
    let (leave, publish) = (ens_ask(EnsAsk::Leave), ens_ask(EnsAsk::Publish));
    let (leave, publish) = (sends_and_goes(app, leave), sends_and_goes(app, publish));
    view! {
        <div {class("setting setting-doubt")}>
            <span {attrs(&[("class", "setting-body setting-help"), ("role", "alert")])}>{sure} " " {replaces}</span>
            <button {attrs(&[("class", "setting-act"), ("type", "button")])} on:click=leave>{say(OwnWord::EnsLeave)}</button>
            <button {attrs(&[("class", "setting-act"), ("type", "button")])} on:click=publish>{say(OwnWord::EnsPublish)}</button>
        </div>
    }
    .into_any()
}

/// Three digits of it, and no less than it is: the price of gas changes by more meanwhile.
fn rounded(wei: u128) -> u128 {
    let mut unit: u128 = 1;
    while wei / unit >= 1_000 {
        unit = unit.saturating_mul(10);
    }
    wei.div_ceil(unit).saturating_mul(unit)
}

fn words(why: &NotPublished) -> String {
    let error = match why {
        NotPublished::NoWallet => return say(StakeWord::NoWallet).to_owned(),
        NotPublished::Publish(error) => error,
    };
    let fault = match error {
        PublishError::NoResolver(name) => return texts::own_ens_no_resolver(name.as_str()),
        PublishError::OffChain(name) => return texts::own_ens_off_chain(name.as_str()),
        PublishError::NotAllowed(name) => return texts::own_ens_not_allowed(name.as_str()),
        PublishError::NotShown(name) => return texts::own_ens_not_shown(name.as_str()),
        PublishError::Already(name) => return texts::own_ens_done(name.as_str()),
        PublishError::OtherAccount { name, address: None } => return texts::own_ens_nobody(name.as_str()),
        PublishError::OtherAccount { name, address: Some(address) } => {
            return texts::own_ens_other(&short_address(*address), name.as_str());
        }
        PublishError::Reverted => return say(OwnWord::EnsReverted).to_owned(),
        PublishError::Open(_) => return say(StakeWord::FailedOpen).to_owned(),
        PublishError::Transaction(TransactionError::Wallet(error)) => {
            Fault::SignIn(SignInError::Wallet(error.clone()))
        }
        PublishError::Transaction(_) => return say(StakeWord::FailedWallet).to_owned(),
        PublishError::Name(error) => Fault::Find(error.clone().into()),
        PublishError::Home(error) => Fault::from(error.clone()),
        PublishError::Find(error) => Fault::Find(error.clone()),
        PublishError::Store(error) => Fault::Store(error.clone()),
    };
    texts::fault(&fault)
}

fn ens_ask(ens: EnsAsk) -> Command {
    ask(OwnAsk::Ens(ens))
}
