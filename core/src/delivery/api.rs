//! The calls of a delivery service and of the resolver that registers address names: requests, and what
//! the replies mean. The forms are those of the deployed servers; the published specification's are
//! understood where they differ.

use serde_json::Value;

use super::{BaseUrl, Challenge, ChallengeError, HttpRequest, HttpResponse, SessionToken};
use crate::identity::{Address, EnsName, ProfileError, SignedProfile};
use crate::message::{Envelope, MAX_ENVELOPE};
use crate::seal::json::{canonical, object};
use crate::seal::signing::SigningSecret;

/// The longest mailbox listing that is read, in bytes.
const MAX_LISTING: usize = 64 * 1024 * 1024;
/// The most envelopes of one listing that are taken; the rest is there again once these are
/// acknowledged.
const MAX_ENVELOPES: usize = 2000;
/// The longest reply of any other kind, in bytes.
const MAX_REPLY: usize = 64 * 1024;
/// The longest reason of a server that is passed on, in characters.
const MAX_REASON: usize = 200;

/// Why a server did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The session token is no longer valid: log in and repeat.
    #[error("the server wants you to log in again")]
    Unauthorized,
    /// The server has no account of this name: register the profile there.
    #[error("the server does not know this account yet; register it there")]
    NoAccount,
    /// The server holds another profile of this account: register the current one there.
    #[error("the server holds an older profile of this account; register the current one there")]
    OtherKey,
    /// The server wants something signed that is no challenge.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    /// The server holds something that is not a signed profile.
    #[error("the server returned an unusable profile: {0}")]
    Profile(#[from] ProfileError),
    /// The server refuses, with its reason if it gives one. Repeating doesn't help.
    #[error("the server refuses this (HTTP status {status}): {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's own words, or a stand-in.
        reason: String,
    },
    /// The server is overloaded or out of order: try again later.
    #[error("the server is out of order (HTTP status {0}); try again later")]
    Unavailable(u16),
    /// The reply is not what this call answers; its operator must repair it.
    #[error("the server's answer can't be understood ({0}); its operator must repair it")]
    Garbled(&'static str),
}

/// Why an envelope was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The receiver's rules against spam are not met.
    #[error("the receiver's rules against spam don't let this message through")]
    Spam,
    /// Larger than the delivery service takes.
    #[error("the message is larger than the receiver's delivery service accepts; shorten it")]
    TooLarge,
    /// Refused. The deployed servers give no reason for most of what they refuse: an unknown receiver,
    /// an envelope they can't open, one that is too large.
    #[error("the receiver's delivery service refuses the message: {0}")]
    Rejected(String),
    /// There is no delivery service at this address.
    #[error("there is no delivery service at the address the receiver names")]
    NotThere,
    /// Overloaded or out of order: try again later.
    #[error("the receiver's delivery service is out of order (HTTP status {0}); it will be tried again")]
    Unavailable(u16),
}

impl SubmitError {
    /// Whether the same envelope may be taken later.
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::NotThere)
    }
}

// ---- profiles --------------------------------------------------------------------------------------

/// Asks a server for the profile it holds of an account.
pub fn get_profile(server: &BaseUrl, account: &EnsName) -> HttpRequest {
    HttpRequest::get(server.join(&["profile", account.as_str()]))
}

