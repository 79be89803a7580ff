//! What somebody has at stake: deposits by the wallet, vouchers that go with messages, and burning.

use dm3_core::deposit::{SignedVoucher, Slots, Terms, epoch_of};
use dm3_core::identity::Address;
use dm3_core::message::Draft;
use dm3_core::ports::{Clock as _, SendingWallet as _, TransactionError, WalletError};
use dm3_core::registry::abi::{Arg, encode};
use dm3_core::registry::deposits::{self, Deposited};
use dm3_core::registry::json_rpc::{Blocks, block_body, latest_block_body};
use dm3_core::registry::permit::{self, Permit, PermitToken, SignedPermit};
use dm3_core::registry::{CallOutcome, TransactionRequest, erc20};
use dm3_core::seal::keccak256;
use dm3_core::session::{BurnRecord, StakeError};
use dm3_core::testing::{Pair, Peer, TestWallet};
use futures_util::future::join;
use serde_json::{Value, json};

use crate::history::{exchange, pull};
use crate::support::{SUBMIT, TestSession, run, sync};

const CONTRACT: Address = Address::from_bytes([7; 20]);
const TOKEN: Address = Address::from_bytes([8; 20]);
const SLOT: u128 = 500;

fn terms(slots: u16) -> Terms {
    Terms { chain: 31337, contract: CONTRACT, token: TOKEN, slot: SLOT, slots }
}

fn put_contract(pair: &Pair) {
    let network = &pair.network;
    network.mine_all();
    network.set_answer(CONTRACT, &deposits::token_call(), &encode(&[Arg::Address(TOKEN)]));
    network.set_answer(CONTRACT, &deposits::slot_call(), &encode(&[Arg::Uint(SLOT as u64)]));
    allow(pair, 0);
}

fn allow(pair: &Pair, amount: u64) {
    let call = erc20::allowance_call(pair.alice.address(), CONTRACT);
    pair.network.set_answer(TOKEN, &call, &encode(&[Arg::Uint(amount)]));
}

fn epoch(pair: &Pair) -> u64 {
    epoch_of(pair.network.clock().now())
}

/// Says what the chain knows of a deposit of alice's.
fn put_deposit(pair: &Pair, key: Address, state: u64, slots: u64, burned: [u8; 32]) {
    let alice = pair.alice.address();
    let exit = epoch(pair) + 3;
    let what = [Arg::Uint(state), Arg::Uint(exit), Arg::Uint(2 * slots * SLOT as u64)];
    pair.network.set_answer(CONTRACT, &deposits::deposit_of_call(alice, key), &encode(&what));
    let standing = [Arg::Uint(slots), Arg::Word(burned), Arg::Uint(u64::from(state == 1))];
    let call = deposits::standing_call(alice, key, epoch(pair));
    pair.network.set_answer(CONTRACT, &call, &encode(&standing));
    pair.network.set_answer(CONTRACT, &deposits::epoch_call(), &encode(&[Arg::Uint(epoch(pair))]));
}

/// Alice deposits for so many slots a week; gives the key.
async fn deposited(pair: &Pair, alice: &TestSession, slots: u64) -> Address {
    let before = pair.alice.wallet.sent().len();
    alice.deposit(&pair.alice.wallet, CONTRACT, 2 * u128::from(slots) * SLOT).await.unwrap();
    let key = key_in(&pair.alice.wallet.sent()[before..]);
    put_deposit(pair, key, 1, slots, [0; 32]);
    key
}

/// The key of a deposit that was sent.
fn key_in(sent: &[TransactionRequest]) -> Address {
    let data = &sent.last().unwrap().data;
    Address::from_bytes(data[16..36].try_into().unwrap())
}

async fn slots_for(session: &TestSession, receiver: &Peer, count: u16) -> Result<Slots, StakeError> {
    let voucher = session.promise(&terms(count), receiver.address()).await?;
    Ok(voucher.prove().unwrap().voucher().slots)
}

