//! From the wallet to the list, and back.

use dm3_core::ports::Store as _;
use dm3_widget::app::Command;
use dm3_widget::app::platform::HostEvent;
use dm3_widget::app::state::{Screen, SignInStep};

use super::world::{Tab, WALLET, World, now, two_talking};

fn step(tab: &Tab) -> SignInStep {
    match tab.screen() {
        Screen::SignIn(sign_in) => sign_in.step,
        other => panic!("{other:?}"),
    }
}

#[test]
fn three_steps_lead_a_newcomer_to_their_list_and_into_the_network() {
    let world = World::new();
    let alice = world.newcomer("alice");
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Connect(WALLET.into()));
    world.run();
    assert!(matches!(step(&tab), SignInStep::CreateKeys { .. }));
    tab.ask(Command::CreateKeys);
    world.run();
    assert!(matches!(step(&tab), SignInStep::PublishProfile { .. }));
    tab.ask(Command::PublishProfile);
    world.run();
    assert_eq!(tab.screen(), Screen::List);
    assert!(tab.is_live());
    assert!(tab.events().contains(&HostEvent::Connect(alice.address())));
    assert!(now(alice.peer.store.seed(alice.address())).unwrap().is_some());
}

#[test]
fn a_wallet_that_answers_after_it_was_left_leads_nowhere() {
    let world = World::new();
    let alice = world.newcomer("alice");
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Connect(WALLET.into()));
    world.run();
    alice.wallet_answers.set(false);
    tab.ask(Command::CreateKeys);
    world.run();
    tab.ask(Command::UseAnotherWallet);
    world.run();
    alice.wallet_answers.set(true);
    world.pass(1_000);
    assert!(matches!(step(&tab), SignInStep::Connect { .. }));
    assert!(!alice.keeps_anything());
}

#[test]
fn another_account_of_the_wallet_takes_the_place_of_the_one_that_is_signed_in() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    let bob = world.newcomer("bob");
    let tab = alice.open_tab_with_wallet_of(&world, &bob);
    world.run();
    assert_eq!(tab.screen(), Screen::List);
    tab.ask(Command::Connect(WALLET.into()));
    world.run();
    assert!(matches!(step(&tab), SignInStep::CreateKeys { .. }));
    assert_eq!(tab.events().last(), Some(&HostEvent::Disconnect));
    assert_eq!(tab.state.account.get_untracked(), None);
}

#[test]
fn whoever_is_here_and_connects_the_wallet_again_goes_on_with_what_they_do() {
    let (world, alice, _, tab, _) = two_talking();
    let told = tab.events().len();
    let asked = alice.wallet.prompts();
    tab.ask(Command::Connect(WALLET.into()));
    world.run();
    assert_eq!(alice.wallet.prompts(), asked + 1);
    assert_eq!(tab.events().len(), told);
    assert_eq!(tab.state.account.get_untracked().map(|person| person.address), Some(alice.address()));
    assert!(tab.state.thread.get_untracked().is_some() && tab.is_live());
    // From here on the wallet may choose another account.
    let wallet = tab.window.borrow().as_ref().and_then(|who| who.wallet.clone());
    assert_eq!(wallet.as_deref(), Some(WALLET));
}
