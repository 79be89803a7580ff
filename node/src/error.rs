//! What goes wrong while a request is served, and the answers the reference gives then.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, ETAG, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use dm3_core::delivery::Price;
use serde_json::{Value, json};

use crate::auth::JwtError;
use crate::chain::ChainError;
use crate::history::HistoryError;
use crate::limits::TooMany;
use crate::mailbox::SubmitError;
use crate::notifications::ChannelError;
use crate::price::Unpaid;
use crate::routes::etag;
use crate::storage::StorageError;
use crate::store::{RecordKey, StoreError};

/// After how many seconds to try again what can't be done at the moment.
const TRY_AGAIN: &str = "5";

/// Why a request is refused. Status and body are the reference's where it has them.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Not the request that the route takes: 400 `Bad Request`.
    #[error("the request is malformed")]
    Malformed,
    /// No valid token for this account: 401 `Unauthorized`.
    #[error("sign in first")]
    Unauthorized,
    /// An account that the operator has blocked: 403 `{error}`.
    #[error("this account is blocked here; ask the operator of this server")]
    Blocked,
    /// 404 `Not Found`.
    #[error("not found")]
    NotFound,
    /// Nothing there: 404 without a body.
    #[error("there is none")]
    None,
    /// Another JSON-RPC method: 405 `{error}`.
    #[error("Method not allowed")]
    Method,
    /// Understood and refused: 400 `{error}`.
    #[error("{0}")]
    Refused(String),
    /// A profile that is not kept, and why: 400 `{message, error}`.
    #[error("{0}")]
    NotKept(String),
    /// Something is asked for a new account: 400 `{message, error, price}`.
    #[error("{}", priced(.0))]
    Priced(Price),
    /// JSON of another form than the route takes: 400 with the text.
    #[error("invalid schema")]
    Schema,
    /// Understood and refused: 400 with the text.
    #[error("{0}")]
    RefusedText(&'static str),
    /// A conditional write of another version than is stored (0: none): 412 `{error, version}` and the `ETag`.
    #[error("another version is stored; read it first")]
    Precondition(u64),
    /// History that is not written or read.
    #[error(transparent)]
    History(HistoryError),
    /// The account would have more than it may: 507 `{error}`.
    #[error("{0}")]
    Full(String),
    /// A name that leads nowhere: 400 `{message}`.
    #[error("could not get profile for {0}. Unable to resolve address")]
    Unresolvable(String),
    /// A question that the name gateway does not answer: 400 `{message}`.
    #[error("{0}")]
    Gateway(String),
    /// A message that is not taken.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// More than is allowed: 429 `{error}`, with the header `Retry-After`.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Another host doesn't give what it was asked for: 502 `{error}`.
    #[error("{0}")]
    Upstream(String),
    /// The database or the chain can't be reached, or a value can't be written: 503 `{error}`.
    #[error("the server can't do this at the moment; try again later")]
    Unavailable,
}

/// What is asked for, in words for clients that know no prices.
const fn priced(price: &Price) -> &'static str {
    match price {
        Price::Invitation => "this server takes new accounts by invitation: a code of its operator is needed",
        Price::Work(_) => "this server takes new accounts of devices that have computed for it; use a newer client",
        Price::Closed => "this server takes no new accounts; try another one",
    }
}

impl From<Unpaid> for ApiError {
    fn from(Unpaid(price): Unpaid) -> Self {
        Self::Priced(price)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "request failed");
        Self::Unavailable
    }
}

impl From<ChainError> for ApiError {
    fn from(error: ChainError) -> Self {
        tracing::warn!(%error, "request failed");
        Self::Unavailable
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Schema => Self::Schema,
            StorageError::Full => Self::Full(error.to_string()),
            StorageError::Store(error) => error.into(),
        }
    }
}

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Store(error) => error.into(),
            HistoryError::Full => Self::Full(error.to_string()),
            error => Self::History(error),
        }
    }
}