/// Reads the reply to [`get_profile`]; `None` if the server has no account of this name.
pub fn parse_profile(reply: &HttpResponse) -> Result<Option<SignedProfile>, ApiError> {
    match check(reply) {
        Ok(()) => Ok(Some(SignedProfile::parse(&reply.body)?)),
        Err(ApiError::NoAccount) => Ok(None),
        // The delivery service looks the name up itself and fails in its own way.
        Err(ApiError::Refused { reason, .. }) if reason.contains("Unable to resolve") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Registers a profile at a server. Log in afterwards: the token in the reply proves nothing.
pub fn post_profile(server: &BaseUrl, account: &EnsName, profile: &SignedProfile) -> HttpRequest {
    HttpRequest::post(server.join(&["profile", account.as_str()]), profile.to_canonical())
}

/// Registers a profile under the account's address name, at the resolver (`…/resolver-handler`).
pub fn post_address(
    resolver: &BaseUrl,
    address_domain: &EnsName,
    account: Address,
    profile: &SignedProfile,
) -> HttpRequest {
    let body = object(vec![
        ("signedUserProfile", profile.to_json()),
        ("address", account.to_string().into()),
        ("subdomain", address_domain.as_str().into()),
    ]);
    HttpRequest::post(resolver.join(&["profile", "address"]), canonical(&body))
}

/// Reads the reply to [`post_profile`], [`post_address`] and [`acknowledge`]: success or not.
pub fn parse_done(reply: &HttpResponse) -> Result<(), ApiError> {
    check(reply)
}

// ---- challenge login -------------------------------------------------------------------------------

/// Asks for a login challenge.
pub fn get_challenge(server: &BaseUrl, account: &EnsName) -> HttpRequest {
    HttpRequest::get(server.join(&["auth", account.as_str()]))
}

/// Reads the reply to [`get_challenge`]. `now` in seconds since 1970.
pub fn parse_challenge(reply: &HttpResponse, account: &EnsName, now: u64) -> Result<Challenge, ApiError> {
    check(reply)?;
    Ok(Challenge::parse(&json_text(reply, "no challenge")?, account, now)?)
}

/// Answers a challenge with the profile's signing key.
pub fn answer_challenge(
    server: &BaseUrl,
    account: &EnsName,
    challenge: &Challenge,
    key: &SigningSecret,
) -> HttpRequest {
    let body =
        object(vec![("signature", challenge.sign(key).into()), ("challenge", challenge.as_str().into())]);
    HttpRequest::post(server.join(&["auth", account.as_str()]), canonical(&body))
}

/// Reads the reply to [`answer_challenge`]: the session token.
pub fn parse_token(reply: &HttpResponse) -> Result<SessionToken, ApiError> {
    match check(reply) {
        Ok(()) => SessionToken::new(&json_text(reply, "no token")?).ok_or(ApiError::Garbled("no token")),
        Err(ApiError::Refused { reason, .. }) if reason.eq_ignore_ascii_case("signature invalid") => {
            Err(ApiError::OtherKey)
        }
        Err(error) => Err(error),
    }
}

// ---- JSON-RPC --------------------------------------------------------------------------------------

fn rpc(delivery_service: &BaseUrl, method: &str, params: Vec<Value>) -> HttpRequest {
    let body = object(vec![
        ("jsonrpc", "2.0".into()),
        ("id", 1.into()),
        ("method", method.into()),
        ("params", Value::Array(params)),
    ]);
    HttpRequest::post(delivery_service.join(&["rpc"]), canonical(&body))
}

/// Hands an envelope to a delivery service of its receiver. Needs no login.
pub fn submit(delivery_service: &BaseUrl, envelope: &Envelope) -> HttpRequest {
    rpc(delivery_service, "dm3_submitMessage", vec![envelope.to_canonical().into()])
}

/// Reads the reply to [`submit`]. HTTP status 200 means success, whatever else stands there, unless it
/// is an error in the sense of JSON-RPC.
pub fn parse_submitted(reply: &HttpResponse) -> Result<(), SubmitError> {
    let rpc_error = json_of(reply).and_then(|mut value| match value.get_mut("error") {
        Some(error @ Value::Object(_)) => Some(error.take()),
        _ => None,
    });
    if let Some(error) = rpc_error {
        return Err(match error.get("code").and_then(Value::as_i64) {
            Some(-32010) => SubmitError::Spam,
            Some(-32011 | -32005) => SubmitError::TooLarge,
            Some(-32002) => SubmitError::Unavailable(reply.status),
            _ => SubmitError::Rejected(reason_of(reply)),
        });
    }
    match reply.status {
        200..=299 => Ok(()),
        413 => Err(SubmitError::TooLarge),
        404 | 405 => Err(SubmitError::NotThere),
        429 | 500.. => Err(SubmitError::Unavailable(reply.status)),
        _ => Err(SubmitError::Rejected(reason_of(reply))),
    }
}

/// What a delivery service says about itself. Its `messageTTL` is left out: specification, code and
/// set-up tool each give it in another unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Properties {
    /// The largest envelope it takes, in bytes of canonical JSON.
    pub size_limit: Option<u64>,
}

/// Asks a delivery service about itself.
pub fn get_properties(delivery_service: &BaseUrl) -> HttpRequest {
    rpc(delivery_service, "dm3_getDeliveryServiceProperties", Vec::new())
}

/// Reads the reply to [`get_properties`]. Everything else in it, which on deployed servers includes the
/// operator's passwords, is dropped.
pub fn parse_properties(reply: &HttpResponse) -> Result<Properties, ApiError> {
    let result = rpc_result(reply)?;
    let size_limit = result.get("sizeLimit").and_then(Value::as_u64).filter(|limit| *limit > 0);
    Ok(Properties { size_limit })
}

/// What a receiver can read, as its delivery service tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileExtension {
    /// The schemes the receiver prefers; empty means the default, which everybody understands.
    pub encryption_schemes: Vec<String>,
    message_types: MessageTypes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum MessageTypes {
    AllBut(Vec<String>),
    Only(Vec<String>),
}

impl ProfileExtension {
    /// Whether the receiver wants messages of this type, such as `REACTION`. `NEW` is always wanted.
    pub fn supports(&self, message_type: &str) -> bool {
        message_type == "NEW"
            || match &self.message_types {
                MessageTypes::AllBut(types) => !types.iter().any(|t| t == message_type),
                MessageTypes::Only(types) => types.iter().any(|t| t == message_type),
            }
    }
}

/// Asks a delivery service what a receiver can read.
pub fn get_profile_extension(delivery_service: &BaseUrl, receiver: &EnsName) -> HttpRequest {
    rpc(delivery_service, "dm3_getProfileExtension", vec![receiver.as_str().into()])
}

/// Reads the reply to [`get_profile_extension`].
pub fn parse_profile_extension(reply: &HttpResponse) -> Result<ProfileExtension, ApiError> {
    let result = rpc_result(reply)?;
    let list = |names: &[&str]| names.iter().find_map(|name| result.get(name)).and_then(texts);
    // The deployed default is `notSupportedMessageTypes: ["NEW"]`, which taken at its word would forbid
    // all messages; NEW must always be supported, so it says nothing.
    let message_types = match list(&["supportedMessageTypes", "supportedMesssageTypes"]) {
        Some(only) => MessageTypes::Only(only),
        None => MessageTypes::AllBut(list(&["notSupportedMessageTypes"]).unwrap_or_default()),
    };
    let encryption_schemes = list(&["encryptionScheme", "encryptionAlgorithm"]).unwrap_or_default();
    Ok(ProfileExtension { encryption_schemes, message_types })
}

/// The texts of an array, at most 32 of them.
fn texts(value: &Value) -> Option<Vec<String>> {
    Some(value.as_array()?.iter().filter_map(Value::as_str).take(32).map(str::to_owned).collect())
}

/// The result of a JSON-RPC call: an object, bare or as JSON text.
fn rpc_result(reply: &HttpResponse) -> Result<Value, ApiError> {
    check(reply)?;
    let value = json_of(reply).ok_or(ApiError::Garbled("no JSON"))?;
    let result = match value.get("result") {
        Some(Value::String(text)) => serde_json::from_str(text).ok(),
        Some(object) => Some(object.clone()),
        None if value.get("error").is_some() => {
            return Err(ApiError::Refused { status: reply.status, reason: reason_of(reply) });
        }
        None => None,
    };
    result.filter(Value::is_object).ok_or(ApiError::Garbled("no result"))
}

// ---- mailbox ---------------------------------------------------------------------------------------

/// What a mailbox holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Incoming {
    /// The envelopes, each as it came. None of them is checked yet.
    pub envelopes: Vec<Value>,
    /// How many entries are no JSON objects or too large.
    pub unreadable: usize,
    /// More than were taken: acknowledge these and ask again.
    pub more: bool,
}

