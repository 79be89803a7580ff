//! Signing in where the wallet alone does not lead to the account's keys.

use std::rc::Rc;

use dm3_core::identity::BackupError;
use dm3_core::session::{Keys, Registration, SignIn, SignInError};
use dm3_core::testing::{Fault as NetworkFault, MemoryPorts, Peer, TestWallet};
use dm3_widget::app::fault::Fault;
use dm3_widget::app::platform::{HostEvent, Purpose};
use dm3_widget::app::state::{OtherKeys, OwnKeys, Screen, SignInStep, Way};
use dm3_widget::app::{Choice, Command, Typed};

use super::world::{Device, Tab, WALLET, World, now};

fn step(tab: &Tab) -> SignInStep {
    match tab.screen() {
        Screen::SignIn(sign_in) => sign_in.step,
        other => panic!("{other:?}"),
    }
}

fn ways(tab: &Tab) -> OtherKeys {
    match step(tab) {
        SignInStep::OtherKeys(ways) => ways,
        other => panic!("{other:?}"),
    }
}

fn fault(tab: &Tab) -> Option<Fault> {
    match tab.screen() {
        Screen::SignIn(sign_in) => sign_in.error,
        other => panic!("{other:?}"),
    }
}

/// A tab on a node of our kind, in which the wallet is connected.
fn connected(world: &World, device: &Rc<Device>) -> Tab {
    let tab = device.open_tab(world);
    world.run();
    ask(world, &tab, Command::Connect(WALLET.into()));
    tab
}

fn ask(world: &World, tab: &Tab, command: Command) {
    tab.ask(command);
    world.run();
}

fn go_on(world: &World, tab: &Tab, choice: Choice) {
    ask(world, tab, Command::GoOn(choice));
}

/// How often the wallet was asked, and what for.
fn prompts(tab: &Tab) -> Vec<Purpose> {
    let purpose = |event| match event {
        HostEvent::BeforeSign { purpose, .. } => Some(purpose),
        _ => None,
    };
    tab.events().into_iter().filter_map(purpose).collect()
}

fn guarded() -> World {
    let world = World::new();
    world.network.guard_profiles();
    world
}

/// Another app has published keys of its own for the account.
fn publish_with_nonce(device: &Device, nonce: &str) {
    let Peer { wallet, .. } = &device.peer;
    let sign_in = SignIn::new(device.peer.directory(), device.address()).with_nonce(nonce.parse().unwrap());
    let registration = registration(now(sign_in.create_keys(wallet)));
    now(registration.publish(wallet)).unwrap();
}

fn registration(keys: Result<Keys<MemoryPorts>, SignInError>) -> Registration<MemoryPorts> {
    match keys.unwrap() {
        Keys::New(registration) | Keys::OtherNonce(registration) | Keys::Unusable(registration) => {
            registration
        }
        Keys::Known(_) => panic!("the keys are known"),
    }
}

fn is_inside(tab: &Tab) -> bool {
    tab.screen() == Screen::List && tab.is_live()
}

#[test]
fn the_nonce_of_another_app_leads_to_its_keys_and_nothing_is_replaced() {
    let world = guarded();
    let alice = world.newcomer("alice");
    publish_with_nonce(&alice, "0x6f6d");
    let posts = world.network.count("POST");
    let tab = connected(&world, &alice);
    ask(&world, &tab, Command::CreateKeys);
    let expected = OtherKeys { usable: true, derived: true, tried: false, way: None, text: ways(&tab).text };
    assert_eq!(ways(&tab), expected);

    go_on(&world, &tab, Choice::Explain(Some(Way::Nonce)));
    go_on(&world, &tab, Choice::Nonce("wrong".into()));
    assert!(
        matches!(step(&tab), SignInStep::CreateKeys { text, other_app: true } if text.ends_with("Nonce: wrong"))
    );
    ask(&world, &tab, Command::CreateKeys);
    assert!(ways(&tab).tried, "it says that these are not the keys either");
    go_on(&world, &tab, Choice::Explain(Some(Way::Nonce)));
    assert!(!ways(&tab).tried);
    go_on(&world, &tab, Choice::Nonce(" 0x6f6d\n".into()));
    ask(&world, &tab, Command::CreateKeys);
    assert!(is_inside(&tab));
    assert_eq!(world.network.count("POST") - posts, 1, "nothing but the login");
}

