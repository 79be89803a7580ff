//! Reading the chain through the configured Ethereum node, whose address may hold an access key: neither the
//! address nor anything that the node says in its own words is passed on.

use futures_util::future::join_all;
use serde_json::{Map, Value, json};

use super::digits::is_hex;
use super::{Proxies, logs};
use crate::limits::Payer;

/// The most calls in one request.
pub const MAX_BATCH: usize = 20;
/// The longest data of one call, in bytes of text.
const MAX_DATA: usize = 64 * 1024;
/// The largest answer to one call, in bytes.
const MAX_ANSWER: usize = 1_000_000;
/// The longest id that is echoed, in bytes.
const MAX_ID: usize = 100;
/// The members of a call's object: a question needs no more.
const CALL_MEMBERS: [&str; 6] = ["to", "data", "input", "from", "value", "gas"];
const BLOCKS: [&str; 5] = ["latest", "safe", "finalized", "earliest", "pending"];

/// Why a whole request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EthereumError {
    /// Neither a call nor a list of calls.
    #[error("the body is neither a JSON-RPC request nor a list of them")]
    Form,
    /// A list that is empty or too long.
    #[error("a list holds between 1 and {MAX_BATCH} requests")]
    Batch,
}

/// Why one call is not made or brings no result, as JSON-RPC 2.0 and EIP-1474 number it.
struct CallError {
    code: i64,
    message: &'static str,
    data: Option<String>,
}

impl CallError {
    const fn new(code: i64, message: &'static str) -> Self {
        Self { code, message, data: None }
    }

    fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(data) = &self.data {
            error["data"] = data.as_str().into();
        }
        error
    }
}

/// The calls of a request: how many turns it takes.
///
/// # Errors
/// [`EthereumError`].
pub fn calls(request: &Value) -> Result<&[Value], EthereumError> {
    match request {
        Value::Object(_) => Ok(std::slice::from_ref(request)),
        Value::Array(calls) if (1..=MAX_BATCH).contains(&calls.len()) => Ok(calls),
        Value::Array(_) => Err(EthereumError::Batch),
        _ => Err(EthereumError::Form),
    }
}

impl Proxies {
    /// Answers a JSON-RPC request or a list of them, each call by itself.
    ///
    /// # Errors
    /// [`EthereumError`] if there is nothing to answer; what is wrong with a call is said in its answer.
    pub async fn ethereum(&self, request: &Value) -> Result<Value, EthereumError> {
        let mut answers = join_all(calls(request)?.iter().map(|call| self.call(call))).await;
        Ok(match request {
            Value::Array(_) => Value::Array(answers),
            _ => answers.pop().unwrap_or_default(),
        })
    }

    async fn call(&self, call: &Value) -> Value {
        let id = match call.get("id") {
            Some(id @ Value::Number(_)) => id.clone(),
            Some(Value::String(id)) if id.len() <= MAX_ID => id.as_str().into(),
            _ => Value::Null,
        };
        let result = match checked(call) {
            Ok((method, params)) => self.ask(method, params).await,
            Err(error) => Err(error),
        };
        match result {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error.to_json() }),
        }
    }

    async fn ask(&self, method: &str, params: Vec<Value>) -> Result<Value, CallError> {
        const AWAY: CallError = CallError::new(-32002, "the Ethereum node can't be asked; try again later");
        let _place = self.waiting.enter(&Payer::current(), 1).map_err(|_| AWAY)?;
        // The semaphore is never closed, so waiting for a turn can't fail.
        let _turn = self.calls.acquire().await;
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let reply = self.endpoints.ask(&body.to_string(), MAX_ANSWER).await.map_err(|error| {
            tracing::warn!(%error, method, "the Ethereum node can't be asked");
            AWAY
        })?;
        let mut answer: Value = serde_json::from_str(&reply.body).map_err(|_| AWAY)?;
        match (answer.get_mut("result").map(Value::take), answer.get("error")) {
            (Some(result), None | Some(Value::Null)) => Ok(result),
            (_, Some(error)) => {
                Err(reverted(error).unwrap_or(CallError::new(-32000, "the Ethereum node refuses the call")))
            }
            (None, None) => Err(AWAY),
        }
    }
}