/// Asks for everything in the mailbox.
pub fn get_incoming(delivery_service: &BaseUrl, account: &EnsName, token: &SessionToken) -> HttpRequest {
    let url = delivery_service.join(&["delivery", "messages", "incoming", account.as_str()]);
    HttpRequest::get(url).with_bearer(token)
}

/// Reads the reply to [`get_incoming`]. An entry that can't be read does not spoil the others.
pub fn parse_incoming(reply: &HttpResponse) -> Result<Incoming, ApiError> {
    check(reply)?;
    if reply.body.len() > MAX_LISTING {
        return Err(ApiError::Garbled("larger than 64 MiB"));
    }
    let entries = split_array(&reply.body).ok_or(ApiError::Garbled("no list"))?;
    let mut incoming = Incoming { more: entries.len() > MAX_ENVELOPES, ..Incoming::default() };
    for entry in entries.into_iter().take(MAX_ENVELOPES) {
        let value = if entry.len() > MAX_ENVELOPE { None } else { serde_json::from_str(entry).ok() };
        match value.filter(Value::is_object) {
            Some(envelope) => incoming.envelopes.push(envelope),
            None => incoming.unreadable += 1,
        }
    }
    Ok(incoming)
}

/// The elements of a JSON array as text. Whether each is JSON is not looked at: a lone surrogate or deep
/// nesting in one of them must not make the others unreadable.
fn split_array(text: &str) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let mut elements = Vec::new();
    let (mut start, mut depth, mut in_string, mut escaped) = (0, 0_usize, false, false);
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.checked_sub(1)?,
            b',' if depth == 0 => {
                elements.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if in_string || depth != 0 {
        return None;
    }
    if !elements.is_empty() || !inner[start..].trim().is_empty() {
        elements.push(&inner[start..]);
    }
    Some(elements)
}

