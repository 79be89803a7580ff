//! Sockets: socket.io over a wire in memory.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use dm3_core::delivery::socket_io::{Packet, socket_base, websocket_url};
use dm3_core::identity::{Address, EnsName};
use serde_json::{Value, json};

use super::{Kind, Node};
use crate::chain::Chain;

/// How often a node asks for a sign of life: milliseconds.
pub const PING: u64 = 25_000;

/// A socket's frames on their way to the client.
#[derive(Default)]
pub struct Wire {
    frames: RefCell<VecDeque<String>>,
    closed: Cell<bool>,
    /// What is sent is lost, and nobody is told.
    dead: Cell<bool>,
    reader: RefCell<Option<Waker>>,
}

impl Wire {
    fn push(&self, frame: String) {
        if !self.dead.get() {
            self.frames.borrow_mut().push_back(frame);
            self.wake();
        }
    }

    /// It ends.
    pub fn close(&self) {
        self.closed.set(true);
        self.wake();
    }

    /// It ends, and neither side is told.
    pub fn die(&self) {
        self.dead.set(true);
    }

    fn wake(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// The next frame; `None` once the socket is closed.
    pub async fn next(&self) -> Option<String> {
        poll_fn(|context| {
            if let Some(frame) = self.frames.borrow_mut().pop_front() {
                return Poll::Ready(Some(frame));
            }
            if self.closed.get() && !self.dead.get() {
                return Poll::Ready(None);
            }
            self.reader.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await
    }
}

impl Node {
    /// Whether a socket to this URL leads here.
    pub fn has_socket_at(&self, url: &str) -> bool {
        websocket_url(&socket_base(&self.origin.child("ds"))) == url
    }

    /// A client opens a socket.
    pub fn open_socket(&self) -> Rc<Wire> {
        let wire = Rc::<Wire>::default();
        wire.push(Packet::Open { ping_interval: PING, ping_timeout: 20_000 }.to_frame());
        wire
    }

    /// A client sends a frame.
    pub fn take_frame(&self, wire: &Rc<Wire>, frame: &str, chain: &RefCell<Chain>) {
        if self.is_down() || wire.dead.get() {
            return;
        }
        let Ok(Packet::Connect(auth)) = Packet::parse(frame) else { return };
        let name = auth["account"]["ensName"].as_str().and_then(|name| name.parse::<EnsName>().ok());
        let owner = self.owner_of(auth["token"].as_str().unwrap_or_default());
        let account = name.and_then(|name| chain.borrow().address_of(&name));
        match owner.filter(|owner| account == Some(*owner)) {
            Some(owner) => {
                self.state.borrow_mut().sockets.push((owner, Rc::clone(wire)));
                wire.push(Packet::Connect(json!({ "sid": "1" })).to_frame());
                let authorized = Packet::Event { ack: None, name: "authorized".into(), args: Vec::new() };
                wire.push(authorized.to_frame());
            }
            None => wire.push(Packet::ConnectError("check token has failed for WS".into()).to_frame()),
        }
    }

    /// A client closed its socket.
    pub fn close_socket(&self, wire: &Rc<Wire>) {
        wire.close();
        // Who is cut off without a word stays connected for the node.
        if !wire.dead.get() {
            self.state.borrow_mut().sockets.retain(|(_, open)| !Rc::ptr_eq(open, wire));
        }
    }

    /// Asks every socket for a sign of life, and forgets the dead.
    pub fn ping(&self) {
        let mut state = self.state.borrow_mut();
        state.sockets.retain(|(_, wire)| !wire.dead.get());
        for (_, wire) in &state.sockets {
            wire.push(Packet::Ping.to_frame());
        }
    }

    /// One of the open sockets, if there is one at this place.
    pub fn wire(&self, place: u64) -> Option<Rc<Wire>> {
        let state = self.state.borrow();
        let place = place.checked_rem(state.sockets.len() as u64)?;
        state.sockets.get(usize::try_from(place).ok()?).map(|(_, wire)| Rc::clone(wire))
    }

    /// Tells the devices of an account that are connected.
    pub(super) fn tell(&self, owner: Address, what: &str, about: Value) {
        let frame = Packet::Event { ack: None, name: what.into(), args: vec![about] }.to_frame();
        let state = self.state.borrow();
        let sockets = state.sockets.iter().rev().filter(|(connected, _)| *connected == owner);
        let all = if self.kind == Kind::Reference { 1 } else { usize::MAX };
        for (_, wire) in sockets.take(all) {
            wire.push(frame.clone());
        }
    }
}
