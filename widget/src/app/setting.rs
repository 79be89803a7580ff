//! What somebody sets, and what is looked up of a contact. Loaded when somebody asks for it.

use dm3_core::conversation::ConversationId;
use dm3_core::ports::Clock as _;
use dm3_core::web::HttpUrl;
use serde_json::Value;

use super::chat::decide_about;
use super::command::SettingsAsk;
use super::driver::Active;
use super::fault::Fault;
use super::offers;
use super::platform::{Platform, TabMessage};
use super::received::RECEIPTS;
use super::settings::{
    CARD, Card, Contacted, Demands, Errand, Keys, Offer, SETTINGS, Service, Settings, change, put,
};
use super::steps::SettingsSteps;
use super::theme::{language, set_language, set_theme, theme};
use super::thread::return_to_open;

/// How often it is looked at how it stands with the delivery services while that is shown: milliseconds.
const WATCH: u32 = 2_000;

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

async fn carry_out<P: Platform>(at: Active<P>, ask: SettingsAsk) {
    match ask {
        SettingsAsk::Show => show(&at).await,
        SettingsAsk::Card => show_card(&at).await,
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
        SettingsAsk::Demand(rules) => {
            let failed = at.session().demand(&rules).await.err().map(Fault::from);
            change(&at, SETTINGS, |shown: &mut Settings| {
                if let Some(Ok(demands)) = &mut shown.demands {
                    if failed.is_none() {
                        demands.rules = Some(rules);
                    }
                    demands.failed = failed;
                }
            });
            at.engine.keep();
        }
        // What can't be told now is told with the next connection, and the next decision.
        SettingsAsk::NameWelcome => drop(at.session().name_welcome().await),
        SettingsAsk::Offer(ask) => offers::carry_out(&at, ask).await,
        SettingsAsk::Decide(peer, decision) => {
            decide_about(&at, ConversationId::Peer(peer), decision).await;
        }
        SettingsAsk::Leave => return_to_open(at).await,
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
        own_name: Offer::Searching,
        mail: Offer::Searching,
        services: None,
        hosts: hosts(at, &[]),
        wallet: wallet.map(|wallet| wallet.name),
        storage: None,
    };
    put(at, SETTINGS, settings);
    at.spawn(|at| async move {
        let demands = at.session().own_demands().await;
        let demands = demands.map(|rules| Demands { rules, failed: None }).map_err(Fault::from);
        change(&at, SETTINGS, |shown: &mut Settings| shown.demands = Some(demands));
    });
    at.spawn(offers::look);
    let storage = platform.storage_use().await;
    change(at, SETTINGS, |shown: &mut Settings| shown.storage = storage);
    let homes = at.session().homes().await;
    let found = homes.as_ref().map_or(Vec::new(), |homes| {
        homes.iter().map(|home| (home.name.to_string(), home.host().to_owned())).collect()
    });
    let failed = homes.err().map(Fault::from);
    let its: Vec<_> = found.iter().map(|(_, host)| host.clone()).collect();
    change(at, SETTINGS, |shown: &mut Settings| shown.hosts = hosts(at, &its));
    loop {
        let services = match &failed {
            Some(fault) => Err(fault.clone()),
            None => Ok(found.iter().map(|(name, _)| service(at, name)).collect()),
        };
        let is_shown = change(at, SETTINGS, |shown: &mut Settings| shown.services = Some(services));
        if !is_shown {
            return;
        }
        platform.clock().sleep(WATCH).await;
    }
}

fn service<P: Platform>(at: &Active<P>, name: &str) -> Service {
    let links = if at.engine.leads() { at.engine.connections() } else { Vec::new() };
    let link = links.into_iter().find(|(of, _)| of.as_str() == name).map(|(_, link)| link);
    Service { name: name.to_owned(), link }
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

/// Shows what there is to know of the open conversation's peer: at once what is kept, then what has to be looked up.
async fn show_card<P: Platform>(at: &Active<P>) {
    let Some(open) = at.open_peer() else { return };
    let contact = match at.session().contact(ConversationId::Peer(open)).await {
        Ok(contact) => contact,
        Err(error) => return at.storage_failed(error),
    };
    let (mut since, mut names) = (None, Vec::new());
    if let Some(contact) = contact {
        since = Some(contact.seen.since().map_or(contact.touched, |seen| seen.min(contact.touched)));
        let called = contact.name;
        // A name that is the address in other words is none that somebody chose.
        let others = contact.found_at.iter().filter(|name| {
            name.carried_address().is_none() && called.as_ref().is_none_or(|called| called != *name)
        });
        names = others.map(ToString::to_string).collect();
    }
    put(at, CARD, Card { since, names, keys: Keys::Searching });
    let found = at.session().peer(open).await;
    // Somebody else's may be shown by now.
    if at.open_peer() != Some(open) {
        return;
    }
    let keys = match found.map(|peer| peer.profile) {
        Ok(Some((_, profile))) => Keys::Signed(at.session().comparison_code(&profile)),
        Ok(None) => Keys::None,
        Err(error) => Keys::Unknown(Fault::Find(error)),
    };
    change(at, CARD, |shown: &mut Card| shown.keys = keys);
}
