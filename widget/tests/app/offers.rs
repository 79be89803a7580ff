//! What the node offers beside a mailbox: a name, and mail while nobody is there.

use dm3_core::delivery::ChannelRefusal;
use dm3_core::session::{ClaimError, MailError};
use dm3_core::testing::Fault as NetworkFault;
use dm3_widget::app::settings::{Mail, Offer, OwnName, Settings};
use dm3_widget::app::state::Screen;
use dm3_widget::app::{Command, MailAsk, OfferAsk, SettingsAsk};

use super::world::{Tab, World};

fn ask(world: &World, tab: &Tab, ask: OfferAsk) {
    tab.ask(Command::Settings(SettingsAsk::Offer(ask)));
    world.pass(1_000);
}

fn settings(tab: &Tab) -> Settings {
    match tab.screen() {
        Screen::Settings(apart) => apart.shown::<Settings>().expect("the settings are shown").clone(),
        other => panic!("{other:?}"),
    }
}

fn name(tab: &Tab) -> OwnName {
    match settings(tab).own_name {
        Offer::Known(own) => own,
        other => panic!("{other:?}"),
    }
}

fn mail(tab: &Tab) -> Mail {
    match settings(tab).mail {
        Offer::Known(mail) => mail,
        other => panic!("{other:?}"),
    }
}

fn shown() -> (World, std::rc::Rc<super::world::Device>, Tab) {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    tab.ask(Command::Settings(SettingsAsk::Show));
    world.pass(1_000);
    (world, alice, tab)
}

#[test]
fn a_name_is_taken_and_given_back_and_what_was_refused_is_told() {
    let (world, alice, tab) = shown();
    assert_eq!((name(&tab).domain.as_str(), name(&tab).name), ("user.dm3.eth", None));
    ask(&world, &tab, OfferAsk::Claim("a.b".into()));
    assert_eq!((name(&tab).failed, name(&tab).busy), (Some(ClaimError::Form), false));
    ask(&world, &tab, OfferAsk::Claim("shop".into()));
    let own = name(&tab).name.expect("a name");
    assert_eq!(own.as_str(), "shop.user.dm3.eth");
    assert_eq!(name(&tab).failed, None);
    assert_eq!(world.network.offers().owner_of(&own), Some(alice.address()));
    ask(&world, &tab, OfferAsk::Doubt(true));
    world.pass(5_000);
    assert!(name(&tab).asked, "whatever else is looked up meanwhile");
    ask(&world, &tab, OfferAsk::Release(own.clone()));
    assert!(!name(&tab).asked);
    assert_eq!(name(&tab).name, None);
    assert_eq!(world.network.offers().owner_of(&own), None);
}

#[test]
fn a_name_that_could_not_be_asked_for_is_told_as_that_and_not_as_taken() {
    let (world, _, tab) = shown();
    world.network.fail("/profile/name", NetworkFault::Status(503));
    ask(&world, &tab, OfferAsk::Claim("shop".into()));
    assert!(matches!(name(&tab).failed, Some(ClaimError::Home(_))));
    world.network.heal();
    ask(&world, &tab, OfferAsk::Claim("shop".into()));
    assert!(name(&tab).name.is_some() && name(&tab).failed.is_none());
}

#[test]
fn mail_is_on_once_its_code_was_answered() {
    let (world, alice, tab) = shown();
    let tell = |what| ask(&world, &tab, OfferAsk::Mail(what));
    assert_eq!(mail(&tab).channel, None);
    tell(MailAsk::Set("alice@example.org".into()));
    let channel = mail(&tab).channel.expect("an address");
    assert!(!channel.proven);
    tell(MailAsk::Prove("00000".into()));
    assert_eq!(mail(&tab).failed, Some(MailError::Refused(ChannelRefusal::WrongCode)));
    assert!(mail(&tab).channel.is_some(), "the address stays");
    tell(MailAsk::Prove(world.network.offers().code_of(alice.address()).expect("a code")));
    assert!(mail(&tab).channel.is_some_and(|channel| channel.proven && channel.enabled));
    assert_eq!(mail(&tab).failed, None);
    tell(MailAsk::Enable(false));
    assert!(mail(&tab).channel.is_some_and(|channel| !channel.enabled));
    tell(MailAsk::Remove);
    assert_eq!(mail(&tab).channel, None);
}

#[test]
fn what_a_node_offers_that_does_not_answer_is_not_known() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    world.network.fail("/profile/name", NetworkFault::Status(503));
    world.network.fail("/notifications/", NetworkFault::Status(503));
    tab.ask(Command::Settings(SettingsAsk::Show));
    world.pass(1_000);
    assert!(matches!(settings(&tab).own_name, Offer::Unknown(_)));
    assert!(matches!(settings(&tab).mail, Offer::Unknown(_)));
}
