//! `eth_call` as text: the request's body, and what the answer means, reverts included.

use serde_json::Value;

use super::CallOutcome;
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

/// The body of an `eth_call` at the latest block. Without a contract the data are code that runs once.
pub fn eth_call_body(to: Option<Address>, data: &[u8]) -> String {
    let mut call = vec![("data", format!("0x{}", hex::encode(data)).into())];
    call.extend(to.map(|to| ("to", to.to_string().into())));
    body("eth_call", object(call))
}

/// The body that asks how many transactions an account has sent, by the latest block.
pub fn transactions_body(account: Address) -> String {
    body("eth_getTransactionCount", account.to_string().into())
}

fn body(method: &str, of: Value) -> String {
    canonical(&object(vec![
        ("jsonrpc", "2.0".into()),
        ("id", 1.into()),
        ("method", method.into()),
        ("params", Value::Array(vec![of, "latest".into()])),
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
    if let Some(result) = answer.get("result").and_then(Value::as_str) {
        let digits = result.strip_prefix("0x").filter(|digits| !digits.starts_with('+'));
        return digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or(RpcError::Form);
    }
    let error = answer.get("error").ok_or(RpcError::Form)?;
    Err(RpcError::Node(Said::new(error.get("message").and_then(Value::as_str).unwrap_or_default())))
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
