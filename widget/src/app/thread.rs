//! The open conversation.

use std::rc::Rc;

use dm3_core::device::SendState;
use dm3_core::identity::Address;
use dm3_core::message::MessageHash;
use dm3_core::ports::Store as _;
use dm3_core::session::{FindError, Peer};
use dm3_core::thread::{self, Entry, fold};

use super::conversations::person;
use super::driver::Driver;
use super::platform::{HostEvent, Platform};
use super::sign_in::sentence;
use super::state::{Bubble, Content, Delivery, Lookup, Person, Reach, Screen, ThreadState};

/// How many messages are shown at first, and how many more each time.
pub(super) const PAGE: usize = 80;

impl<P: Platform> Driver<P> {
    /// Looks up what somebody typed, or the page asked for, and opens the conversation.
    pub(super) async fn open(self: Rc<Self>, typed: String) {
        let Some(session) = self.session() else { return };
        self.state.lookup.set(Lookup::Searching);
        let found = session.directory().find(&typed).await;
        match found {
            Ok(peer) if peer.address == session.account() => {
                self.state.lookup.set(Lookup::Failed("This is your own account.".to_owned()));
            }
            Ok(peer) => {
                if let Err(error) = session.keep(&peer).await {
                    return self.storage_failed(&error);
                }
                self.state.lookup.set(Lookup::Idle);
                self.show_thread(shown(&peer), reach(&peer)).await;
            }
            Err(error) => {
                let message = sentence(&error.to_string());
                self.platform.emit(HostEvent::Error { code: lookup_code(&error), message: message.clone() });
                self.state.lookup.set(Lookup::Failed(message));
            }
        }
    }

    /// Opens a conversation of the list: at once, from the device; whether the peer can be written to is found
    /// out meanwhile.
    pub(super) async fn open_peer(self: Rc<Self>, peer: Address) {
        let Some(account) = self.account() else { return };
        let contacts = match self.platform.store().contacts(account).await {
            Ok(contacts) => contacts,
            Err(error) => return self.storage_failed(&error),
        };
        let known = contacts.iter().find(|contact| contact.peer == peer).map(person);
        let shown = known.unwrap_or(Person { address: peer, name: None });
        self.show_thread(shown, Reach::Checking).await;
        self.check_peer().await;
    }

    pub(super) async fn check_peer(self: Rc<Self>) {
        let Some(session) = self.session() else { return };
        let Some(open) = self.state.thread.with_untracked(|t| t.as_ref().map(|t| t.peer.address)) else {
            return;
        };
        self.update_thread(open, |thread| thread.reach = Reach::Checking);
        let found = session.directory().peer(open).await;
        self.update_thread(open, |thread| match found {
            Ok(peer) => {
                thread.reach = reach(&peer);
                if thread.peer.name.is_none() {
                    thread.peer.name = peer.name.map(|name| name.to_string());
                }
            }
            Err(error) => thread.reach = Reach::Unknown(sentence(&error.to_string())),
        });
    }

    async fn show_thread(self: &Rc<Self>, peer: Person, reach: Reach) {
        self.thread_limit.set(PAGE);
        self.state.thread.set(Some(ThreadState { peer, reach, messages: None, more: false }));
        self.state.screen.set(Screen::Thread);
        self.refresh_thread().await;
        self.mark_read().await;
        self.refresh_conversations().await;
    }

    pub(super) async fn load_older(self: Rc<Self>) {
        self.thread_limit.set(self.thread_limit.get() + PAGE);
        self.refresh_thread().await;
    }

    /// Reads the open conversation anew.
    pub(super) async fn refresh_thread(self: &Rc<Self>) {
        let Some(account) = self.account() else { return };
        let Some(open) = self.state.thread.with_untracked(|t| t.as_ref().map(|t| t.peer.address)) else {
            return;
        };
        let limit = self.thread_limit.get();
        match self.platform.store().messages(account, open, None, limit + 1).await {
            Ok(mut rows) => {
                let more = rows.len() > limit;
                rows.truncate(limit);
                let bubbles: Vec<_> = fold(&rows).into_iter().map(bubble).collect();
                self.update_thread(open, |thread| {
                    thread.messages = Some(bubbles);
                    thread.more = more;
                });
            }
            Err(error) => self.storage_failed(&error),
        }
    }

