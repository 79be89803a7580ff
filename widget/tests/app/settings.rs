//! What can be set, and what there is to know of a contact.

use std::rc::Rc;

use dm3_core::delivery::{Amount, SpamRule};
use dm3_core::deposit::Terms;
use dm3_core::identity::Address;
use dm3_core::registry::abi::{Arg, encode};
use dm3_core::registry::{deposits, erc20};
use dm3_core::session::{Askable, Decision};
use dm3_core::testing::Fault as NetworkFault;
use dm3_widget::app::settings::{Asking, Card, Demands, Errand, Keys, Settings};
use dm3_widget::app::state::{ConversationRow, Delivery, Filter, Screen, Theme};
use dm3_widget::app::{BackupAsk, Command, Numbered, SettingsAsk};

use super::loading::without_part;
use super::world::{Device, NODE, Tab, World};

/// alice's and bob's tabs; they have written to each other, and both are at their lists.
fn acquainted() -> (World, Rc<Device>, Tab, Rc<Device>, Tab) {
    let world = World::new();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let (alices, bobs) = (alice.open_tab(&world), bob.open_tab(&world));
    world.pass(1_000);
    alices.ask(Command::Open("bob.eth".into()));
    world.pass(1_000);
    alices.ask(Command::Send("hello".into()));
    world.pass(2_000);
    bobs.ask(Command::OpenPeer(alice.address()));
    world.pass(1_000);
    bobs.ask(Command::Decide(alice.address(), Decision::Accept));
    world.pass(1_000);
    bobs.ask(Command::Back);
    alices.ask(Command::Back);
    world.pass(1_000);
    (world, alice, alices, bob, bobs)
}

fn ask(world: &World, tab: &Tab, ask: SettingsAsk) {
    tab.ask(Command::settings(ask));
    world.pass(1_000);
}

fn settings(tab: &Tab) -> Settings {
    match tab.screen() {
        Screen::Settings(apart) => apart.shown::<Settings>().expect("the settings are shown").clone(),
        other => panic!("{other:?}"),
    }
}

fn card(tab: &Tab) -> Card {
    match tab.screen() {
        Screen::Settings(apart) => apart.shown::<Card>().expect("a contact is shown").clone(),
        other => panic!("{other:?}"),
    }
}

fn row(tab: &Tab, of: &Rc<Device>) -> ConversationRow {
    let rows = tab.state.conversations.get_untracked().unwrap();
    rows.into_iter().find(|row| row.peer.address == of.address()).expect("a row")
}

#[test]
fn who_turns_receipts_off_sends_none_and_on_again_some() {
    let (world, _, alice, peer, bob) = acquainted();
    ask(&world, &bob, SettingsAsk::Show);
    assert!(settings(&bob).receipts);
    ask(&world, &bob, SettingsAsk::Receipts(false));
    assert!(!settings(&bob).receipts);
    alice.ask(Command::OpenPeer(peer.address()));
    world.pass(1_000);
    alice.ask(Command::Send("second".into()));
    world.pass(2_000);
    assert_eq!(alice.deliveries().last(), Some(&Delivery::Sent));
    ask(&world, &bob, SettingsAsk::Receipts(true));
    alice.ask(Command::Send("third".into()));
    world.pass(2_000);
    assert_eq!(alice.deliveries().last(), Some(&Delivery::Arrived));
}

#[test]
fn what_is_set_is_so_on_another_device_too() {
    let (world, _, tab, ..) = acquainted();
    ask(&world, &tab, SettingsAsk::Show);
    ask(&world, &tab, SettingsAsk::Receipts(false));
    ask(&world, &tab, SettingsAsk::Theme(Theme::Dark));
    world.pass(5_000);
    let (second, _) = world.person("alice");
    let other = second.open_tab(&world);
    world.pass(5_000);
    assert_eq!(other.theme.get(), Theme::Dark);
    ask(&world, &other, SettingsAsk::Show);
    assert_eq!((settings(&other).receipts, settings(&other).theme), (false, Theme::Dark));
    ask(&world, &other, SettingsAsk::Theme(Theme::Light));
    world.pass(5_000);
    assert_eq!(tab.theme.get(), Theme::Light, "while it is open");
}

