//! Other delivery services than before.

use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::engine::Connection;
use dm3_core::identity::EnsName;
use dm3_core::ports::WalletError;
use dm3_core::registry::DELIVERY_SERVICE_KEY;
use dm3_core::session::{NameStands, OwnEns, ServicesError, SignInError};
use dm3_core::testing::{Fault, TABLES};
use dm3_widget::app::own::{Listing, NotListed, Own, OwnServices};
use dm3_widget::app::platform::{HostEvent, Purpose, Who};
use dm3_widget::app::state::{Delivery, Screen};
use dm3_widget::app::{Command, EnsAsk, OwnAsk, ServiceAct, ServicesAsk, SettingsAsk};

use super::world::{Device, Tab, WALLET, World, now, two_talking};

fn first() -> EnsName {
    "ds.dm3.eth".parse().unwrap()
}

fn second() -> EnsName {
    "ds2.eth".parse().unwrap()
}

/// bob with his wallet in the page, or without, who has opened what is his account's own.
fn shown(world: &World, wallets: bool) -> (Rc<Device>, Tab) {
    let (bob, _) = world.person("bob");
    bob.wallet.choose(bob.address());
    let who = Who { account: bob.address(), wallet: Some(WALLET.into()) };
    let there = if wallets { vec![Rc::clone(&bob.wallet)] } else { Vec::new() };
    let tab = bob.open_window(world, there, Rc::new(RefCell::new(Some(who))));
    world.pass(1_000);
    open(world, &tab);
    (bob, tab)
}

fn open(world: &World, tab: &Tab) {
    tab.ask(Command::settings(SettingsAsk::Own(OwnAsk::Show)));
    world.pass(3_000);
}

fn ask(world: &World, tab: &Tab, ask: ServicesAsk) {
    tab.ask(Command::settings(SettingsAsk::Own(OwnAsk::Services(ask))));
    world.pass(1_000);
}

fn own(tab: &Tab) -> Own {
    match tab.screen() {
        Screen::Settings(apart) => apart.shown::<Own>().expect("it is shown").clone(),
        other => panic!("{other:?}"),
    }
}

fn services(tab: &Tab) -> OwnServices {
    own(tab).services
}

/// Which others find.
fn found(of: &Device) -> Vec<EnsName> {
    let profile = now(of.peer.directory().profile_of(of.address())).unwrap().unwrap().1;
    profile.delivery_services().to_vec()
}

#[test]
fn services_are_added_put_in_order_and_removed_and_nothing_of_it_is_so_before_it_is_published() {
    let world = World::new();
    let (bob, tab) = shown(&world, true);
    ask(&world, &tab, ServicesAsk::Add(" DS2.eth".into()));
    assert_eq!(services(&tab).wanted, [first(), second()]);
    ask(&world, &tab, ServicesAsk::With(ServiceAct::Lower, second()));
    ask(&world, &tab, ServicesAsk::With(ServiceAct::Raise, first()));
    assert_eq!(services(&tab).wanted, [first(), second()], "there is no further place");
    ask(&world, &tab, ServicesAsk::With(ServiceAct::Raise, second()));
    assert_eq!((services(&tab).wanted, services(&tab).is_changed()), (vec![second(), first()], true));
    ask(&world, &tab, ServicesAsk::With(ServiceAct::Remove, first()));
    ask(&world, &tab, ServicesAsk::With(ServiceAct::Remove, second()));
    assert_eq!(services(&tab).wanted, [second()], "somebody takes messages");
    ask(&world, &tab, ServicesAsk::With(ServiceAct::Keep, first()));
    assert_eq!(services(&tab).wanted, [second(), first()]);
    ask(&world, &tab, ServicesAsk::Leave);
    assert_eq!((services(&tab).wanted, services(&tab).is_changed()), (vec![first()], false));
    // Who wants nothing else signs nothing.
    ask(&world, &tab, ServicesAsk::Publish);
    assert_eq!((bob.wallet.prompts(), found(&bob)), (0, vec![first()]));
}

