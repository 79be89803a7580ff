//! `eth_call` as text: the request's body, and what the answer means, reverts included.

use serde_json::Value;

use super::{CallOutcome, TransactionHash, TransactionReceipt, TransactionRequest};
use crate::identity::Address;
use crate::said::Said;
use crate::seal::json::{self, canonical, object};

/// The longest result that is read, in bytes.
const MAX_RESULT: usize = 256 * 1024;

/// Why a chain's answer can't be used. The RPC provider is to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// Not the JSON of an answer.
    #[error("the Ethereum node's answer is malformed")]
    Form,
    /// Too large to be an answer to our questions.
    #[error("the Ethereum node's answer is too large")]
    TooLarge,
    /// The node says that something went wrong, and it is no revert.
    #[error("the Ethereum node answered: {0}")]
    Node(Said),
}

/// The longest receipt that is read, in bytes: it has all that the transaction's contracts wrote to the log.
const MAX_RECEIPT: usize = 1024 * 1024;

/// The body of an `eth_call` at the latest block. Without a contract the data are code that runs once.
pub fn eth_call_body(to: Option<Address>, data: &[u8]) -> String {
    let mut call = vec![("data", format!("0x{}", hex::encode(data)).into())];
    call.extend(to.map(|to| ("to", to.to_string().into())));
    request_body("eth_call", vec![object(call), "latest".into()])
}

/// The body that asks how many transactions an account has sent, by the latest block.
pub fn transactions_body(account: Address) -> String {
    request_body("eth_getTransactionCount", vec![account.to_string().into(), "latest".into()])
}

/// The body that asks what became of a transaction.
pub fn receipt_body(hash: TransactionHash) -> String {
    request_body("eth_getTransactionReceipt", vec![hash.to_string().into()])
}

/// The most blocks that are asked for at once: what Ethereum nodes look through.
pub const MOST_BLOCKS: u64 = 10_000;

/// Blocks one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Blocks {
    /// Those up to this one.
    pub const fn up_to(last: u64) -> Self {
        Self::so_many(last, MOST_BLOCKS)
    }

    /// So many up to this one, or all there are. More than [`MOST_BLOCKS`] only some nodes look through.
    pub const fn so_many(last: u64, count: u64) -> Self {
        Self { first: last.saturating_sub(count.saturating_sub(1)), last }
    }

    /// Those before, if there are some.
    pub fn before(self) -> Option<Self> {
        self.first.checked_sub(1).map(Self::up_to)
    }

    /// The first of them.
    pub const fn first(self) -> u64 {
        self.first
    }

    pub(super) const fn contain(self, block: u64) -> bool {
        self.first <= block && block <= self.last
    }
}

/// The body that asks for the number of the latest block.
pub fn latest_block_body() -> String {
    request_body("eth_blockNumber", Vec::new())
}

/// The body that asks for a block, without its transactions.
pub fn block_body(number: u64) -> String {
    request_body("eth_getBlockByNumber", vec![format!("{number:#x}").into(), false.into()])
}

/// The body that asks how much gas a transaction of an account would take.
pub fn estimate_body(from: Address, transaction: &TransactionRequest) -> String {
    request_body("eth_estimateGas", vec![transaction.to_json(from)])
}

/// The body that asks what a unit of gas costs at the moment, in wei.
pub fn gas_price_body() -> String {
    request_body("eth_gasPrice", Vec::new())
}

/// The body that asks for events of a contract in some blocks, by their topics.
pub(super) fn logs_body(contract: Address, topics: Vec<Value>, blocks: Blocks) -> String {
    let quantity = |block: u64| Value::from(format!("{block:#x}"));
    let filter = object(vec![
        ("address", contract.to_string().into()),
        ("topics", topics.into()),
        ("fromBlock", quantity(blocks.first)),
        ("toBlock", quantity(blocks.last)),
    ]);
    request_body("eth_getLogs", vec![filter])
}

/// An account as a topic of an event.
pub(super) fn topic_of(account: Address) -> String {
    format!("0x{}{}", "0".repeat(24), hex::encode(account.as_bytes()))
}

/// The body of any call.
pub(super) fn request_body(method: &str, params: Vec<Value>) -> String {
    canonical(&object(vec![
        ("jsonrpc", "2.0".into()),
        ("id", 1.into()),
        ("method", method.into()),
        ("params", Value::Array(params)),
    ]))
}

