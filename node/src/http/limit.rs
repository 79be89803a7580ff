//! What every request passes first.
//!
//! ```text
//! whose is it? ─▶ one of the last places: signed in, or watching? ─▶ rate ─▶ behind a proxy: a place of its own
//!      ─▶ a socket that will ask again and again: a place for it ─▶ only reads: its network's turn
//!      ─▶ body: its bytes are counted as they come ─▶ served; it pays for all that it causes
//!      ─▶ answer: its bytes are counted until they are read, and given back as they are
//! ```

use std::any::Any;
use std::sync::atomic::Ordering;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::header::{ACCESS_CONTROL_REQUEST_METHOD, CONNECTION};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use socketioxide::socket::Sid;

use super::body::{Counted, Kept, Leaving};
use super::extract::bearer;
use crate::app::{App, AppState};
use crate::cases::ApiError;
use crate::http::connections::{LastPlace, Slot};
use crate::limits::{Client, Full, Payer, Peer, Place, TooMany, reading};
use crate::machine::clock::now_seconds;
use crate::notifications::sockets::Asking;

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
    let asked = SocketRequest::of(&request);
    if asked.as_ref().and_then(|asked| asked.socket).is_some_and(|socket| app.sockets.is_over(socket)) {
        return ApiError::Malformed.into_response();
    }
    if asked.as_ref().is_some_and(SocketRequest::begins_polling) {
        let Ok(place) = app.polling.enter(&client, 1) else { return refused(&app, "polling") };
        // A socket keeps what stands beside the request that began it.
        request.extensions_mut().insert(Asking::new(place));
    }
    let payer = Payer::Client(client);
    let slot = request.extensions().get::<Slot>().cloned();
    request.extensions_mut().insert(client);
    let Ok(reserved) = app.bodies.enter(&payer, 0) else { return refused(&app, "bodies") };
    let (request, bodies) = Counted::in_request(request, reserved);
    let reading = if only_reads(&request) { Some(app.reading.of(client.widest()).await) } else { None };
    let response = payer.pays(reading::in_turn(reading, next.run(request))).await;
    if bodies.were_too_much() {
        return refused(&app, "bodies");
    }
    drop(bodies);
    if let Some(asked) = asked {
        note_socket(&app, &asked, slot.as_ref(), &response);
    }
    if let Some(slot) = slot.filter(|_| response.status() == StatusCode::SWITCHING_PROTOCOLS) {
        let Ok(place) = app.bodies.enter(&payer, 0) else { return refused(&app, "bodies") };
        slot.line().carries_messages(place);
    }
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
        Some(slot) if SocketRequest::of(request).is_some_and(|asked| asked.stays) => {
            slot.keep(place);
            Ok(None)
        }
        _ => Ok(Some(place)),
    }
}

/// A request of a socket's (Engine.IO protocol 4, handshake).
struct SocketRequest {
    /// Whether it names a socket that is known already.
    is_known: bool,
    /// The one it names.
    socket: Option<Sid>,
    /// Whether it is to stay connected, and so has a connection's place. The query alone says so, as where the socket begins;
    /// of two the first.
    stays: bool,
    /// Whether it asks what there is for the socket.
    asks: bool,
}

impl SocketRequest {
    fn of(request: &Request) -> Option<Self> {
        let uri = request.uri();
        if !uri.path().starts_with("/socket.io") {
            return None;
        }
        let member = |name: &str| uri.query()?.split('&').find_map(|part| part.strip_prefix(name));
        let named = member("sid=");
        Some(Self {
            is_known: named.is_some(),
            socket: named.and_then(|text| text.parse().ok()),
            stays: member("transport=") == Some("websocket"),
            asks: *request.method() == Method::GET,
        })
    }

    /// Whether it begins a socket that asks again and again.
    const fn begins_polling(&self) -> bool {
        !self.is_known && !self.stays
    }
}

/// Notes what has left of what waited for a socket, or over which connection it stays connected from now on.
fn note_socket(app: &App, asked: &SocketRequest, slot: Option<&Slot>, response: &Response) {
    let Some(socket) = asked.socket else { return };
    match (response.status(), slot) {
        // What is refused or sent has nothing of it.
        (StatusCode::OK, _) if asked.asks => {
            app.sockets.answered(socket, response.body().size_hint().lower())
        }
        (StatusCode::SWITCHING_PROTOCOLS, Some(slot)) => {
            slot.keep_link(app.sockets.link(socket, &slot.line()));
        }
        _ => {}
    }
}

/// Whether it is there to read, from the database or from the chain, and not to wait for something.
fn only_reads(request: &Request) -> bool {
    let path = request.uri().path();
    matches!(*request.method(), Method::GET | Method::HEAD)
        && !["/health", "/ready", "/socket.io", "/proxy"].iter().any(|others| path.starts_with(others))
}

/// Whether the request's token is one of ours; whether it still holds, its route finds out.
fn is_signed_in(app: &App, request: &Request) -> bool {
    bearer(request.headers()).is_some_and(|token| app.tokens.session(token, now_seconds()).is_ok())
}

/// The answer, whose bytes are counted until they are read.
fn answered(app: &App, payer: &Payer, response: Response, place: Option<Place<Client>>) -> Response {
    let hint = response.body().size_hint();
    let size = hint.lower();
    let bytes = match size > SMALL_ANSWER {
        true => match app.answers.enter(payer, usize::try_from(size).unwrap_or(usize::MAX)) {
            Ok(bytes) => Some(bytes),
            Err(_) => return refused(app, "answers"),
        },
        false => None,
    };
    // One whose size is not known is read in parts, and whoever reads them counts them.
    let response = match bytes.is_some() || hint.exact().is_none() {
        true => response.map(|body| Body::new(Leaving::new(body, bytes))),
        false => response,
    };
    match place {
        Some(place) => response.map(|body| Body::new(Kept::new(body, place))),
        None => response,
    }
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
