//! What anybody may ask a delivery service without an account there: JSON-RPC over HTTP.
//!
//! The deployed servers speak it in their own way: success is the text `OK`, results are JSON within JSON, and
//! errors are HTTP statuses. The specification's form is understood as well.

use serde_json::Value;

use super::reply::{ApiError, check, json_of, reason_of, words_of};
use super::{ProfileExtension, SpamRule};
use crate::deposit::SignedVoucher;
use crate::identity::EnsName;
use crate::message::Envelope;
use crate::said::Said;
use crate::seal::json::{self, canonical, object};
use crate::web::{BaseUrl, HttpRequest, HttpResponse, HttpUrl, SessionToken};

/// Why an envelope was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The receiver's rules against spam are not met (-32010).
    #[error("the receiver's rules against spam don't let this message through")]
    Spam,
    /// Larger than the delivery service takes (-32011, HTTP 413).
    #[error("the message is larger than the receiver's delivery service accepts; shorten it")]
    TooLarge,
    /// The delivery service does not know the receiver (-32001).
    #[error("the receiver is not registered at this delivery service")]
    UnknownReceiver,
    /// What we sent is not what the server expects; in its words. This program or the server must be repaired.
    #[error("the receiver's delivery service does not understand this message: {0}")]
    Malformed(Said),
    /// Refused.
    #[error("the receiver's delivery service refuses the message: {0}")]
    Rejected(Said),
    /// HTTP 400 and no reason that is known (-32007). The deployed servers give none for most of what they refuse – an
    /// unknown receiver, an envelope they can't open, one that is too large – and none where they themselves fail.
    #[error("the receiver's delivery service does not take the message and does not say why: {0}")]
    Unexplained(Said),
    /// There is no delivery service at this address, or none that takes messages in this way.
    #[error("there is no delivery service at the address the receiver names")]
    NotThere,
    /// Asked too often: try again later.
    #[error("the receiver's delivery service has too much to do; it will be tried again")]
    Busy {
        /// In how many seconds it wants to be asked again, if it says so.
        retry_after: Option<u32>,
    },
    /// Overloaded or out of order: try again later.
    #[error("the receiver's delivery service is out of order (HTTP status {0}); it will be tried again")]
    Unavailable(u16),
}

/// Hands an envelope to a delivery service of its receiver. Needs no login.
pub fn submit(delivery_service: &BaseUrl, envelope: &Envelope) -> HttpRequest {
    rpc(delivery_service, "dm3_submitMessage", vec![envelope.to_canonical().into()])
}

/// The same, with a voucher for a receiver who demands a deposit. It stands beside the envelope, as another parameter:
/// the envelope itself can have no more members, and a delivery service that knows no such rule does not look at it.
pub fn submit_with(delivery_service: &BaseUrl, envelope: &Envelope, voucher: &SignedVoucher) -> HttpRequest {
    submit_beside(delivery_service, envelope, Some(&voucher.to_json()))
}

/// The same with a voucher as it stands in a message, if one does.
pub fn submit_beside(
    delivery_service: &BaseUrl,
    envelope: &Envelope,
    voucher: Option<&Value>,
) -> HttpRequest {
    let beside = voucher.map(|voucher| canonical(voucher).into());
    let params = [envelope.to_canonical().into()].into_iter().chain(beside).collect();
    rpc(delivery_service, "dm3_submitMessage", params)
}

/// The rule that a message did not meet, if the reply to [`submit`] says so (-32010) and tells which: what a sender has
/// to have before they try again.
pub fn unmet_rule(reply: &HttpResponse) -> Option<SpamRule> {
    rule_in(json_of(reply)?.get("error")?)
}

/// The same, of the reply to [`submit_through`].
pub fn unmet_rule_through(reply: &HttpResponse) -> Option<SpamRule> {
    rule_in(json_of(reply)?.get("failed")?.get(0)?.get("error")?)
}

fn rule_in(error: &Value) -> Option<SpamRule> {
    let is_spam = error.get("code").and_then(Value::as_i64) == Some(-32010);
    is_spam.then(|| error.get("data").and_then(SpamRule::from_json))?
}