    pub(super) async fn set_shown(self: Rc<Self>, shown: bool) {
        self.shown.set(shown);
        if shown {
            self.mark_read().await;
            self.refresh_conversations().await;
        }
    }

    /// Everything in the open conversation has been seen, if it is really on the screen.
    pub(super) async fn mark_read(self: &Rc<Self>) {
        let Some(session) = self.session().filter(|_| self.shown.get()) else { return };
        let Some(open) = self.state.thread.with_untracked(|t| t.as_ref().map(|t| t.peer.address)) else {
            return;
        };
        if let Err(error) = session.mark_read(open).await {
            self.storage_failed(&error);
        }
    }

    pub(super) async fn send(self: Rc<Self>, text: String) {
        let Some(session) = self.session() else { return };
        let Some(open) = self.state.thread.with_untracked(|t| t.as_ref().map(|t| t.peer.address)) else {
            return;
        };
        if text.trim().is_empty() {
            return;
        }
        if let Err(error) = session.compose(open, &text).await {
            return self.storage_failed(&error);
        }
        self.records_written().await;
        self.flush().await;
    }

    pub(super) async fn resend(self: Rc<Self>, hash: MessageHash) {
        let Some(session) = self.session() else { return };
        if let Err(error) = session.retry(&hash).await {
            return self.storage_failed(&error);
        }
        self.records_written().await;
        self.flush().await;
    }

    /// Shows what was just written to the device, here and in the other windows.
    pub(super) async fn records_written(self: &Rc<Self>) {
        self.refresh_thread().await;
        self.refresh_conversations().await;
        if let Some(account) = self.account() {
            self.platform.tell_windows(account);
        }
    }

    fn update_thread(&self, peer: Address, change: impl FnOnce(&mut ThreadState)) {
        self.state.thread.update(|thread| {
            if let Some(thread) = thread.as_mut().filter(|thread| thread.peer.address == peer) {
                change(thread);
            }
        });
    }
}

fn shown(peer: &Peer) -> Person {
    Person { address: peer.address, name: peer.name.as_ref().map(ToString::to_string) }
}

fn reach(peer: &Peer) -> Reach {
    if peer.profile.is_some() { Reach::Ready } else { Reach::NoProfile }
}

fn lookup_code(error: &FindError) -> &'static str {
    match error {
        FindError::Name(_) | FindError::Address(_) | FindError::Unknown(_) => "unknown-name",
        FindError::Unreachable(_) | FindError::Lookup { .. } => "lookup-unreachable",
        _ => "profile-invalid",
    }
}

fn bubble(entry: Entry) -> Bubble {
    let delivery = match &entry.state {
        SendState::Received => Delivery::Received,
        SendState::Waiting => Delivery::Waiting,
        SendState::Refused(reason) => Delivery::Failed(sentence(reason)),
        SendState::Accepted if entry.is_read() => Delivery::Read,
        SendState::Accepted if entry.has_arrived() => Delivery::Arrived,
        SendState::Accepted => Delivery::Sent,
    };
    let content = match entry.shown {
        thread::Shown::Text { text, edits, quote, attachments } => Content::Text {
            text,
            edited: edits > 0,
            quote: quote.map(|quote| (quote.text, quote.own)),
            attachments,
        },
        thread::Shown::Deleted => Content::Deleted,
    };
    Bubble {
        hash: entry.hash,
        own: entry.own,
        time: entry.time,
        content,
        delivery,
        reactions: entry.reactions.into_iter().map(|reaction| (reaction.emoji, reaction.count)).collect(),
    }
}
