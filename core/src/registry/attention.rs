//! The calls of a contract that holds payments (`contracts/Attention.sol`): what it says, and what is said to it. And the
//! chain's clock, by which it goes.

use serde_json::Value;

use super::abi::{Arg, Tuple, encode_call};
use super::json_rpc::{Blocks, RpcError, account_in, logs_body, parse_own_logs, topic_of};
use super::lookup::CallOutcome;
use super::transaction::{TransactionHash, TransactionRequest};
use crate::attention::{DOMAIN_NAME, Payment, PaymentState};
use crate::identity::Address;
use crate::identity::typed_data::word;

/// `payments(bytes32)`.
const PAYMENTS: [u8; 4] = [0x07, 0x16, 0x32, 0x6d];
/// `offer((address,address,address,uint128,uint64,bytes32))`.
const OFFER: [u8; 4] = [0x25, 0xa2, 0x6f, 0x7b];
/// `claim((address,…),bytes32)`.
const CLAIM: [u8; 4] = [0xf6, 0xc1, 0x8d, 0x68];
/// `giveBack((address,…))`.
const GIVE_BACK: [u8; 4] = [0x24, 0x8c, 0x0b, 0x54];
/// `eip712Domain()` (ERC-5267).
const DOMAIN: [u8; 4] = [0x84, 0xb0, 0x19, 0x6e];
/// `Offered(bytes32 indexed,address indexed,address indexed,address,uint256)`.
const OFFERED: &str = "0xb5e090e24b5ba092ae60775ed9f6c9fe85d6803a425638b7854ead901ddde75f";
/// TIMESTAMP, PUSH1 0, MSTORE, PUSH1 32, PUSH1 0, RETURN.
const CLOCK: [u8; 9] = [0x42, 0x60, 0x00, 0x52, 0x60, 0x20, 0x60, 0x00, 0xf3];

/// Asks a contract for which of them it takes signatures.
pub fn domain_call() -> Vec<u8> {
    encode_call(DOMAIN, &[])
}

/// Whether it calls itself one that holds payments, on this chain at this address.
pub fn is_domain(answer: &CallOutcome, chain: u64, contract: Address) -> bool {
    let CallOutcome::Returned(data) = answer else { return false };
    let told = Tuple::new(data)
        .ok()
        .and_then(|it| Some((it.string(1).ok()?.to_owned(), it.uint(3).ok()?, it.address(4).ok()?)));
    told.is_some_and(|(name, on, at)| (name.as_str(), on, at) == (DOMAIN_NAME, chain, contract))
}

/// Code that returns the latest block's time. It goes to no contract.
pub fn clock_code() -> Vec<u8> {
    CLOCK.to_vec()
}

/// That time, in seconds since 1970; `None` if the answer is none.
pub fn clock(answer: &CallOutcome) -> Option<u64> {
    let CallOutcome::Returned(data) = answer else { return None };
    Tuple::new(data).ok()?.uint(0).ok()
}

/// Asks what is held for a payment.
pub fn payment_call(payment: &Payment) -> Vec<u8> {
    held_call(payment.id())
}

/// The same by its id.
pub fn held_call(id: [u8; 32]) -> Vec<u8> {
    encode_call(PAYMENTS, &[Arg::Word(id)])
}

/// Asks a contract's events for what a payer offered in some blocks.
pub fn own_body(contract: Address, payer: Address, blocks: Blocks) -> String {
    logs_body(contract, vec![OFFERED.into(), Value::Null, topic_of(payer).into()], blocks)
}

/// Reads the answer: the ids of the payments and the transactions that offered them, the latest first.
///
/// # Errors
/// [`RpcError`], also if something else is in it.
pub fn parse_own(
    body: &str,
    contract: Address,
    payer: Address,
    blocks: Blocks,
) -> Result<Vec<([u8; 32], TransactionHash)>, RpcError> {
    let logs = parse_own_logs(body, contract, &[OFFERED], (2, payer), blocks)?;
    let one = |log: &super::json_rpc::Log| {
        let mut id = [0; 32];
        hex::decode_to_slice(log.topics.get(1)?.strip_prefix("0x")?, &mut id).ok()?;
        log.topics.get(3).and_then(|receiver| account_in(receiver))?;
        Some((id, log.transaction?))
    };
    logs.iter().rev().map(one).collect::<Option<_>>().ok_or(RpcError::Form)
}

/// The payment of this id among what a transaction called with, wherever it stands there: a smart account's call has it inside
/// others. Its id proves it.
pub fn payment_in(
    input: &[u8],
    (chain, contract): (u64, Address),
    payer: Address,
    id: [u8; 32],
) -> Option<Payment> {
    const WORDS: usize = 6;
    let begins = word(payer.as_bytes());
    let places = input.windows(32 * WORDS).filter(|words| words.starts_with(&begins));
    let mut read = places.filter_map(|words| {
        let words = Tuple::new(words).ok()?;
        Some(Payment {
            chain,
            contract,
            payer,
            receiver: words.address(1).ok()?,
            token: words.address(2).ok()?,
            amount: super::deposits::number(words.word(3).ok()?)?,
            until: words.uint(4).ok()?,
            topic: words.word(5).ok()?,
        })
    });
    read.find(|payment| payment.id() == id)
}

/// What is; `None` if the answer is none, as that of an address without such a contract.
pub fn payment(answer: &CallOutcome) -> Option<PaymentState> {
    let CallOutcome::Returned(data) = answer else { return None };
    let answer = Tuple::new(data).ok()?;
    let (zeros, amount) = answer.word(1).ok().and_then(|word| {
        let (zeros, amount) = word.split_first_chunk::<16>()?;
        Some((*zeros, u128::from_be_bytes(amount.try_into().ok()?)))
    })?;
    if zeros != [0; 16] {
        return None;
    }
    match answer.uint(0).ok()? {
        0 => Some(PaymentState::None),
        1 => Some(PaymentState::Held(amount)),
        2 => Some(PaymentState::Done),
        _ => None,
    }
}

/// Offers it, out of an allowance of the payer's.
pub fn offer(payment: &Payment) -> TransactionRequest {
    request(payment, OFFER, &[])
}

/// Takes it for an answer of this hash: the receiver's transaction.
pub fn claim(payment: &Payment, answer: [u8; 32]) -> TransactionRequest {
    request(payment, CLAIM, &[Arg::Word(answer)])
}

/// Gives it back after its time: anybody's transaction.
pub fn give_back(payment: &Payment) -> TransactionRequest {
    request(payment, GIVE_BACK, &[])
}

fn request(payment: &Payment, selector: [u8; 4], more: &[Arg<'_>]) -> TransactionRequest {
    let words = payment.words().map(Arg::Word);
    TransactionRequest::call(payment.contract, encode_call(selector, &[&words, more].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::keccak256;

    #[test]
    fn the_event_is_the_hash_of_its_signature() {
        let event = keccak256(b"Offered(bytes32,address,address,address,uint256)");
        assert_eq!(OFFERED[2..], hex::encode(event));
    }
}