/// Reads the reply to [`submit`]. HTTP status 200 means success, whatever else stands there, unless it
/// is an error in the sense of JSON-RPC.
pub fn parse_submitted(reply: &HttpResponse) -> Result<(), SubmitError> {
    if let Some(error) =
        json_of(reply).as_ref().and_then(|value| value.get("error")).filter(|e| e.is_object())
    {
        return Err(of_rpc_error(error, reply));
    }
    match reply.status {
        200..=299 => Ok(()),
        413 => Err(SubmitError::TooLarge),
        404 | 405 => Err(SubmitError::NotThere),
        429 => Err(SubmitError::Busy { retry_after: reply.retry_after }),
        500.. => Err(SubmitError::Unavailable(reply.status)),
        status => Err(match of_words(reason_of(reply)) {
            SubmitError::Rejected(words) if status == 400 => SubmitError::Unexplained(words),
            error => error,
        }),
    }
}

/// Hands an envelope to a delivery service through the proxy of a node ([`super::Proxies::message`]) at which the
/// account is logged in. The envelope is sealed: the node learns no more than the delivery service does.
pub fn submit_through(
    proxy: &HttpUrl,
    token: &SessionToken,
    delivery_service: &EnsName,
    envelope: &Envelope,
) -> HttpRequest {
    submit_through_beside(proxy, token, delivery_service, envelope, None)
}

/// The same, with a voucher for a receiver who demands a deposit. Nodes that carry none refuse it (HTTP status 400).
pub fn submit_through_with(
    proxy: &HttpUrl,
    token: &SessionToken,
    delivery_service: &EnsName,
    envelope: &Envelope,
    voucher: &SignedVoucher,
) -> HttpRequest {
    submit_through_beside(proxy, token, delivery_service, envelope, Some(&voucher.to_json()))
}

/// The same with a voucher as it stands in a message, if one does.
pub fn submit_through_beside(
    proxy: &HttpUrl,
    token: &SessionToken,
    delivery_service: &EnsName,
    envelope: &Envelope,
    voucher: Option<&Value>,
) -> HttpRequest {
    let envelope = json::parse(&envelope.to_canonical()).unwrap_or_default();
    let mut members = vec![("deliveryService", delivery_service.as_str().into()), ("envelope", envelope)];
    members.extend(voucher.map(|voucher| (SignedVoucher::MEMBER, voucher.clone())));
    HttpRequest::post(proxy.clone(), canonical(&object(members))).with_bearer(token)
}

/// Reads the reply to [`submit_through`]: what the delivery service says. Nothing if the proxy could not ask it.
pub fn parse_submitted_through(reply: &HttpResponse) -> Option<Result<(), SubmitError>> {
    let value = json_of(reply)?;
    if matches!(reply.status, 200..=299) {
        return value.get("deliveryService")?.as_str().map(|_| Ok(()));
    }
    let error = value.get("failed")?.get(0)?.get("error").filter(|error| error.is_object())?;
    match of_rpc_error(error, reply) {
        SubmitError::Unavailable(_) => None,
        error => Some(Err(error)),
    }
}

/// The codes of the specification's appendix and of JSON-RPC 2.0 §5.1.
fn of_rpc_error(error: &Value, reply: &HttpResponse) -> SubmitError {
    let words = Said::new(words_of(error));
    match error.get("code").and_then(Value::as_i64) {
        Some(-32010) => SubmitError::Spam,
        Some(-32011) => SubmitError::TooLarge,
        Some(-32001) => SubmitError::UnknownReceiver,
        Some(-32005) => SubmitError::Busy { retry_after: reply.retry_after },
        Some(-32002 | -32603) => SubmitError::Unavailable(reply.status),
        Some(-32004 | -32601) => SubmitError::NotThere,
        Some(-32007) => SubmitError::Unexplained(words),
        Some(-32700 | -32600 | -32602 | -32000 | -32006) => SubmitError::Malformed(words),
        _ => SubmitError::Rejected(words),
    }
}

/// The deployed servers' words about envelopes they can't read; for everything else they have none.
fn of_words(words: Said) -> SubmitError {
    match words.as_str() {
        "Envelop missing" | "Error parsing envelop" | "invalid schema" => SubmitError::Malformed(words),
        _ => SubmitError::Rejected(words),
    }
}