/// The one error that clients need in full: that a contract reverted, and with which data (CCIP-read lives on
/// it). Nodes put the data at `error.data`, some one level deeper.
fn reverted(error: &Value) -> Option<CallError> {
    let data = error.get("data");
    let found = [data, data.and_then(|d| d.get("data")), data.and_then(|d| d.get("result"))];
    let data = found.into_iter().flatten().find_map(Value::as_str).filter(|data| is_hex(data, MAX_ANSWER));
    let says_so = error.get("message").and_then(Value::as_str).is_some_and(|text| text.contains("revert"));
    let revert = data.is_some() || says_so || error.get("code").and_then(Value::as_i64) == Some(3);
    revert.then(|| CallError { code: 3, message: "execution reverted", data: data.map(str::to_owned) })
}

/// The method and the parameters of a call that may be made, put together anew.
fn checked(call: &Value) -> Result<(&'static str, Vec<Value>), CallError> {
    const INVALID: CallError = CallError::new(-32602, "invalid parameters");
    let method = call.get("method").and_then(Value::as_str);
    let method = method.ok_or(CallError::new(-32600, "not a JSON-RPC request"))?;
    let params = match call.get("params") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(params)) => params.as_slice(),
        Some(_) => return Err(INVALID),
    };
    Ok(match (method, params) {
        ("eth_chainId", []) => ("eth_chainId", Vec::new()),
        ("eth_blockNumber", []) => ("eth_blockNumber", Vec::new()),
        // Without its transactions, which may be megabytes.
        ("eth_getBlockByNumber", [number] | [number, Value::Bool(false)]) => {
            ("eth_getBlockByNumber", vec![block(number).ok_or(INVALID)?, Value::Bool(false)])
        }
        ("eth_getBalance", params) => ("eth_getBalance", of_address(params).ok_or(INVALID)?),
        ("eth_getCode", params) => ("eth_getCode", of_address(params).ok_or(INVALID)?),
        ("eth_getTransactionCount", params) => {
            ("eth_getTransactionCount", of_address(params).ok_or(INVALID)?)
        }
        ("eth_call", [call]) => ("eth_call", vec![question(call).ok_or(INVALID)?, "latest".into()]),
        ("eth_call", [call, number]) => {
            ("eth_call", vec![question(call).ok_or(INVALID)?, block(number).ok_or(INVALID)?])
        }
        ("eth_estimateGas", [call]) => ("eth_estimateGas", vec![question(call).ok_or(INVALID)?]),
        ("eth_gasPrice", []) => ("eth_gasPrice", Vec::new()),
        ("eth_getTransactionByHash", [hash]) => {
            ("eth_getTransactionByHash", vec![transaction(hash).ok_or(INVALID)?])
        }
        ("eth_getTransactionReceipt", [hash]) => {
            ("eth_getTransactionReceipt", vec![transaction(hash).ok_or(INVALID)?])
        }
        ("eth_getLogs", [filter]) => ("eth_getLogs", vec![logs::filter(filter).ok_or(INVALID)?]),
        (
            "eth_chainId"
            | "eth_blockNumber"
            | "eth_getBlockByNumber"
            | "eth_call"
            | "eth_estimateGas"
            | "eth_gasPrice"
            | "eth_getLogs"
            | "eth_getTransactionByHash"
            | "eth_getTransactionReceipt",
            _,
        ) => return Err(INVALID),
        _ => return Err(CallError::new(-32601, "this method is not offered here")),
    })
}

fn of_address(params: &[Value]) -> Option<Vec<Value>> {
    let (address, number) = match params {
        [address] => (address, "latest".into()),
        [address, number] => (address, block(number)?),
        _ => return None,
    };
    let text = address.as_str()?;
    (text.len() == 42 && is_hex(text, 42)).then(|| vec![text.into(), number])
}

fn transaction(hash: &Value) -> Option<Value> {
    let text = hash.as_str()?;
    (text.len() == 66 && is_hex(text, 66)).then(|| text.into())
}

fn block(value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    (BLOCKS.contains(&text) || (text.len() > 2 && is_hex(text, 18))).then(|| text.into())
}