#[test]
fn a_deposit_takes_two_prompts_and_one_where_the_allowance_is_there() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        put_contract(&pair);
        let before = pair.alice.wallet.prompts().len();
        let key = deposited(&pair, &alice, 4).await;
        let sent = pair.alice.wallet.sent().to_vec();
        let expected = [
            TransactionRequest::call(TOKEN, erc20::approve(CONTRACT, 4_000)),
            TransactionRequest::call(CONTRACT, deposits::deposit(key, 4_000)),
        ];
        assert_eq!(sent, expected);
        assert_eq!(pair.alice.wallet.prompts().len(), before + 2);

        // More of the same, with the same key.
        allow(&pair, 1_000);
        alice.deposit(&pair.alice.wallet, CONTRACT, 1_000).await.unwrap();
        assert_eq!(pair.alice.wallet.sent().len(), 3);
        assert_eq!(key_in(&pair.alice.wallet.sent()), key);
        let own = alice.own_deposits().await.unwrap();
        assert_eq!(own.len(), 1);
        assert_eq!((own[0].key, own[0].standing), (key, Deposited::Open { amount: 4_000 }));
    });
}

/// Lets the token take signed allowances.
fn take_permits(pair: &Pair, form: Option<[u8; 32]>) {
    let network = &pair.network;
    let alice = pair.alice.address();
    network.set_answer(TOKEN, &permit::name_call(), &encode(&[Arg::Bytes(b"Coin")]));
    network.set_answer(TOKEN, &permit::nonce_call(alice), &encode(&[Arg::Uint(6)]));
    // keccak256 of name "Coin", version "1", chain 31337 and the token's address.
    network.set_answer(TOKEN, &permit::domain_call(), &domain_of_coin());
    if let Some(form) = form {
        network.set_answer(TOKEN, &permit::form_call(), &form);
    }
}

fn domain_of_coin() -> Vec<u8> {
    let kind = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    let hash = |text: &str| Arg::Word(keccak256(text.as_bytes()));
    keccak256(&encode(&[hash(kind), hash("Coin"), hash("1"), Arg::Uint(31337), Arg::Address(TOKEN)])).to_vec()
}

/// The allowance that alice signs for so much, as the token is asked to take it.
fn signed_permit(pair: &Pair, amount: u128) -> SignedPermit {
    let returned = |data: Vec<u8>| CallOutcome::Returned(data);
    let name = returned(encode(&[Arg::Bytes(b"Coin")]));
    let none = CallOutcome::Reverted(Vec::new());
    let token = PermitToken::of(31337, TOKEN, &returned(domain_of_coin()), &name, &none).unwrap();
    let owner = pair.alice.address();
    let deadline = pair.network.clock().now() / 1000 + 3_600;
    let permit = Permit { token, owner, spender: CONTRACT, amount, nonce: 6, deadline };
    let typed = permit.typed_data();
    permit.signed(&pollster::block_on(pair.alice.wallet.sign_typed(owner, &typed)).unwrap()).unwrap()
}

#[test]
fn a_token_that_takes_signed_allowances_needs_one_transaction() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        put_contract(&pair);
        take_permits(&pair, None);
        let signed = signed_permit(&pair, 1_000);
        pair.network.set_answer(TOKEN, &signed.call(), &[]);
        alice.deposit(&pair.alice.wallet, CONTRACT, 1_000).await.unwrap();
        let sent = pair.alice.wallet.sent().to_vec();
        assert_eq!(sent.len(), 1);
        let key = key_in(&sent);
        assert_eq!(sent[0], TransactionRequest::call(CONTRACT, deposits::deposit_with_permit(key, &signed)));
    });
}