/// Says that one envelope is safely stored and may be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The sender's name exactly as the envelope's delivery information gives it.
    pub sender: String,
    /// The hash exactly as the envelope's metadata claims it.
    pub message_hash: String,
}

/// Acknowledges envelopes. The deployed server deletes one copy for each.
pub fn acknowledge(
    delivery_service: &BaseUrl,
    account: &EnsName,
    token: &SessionToken,
    acknowledgements: &[Acknowledgement],
) -> HttpRequest {
    let list: Vec<_> = acknowledgements
        .iter()
        .map(|ack| {
            object(vec![
                ("contactAddress", ack.sender.as_str().into()),
                ("messageHash", ack.message_hash.as_str().into()),
            ])
        })
        .collect();
    let url = delivery_service.join(&["delivery", "messages", account.as_str(), "syncAcknowledgements"]);
    HttpRequest::post(url, canonical(&object(vec![("acknowledgements", Value::Array(list))])))
        .with_bearer(token)
}

// ---- replies in general ----------------------------------------------------------------------------

/// Success, or what the status and the body say.
fn check(reply: &HttpResponse) -> Result<(), ApiError> {
    match reply.status {
        200..=299 => Ok(()),
        401 | 403 => Err(ApiError::Unauthorized),
        404 => Err(ApiError::NoAccount),
        429 | 500.. => Err(ApiError::Unavailable(reply.status)),
        status => {
            let reason = reason_of(reply);
            if reason == "User account doesn't exist" {
                return Err(ApiError::NoAccount);
            }
            Err(ApiError::Refused { status, reason })
        }
    }
}

fn json_of(reply: &HttpResponse) -> Option<Value> {
    if reply.body.len() > MAX_REPLY { None } else { serde_json::from_str(&reply.body).ok() }
}

fn json_text(reply: &HttpResponse, otherwise: &'static str) -> Result<String, ApiError> {
    match json_of(reply) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(ApiError::Garbled(otherwise)),
    }
}

/// The server's own words: `{"error":…}`, `{"message":…}`, a JSON-RPC error's message, or plain text.
fn reason_of(reply: &HttpResponse) -> String {
    let text = match json_of(reply) {
        Some(value) => {
            let error = value.get("error").or(value.get("message")).unwrap_or(&value);
            error.get("message").unwrap_or(error).as_str().unwrap_or_default().to_owned()
        }
        None if reply.body.trim_start().starts_with('<') => String::new(),
        None => reply.body.clone(),
    };
    let reason: String = text.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect();
    if reason.trim().is_empty() { "no reason given".to_owned() } else { reason }
}

#[cfg(test)]
#[path = "api_tests.rs"]
mod tests;
