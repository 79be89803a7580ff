//! socket.io (protocol 5) over one WebSocket (engine.io 4), as a delivery service speaks it.
//!
//! ```text
//! server                         client
//! 0{"sid":…,"pingInterval":…}  ─►
//!                              ◄─ 40{"account":{"ensName":…},"token":…}
//! 40{"sid":…}, 42["authorized"] ─►          44{"message":…} if refused
//! 42["message",{envelope}]      ─►
//! 2                             ─►
//!                              ◄─ 3
//! ```
//!
//! [`SocketSession`] is fed with the frames that arrive and says what to do.

use serde_json::{Value, json};

use crate::identity::EnsName;
use crate::said::Said;
use crate::seal::json::{self, canonical, object};
use crate::web::{BaseUrl, SessionToken};

/// The longest frame that is read, in bytes. Servers announce 1,000,000 as their own limit.
const MAX_FRAME: usize = 4 * 1024 * 1024;
/// The longest silence that is waited for, in milliseconds, whatever the server announces.
const MAX_SILENCE_MS: u64 = 120_000;
/// Until the server has said otherwise: its usual ping interval and timeout, in milliseconds.
const DEFAULT_SILENCE_MS: u64 = 45_000;

/// The socket.io server that belongs to a delivery service: next to its `/ds`.
pub fn socket_base(delivery_service: &BaseUrl) -> BaseUrl {
    match delivery_service.parent_of("ds") {
        Some(origin) => origin.child("socket.io"),
        None => delivery_service.child("socket.io"),
    }
}

/// The address to open a WebSocket at, of a socket.io server such as `https://example.org/socket.io`.
pub fn websocket_url(server: &BaseUrl) -> String {
    let address = server.as_str();
    // `https` becomes `wss` and `http` becomes `ws`.
    let rest = address.strip_prefix("http").unwrap_or(address);
    format!("ws{rest}/?EIO=4&transport=websocket")
}

/// One frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Packet {
    /// The server opens the connection and says how often it pings.
    Open {
        /// Milliseconds between two pings.
        ping_interval: u64,
        /// Milliseconds after which a missing answer ends the connection.
        ping_timeout: u64,
    },
    /// The connection ends.
    Close,
    /// A sign of life is asked for.
    Ping,
    /// A sign of life.
    Pong,
    /// engine.io's filler; nothing follows from it.
    Noop,
    /// Client: joins, with its credentials. Server: accepts, with its session id.
    Connect(Value),
    /// Leaves.
    Disconnect,
    /// An event.
    Event {
        /// If given, the other side waits for [`Packet::Ack`] with this number.
        ack: Option<u64>,
        /// The event's name.
        name: String,
        /// Its arguments.
        args: Vec<Value>,
    },
    /// The answer to an event.
    Ack {
        /// The event's number.
        id: u64,
        /// The answer's arguments.
        args: Vec<Value>,
    },
    /// The server refuses, in its own words.
    ConnectError(Said),
}

/// Why a frame can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// More than 4 MiB.
    #[error("the server sent a frame of more than 4 MiB")]
    TooLarge,
    /// A packet type that doesn't exist or that dm3 doesn't use: binary, polling, other namespaces.
    #[error("the server sent a frame of an unknown kind")]
    Kind,
    /// The JSON in it is broken or of another shape.
    #[error("the server sent a broken frame")]
    Form,
}

impl Packet {
    /// Reads a text frame.
    pub fn parse(frame: &str) -> Result<Self, PacketError> {
        if frame.len() > MAX_FRAME {
            return Err(PacketError::TooLarge);
        }
        let (kind, rest) = split_first(frame)?;
        match kind {
            '0' => {
                let open = json_of(rest)?;
                let millis = |member| open.get(member).and_then(Value::as_u64).ok_or(PacketError::Form);
                Ok(Self::Open {
                    ping_interval: millis("pingInterval")?,
                    ping_timeout: millis("pingTimeout")?,
                })
            }
            '1' => Ok(Self::Close),
            '2' => Ok(Self::Ping),
            '3' => Ok(Self::Pong),
            '4' => Self::parse_message(rest),
            '6' => Ok(Self::Noop),
            _ => Err(PacketError::Kind),
        }
    }

    fn parse_message(message: &str) -> Result<Self, PacketError> {
        let (kind, rest) = split_first(message)?;
        if rest.starts_with('/') {
            return Err(PacketError::Kind);
        }
        match kind {
            '0' if rest.is_empty() => Ok(Self::Connect(Value::Null)),
            '0' => Ok(Self::Connect(json_of(rest)?)),
            '1' => Ok(Self::Disconnect),
            '2' => {
                let (ack, mut args) = numbered_array(rest)?;
                if args.is_empty() {
                    return Err(PacketError::Form);
                }
                let Value::String(name) = args.remove(0) else { return Err(PacketError::Form) };
                Ok(Self::Event { ack, name, args })
            }
            '3' => {
                let (id, args) = numbered_array(rest)?;
                Ok(Self::Ack { id: id.ok_or(PacketError::Form)?, args })
            }
            '4' => {
                let error = json_of(rest)?;
                let text =
                    error.get("message").and_then(Value::as_str).or(error.as_str()).unwrap_or_default();
                Ok(Self::ConnectError(Said::new(text)))
            }
            _ => Err(PacketError::Kind),
        }
    }

