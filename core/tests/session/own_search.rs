//! What the account has in contracts, found on the chain by a device that knows nothing of it.

use dm3_core::attention::{Minimum, Payment};
use dm3_core::delivery::SpamRule;
use dm3_core::deposit::Terms;
use dm3_core::identity::Address;
use dm3_core::ports::Clock as _;
use dm3_core::registry::abi::{Arg, encode};
use dm3_core::registry::deposits::{self, Deposited};
use dm3_core::registry::json_rpc::{Blocks, block_body, latest_block_body, transaction_body};
use dm3_core::registry::{TransactionHash, TransactionRequest, attention, erc20};
use dm3_core::seal::keccak256;
use dm3_core::session::{Fate, Searched, StakeError};
use dm3_core::testing::Pair;
use serde_json::{Value, json};

use crate::support::{TestSession, run};

const CONTRACT: Address = Address::from_bytes([7; 20]);
const TOKEN: Address = Address::from_bytes([8; 20]);
const KEY: Address = Address::from_bytes([9; 20]);
const OFFER: TransactionHash = TransactionHash::from_bytes([5; 32]);
const WEEK: u64 = 7 * 24 * 60 * 60;

fn answer(result: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string()
}

fn refusal() -> String {
    json!({ "error": { "code": -32005, "message": "too many blocks" } }).to_string()
}

fn event(text: &str) -> String {
    format!("0x{}", hex::encode(keccak256(text.as_bytes())))
}

fn topic(account: Address) -> String {
    format!("0x{}{}", "0".repeat(24), hex::encode(account.as_bytes()))
}

fn deposited(pair: &Pair, key: Address) -> Value {
    json!({
        "address": CONTRACT.to_string(), "data": format!("0x{}", "00".repeat(32)), "blockNumber": "0x10",
        "topics": [event("Deposited(address,address,uint256)"), topic(pair.alice.address()), topic(key)],
        "transactionHash": OFFER.to_string(), "removed": false,
    })
}

/// alice with a device that knows nothing; the chain has so many blocks after the first.
async fn alice(latest: u64) -> (Pair, TestSession) {
    let (pair, alice, _) = Pair::signed_in().await;
    pair.network.mine_all();
    pair.network.set_answer(CONTRACT, &deposits::token_call(), &encode(&[Arg::Address(TOKEN)]));
    pair.network.tell(latest_block_body(), answer(json!(format!("{latest:#x}"))));
    (pair, alice)
}

/// Says in which state a deposit of alice's is.
fn put(pair: &Pair, key: Address, state: u64) {
    let what = [Arg::Uint(state), Arg::Uint(3), Arg::Uint(1_000)];
    let call = deposits::deposit_of_call(pair.alice.address(), key);
    pair.network.set_answer(CONTRACT, &call, &encode(&what));
}

fn tell(pair: &Pair, blocks: Blocks, told: String) {
    pair.network.tell(deposits::own_body(CONTRACT, pair.alice.address(), blocks), told);
}

fn is_unknown<T: std::fmt::Debug>(result: &Result<T, StakeError>) -> bool {
    matches!(result, Err(StakeError::Unreachable(_)))
}

#[test]
fn a_deposit_that_no_device_knows_is_found_and_can_be_left() {
    run(async {
        let (pair, alice) = alice(99).await;
        let closed = Address::from_bytes([10; 20]);
        put(&pair, KEY, 1);
        put(&pair, closed, 3);
        let logs = json!([deposited(&pair, closed), deposited(&pair, KEY), deposited(&pair, KEY)]);
        tell(&pair, Blocks::so_many(99, 100), answer(logs));
        let found = alice.search_chain(CONTRACT, None).await.unwrap();
        assert_eq!(found, Some(Searched::new(CONTRACT)));
        let own = alice.own_deposits().await.unwrap();
        assert_eq!(own.iter().map(|own| own.key).collect::<Vec<_>>(), [KEY]);
        assert_eq!(own[0].standing, Deposited::Open { amount: 1_000 });
        // What it promised is lost with its key, so nothing is promised of it any more.
        assert!(!own[0].promises_here);
        alice.leave_deposit(&pair.alice.wallet, CONTRACT, KEY).await.unwrap();
        let left = TransactionRequest::call(CONTRACT, deposits::announce_exit(KEY));
        assert_eq!(*pair.alice.wallet.sent(), [left]);
        // Nothing is left to be looked through, so nobody is asked.
        pair.network.tell(latest_block_body(), refusal());
        let whole = alice.search_chain(CONTRACT, found.as_ref()).await;
        assert_eq!(whole, Ok(found));
    });
}

