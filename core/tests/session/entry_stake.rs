//! What a node wants to be at stake before it takes a new account.

use dm3_core::delivery::{Price, Stake};
use dm3_core::deposit::{Terms, epoch_of};
use dm3_core::identity::{Address, ContractKey, KeySeed, KeyTag};
use dm3_core::ports::{Clock as _, Wallet as _};
use dm3_core::registry::abi::{Arg, encode};
use dm3_core::registry::deposits::{self, Deposited};
use dm3_core::registry::erc20;
use dm3_core::seal::sha256;
use dm3_core::session::{Keys, Registration, SignIn, SignInError, StakeError};
use dm3_core::testing::{MemoryPorts, Pair, Peer};

use crate::support::run;

const CONTRACT: Address = Address::from_bytes([7; 20]);
const TOKEN: Address = Address::from_bytes([8; 20]);
const OPERATOR: Address = Address::from_bytes([9; 20]);
const SLOT: u64 = 500;

fn wanted() -> Stake {
    let terms = Terms { chain: 31337, contract: CONTRACT, token: TOKEN, slot: SLOT.into(), slots: 2 };
    Stake { terms, receiver: OPERATOR }
}

/// A node that wants a stake of alice.
fn asking() -> Pair {
    let pair = Pair::new();
    pair.network.mine_all();
    pair.network.set_answer(CONTRACT, &deposits::token_call(), &encode(&[Arg::Address(TOKEN)]));
    pair.network.set_answer(CONTRACT, &deposits::slot_call(), &encode(&[Arg::Uint(SLOT)]));
    let call = erc20::allowance_call(pair.alice.address(), CONTRACT);
    pair.network.set_answer(TOKEN, &call, &encode(&[Arg::Uint(u64::MAX)]));
    pair.network.ask_for(Price::Deposit(Box::new(wanted())));
    pair
}

/// What the chain says of a deposit of alice's: which state it is in, and how many slots it covers.
fn put_deposit(pair: &Pair, key: Address, state: u64, slots: u64) {
    let alice = pair.alice.address();
    let epoch = epoch_of(pair.network.clock().now());
    let what = [Arg::Uint(state), Arg::Uint(epoch + 3), Arg::Uint(2 * slots * SLOT)];
    pair.network.set_answer(CONTRACT, &deposits::deposit_of_call(alice, key), &encode(&what));
    let standing = [Arg::Uint(slots), Arg::Uint(0), Arg::Uint(u64::from(state == 1))];
    pair.network.set_answer(CONTRACT, &deposits::standing_call(alice, key, epoch), &encode(&standing));
    pair.network.set_answer(CONTRACT, &deposits::epoch_call(), &encode(&[Arg::Uint(epoch)]));
}

async fn registration(peer: &Peer) -> Registration<MemoryPorts> {
    match SignIn::new(peer.directory(), peer.address()).create_keys(&peer.wallet).await.unwrap() {
        Keys::New(registration) => registration,
        _ => panic!("there is a profile"),
    }
}

/// The keys of alice's deposits for this node, one after the other, made as the core says that it makes them.
async fn keys_of<const MANY: usize>(pair: &Pair) -> [Address; MANY] {
    let message = SignIn::new(pair.alice.directory(), pair.alice.address()).key_message();
    let signature = pair.alice.wallet.sign_text(pair.alice.address(), &message).await.unwrap();
    let seed = KeySeed::derive(&signature);
    std::array::from_fn(|number| {
        let text = format!("dm3 entry stake v1 31337 {CONTRACT} {OPERATOR} {number}");
        let tag = KeyTag::from_bytes(sha256(text.as_bytes())[..16].try_into().unwrap());
        ContractKey::derive(&seed, tag).address().unwrap()
    })
}

#[test]
fn who_stakes_what_the_node_wants_has_an_account() {
    run(async {
        let pair = asking();
        let [key] = keys_of(&pair).await;
        put_deposit(&pair, key, 0, 0);
        let alice = registration(&pair.alice).await;
        let refused = alice.publish(&pair.alice.wallet).await.err();
        assert_eq!(refused, Some(SignInError::Price(Price::Deposit(Box::new(wanted())))));
        // What the wallet sends makes a deposit, which covers nothing while the chain does not show it.
        let stake = alice.stake(&pair.alice.wallet, &wanted()).await;
        assert_eq!(stake, Err(StakeError::TooFew));
        let sent = pair.alice.wallet.sent().last().unwrap().data.clone();
        assert_eq!(sent, deposits::deposit(key, 2 * 2 * u128::from(SLOT)), "for this week and the next");
        put_deposit(&pair, key, 1, 2);
        let many = pair.alice.wallet.sent().len();
        assert_eq!(alice.stake(&pair.alice.wallet, &wanted()).await, Ok(()));
        assert_eq!(pair.alice.wallet.sent().len(), many, "what is there is not deposited again");
        let signed_in = alice.publish(&pair.alice.wallet).await.unwrap();
        signed_in.remember(&pair.alice.directory()).await.unwrap();
        alice.remember_stake().await.unwrap();
        let own = pair.alice.resume().await.own_deposits().await.unwrap();
        assert_eq!(own.len(), 1);
        assert_eq!((own[0].key, own[0].standing), (key, Deposited::Open { amount: 4 * u128::from(SLOT) }));
    });
}

#[test]
fn who_begins_anew_on_another_device_finds_the_deposit_and_one_that_was_taken_back_is_no_more() {
    run(async {
        let pair = asking();
        let [first, second] = keys_of(&pair).await;
        put_deposit(&pair, first, 3, 0);
        put_deposit(&pair, second, 1, 2);
        let device = Peer::new(&pair.network, "alice");
        let alice = registration(&device).await;
        assert_eq!(alice.stake(&device.wallet, &wanted()).await, Ok(()));
        assert!(device.wallet.sent().is_empty());
        assert!(alice.publish(&device.wallet).await.is_ok());
    });
}

#[test]
fn nothing_is_staked_by_a_price_that_says_something_else_than_its_contract() {
    run(async {
        let pair = asking();
        let alice = registration(&pair.alice).await;
        let terms = Terms { slot: u128::from(SLOT) - 1, ..wanted().terms };
        let lie = Stake { terms, ..wanted() };
        assert_eq!(alice.stake(&pair.alice.wallet, &lie).await, Err(StakeError::Contract));
        let terms = Terms { chain: 1, ..wanted().terms };
        let elsewhere = Stake { terms, ..wanted() };
        assert_eq!(alice.stake(&pair.alice.wallet, &elsewhere).await, Err(StakeError::OtherChain));
        assert!(pair.alice.wallet.sent().is_empty());
    });
}
