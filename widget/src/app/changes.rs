//! What the engine tells becomes what is shown, what the page is told, and what the other tabs are told.

use dm3_core::conversation::ConversationId;
use dm3_core::engine::{Change, Connection as Link};
use dm3_core::ports::Clock as _;
use dm3_core::session::NewMessage;
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt as _;

use super::account::Told;
use super::driver::Active;
use super::fault::Fault;
use super::platform::{LeaderNews, Platform, TabMessage};
use super::records::{News, add, show};
use super::state::Connection;
use super::theme::show_theme;

/// So much was told at once that more is on its way.
const BURST: usize = 16;
/// How long that is waited for, so that it is shown in one go: milliseconds.
const PAUSE: u32 = 50;

/// Follows the engine and the other tabs. What they told meanwhile is shown in one go.
pub(super) async fn follow<P: Platform>(at: Active<P>, mut told: UnboundedReceiver<Told>) {
    while let Some(first) = told.next().await {
        let (mut news, mut received) = (News::default(), Vec::new());
        note(&at, first, &mut news, &mut received);
        let mut count = 1;
        while let Ok(more) = told.try_recv() {
            note(&at, more, &mut news, &mut received);
            count += 1;
        }
        if !news.is_empty() {
            show(&at, &news).await;
        }
        if !received.is_empty() {
            // A list, though many may be of one: a set would bring code that sorts.
            let wrote: Vec<_> = received.iter().map(|message| message.conversation).collect();
            at.spawn(|at| at.beside(|steps, at| (steps.name_peers)(at, wrote)));
            at.spawn(|at| at.beside(|steps, at| (steps.received)(at, received)));
        }
        if !news.here.is_empty() {
            // Only now there is something to lose.
            at.driver.platform.keep_storage();
        }
        if count >= BURST {
            at.driver.platform.clock().sleep(PAUSE).await;
        }
    }
}

/// Another tab tells that it changed records.
pub(super) async fn told<P: Platform>(at: Active<P>, conversation: Option<ConversationId>) {
    if conversation.is_none() {
        at.session().look_for_homes_again();
    }
    // After the account was left nobody listens.
    let _ = at.others.unbounded_send(Told::Elsewhere(conversation));
}

/// Everything may have changed that is shown: it is read anew.
pub(super) fn look_anew<P: Platform>(at: &Active<P>) {
    // As above.
    let _ = at.others.unbounded_send(Told::Elsewhere(None));
}

/// Notes what is to be shown anew, and who wrote.
fn note<P: Platform>(at: &Active<P>, told: Told, news: &mut News, received: &mut Vec<NewMessage>) {
    let platform = &at.driver.platform;
    let change = match told {
        Told::Here(change) => change,
        Told::Elsewhere(conversation) => {
            if conversation.is_none() {
                news.all = true;
                at.spawn(show_theme);
            }
            if let Some(conversation) = conversation {
                add(&mut news.elsewhere, conversation);
                ask_if_stored(at);
            }
            return;
        }
    };
    match change {
        Change::Conversation(conversation) => {
            add(&mut news.here, conversation);
            ask_if_stored(at);
        }
        Change::Settings => {
            at.spawn(show_theme);
            platform.tell_tabs(TabMessage::RecordsChanged(at.address(), None));
        }
        Change::Unproven => news.unproven = true,
        Change::Outbox(conversation) => {
            platform.tell_tabs(TabMessage::OutboxGrew(at.address(), Some(conversation)));
        }
        Change::Sent(hash) => {
            at.spawn(|at| at.beside(|steps, at| (steps.sent)(at, hash)));
        }
        Change::Received(message) => received.push(message),
        Change::Unreadable(count) => at.unreadable.set(count),
        Change::Connection(link) => {
            at.driver.state.clock_error.set(at.session().clock_error());
            show_connection(at, link);
        }
        Change::HistoryFull(full) => at.driver.state.history_full.set(full),
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
    if !at.engine.leads() {
        // The lease went to another tab, which says how it stands.
        at.said.set(None);
        at.driver.platform.tell_tabs(TabMessage::Hello(at.address()));
    } else if at.said.get() != Some(news) {
        tell_followers(at, news);
    }
    let shown = at.driver.state.connection;
    if shown.with_untracked(|shown| *shown == connection) {
        return;
    }
    if let Connection::Lost(fault) = &connection {
        at.driver.tell_fault(fault);
    }
    if connection == Connection::Live {
        at.spawn(|at| at.beside(|steps, at| (steps.name_welcome)(at)));
    }
    look_again(at);
    shown.set(connection);
}

/// Tells the other tabs how it stands with the account's delivery services.
fn tell_followers<P: Platform>(at: &Active<P>, news: LeaderNews) {
    at.said.set(Some(news));
    at.driver.platform.tell_tabs(TabMessage::Leader(at.address(), news));
}

/// Whether it is shown that the device does not keep or give records.
fn lacks_storage<P: Platform>(at: &Active<P>) -> bool {
    at.driver.state.connection.with_untracked(|it| matches!(it, Connection::Lost(Fault::Store(_))))
}

/// What could not be read is read again, if storage is there again.
fn look_again<P: Platform>(at: &Active<P>) {
    if !lacks_storage(at) {
        return;
    }
    look_anew(at);
    if let Some(open) = at.open_peer().filter(|_| at.opened.borrow().is_none()) {
        at.spawn(move |at| at.thread(move |steps, at| (steps.open_peer)(at, open)));
    }
}

/// What follows is told by nobody that there is storage again, but by what was written here or elsewhere: it asks the tab that
/// is in touch with the account's delivery services how it stands.
fn ask_if_stored<P: Platform>(at: &Active<P>) {
    if at.engine.leads() || !lacks_storage(at) {
        return;
    }
    look_again(at);
    at.driver.state.connection.set(Connection::Connecting);
    at.driver.platform.tell_tabs(TabMessage::Hello(at.address()));
}

/// What the tab that delivers and picks up for the account says of its connection.
pub(super) async fn leader_told<P: Platform>(at: Active<P>, news: LeaderNews) {
    if at.engine.leads() {
        return;
    }
    look_again(&at);
    at.driver.state.connection.set(match news {
        LeaderNews::Connecting => Connection::Connecting,
        LeaderNews::Connected => Connection::Live,
        LeaderNews::Lost => Connection::Lost(Fault::LeaderOffline),
    });
}

/// Another tab has come, and wants to know how it stands.
pub(super) async fn tell_newcomer<P: Platform>(at: Active<P>) {
    if at.engine.leads() {
        tell_followers(&at, in_short(&at.engine.connection()));
    }
}

/// Nobody waits any longer: the network is back, or somebody is impatient. The other tabs are told how it stands, also if that
/// is as before.
pub(super) async fn wake<P: Platform>(at: Active<P>) {
    if at.engine.leads() {
        at.engine.wake();
        tell_newcomer(at).await;
    } else {
        look_again(&at);
        at.driver.state.connection.set(Connection::Connecting);
        at.driver.platform.tell_tabs(TabMessage::Wake(at.address()));
    }
}
