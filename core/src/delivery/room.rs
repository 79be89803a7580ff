//! How much of an account a node keeps, and what gives it more.
//!
//! ```text
//! GET  …/api/history/<account>, …/ds/blobs/<account> ──▶ Used       how much there is, of how much
//! GET  …/ds/deposits/<account>/room                  ──▶ MoreRoom   what is to be at stake for how much more
//! POST …/ds/deposits/<account>/room, a voucher       ──▶ MoreRoom   until the voucher's week is over
//! ```

use serde_json::Value;

use super::price::{Price, Stake};
use super::reply::{ApiError, check, json_of};
use crate::deposit::SignedVoucher;
use crate::identity::EnsName;
use crate::seal::json::{canonical, integer};
use crate::web::{BaseUrl, HttpRequest, HttpResponse, SessionToken};

/// How much there is, of how much there can be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// How much there is.
    pub bytes: u64,
    /// How much there can be, if the node tells.
    pub of: Option<u64>,
}

/// How much room there is for what, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the history.
    pub history: u64,
    /// For sealed files.
    pub files: u64,
}

/// More room than everybody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoreRoom {
    /// How much the account has this week.
    pub has: Limits,
    /// What is to be at stake for more.
    pub stake: Stake,
    /// How much there is then.
    pub then: Limits,
}

impl MoreRoom {
    /// The account has it.
    pub fn is_given(&self) -> bool {
        self.has == self.then
    }
}

impl Used {
    /// Reads what a node says of the history, or of files.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn parse(reply: &HttpResponse) -> Result<Self, ApiError> {
        check(reply)?;
        let value = json_of(reply).ok_or(ApiError::Garbled("how much is kept"))?;
        let bytes = value.get("bytes").and_then(integer).ok_or(ApiError::Garbled("how much is kept"))?;
        Ok(Self { bytes, of: value.get("limits").and_then(|limits| integer(limits.get("bytes")?)) })
    }
}

/// Asks how much of an account is kept; `server` keeps histories, or files.
pub fn get_used(server: &BaseUrl, account: &EnsName, token: &SessionToken) -> HttpRequest {
    HttpRequest::get(server.join(&[account.as_str()])).with_bearer(token)
}

/// Asks what gives an account more room.
pub fn get_room(delivery_service: &BaseUrl, account: &EnsName, token: &SessionToken) -> HttpRequest {
    HttpRequest::get(room_of(delivery_service, account)).with_bearer(token)
}

/// Gives a node a voucher for more room.
pub fn post_room(
    delivery_service: &BaseUrl,
    account: &EnsName,
    token: &SessionToken,
    voucher: &SignedVoucher,
) -> HttpRequest {
    let body = canonical(&voucher.to_json());
    HttpRequest::post(room_of(delivery_service, account), body).with_bearer(token)
}

/// Reads the reply to [`get_room`] and [`post_room`]. Nothing where all have the same.
///
/// # Errors
/// [`ApiError`].
pub fn parse_room(reply: &HttpResponse) -> Result<Option<MoreRoom>, ApiError> {
    if reply.status == 404 {
        return Ok(None);
    }
    check(reply)?;
    let room = json_of(reply).and_then(|value| {
        let staked = value.get("staked")?;
        let Some(Price::Deposit(stake)) = Price::from_json(staked.get("price")?) else { return None };
        let (has, then) = (limits(value.get("limits")?)?, limits(staked.get("limits")?)?);
        Some(MoreRoom { has, stake: *stake, then })
    });
    room.map(Some).ok_or(ApiError::Garbled("what gives more room"))
}

fn limits(value: &Value) -> Option<Limits> {
    let number = |member: &str| integer(value.get(member)?);
    Some(Limits { history: number("historyBytes")?, files: number("fileBytes")? })
}

fn room_of(delivery_service: &BaseUrl, account: &EnsName) -> crate::web::HttpUrl {
    delivery_service.join(&["deposits", account.as_str(), "room"])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(status: u16, body: &Value) -> HttpResponse {
        HttpResponse::new(status, body.to_string())
    }

    #[test]
    fn how_much_is_kept_is_told_with_and_without_an_end() {
        let told = Used::parse(&reply(200, &json!({ "bytes": 5, "limits": { "bytes": 9, "batch": 3 } })));
        assert_eq!(told, Ok(Used { bytes: 5, of: Some(9) }));
        assert_eq!(Used::parse(&reply(200, &json!({ "bytes": 5 }))), Ok(Used { bytes: 5, of: None }));
        assert!(Used::parse(&reply(200, &json!({ "bytes": -5 }))).is_err());
        assert_eq!(Used::parse(&reply(503, &json!({}))), Err(ApiError::Unavailable(503)));
    }

    #[test]
    fn more_room_is_told_with_what_is_to_be_at_stake() {
        let address = "0x0707070707070707070707070707070707070707";
        let price = json!({
            "kind": "deposit", "chain": 1, "contract": address, "token": address, "slot": "5", "slots": 2,
            "receiver": address,
        });
        let (free, staked) =
            (json!({ "historyBytes": 5, "fileBytes": 0 }), json!({ "historyBytes": 9, "fileBytes": 7 }));
        let told = json!({ "limits": free, "staked": { "price": price, "limits": staked } });
        let room = parse_room(&reply(200, &told)).unwrap().unwrap();
        assert_eq!((room.has, room.then), (Limits { history: 5, files: 0 }, Limits { history: 9, files: 7 }));
        assert_eq!(room.stake.terms.slots, 2);
        assert!(!room.is_given());
        assert_eq!(parse_room(&reply(404, &json!({}))), Ok(None));
        let mut wrong = told.clone();
        wrong["staked"]["price"] = json!({ "kind": "closed" });
        for wrong in [wrong, json!({ "limits": free }), json!([])] {
            assert_eq!(parse_room(&reply(200, &wrong)), Err(ApiError::Garbled("what gives more room")));
        }
    }
}
