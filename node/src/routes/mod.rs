//! The handlers: each reads a request, calls one use case, and writes its answer.

pub mod api;
pub mod blobs;
mod body;
pub mod ds;
mod extract;
pub mod gateway;
pub mod history;
pub mod limit;
pub mod map;
pub mod notifications;
pub mod observe;
pub mod proxy;
pub mod resolver;
pub mod settings;
pub mod socket;
pub mod storage;
pub mod well_known;

pub use extract::Member;
pub use history::etag;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// JSON text that is written already.
fn json_text(text: String) -> Response {
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}
