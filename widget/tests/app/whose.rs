//! Whose the element is, when the wallet says that somebody else is there.

use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::identity::Address;
use dm3_core::ports::Store as _;
use dm3_core::testing::TestWallet;
use dm3_widget::app::Command;
use dm3_widget::app::fault::Fault;
use dm3_widget::app::platform::HostEvent;
use dm3_widget::app::state::{Busy, Screen, SignInStep};

use super::wallet::PersonsWallet;
use super::world::{Device, Tab, WALLET, World, now};

/// Another wallet in the same browser.
const OTHER_WALLET: &str = "the other wallet";

/// alice, who is signed in on her device and has a conversation with bob; and carol, whose account is in the same
/// wallet. `carol_was_here`: her keys are on the device, too.
fn two_accounts(world: &World, carol_was_here: bool) -> (Rc<Device>, Address) {
    let ((alice, alices), (_, bobs)) = (world.person("alice"), world.person("bob"));
    now(bobs.compose(ConversationId::Peer(alice.address()), "for alice alone")).unwrap();
    now(bobs.flush()).unwrap();
    drop(alices);
    let carol = world.newcomer("carol");
    if carol_was_here {
        let carols = now(carol.peer.sign_up());
        let seed = now(carol.peer.store.seed(carols.account())).unwrap().unwrap();
        now(alice.peer.store.set_seed(carol.address(), &seed)).unwrap();
    }
    alice.wallet.import(&carol.wallet);
    alice.wallet.share(vec![alice.address()]);
    (alice, carol.address())
}

fn account(tab: &Tab) -> Option<Address> {
    tab.state.account.get_untracked().map(|person| person.address)
}

fn shows_anything(tab: &Tab) -> bool {
    let (list, thread) = (tab.state.conversations.get_untracked(), tab.state.thread.get_untracked());
    list.is_some_and(|rows| !rows.is_empty())
        || thread.is_some()
        || !tab.state.text.get_untracked().is_empty()
        || !tab.state.query.get_untracked().is_empty()
}

fn is_at_the_wallets(tab: &Tab) -> bool {
    matches!(tab.screen(), Screen::SignIn(sign_in) if matches!(sign_in.step, SignInStep::Connect { .. }))
}

#[test]
fn another_account_in_the_wallet_gets_its_own_inbox_and_the_former_one_comes_back_without_a_prompt() {
    let world = World::new();
    let (alice, carol) = two_accounts(&world, true);
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Open("bob.eth".into()));
    world.run();
    tab.state.text.set("half a sen".into());
    alice.wallet.choose(carol);
    // The next thing that happens, before anything is waited for.
    world.tasks.step();
    assert!(!shows_anything(&tab), "what is alice's is still there");
    world.run();
    assert_eq!((account(&tab), tab.screen()), (Some(carol), Screen::List));
    assert!(!shows_anything(&tab));
    let events: Vec<_> = tab.events();
    let end = &events[events.len() - 3..];
    assert!(end.contains(&HostEvent::Disconnect) && end.contains(&HostEvent::Connect(carol)), "{end:?}");
    let tab = tab.reload(&alice, &world);
    world.run();
    assert_eq!(account(&tab), Some(carol), "a reload shows the same");
    alice.wallet.choose(alice.address());
    world.run();
    assert_eq!(account(&tab), Some(alice.address()));
    assert!(shows_anything(&tab));
    assert_eq!(alice.wallet.prompts(), 0);
}

#[test]
fn an_account_without_keys_here_is_led_to_its_sign_in() {
    let world = World::new();
    let (alice, carol) = two_accounts(&world, false);
    let tab = alice.open_tab(&world);
    world.run();
    alice.wallet.choose(carol);
    world.run();
    assert!(tab.is_signed_out() && is_at_the_wallets(&tab));
    let tab = tab.reload(&alice, &world);
    world.run();
    assert!(tab.is_signed_out() && is_at_the_wallets(&tab), "a reload shows the same");
    // Also if the wallet is closed then.
    alice.wallet.lock();
    let tab = tab.reload(&alice, &world);
    world.run();
    assert!(tab.is_signed_out(), "{:?}", tab.screen());
    alice.wallet.choose(carol);
    tab.ask(Command::Connect(WALLET.into()));
    world.run();
    tab.ask(Command::CreateKeys);
    world.run();
    tab.ask(Command::PublishProfile);
    world.run();
    assert_eq!(account(&tab), Some(carol));
    let prompts = alice.wallet.prompts();
    alice.wallet.choose(alice.address());
    world.run();
    assert_eq!(account(&tab), Some(alice.address()));
    assert_eq!(alice.wallet.prompts(), prompts);
}

