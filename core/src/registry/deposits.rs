//! The calls of a contract that holds deposits (`contracts/Deposits.sol`): what it says, and what is said to it.

use serde_json::Value;

use super::abi::{Arg, Tuple, encode_call};
use super::json_rpc::{Blocks, RpcError, account_in, logs_body, parse_logs, parse_own_logs, topic_of};
use super::lookup::CallOutcome;
use super::permit::SignedPermit;
use crate::deposit::{BurnFault, ConsentedBurn, Coverage, DoubleUse, ProvenVoucher};
use crate::identity::Address;
use crate::seal::keccak256;

/// `token()`.
const TOKEN: [u8; 4] = [0xfc, 0x0c, 0x54, 0x6a];
/// `slot()`.
const SLOT: [u8; 4] = [0x1a, 0x88, 0xbc, 0x66];
/// `standing(address,address,uint64)`.
const STANDING: [u8; 4] = [0x98, 0x61, 0x80, 0xe2];
/// `epoch()`.
const EPOCH: [u8; 4] = [0x90, 0x0c, 0xf0, 0xcf];
/// `deposit(address,uint256)`.
const DEPOSIT: [u8; 4] = [0x47, 0xe7, 0xef, 0x24];
/// `depositWithPermit(address,uint256,uint256,uint8,bytes32,bytes32)`.
const DEPOSIT_WITH_PERMIT: [u8; 4] = [0x12, 0xa6, 0x2c, 0xff];
/// `depositOf(address,address)`.
const DEPOSIT_OF: [u8; 4] = [0xd9, 0xc2, 0xac, 0x88];
/// `announceExit(address)`.
const ANNOUNCE_EXIT: [u8; 4] = [0xfd, 0xf6, 0xb3, 0x75];
/// `withdraw(address,address)`.
const WITHDRAW: [u8; 4] = [0xf9, 0x40, 0xe3, 0x85];
/// `burn((address,address,uint64,uint16,uint16,bytes32),bytes,uint256)`.
const BURN: [u8; 4] = [0x98, 0x18, 0xfa, 0x87];
/// `burnFor((address,address,uint64,uint16,uint16,bytes32),bytes,uint256,bytes)`.
const BURN_FOR: [u8; 4] = [0x8f, 0xb0, 0x0e, 0x24];
/// `proveDoubleUse((address,…),bytes,(address,…),bytes)`.
const PROVE_DOUBLE_USE: [u8; 4] = [0xc1, 0xb0, 0x33, 0x67];

/// `Burned(address indexed,address indexed,address,uint64,uint256)`.
const BURNED: &str = "0xae27c5466f4857563905f89f76f58e4d890295c21f6d6af30b683af891ca2c51";
/// `Deposited(address indexed,address indexed,uint256)`.
const DEPOSITED: &str = "0x8752a472e571a816aea92eec8dae9baf628e840f4929fbcc2d155e6233ff68a7";
/// `ExitAnnounced(address indexed,address indexed,uint64)`.
const EXIT_ANNOUNCED: &str = "0x5d64a715ec8f09cb2733573057a53574db8a52ce8ad63b02c1b39e105f2e16ac";
/// The most burns that are read of an answer.
const MOST_BURNS: usize = 1_000;

/// Asks for the token that is deposited.
pub fn token_call() -> Vec<u8> {
    encode_call(TOKEN, &[])
}

/// The token; `None` if the answer is none.
pub fn token(answer: &CallOutcome) -> Option<Address> {
    tuple(answer)?.address(0).ok()
}

/// Asks how much a slot is.
pub fn slot_call() -> Vec<u8> {
    encode_call(SLOT, &[])
}

/// How much it is, in the token's smallest unit; `None` if the answer is none.
pub fn slot(answer: &CallOutcome) -> Option<u128> {
    number(tuple(answer)?.word(0).ok()?)
}

/// Asks what a deposit covers in an epoch.
pub fn standing_call(sender: Address, key: Address, epoch: u64) -> Vec<u8> {
    encode_call(STANDING, &[Arg::Address(sender), Arg::Address(key), Arg::Uint(epoch)])
}

/// What it covers; `None` if the answer is none, as that of an address without such a contract.
pub fn coverage(answer: &CallOutcome) -> Option<Coverage> {
    let answer = tuple(answer)?;
    Some(Coverage {
        slots: answer.uint(0).ok()?,
        burned: answer.word(1).ok()?,
        stays: answer.boolean(2).ok()?,
    })
}

/// Asks which epoch it is by the chain's clock, which decides.
pub fn epoch_call() -> Vec<u8> {
    encode_call(EPOCH, &[])
}

/// Which it is; `None` if the answer is none.
pub fn epoch(answer: &CallOutcome) -> Option<u64> {
    tuple(answer)?.uint(0).ok()
}