#[test]
fn an_allowance_that_the_token_would_not_take_is_made_by_a_transaction() {
    run(async {
        // Of another form, as DAI's: nothing is signed. Else what was signed is tried first, and refused here.
        for (form, signatures) in [(Some([0xea; 32]), 0), (None, 1)] {
            let (pair, alice, _) = Pair::signed_in().await;
            put_contract(&pair);
            take_permits(&pair, form);
            pair.network.refuse_call(TOKEN, &signed_permit(&pair, 1_000).call());
            let before = pair.alice.wallet.prompts().len();
            alice.deposit(&pair.alice.wallet, CONTRACT, 1_000).await.unwrap();
            let sent = pair.alice.wallet.sent().to_vec();
            assert_eq!(sent[0], TransactionRequest::call(TOKEN, erc20::approve(CONTRACT, 1_000)));
            assert_eq!(sent[1], TransactionRequest::call(CONTRACT, deposits::deposit(key_in(&sent), 1_000)));
            assert_eq!(pair.alice.wallet.prompts().len(), before + 2 + signatures);
        }
    });
}

#[test]
fn who_declines_to_sign_an_allowance_is_not_asked_for_another() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        put_contract(&pair);
        take_permits(&pair, None);
        pair.alice.wallet.set_failure(Some(WalletError::Refused));
        let refused = alice.deposit(&pair.alice.wallet, CONTRACT, 1_000).await;
        assert_eq!(refused, Err(StakeError::Transaction(TransactionError::Wallet(WalletError::Refused))));
        assert!(pair.alice.wallet.sent().is_empty());
    });
}

#[test]
fn what_a_receiver_has_burned_is_told_with_the_time_since_when_and_not_made_up() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        let bob = pair.bob.address();
        let answer = |result: Value| json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string();
        let word = |account: Address| format!("0x{:0>64}", hex::encode(account.as_bytes()));
        let burned = keccak256(b"Burned(address,address,address,uint64,uint256)");
        let burn = |sender: u8| {
            json!({
                "address": CONTRACT.to_string(), "data": "0x", "blockNumber": "0x1",
                "topics": [format!("0x{}", hex::encode(burned)), word(Address::from_bytes([sender; 20])), word(bob)],
            })
        };
        pair.network.tell(latest_block_body(), answer(json!("0x6000")));
        let latest = Blocks::up_to(0x6000);
        let stretches = [latest, latest.before().unwrap(), latest.before().unwrap().before().unwrap()];
        for (blocks, burns) in stretches.into_iter().zip([vec![burn(1), burn(2)], vec![burn(1)], vec![]]) {
            pair.network.tell(deposits::burns_body(CONTRACT, bob, blocks), answer(json!(burns)));
        }
        assert_eq!(stretches[2].first(), 0);
        let unknown = alice.burn_record(CONTRACT, bob).await;
        assert!(
            matches!(unknown, Err(StakeError::Unreachable(_))),
            "the block's time is not told: {unknown:?}"
        );
        pair.network.tell(block_body(0), answer(json!({ "timestamp": "0x64" })));
        assert_eq!(alice.burn_record(CONTRACT, bob).await, Ok(BurnRecord { senders: 2, since: 100_000 }));
        let refused = json!({ "error": { "message": "too many" } }).to_string();
        pair.network.tell(deposits::burns_body(CONTRACT, bob, latest), refused);
        let unknown = alice.burn_record(CONTRACT, bob).await;
        assert!(matches!(unknown, Err(StakeError::Unreachable(_))), "{unknown:?}");
    });
}

#[test]
fn who_declines_in_the_wallet_has_deposited_nothing() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        put_contract(&pair);
        pair.alice.wallet.set_failure(Some(WalletError::Refused));
        let refused = alice.deposit(&pair.alice.wallet, CONTRACT, 1_000).await;
        assert_eq!(refused, Err(StakeError::Transaction(TransactionError::Wallet(WalletError::Refused))));
        assert!(pair.alice.wallet.sent().is_empty());
        assert!(slots_for(&alice, &pair.bob, 1).await.is_err());
    });
}

