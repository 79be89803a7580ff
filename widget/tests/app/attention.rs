//! Payments for answers: who writes to a stranger offers one, and who answers takes it.

use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::attention::{Minimum, Payment};
use dm3_core::identity::Address;
use dm3_core::message::{Draft, SignedMessage};
use dm3_core::ports::{Store as _, WalletError};
use dm3_core::registry::abi::{Arg, encode};
use dm3_core::registry::{attention, erc20};
use dm3_core::session::{Decision, Fate, Session};
use dm3_core::testing::{MemoryPorts, Network};
use dm3_widget::app::attention::{Known, Payments};
use dm3_widget::app::platform::Who;
use dm3_widget::app::settings::{Asked, Next, Settings, Wrong};
use dm3_widget::app::state::{Delivery, Screen};
use dm3_widget::app::{Act, AttentionAsk, Command, SettingsAsk};
use serde_json::json;

use super::world::{Device, Tab, WALLET, World, now};

const CONTRACT: Address = Address::from_bytes([7; 20]);
const TOKEN: Address = Address::from_bytes([8; 20]);
const DAY: u64 = 24 * 60 * 60;

fn minimum() -> Minimum {
    Minimum { chain: 31337, contract: CONTRACT, token: TOKEN, amount: 500_000 }
}

/// A network whose chain has a contract that holds payments, and a token with six decimals.
fn world() -> World {
    let world = World::new();
    put_contracts(&world.network);
    world.network.mine_all();
    world
}

fn put_contracts(network: &Network) {
    let domain = [
        Arg::Word([0x0f; 32]),
        Arg::Bytes(b"dm3 attention"),
        Arg::Bytes(b"1"),
        Arg::Uint(31337),
        Arg::Address(CONTRACT),
        Arg::Word([0; 32]),
        Arg::Uints(&[]),
    ];
    network.set_answer(CONTRACT, &attention::domain_call(), &encode(&domain));
    network.set_answer(TOKEN, &erc20::decimals_call(), &encode(&[Arg::Uint(6)]));
    network.set_answer(TOKEN, &erc20::symbol_call(), &encode(&[Arg::Bytes(b"USDC")]));
}

fn allow(world: &World, payer: Address, amount: u64) {
    let call = erc20::allowance_call(payer, CONTRACT);
    world.network.set_answer(TOKEN, &call, &encode(&[Arg::Uint(amount)]));
}

/// Says what the contract holds of a payment.
fn put(world: &World, payment: &Payment, state: u64, amount: u64) {
    let answer = encode(&[Arg::Uint(state), Arg::Uint(amount)]);
    world.network.set_answer(CONTRACT, &attention::payment_call(payment), &answer);
}

fn ask(world: &World, tab: &Tab, ask: AttentionAsk) {
    tab.ask(Command::act(Act::Attention(ask)));
    world.pass(2_000);
}

fn shown(tab: &Tab) -> Payments {
    tab.state.attention.with_untracked(|it| it.shown::<Payments>().cloned()).expect("payments are shown")
}

fn fate(known: Option<Known>) -> Option<Fate> {
    known.map(|known| known.fate)
}

/// alice's tab with the conversation with bob, who looks first at who pays.
fn alice_writes_to_bob() -> (World, Rc<Device>, Rc<Device>, Tab) {
    let world = world();
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    world.network.first_service().set_extension(json!({ "attention": minimum().to_json() }));
    allow(&world, alice.address(), 0);
    let tab = open(&world, &alice);
    (world, alice, bob, tab)
}

/// A tab of somebody whose wallet is in its page.
fn tab_of(world: &World, device: &Rc<Device>) -> Tab {
    device.wallet.choose(device.address());
    let who = Who { account: device.address(), wallet: Some(WALLET.into()) };
    device.open_window(world, vec![Rc::clone(&device.wallet)], Rc::new(RefCell::new(Some(who))))
}

fn open(world: &World, device: &Rc<Device>) -> Tab {
    let tab = tab_of(world, device);
    world.run();
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(2_000);
    tab
}

/// The account's payments, as its device remembers them.
fn remembered(device: &Rc<Device>, to: Address) -> Vec<Payment> {
    now(now(device.peer.resume()).payments_to(to)).unwrap()
}

