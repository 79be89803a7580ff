//! The calls of a contract that holds deposits (`contracts/Deposits.sol`): what it says, and what is said to it.

use super::abi::{Arg, Tuple, encode_call};
use super::lookup::CallOutcome;
use crate::deposit::{Coverage, DoubleUse, ProvenVoucher};
use crate::identity::Address;

/// `token()`.
const TOKEN: [u8; 4] = [0xfc, 0x0c, 0x54, 0x6a];
/// `slot()`.
const SLOT: [u8; 4] = [0x1a, 0x88, 0xbc, 0x66];
/// `standing(address,address,uint64)`.
const STANDING: [u8; 4] = [0x98, 0x61, 0x80, 0xe2];
/// `burnFor((address,address,uint64,uint16,uint16,bytes32),bytes,uint256,bytes)`.
const BURN_FOR: [u8; 4] = [0x8f, 0xb0, 0x0e, 0x24];
/// `proveDoubleUse((address,…),bytes,(address,…),bytes)`.
const PROVE_DOUBLE_USE: [u8; 4] = [0xc1, 0xb0, 0x33, 0x67];

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
    let word = tuple(answer)?.word(0).ok()?;
    let (zeros, number) = word.split_at(16);
    zeros.iter().all(|byte| *byte == 0).then(|| number.try_into().ok().map(u128::from_be_bytes))?
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

/// Burns slots of a voucher for a receiver who has signed [`crate::deposit::Voucher::burn_digest`] of them.
pub fn burn_for(voucher: &ProvenVoucher, slots: [u8; 32], consent: &[u8]) -> Vec<u8> {
    let signature = signature_of(voucher);
    let [sender, receiver, epoch, first, count, topic] = words_of(voucher);
    let rest = [Arg::Bytes(&signature), Arg::Word(slots), Arg::Bytes(consent)];
    encode_call(BURN_FOR, &[[sender, receiver, epoch, first, count, topic].as_slice(), &rest].concat())
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