#[test]
fn a_list_is_published_with_one_signature_of_which_the_page_was_told_and_all_tabs_and_devices_follow() {
    let world = World::new();
    let (alice, alices) = world.person("alice");
    let (bob, tab) = shown(&world, true);
    let other = bob.open_tab(&world);
    let (phone, _) = world.person("bob");
    let phones = phone.open_tab(&world);
    world.pass(5_000);
    ask(&world, &tab, ServicesAsk::Add("ds2.eth".into()));
    ask(&world, &tab, ServicesAsk::With(ServiceAct::Remove, first()));
    ask(&world, &tab, ServicesAsk::Publish);
    assert_eq!((services(&tab).step, services(&tab).failed), (Listing::Done, None));
    assert_eq!((services(&tab).wanted, services(&tab).is_changed()), (vec![second()], false));
    assert_eq!((found(&bob), bob.wallet.prompts()), (vec![second()], 1));
    let mut told = tab.events().into_iter().filter_map(|event| match event {
        HostEvent::BeforeSign { purpose, text } => Some((purpose, text.to_lowercase().contains("ds2.eth"))),
        _ => None,
    });
    assert_eq!(told.next_back(), Some((Purpose::Profile, true)));
    world.pass(70_000);
    let links = services(&tab).links.unwrap();
    assert!(links.contains(&(second(), Connection::Live)), "{links:?}");
    assert_eq!(services(&tab).found.unwrap().unwrap().left[0].name, first());
    now(alices.compose(bob.peer.conversation(), "to the new one")).unwrap();
    now(alices.flush()).unwrap();
    assert_eq!(world.network.count("POST https://ds2.example/ds/rpc"), 1);
    world.pass(5_000);
    for tab in [&tab, &other, &phones] {
        let rows = tab.state.conversations.get_untracked().unwrap();
        assert_eq!(rows.iter().map(|row| row.peer.address).collect::<Vec<_>>(), [alice.address()]);
    }
}

#[test]
fn a_tab_that_another_one_is_in_touch_for_changes_the_list_as_well() {
    let world = World::new();
    let (bob, _) = world.person("bob");
    let leading = bob.open_tab(&world);
    world.pass(1_000);
    bob.wallet.choose(bob.address());
    let who = Who { account: bob.address(), wallet: Some(WALLET.into()) };
    let tab = bob.open_window(&world, vec![Rc::clone(&bob.wallet)], Rc::new(RefCell::new(Some(who))));
    world.pass(1_000);
    open(&world, &tab);
    assert_eq!(services(&tab).links, None, "the other one knows");
    ask(&world, &tab, ServicesAsk::Add("ds2.eth".into()));
    ask(&world, &tab, ServicesAsk::Publish);
    assert_eq!(services(&tab).step, Listing::Done);
    world.pass(40_000);
    open(&world, &leading);
    let links = services(&leading).links.unwrap();
    assert!(links.contains(&(second(), Connection::Live)), "{links:?}");
}

#[test]
fn what_can_not_be_added_is_said_and_changes_nothing() {
    let world = World::new();
    let (_, tab) = shown(&world, true);
    for (typed, wrong) in [
        ("nobody.eth", ServicesError::NoSuchName("nobody.eth".parse().unwrap())),
        ("bob.eth", ServicesError::NoService("bob.eth".parse().unwrap())),
        ("ds.dm3.eth", ServicesError::Listed(first())),
    ] {
        ask(&world, &tab, ServicesAsk::Add(typed.into()));
        assert_eq!((services(&tab).failed, services(&tab).step), (Some(wrong.into()), Listing::Idle));
    }
    world.network.fail("https://ds2.example", Fault::Slow(5_000));
    ask(&world, &tab, ServicesAsk::Add("ds2.eth".into()));
    assert_eq!((services(&tab).step, services(&tab).failed), (Listing::Looking, None));
    // Whoever presses something meanwhile changes nothing.
    for wanted in [ServicesAsk::Add("nobody.eth".into()), ServicesAsk::Publish, ServicesAsk::Leave] {
        ask(&world, &tab, wanted);
    }
    assert_eq!(services(&tab).step, Listing::Looking);
    world.pass(10_000);
    assert_eq!((services(&tab).step, services(&tab).wanted), (Listing::Idle, vec![first(), second()]));
}

#[test]
fn who_declines_or_may_not_sign_or_has_no_wallet_here_reads_that_and_nothing_is_published() {
    let world = World::new();
    let (bob, tab) = shown(&world, true);
    ask(&world, &tab, ServicesAsk::Add("ds2.eth".into()));
    bob.wallet.fail(Some(WalletError::Refused));
    ask(&world, &tab, ServicesAsk::Publish);
    let declined = ServicesError::Sign(SignInError::Wallet(WalletError::Refused));
    assert_eq!((services(&tab).step, services(&tab).failed), (Listing::Idle, Some(declined.into())));
    bob.forbids_signing.set(true);
    ask(&world, &tab, ServicesAsk::Publish);
    assert_eq!(services(&tab).failed, Some(NotListed::Forbidden));
    assert_eq!((found(&bob), bob.wallet.prompts()), (vec![first()], 1));

    let world = World::new();
    let (_, tab) = shown(&world, false);
    ask(&world, &tab, ServicesAsk::Add("ds2.eth".into()));
    ask(&world, &tab, ServicesAsk::Publish);
    assert_eq!(services(&tab).failed, Some(NotListed::NoWallet));
}