#[test]
fn a_theme_is_kept_over_a_reload_and_shown_in_every_tab() {
    let (world, alice, tab, ..) = acquainted();
    let other = alice.open_tab(&world);
    world.pass(1_000);
    ask(&world, &tab, SettingsAsk::Show);
    ask(&world, &tab, SettingsAsk::Theme(Theme::Dark));
    assert_eq!((tab.theme.get(), other.theme.get()), (Theme::Dark, Theme::Dark));
    let tab = tab.reload(&alice, &world);
    world.pass(1_000);
    assert_eq!(tab.theme.get(), Theme::Dark);
    ask(&world, &tab, SettingsAsk::Show);
    ask(&world, &tab, SettingsAsk::Theme(Theme::Auto));
    assert_eq!((tab.theme.get(), settings(&tab).theme), (Theme::Auto, Theme::Auto));
}

#[test]
fn a_language_is_kept_over_a_reload_spoken_in_every_tab_and_on_another_device() {
    let (world, alice, tab, ..) = acquainted();
    let other = alice.open_tab(&world);
    world.pass(1_000);
    ask(&world, &tab, SettingsAsk::Show);
    assert_eq!(settings(&tab).language, "");
    ask(&world, &tab, SettingsAsk::Language("de".to_owned()));
    assert_eq!((&**tab.language.borrow(), &**other.language.borrow()), ("de", "de"));
    assert_eq!(settings(&tab).language, "de");
    world.pass(5_000);
    let (second, _) = world.person("alice");
    let far = second.open_tab(&world);
    world.pass(5_000);
    assert_eq!(&**far.language.borrow(), "de");
    let tab = tab.reload(&alice, &world);
    world.pass(1_000);
    assert_eq!(&**tab.language.borrow(), "de");
    ask(&world, &tab, SettingsAsk::Show);
    ask(&world, &tab, SettingsAsk::Language(String::new()));
    assert_eq!(&**tab.language.borrow(), "");
}

#[test]
fn who_was_blocked_is_welcome_again() {
    let (world, _, tab, bob, bobs) = acquainted();
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    tab.ask(Command::Decide(bob.address(), Decision::Block));
    world.pass(1_000);
    ask(&world, &tab, SettingsAsk::Show);
    assert!(!Filter::All.shows(&row(&tab, &bob)));
    ask(&world, &tab, SettingsAsk::Decide(bob.address(), Decision::Unblock));
    assert!(Filter::All.shows(&row(&tab, &bob)));
    settings(&tab);
    ask(&world, &tab, SettingsAsk::Leave);
    assert_eq!(tab.screen(), Screen::List);
    drop(bobs);
}

#[test]
fn a_hidden_conversation_is_gone_until_it_is_shown_again() {
    let (world, _, tab, bob, _bobs) = acquainted();
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    ask(&world, &tab, SettingsAsk::Card);
    tab.ask(Command::Decide(bob.address(), Decision::Hide(true)));
    world.pass(1_000);
    assert_eq!(tab.screen(), Screen::List);
    assert!(!Filter::All.shows(&row(&tab, &bob)));
    ask(&world, &tab, SettingsAsk::Show);
    ask(&world, &tab, SettingsAsk::Decide(bob.address(), Decision::Hide(false)));
    assert!(Filter::All.shows(&row(&tab, &bob)));
}

#[test]
fn who_is_muted_stays_on_their_card_and_is_marked_in_the_list() {
    let (world, _, tab, bob, _bobs) = acquainted();
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    ask(&world, &tab, SettingsAsk::Card);
    for muted in [true, false] {
        tab.ask(Command::Decide(bob.address(), Decision::Mute(muted)));
        world.pass(1_000);
        card(&tab);
        assert_eq!(row(&tab, &bob).standing.muted, muted);
        assert_eq!(tab.state.thread.get_untracked().unwrap().standing.muted, muted);
    }
}

#[test]
fn both_sides_compare_the_same_digits() {
    let (world, alice, alices, bob, bobs) = acquainted();
    let code = |tab: &Tab, of: &Rc<Device>| {
        tab.ask(Command::OpenPeer(of.address()));
        world.pass(1_000);
        ask(&world, tab, SettingsAsk::Card);
        match card(tab).keys {
            Keys::Signed(code) => code,
            other => panic!("{other:?}"),
        }
    };
    let (ours, theirs) = (code(&alices, &bob), code(&bobs, &alice));
    assert_eq!(ours.to_string(), theirs.to_string());
    world.person("carol");
    bobs.ask(Command::Open("carol.eth".into()));
    world.pass(1_000);
    ask(&world, &bobs, SettingsAsk::Card);
    assert_ne!(card(&bobs).keys, Keys::Signed(theirs), "with somebody else they are others");
}

