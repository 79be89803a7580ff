//! Staying in touch with the account's delivery services.

use std::rc::Rc;

use dm3_core::ports::Clock as _;
use dm3_core::session::{Home, HomeError, Live, Received};
use serde_json::Value;

use super::backoff::Backoff;
use super::driver::Active;
use super::fault::Fault;
use super::outbox::flush;
use super::people::name_peers;
use super::platform::{HostEvent, Platform};
use super::state::Connection;
use super::thread::{mark_read, records_written};

/// How often the outbox and postponed mail are looked at without any other occasion: milliseconds.
const REPEAT: u32 = 20_000;

/// Keeps one connection to each delivery service of the account for as long as it is signed in.
pub(super) async fn stay_connected<P: Platform>(at: Active<P>) {
    let mut backoff = Backoff::new();
    let homes = loop {
        match at.session().homes().await {
            Ok(homes) => break homes,
            Err(error) => {
                at.driver.state.connection.set(Connection::Lost(connection_lost(&at, error)));
                backoff.wait(&at.waits, at.driver.platform.clock()).await;
            }
        }
    };
    for home in homes {
        at.spawn(|at| stay_connected_to(at, home));
    }
}

async fn stay_connected_to<P: Platform>(at: Active<P>, home: Rc<Home>) {
    let number = at.links.add();
    let mut backoff = Backoff::new();
    loop {
        let error = at
            .session()
            .live(&home, |told| match told {
                Live::Connected => {
                    backoff.reset();
                    at.links.set(number, Connection::Live);
                    show_connection(&at);
                    at.spawn(catch_up);
                }
                Live::Pushed(envelope) => {
                    let home = Rc::clone(&home);
                    at.spawn(|at| pushed(at, home, envelope));
                }
                Live::Missed => at.spawn(catch_up),
                Live::History => {}
            })
            .await;
        at.links.set(number, Connection::Lost(connection_lost(&at, error)));
        show_connection(&at);
        backoff.wait(&at.waits, at.driver.platform.clock()).await;
    }
}

fn connection_lost<P: Platform>(at: &Active<P>, error: HomeError) -> Fault {
    let fault = Fault::from(error);
    at.driver.tell_fault(&fault);
    fault
}

fn show_connection<P: Platform>(at: &Active<P>) {
    let connection = at.driver.state.connection;
    let now = at.links.summary();
    if connection.with_untracked(|shown| *shown != now) {
        connection.set(now);
    }
}

/// Somebody does not want to wait any longer.
pub(super) async fn reconnect<P: Platform>(at: Active<P>) {
    at.links.try_again();
    at.driver.state.connection.set(at.links.summary());
    at.waits.end_all();
    if at.links.is_live() {
        catch_up(at).await;
    }
}

/// Fetches what waits at the delivery services, and delivers what waits here.
async fn catch_up<P: Platform>(at: Active<P>) {
    match at.session().sync().await {
        Ok(received) => {
            at.links.set_fetching(None);
            show_connection(&at);
            take_in(&at, received).await;
        }
        Err(HomeError::Store(error)) => at.storage_failed(error),
        Err(error) => {
            at.links.set_fetching(Some(connection_lost(&at, error)));
            show_connection(&at);
        }
    }
    flush(&at).await;
}

async fn pushed<P: Platform>(at: Active<P>, home: Rc<Home>, envelope: Value) {
    match at.session().accept(&home, vec![envelope]).await {
        Ok(received) => take_in(&at, received).await,
        Err(HomeError::Store(error)) => at.storage_failed(error),
        // Accepting asks nobody but the store; what else it may say comes back with the next fetching.
        Err(_) => {}
    }
}

async fn take_in<P: Platform>(at: &Active<P>, received: Received) {
    if received.unreadable > 0 {
        at.unreadable.set(received.unreadable);
    }
    for (conversation, hash) in &received.new {
        let peer = conversation.peer();
        at.driver.platform.emit(HostEvent::MessageReceived { peer, hash: hash.clone() });
    }
    mark_read(at).await;
    records_written(at).await;
    if !received.new.is_empty() {
        at.spawn(name_peers);
    }
}

/// Tries again what could not be done: messages to people who had not joined, mail whose sender could not
/// be looked up.
pub(super) async fn repeat_what_waits<P: Platform>(at: Active<P>) {
    loop {
        at.driver.platform.clock().sleep(REPEAT).await;
        if at.links.is_live() {
            catch_up(at.clone()).await;
        }
    }
}
