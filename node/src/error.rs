//! What goes wrong while a request is served, and the answers the reference gives then.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::auth::JwtError;
use crate::chain::ChainError;
use crate::limits::TooMany;
use crate::mailbox::SubmitError;
use crate::store::StoreError;

/// Why a request is refused. Status and body are the reference's where it has them.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Not the request that the route takes: 400 `Bad Request`.
    #[error("the request is malformed")]
    Malformed,
    /// No valid token for this account: 401 `Unauthorized`.
    #[error("sign in first")]
    Unauthorized,
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
        let text = self.to_string();
        match self {
            Self::Malformed => plain(StatusCode::BAD_REQUEST),
            Self::Unauthorized => plain(StatusCode::UNAUTHORIZED),
            Self::NotFound => plain(StatusCode::NOT_FOUND),
            Self::None => StatusCode::NOT_FOUND.into_response(),
            Self::Method => error(StatusCode::METHOD_NOT_ALLOWED, text),
            Self::Refused(_) => error(StatusCode::BAD_REQUEST, text),
            Self::TooMany(TooMany { retry_after }) => {
                let wait = [(RETRY_AFTER, retry_after.to_string())];
                (wait, error(StatusCode::TOO_MANY_REQUESTS, text)).into_response()
            }
            Self::Upstream(_) => error(StatusCode::BAD_GATEWAY, text),
            Self::Unresolvable(_) | Self::Gateway(_) => {
                (StatusCode::BAD_REQUEST, Json(json!({ "message": text }))).into_response()
            }
            Self::Submit(SubmitError::Missing | SubmitError::Json) => {
                (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
            }
            Self::Submit(SubmitError::TooMany(too_many)) => Self::TooMany(too_many).into_response(),
            Self::Submit(SubmitError::Schema) => error(StatusCode::BAD_REQUEST, text),
            Self::Submit(SubmitError::Unavailable) | Self::Unavailable => {
                error(StatusCode::SERVICE_UNAVAILABLE, text)
            }
            // Not for good, so no 4xx; the body says why.
            Self::Submit(SubmitError::MailboxFull) => error(StatusCode::INSUFFICIENT_STORAGE, text),
            Self::Submit(_) => StatusCode::BAD_REQUEST.into_response(),
        }
    }
}
