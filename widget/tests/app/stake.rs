//! What is at stake: in a conversation that stays open, in the list of all deposits, and while somebody signs in.

use std::rc::Rc;

use dm3_core::delivery::{Price, Stake};
use dm3_core::deposit::{EPOCH, SignedVoucher, Terms, epoch_of};
use dm3_core::identity::{Address, ContractKey, KeySeed, KeyTag};
use dm3_core::ports::{Clock as _, Wallet as _};
use dm3_core::registry::abi::{Arg, encode};
use dm3_core::registry::deposits::{self, Deposited};
use dm3_core::registry::erc20;
use dm3_core::registry::json_rpc::{Blocks, latest_block_body};
use dm3_core::seal::{keccak256, sha256};
use dm3_core::session::{SignIn, StakeError};
use dm3_widget::app::entry_stake::EntryStake;
use dm3_widget::app::own::{Held, Own, Search, Unsearched};
use dm3_widget::app::platform::Who;
use dm3_widget::app::stake::{Failure, Stakes, deposit_for, reaches};
use dm3_widget::app::state::{Screen, SignInStep};
use dm3_widget::app::{Act, Choice, Command, OwnAsk, SettingsAsk, StakeAsk};
use serde_json::{Value, json};

use super::world::{Device, Tab, WALLET, World, now};

const CONTRACT: Address = Address::from_bytes([7; 20]);
const TOKEN: Address = Address::from_bytes([8; 20]);
const SLOT: u64 = 500_000;

fn terms() -> Terms {
    Terms { chain: 31337, contract: CONTRACT, token: TOKEN, slot: SLOT.into(), slots: 2 }
}

/// A chain with a contract that holds deposits of a token with six decimals.
fn world() -> World {
    let world = World::new();
    let network = &world.network;
    network.mine_all();
    network.set_answer(CONTRACT, &deposits::token_call(), &encode(&[Arg::Address(TOKEN)]));
    network.set_answer(CONTRACT, &deposits::slot_call(), &encode(&[Arg::Uint(SLOT)]));
    network.set_answer(TOKEN, &erc20::decimals_call(), &encode(&[Arg::Uint(6)]));
    network.set_answer(TOKEN, &erc20::symbol_call(), &encode(&[Arg::Bytes(b"USDC")]));
    world
}

fn allow(world: &World, owner: Address) {
    let call = erc20::allowance_call(owner, CONTRACT);
    world.network.set_answer(TOKEN, &call, &encode(&[Arg::Uint(u64::MAX)]));
}

/// Says in which state a deposit is, and how many slots it covers in the week of now.
fn put_deposit(world: &World, owner: Address, key: Address, state: u64, slots: u64) {
    let epoch = epoch_of(world.network.clock().now());
    let what = [Arg::Uint(state), Arg::Uint(epoch + 3), Arg::Uint(2 * slots * SLOT)];
    world.network.set_answer(CONTRACT, &deposits::deposit_of_call(owner, key), &encode(&what));
    let standing = [Arg::Uint(slots), Arg::Uint(0), Arg::Uint(u64::from(state == 1))];
    world.network.set_answer(CONTRACT, &deposits::standing_call(owner, key, epoch), &encode(&standing));
    world.network.set_answer(CONTRACT, &deposits::epoch_call(), &encode(&[Arg::Uint(epoch)]));
}

/// alice with a deposit, in a window that knows her wallet; gives its key, too.
fn with_deposit(world: &World) -> (Rc<Device>, Tab, Address) {
    let (alice, session) = world.person("alice");
    allow(world, alice.address());
    now(session.deposit(&alice.peer.wallet, CONTRACT, 4 * u128::from(SLOT))).unwrap();
    let key = Address::from_bytes(alice.peer.wallet.sent().last().unwrap().data[16..36].try_into().unwrap());
    put_deposit(world, alice.address(), key, 1, 2);
    alice.wallet.choose(alice.address());
    let window =
        Rc::new(std::cell::RefCell::new(Some(Who { account: alice.address(), wallet: Some(WALLET.into()) })));
    let tab = alice.open_window(world, vec![Rc::clone(&alice.wallet)], window);
    world.pass(1_000);
    (alice, tab, key)
}

fn ask(world: &World, tab: &Tab, ask: StakeAsk) {
    tab.ask(Command::act(Act::Stake(ask)));
    world.pass(1_000);
}

fn stakes(tab: &Tab) -> Stakes {
    tab.state.stake.with_untracked(|stake| stake.shown::<Stakes>().cloned()).expect("it is shown")
}

/// The vouchers that went along with messages, one for each message.
fn submitted(world: &World) -> Vec<SignedVoucher> {
    let requests = world.network.requests();
    let bodies = requests.iter().filter_map(|request| request.body.as_deref());
    let bodies = bodies.filter_map(|body| serde_json::from_str::<Value>(body).ok());
    let messages = bodies.filter(|body| body["method"] == "dm3_submitMessage");
    let voucher = |body: Value| serde_json::from_str(body["params"][1].as_str()?).ok();
    messages.filter_map(voucher).filter_map(|voucher| SignedVoucher::from_json(&voucher)).collect()
}