/// Does `begin`, changes the wallet to carol at every moment, and looks what is there in the end.
fn at_every_moment(carol_was_here: bool, begin: impl Fn(&World, &Rc<Device>) -> Tab) {
    for moment in 0.. {
        let world = World::new();
        let (alice, carol) = two_accounts(&world, carol_was_here);
        world.slow_down();
        let tab = begin(&world, &alice);
        if !world.go_to_moment(moment) {
            break;
        }
        alice.wallet.choose(carol);
        world.finish();
        let seen = now(alice.peer.store.contacts(carol)).unwrap();
        assert!(seen.is_empty(), "moment {moment}: something of alice's became carol's");
        assert!(!shows_anything(&tab), "moment {moment}: something of alice's is shown");
        if carol_was_here {
            assert_eq!(account(&tab), Some(carol), "moment {moment}: {:?}", tab.screen());
            assert!(tab.is_live(), "moment {moment}");
        } else {
            // Who just connected goes on with the account that they chose.
            let Screen::SignIn(sign_in) = tab.screen() else { panic!("moment {moment}: {:?}", tab.screen()) };
            assert!(sign_in.account.is_none_or(|account| account == carol), "moment {moment}: {sign_in:?}");
            assert!(tab.is_signed_out(), "moment {moment}");
        }
        alice.wallet.choose(alice.address());
        world.finish();
        let back = account(&tab);
        let had_keys = now(alice.peer.store.seed(alice.address())).unwrap().is_some();
        assert_eq!(back, had_keys.then(|| alice.address()), "moment {moment}");
    }
}

/// What becomes of a wallet besides that another account is chosen in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Locked,
    /// The page may not see its accounts any more.
    Removed,
    /// The page has it no more, and what it was asked for is never answered.
    Gone,
}

const CHANGES: [Change; 3] = [Change::Locked, Change::Removed, Change::Gone];

impl Change {
    fn happen(self, alice: &Device, tab: &Tab) {
        match self {
            Self::Locked => alice.wallet.lock(),
            Self::Removed => alice.wallet.disconnect(),
            Self::Gone => {
                alice.wallet_answers.set(false);
                alice.wallet.answers.set(false);
                tab.wallets.borrow_mut().clear();
                tab.ask(Command::ProviderChanged);
            }
        }
    }

    /// It is as it was.
    fn end(self, alice: &Device, tab: &Tab) {
        if self == Self::Gone {
            alice.wallet_answers.set(true);
            alice.wallet.answers.set(true);
            tab.wallets.borrow_mut().push(Rc::clone(&alice.wallet));
            tab.ask(Command::ProviderChanged);
        }
        alice.wallet.choose(alice.address());
    }
}

/// Does `begin` on a device, and changes the wallet at every so manyth moment. Whoever signs in waits for nothing that never
/// comes; whoever is signed in stays, or is led to the wallets; and they come back when their wallet does.
fn through_moments(
    change: Change,
    every: usize,
    device: impl Fn(&World) -> Rc<Device>,
    begin: impl Fn(&World, &Rc<Device>) -> Tab,
) {
    for moment in (change as usize % every..).step_by(every) {
        let world = World::new();
        let alice = device(&world);
        world.slow_down();
        let tab = begin(&world, &alice);
        if !world.go_to_moment(moment) {
            break;
        }
        change.happen(&alice, &tab);
        world.finish();
        let at = format!("{change:?} at moment {moment}: {:?}", tab.screen());
        match tab.screen() {
            Screen::SignIn(sign_in) => {
                assert_ne!(sign_in.busy, Some(Busy::Wallet), "{at}");
                assert!(tab.is_signed_out(), "{at}");
            }
            _ => {
                assert_eq!(account(&tab), Some(alice.address()), "{at}");
                assert!(tab.is_live(), "{at}");
            }
        }
        let remembered = now(alice.peer.store.account()).unwrap().map(|account| account.address);
        if change != Change::Removed && remembered == Some(alice.address()) {
            assert_eq!(account(&tab), remembered, "{at}");
        }
        change.end(&alice, &tab);
        world.finish();
        let had_keys = now(alice.peer.store.seed(alice.address())).unwrap().is_some();
        assert_eq!(account(&tab), had_keys.then(|| alice.address()), "{at}; it came back");
    }
}

