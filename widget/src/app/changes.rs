//! What the engine tells becomes what is shown, what the page is told, and what the other tabs are told.

use std::collections::BTreeSet;

use dm3_core::conversation::ConversationId;
use dm3_core::engine::{Change, Connection as Link};
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt as _;

use super::driver::Active;
use super::fault::Fault;
use super::people::name_peers;
use super::platform::{HostEvent, LeaderNews, Platform, TabMessage};
use super::state::Connection;
use super::thread::{mark_read, records_written};

/// Delivers and picks up, in this tab or another one, for as long as the account is signed in.
pub(super) async fn run_engine<P: Platform>(at: Active<P>) {
    let lease = at.driver.platform.lease();
    at.engine.run(&lease).await;
}

/// Follows the engine. What it told meanwhile is shown in one go.
pub(super) async fn follow<P: Platform>(at: Active<P>, mut changes: UnboundedReceiver<Change>) {
    while let Some(first) = changes.next().await {
        let mut news = News::default();
        note(&at, first, &mut news);
        while let Ok(more) = changes.try_recv() {
            note(&at, more, &mut news);
        }
        if news.received {
            at.spawn(name_peers);
        }
        if !news.conversations.is_empty() {
            mark_read(&at).await;
        }
        if news.unproven || !news.conversations.is_empty() {
            records_written(&at).await;
        }
        if !news.conversations.is_empty() {
            // Only now there is something to lose.
            at.driver.platform.keep_storage();
        }
    }
}

/// What is to be shown anew.
#[derive(Default)]
struct News {
    conversations: BTreeSet<ConversationId>,
    /// How much can't be proven.
    unproven: bool,
    /// Messages came in, perhaps of people who have no name here yet.
    received: bool,
}

fn note<P: Platform>(at: &Active<P>, change: Change, news: &mut News) {
    let platform = &at.driver.platform;
    match change {
        Change::Conversation(conversation) => drop(news.conversations.insert(conversation)),
        Change::Unproven => news.unproven = true,
        Change::Outbox => platform.tell_tabs(TabMessage::OutboxGrew(at.address())),
        Change::Sent(hash) => drop(platform.emit(HostEvent::MessageSent(hash))),
        Change::Received { conversation, hash } => {
            platform.emit(HostEvent::MessageReceived { peer: conversation.peer(), hash });
            news.received = true;
        }
        Change::Unreadable(count) => at.unreadable.set(count),
        Change::Connection(link) => show_connection(at, link),
        Change::Store(error) => at.storage_failed(error),
    }
}

/// What the other tabs are told.
const fn in_short(link: &Link) -> LeaderNews {
    match link {
        Link::Connecting => LeaderNews::Connecting,
        Link::Live | Link::Polling => LeaderNews::Connected,
        Link::Lost(_) => LeaderNews::Lost,
    }
}

fn show_connection<P: Platform>(at: &Active<P>, link: Link) {
    let news = in_short(&link);
    let connection = match link {
        Link::Connecting => Connection::Connecting,
        Link::Live | Link::Polling => Connection::Live,
        Link::Lost(error) => Connection::Lost(Fault::from(error)),
    };
    let shown = at.driver.state.connection;
    if shown.with_untracked(|shown| *shown == connection) {
        return;
    }
    if let Connection::Lost(fault) = &connection {
        at.driver.tell_fault(fault);
    }
    shown.set(connection);
    if at.engine.leads() {
        at.driver.platform.tell_tabs(TabMessage::Leader(at.address(), news));
    }
}

/// What the tab that delivers and picks up for the account says of its connection.
pub(super) async fn leader_told<P: Platform>(at: Active<P>, news: LeaderNews) {
    if at.engine.leads() {
        return;
    }
    at.driver.state.connection.set(match news {
        LeaderNews::Connecting => Connection::Connecting,
        LeaderNews::Connected => Connection::Live,
        LeaderNews::Lost => Connection::Lost(Fault::LeaderOffline),
    });
}

/// Another tab has come, and wants to know how it stands.
pub(super) async fn tell_newcomer<P: Platform>(at: Active<P>) {
    if at.engine.leads() {
        let news = in_short(&at.engine.connection());
        at.driver.platform.tell_tabs(TabMessage::Leader(at.address(), news));
    }
}

/// Nobody waits any longer: the network is back, or somebody is impatient.
pub(super) async fn wake<P: Platform>(at: Active<P>) {
    if at.engine.leads() {
        at.engine.wake();
    } else {
        at.driver.state.connection.set(Connection::Connecting);
        at.driver.platform.tell_tabs(TabMessage::Wake(at.address()));
    }
}