fn weeks(world: &World) -> Vec<u64> {
    let proven = submitted(world).into_iter().map(|voucher| voucher.prove().unwrap());
    proven.map(|proven| proven.voucher().epoch).collect()
}

#[test]
fn a_conversation_that_stays_open_has_a_voucher_of_the_week_of_now() {
    let world = world();
    let bob = world.person("bob").0;
    world.network.first_service().set_extension(json!({ "spamRules": [terms().to_json()] }));
    let (alice, tab, key) = with_deposit(&world);
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(2_000);
    ask(&world, &tab, StakeAsk::Look);
    assert_eq!((stakes(&tab).peer, stakes(&tab).promised), (bob.address(), false));
    ask(&world, &tab, StakeAsk::Stake);
    assert!(stakes(&tab).promised);
    tab.ask(Command::Send("hello".into()));
    world.pass(2_000);
    let first = epoch_of(world.network.clock().now());
    assert_eq!(weeks(&world), [first]);

    world.network.clock().advance(EPOCH);
    put_deposit(&world, alice.address(), key, 1, 2);
    world.pass(1_000);
    tab.ask(Command::Send("again".into()));
    world.pass(2_000);
    assert_eq!(weeks(&world), [first, first + 1]);
    assert!(stakes(&tab).promised && stakes(&tab).failed.is_none());

    // What would be refused is not written, and stays in the composer.
    world.network.clock().advance(EPOCH);
    put_deposit(&world, alice.address(), key, 1, 1);
    world.pass(1_000);
    tab.state.text.set("once more".into());
    tab.ask(Command::Send("once more".into()));
    world.pass(2_000);
    assert_eq!(weeks(&world).len(), 2);
    assert_eq!(stakes(&tab).failed, Some(Failure::Stake(StakeError::TooFew)));
    assert_eq!(tab.state.text.get_untracked(), "once more");
    assert_eq!(tab.deliveries().len(), 2);
}

#[test]
fn a_deposit_is_for_as_many_people_as_somebody_chooses() {
    assert_eq!(deposit_for(&terms(), 1), 4 * u128::from(SLOT));
    assert_eq!(deposit_for(&terms(), 3), 12 * u128::from(SLOT));
    assert_eq!(reaches(&terms()).collect::<Vec<_>>(), [1, 3, 10]);
    // An epoch has 256 slots.
    assert_eq!(reaches(&Terms { slots: 80, ..terms() }).collect::<Vec<_>>(), [1, 3]);
    let world = world();
    world.person("bob");
    world.network.first_service().set_extension(json!({ "spamRules": [terms().to_json()] }));
    let (_, tab, _) = with_deposit(&world);
    tab.ask(Command::Open("bob.eth".into()));
    world.pass(2_000);
    ask(&world, &tab, StakeAsk::Look);
    assert_eq!(stakes(&tab).people, 1);
    ask(&world, &tab, StakeAsk::Reach(3));
    ask(&world, &tab, StakeAsk::Look);
    assert_eq!(stakes(&tab).people, 3);
    // The chain tells of no blocks here: that is not told as if nothing had been burned.
    assert_eq!(stakes(&tab).record, Some(None));
}

