//! The account's profile on an ENS name of its own.

use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::identity::EnsName;
use dm3_core::ports::{TransactionError, WalletError};
use dm3_core::session::{NameStands, OwnEns, PublishError, Session};
use dm3_core::testing::MemoryPorts;
use dm3_widget::app::own::{Ens, NotPublished, Own, Publishing};
use dm3_widget::app::platform::Who;
use dm3_widget::app::state::Screen;
use dm3_widget::app::{Command, EnsAsk, OwnAsk, SettingsAsk};

use super::world::{Device, Tab, WALLET, World, now};

fn name() -> EnsName {
    "alice.eth".parse().unwrap()
}

/// alice with her wallet in the page, who has opened what is her account's own; and another program of hers.
fn shown(world: &World, wallets: bool) -> (Rc<Device>, Tab, Session<MemoryPorts>) {
    let (alice, session) = world.person("alice");
    alice.wallet.choose(alice.address());
    let who = Who { account: alice.address(), wallet: Some(WALLET.into()) };
    let there = if wallets { vec![Rc::clone(&alice.wallet)] } else { Vec::new() };
    let tab = alice.open_window(world, there, Rc::new(RefCell::new(Some(who))));
    world.pass(1_000);
    open(world, &tab);
    (alice, tab, session)
}

fn open(world: &World, tab: &Tab) {
    tab.ask(Command::settings(SettingsAsk::Own(OwnAsk::Show)));
    world.pass(1_000);
}

fn ask(world: &World, tab: &Tab, ask: EnsAsk) {
    tab.ask(Command::settings(SettingsAsk::Own(OwnAsk::Ens(ask))));
    world.pass(1_000);
}

fn ens(tab: &Tab) -> Ens {
    match tab.screen() {
        Screen::Settings(apart) => apart.shown::<Own>().expect("it is shown").ens.clone(),
        other => panic!("{other:?}"),
    }
}

/// A block has what the wallet sent last.
fn mine(world: &World, alice: &Device, session: &Session<MemoryPorts>) {
    let (_, hash) = now(session.sent_publications()).unwrap().pop().expect("something was sent");
    let transaction = alice.wallet.key().sent().last().unwrap().clone();
    world.network.carry_out(hash, alice.address(), &transaction);
    world.pass(2_000);
}

#[test]
fn what_it_costs_is_asked_first_then_the_wallet_then_a_block_is_waited_for() {
    let world = World::new();
    let (alice, tab, session) = shown(&world, true);
    let without = OwnEns { name: name(), stands: NameStands::Without };
    assert_eq!((ens(&tab).names, ens(&tab).step), (Some(Ok(vec![without])), Publishing::Idle));
    ask(&world, &tab, EnsAsk::Look("alice.eth".into()));
    assert!(matches!(ens(&tab).step, Publishing::Asked(publication) if publication.cost > 0));
    ask(&world, &tab, EnsAsk::Leave);
    assert_eq!((ens(&tab).step, alice.wallet.prompts()), (Publishing::Idle, 0));
    // Nothing is sent that nobody was asked about.
    ask(&world, &tab, EnsAsk::Publish);
    assert_eq!(alice.wallet.prompts(), 0);

    ask(&world, &tab, EnsAsk::Look("alice.eth".into()));
    alice.wallet_answers.set(false);
    ask(&world, &tab, EnsAsk::Publish);
    assert_eq!(ens(&tab).step, Publishing::Signing);
    // Whoever presses twice, or asks for another one meanwhile, changes nothing.
    ask(&world, &tab, EnsAsk::Publish);
    ask(&world, &tab, EnsAsk::Look("bob.eth".into()));
    alice.wallet_answers.set(true);
    world.pass(1_000);
    assert_eq!((ens(&tab).step, alice.wallet.prompts()), (Publishing::Waiting(name()), 1));
    mine(&world, &alice, &session);
    assert_eq!((ens(&tab).step, ens(&tab).failed), (Publishing::Done(name()), None));
    let published = OwnEns { name: name(), stands: NameStands::Published };
    assert_eq!(ens(&tab).names, Some(Ok(vec![published])));
    ask(&world, &tab, EnsAsk::Look("alice.eth".into()));
    assert_eq!((ens(&tab).step, alice.wallet.prompts()), (Publishing::Done(name()), 1));
}

#[test]
fn who_declines_reads_that_and_can_try_again() {
    let world = World::new();
    let (alice, tab, _) = shown(&world, true);
    alice.wallet.fail(Some(WalletError::Refused));
    ask(&world, &tab, EnsAsk::Look("alice.eth".into()));
    ask(&world, &tab, EnsAsk::Publish);
    let declined = PublishError::Transaction(TransactionError::Wallet(WalletError::Refused));
    assert_eq!((ens(&tab).step, ens(&tab).failed), (Publishing::Idle, Some(declined.into())));
    ask(&world, &tab, EnsAsk::Look("nobody.eth".into()));
    let nobody = PublishError::NoResolver("nobody.eth".parse().unwrap());
    assert_eq!((ens(&tab).step, ens(&tab).failed), (Publishing::Idle, Some(nobody.into())));
    ask(&world, &tab, EnsAsk::Look("alice.eth".into()));
    assert_eq!(ens(&tab).failed, None);
}

#[test]
fn without_the_wallet_nothing_is_sent_and_that_is_said() {
    let world = World::new();
    let (_, tab, _) = shown(&world, false);
    ask(&world, &tab, EnsAsk::Look("alice.eth".into()));
    ask(&world, &tab, EnsAsk::Publish);
    assert_eq!(ens(&tab).failed, Some(NotPublished::NoWallet));
}

#[test]
fn what_was_sent_before_a_reload_is_waited_for_after_it() {
    let world = World::new();
    let (alice, tab, session) = shown(&world, true);
    ask(&world, &tab, EnsAsk::Look("alice.eth".into()));
    ask(&world, &tab, EnsAsk::Publish);
    assert_eq!(ens(&tab).step, Publishing::Waiting(name()));
    let (_, _) = tab.remove();
    let who = Who { account: alice.address(), wallet: Some(WALLET.into()) };
    let tab = alice.open_window(&world, Vec::new(), Rc::new(RefCell::new(Some(who))));
    world.pass(1_000);
    open(&world, &tab);
    assert_eq!(ens(&tab).step, Publishing::Waiting(name()));
    mine(&world, &alice, &session);
    assert_eq!(ens(&tab).step, Publishing::Done(name()));
}

#[test]
fn a_name_that_was_given_away_is_taken_off_the_list() {
    let world = World::new();
    let (alice, tab, session) = shown(&world, true);
    ask(&world, &tab, EnsAsk::Look("alice.eth".into()));
    ask(&world, &tab, EnsAsk::Publish);
    mine(&world, &alice, &session);
    world.network.edit_name(&name(), |records| records.address = None);
    open(&world, &tab);
    let gone = OwnEns { name: name(), stands: NameStands::Elsewhere };
    assert_eq!(ens(&tab).names, Some(Ok(vec![gone])));
    ask(&world, &tab, EnsAsk::Forget(name()));
    assert_eq!(ens(&tab).names, Some(Ok(Vec::new())));
}