#[test]
fn where_all_blocks_are_refused_fewer_are_asked_for_the_latest_first() {
    run(async {
        const LATEST: u64 = 1_299_999;
        let (pair, alice) = alice(LATEST).await;
        put(&pair, KEY, 1);
        tell(&pair, Blocks::so_many(LATEST, u64::MAX), refusal());
        let mut last = LATEST;
        for _ in 0..12 {
            tell(&pair, Blocks::so_many(last, 100_000), answer(json!([])));
            last -= 100_000;
        }
        let unknown = alice.search_chain(CONTRACT, None).await;
        assert!(is_unknown(&unknown), "the block's time is not told: {unknown:?}");
        pair.network.tell(block_body(100_000), answer(json!({ "timestamp": "0x64" })));
        let lately = alice.search_chain(CONTRACT, None).await.unwrap().unwrap();
        assert_eq!(lately.since, Some(100_000));
        assert_eq!(alice.own_deposits().await, Ok(Vec::new()));
        // The rest is looked through when somebody asks for more.
        let unknown = alice.search_chain(CONTRACT, Some(&lately)).await;
        assert!(is_unknown(&unknown), "{unknown:?}");
        tell(&pair, Blocks::so_many(99_999, 100_000), refusal());
        for last in (0..10).map(|stretch| 99_999 - 10_000 * stretch) {
            let logs = if last == 9_999 { json!([deposited(&pair, KEY)]) } else { json!([]) };
            tell(&pair, Blocks::up_to(last), answer(logs));
        }
        let all = alice.search_chain(CONTRACT, Some(&lately)).await;
        assert_eq!(all, Ok(Some(Searched::new(CONTRACT))));
        assert_eq!(alice.own_deposits().await.unwrap().len(), 1);
    });
}

#[test]
fn what_was_found_before_the_chain_fell_silent_is_kept_and_told() {
    run(async {
        const LATEST: u64 = 299_999;
        let (pair, alice) = alice(LATEST).await;
        put(&pair, KEY, 1);
        let mut log = deposited(&pair, KEY);
        log["blockNumber"] = json!(format!("{LATEST:#x}"));
        tell(&pair, Blocks::so_many(LATEST, 100_000), answer(json!([log])));
        pair.network.tell(block_body(200_000), answer(json!({ "timestamp": "0xc8" })));
        let lately = alice.search_chain(CONTRACT, None).await.unwrap().unwrap();
        assert_eq!(lately.since, Some(200_000));
        assert_eq!(alice.own_deposits().await.unwrap().len(), 1);
        assert!(is_unknown(&alice.search_chain(CONTRACT, Some(&lately)).await));
    });
}

#[test]
fn an_answer_that_can_not_be_all_is_not_taken_for_nothing() {
    run(async {
        let (pair, alice) = alice(99).await;
        let good = deposited(&pair, KEY);
        let changed = |member: &str, value: Value| {
            let mut log = good.clone();
            log[member] = value;
            json!([log])
        };
        let topics = |topics: [String; 3]| changed("topics", json!(topics));
        let (kind, own) = (event("Deposited(address,address,uint256)"), topic(pair.alice.address()));
        put(&pair, KEY, 1);
        for lie in [
            changed("address", json!(TOKEN.to_string())),
            changed("blockNumber", json!("0x64")),
            changed("blockNumber", json!(16)),
            changed("removed", json!(true)),
            changed("data", json!("no bytes")),
            topics([event("Withdrawn(address,address,uint256)"), own.clone(), topic(KEY)]),
            topics([kind.clone(), topic(pair.bob.address()), topic(KEY)]),
            topics([kind.clone(), own.clone(), format!("0x{}", "11".repeat(32))]),
            changed("topics", json!([kind, own])),
            json!([7]),
            json!({}),
            Value::Null,
            // More than anybody has.
            (0..65).map(|n| deposited(&pair, Address::from_bytes([100 + n; 20]))).collect(),
        ] {
            tell(&pair, Blocks::so_many(99, 100), answer(lie.clone()));
            let unknown = alice.search_chain(CONTRACT, None).await;
            assert!(is_unknown(&unknown), "{lie}: {unknown:?}");
        }
        // The contract knows of no such deposit.
        tell(&pair, Blocks::so_many(99, 100), answer(json!([good])));
        put(&pair, KEY, 0);
        assert!(is_unknown(&alice.search_chain(CONTRACT, None).await));
        assert_eq!(alice.own_deposits().await, Ok(Vec::new()));
        // One that the account knows of is missing.
        put(&pair, KEY, 1);
        assert!(alice.search_chain(CONTRACT, None).await.is_ok());
        tell(&pair, Blocks::so_many(99, 100), answer(json!([])));
        assert!(is_unknown(&alice.search_chain(CONTRACT, None).await));
        put(&pair, KEY, 3);
        assert!(alice.search_chain(CONTRACT, None).await.is_ok());
    });
}

#[test]
fn a_contract_that_claims_much_does_not_crowd_out_what_is_there() {
    run(async {
        let (pair, alice) = alice(99).await;
        let keys: Vec<_> = (0..17).map(|n| Address::from_bytes([100 + n; 20])).collect();
        keys.iter().for_each(|key| put(&pair, *key, 1));
        let logs = keys.iter().map(|key| deposited(&pair, *key)).collect();
        tell(&pair, Blocks::so_many(99, 100), answer(logs));
        assert!(is_unknown(&alice.search_chain(CONTRACT, None).await));
        assert_eq!(alice.own_deposits().await.unwrap().len(), 16);
        // What the account deposits itself stands before what was found.
        pair.network.set_answer(
            TOKEN,
            &erc20::allowance_call(pair.alice.address(), CONTRACT),
            &encode(&[Arg::Uint(1_000)]),
        );
        alice.deposit(&pair.alice.wallet, CONTRACT, 1_000).await.unwrap();
        let key =
            Address::from_bytes(pair.alice.wallet.sent().last().unwrap().data[16..36].try_into().unwrap());
        put(&pair, key, 1);
        let own = alice.own_deposits().await.unwrap();
        assert_eq!((own[0].key, own[0].promises_here, own.len()), (key, true, 17));
    });
}