#[test]
fn whatever_is_going_on_a_wallet_that_is_locked_removed_or_gone_holds_up_nothing() {
    for change in CHANGES {
        let alice = |world: &World| two_accounts(world, false).0;
        through_moments(change, 6, alice, |world, alice| alice.open_tab(world));
        through_moments(change, 6, alice, |world, alice| {
            let tab = alice.open_tab(world);
            world.finish();
            tab.ask(Command::Open("bob.eth".into()));
            world.finish();
            tab.ask(Command::Send("hello".into()));
            tab
        });
    }
}

/// alice, whose keys are not here, does this step of signing in, after those before it.
fn signing_in(world: &World, alice: &Rc<Device>, step: usize) -> Tab {
    now(alice.peer.store.erase(alice.address())).unwrap();
    now(alice.peer.store.set_account(None)).unwrap();
    let tab = alice.open_tab(world);
    world.finish();
    let all = [Command::Connect(WALLET.into()), Command::CreateKeys, Command::PublishProfile];
    for command in &all[..step] {
        tab.ask(command.clone());
        world.finish();
    }
    tab.ask(all[step].clone());
    tab
}

#[test]
fn a_wallet_that_goes_while_its_owner_is_asked_is_told_of_and_another_can_be_chosen() {
    for step in 0..2 {
        let world = World::new();
        let (alice, _) = two_accounts(&world, false);
        now(alice.peer.store.erase(alice.address())).unwrap();
        now(alice.peer.store.set_account(None)).unwrap();
        let tab = alice.open_tab(&world);
        world.run();
        let steps = [Command::Connect(WALLET.into()), Command::CreateKeys];
        for command in &steps[..step] {
            tab.ask(command.clone());
            world.run();
        }
        alice.wallet_answers.set(false);
        tab.ask(steps[step].clone());
        world.run();
        let Screen::SignIn(waiting) = tab.screen() else { panic!("{:?}", tab.screen()) };
        assert_eq!(waiting.busy, Some(Busy::Wallet));
        tab.wallets.borrow_mut().clear();
        tab.ask(Command::ProviderChanged);
        world.run();
        let Screen::SignIn(told) = tab.screen() else { panic!("{:?}", tab.screen()) };
        assert_eq!((told.busy, told.error), (None, Some(Fault::WalletGone)), "step {step}");
        assert!(is_at_the_wallets(&tab));
    }
}

#[test]
fn whatever_is_going_on_the_element_becomes_the_other_accounts() {
    for carol_was_here in [true, false] {
        at_every_moment(carol_was_here, |world, alice| alice.open_tab(world));
    }
    at_every_moment(true, |world, alice| {
        let tab = alice.open_tab(world);
        world.finish();
        tab.ask(Command::Open("bob.eth".into()));
        world.finish();
        tab.ask(Command::Send("hello".into()));
        tab
    });
}

#[test]
fn in_the_middle_of_each_step_of_signing_in_the_element_becomes_the_other_accounts() {
    for (steps, carol_was_here) in [(0, true), (0, false), (1, true), (2, false)] {
        at_every_moment(carol_was_here, |world, alice| signing_in(world, alice, steps));
    }
}

