//! Burns that a node brings to the chain for accounts that have no coins for it.
//!
//! ```text
//! GET  …/ds/deposits/<account>/burns ──▶ RelayedBurns   whether the node does so, and what became of those before
//! POST …/ds/deposits/<account>/burns ──▶ BurnReceipt, or a BurnFault; the same again costs nothing
//! ```

use serde_json::Value;

use super::reply::{ApiError, check, json_of};
use crate::deposit::{BurnFault, ConsentedBurn};
use crate::identity::{Address, EnsName};
use crate::seal::json::{canonical, object};
use crate::web::{BaseUrl, HttpRequest, HttpResponse, SessionToken};

/// The most receipts, and contracts, that are read.
const MAX_LIST: usize = 100;

/// Where a burn stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BurnState {
    /// It is on its way.
    Waiting,
    /// It is on the chain.
    Burned,
    /// It was in vain.
    Failed(BurnFault),
}

/// What a node says of a burn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BurnReceipt {
    /// What the receiver signed ([`crate::deposit::Burn::digest`]).
    pub id: [u8; 32],
    /// The hash of the transaction.
    pub transaction: [u8; 32],
    /// What became of it.
    pub state: BurnState,
}

/// What a node says of an account's burns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayedBurns {
    /// The contracts whose burns it brings to the chain; none if it brings none.
    pub contracts: Vec<Address>,
    /// The latest first.
    pub burns: Vec<BurnReceipt>,
}

impl BurnReceipt {
    /// As it stands in an answer.
    pub fn to_json(&self) -> Value {
        let hash = |hash: &[u8; 32]| Value::from(format!("0x{}", hex::encode(hash)));
        let mut members = vec![("id", hash(&self.id)), ("transaction", hash(&self.transaction))];
        match self.state {
            BurnState::Waiting => members.push(("state", "waiting".into())),
            BurnState::Burned => members.push(("state", "burned".into())),
            BurnState::Failed(fault) => {
                members.extend([("state", "failed".into()), ("reason", fault.code().into())]);
            }
        }
        object(members)
    }

    /// Reads it. A reason of a later version is [`BurnFault::Reverted`].
    pub fn from_json(value: &Value) -> Option<Self> {
        let hash = |member: &str| {
            let mut hash = [0; 32];
            hex::decode_to_slice(value.get(member)?.as_str()?.strip_prefix("0x")?, &mut hash).ok()?;
            Some(hash)
        };
        let state = match value.get("state")?.as_str()? {
            "waiting" => BurnState::Waiting,
            "burned" => BurnState::Burned,
            "failed" => BurnState::Failed(reason_in(value).unwrap_or(BurnFault::Reverted)),
            _ => return None,
        };
        Some(Self { id: hash("id")?, transaction: hash("transaction")?, state })
    }
}

impl RelayedBurns {
    /// As a node answers.
    pub fn to_json(&self) -> Value {
        object(vec![
            ("contracts", self.contracts.iter().map(|contract| Value::from(contract.to_string())).collect()),
            ("burns", self.burns.iter().map(BurnReceipt::to_json).collect()),
        ])
    }
}

/// Asks what a node does with burns of an account, and did.
pub fn get_burns(delivery_service: &BaseUrl, account: &EnsName, token: &SessionToken) -> HttpRequest {
    HttpRequest::get(burns_of(delivery_service, account)).with_bearer(token)
}

/// Reads the reply to [`get_burns`]. A server that knows of none brings none.
///
/// # Errors
/// [`ApiError`].
pub fn parse_burns(reply: &HttpResponse) -> Result<RelayedBurns, ApiError> {
    if reply.status == 404 {
        return Ok(RelayedBurns { contracts: Vec::new(), burns: Vec::new() });
    }
    check(reply)?;
    let value = json_of(reply).ok_or(ApiError::Garbled("no burns"))?;
    let list = |member: &str| {
        let list = value.get(member).and_then(Value::as_array).ok_or(ApiError::Garbled("no burns"))?;
        Ok::<_, ApiError>(list.iter().take(MAX_LIST))
    };
    let contract = |value: &Value| Address::parse_unchecked_case(value.as_str()?).ok();
    Ok(RelayedBurns {
        contracts: list("contracts")?.filter_map(contract).collect(),
        burns: list("burns")?.filter_map(BurnReceipt::from_json).collect(),
    })
}