fn payment(pair: &Pair, topic: u8) -> Payment {
    Payment {
        chain: 31337,
        contract: CONTRACT,
        payer: pair.alice.address(),
        receiver: pair.bob.address(),
        token: TOKEN,
        amount: 500,
        until: pair.network.clock().now() / 1000 + WEEK,
        topic: [topic; 32],
    }
}

fn offered(payment: &Payment, by: TransactionHash) -> Value {
    let id = format!("0x{}", hex::encode(payment.id()));
    let kind = event("Offered(bytes32,address,address,address,uint256)");
    json!({
        "address": CONTRACT.to_string(), "data": format!("0x{}", "00".repeat(64)), "blockNumber": "0x10",
        "topics": [kind, id, topic(payment.payer), topic(payment.receiver)], "transactionHash": by.to_string(),
    })
}

fn put_payment(pair: &Pair, payment: &Payment, state: u64) {
    let answer = encode(&[Arg::Uint(state), Arg::Uint(payment.amount as u64)]);
    pair.network.set_answer(CONTRACT, &attention::payment_call(payment), &answer);
}

#[test]
fn a_payment_that_no_device_knows_is_read_out_of_its_transaction_and_can_be_taken_back() {
    run(async {
        let (pair, alice) = alice(99).await;
        pair.network.refuse_call(CONTRACT, &deposits::token_call());
        let domain = [
            Arg::Word([0x0f; 32]),
            Arg::Bytes(b"dm3 attention"),
            Arg::Bytes(b"1"),
            Arg::Uint(31337),
            Arg::Address(CONTRACT),
            Arg::Word([0; 32]),
            Arg::Uints(&[]),
        ];
        pair.network.set_answer(CONTRACT, &attention::domain_call(), &encode(&domain));
        let [held, done, hidden] = [1, 2, 3].map(|n| payment(&pair, n));
        put_payment(&pair, &held, 1);
        put_payment(&pair, &done, 2);
        put_payment(&pair, &hidden, 1);
        let lost = TransactionHash::from_bytes([6; 32]);
        let logs = json!([offered(&done, OFFER), offered(&hidden, lost), offered(&held, OFFER)]);
        let own = attention::own_body(CONTRACT, pair.alice.address(), Blocks::so_many(99, 100));
        pair.network.tell(own, answer(logs));
        assert!(is_unknown(&alice.search_chain(CONTRACT, None).await), "its transaction is not told");
        assert_eq!(alice.own_payments().await, Ok(Vec::new()));
        // A smart account's transaction has the call inside another, wherever that begins.
        let call = [&[1, 2, 3][..], &attention::offer(&held).data, &[0; 40]].concat();
        let input = format!("0x{}", hex::encode(call));
        let of = |hash: TransactionHash| answer(json!({ "hash": hash.to_string(), "input": input }));
        pair.network.tell(transaction_body(OFFER), of(lost));
        assert!(is_unknown(&alice.search_chain(CONTRACT, None).await), "it is another transaction");
        pair.network.tell(transaction_body(OFFER), of(OFFER));
        pair.network.tell(transaction_body(lost), answer(Value::Null));
        let found = alice.search_chain(CONTRACT, None).await.unwrap().unwrap();
        assert_eq!((found.since, found.unread), (None, 1));
        assert_eq!(alice.own_payments().await, Ok(vec![(held.clone(), Fate::Held(500))]));
        assert_eq!(alice.payments_to(pair.bob.address()).await, Ok(vec![held.clone()]));
        pair.network.clock().advance((WEEK + 1) * 1000);
        alice.give_back(&pair.alice.wallet, &held).await.unwrap();
        assert_eq!(*pair.alice.wallet.sent(), [attention::give_back(&held)]);
    });
}

#[test]
fn contracts_are_looked_at_that_the_account_its_demands_and_its_node_name() {
    run(async {
        let (_, alice) = alice(99).await;
        let [minimum, demanded] = [20, 21].map(|n| Address::from_bytes([n; 20]));
        alice
            .want_attention(Some(Minimum { chain: 31337, contract: minimum, token: TOKEN, amount: 1 }))
            .await
            .unwrap();
        let terms = Terms { chain: 31337, contract: demanded, token: TOKEN, slot: 5, slots: 1 };
        alice.demand(&[SpamRule::Deposit(terms)]).await.unwrap();
        assert_eq!(alice.contracts_to_search().await, Ok(vec![demanded, minimum]));
        assert_eq!(alice.contracts_in_use().await, Ok(Vec::new()));
        assert_eq!(alice.search_chain(demanded, None).await, Ok(None), "it holds neither");
    });
}