#[test]
fn a_wallet_that_waits_for_its_owner_gives_way_to_the_account_they_choose_there() {
    let world = World::new();
    let (alice, carol) = two_accounts(&world, false);
    now(alice.peer.store.erase(alice.address())).unwrap();
    now(alice.peer.store.set_account(None)).unwrap();
    let tab = alice.open_tab(&world);
    world.run();
    // Connecting: they choose carol in the very window that asks, so nothing that was begun is lost.
    alice.wallet_answers.set(false);
    tab.ask(Command::Connect(WALLET.into()));
    world.run();
    alice.wallet.choose(carol);
    world.run();
    alice.wallet_answers.set(true);
    world.pass(1_000);
    let Screen::SignIn(sign_in) = tab.screen() else { panic!("{:?}", tab.screen()) };
    assert!(matches!(sign_in.step, SignInStep::CreateKeys { .. }));
    assert_eq!(sign_in.account, Some(carol));
    // Signing: what carol was asked for is not signed for her by somebody else.
    alice.wallet_answers.set(false);
    tab.ask(Command::CreateKeys);
    world.run();
    alice.wallet.choose(alice.address());
    world.run();
    assert!(is_at_the_wallets(&tab));
    alice.wallet_answers.set(true);
    world.pass(1_000);
    assert!(is_at_the_wallets(&tab));
    assert!(now(alice.peer.store.seed(carol)).unwrap().is_none());
}

#[test]
fn a_locked_wallet_changes_nothing() {
    let world = World::new();
    let (alice, _) = two_accounts(&world, true);
    let tab = alice.open_tab(&world);
    world.run();
    alice.wallet.lock();
    world.run();
    assert_eq!(account(&tab), Some(alice.address()));
    assert!(shows_anything(&tab));
    let tab = tab.reload(&alice, &world);
    world.run();
    assert_eq!(account(&tab), Some(alice.address()), "a reload shows the same");
    let other = alice.open_tab(&world);
    world.run();
    assert_eq!(account(&other), Some(alice.address()), "and so does another window");
}

#[test]
fn an_account_that_the_page_may_not_see_any_more_leaves_and_comes_back_with_its_wallet() {
    let world = World::new();
    let (alice, _) = two_accounts(&world, true);
    let tab = alice.open_tab(&world);
    world.run();
    alice.wallet.disconnect();
    world.run();
    assert!(tab.is_signed_out() && is_at_the_wallets(&tab));
    assert_eq!(tab.events().last(), Some(&HostEvent::Disconnect));
    assert!(alice.keeps_anything(), "nothing was asked to be erased");
    let tab = tab.reload(&alice, &world);
    world.run();
    assert!(tab.is_signed_out(), "a reload shows the same: {:?}", tab.screen());
    let other = alice.open_tab(&world);
    world.run();
    assert!(other.is_signed_out(), "and so does another window");
    alice.wallet.choose(alice.address());
    world.run();
    for tab in [tab, other] {
        assert_eq!(account(&tab), Some(alice.address()));
    }
    assert_eq!(alice.wallet.prompts(), 0);
}

#[test]
fn who_signed_out_enters_again_only_when_they_ask_for_it() {
    let world = World::new();
    let (alice, _) = two_accounts(&world, true);
    let tab = alice.open_tab(&world);
    world.run();
    tab.ask(Command::Disconnect);
    world.run();
    let tab = tab.reload(&alice, &world);
    world.run();
    assert!(tab.is_signed_out(), "a reload shows the same: {:?}", tab.screen());
    alice.wallet.choose(alice.address());
    world.run();
    assert!(tab.is_signed_out());
    assert!(
        alice.open_tab(&world).is_signed_out() || {
            world.run();
            tab.is_signed_out()
        }
    );
    tab.ask(Command::Connect(WALLET.into()));
    world.run();
    assert_eq!(account(&tab), Some(alice.address()));
    let tab = tab.reload(&alice, &world);
    world.run();
    assert_eq!(account(&tab), Some(alice.address()));
}