/// Asks a node to bring a burn to the chain.
pub fn post_burn(
    delivery_service: &BaseUrl,
    account: &EnsName,
    token: &SessionToken,
    wish: &ConsentedBurn,
) -> HttpRequest {
    HttpRequest::post(burns_of(delivery_service, account), canonical(&wish.to_json())).with_bearer(token)
}

/// Reads the reply to [`post_burn`]: where it stands, or why it is not brought. What may be otherwise in a moment is an
/// error: then nothing was begun, or it is not known, and the same may be asked again.
///
/// # Errors
/// [`ApiError`].
pub fn parse_burn(reply: &HttpResponse) -> Result<Result<BurnReceipt, BurnFault>, ApiError> {
    if let (400 | 429, Some(fault)) = (reply.status, json_of(reply).as_ref().and_then(reason_in)) {
        return Ok(Err(fault));
    }
    check(reply)?;
    let receipt = json_of(reply).and_then(|value| BurnReceipt::from_json(&value));
    receipt.map(Ok).ok_or(ApiError::Garbled("no receipt"))
}

fn reason_in(value: &Value) -> Option<BurnFault> {
    BurnFault::from_code(value.get("reason")?.as_str()?)
}

fn burns_of(delivery_service: &BaseUrl, account: &EnsName) -> crate::web::HttpUrl {
    delivery_service.join(&["deposits", account.as_str(), "burns"])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_receipt_is_read_as_it_was_written() {
        let states = BurnFault::ALL.into_iter().map(BurnState::Failed);
        for state in states.chain([BurnState::Waiting, BurnState::Burned]) {
            let receipt = BurnReceipt { id: [1; 32], transaction: [2; 32], state };
            assert_eq!(BurnReceipt::from_json(&receipt.to_json()), Some(receipt.clone()));
            let reply = HttpResponse::new(200, receipt.to_json().to_string());
            assert_eq!(parse_burn(&reply), Ok(Ok(receipt.clone())));
            let burns = RelayedBurns { contracts: vec![Address::from_bytes([7; 20])], burns: vec![receipt] };
            assert_eq!(parse_burns(&HttpResponse::new(200, burns.to_json().to_string())), Ok(burns));
        }
        let later = json!({ "id": format!("0x{}", "01".repeat(32)), "transaction": format!("0x{}", "02".repeat(32)),
            "state": "failed", "reason": "of-a-later-version" });
        let read = BurnReceipt::from_json(&later).unwrap();
        assert_eq!(read.state, BurnState::Failed(BurnFault::Reverted));
        for strange in [json!({}), json!({ "state": "waiting", "id": "0x01" }), json!(7)] {
            assert_eq!(BurnReceipt::from_json(&strange), None);
        }
    }

    #[test]
    fn what_is_refused_is_told_from_what_is_not_known() {
        let refused = |status, reason: &str| {
            parse_burn(&HttpResponse::new(status, json!({ "error": "no", "reason": reason }).to_string()))
        };
        assert_eq!(refused(400, "burned"), Ok(Err(BurnFault::Burned)));
        assert_eq!(refused(429, "spent"), Ok(Err(BurnFault::Spent)));
        assert!(matches!(refused(400, "strange"), Err(ApiError::Refused { .. })));
        assert_eq!(refused(503, "burned"), Err(ApiError::Unavailable(503)));
        assert_eq!(
            parse_burn(&HttpResponse::new(429, String::new())),
            Err(ApiError::Busy { retry_after: None })
        );
        assert_eq!(parse_burn(&HttpResponse::new(200, "{}".into())), Err(ApiError::Garbled("no receipt")));
    }

    #[test]
    fn a_server_without_the_route_brings_no_burns() {
        let none = RelayedBurns { contracts: Vec::new(), burns: Vec::new() };
        assert_eq!(parse_burns(&HttpResponse::new(404, String::new())), Ok(none));
        assert!(parse_burns(&HttpResponse::new(200, "[]".into())).is_err());
        let (service, account) = ("https://a.example/ds".parse().unwrap(), "bob.eth".parse().unwrap());
        let request = get_burns(&service, &account, &SessionToken::new("t").unwrap());
        assert_eq!(request.url.as_str(), "https://a.example/ds/deposits/bob.eth/burns");
    }
}