/// The payments that somebody's messages name, as they came.
fn named(to: &Rc<Device>, by: &Rc<Device>) -> Vec<Payment> {
    let rows = now(to.peer.store.messages(to.address(), by.peer.conversation(), None, usize::MAX)).unwrap();
    rows.iter().filter_map(|row| SignedMessage::parse(&row.json).unwrap().payment()).collect()
}

#[test]
fn who_writes_to_a_stranger_offers_what_they_look_at_first_and_the_next_message_names_it() {
    let (world, alice, bob, tab) = alice_writes_to_bob();
    assert_eq!(
        shown(&tab).wanted.map(|(wanted, token)| (wanted, token.symbol)),
        Some((minimum(), Some("USDC".into())))
    );
    let before = alice.wallet.prompts();
    ask(&world, &tab, AttentionAsk::Offer);
    assert_eq!(alice.wallet.prompts(), before + 2);
    let payment = remembered(&alice, bob.address()).remove(0);
    put(&world, &payment, 1, 500_000);
    ask(&world, &tab, AttentionAsk::Look);
    assert_eq!((fate(shown(&tab).given), shown(&tab).pending), (Some(Fate::Held(500_000)), true));

    tab.ask(Command::Send("May I ask?".into()));
    world.pass(2_000);
    assert_eq!(tab.deliveries(), [Delivery::Sent]);
    assert_eq!((fate(shown(&tab).given), shown(&tab).pending), (Some(Fate::Held(500_000)), false));
    let bobs = now(bob.peer.resume());
    now(bobs.sync()).unwrap();
    assert_eq!(named(&bob, &alice), std::slice::from_ref(&payment));
    // Further ones do not.
    tab.ask(Command::Send("Please".into()));
    world.pass(2_000);
    now(bobs.sync()).unwrap();
    assert_eq!(named(&bob, &alice), [payment]);
}

#[test]
fn what_the_wallet_declines_is_told_and_can_be_tried_again() {
    let (world, alice, bob, tab) = alice_writes_to_bob();
    alice.wallet.fail(Some(WalletError::Refused));
    ask(&world, &tab, AttentionAsk::Offer);
    assert!(shown(&tab).failed.is_some() && !shown(&tab).busy);
    assert_eq!(remembered(&alice, bob.address()), []);
    alice.wallet.fail(None);
    ask(&world, &tab, AttentionAsk::Offer);
    assert_eq!(shown(&tab).failed, None);
    assert_eq!(remembered(&alice, bob.address()).len(), 1);
}

#[test]
fn a_payment_that_is_on_its_way_is_waited_for_after_a_reload_and_not_made_twice() {
    let world = World::new();
    put_contracts(&world.network);
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    world.network.first_service().set_extension(json!({ "attention": minimum().to_json() }));
    allow(&world, alice.address(), 500_000);
    let tab = open(&world, &alice);
    ask(&world, &tab, AttentionAsk::Offer);
    let before = alice.wallet.prompts();
    // Who leaves and comes back meanwhile can't pay again.
    tab.ask(Command::Back);
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(2_000);
    assert!(shown(&tab).busy);
    ask(&world, &tab, AttentionAsk::Offer);
    assert_eq!(alice.wallet.prompts(), before);

    let tab = tab.reload(&alice, &world);
    world.run();
    tab.ask(Command::OpenPeer(bob.address()));
    world.pass(2_000);
    assert!(shown(&tab).busy);
    let payment = remembered(&alice, bob.address()).remove(0);
    put(&world, &payment, 1, 500_000);
    world.network.mine_all();
    world.pass(3_000);
    assert_eq!((fate(shown(&tab).given), shown(&tab).busy), (Some(Fate::Held(500_000)), false));
    assert_eq!(alice.wallet.prompts(), before);
}