/// Reads an answer that is a number.
///
/// # Errors
/// [`RpcError`] if it is none, or above 64 bits.
pub fn parse_quantity(body: &str) -> Result<u64, RpcError> {
    if body.len() > MAX_RESULT {
        return Err(RpcError::TooLarge);
    }
    let answer = json::parse(body).ok_or(RpcError::Form)?;
    match answer.get("result") {
        Some(result) => quantity(result).ok_or(RpcError::Form),
        None => Err(refusal(&answer)),
    }
}

/// Reads how much gas a transaction would take; nothing if it would be refused.
///
/// # Errors
/// [`RpcError`] if that is not said.
pub fn parse_estimate(body: &str) -> Result<Option<u64>, RpcError> {
    match parse_quantity(body) {
        Err(error @ RpcError::Node(_)) => match parse_eth_call(body) {
            Ok(CallOutcome::Reverted(_)) => Ok(None),
            Ok(CallOutcome::Returned(_)) | Err(_) => Err(error),
        },
        gas => gas.map(Some),
    }
}

/// Reads what became of a transaction; nothing while no block has it.
///
/// # Errors
/// [`RpcError`], also if it is about another transaction.
pub fn parse_receipt(body: &str, hash: TransactionHash) -> Result<Option<TransactionReceipt>, RpcError> {
    if body.len() > MAX_RECEIPT {
        return Err(RpcError::TooLarge);
    }
    let answer = json::parse(body).ok_or(RpcError::Form)?;
    let result = match answer.get("result") {
        None => return Err(refusal(&answer)),
        Some(Value::Null) => return Ok(None),
        Some(result) => result,
    };
    let of = result.get("transactionHash").and_then(Value::as_str).and_then(|of| of.parse().ok());
    let number = |member: &str| result.get(member).and_then(quantity).ok_or(RpcError::Form);
    let succeeded = match number("status")? {
        0 => false,
        1 => true,
        _ => return Err(RpcError::Form),
    };
    if of != Some(hash) {
        return Err(RpcError::Form);
    }
    Ok(Some(TransactionReceipt { hash, succeeded, block: number("blockNumber")? }))
}

/// Reads when a block was made, in seconds since 1970.
///
/// # Errors
/// [`RpcError`], also if there is no such block.
pub fn parse_block_time(body: &str) -> Result<u64, RpcError> {
    if body.len() > MAX_RESULT {
        return Err(RpcError::TooLarge);
    }
    let answer = json::parse(body).ok_or(RpcError::Form)?;
    match answer.get("result") {
        Some(block) => block.get("timestamp").and_then(quantity).ok_or(RpcError::Form),
        None => Err(refusal(&answer)),
    }
}

fn quantity(value: &Value) -> Option<u64> {
    let digits = value.as_str()?.strip_prefix("0x").filter(|digits| !digits.starts_with('+'))?;
    u64::from_str_radix(digits, 16).ok()
}

/// What the node says in place of a result.
fn refusal(answer: &Value) -> RpcError {
    let Some(error) = answer.get("error") else { return RpcError::Form };
    RpcError::Node(Said::new(error.get("message").and_then(Value::as_str).unwrap_or_default()))
}

/// An event that a contract told of.
pub(super) struct Log {
    pub contract: Address,
    /// As they came.
    pub topics: Vec<String>,
    pub data: Vec<u8>,
    pub block: u64,
    /// Which transaction it belongs to, if that is told.
    pub transaction: Option<TransactionHash>,
}

/// Reads the answer to an `eth_getLogs`, in its order. What is no event, or was taken back, is passed over.
///
/// # Errors
/// [`RpcError`] if there is no list.
pub(super) fn parse_logs(body: &str) -> Result<Vec<Log>, RpcError> {
    Ok(logs_in(body)?.into_iter().flatten().collect())
}

/// Reads an answer that has to be all there is, as far as that can be seen: events of this contract in these blocks, of these
/// kinds, and with the account in its place among the topics.
///
/// # Errors
/// [`RpcError`], also if there is anything else in it.
pub(super) fn parse_own_logs(
    body: &str,
    contract: Address,
    kinds: &[&str],
    (place, account): (usize, Address),
    blocks: Blocks,
) -> Result<Vec<Log>, RpcError> {
    let of = topic_of(account);
    let is_asked = |log: &Log| {
        let is_of = log.topics.get(place).is_some_and(|topic| topic.eq_ignore_ascii_case(&of));
        let is_kind = log.topics.first().is_some_and(|kind| kinds.contains(&kind.as_str()));
        log.contract == contract && is_of && is_kind && blocks.contain(log.block)
    };
    let told = logs_in(body)?.into_iter().map(|log| log.filter(is_asked));
    told.collect::<Option<_>>().ok_or(RpcError::Form)
}