#[test]
fn no_slot_is_promised_twice_by_whichever_tab_and_the_same_again_to_the_same_receiver() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        put_contract(&pair);
        deposited(&pair, &alice, 4).await;
        let carol = Peer::new(&pair.network, "carol");
        let tab = pair.alice.resume().await;
        let (one, two) = join(slots_for(&alice, &pair.bob, 2), slots_for(&tab, &carol, 2)).await;
        let (one, two) = (one.unwrap(), two.unwrap());
        assert!(!one.overlap(two));
        assert_eq!(slots_for(&tab, &pair.bob, 2).await, Ok(one));
        let dave = Peer::new(&pair.network, "dave");
        assert_eq!(slots_for(&alice, &dave, 1).await, Err(StakeError::TooFew));
        assert_eq!(alice.own_deposits().await.unwrap()[0].promises.len(), 2);
    });
}

#[test]
fn a_clock_that_leaps_ahead_and_back_promises_no_slot_twice() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        put_contract(&pair);
        let key = deposited(&pair, &alice, 4).await;
        let own = epoch(&pair);
        let one = slots_for(&alice, &pair.bob, 1).await.unwrap();
        pair.network.clock().advance(14 * 86_400_000);
        // What the chain would say of an epoch that it has not reached.
        put_deposit(&pair, key, 1, 4, [0; 32]);
        pair.network.set_answer(CONTRACT, &deposits::epoch_call(), &encode(&[Arg::Uint(own)]));
        let two = slots_for(&alice, &Peer::new(&pair.network, "carol"), 1).await.unwrap();
        pair.network.clock().set(pair.network.clock().now() - 14 * 86_400_000);
        let three = slots_for(&alice, &Peer::new(&pair.network, "dave"), 1).await.unwrap();
        assert!(!one.overlap(two) && !one.overlap(three) && !two.overlap(three));
    });
}

#[test]
fn a_deposit_that_leaves_promises_nothing_and_the_next_one_has_another_key() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        put_contract(&pair);
        let key = deposited(&pair, &alice, 4).await;
        alice.leave_deposit(&pair.alice.wallet, CONTRACT, key).await.unwrap();
        assert_eq!(pair.alice.wallet.sent().last().unwrap().data, deposits::announce_exit(key));
        put_deposit(&pair, key, 2, 4, [0; 32]);
        assert_eq!(slots_for(&alice, &pair.bob, 1).await, Err(StakeError::TooFew));
        let next = deposited(&pair, &alice, 4).await;
        assert_ne!(next, key);
        assert_eq!(alice.epoch_at(CONTRACT).await, Ok(epoch(&pair)));
        assert_eq!(alice.epoch_at(TOKEN).await, Err(StakeError::Contract));
        assert!(slots_for(&alice, &pair.bob, 1).await.is_ok());
        alice.withdraw_deposit(&pair.alice.wallet, CONTRACT, key).await.unwrap();
        let back = deposits::withdraw(key, pair.alice.address());
        assert_eq!(pair.alice.wallet.sent().last().unwrap().data, back);
        let own: Vec<_> = alice.own_deposits().await.unwrap().into_iter().map(|own| own.key).collect();
        assert_eq!(own, [next, key]);
    });
}

#[test]
fn nothing_is_promised_by_a_rule_that_says_something_else_than_its_contract() {
    run(async {
        let (pair, alice, _) = Pair::signed_in().await;
        put_contract(&pair);
        deposited(&pair, &alice, 4).await;
        let bob = pair.bob.address();
        let other = Terms { slot: SLOT - 1, ..terms(1) };
        assert_eq!(alice.promise(&other, bob).await.err(), Some(StakeError::Contract));
        let other = Terms { token: CONTRACT, ..terms(1) };
        assert_eq!(alice.promise(&other, bob).await.err(), Some(StakeError::Contract));
        let other = Terms { chain: 1, ..terms(1) };
        assert_eq!(alice.promise(&other, bob).await.err(), Some(StakeError::OtherChain));
    });
}