#[test]
fn what_was_not_taken_in_time_is_had_back() {
    let (world, alice, bob, tab) = alice_writes_to_bob();
    ask(&world, &tab, AttentionAsk::Offer);
    let payment = remembered(&alice, bob.address()).remove(0);
    put(&world, &payment, 1, 500_000);
    ask(&world, &tab, AttentionAsk::Look);
    tab.ask(Command::Send("May I ask?".into()));
    world.pass(2_000);
    ask(&world, &tab, AttentionAsk::GiveBack);
    assert!(shown(&tab).failed.is_some(), "it is not time yet");
    world.network.clock().advance(8 * DAY * 1000);
    ask(&world, &tab, AttentionAsk::Look);
    assert_eq!(fate(shown(&tab).given), Some(Fate::Late(500_000)));
    put(&world, &payment, 1, 500_000);
    let before = alice.wallet.prompts();
    ask(&world, &tab, AttentionAsk::GiveBack);
    assert_eq!(alice.wallet.prompts(), before + 1);
    put(&world, &payment, 2, 500_000);
    ask(&world, &tab, AttentionAsk::Look);
    assert_eq!(fate(shown(&tab).given), Some(Fate::Back));
    // It can be offered anew.
    assert!(shown(&tab).wanted.is_some());
}

/// Somebody writes to bob with a payment of so much, and the contract holds something for it, or not.
fn pays(
    world: &World,
    name: &str,
    bob: &Rc<Device>,
    amount: u128,
    held: Option<u64>,
) -> (Rc<Device>, Payment) {
    let (device, session) = world.person(name);
    let payment = Payment {
        chain: 31337,
        contract: CONTRACT,
        payer: device.address(),
        receiver: bob.address(),
        token: TOKEN,
        amount,
        until: session.now() / 1000 + 7 * DAY,
        topic: [1; 32],
    };
    match held {
        Some(held) => put(world, &payment, 1, held),
        None => put(world, &payment, 0, 0),
    }
    write(world, &session, bob, &payment);
    (device, payment)
}

fn write(world: &World, from: &Session<MemoryPorts>, bob: &Rc<Device>, payment: &Payment) {
    now(from.write(bob.peer.conversation(), &[], |header| Draft::text(header, "Hi").with_payment(payment)))
        .unwrap();
    now(from.flush()).unwrap();
    world.pass(1_000);
}

fn bob_asks() -> (World, Rc<Device>, Tab) {
    let world = world();
    let (bob, session) = world.person("bob");
    now(session.want_attention(Some(minimum()))).unwrap();
    let tab = tab_of(&world, &bob);
    world.pass(2_000);
    (world, bob, tab)
}

#[test]
fn requests_stand_in_the_order_of_what_the_chain_holds_for_their_answers() {
    let (world, bob, tab) = bob_asks();
    let (carol, _) = pays(&world, "carol", &bob, 700_000, Some(700_000));
    pays(&world, "liar", &bob, 9_000_000, None);
    pays(&world, "mean", &bob, 400_000, Some(400_000));
    // What arrived counts, not what was said.
    pays(&world, "fee", &bob, 9_000_000, Some(100));
    let (dave, _) = pays(&world, "dave", &bob, 800_000, Some(800_000));
    world.pass(10_000);
    ask(&world, &tab, AttentionAsk::Rank);
    world.pass(10_000);
    let ranked = tab.state.ranked.get_untracked();
    let ranked: Vec<_> = ranked.iter().map(|it| (it.peer, it.amount)).collect();
    assert_eq!(ranked, [(dave.address(), 800_000), (carol.address(), 700_000)]);
}

#[test]
fn who_answers_takes_the_payment_and_who_has_answered_can_take_it_later() {
    let (world, bob, tab) = bob_asks();
    let (carol, payment) = pays(&world, "carol", &bob, 700_000, Some(700_000));
    tab.ask(Command::OpenPeer(carol.address()));
    world.pass(2_000);
    assert_eq!(fate(shown(&tab).received.and_then(Result::ok)), Some(Fate::Held(700_000)));
    tab.ask(Command::Decide(carol.address(), Decision::Accept));
    world.pass(1_000);
    // The answer is sent, whatever becomes of the payment.
    bob.wallet.fail(Some(WalletError::Refused));
    ask(&world, &tab, AttentionAsk::Answer("Yes?".into()));
    assert_eq!(tab.deliveries().last(), Some(&Delivery::Sent));
    assert!(shown(&tab).failed.is_some() && shown(&tab).answer.is_some());
    bob.wallet.fail(None);
    let before = bob.wallet.prompts();
    ask(&world, &tab, AttentionAsk::Take);
    assert_eq!((bob.wallet.prompts(), shown(&tab).failed), (before + 1, None));
    put(&world, &payment, 2, 700_000);
    ask(&world, &tab, AttentionAsk::Look);
    assert_eq!(fate(shown(&tab).received.and_then(Result::ok)), Some(Fate::Claimed));
}