impl From<ChannelError> for ApiError {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Store(error) => error.into(),
            ChannelError::Busy => Self::Unavailable,
            ChannelError::Limited(error) => Self::TooMany(error),
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        tracing::error!(%error, "an answer can't be written");
        Self::Unavailable
    }
}

impl From<JwtError> for ApiError {
    fn from(error: JwtError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let plain =
            |status: StatusCode| (status, status.canonical_reason().unwrap_or_default()).into_response();
        let error = |status, text: String| (status, Json(json!({ "error": text }))).into_response();
        let html = |text: String| {
            (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
        };
        let text = self.to_string();
        match self {
            Self::Malformed => plain(StatusCode::BAD_REQUEST),
            Self::Unauthorized => plain(StatusCode::UNAUTHORIZED),
            Self::Blocked => error(StatusCode::FORBIDDEN, text),
            Self::NotFound => plain(StatusCode::NOT_FOUND),
            Self::None => StatusCode::NOT_FOUND.into_response(),
            Self::Method => error(StatusCode::METHOD_NOT_ALLOWED, text),
            Self::Refused(_) => error(StatusCode::BAD_REQUEST, text),
            Self::NotKept(_) => {
                let body = Json(json!({ "message": "Couldn't store profile", "error": text }));
                (StatusCode::BAD_REQUEST, body).into_response()
            }
            Self::Priced(price) => {
                let body = json!({ "message": "Couldn't store profile", "error": text, "price": price.to_json() });
                (StatusCode::BAD_REQUEST, Json(body)).into_response()
            }
            Self::TooMany(TooMany { retry_after }) => {
                let wait = [(RETRY_AFTER, retry_after.to_string())];
                (wait, error(StatusCode::TOO_MANY_REQUESTS, text)).into_response()
            }
            Self::Upstream(_) => error(StatusCode::BAD_GATEWAY, text),
            Self::Unresolvable(_) | Self::Gateway(_) => {
                (StatusCode::BAD_REQUEST, Json(json!({ "message": text }))).into_response()
            }
            Self::Submit(SubmitError::Missing | SubmitError::Json) => html(text),
            Self::Schema | Self::RefusedText(_) => html(text),
            Self::Full(_) => error(StatusCode::INSUFFICIENT_STORAGE, text),
            Self::Precondition(version) => {
                let tag = (version > 0).then(|| [(ETAG, etag(version))]);
                let body = Json(json!({ "error": text, "version": version }));
                (StatusCode::PRECONDITION_FAILED, tag, body).into_response()
            }
            Self::Submit(SubmitError::TooMany(too_many)) => Self::TooMany(too_many).into_response(),
            Self::History(HistoryError::Conflict(conflicts)) => {
                let stored = |(key, version): (RecordKey, u64)| json!({ "conversation": key.conversation, "id": key.id, "version": version });
                let conflicts: Vec<Value> = conflicts.into_iter().map(stored).collect();
                let body = Json(json!({ "error": text, "conflicts": conflicts }));
                (StatusCode::CONFLICT, body).into_response()
            }
            Self::History(HistoryError::Unconditional) => error(StatusCode::PRECONDITION_REQUIRED, text),
            Self::History(HistoryError::TooLarge) => error(StatusCode::PAYLOAD_TOO_LARGE, text),
            Self::History(HistoryError::Absent) => error(StatusCode::NOT_FOUND, text),
            Self::History(_) => error(StatusCode::BAD_REQUEST, text),
            Self::Submit(SubmitError::Schema) => error(StatusCode::BAD_REQUEST, text),
            Self::Submit(SubmitError::Unavailable | SubmitError::Undetermined) | Self::Unavailable => {
                ([(RETRY_AFTER, TRY_AGAIN)], error(StatusCode::SERVICE_UNAVAILABLE, text)).into_response()
            }
            // Not for good, so no 4xx; the body says why.
            Self::Submit(SubmitError::MailboxFull | SubmitError::NoRoom) => {
                error(StatusCode::INSUFFICIENT_STORAGE, text)
            }
            Self::Submit(_) => StatusCode::BAD_REQUEST.into_response(),
        }
    }
}