    /// The text frame.
    pub fn to_frame(&self) -> String {
        match self {
            Self::Open { ping_interval, ping_timeout } => {
                format!("0{}", json!({ "pingInterval": ping_interval, "pingTimeout": ping_timeout }))
            }
            Self::Close => "1".to_owned(),
            Self::Ping => "2".to_owned(),
            Self::Pong => "3".to_owned(),
            Self::Noop => "6".to_owned(),
            Self::Connect(Value::Null) => "40".to_owned(),
            Self::Connect(auth) => format!("40{auth}"),
            Self::Disconnect => "41".to_owned(),
            Self::Event { ack, name, args } => {
                let mut array = vec![Value::from(name.as_str())];
                array.extend(args.iter().cloned());
                let id = ack.map(|id| id.to_string()).unwrap_or_default();
                format!("42{id}{}", Value::Array(array))
            }
            Self::Ack { id, args } => format!("43{id}{}", json!(args)),
            Self::ConnectError(message) => format!("44{}", json!({ "message": message.as_str() })),
        }
    }
}

fn split_first(text: &str) -> Result<(char, &str), PacketError> {
    let mut chars = text.chars();
    let first = chars.next().ok_or(PacketError::Kind)?;
    Ok((first, chars.as_str()))
}

fn json_of(text: &str) -> Result<Value, PacketError> {
    json::parse(text).ok_or(PacketError::Form)
}

/// An array with an optional number in front: `12["name",…]`.
fn numbered_array(text: &str) -> Result<(Option<u64>, Vec<Value>), PacketError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, array) = text.split_at(digits);
    let number = if number.is_empty() { None } else { Some(number.parse().map_err(|_| PacketError::Form)?) };
    match json_of(array)? {
        Value::Array(args) => Ok((number, args)),
        _ => Err(PacketError::Form),
    }
}

/// What follows from a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum SocketEvent {
    /// Send this text frame.
    Send(String),
    /// The server knows who we are; from now on it pushes. It pushes nothing that came before.
    Authorized,
    /// The server refuses us, in its own words: log in again. The connection is of no more use.
    Unauthorized(Said),
    /// An envelope, as it came.
    Message(Value),
    /// Another device of the account has written to its history.
    History,
    /// A frame that can't be read; look into the mailbox, something may have been in it.
    Unreadable(PacketError),
    /// The server ended the connection.
    Closed,
}

/// The client's side of one connection.
#[derive(Debug)]
pub struct SocketSession {
    account: EnsName,
    token: SessionToken,
    state: State,
    silence_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Opening,
    Joining,
    Live,
    Ended,
}

impl SocketSession {
    /// A connection that was just opened at [`websocket_url`].
    pub const fn new(account: EnsName, token: SessionToken) -> Self {
        Self { account, token, state: State::Opening, silence_ms: DEFAULT_SILENCE_MS }
    }

    /// After so many milliseconds without any frame the connection is dead.
    pub const fn silence_limit_ms(&self) -> u64 {
        self.silence_ms
    }

    /// Takes a text frame of the server.
    pub fn feed(&mut self, frame: &str) -> Vec<SocketEvent> {
        if self.state == State::Ended {
            return Vec::new();
        }
        let packet = match Packet::parse(frame) {
            Ok(packet) => packet,
            Err(error) => return vec![SocketEvent::Unreadable(error)],
        };
        match packet {
            Packet::Open { ping_interval, ping_timeout } if self.state == State::Opening => {
                self.silence_ms = ping_interval.saturating_add(ping_timeout).min(MAX_SILENCE_MS);
                self.state = State::Joining;
                let auth = object(vec![
                    ("account", object(vec![("ensName", self.account.as_str().into())])),
                    ("token", self.token.expose().into()),
                ]);
                vec![SocketEvent::Send(format!("40{}", canonical(&auth)))]
            }
            Packet::Ping => vec![SocketEvent::Send("3".to_owned())],
            Packet::ConnectError(reason) => self.end(SocketEvent::Unauthorized(reason)),
            Packet::Close | Packet::Disconnect => self.end(SocketEvent::Closed),
            Packet::Event { ack, name, args } => self.event(ack, &name, args),
            Packet::Open { .. } | Packet::Pong | Packet::Noop | Packet::Connect(_) | Packet::Ack { .. } => {
                Vec::new()
            }
        }
    }

    fn event(&mut self, ack: Option<u64>, name: &str, mut args: Vec<Value>) -> Vec<SocketEvent> {
        let mut events = Vec::new();
        match (name, self.state) {
            ("authorized", State::Joining) => {
                self.state = State::Live;
                events.push(SocketEvent::Authorized);
            }
            ("unauthorized", _) => return self.end(SocketEvent::Unauthorized(Said::default())),
            ("message", State::Live) if !args.is_empty() => {
                events.push(SocketEvent::Message(args.swap_remove(0)))
            }
            ("history", State::Live) => events.push(SocketEvent::History),
            _ => {}
        }
        if let Some(id) = ack {
            events.push(SocketEvent::Send(format!("43{id}[]")));
        }
        events
    }

