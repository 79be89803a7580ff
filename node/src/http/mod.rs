//! The handlers: each reads a request, calls one use case, and writes its answer.

mod answer;
mod api;
mod blobs;
mod body;
mod burns;
pub mod connections;
mod ds;
mod extract;
mod gateway;
pub mod handshake;
mod history;
mod limit;
mod map;
mod notifications;
pub mod observe;
mod pace;
mod proxy;
mod resolver;
mod router;
mod settings;
mod share;
mod socket;
mod storage;
mod time;
pub mod well_known;

pub use router::router;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// JSON text that is written already.
fn json_text(text: String) -> Response {
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}