#[test]
fn what_was_signed_goes_on_where_it_failed_unless_another_list_is_wanted() {
    let world = World::new();
    let (bob, tab) = shown(&world, true);
    ask(&world, &tab, ServicesAsk::Add("ds2.eth".into()));
    world.network.fail("profile/address", Fault::Unreachable);
    ask(&world, &tab, ServicesAsk::Publish);
    let failed = services(&tab).failed;
    assert!(matches!(failed, Some(NotListed::Services(ServicesError::Sign(_)))), "{failed:?}");
    assert!(services(&tab).signed.is_some() && services(&tab).is_changed());
    assert_eq!(found(&bob), [first()]);
    world.network.heal();
    ask(&world, &tab, ServicesAsk::Publish);
    assert_eq!((services(&tab).step, bob.wallet.prompts()), (Listing::Done, 1));
    assert_eq!(found(&bob), [first(), second()]);

    ask(&world, &tab, ServicesAsk::With(ServiceAct::Raise, second()));
    world.network.fail("profile/address", Fault::ReplyLost);
    ask(&world, &tab, ServicesAsk::Publish);
    assert!(services(&tab).failed.is_some() && services(&tab).is_changed(), "it is not sure yet");
    world.network.heal();
    // It was published all the same, as is found by who wants nothing else.
    ask(&world, &tab, ServicesAsk::Leave);
    assert_eq!((services(&tab).wanted, services(&tab).is_changed()), (vec![second(), first()], false));
}

#[test]
fn a_name_of_the_accounts_own_is_told_to_hold_the_former_list() {
    let world = World::new();
    let (bob, tab) = shown(&world, true);
    tab.ask(Command::settings(SettingsAsk::Own(OwnAsk::Ens(EnsAsk::Look("bob.eth".into())))));
    world.pass(1_000);
    tab.ask(Command::settings(SettingsAsk::Own(OwnAsk::Ens(EnsAsk::Publish))));
    world.pass(1_000);
    let (_, hash) = now(now(bob.peer.resume()).sent_publications()).unwrap().pop().unwrap();
    let transaction = bob.wallet.key().sent().last().unwrap().clone();
    world.network.carry_out(hash, bob.address(), &transaction);
    world.pass(2_000);
    let stands = |tab: &Tab| own(tab).ens.names.unwrap().unwrap();
    let named = |stands| [OwnEns { name: "bob.eth".parse().unwrap(), stands }];
    assert_eq!(stands(&tab), named(NameStands::Published));
    ask(&world, &tab, ServicesAsk::Add("ds2.eth".into()));
    ask(&world, &tab, ServicesAsk::Publish);
    world.pass(1_000);
    assert_eq!(
        (services(&tab).step, stands(&tab).as_slice()),
        (Listing::Done, named(NameStands::Older).as_slice())
    );
}

/// The second delivery service, under a name that takes tables to be read.
fn second_abroad(world: &World) -> EnsName {
    let name = EnsName::from_normalised("zürich.eth").unwrap();
    let record = format!("data:application/json,{}", world.network.second_service().profile().to_json());
    world.network.edit_name(&name, |records| {
        records.texts.insert(DELIVERY_SERVICE_KEY.to_owned(), record);
    });
    name
}

#[test]
fn a_service_whose_name_takes_tables_is_waited_for_given_messages_and_asked_for_them() {
    let (world, alice, bob, alices, bobs) = two_talking();
    let keys = now(bob.peer.keys()).public();
    now(bob.peer.publish(keys, vec![second_abroad(&world)]));
    let _bobs = bobs.reload(&bob, &world);
    world.pass(70_000);
    // Where all parts of the project are built together, the tables are at hand.
    if "ü.eth".parse::<EnsName>().is_err() {
        world.network.fail(TABLES, Fault::Unreachable);
    }
    alices.ask(Command::Send("one".into()));
    world.pass(10_000);
    if "ü.eth".parse::<EnsName>().is_err() {
        assert_eq!(alices.deliveries().last(), Some(&Delivery::Waiting), "nothing is refused for good");
    }
    world.network.heal();
    world.pass(600_000);
    assert_eq!(world.network.count("POST https://ds2.example/ds/rpc"), 1);
    assert_eq!(now(bob.peer.texts(&alice.peer)), ["one"]);
    assert_eq!(world.network.second_service().waiting(bob.address()), 0);
}

#[test]
fn a_list_with_such_a_service_is_shown_and_changed_like_any_other() {
    let world = World::new();
    let zurich = second_abroad(&world);
    let (bob, tab) = shown(&world, true);
    ask(&world, &tab, ServicesAsk::Add("Zürich.eth".into()));
    assert_eq!(services(&tab).wanted, [first(), zurich.clone()]);
    ask(&world, &tab, ServicesAsk::Publish);
    world.pass(3_000);
    assert_eq!((services(&tab).step, services(&tab).wanted), (Listing::Done, vec![first(), zurich.clone()]));
    assert_eq!(services(&tab).listed(), [first(), zurich.clone()]);
    ask(&world, &tab, ServicesAsk::With(ServiceAct::Remove, zurich));
    ask(&world, &tab, ServicesAsk::Publish);
    world.pass(3_000);
    assert_eq!(services(&tab).step, Listing::Done);
    let profile = now(bob.peer.directory().profile_of(bob.address())).unwrap().unwrap().1;
    assert_eq!(profile.as_signed().profile().listed().count(), 1);
}