/// What a deposit is, and what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deposited {
    /// Nobody has made it.
    None,
    /// It answers for vouchers.
    Open {
        /// In the token's smallest unit.
        amount: u128,
    },
    /// Its exit is announced.
    Leaving {
        /// In the token's smallest unit.
        amount: u128,
        /// The epoch from which on it can be withdrawn.
        exit: u64,
    },
    /// It was withdrawn, or burned as a whole.
    Closed,
}

/// Asks what a deposit is.
pub fn deposit_of_call(sender: Address, key: Address) -> Vec<u8> {
    encode_call(DEPOSIT_OF, &[Arg::Address(sender), Arg::Address(key)])
}

/// What it is; `None` if the answer is none.
pub fn deposited(answer: &CallOutcome) -> Option<Deposited> {
    let answer = tuple(answer)?;
    let amount = number(answer.word(2).ok()?)?;
    Some(match answer.uint(0).ok()? {
        0 => Deposited::None,
        1 => Deposited::Open { amount },
        2 => Deposited::Leaving { amount, exit: answer.uint(1).ok()? },
        3 => Deposited::Closed,
        _ => return None,
    })
}

/// Deposits out of an allowance, for vouchers of this key.
pub fn deposit(key: Address, amount: u128) -> Vec<u8> {
    encode_call(DEPOSIT, &[Arg::Address(key), Arg::Word(word(amount))])
}

/// Deposits what a signed allowance allows, for vouchers of this key.
pub fn deposit_with_permit(key: Address, permit: &SignedPermit) -> Vec<u8> {
    let head = [Arg::Address(key), Arg::Word(word(permit.permit().amount))];
    encode_call(DEPOSIT_WITH_PERMIT, &[head.as_slice(), &permit.signed_args()].concat())
}

/// Announces that the sender wants the deposit back.
pub fn announce_exit(key: Address) -> Vec<u8> {
    encode_call(ANNOUNCE_EXIT, &[Arg::Address(key)])
}

/// Takes what is left of a deposit.
pub fn withdraw(key: Address, to: Address) -> Vec<u8> {
    encode_call(WITHDRAW, &[Arg::Address(key), Arg::Address(to)])
}

/// Burns slots of a voucher that was given to who calls.
pub fn burn(voucher: &ProvenVoucher, slots: [u8; 32]) -> Vec<u8> {
    let signature = signature_of(voucher);
    let rest = [Arg::Bytes(&signature), Arg::Word(slots)];
    encode_call(BURN, &[words_of(voucher).as_slice(), &rest].concat())
}

/// Burns slots of a voucher for a receiver who has signed [`crate::deposit::Voucher::burn_digest`] of them.
pub fn burn_for(voucher: &ProvenVoucher, slots: [u8; 32], consent: &[u8]) -> Vec<u8> {
    let signature = signature_of(voucher);
    let [sender, receiver, epoch, first, count, topic] = words_of(voucher);
    let rest = [Arg::Bytes(&signature), Arg::Word(slots), Arg::Bytes(consent)];
    encode_call(BURN_FOR, &[[sender, receiver, epoch, first, count, topic].as_slice(), &rest].concat())
}

/// The same, as a receiver asks for it.
pub fn consented_burn(wish: &ConsentedBurn) -> Vec<u8> {
    burn_for(wish.burn().voucher(), wish.burn().slots(), wish.consent())
}

/// Why the contract would not take a burn; `None` if it would.
pub fn burn_fault(answer: &CallOutcome) -> Option<BurnFault> {
    const ERRORS: [(&[u8], BurnFault); 8] = [
        (b"NotReceiver()", BurnFault::Receiver),
        (b"NotItsTime()", BurnFault::Time),
        (b"NotPromised()", BurnFault::Slots),
        (b"NoSuchSlots()", BurnFault::Slots),
        (b"NoDeposit()", BurnFault::Deposit),
        (b"IsClosed()", BurnFault::Closed),
        (b"NotCovered()", BurnFault::Uncovered),
        (b"AlreadyBurned()", BurnFault::Burned),
    ];
    let CallOutcome::Reverted(data) = answer else { return None };
    let known = ERRORS.into_iter().find(|(error, _)| *data == keccak256(error)[..4]);
    Some(known.map_or(BurnFault::Reverted, |(_, fault)| fault))
}

/// Shows that a sender promised the same slots twice.
pub fn prove_double_use(proof: &DoubleUse) -> Vec<u8> {
    let (one, other) = proof.vouchers();
    let signatures = [signature_of(one), signature_of(other)];
    let [first, second] = [words_of(one), words_of(other)];
    let args =
        [first.as_slice(), &[Arg::Bytes(&signatures[0])], second.as_slice(), &[Arg::Bytes(&signatures[1])]];
    encode_call(PROVE_DOUBLE_USE, &args.concat())
}

/// Asks what a receiver has burned in some blocks.
pub fn burns_body(contract: Address, receiver: Address, blocks: Blocks) -> String {
    logs_body(contract, vec![BURNED.into(), Value::Null, topic_of(receiver).into()], blocks)
}