fn logs_in(body: &str) -> Result<Vec<Option<Log>>, RpcError> {
    if body.len() > 4 * MAX_RESULT {
        return Err(RpcError::TooLarge);
    }
    let answer = json::parse(body).ok_or(RpcError::Form)?;
    if let Some(logs) = answer.get("result").and_then(Value::as_array) {
        return Ok(logs.iter().map(log).collect());
    }
    Err(refusal(&answer))
}

fn log(log: &Value) -> Option<Log> {
    let text = |member: &str| log.get(member)?.as_str();
    if log.get("removed").is_some_and(|removed| *removed == true) {
        return None;
    }
    let topics = log.get("topics")?.as_array()?.iter().take(4);
    Some(Log {
        contract: Address::parse_unchecked_case(text("address")?).ok()?,
        topics: topics.map(|topic| topic.as_str().map(str::to_owned)).collect::<Option<_>>()?,
        data: bytes(text("data")?).ok()?,
        block: u64::from_str_radix(text("blockNumber")?.strip_prefix("0x")?, 16).ok()?,
        transaction: text("transactionHash").and_then(|hash| hash.parse().ok()),
    })
}

/// A topic that is an account.
pub(super) fn account_in(topic: &str) -> Option<Address> {
    let address = topic.strip_prefix("0x000000000000000000000000")?;
    Address::parse_unchecked_case(&format!("0x{address}")).ok()
}

/// The body that asks for a transaction.
pub fn transaction_body(hash: TransactionHash) -> String {
    request_body("eth_getTransactionByHash", vec![hash.to_string().into()])
}

/// Reads what a transaction called with; nothing if the node does not know it.
///
/// # Errors
/// [`RpcError`], also if it is about another transaction.
pub fn parse_input(body: &str, hash: TransactionHash) -> Result<Option<Vec<u8>>, RpcError> {
    if body.len() > 4 * MAX_RESULT {
        return Err(RpcError::TooLarge);
    }
    let answer = json::parse(body).ok_or(RpcError::Form)?;
    let told = match answer.get("result") {
        None => return Err(refusal(&answer)),
        Some(Value::Null) => return Ok(None),
        Some(told) => told,
    };
    let text = |member: &str| told.get(member).and_then(Value::as_str);
    if text("hash").and_then(|of| of.parse().ok()) != Some(hash) {
        return Err(RpcError::Form);
    }
    bytes(text("input").ok_or(RpcError::Form)?).map(Some)
}

/// Reads the answer to an `eth_call`. Nodes put the revert data at `error.data`, some one level deeper.
///
/// # Errors
/// [`RpcError`] if it is neither a result nor a revert.
pub fn parse_eth_call(body: &str) -> Result<CallOutcome, RpcError> {
    if body.len() > 4 * MAX_RESULT {
        return Err(RpcError::TooLarge);
    }
    let answer = json::parse(body).ok_or(RpcError::Form)?;
    if let Some(result) = answer.get("result").and_then(Value::as_str) {
        return bytes(result).map(CallOutcome::Returned);
    }
    let error = answer.get("error").ok_or(RpcError::Form)?;
    let data = error.get("data");
    let revert = [data, data.and_then(|d| d.get("data")), data.and_then(|d| d.get("result"))];
    if let Some(data) = revert.into_iter().flatten().find_map(Value::as_str).filter(|d| d.starts_with("0x")) {
        return bytes(data).map(CallOutcome::Reverted);
    }
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
    // Code 3 is a revert; some nodes give no data for one without a reason.
    if error.get("code").and_then(Value::as_i64) == Some(3) || message.contains("revert") {
        return Ok(CallOutcome::Reverted(Vec::new()));
    }
    Err(RpcError::Node(Said::new(message)))
}