#[test]
fn a_nonce_that_is_none_is_told_and_the_ways_can_be_seen_again() {
    let world = guarded();
    let alice = world.newcomer("alice");
    publish_with_nonce(&alice, "0x6f6d");
    let tab = connected(&world, &alice);
    ask(&world, &tab, Command::CreateKeys);
    go_on(&world, &tab, Choice::Explain(Some(Way::Nonce)));
    go_on(&world, &tab, Choice::Nonce("a\nb".into()));
    assert!(matches!(fault(&tab), Some(Fault::Nonce(_))));
    go_on(&world, &tab, Choice::Nonce("right".into()));
    go_on(&world, &tab, Choice::Explain(None));
    assert_eq!((ways(&tab).way, fault(&tab)), (None, None));
}

#[test]
fn replaced_keys_are_the_account_s_on_a_node_that_waits_for_their_login() {
    let world = guarded();
    let alice = world.newcomer("alice");
    publish_with_nonce(&alice, "0x6f6d");
    let tab = connected(&world, &alice);
    ask(&world, &tab, Command::CreateKeys);
    go_on(&world, &tab, Choice::Explain(Some(Way::Replace)));
    go_on(&world, &tab, Choice::Replace);
    assert!(matches!(step(&tab), SignInStep::PublishProfile { .. }));
    ask(&world, &tab, Command::PublishProfile);
    assert!(is_inside(&tab));
    assert_eq!(prompts(&tab), [Purpose::Keys, Purpose::Keys, Purpose::Profile]);
}

#[test]
fn publishing_again_after_the_network_failed_asks_the_wallet_for_nothing() {
    let world = guarded();
    let alice = world.newcomer("alice");
    publish_with_nonce(&alice, "0x6f6d");
    let tab = connected(&world, &alice);
    ask(&world, &tab, Command::CreateKeys);
    go_on(&world, &tab, Choice::Replace);
    world.network.fail_nth(1, "GET https://dm3.example/ds/auth", NetworkFault::Unreachable);
    ask(&world, &tab, Command::PublishProfile);
    assert!(matches!(fault(&tab), Some(Fault::SignIn(SignInError::Unreachable(_)))));
    let asked = prompts(&tab).len();
    ask(&world, &tab, Command::PublishProfile);
    assert!(is_inside(&tab));
    assert_eq!(prompts(&tab).len(), asked);
}