/// Reads the answer to an envelope that was submitted over a socket:
/// `[{"response":"success"}]` or `[{"error":…}]`, as they stand in [`super::socket_io::Packet::Ack`].
pub fn parse_submitted_ack(args: &[Value]) -> Result<(), SubmitError> {
    match args.first() {
        Some(answer) if answer.get("response").and_then(Value::as_str) == Some("success") => Ok(()),
        Some(answer) => Err(of_words(Said::new(words_of(answer)))),
        None => Err(SubmitError::Rejected(Said::default())),
    }
}

/// What a delivery service says about itself. Nothing else of its answer is kept: on deployed servers it
/// includes the operator's passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Properties {
    /// The largest envelope it takes, in bytes of canonical JSON; `None` if it doesn't say.
    pub size_limit: Option<u64>,
    /// How long it keeps what nobody picks up.
    pub retention: Retention,
}

/// How long a delivery service keeps what nobody picks up (`messageTTL`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// It says nothing about it.
    Unstated,
    /// For ever, as far as it says.
    Unlimited,
    /// Not for ever; but how long can't be said, as the number stands for days in the specification, for
    /// milliseconds in the deployed code and for seconds in its set-up tool.
    Unknown {
        /// The number, of an unknown unit.
        stated: u64,
    },
}

/// Asks a delivery service about itself.
pub fn get_properties(delivery_service: &BaseUrl) -> HttpRequest {
    rpc(delivery_service, "dm3_getDeliveryServiceProperties", Vec::new())
}

/// Puts [`get_properties`] or [`get_profile_extension`] to a delivery service through the proxy of a node
/// ([`super::Proxies::service`]), which answers as the service would.
pub fn ask_through(proxy: &HttpUrl, service: &EnsName, question: &HttpRequest) -> HttpRequest {
    let question = question.body.as_deref().and_then(json::parse).unwrap_or_default();
    let body = object(vec![("deliveryService", service.as_str().into()), ("question", question)]);
    HttpRequest::post(proxy.clone(), canonical(&body))
}

/// Reads the reply to [`get_properties`].
pub fn parse_properties(reply: &HttpResponse) -> Result<Properties, ApiError> {
    let result = rpc_result(reply)?;
    let size_limit = result.get("sizeLimit").and_then(Value::as_u64).filter(|limit| *limit > 0);
    let retention = match result.get("messageTTL") {
        None => Retention::Unstated,
        Some(ttl) => match ttl.as_f64() {
            Some(stated) if stated > 0.0 => Retention::Unknown { stated: stated as u64 },
            Some(_) => Retention::Unlimited,
            None if ttl.is_null() => Retention::Unlimited,
            None => Retention::Unstated,
        },
    };
    Ok(Properties { size_limit, retention })
}

/// Asks a delivery service what a receiver can read and demands.
pub fn get_profile_extension(delivery_service: &BaseUrl, receiver: &EnsName) -> HttpRequest {
    rpc(delivery_service, "dm3_getProfileExtension", vec![receiver.as_str().into()])
}

/// Reads the reply to [`get_profile_extension`].
pub fn parse_profile_extension(reply: &HttpResponse) -> Result<ProfileExtension, ApiError> {
    match rpc_result(reply)? {
        Value::Object(result) => Ok(ProfileExtension::from_json(result)),
        _ => Err(ApiError::Garbled("no result")),
    }
}

fn rpc(delivery_service: &BaseUrl, method: &str, params: Vec<Value>) -> HttpRequest {
    let body = object(vec![
        ("jsonrpc", "2.0".into()),
        ("id", 1.into()),
        ("method", method.into()),
        ("params", Value::Array(params)),
    ]);
    HttpRequest::post(delivery_service.join(&["rpc"]), canonical(&body))
}

/// The result of a JSON-RPC call: an object, bare or as JSON text.
fn rpc_result(reply: &HttpResponse) -> Result<Value, ApiError> {
    check(reply)?;
    let value = json_of(reply).ok_or(ApiError::Garbled("no JSON"))?;
    let result = match value.get("result") {
        Some(Value::String(text)) => json::parse(text),
        Some(object) => Some(object.clone()),
        None if value.get("error").is_some() => {
            return Err(ApiError::Refused { status: reply.status, reason: reason_of(reply) });
        }
        None => None,
    };
    result.filter(Value::is_object).ok_or(ApiError::Garbled("no result"))
}
