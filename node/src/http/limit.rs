//! What every request passes first.
//!
//! ```text
//! whose is it? ─▶ one of the last places: signed in, or watching? ─▶ rate ─▶ behind a proxy: a place of its own
//!      ─▶ a socket that will ask again and again: a place for it ─▶ only reads: its network's turn
//!      ─▶ body: its bytes are counted as they come ─▶ served; it pays for all that it causes
//!      ─▶ answer: its bytes are counted until they are read
//! ```

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::header::{ACCESS_CONTROL_REQUEST_METHOD, CONNECTION, UPGRADE};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::body::{Counted, Kept};
use super::extract::bearer;
use crate::app::{App, AppState};
use crate::cases::ApiError;
use crate::http::connections::{LastPlace, Slot};
use crate::limits::{Client, Full, Payer, Peer, Place, TooMany, reading};
use crate::machine::clock::now_seconds;

/// Answers that are smaller are not counted, in bytes.
const SMALL_ANSWER: u64 = 64 * 1024;
/// What proxies say in whom they were asked by.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Finds out whom a request comes from, and refuses it if that one asks too much.
pub async fn limit(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let client = app.config.trusted_proxies.client(request.extensions(), request.headers());
    // Whoever watches the process must see it when it is busy.
    let watches = matches!(request.uri().path(), "/health" | "/ready");
    let last_place = request.extensions().get::<LastPlace>().is_some();
    if last_place && !watches && !is_signed_in(&app, &request) {
        return closing(refused(&app, "connections"));
    }
    if !watches && let Err(error) = app.limits.request(client) {
        return too_many(&app, &request, error);
    }
    let Ok(place) = enter(&app, &request, client) else { return refused(&app, "requests") };
    if begins_polling(&request) {
        let Ok(place) = app.polling.enter(&client, 1) else { return refused(&app, "polling") };
        // A socket keeps what stands beside the request that began it.
        request.extensions_mut().insert(Arc::new(place));
    }
    let payer = Payer::Client(client);
    request.extensions_mut().insert(client);
    let Ok(reserved) = app.bodies.enter(&payer, 0) else { return refused(&app, "bodies") };
    let (request, bodies) = Counted::in_request(request, reserved);
    let reading = if only_reads(&request) { Some(app.reading.of(client.widest()).await) } else { None };
    let response = payer.pays(reading::in_turn(reading, next.run(request))).await;
    if bodies.were_too_much() {
        return refused(&app, "bodies");
    }
    drop(bodies);
    let response = answered(&app, &payer, response, place);
    if last_place { closing(response) } else { response }
}

/// Counts what browsers ask before they ask: it is answered before anything else is looked at.
pub async fn preflights(State(app): State<AppState>, request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        let client = app.config.trusted_proxies.client(request.extensions(), request.headers());
        if let Err(error) = app.limits.request(client) {
            return too_many(&app, &request, error);
        }
    }
    next.run(request).await
}

/// A request through a proxy takes a place of its client's, and what becomes of it as a socket keeps that place.
fn enter(app: &App, request: &Request, client: Client) -> Result<Option<Place<Client>>, Full> {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    if !peer.is_some_and(|peer| app.config.trusted_proxies.contains(peer)) {
        return Ok(None);
    }
    let place = app.requests.enter(&client, 1)?;
    match request.extensions().get::<Slot>() {
        Some(slot) if request.headers().contains_key(UPGRADE) => {
            slot.keep(place);
            Ok(None)
        }
        _ => Ok(Some(place)),
    }
}

/// Whether it begins a socket that asks again and again: one that is known already has an id, one that stays connected is an
/// upgrade, and has a connection's place (Engine.IO protocol 4, handshake).
fn begins_polling(request: &Request) -> bool {
    let is_known = |query: &str| query.split('&').any(|part| part.starts_with("sid="));
    request.uri().path().starts_with("/socket.io")
        && !request.headers().contains_key(UPGRADE)
        && !request.uri().query().is_some_and(is_known)
}

/// Whether it is there to read, from the database or from the chain, and not to wait for something.
fn only_reads(request: &Request) -> bool {
    let path = request.uri().path();
    matches!(*request.method(), Method::GET | Method::HEAD)
        && !request.headers().contains_key(UPGRADE)
        && !["/health", "/ready", "/socket.io", "/proxy"].iter().any(|others| path.starts_with(others))
}

/// Whether the request's token is one of ours; whether it still holds, its route finds out.
fn is_signed_in(app: &App, request: &Request) -> bool {
    bearer(request.headers()).is_some_and(|token| app.tokens.session(token, now_seconds()).is_ok())
}

/// The answer, whose bytes are counted until they are read.
fn answered(app: &App, payer: &Payer, response: Response, place: Option<Place<Client>>) -> Response {
    let size = response.body().size_hint().lower();
    let bytes = match size > SMALL_ANSWER {
        true => match app.answers.enter(payer, usize::try_from(size).unwrap_or(usize::MAX)) {
            Ok(bytes) => Some(bytes),
            Err(_) => return refused(app, "answers"),
        },
        false => None,
    };
    if bytes.is_none() && place.is_none() {
        return response;
    }
    response.map(|body| Body::new(Kept::new(body, (bytes, place))))
}

fn refused(app: &App, cause: &'static str) -> Response {
    app.metrics.refused(cause);
    ApiError::Unavailable.into_response()
}

fn too_many(app: &App, request: &Request, error: TooMany) -> Response {
    app.metrics.refused("rate");
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let untrusted = peer.filter(|peer| peer.is_loopback() && !app.config.trusted_proxies.contains(*peer));
    if let Some(peer) = untrusted
        && request.headers().contains_key(FORWARDED_FOR)
        && !app.proxy_told.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(
            "requests come through a proxy at {peer} that trusted_proxies does not name, so all clients count as one \
             and were refused just now; set trusted_proxies = \"{peer}\""
        );
    }
    ApiError::from(error).into_response()
}

fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// What a request is answered that ran into a defect of ours: the others go on.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request ran into a defect");
    ApiError::Unavailable.into_response()
}