#[test]
fn a_contract_gets_keys_of_its_own_and_their_code_lets_the_next_device_in() {
    for make in [TestWallet::smart, TestWallet::smart_before_deployment] {
        let world = guarded();
        let safe = world.newcomer_with(|| make("safe"));
        let deployed =
            make("safe").address() == TestWallet::smart("safe").address() && prompts_needed(&make) == 1;
        if deployed {
            world.network.deploy(&make("safe"));
        }
        let tab = connected(&world, &safe);
        if !deployed {
            ask(&world, &tab, Command::CreateKeys);
        }
        let SignInStep::KeepCode { code, why: OwnKeys::Contract } = step(&tab) else {
            panic!("{:?}", step(&tab))
        };
        assert!(!format!("{:?}", tab.screen()).contains(code.reveal()), "nothing prints it");
        assert_eq!(world.network.count("POST"), 0, "nothing is published before it is kept");
        go_on(&world, &tab, Choice::CodeKept);
        assert!(matches!(step(&tab), SignInStep::PublishProfile { .. }));
        ask(&world, &tab, Command::PublishProfile);
        assert!(is_inside(&tab));
        assert_eq!(prompts(&tab).len(), prompts_needed(&make));

        let next = world.newcomer_with(|| make("safe"));
        // Each start of a device draws other chances.
        next.open_tab(&world);
        world.run();
        let tab = connected(&world, &next);
        if !deployed {
            ask(&world, &tab, Command::CreateKeys);
        }
        assert!(!ways(&tab).derived);
        go_on(&world, &tab, Choice::Explain(Some(Way::Code)));
        let other_digit = if code.reveal().starts_with('8') { "9" } else { "8" };
        let mistyped = format!("{other_digit}{}", &code.reveal()[1..]);
        for (typed, expected) in
            [("X3ES-8F9P", BackupError::Code), (mistyped.as_str(), BackupError::Checksum)]
        {
            go_on(&world, &tab, Choice::Recover(Typed::new(typed.into())));
            assert_eq!(fault(&tab), Some(Fault::SignIn(SignInError::Backup(expected))));
        }
        go_on(
            &world,
            &tab,
            Choice::Recover(Typed::new("X3ES-8F9P-DJNE-FFNQ-0V3A-WSME-ZW52-AZY5-MXC5".into())),
        );
        assert!(ways(&tab).tried, "the code of somebody else's keys");
        let spaced = code.reveal().to_lowercase().replace('-', " ");
        go_on(&world, &tab, Choice::Recover(Typed::new(spaced)));
        assert!(is_inside(&tab));
    }
}

/// One for a contract that is on the chain; one more if only the signature tells that it is one.
fn prompts_needed(make: &fn(&str) -> TestWallet) -> usize {
    let wallet = make("safe");
    let signature = now(dm3_core::ports::Wallet::sign_text(&wallet, wallet.address(), "text")).unwrap();
    if signature.ends_with("6492") { 2 } else { 1 }
}

#[test]
fn a_wallet_that_signs_differently_each_time_gets_keys_of_their_own_when_they_are_replaced() {
    let world = guarded();
    let alice = world.newcomer_with(|| TestWallet::unsteady("alice"));
    let tab = connected(&world, &alice);
    ask(&world, &tab, Command::CreateKeys);
    ask(&world, &tab, Command::PublishProfile);
    assert!(is_inside(&tab));

    // The next device's wallet has signed once before, so that it signs otherwise now.
    let next = world.newcomer_with(|| {
        let wallet = TestWallet::unsteady("alice");
        now(dm3_core::ports::Wallet::sign_text(&wallet, wallet.address(), "text")).unwrap();
        wallet
    });
    let tab = connected(&world, &next);
    ask(&world, &tab, Command::CreateKeys);
    go_on(&world, &tab, Choice::Explain(Some(Way::Replace)));
    assert!(ways(&tab).text.is_some());
    go_on(&world, &tab, Choice::Replace);
    assert!(matches!(step(&tab), SignInStep::KeepCode { why: OwnKeys::Unsteady, .. }));
    go_on(&world, &tab, Choice::CodeKept);
    ask(&world, &tab, Command::PublishProfile);
    assert!(is_inside(&tab));
}

#[test]
fn a_backup_and_its_code_bring_keys_back_together() {
    let world = guarded();
    let alice = world.newcomer("alice");
    let sign_in = SignIn::new(alice.peer.directory(), alice.address()).with_nonce("x".parse().unwrap());
    let keys = registration(now(sign_in.create_keys(&alice.peer.wallet)));
    let (backup, code) = keys.backup().unwrap();
    now(keys.publish(&alice.peer.wallet)).unwrap();
    let tab = connected(&world, &alice);
    ask(&world, &tab, Command::CreateKeys);
    let code = code.to_text();
    let recover = |text: String| go_on(&world, &tab, Choice::Recover(Typed::new(text)));
    recover(code.to_string());
    assert!(ways(&tab).tried, "the code of a backup is nothing without it");
    recover(format!("{}\n{}", &backup.to_string()[..60], *code));
    assert_eq!(fault(&tab), Some(Fault::SignIn(SignInError::Backup(BackupError::File))));
    recover(format!("{backup}\n{}", *code));
    assert!(is_inside(&tab));
}
