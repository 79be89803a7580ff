//! What any reply of a server means: success, or whose fault it is that there is none.

use serde_json::Value;

use super::ChallengeError;
use crate::identity::ProfileError;
use crate::said::Said;
use crate::seal::json;
use crate::web::HttpResponse;

/// The longest reply that is read, in bytes, where it is no list of messages.
const MAX_REPLY: usize = 64 * 1024;

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
        /// The server's own words.
        reason: Said,
    },
    /// The server was asked too often (HTTP status 429).
    #[error("the server was asked too often; try again later")]
    Busy {
        /// In how many seconds it wants to be asked again, if it says so.
        retry_after: Option<u32>,
    },
    /// The server is overloaded or out of order: try again later.
    #[error("the server is out of order (HTTP status {0}); try again later")]
    Unavailable(u16),
    /// The reply is not what this call answers; its operator must repair it.
    #[error("the server's answer can't be understood ({0}); its operator must repair it")]
    Garbled(&'static str),
}

/// Whether a server refuses a profile because the account has replaced it: another edition of it has to be signed.
/// Servers of the deployed kind take every profile again.
pub fn is_superseded(error: &ApiError) -> bool {
    matches!(error, ApiError::Refused { reason, .. } if reason.as_str().contains("was replaced by a newer one"))
}

/// Success, or what the status and the body say.
pub(crate) fn check(reply: &HttpResponse) -> Result<(), ApiError> {
    match reply.status {
        200..=299 => Ok(()),
        401 | 403 => Err(ApiError::Unauthorized),
        404 => Err(ApiError::NoAccount),
        429 => Err(ApiError::Busy { retry_after: reply.retry_after }),
        500.. => Err(ApiError::Unavailable(reply.status)),
        status => {
            let reason = reason_of(reply);
            if reason.as_str() == "User account doesn't exist" {
                return Err(ApiError::NoAccount);
            }
            Err(ApiError::Refused { status, reason })
        }
    }
}

pub(super) fn json_of(reply: &HttpResponse) -> Option<Value> {
    if reply.body.len() > MAX_REPLY { None } else { json::parse(&reply.body) }
}

pub(super) fn json_text(reply: &HttpResponse, otherwise: &'static str) -> Result<String, ApiError> {
    match json_of(reply) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(ApiError::Garbled(otherwise)),
    }
}

/// The server's own words: `{"error":…}`, `{"message":…}`, a JSON-RPC error's message, or plain text.
pub(super) fn reason_of(reply: &HttpResponse) -> Said {
    match json_of(reply) {
        Some(value) => Said::new(words_of(&value)),
        None if reply.body.trim_start().starts_with('<') => Said::default(),
        None => Said::new(&reply.body),
    }
}

/// What a value says in words, in any of the forms in which servers put them.
pub(super) fn words_of(value: &Value) -> &str {
    // The deployed servers put the text of an exception there, which is `{}`, next to a message with words.
    let error = value.get("error").filter(|error| error.as_str() != Some("{}"));
    let error = error.or(value.get("message")).unwrap_or(value);
    error.get("message").unwrap_or(error).as_str().unwrap_or_default()
}