fn bytes(text: &str) -> Result<Vec<u8>, RpcError> {
    if text.len() > 2 * MAX_RESULT {
        return Err(RpcError::TooLarge);
    }
    hex::decode(text.strip_prefix("0x").ok_or(RpcError::Form)?).map_err(|_| RpcError::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_a_number_in_hex() {
        assert_eq!(parse_quantity(r#"{"result":"0x1f"}"#), Ok(31));
        for none in
            [r#"{"result":"0x"}"#, r#"{"result":"31"}"#, r#"{"result":"0x+1"}"#, r#"{"result":31}"#, "{}", ""]
        {
            assert_eq!(parse_quantity(none), Err(RpcError::Form), "{none}");
        }
        let refused = parse_quantity(r#"{"error":{"message":"not now"}}"#);
        assert_eq!(refused, Err(RpcError::Node(Said::new("not now"))));
    }

    #[test]
    fn what_a_transaction_takes_is_told_apart_from_that_it_would_be_refused() {
        assert_eq!(parse_estimate(r#"{"result":"0x5208"}"#), Ok(Some(21_000)));
        for refused in [
            r#"{"error":{"code":3,"message":"execution reverted","data":"0x"}}"#,
            r#"{"error":{"code":-32000,"message":"execution reverted"}}"#,
            r#"{"error":{"code":-32603,"message":"x","data":{"data":"0x08c379a0"}}}"#,
        ] {
            assert_eq!(parse_estimate(refused), Ok(None), "{refused}");
        }
        let failing = r#"{"error":{"code":-32005,"message":"limit exceeded"}}"#;
        assert_eq!(parse_estimate(failing), Err(RpcError::Node(Said::new("limit exceeded"))));
        for none in ["", r#"{"result":null}"#, r#"{"result":"0x"}"#, r#"{"result":21000}"#] {
            assert_eq!(parse_estimate(none), Err(RpcError::Form), "{none}");
        }
    }

    #[test]
    fn a_receipt_says_whether_the_transaction_it_is_asked_for_succeeded() {
        let hash = TransactionHash::from_bytes([7; 32]);
        let receipt = |of: TransactionHash, status: &str| {
            format!(
                r#"{{"result":{{"transactionHash":"{of}","status":"{status}","blockNumber":"0x10","logs":[]}}}}"#
            )
        };
        let read = |succeeded| Ok(Some(TransactionReceipt { hash, succeeded, block: 16 }));
        assert_eq!(parse_receipt(&receipt(hash, "0x1"), hash), read(true));
        assert_eq!(parse_receipt(&receipt(hash, "0x0"), hash), read(false));
        assert_eq!(parse_receipt(r#"{"result":null}"#, hash), Ok(None));
        let other = receipt(TransactionHash::from_bytes([8; 32]), "0x1");
        for wrong in
            [other.as_str(), &receipt(hash, "0x2"), r#"{"result":{}}"#, "{}", "", r#"{"result":"0x1"}"#]
        {
            assert_eq!(parse_receipt(wrong, hash), Err(RpcError::Form), "{wrong}");
        }
        let refused = parse_receipt(r#"{"error":{"message":"not now"}}"#, hash);
        assert_eq!(refused, Err(RpcError::Node(Said::new("not now"))));
    }

    #[test]
    fn results_and_reverts_are_told_apart() {
        assert_eq!(parse_eth_call(r#"{"result":"0x01"}"#), Ok(CallOutcome::Returned(vec![1])));
        for revert in [
            r#"{"error":{"code":3,"message":"execution reverted","data":"0x02"}}"#,
            r#"{"error":{"code":-32000,"message":"x","data":{"data":"0x02"}}}"#,
        ] {
            assert_eq!(parse_eth_call(revert), Ok(CallOutcome::Reverted(vec![2])), "{revert}");
        }
        assert_eq!(
            parse_eth_call(r#"{"error":{"code":3,"message":"execution reverted"}}"#),
            Ok(CallOutcome::Reverted(vec![]))
        );
    }

    #[test]
    fn a_failing_node_is_no_revert() {
        assert_eq!(
            parse_eth_call(r#"{"error":{"code":-32005,"message":"limit exceeded"}}"#),
            Err(RpcError::Node("limit exceeded".into()))
        );
        for text in ["", "[]", "{}", r#"{"result":7}"#, r#"{"result":"0xzz"}"#] {
            assert_eq!(parse_eth_call(text), Err(RpcError::Form), "{text}");
        }
    }
}