/// Reads the answer: whose stakes, one for each burn. What is not what was asked for is passed over.
///
/// # Errors
/// [`RpcError`].
pub fn parse_burns(body: &str, contract: Address, receiver: Address) -> Result<Vec<Address>, RpcError> {
    let receiver = topic_of(receiver);
    let logs = parse_logs(body)?;
    let of = logs.iter().filter(|log| log.contract == contract).filter_map(|log| {
        let [event, sender, by] = log.topics.as_slice() else { return None };
        let is_burn = event == BURNED && by.eq_ignore_ascii_case(&receiver);
        account_in(sender).filter(|_| is_burn)
    });
    Ok(of.take(MOST_BURNS).collect())
}

/// Asks a contract's events for what a sender deposited, or announced to take back, in some blocks.
pub fn own_body(contract: Address, sender: Address, blocks: Blocks) -> String {
    let events = [DEPOSITED, EXIT_ANNOUNCED].map(Value::from).to_vec();
    logs_body(contract, vec![Value::Array(events), topic_of(sender).into()], blocks)
}

/// Reads the answer: the keys of the deposits, each once, the latest first.
///
/// # Errors
/// [`RpcError`], also if something else is in it: who finds nothing has to know that there was nothing.
pub fn parse_own(
    body: &str,
    contract: Address,
    sender: Address,
    blocks: Blocks,
) -> Result<Vec<Address>, RpcError> {
    let mut keys = Vec::new();
    let logs = parse_own_logs(body, contract, &[DEPOSITED, EXIT_ANNOUNCED], (1, sender), blocks)?;
    for log in logs.iter().rev() {
        let key = log.topics.get(2).and_then(|key| account_in(key)).ok_or(RpcError::Form)?;
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// A word that is a number of at most 128 bits.
pub(super) fn number(word: [u8; 32]) -> Option<u128> {
    let (zeros, number) = word.split_at(16);
    zeros.iter().all(|byte| *byte == 0).then(|| number.try_into().ok().map(u128::from_be_bytes))?
}

/// A number as a word.
pub(super) fn word(number: u128) -> [u8; 32] {
    let mut word = [0; 32];
    word[16..].copy_from_slice(&number.to_be_bytes());
    word
}

fn tuple(answer: &CallOutcome) -> Option<Tuple<'_>> {
    let CallOutcome::Returned(data) = answer else { return None };
    Tuple::new(data).ok()
}

fn words_of(voucher: &ProvenVoucher) -> [Arg<'static>; 6] {
    let voucher = voucher.voucher();
    [
        Arg::Address(voucher.sender),
        Arg::Address(voucher.receiver),
        Arg::Uint(voucher.epoch),
        Arg::Uint(voucher.slots.first().into()),
        Arg::Uint(voucher.slots.count().into()),
        Arg::Word(*voucher.topic.as_bytes()),
    ]
}

/// The bytes of a voucher's signature, which was read before it was proven.
fn signature_of(voucher: &ProvenVoucher) -> Vec<u8> {
    hex::decode(voucher.signature().trim_start_matches("0x")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn burns_are_those_of_the_contract_and_the_receiver() {
        let [contract, receiver, sender] = [1, 2, 3].map(|n| Address::from_bytes([n; 20]));
        assert_eq!(BURNED[2..], hex::encode(keccak256(b"Burned(address,address,address,uint64,uint256)")));
        assert_eq!(DEPOSITED[2..], hex::encode(keccak256(b"Deposited(address,address,uint256)")));
        assert_eq!(EXIT_ANNOUNCED[2..], hex::encode(keccak256(b"ExitAnnounced(address,address,uint64)")));
        let asked: Value =
            serde_json::from_str(&burns_body(contract, receiver, Blocks::up_to(12_000))).unwrap();
        let filter = &asked["params"][0];
        assert_eq!(filter["topics"], json!([BURNED, null, topic_of(receiver)]));
        assert_eq!((&filter["fromBlock"], &filter["toBlock"]), (&json!("0x7d1"), &json!("0x2ee0")));
        let event = |contract: Address, event: &str, receiver: Address| {
            json!({
                "address": contract.to_string(), "data": "0x", "blockNumber": "0x1",
                "topics": [event, topic_of(sender), topic_of(receiver)],
            })
        };
        let logs = json!({ "result": [
            event(contract, BURNED, receiver),
            event(receiver, BURNED, receiver),
            event(contract, BURNED, sender),
            event(contract, &topic_of(sender), receiver),
            json!({ "address": contract.to_string(), "data": "0x", "blockNumber": "0x1", "topics": [BURNED] }),
        ] });
        assert_eq!(parse_burns(&logs.to_string(), contract, receiver), Ok(vec![sender]));
        let refused = json!({ "error": { "message": "too many blocks" } }).to_string();
        assert!(matches!(parse_burns(&refused, contract, receiver), Err(RpcError::Node(_))));
    }
}
