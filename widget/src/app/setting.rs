//! What somebody sets. Loaded when somebody asks for it.

use std::sync::Arc;

use dm3_core::conversation::ConversationId;
use dm3_core::web::HttpUrl;
use serde_json::Value;

use super::beside::decide_about;
use super::command::{AttentionAsk, OwnAsk, SettingsAsk};
use super::demands;
use super::driver::Active;
use super::fault::Fault;
use super::mail;
use super::own::OWN;
use super::platform::{Platform, TabMessage, Task};
use super::received::RECEIPTS;
use super::settings::{
    CARD, Contacted, Errand, Offer, SETTINGS, Settings, WAITING, change, change_settings, put, stands,
};
use super::state::{Apart, Screen};
use super::steps::{OwnSteps, SettingsSteps};
use super::theme::{language, set_language, set_theme, theme};

impl<P: Platform> SettingsSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self { carry_out: |at, ask| Box::pin(carry_out(at, ask)) }
    }
}

impl<P: Platform> Default for SettingsSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

async fn carry_out<P: Platform>(at: Active<P>, ask: Arc<SettingsAsk>) {
    match Arc::unwrap_or_clone(ask) {
        SettingsAsk::Show => show(&at).await,
        SettingsAsk::Card if !stands(&at, WAITING) => {}
        SettingsAsk::Card => further(at, CARD, |steps, at| (steps.card)(at)).await,
        SettingsAsk::Receipts(wanted) => {
            if let Err(error) = at.session().set_setting(RECEIPTS, Value::Bool(wanted)).await {
                return at.storage_failed(error);
            }
            at.engine.keep();
            change(&at, SETTINGS, |shown: &mut Settings| shown.receipts = wanted);
        }
        SettingsAsk::Notifications(wanted) => {
            let notifying = at.driver.platform.set_notifying(wanted).await;
            change(&at, SETTINGS, |shown: &mut Settings| shown.notifying = notifying);
        }
        SettingsAsk::Theme(theme) => {
            if let Err(error) = set_theme(&at, theme).await {
                return at.storage_failed(error);
            }
            at.engine.keep();
            at.driver.platform.tell_tabs(TabMessage::RecordsChanged(at.address(), None));
            change(&at, SETTINGS, |shown: &mut Settings| shown.theme = theme);
        }
        SettingsAsk::Language(language) => {
            if let Err(error) = set_language(&at, &language).await {
                return at.storage_failed(error);
            }
            at.engine.keep();
            at.driver.platform.tell_tabs(TabMessage::RecordsChanged(at.address(), None));
            change(&at, SETTINGS, |shown: &mut Settings| shown.language = language);
        }
        SettingsAsk::Demand(rules) => demands::demand(&at, rules).await,
        SettingsAsk::LookAt(typed) => demands::look_at(&at, &typed).await,
        SettingsAsk::DemandOf(typed) => demands::demand_of(&at, &typed).await,
        SettingsAsk::Misread(rule, typed) => demands::misread(&at, rule, typed),
        // What can't be told now is told with the next connection, and the next decision.
        SettingsAsk::NameWelcome => drop(at.session().name_welcome().await),
        SettingsAsk::Payments(ask) => payments(at, ask).await,
        SettingsAsk::Mail(ask) => mail::carry_out(&at, ask).await,
        SettingsAsk::Own(OwnAsk::Show) => {
            further(at, OWN, |steps, at| (steps.carry_out)(at, OwnAsk::Show)).await
        }
        SettingsAsk::Own(ask) => {
            if let Ok(steps) = (at.driver.later.own)().await {
                (steps.carry_out)(at, ask).await;
            }
        }
        SettingsAsk::Decide(peer, decision) => {
            decide_about(&at, ConversationId::Peer(peer), decision).await;
        }
        // That needs nothing of this part.
        SettingsAsk::Leave => {}
    }
}

/// What is asked of payments for answers is the business of their part.
async fn payments<P: Platform>(at: Active<P>, ask: AttentionAsk) {
    match (at.driver.later.attention)().await {
        Ok(steps) => (steps.carry_out)(at, ask).await,
        Err(missing) => change_settings(&at, |shown| shown.payments = Some(Err(Fault::Part(missing)))),
    }
}

async fn show<P: Platform>(at: &Active<P>) {
    let wanted = match at.session().setting(RECEIPTS).await {
        Ok(wanted) => wanted,
        Err(error) => return at.storage_failed(error),
    };
    let (platform, who) = (&at.driver.platform, at.driver.who());
    let wallet = who.and_then(|who| {
        let id = who.wallet?;
        platform.wallets().into_iter().find(|wallet| wallet.id == id)
    });
    let settings = Settings {
        receipts: wanted != Some(Value::Bool(false)),
        silent: at.driver.state.silent.get_untracked(),
        notifying: platform.notifying(),
        theme: theme(at).await,
        page_theme: platform.has_theme(),
        language: language(at).await,
        page_language: platform.has_language(),
        demands: None,
        payments: None,
        mail: Offer::Searching,
        hosts: hosts(at, &[]),
        wallet: wallet.map(|wallet| wallet.name),
        storage: None,
    };
    if !stands(at, WAITING) {
        return;
    }
    put(at, SETTINGS, settings);
    at.spawn(demands::look);
    at.spawn(|at| payments(at, AttentionAsk::Asked));
    at.spawn(mail::look);
    let storage = platform.storage_use().await;
    change(at, SETTINGS, |shown: &mut Settings| shown.storage = storage);
    // Which they are is said where they can be changed.
    let homes = at.session().homes().await.unwrap_or_default();
    let its: Vec<_> = homes.iter().map(|home| home.host().to_owned()).collect();
    change(at, SETTINGS, |shown: &mut Settings| shown.hosts = hosts(at, &its));
}

/// Shows a screen of what comes after the settings, once that is loaded; the screen says if it can't be.
async fn further<P: Platform>(
    at: Active<P>,
    place: u8,
    show: impl FnOnce(OwnSteps<Active<P>>, Active<P>) -> Task,
) {
    at.driver.state.screen.set(Screen::Settings(Apart::at(place)));
    if let Ok(steps) = (at.driver.later.own)().await
        && stands(&at, place)
    {
        show(steps, at).await;
    }
}

/// The hosts that are known now, each once.
fn hosts<P: Platform>(at: &Active<P>, services: &[String]) -> Vec<Contacted> {
    let discovery = at.session().directory().discovery();
    let chain = at.driver.rpc_url.borrow().as_deref().and_then(|url| url.parse::<HttpUrl>().ok());
    let node = [&discovery.storage_url, &discovery.resolver_url, &discovery.socket_url];
    let mut all = Vec::new();
    for url in node {
        note(&mut all, url.authority(), Errand::Node);
    }
    note(&mut all, chain.as_ref().unwrap_or(&discovery.rpc_url).authority(), Errand::Chain);
    for host in services {
        note(&mut all, host, Errand::Service);
    }
    all
}

fn note(all: &mut Vec<Contacted>, host: &str, errand: Errand) {
    match all.iter_mut().find(|it| it.host == host) {
        Some(known) if known.purposes.contains(&errand) => {}
        Some(known) => known.purposes.push(errand),
        None => all.push(Contacted { host: host.to_owned(), purposes: vec![errand] }),
    }
}