fn question(call: &Value) -> Option<Value> {
    let call = call.as_object()?;
    let mut question = Map::new();
    for (member, value) in call {
        let text = value.as_str()?;
        if !CALL_MEMBERS.contains(&member.as_str()) || !is_hex(text, MAX_DATA) {
            return None;
        }
        question.insert(member.clone(), text.into());
    }
    Some(question.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "0x00000000000c2e074ec69a0dfb2997ba6c7d2e1e";

    fn code(call: &Value) -> Option<i64> {
        checked(call).err().map(|error| error.code)
    }

    #[test]
    fn reading_methods_are_passed_on_and_no_others() {
        for (method, params) in [
            ("eth_chainId", json!([])),
            ("eth_chainId", Value::Null),
            ("eth_blockNumber", json!([])),
            ("eth_getBlockByNumber", json!(["latest", false])),
            ("eth_getBalance", json!([ADDRESS, "0x10"])),
            ("eth_getCode", json!([ADDRESS])),
            ("eth_getTransactionCount", json!([ADDRESS, "finalized"])),
            ("eth_getTransactionByHash", json!([format!("0x{}", "01".repeat(32))])),
            ("eth_call", json!([{ "to": ADDRESS, "data": "0x01" }, "latest"])),
            ("eth_call", json!([{ "data": "0x6001" }, "latest"])),
            (
                "eth_getLogs",
                json!([{ "address": ADDRESS, "topics": [format!("0x{}", "01".repeat(32))], "fromBlock": "0x1", "toBlock": "0x2" }]),
            ),
        ] {
            assert_eq!(code(&json!({ "method": method, "params": params })), None, "{method}");
        }
        for method in [
            "eth_sendRawTransaction",
            "eth_newFilter",
            "eth_accounts",
            "eth_sign",
            "debug_traceCall",
            "admin_peers",
            "",
        ] {
            let call = json!({ "method": method, "params": [] });
            assert_eq!(code(&call), Some(-32601), "{method}");
        }
        assert_eq!(code(&json!({ "params": [] })), Some(-32600));
        assert_eq!(code(&json!([])), Some(-32600));
    }

    #[test]
    fn parameters_are_what_the_method_takes_and_nothing_more() {
        for (method, params) in [
            ("eth_chainId", json!([1])),
            ("eth_chainId", json!({ "a": 1 })),
            ("eth_getBlockByNumber", json!(["latest", true])),
            ("eth_getBalance", json!([])),
            ("eth_getBalance", json!(["0x1234"])),
            ("eth_getBalance", json!([ADDRESS, { "blockHash": "0x00" }])),
            ("eth_getBalance", json!([ADDRESS, "newest"])),
            ("eth_call", json!([{ "to": ADDRESS, "data": "0x01" }, "latest", { ADDRESS: { "code": "0x" } }])),
            ("eth_call", json!([{ "to": ADDRESS, "accessList": [] }, "latest"])),
            ("eth_call", json!([{ "to": ADDRESS, "blobs": "0x" }, "latest"])),
            ("eth_call", json!([{ "to": ADDRESS, "data": format!("0x{}", "00".repeat(MAX_DATA)) }])),
            ("eth_call", json!(["0x01"])),
            ("eth_getTransactionByHash", json!([ADDRESS])),
            ("eth_getTransactionByHash", json!([])),
            ("eth_getLogs", json!([])),
            ("eth_getLogs", json!([{ "address": ADDRESS }])),
        ] {
            assert_eq!(code(&json!({ "method": method, "params": params })), Some(-32602), "{params:.80}");
        }
    }

    #[test]
    fn a_list_is_bounded() {
        let call = json!({ "method": "eth_chainId" });
        assert_eq!(calls(&call).map(<[Value]>::len), Ok(1));
        assert_eq!(calls(&Value::Array(vec![call.clone(); MAX_BATCH])).map(<[Value]>::len), Ok(MAX_BATCH));
        assert_eq!(calls(&Value::Array(vec![call; MAX_BATCH + 1])), Err(EthereumError::Batch));
        assert_eq!(calls(&json!([])), Err(EthereumError::Batch));
        assert_eq!(calls(&json!("eth_chainId")), Err(EthereumError::Form));
    }

    #[test]
    fn of_the_nodes_errors_only_reverts_are_passed_on() {
        let data = |error: Value| reverted(&error).map(|error| error.data);
        assert_eq!(data(json!({ "code": 3, "message": "x", "data": "0x02" })), Some(Some("0x02".into())));
        assert_eq!(
            data(json!({ "code": -32000, "message": "x", "data": { "data": "0x02" } })),
            Some(Some("0x02".into()))
        );
        assert_eq!(data(json!({ "code": -32015, "message": "VM execution reverted" })), Some(None));
        assert_eq!(data(json!({ "code": -32000, "message": "invalid project id abc" })), None);
    }
}