#[test]
fn a_card_says_since_when_somebody_is_known_and_that_they_have_no_keys_yet() {
    let world = World::new();
    let (alice, _) = world.person("alice");
    world.newcomer("dave");
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    tab.ask(Command::Open("dave.eth".into()));
    world.pass(1_000);
    ask(&world, &tab, SettingsAsk::Card);
    let shown = card(&tab);
    assert_eq!(shown.keys, Keys::None);
    assert!(shown.since.is_some_and(|since| since > 0));
    ask(&world, &tab, SettingsAsk::Leave);
    assert_eq!(tab.screen(), Screen::Thread);
}

#[test]
fn a_card_whose_keys_are_out_of_reach_says_so_and_shows_the_rest() {
    let (world, _, tab, bob, _bobs) = acquainted();
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(120_000);
    world.network.fail("", dm3_core::testing::Fault::Unreachable);
    ask(&world, &tab, SettingsAsk::Card);
    assert!(matches!(card(&tab).keys, Keys::Unknown(_)), "{:?}", card(&tab).keys);
    assert!(card(&tab).since.is_some());
}

#[test]
fn the_settings_tell_where_the_chat_connects() {
    let (world, _, tab, ..) = acquainted();
    ask(&world, &tab, SettingsAsk::Show);
    let shown = settings(&tab);
    let discovery = world.network.discovery();
    let of = |errand| {
        let found = shown.hosts.iter().find(|host| host.purposes.contains(&errand));
        found.map(|found| found.host.clone()).unwrap()
    };
    assert_eq!(of(Errand::Chain), discovery.rpc_url.authority());
    assert_eq!(of(Errand::Node), discovery.storage_url.authority());
    assert_eq!(of(Errand::Service), discovery.delivery_service_url.authority());
    assert!(shown.storage.is_some_and(|storage| storage.bytes > 0));
}

#[test]
fn who_leaves_the_settings_is_back_in_the_conversation_that_stands_beside_the_list() {
    let (world, _, tab, bob, _bobs) = acquainted();
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    ask(&world, &tab, SettingsAsk::Show);
    settings(&tab);
    ask(&world, &tab, SettingsAsk::Leave);
    assert_eq!(tab.screen(), Screen::Thread);
    tab.ask(Command::backup(BackupAsk::Show));
    world.pass(1_000);
    tab.ask(Command::backup(BackupAsk::Leave));
    world.pass(1_000);
    assert_eq!(tab.screen(), Screen::Thread);
}

#[test]
fn who_leaves_settings_or_a_card_that_are_on_their_way_is_not_led_back_to_them() {
    let (world, alice, tab, bob, _bobs) = acquainted();
    alice.peer.store.set_yielding(true);
    for moment in 0..12 {
        let leave = |ask| {
            tab.ask(Command::settings(ask));
            for _ in 0..moment {
                world.tasks.step();
            }
            tab.ask(Command::settings(SettingsAsk::Leave));
            world.pass(2_000);
        };
        leave(SettingsAsk::Show);
        assert_eq!(tab.screen(), Screen::List, "moment {moment}");
        tab.ask(Command::OpenPeer(bob.address()));
        world.pass(2_000);
        leave(SettingsAsk::Card);
        assert_eq!(tab.screen(), Screen::Thread, "moment {moment}");
        tab.ask(Command::Back);
        world.pass(2_000);
    }
}

#[test]
fn settings_that_cannot_be_loaded_hold_up_nothing() {
    let (world, _, tab, bob, _bobs) = acquainted();
    let missing = without_part("settings");
    ask(&world, &tab, SettingsAsk::Show);
    assert!(matches!(tab.screen(), Screen::Settings(apart) if apart.shown::<Settings>().is_none()));
    ask(&world, &tab, SettingsAsk::Leave);
    assert_eq!(tab.screen(), Screen::List);
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(1_000);
    assert_eq!(tab.screen(), Screen::Thread);
    drop(missing);
    tab.ask(Command::Back);
    ask(&world, &tab, SettingsAsk::Show);
    settings(&tab);
}

fn demands(rules: Option<Vec<SpamRule>>) -> Demands {
    Demands { rules, failed: None, known: Vec::new(), asking: Asking::None, misread: None }
}

