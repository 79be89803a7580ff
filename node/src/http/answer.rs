//! What is answered when a case is not carried out: what the reference answers where it has the case.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, ETAG, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use dm3_core::deposit::BurnFault;
use serde_json::{Value, json};

use crate::cases::{ApiError, BlobError, HistoryError, Progress, SubmitError};
use crate::config::Room;
use crate::limits::TooMany;
use crate::machine::clock::seconds_to_midnight;
use crate::price::Lift;
use crate::store::RecordKey;

/// After how many seconds to try again what can't be done at the moment.
const TRY_AGAIN: &str = "5";

/// A version as an entity tag.
pub fn etag(version: u64) -> HeaderValue {
    // Digits in quotation marks are always a header's value.
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// What an account without a stake is told of more room.
fn more_room(error: String, reason: &str, lift: &Lift) -> Value {
    json!({ "error": error, "reason": reason, "price": lift.price.to_json(), "limits": room_json(lift.room) })
}

/// How much of an account is kept.
pub fn room_json(room: Room) -> Value {
    json!({ "historyBytes": room.history, "fileBytes": room.files })
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
                let body =
                    json!({ "message": "Couldn't store profile", "error": text, "price": price.to_json() });
                (StatusCode::BAD_REQUEST, Json(body)).into_response()
            }
            Self::TooMany(TooMany { retry_after }) => {
                let wait = [(RETRY_AFTER, retry_after.to_string())];
                (wait, error(StatusCode::TOO_MANY_REQUESTS, text)).into_response()
            }
            Self::Burn(fault) => {
                let body = Json(json!({ "error": text, "reason": fault.code() }));
                match fault {
                    BurnFault::Spent => {
                        let wait = [(RETRY_AFTER, seconds_to_midnight().to_string())];
                        (StatusCode::TOO_MANY_REQUESTS, wait, body).into_response()
                    }
                    _ => (StatusCode::BAD_REQUEST, body).into_response(),
                }
            }
            Self::Upstream(_) => error(StatusCode::BAD_GATEWAY, text),
            Self::Unresolvable(_) | Self::Gateway(_) => {
                (StatusCode::BAD_REQUEST, Json(json!({ "message": text }))).into_response()
            }
            Self::Submit(SubmitError::Missing | SubmitError::Json) => html(text),
            Self::Schema | Self::RefusedText(_) => html(text),
            Self::Full(_) => error(StatusCode::INSUFFICIENT_STORAGE, text),
            Self::FreeShareFull(_, lift) => {
                (StatusCode::INSUFFICIENT_STORAGE, Json(more_room(text, "free_share", &lift))).into_response()
            }
            Self::Unstaked(lift) => {
                (StatusCode::BAD_REQUEST, Json(more_room(text, "not_staked", &lift))).into_response()
            }
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
            Self::Blob(BlobError::Piece(Progress { stored, complete })) => {
                let body = Json(json!({ "error": text, "stored": stored, "complete": complete }));
                (StatusCode::CONFLICT, body).into_response()
            }
            Self::Blob(BlobError::TooLarge(_)) => error(StatusCode::PAYLOAD_TOO_LARGE, text),
            Self::Blob(_) => error(StatusCode::BAD_REQUEST, text),
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