#[test]
fn a_voucher_goes_along_twice_and_the_receiver_burns_what_it_promises() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        put_contract(&pair);
        let key = deposited(&pair, &alice, 4).await;
        let voucher = alice.promise(&terms(3), pair.bob.address()).await.unwrap();
        let given = voucher.clone();
        let write = |header| Draft::text(header, "Buy this!").with_voucher(&given);
        let message = alice.write(pair.bob.conversation(), &[], write).await.unwrap();
        alice.flush().await.unwrap();
        let beside = {
            let requests = pair.network.requests();
            let submitted = requests.iter().rfind(|it| SUBMIT.ends_with(it.url.as_str())).unwrap();
            let body: Value = serde_json::from_str(submitted.body.as_ref().unwrap()).unwrap();
            serde_json::from_str(body["params"][1].as_str().unwrap()).unwrap()
        };
        assert_eq!(SignedVoucher::from_json(&beside), Some(voucher.clone()));
        assert_eq!(sync(&bob).await, 1);
        let received = bob.message(message.hash()).await.unwrap().unwrap();
        let received = dm3_core::message::SignedMessage::parse(&received.json).unwrap().voucher().unwrap();
        assert_eq!(received, voucher);

        let sender = pair.alice.address();
        let staked = bob.staked(received.clone(), sender).await.unwrap();
        assert_eq!((staked.token, staked.slot, staked.burnable, staked.burned), (TOKEN, SLOT, 3, 0));
        bob.burn_staked(&pair.bob.wallet, &staked).await.unwrap();
        let slots = staked.voucher.voucher().slots.bits();
        let burn = TransactionRequest::call(CONTRACT, deposits::burn(&staked.voucher, slots));
        assert_eq!(*pair.bob.wallet.sent(), [burn]);

        put_deposit(&pair, key, 1, 4, slots);
        let staked = bob.staked(received, sender).await.unwrap();
        assert_eq!((staked.burnable, staked.burned), (0, 3));
        assert_eq!(bob.burn_staked(&pair.bob.wallet, &staked).await, Err(StakeError::Worthless));
    });
}

#[test]
fn what_is_not_for_the_account_or_of_somebody_else_is_worth_nothing() {
    run(async {
        let (pair, alice, bob) = Pair::signed_in().await;
        put_contract(&pair);
        deposited(&pair, &alice, 4).await;
        let carol = Peer::new(&pair.network, "carol");
        let for_carol = alice.promise(&terms(1), carol.address()).await.unwrap();
        let of_alice = alice.promise(&terms(1), pair.bob.address()).await.unwrap();
        let worthless = Err(StakeError::Worthless);
        assert_eq!(bob.staked(for_carol, pair.alice.address()).await, worthless);
        assert_eq!(bob.staked(of_alice.clone(), carol.address()).await, worthless);
        // Two weeks later it can't be burned any more.
        pair.network.clock().advance(2 * dm3_core::deposit::EPOCH);
        let late = bob.staked(of_alice, pair.alice.address()).await;
        assert_eq!(late.map(|staked| staked.burnable), Ok(0));
    });
}

#[test]
fn deposits_that_two_devices_make_at_once_are_both_known_to_both() {
    run(async {
        let (pair, first, _) = Pair::signed_in().await;
        put_contract(&pair);
        let device = Peer::with_wallet(&pair.network, TestWallet::of("alice"));
        let second = device.sign_up().await;
        pull(&first).await;
        pull(&second).await;
        // Neither knows of the other.
        let one = deposited(&pair, &first, 4).await;
        pair.network.clock().advance(5);
        second.deposit(&device.wallet, CONTRACT, 8 * SLOT).await.unwrap();
        let other = key_in(&device.wallet.sent());
        assert_ne!(one, other);
        put_deposit(&pair, other, 1, 4, [0; 32]);
        for _ in 0..2 {
            exchange(&first, &second).await;
        }
        for session in [&first, &second] {
            let own = session.own_deposits().await.unwrap();
            assert_eq!(own.iter().map(|own| own.key).collect::<Vec<_>>(), [other, one]);
        }
    });
}
