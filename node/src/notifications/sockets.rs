//! Open sockets, each in the room of the account that signed in over it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use dm3_core::identity::Address;
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::adapter::LocalAdapter;
use socketioxide::extract::SocketRef;
use socketioxide::handler::ConnectHandler;
use socketioxide::layer::SocketIoLayer;

use crate::auth::Session;

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

/// Every open socket.
pub struct Sockets(SocketIo);

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
            .build_layer();
        (layer, Self(sockets))
    }

    /// Calls `handler` for each socket that connects to the only namespace.
    pub fn on_connect<C, T>(&self, handler: C)
    where
        C: ConnectHandler<LocalAdapter, T>,
        T: Send + Sync + 'static,
    {
        self.0.ns("/", handler);
    }

    /// Lets a socket hear what comes for the account that signed in over it.
    pub fn join(socket: &SocketRef, signed: SignedIn) {
        socket.join(room(signed.session.address));
        socket.extensions.insert(signed);
    }

    /// Sends a new message to every open socket of its receiver. Only a hint: whoever misses it finds the
    /// message in the mailbox.
    pub fn push(&self, mailbox: Address, envelope: &Value) {
        self.emit(mailbox, "message", envelope);
    }

    /// Sends an event to every open socket of an account. Never waits for a socket; one that does not keep up is
    /// closed.
    pub fn emit(&self, account: Address, event: &str, value: &Value) {
        for socket in self.of(account) {
            if socket.emit(event, value).is_err() {
                tracing::debug!(sid = %socket.id, "closing a socket that does not keep up");
                // It may be gone already, which is just as good.
                let _ = socket.disconnect();
            }
        }
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
            // It may be gone already, which is just as good.
            let _ = socket.disconnect();
        }
    }

    /// Closes the oldest sockets of an account, so that one more makes at most `most`; whether there were too many.
    pub fn make_room(&self, account: Address, most: usize) -> bool {
        let mut open = self.of(account);
        let too_many = (open.len() + 1).saturating_sub(most);
        open.sort_by_key(|socket| socket.extensions.get::<SignedIn>().map(|signed| signed.since));
        for socket in open.into_iter().take(too_many) {
            let _ = socket.disconnect();
        }
        too_many > 0
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
        self.0.close().await;
    }

    /// Gone once the sockets were closed, while the last requests are still served.
    fn all(&self) -> Vec<SocketRef> {
        self.0.of("/").map_or_else(Vec::new, |sockets| sockets.sockets())
    }

    fn of(&self, account: Address) -> Vec<SocketRef> {
        self.0.of("/").map_or_else(Vec::new, |sockets| sockets.within(room(account)).sockets())
    }
}

/// The room of an account's sockets.
fn room(account: Address) -> String {
    account.to_lower_hex()
}