#[test]
fn two_accounts_of_two_wallets_stay_side_by_side() {
    let world = World::new();
    let (alice, carol) = two_accounts(&world, true);
    let other = PersonsWallet::new(OTHER_WALLET, &[Rc::new(TestWallet::of("carol"))]);
    alice.other_wallets.borrow_mut().push(Rc::clone(&other));
    let first = alice.open_tab(&world);
    world.run();
    let second = alice.open_tab(&world);
    world.run();
    second.ask(Command::Connect(OTHER_WALLET.into()));
    world.run();
    assert_eq!((account(&first), account(&second)), (Some(alice.address()), Some(carol)));
    // What one wallet does concerns its own account.
    alice.wallet.lock();
    world.run();
    other.share(Vec::new());
    world.run();
    assert_eq!(account(&first), Some(alice.address()));
    assert!(second.is_signed_out());
    other.choose(carol);
    world.run();
    let tabs = [first.reload(&alice, &world), second.reload(&alice, &world)];
    world.run();
    assert_eq!(tabs.each_ref().map(account), [Some(alice.address()), Some(carol)]);
}

#[test]
fn a_page_that_gives_another_provider_names_somebody_else() {
    let world = World::new();
    let (alice, carol) = two_accounts(&world, true);
    let tab = alice.open_tab(&world);
    world.run();
    let carols = PersonsWallet::new(WALLET, &[Rc::new(TestWallet::of("carol"))]);
    carols.choose(carol);
    tab.wallets.replace(vec![carols]);
    tab.ask(Command::ProviderChanged);
    world.run();
    assert_eq!(account(&tab), Some(carol));
    // It took it back, and no other wallet is there: nobody says that somebody else came.
    tab.wallets.borrow_mut().clear();
    tab.ask(Command::ProviderChanged);
    world.run();
    assert_eq!(account(&tab), Some(carol));
}

#[test]
fn what_was_missed_while_nobody_looked_is_found_when_somebody_looks_again() {
    let world = World::new();
    let (alice, carol) = two_accounts(&world, true);
    let tab = alice.open_tab(&world);
    world.run();
    tab.set_visible(false);
    world.run();
    let quiet = PersonsWallet::new(WALLET, &[Rc::new(TestWallet::of("carol"))]);
    quiet.choose(carol);
    tab.wallets.replace(vec![quiet]);
    world.run();
    assert_eq!(account(&tab), Some(alice.address()));
    tab.set_visible(true);
    world.run();
    assert_eq!(account(&tab), Some(carol));
}

#[test]
fn silent_wallets_hold_up_a_start_once_and_not_one_after_the_other() {
    const SILENT: [&str; 4] = ["a", "b", "c", "d"];
    let world = World::new();
    let (alice, carol) = two_accounts(&world, true);
    let silent = SILENT.map(|id| PersonsWallet::new(id, &[Rc::new(TestWallet::of("carol"))]));
    for wallet in &silent {
        wallet.answers.set(false);
        wallet.share(vec![carol]);
    }
    alice.other_wallets.borrow_mut().extend(silent.iter().cloned());
    alice.wallet.answers.set(false);
    let tab = alice.open_tab(&world);
    world.pass(250);
    assert_eq!(tab.screen(), Screen::Starting);
    world.pass(250);
    assert_eq!(account(&tab), Some(alice.address()));
    // Her own wallet answers late; the others are none of hers.
    alice.wallet.answers.set(true);
    world.pass(500);
    silent[0].answers.set(true);
    world.pass(500);
    assert_eq!(account(&tab), Some(alice.address()));
    // On the next start her wallet is known, and nobody else is waited for.
    for wallet in &silent[1..] {
        wallet.answers.set(false);
    }
    let tab = tab.reload(&alice, &world);
    world.run();
    assert_eq!(account(&tab), Some(alice.address()));
}

#[test]
fn an_element_that_is_gone_is_held_by_no_wallet() {
    let world = World::new();
    let (alice, carol) = two_accounts(&world, true);
    alice.wallet.answers.set(false);
    let tab = alice.open_tab(&world);
    world.pass(500);
    let (driver, events) = tab.remove();
    world.run();
    assert!(driver.upgrade().is_none());
    let told = RefCell::borrow(&events).len();
    alice.wallet.answers.set(true);
    alice.wallet.choose(carol);
    world.pass(1_000);
    assert_eq!(RefCell::borrow(&events).len(), told);
}
