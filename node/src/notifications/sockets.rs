//! Open sockets, each in the room of the account that signed in over it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderValue;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use dm3_core::identity::Address;
use serde_json::Value;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::SocketRef;
use socketioxide::handler::ConnectHandler;
use socketioxide::layer::SocketIoLayer;
use socketioxide::socket::Sid;
use socketioxide::{ParserConfig, SocketIo, TransportType};

pub use super::backlog::Linked;
use super::backlog::{Backlog, Lines};
use crate::auth::Session;
use crate::limits::{Client, Line, Payer, Place};

/// How long a connection may stay without signing in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How many packets may wait for a socket before it is closed.
const BUFFERED_PACKETS: usize = 128;

/// Who signed in over a socket; stands in its extensions.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// What the token said.
    pub session: Session,
    /// When it connected.
    pub since: Instant,
}

/// A place among the sockets that ask again and again instead of staying connected, until it is given back. Stands in the
/// extensions of the request that began the socket, which are kept for as long as that lives.
#[derive(Clone)]
pub struct Asking(Arc<Mutex<Option<Place<Client>>>>);

impl Asking {
    /// Keeps a place.
    pub fn new(place: Place<Client>) -> Self {
        Self(Arc::new(Mutex::new(Some(place))))
    }

    fn give_back(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Every open socket.
pub struct Sockets {
    sockets: SocketIo,
    lines: Lines,
}

impl Sockets {
    /// None yet, and the layer that opens them with the reference's times and limits; no frame is larger than
    /// `max_payload`.
    pub fn new(max_payload: usize) -> (SocketIoLayer, Self) {
        let (layer, sockets) = SocketIo::builder()
            .ping_interval(Duration::from_secs(25))
            .ping_timeout(Duration::from_secs(20))
            .connect_timeout(CONNECT_TIMEOUT)
            .max_buffer_size(BUFFERED_PACKETS)
            .max_payload(max_payload as u64)
            .ws_max_message_size(max_payload)
            .ws_max_frame_size(max_payload)
            // No event has binary parts, which would be kept until all that were promised have come.
            .with_parser(ParserConfig::common().max_incoming_binaries(0))
            .build_layer();
        (layer, Self { sockets, lines: Lines::default() })
    }

    /// Calls `handler` for each socket that connects to the only namespace.
    pub fn on_connect<C, T>(&self, handler: C)
    where
        C: ConnectHandler<LocalAdapter, T>,
        T: Send + Sync + 'static,
    {
        self.sockets.ns("/", handler);
    }

    /// Lets a socket hear what comes for the account that signed in over it; what waits for it takes its `place`.
    pub fn join(socket: &SocketRef, signed: SignedIn, place: Place<Payer>) {
        socket.extensions.insert(Arc::new(Backlog::new(place)));
        socket.join(room(signed.session.address));
        socket.extensions.insert(signed);
    }

    /// Notes over which connection a socket stays connected, for as long as what is given back is kept.
    pub fn link(&self, socket: Sid, line: &Line) -> Option<Linked> {
        self.lines.link(socket, line)
    }

    /// Notes how much a socket was answered that asks again and again.
    pub fn answered(&self, socket: Sid, bytes: u64) {
        let socket = self.sockets.of("/").and_then(|sockets| sockets.get_socket(socket));
        if let Some(backlog) = socket.and_then(|socket| socket.extensions.get::<Arc<Backlog>>()) {
            backlog.answered(bytes);
        }
    }

    /// All of a message that came over a socket is here.
    pub fn came(&self, socket: Sid) {
        self.lines.came(socket);
    }

    /// Whether a socket was closed here, and asks all the same.
    pub fn is_over(&self, socket: Sid) -> bool {
        self.lines.is_over(socket)
    }

    /// Gives back the places of what has left, and of asking again and again where a socket stays connected by now.
    pub fn settle(&self) {
        for socket in self.all() {
            if socket.transport_type() == TransportType::Websocket
                && let Some(asking) = socket.req_parts().extensions.get::<Asking>()
            {
                asking.give_back();
            }
            if let Some(backlog) = socket.extensions.get::<Arc<Backlog>>() {
                backlog.settle(self.lines.written(socket.id));
            }
        }
    }

    /// Sends a new message to every open socket of its receiver. Only a hint: whoever misses it finds the
    /// message in the mailbox.
    pub fn push(&self, mailbox: Address, envelope: &Value) {
        self.emit(mailbox, "message", envelope);
    }

    /// Sends an event to every open socket of an account. Never waits for a socket; one that does not keep up is
    /// closed.
    pub fn emit(&self, account: Address, event: &str, value: &Value) {
        let open = self.of(account);
        if open.is_empty() {
            return;
        }
        let bytes = (event.len() + value.to_string().len()) as u64;
        for socket in open {
            let backlog = socket.extensions.get::<Arc<Backlog>>();
            let has_room =
                backlog.is_none_or(|backlog| backlog.send(bytes, self.lines.written(socket.id)).is_ok());
            if !has_room || socket.emit(event, value).is_err() {
                tracing::debug!(sid = %socket.id, "closing a socket that does not keep up");
                self.lines.end(socket.id, true);
                // Told or not: its connection ends.
                let _ = socket.disconnect();
            }
        }
    }

    /// Closes a socket: it is told so, and has a moment to read it.
    pub fn close_one(&self, socket: SocketRef) {
        let id = socket.id;
        // Who can't be told, since too much waits, does not keep up; it may be gone already as well.
        let told = socket.disconnect().is_ok();
        self.lines.end(id, !told);
    }

    /// Whether an account has open sockets here.
    pub fn has(&self, account: Address) -> bool {
        !self.of(account).is_empty()
    }

    /// The accounts that have open sockets here.
    pub fn accounts(&self) -> BTreeSet<Address> {
        let rooms = self.all().into_iter().flat_map(|socket| socket.rooms());
        rooms.filter_map(|room| Address::parse_unchecked_case(&room).ok()).collect()
    }

    /// How many sockets are open.
    pub fn count(&self) -> usize {
        self.all().len()
    }

    /// Closes the sockets of an account whose sessions are over.
    pub fn close_of(&self, account: Address) {
        for socket in self.of(account) {
            self.close_one(socket);
        }
    }

    /// Closes the oldest sockets of an account, so that one more makes at most `most`; whether there were too many.
    pub fn make_room(&self, account: Address, most: usize) -> bool {
        let mut open = self.of(account);
        let too_many = (open.len() + 1).saturating_sub(most);
        open.sort_by_key(|socket| socket.extensions.get::<SignedIn>().map(|signed| signed.since));
        for socket in open.into_iter().take(too_many) {
            self.close_one(socket);
        }
        too_many > 0
    }

    /// Closes the sockets of an account that the program opened before which opens this one now, if their sessions have ended
    /// by `now`, in seconds since 1970. Deployed clients that sign in anew forget the one they have without closing it, and
    /// would hear everything twice. Whoever has another address or another browser is another device, and stays.
    pub fn replace_ended(&self, account: Address, newer: &SocketRef, now: u64) {
        for socket in self.of(account) {
            let signed = socket.extensions.get::<SignedIn>();
            if signed.is_some_and(|signed| signed.session.exp <= now) && program(&socket) == program(newer) {
                self.close_one(socket);
            }
        }
    }

    /// The sessions of all sockets.
    pub fn sessions(&self) -> Vec<(SocketRef, Session)> {
        let signed = |socket: SocketRef| {
            let session = socket.extensions.get::<SignedIn>()?.session;
            Some((socket, session))
        };
        self.all().into_iter().filter_map(signed).collect()
    }

    /// Closes every socket.
    pub async fn close(&self) {
        self.sockets.close().await;
    }

    /// Gone once the sockets were closed, while the last requests are still served.
    fn all(&self) -> Vec<SocketRef> {
        self.sockets.of("/").map_or_else(Vec::new, |sockets| sockets.sockets())
    }

    fn of(&self, account: Address) -> Vec<SocketRef> {
        self.sockets.of("/").map_or_else(Vec::new, |sockets| sockets.within(room(account)).sockets())
    }
}

/// What is known of the program that opened a socket.
fn program(socket: &SocketRef) -> (Option<Client>, Option<&HeaderValue>) {
    let Parts { headers, extensions, .. } = socket.req_parts();
    (extensions.get().copied(), headers.get(USER_AGENT))
}

/// The room of an account's sockets.
fn room(account: Address) -> String {
    account.to_lower_hex()
}
