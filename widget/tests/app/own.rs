//! What is the account's own: its names, its delivery services, its devices.

use dm3_core::engine::Connection;
use dm3_core::ports::StoreError;
use dm3_core::session::ClaimError;
use dm3_core::testing::Fault as NetworkFault;
use dm3_widget::app::fault::Fault;
use dm3_widget::app::own::{Devices, Own, OwnName};
use dm3_widget::app::settings::{Offer, Settings};
use dm3_widget::app::state::Screen;
use dm3_widget::app::{Command, DeviceAsk, NameAsk, OwnAsk, SettingsAsk};

use super::loading::without_part;
use super::world::{Device, Tab, World};

fn ask(world: &World, tab: &Tab, ask: OwnAsk) {
    tab.ask(Command::settings(SettingsAsk::Own(ask)));
    world.pass(1_000);
}

fn ask_name(world: &World, tab: &Tab, name: NameAsk) {
    ask(world, tab, OwnAsk::Name(name));
}

fn own(tab: &Tab) -> Own {
    match tab.screen() {
        Screen::Settings(apart) => apart.shown::<Own>().expect("it is shown").clone(),
        other => panic!("{other:?}"),
    }
}

fn name(tab: &Tab) -> OwnName {
    match own(tab).name {
        Offer::Known(own) => own,
        other => panic!("{other:?}"),
    }
}

fn shown() -> (World, std::rc::Rc<Device>, Tab) {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    ask(&world, &tab, OwnAsk::Show);
    (world, alice, tab)
}

#[test]
fn a_name_is_taken_and_given_back_and_what_was_refused_is_told() {
    let (world, alice, tab) = shown();
    assert_eq!((name(&tab).domain.as_str(), name(&tab).name), ("user.dm3.eth", None));
    ask_name(&world, &tab, NameAsk::Claim("a.b".into()));
    assert_eq!((name(&tab).failed, name(&tab).busy), (Some(ClaimError::Form), false));
    ask_name(&world, &tab, NameAsk::Claim("shop".into()));
    let own = name(&tab).name.expect("a name");
    assert_eq!(own.as_str(), "shop.user.dm3.eth");
    assert_eq!(name(&tab).failed, None);
    assert_eq!(world.network.offers().owner_of(&own), Some(alice.address()));
    ask_name(&world, &tab, NameAsk::Doubt(true));
    world.pass(5_000);
    assert!(name(&tab).asked, "whatever else is looked up meanwhile");
    ask_name(&world, &tab, NameAsk::Release(own.clone()));
    assert!(!name(&tab).asked);
    assert_eq!(name(&tab).name, None);
    assert_eq!(world.network.offers().owner_of(&own), None);
}

#[test]
fn a_name_that_could_not_be_asked_for_is_told_as_that_and_not_as_taken() {
    let (world, _, tab) = shown();
    world.network.fail("/profile/name", NetworkFault::Status(503));
    ask_name(&world, &tab, NameAsk::Claim("shop".into()));
    assert!(matches!(name(&tab).failed, Some(ClaimError::Home(_))));
    world.network.heal();
    ask_name(&world, &tab, NameAsk::Claim("shop".into()));
    assert!(name(&tab).name.is_some() && name(&tab).failed.is_none());
}

#[test]
fn a_name_is_not_known_of_a_node_that_does_not_answer() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    world.network.fail("/profile/name", NetworkFault::Status(503));
    ask(&world, &tab, OwnAsk::Show);
    assert!(matches!(own(&tab).name, Offer::Unknown(_)));
}

#[test]
fn the_delivery_services_are_told_with_how_it_stands_with_each() {
    let (world, _, tab) = shown();
    let services = own(&tab).services;
    let name = world.network.discovery().name;
    assert_eq!((services.listed(), &services.wanted), ([name.clone()].as_slice(), &vec![name.clone()]));
    assert_eq!(services.links.unwrap(), [(name, Connection::Live)]);
}

#[test]
fn what_is_the_accounts_own_that_cannot_be_loaded_holds_up_nothing_and_the_settings_are_the_way_back() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    let missing = without_part("own");
    ask(&world, &tab, OwnAsk::Show);
    assert!(matches!(tab.screen(), Screen::Settings(apart) if apart.shown::<Own>().is_none()));
    tab.ask(Command::settings(SettingsAsk::Show));
    world.pass(1_000);
    assert!(matches!(tab.screen(), Screen::Settings(apart) if apart.shown::<Settings>().is_some()));
    drop(missing);
    ask(&world, &tab, OwnAsk::Show);
    own(&tab);
}

fn devices(tab: &Tab) -> Devices {
    match own(tab).devices {
        Offer::Known(devices) => devices,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_device_that_another_one_has_signed_out_keeps_nothing_and_the_others_go_on() {
    let (world, alice, tab) = shown();
    let (second, _) = world.person("alice");
    let other = second.open_tab(&world);
    world.pass(5_000);
    ask(&world, &tab, OwnAsk::Show);
    let [this, there] = devices(&tab).list.try_into().unwrap();
    assert_eq!((this.own, there.own), (true, false));
    ask(&world, &tab, OwnAsk::Device(DeviceAsk::Doubt(vec![there.id.clone()])));
    assert_eq!(devices(&tab).asked, std::slice::from_ref(&there.id));
    ask(&world, &tab, OwnAsk::Device(DeviceAsk::TurnOut(vec![there.id])));
    assert_eq!((devices(&tab).list, devices(&tab).told, devices(&tab).failed), (vec![this], true, None));
    world.pass(20_000);
    assert!(!second.keeps_anything());
    assert_eq!(other.screen(), Screen::Failed(Fault::Store(StoreError::SignedOut)));
    other.ask(Command::Restart);
    world.pass(1_000);
    assert!(other.is_signed_out());
    assert!(alice.keeps_anything() && tab.is_live());
}

#[test]
fn a_device_that_was_away_is_signed_out_when_it_comes_back() {
    let (world, _, tab) = shown();
    let (second, _) = world.person("alice");
    let other = second.open_tab(&world);
    world.pass(5_000);
    let (_, _) = other.remove();
    ask(&world, &tab, OwnAsk::Show);
    let there = devices(&tab).list.remove(1).id;
    ask(&world, &tab, OwnAsk::Device(DeviceAsk::TurnOut(vec![there])));
    world.pass(5_000);
    assert!(second.keeps_anything());
    let other = second.open_tab(&world);
    world.pass(10_000);
    assert!(!second.keeps_anything());
    assert_eq!(other.screen(), Screen::Failed(Fault::Store(StoreError::SignedOut)));
}