#[test]
fn without_a_text_nothing_is_sent_and_nothing_taken() {
    let (world, bob, tab) = bob_asks();
    let (carol, _) = pays(&world, "carol", &bob, 700_000, Some(700_000));
    tab.ask(Command::OpenPeer(carol.address()));
    world.pass(2_000);
    tab.ask(Command::Decide(carol.address(), Decision::Accept));
    world.pass(1_000);
    let before = bob.wallet.prompts();
    ask(&world, &tab, AttentionAsk::Answer(" ".into()));
    assert_eq!((bob.wallet.prompts(), tab.deliveries().len()), (before, 1));
}

#[test]
fn what_a_message_names_and_the_contract_does_not_know_is_no_payment() {
    let (world, bob, tab) = bob_asks();
    let (carol, mut payment) = pays(&world, "carol", &bob, 700_000, None);
    tab.ask(Command::OpenPeer(carol.address()));
    world.pass(2_000);
    assert_eq!(fate(shown(&tab).received.and_then(Result::ok)), Some(Fate::None));
    // Of a contract that bob never chose nothing is believed.
    payment.contract = TOKEN;
    let answer = encode(&[Arg::Uint(1), Arg::Uint(700_000)]);
    world.network.set_answer(TOKEN, &attention::payment_call(&payment), &answer);
    write(&world, &now(carol.peer.resume()), &bob, &payment);
    world.pass(2_000);
    assert!(matches!(shown(&tab).received, Some(Err(_))));
}

fn asked(tab: &Tab) -> Asked {
    match tab.screen() {
        Screen::Settings(apart) => {
            apart.shown::<Settings>().and_then(|it| it.payments.clone()).unwrap().unwrap()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_payments_have_to_be_is_chosen_by_what_their_contracts_say() {
    let world = world();
    let (bob, _) = world.person("bob");
    let tab = bob.open_tab(&world);
    world.pass(2_000);
    let ask = |ask| {
        tab.ask(Command::settings(ask));
        world.pass(1_000);
    };
    let type_in = |text: &str| ask(SettingsAsk::Payments(AttentionAsk::AskFor(text.into())));
    ask(SettingsAsk::Show);
    assert_eq!(asked(&tab), Asked::default());
    for (typed, wrong) in [("0x12", Wrong::Address), (&TOKEN.to_string(), Wrong::Contract)] {
        type_in(typed);
        assert_eq!((asked(&tab).wrong, asked(&tab).next), (Some(wrong), Next::Contract));
    }
    type_in(&CONTRACT.to_string());
    assert_eq!((asked(&tab).wrong, asked(&tab).next), (None, Next::Token(CONTRACT)));
    type_in(&CONTRACT.to_string());
    assert_eq!(asked(&tab).wrong, Some(Wrong::Token));
    type_in(&TOKEN.to_string());
    assert!(matches!(asked(&tab).next, Next::Amount(..)));
    for wrong in ["0", "much", "0.0000001"] {
        type_in(wrong);
        assert_eq!(asked(&tab).wrong, Some(Wrong::Number), "{wrong}");
    }
    type_in("0,5");
    let told = asked(&tab).minimum.unwrap();
    assert_eq!((told.0, told.1.and_then(|token| token.symbol)), (minimum(), Some("USDC".into())));
    let published = world.network.first_service().wishes(bob.address());
    assert_eq!(published["attention"], minimum().to_json());
    // Whoever comes back reads it; and can ask for nothing.
    ask(SettingsAsk::Leave);
    ask(SettingsAsk::Show);
    assert_eq!(
        asked(&tab).minimum.map(|(minimum, token)| (minimum, token.is_some())),
        Some((minimum(), true))
    );
    ask(SettingsAsk::Payments(AttentionAsk::AskNothing));
    assert_eq!(asked(&tab).minimum, None);
    assert!(world.network.first_service().wishes(bob.address()).get("attention").is_none());
}
