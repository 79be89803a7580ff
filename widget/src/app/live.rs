//! Staying in touch with the account's delivery services.

use std::rc::Rc;

use dm3_core::ports::Clock as _;
use dm3_core::session::{Home, HomeError, Live, Received};
use futures_util::future::select;
use serde_json::Value;

use super::driver::Driver;
use super::platform::{HostEvent, Platform};
use super::sign_in::sentence;
use super::state::Connection;

/// The first wait before a connection is tried again: milliseconds. It doubles each time.
const FIRST_WAIT: u32 = 1_000;
/// The longest wait.
const LONGEST_WAIT: u32 = 30_000;
/// How often the outbox and postponed mail are looked at without any other occasion: milliseconds.
const REPEAT: u32 = 20_000;

impl<P: Platform> Driver<P> {
    /// Keeps one connection to each delivery service of the account for as long as it is signed in.
    pub(super) async fn stay_connected(self: Rc<Self>) {
        let Some(session) = self.session() else { return };
        let mut wait = FIRST_WAIT;
        let homes = loop {
            match session.homes().await {
                Ok(homes) => break homes,
                Err(error) => {
                    self.connection_lost(&error);
                    self.wait_to_reconnect(&mut wait).await;
                }
            }
        };
        for home in homes {
            self.spawn_background(|driver| driver.stay_connected_to(home));
        }
    }

    async fn stay_connected_to(self: Rc<Self>, home: Rc<Home>) {
        let Some(session) = self.session() else { return };
        let mut wait = FIRST_WAIT;
        loop {
            let error = session
                .live(&home, |told| match told {
                    Live::Connected => {
                        wait = FIRST_WAIT;
                        self.state.connection.set(Connection::Live);
                        self.platform.spawn(Box::pin(Rc::clone(&self).catch_up()));
                    }
                    Live::Pushed(envelope) => {
                        let home = Rc::clone(&home);
                        self.platform.spawn(Box::pin(Rc::clone(&self).pushed(home, envelope)));
                    }
                    Live::Missed => self.platform.spawn(Box::pin(Rc::clone(&self).catch_up())),
                })
                .await;
            self.connection_lost(&error);
            self.wait_to_reconnect(&mut wait).await;
        }
    }

    fn connection_lost(&self, error: &HomeError) {
        let message = sentence(&error.to_string());
        self.platform.emit(HostEvent::Error { code: "connection-lost", message: message.clone() });
        self.state.connection.set(Connection::Lost(message));
    }

    async fn wait_to_reconnect(&self, wait: &mut u32) {
        let (now, asked) = futures_channel::oneshot::channel();
        *self.reconnect.borrow_mut() = Some(now);
        let sleep = std::pin::pin!(self.platform.clock().sleep(*wait));
        select(sleep, asked).await;
        *wait = (*wait * 2).min(LONGEST_WAIT);
    }

    pub(super) fn reconnect_now(&self) {
        if let Some(waiting) = self.reconnect.borrow_mut().take() {
            self.state.connection.set(Connection::Connecting);
            let _ = waiting.send(());
        }
    }

    /// Fetches what waits at the delivery services, and delivers what waits here.
    async fn catch_up(self: Rc<Self>) {
        let Some(session) = self.session() else { return };
        let received = session.sync().await;
        self.received(received).await;
        self.flush().await;
    }

    async fn pushed(self: Rc<Self>, home: Rc<Home>, envelope: Value) {
        let Some(session) = self.session() else { return };
        let accepted = session.accept(&home, vec![envelope]).await;
        self.received(accepted).await;
    }

    async fn received(self: &Rc<Self>, received: Result<Received, HomeError>) {
        let received = match received {
            Ok(received) => received,
            Err(HomeError::Store(error)) => return self.storage_failed(&error),
            Err(error) => return self.connection_lost(&error),
        };
        if received.unreadable > 0 {
            self.unreadable.set(received.unreadable);
        }
        for (peer, hash) in &received.new {
            self.platform.emit(HostEvent::MessageReceived { peer: *peer, hash: hash.clone() });
        }
        self.mark_read().await;
        self.records_written().await;
        if !received.new.is_empty() {
            self.platform.spawn(Box::pin(Rc::clone(self).name_peers()));
        }
    }

    /// Delivers the outbox. Asked for while it runs, it runs once more afterwards.
    pub(super) async fn flush(self: &Rc<Self>) {
        if self.flushing.replace(true) {
            self.flush_again.set(true);
            return;
        }
        loop {
            self.flush_again.set(false);
            let Some(session) = self.session() else { break };
            match session.flush().await {
                Ok(flushed) => {
                    for hash in &flushed.accepted {
                        self.platform.emit(HostEvent::MessageSent(hash.clone()));
                    }
                    if !flushed.accepted.is_empty() || !flushed.refused.is_empty() {
                        self.records_written().await;
                    }
                }
                Err(error) => self.storage_failed(&error),
            }
            if !self.flush_again.get() {
                break;
            }
        }
        self.flushing.set(false);
    }

    /// Tries again what could not be done: messages to people who had not joined, mail whose sender could not
    /// be looked up.
    pub(super) async fn repeat_what_waits(self: Rc<Self>) {
        loop {
            self.platform.clock().sleep(REPEAT).await;
            if self.state.connection.with_untracked(|connection| *connection == Connection::Live) {
                Rc::clone(&self).catch_up().await;
            }
        }
    }
}
