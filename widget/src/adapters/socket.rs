//! WebSockets of the browser.

use std::future::poll_fn;
use std::pin::Pin;

use dm3_core::message::MAX_ENVELOPE;
use dm3_core::ports::{Connection, Sockets, Unreachable};
use dm3_core::web::Outage;
use futures_util::future::{Either, select};
use futures_util::{Sink as _, SinkExt as _, StreamExt as _};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State};
use gloo_timers::future::TimeoutFuture;

/// How long the handshake may take: milliseconds.
const TIMEOUT: u32 = 20_000;
/// The longest frame that is looked at, in bytes: an envelope and its wrapping.
const MAX_FRAME: usize = MAX_ENVELOPE + 64 * 1024;

/// Opens the browser's WebSockets.
pub struct BrowserSockets;

impl Sockets for BrowserSockets {
    type Connection = BrowserConnection;

    async fn connect(&self, url: &str) -> Result<BrowserConnection, Unreachable> {
        let host = authority(url).to_owned();
        let unreachable = |outage| Unreachable { host: host.clone(), outage };
        let mut socket = WebSocket::open(url).map_err(|_| unreachable(Outage::NoAnswer))?;
        let ready = poll_fn(|context| Pin::new(&mut socket).poll_ready(context));
        if let Either::Right(_) = select(ready, TimeoutFuture::new(TIMEOUT)).await {
            return Err(unreachable(Outage::TimedOut));
        }
        // Ready to send also means failed.
        if !matches!(socket.state(), State::Open) {
            return Err(unreachable(Outage::NoAnswer));
        }
        Ok(BrowserConnection { socket, host })
    }
}

/// An open WebSocket.
pub struct BrowserConnection {
    socket: WebSocket,
    host: String,
}

impl BrowserConnection {
    fn unreachable(&self, outage: Outage) -> Unreachable {
        Unreachable { host: self.host.clone(), outage }
    }
}

impl Connection for BrowserConnection {
    async fn send(&mut self, text: &str) -> Result<(), Unreachable> {
        // A browser silently drops what is sent through a closing socket.
        if !matches!(self.socket.state(), State::Open) {
            return Err(self.unreachable(Outage::Ended));
        }
        let sent = self.socket.send(Message::Text(text.to_owned())).await;
        sent.map_err(|_| self.unreachable(Outage::Ended))
    }

    async fn receive(&mut self) -> Result<String, Unreachable> {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) if text.len() <= MAX_FRAME => Ok(text),
            Some(Ok(Message::Text(_))) => Err(self.unreachable(Outage::TooLarge)),
            Some(Ok(Message::Bytes(_))) => Err(self.unreachable(Outage::Garbled)),
            Some(Err(_)) | None => Err(self.unreachable(Outage::Ended)),
        }
    }
}

/// Host and port of a URL: what an error message may show. The query may carry a token.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}