    fn end(&mut self, event: SocketEvent) -> Vec<SocketEvent> {
        self.state = State::Ended;
        vec![event]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OPEN: &str =
        r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

    fn session() -> SocketSession {
        SocketSession::new("alice.eth".parse().unwrap(), SessionToken::new("t").unwrap())
    }

    fn live() -> SocketSession {
        let mut session = session();
        session.feed(OPEN);
        session.feed("40{\"sid\":\"y\"}");
        assert_eq!(session.feed("42[\"authorized\"]"), [SocketEvent::Authorized]);
        session
    }

    #[test]
    fn the_socket_stands_beside_the_delivery_service() {
        for (ds, socket) in [
            ("https://a.example/ds", "wss://a.example/socket.io/?EIO=4&transport=websocket"),
            ("http://127.0.0.1:9080/ds/", "ws://127.0.0.1:9080/socket.io/?EIO=4&transport=websocket"),
            ("https://a.example", "wss://a.example/socket.io/?EIO=4&transport=websocket"),
            ("https://a.example/x/ds", "wss://a.example/x/socket.io/?EIO=4&transport=websocket"),
            ("https://a.example/roads", "wss://a.example/roads/socket.io/?EIO=4&transport=websocket"),
        ] {
            assert_eq!(websocket_url(&socket_base(&ds.parse().unwrap())), socket);
        }
    }

    #[test]
    fn it_joins_with_account_and_token() {
        let mut session = session();
        let join = r#"40{"account":{"ensName":"alice.eth"},"token":"t"}"#;
        assert_eq!(session.feed(OPEN), [SocketEvent::Send(join.into())]);
        assert_eq!(session.silence_limit_ms(), 45_000);
        assert_eq!(session.feed("40{\"sid\":\"y\"}"), []);
    }

    #[test]
    fn messages_count_only_once_the_server_knows_us() {
        let message = "42[\"message\",{\"a\":1}]";
        let mut early = session();
        early.feed(OPEN);
        assert_eq!(early.feed(message), []);
        assert_eq!(live().feed(message), [SocketEvent::Message(json!({ "a": 1 }))]);
        assert_eq!(live().feed("42[\"history\",{\"change\":7}]"), [SocketEvent::History]);
        assert_eq!(live().feed("42[\"message\"]"), []);
    }

    #[test]
    fn pings_and_numbered_events_are_answered() {
        assert_eq!(live().feed("2"), [SocketEvent::Send("3".into())]);
        let events = live().feed("4212[\"message\",{}]");
        assert_eq!(events, [SocketEvent::Message(json!({})), SocketEvent::Send("4312[]".into())]);
    }

    #[test]
    fn after_a_refusal_nothing_more_is_believed() {
        let mut session = session();
        session.feed(OPEN);
        let refusal = SocketEvent::Unauthorized("check token has failed for WS".into());
        assert_eq!(session.feed(r#"44{"message":"check token has failed for WS"}"#), [refusal]);
        assert_eq!(session.feed("42[\"authorized\"]"), []);
        assert_eq!(live().feed("42[\"unauthorized\"]"), [SocketEvent::Unauthorized(Said::default())]);
        assert_eq!(live().feed("41"), [SocketEvent::Closed]);
        assert_eq!(live().feed("1"), [SocketEvent::Closed]);
    }

    #[test]
    fn a_broken_frame_spoils_only_itself() {
        let mut session = live();
        for frame in [
            "",
            "9",
            "42",
            "42{}",
            "42[]",
            "42[1]",
            "43[]",
            "451-[\"m\"]",
            "42/x,[\"m\"]",
            "4299999999999999999999[\"m\"]",
        ] {
            assert!(matches!(session.feed(frame)[..], [SocketEvent::Unreadable(_)]), "{frame}");
        }
        let lone_surrogate = r#"42["message",{"a":"\ud800"}]"#;
        assert_eq!(session.feed(lone_surrogate), [SocketEvent::Unreadable(PacketError::Form)]);
        assert_eq!(
            session.feed(&"4".repeat(MAX_FRAME + 1)),
            [SocketEvent::Unreadable(PacketError::TooLarge)]
        );
        assert_eq!(session.feed("42[\"message\",1]"), [SocketEvent::Message(json!(1))]);
    }

    proptest! {
        #[test]
        fn hostile_frames_never_panic(frame in "[0-6]{0,4}[\\[{/é\"0-9a-z:,\\]}]{0,20}", raw in any::<String>()) {
            let mut session = session();
            session.feed(OPEN);
            let _ = (session.feed(&frame), session.feed(&raw));
            if let Ok(packet) = Packet::parse(&frame) {
                prop_assert_eq!(Packet::parse(&packet.to_frame()), Ok(packet));
            }
        }
    }
}