fn held(tab: &Tab) -> Vec<Held> {
    match tab.screen() {
        Screen::Settings(apart) => {
            apart.shown::<Own>().expect("it is shown").deposits.clone().unwrap().unwrap()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_deposits_stand_in_one_place_with_the_way_back() {
    let world = world();
    let (alice, tab, key) = with_deposit(&world);
    let own = |ask| {
        tab.ask(Command::settings(SettingsAsk::Own(ask)));
        world.pass(1_000);
    };
    own(OwnAsk::Show);
    let [one]: [Held; 1] = held(&tab).try_into().unwrap();
    assert_eq!((one.own.key, one.own.standing), (key, Deposited::Open { amount: 4 * u128::from(SLOT) }));
    assert_eq!(one.token.unwrap().symbol.as_deref(), Some("USDC"));
    own(OwnAsk::TakeBack(CONTRACT, key));
    let sent = alice.wallet.key().sent().last().unwrap().data.clone();
    assert_eq!(sent, deposits::announce_exit(key));
    put_deposit(&world, alice.address(), key, 2, 2);
    own(OwnAsk::Show);
    let [one]: [Held; 1] = held(&tab).try_into().unwrap();
    assert!(matches!(one.own.standing, Deposited::Leaving { .. }));
    // Somebody declines in the wallet: that is told beside it.
    alice.wallet.key().set_failure(Some(dm3_core::ports::WalletError::Refused));
    own(OwnAsk::TakeBack(CONTRACT, key));
    let [one]: [Held; 1] = held(&tab).try_into().unwrap();
    assert!(one.failed.is_some() && !one.busy);
    alice.wallet.key().set_failure(None);
    own(OwnAsk::TakeBack(CONTRACT, key));
    let sent = alice.wallet.key().sent().last().unwrap().data.clone();
    assert_eq!(sent, deposits::withdraw(key, alice.address()));
    put_deposit(&world, alice.address(), key, 3, 0);
    own(OwnAsk::Show);
    assert_eq!(held(&tab), []);
}

fn search(tab: &Tab) -> Search {
    match tab.screen() {
        Screen::Settings(apart) => apart.shown::<Own>().expect("it is shown").search.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_no_device_knows_is_found_at_the_contract_that_somebody_types() {
    let world = world();
    let (alice, _) = world.person("alice");
    let tab = alice.open_tab(&world);
    world.pass(1_000);
    let own = |ask| {
        tab.ask(Command::settings(SettingsAsk::Own(ask)));
        world.pass(1_000);
    };
    own(OwnAsk::Show);
    own(OwnAsk::SearchAt("0x12".into()));
    assert_eq!(search(&tab).failed, Some(Unsearched::Address));
    own(OwnAsk::SearchAt(format!(" {CONTRACT} ")));
    assert_eq!(search(&tab).failed, Some(Unsearched::Unknown), "the chain does not answer");
    let (network, key) = (&world.network, Address::from_bytes([9; 20]));
    put_deposit(&world, alice.address(), key, 1, 2);
    let topic = |account: Address| format!("0x{}{}", "0".repeat(24), &account.to_lower_hex()[2..]);
    let event = format!("0x{}", hex::encode(keccak256(b"Deposited(address,address,uint256)")));
    let log = json!({
        "address": CONTRACT.to_string(), "data": "0x", "blockNumber": "0x3",
        "topics": [event, topic(alice.address()), topic(key)],
    });
    network.tell(latest_block_body(), json!({ "result": "0x9" }).to_string());
    let body = deposits::own_body(CONTRACT, alice.address(), Blocks::up_to(9));
    network.tell(body, json!({ "result": [log] }).to_string());
    own(OwnAsk::SearchAt(CONTRACT.to_string()));
    let found = search(&tab);
    assert_eq!((found.failed, found.busy, found.has_more(), found.since()), (None, false, false, Some(None)));
    let [one]: [Held; 1] = held(&tab).try_into().unwrap();
    assert_eq!((one.own.key, one.own.promises_here), (key, false));
    own(OwnAsk::SearchAt(TOKEN.to_string()));
    assert_eq!(search(&tab).failed, Some(Unsearched::Neither));
}

fn entry(tab: &Tab) -> EntryStake {
    match tab.screen() {
        Screen::SignIn(sign_in) => match sign_in.step {
            SignInStep::Stake(apart) => apart.shown::<EntryStake>().expect("it is shown").clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_node_wants_to_be_at_stake_is_told_before_it_is_staked() {
    let world = world();
    let operator = Address::from_bytes([9; 20]);
    let wanted = Stake { terms: terms(), receiver: operator };
    world.network.ask_for(Price::Deposit(Box::new(wanted.clone())));
    let alice = world.newcomer("alice");
    allow(&world, alice.address());
    let tab = alice.open_tab(&world);
    world.run();
    for command in [Command::Connect(WALLET.into()), Command::CreateKeys, Command::PublishProfile] {
        tab.ask(command);
        world.run();
    }
    assert_eq!(entry(&tab).wanted, wanted);
    assert_eq!(entry(&tab).token.unwrap().symbol.as_deref(), Some("USDC"));
    assert!(alice.wallet.key().sent().is_empty(), "nothing is staked unasked");
    let stake = || {
        tab.ask(Command::GoOn(Choice::Stake));
        world.pass(1_000);
    };
    let key = entry_key(&alice, operator);
    put_deposit(&world, alice.address(), key, 0, 0);
    stake();
    let sent = alice.wallet.key().sent().last().unwrap().data.clone();
    assert_eq!(sent, deposits::deposit(key, 4 * u128::from(SLOT)));
    assert_eq!(entry(&tab).failed, Some(StakeError::TooFew), "the chain does not show it yet");
    assert!(!alice.keeps_anything());
    // Once it does, nothing is sent again.
    put_deposit(&world, alice.address(), key, 1, 2);
    let many = alice.wallet.key().sent().len();
    stake();
    assert_eq!(alice.wallet.key().sent().len(), many);
    assert_eq!(tab.screen(), Screen::List);
    tab.ask(Command::settings(SettingsAsk::Own(OwnAsk::Show)));
    world.pass(1_000);
    let [one]: [Held; 1] = held(&tab).try_into().unwrap();
    assert_eq!(one.own.key, key);
}

/// The key of the deposit that an account makes for a node.
fn entry_key(device: &Device, operator: Address) -> Address {
    let message = SignIn::new(device.peer.directory(), device.address()).key_message();
    let seed = KeySeed::derive(&now(device.wallet.key().sign_text(device.address(), &message)).unwrap());
    let text = format!("dm3 entry stake v1 31337 {CONTRACT} {operator} 0");
    let tag = KeyTag::from_bytes(sha256(text.as_bytes())[..16].try_into().unwrap());
    ContractKey::derive(&seed, tag).address().unwrap()
}