/// Whom the first node lets write to somebody whatever they meet.
fn allowed(world: &World, of: &Rc<Device>) -> Vec<String> {
    let wishes = world.network.first_service().wishes(of.address());
    let allowed = wishes["allow"].as_array().cloned().unwrap_or_default();
    allowed.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

#[test]
fn what_is_demanded_stands_at_the_node_with_those_who_may_write_all_the_same() {
    let (world, alice, _, bob, tab) = acquainted();
    ask(&world, &tab, SettingsAsk::Show);
    let demanded = |rules: &[SpamRule]| Some(Ok(demands(Some(rules.to_vec()))));
    assert_eq!(settings(&tab).demands, demanded(&[]));
    assert_eq!(allowed(&world, &bob), [""; 0]);
    let rules = [SpamRule::ContactsOnly, SpamRule::MinNonce(3)];
    ask(&world, &tab, SettingsAsk::Demand(rules.to_vec()));
    assert_eq!(settings(&tab).demands, demanded(&rules));
    let wishes = world.network.first_service().wishes(bob.address());
    assert_eq!(wishes["spamRules"][0]["rule"], "contactsOnly");
    assert_eq!(allowed(&world, &bob), [alice.address().to_string()]);
    // On another device, too, and who is turned away there may not write any more.
    world.pass(5_000);
    let (second, _) = world.person("bob");
    let other = second.open_tab(&world);
    world.pass(5_000);
    ask(&world, &other, SettingsAsk::Show);
    assert_eq!(settings(&other).demands, demanded(&rules));
    ask(&world, &other, SettingsAsk::Decide(alice.address(), Decision::Block));
    world.pass(2_000);
    assert_eq!(allowed(&world, &bob), [""; 0]);
}

#[test]
fn who_is_written_to_may_answer_whatever_is_demanded() {
    let (world, alice, _, bob, tab) = acquainted();
    world.person("carol");
    ask(&world, &tab, SettingsAsk::Demand(vec![SpamRule::ContactsOnly]));
    assert_eq!(allowed(&world, &bob), [alice.address().to_string()]);
    tab.ask(Command::Open("carol.eth".into()));
    world.pass(1_000);
    tab.ask(Command::Send("hello".into()));
    world.pass(3_000);
    assert_eq!(allowed(&world, &bob).len(), 2);
}

#[test]
fn what_the_node_could_not_be_told_is_said_and_what_holds_is_shown() {
    let (world, _, _, bob, tab) = acquainted();
    ask(&world, &tab, SettingsAsk::Show);
    world.network.fail("PUT https://dm3.example/ds/settings", NetworkFault::Unreachable);
    ask(&world, &tab, SettingsAsk::Demand(vec![SpamRule::ContactsOnly]));
    let shown = settings(&tab).demands.unwrap().unwrap();
    assert_eq!(shown.rules, Some(Vec::new()));
    assert!(shown.failed.is_some());
    assert_eq!(world.network.first_service().wishes(bob.address())["spamRules"], serde_json::json!([]));
    world.network.heal();
    ask(&world, &tab, SettingsAsk::Demand(vec![SpamRule::ContactsOnly]));
    let shown = settings(&tab).demands.unwrap().unwrap();
    assert_eq!((shown.rules, shown.failed), (Some(vec![SpamRule::ContactsOnly]), None));
}

#[test]
fn a_node_that_checks_nobody_is_said_to() {
    let world = World::new();
    world.network.keep_no_history();
    let description = serde_json::to_string(&world.network.discovery()).unwrap();
    world.network.set_document(&format!("{NODE}/.well-known/dm3"), 200, &description);
    let (alice, _) = world.person("alice");
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    ask(&world, &tab, SettingsAsk::Show);
    assert_eq!(settings(&tab).demands, Some(Ok(demands(None))));
}

const CONTRACT: Address = Address::from_bytes([7; 20]);
const TOKEN: Address = Address::from_bytes([8; 20]);

/// bob at his settings, on a chain with a contract that holds deposits of a token with six decimals.
fn at_demands() -> (World, Rc<Device>, Tab) {
    let (world, _, _, bob, tab) = acquainted();
    world.network.set_answer(CONTRACT, &deposits::token_call(), &encode(&[Arg::Address(TOKEN)]));
    world.network.set_answer(CONTRACT, &deposits::slot_call(), &encode(&[Arg::Uint(500_000)]));
    world.network.set_answer(TOKEN, &erc20::decimals_call(), &encode(&[Arg::Uint(6)]));
    world.network.set_answer(TOKEN, &erc20::symbol_call(), &encode(&[Arg::Bytes(b"USDC")]));
    ask(&world, &tab, SettingsAsk::Show);
    (world, bob, tab)
}

fn demanded(tab: &Tab) -> Demands {
    settings(tab).demands.expect("they are known").expect("without a fault")
}

#[test]
fn a_stake_and_a_token_are_demanded_by_what_their_contracts_say() {
    let (world, bob, tab) = at_demands();
    ask(&world, &tab, SettingsAsk::LookAt(format!(" {CONTRACT} ")));
    assert!(matches!(demanded(&tab).asking, Asking::Found(Askable::Deposits { slot: 500_000, .. }, None)));
    for wrong in ["", "0", "257", "1.5", "many"] {
        ask(&world, &tab, SettingsAsk::DemandOf(wrong.into()));
        let kept = demanded(&tab).asking;
        assert!(matches!(&kept, Asking::Found(_, Some(typed)) if typed == wrong), "{kept:?}");
    }
    ask(&world, &tab, SettingsAsk::DemandOf("3".into()));
    let (chain, contract, token, slot) = (31337, CONTRACT, TOKEN, 500_000);
    let stake = SpamRule::Deposit(Terms { chain, contract, token, slot, slots: 3 });
    assert_eq!((demanded(&tab).rules, demanded(&tab).asking), (Some(vec![stake.clone()]), Asking::None));

    ask(&world, &tab, SettingsAsk::LookAt(TOKEN.to_string()));
    ask(&world, &tab, SettingsAsk::DemandOf("2,5".into()));
    let held = SpamRule::MinTokenBalance { token: TOKEN, amount: Amount::from(2_500_000) };
    assert_eq!(demanded(&tab).rules, Some(vec![stake, held.clone()]));
    // Another number takes the place of the one before.
    ask(&world, &tab, SettingsAsk::LookAt(CONTRACT.to_string()));
    ask(&world, &tab, SettingsAsk::DemandOf("1".into()));
    let stake = SpamRule::Deposit(Terms { chain, contract, token, slot, slots: 1 });
    assert_eq!(demanded(&tab).rules, Some(vec![held, stake]));
    let wishes = world.network.first_service().wishes(bob.address());
    assert_eq!(wishes["spamRules"][1]["rule"], "deposit");
    // Whoever comes back reads what they are about.
    ask(&world, &tab, SettingsAsk::Leave);
    ask(&world, &tab, SettingsAsk::Show);
    let known = demanded(&tab).known;
    assert!(matches!(known.as_slice(), [Askable::Token(_), Askable::Deposits { .. }]), "{known:?}");
}

#[test]
fn what_is_no_number_is_kept_until_something_is_demanded() {
    let (world, _, tab) = at_demands();
    ask(&world, &tab, SettingsAsk::Misread(Numbered::Coins, "a lot".into()));
    // Whatever is drawn anew meanwhile.
    ask(&world, &tab, SettingsAsk::LookAt("0x12".into()));
    assert_eq!(demanded(&tab).misread, Some((Numbered::Coins, "a lot".to_owned())));
    assert_eq!(demanded(&tab).rules, Some(Vec::new()));
    ask(&world, &tab, SettingsAsk::Demand(vec![SpamRule::MinNonce(1)]));
    assert_eq!(demanded(&tab).misread, None);
}

#[test]
fn what_nothing_can_be_demanded_of_is_said() {
    let (world, _, tab) = at_demands();
    let asking = |typed: &str| {
        ask(&world, &tab, SettingsAsk::LookAt(typed.into()));
        demanded(&tab).asking
    };
    assert_eq!(asking("0x12"), Asking::NoAddress);
    assert_eq!(asking(&Address::from_bytes([9; 20]).to_string()), Asking::Neither);
    world.network.fail("eth_call", NetworkFault::Unreachable);
    assert_eq!(asking(&CONTRACT.to_string()), Asking::Unknown);
    world.network.heal();
    assert!(matches!(asking(&CONTRACT.to_string()), Asking::Found(..)));
    assert_eq!(demanded(&tab).rules, Some(Vec::new()));
}
