//! The open conversation.

use dm3_core::conversation::ConversationId;
use dm3_core::device::SendState;
use dm3_core::identity::Address;
use dm3_core::message::MessageHash;
use dm3_core::session::Peer;
use dm3_core::thread::{self, Entry};

use super::conversations::{person, refresh_list, refresh_row};
use super::draft::draft;
use super::driver::{Active, Driver};
use super::fault::Fault;
use super::opened::{Look, Opened, PAGE};
use super::platform::{Platform, TabMessage};
use super::state::{Bubble, BubbleContent, Delivery, Lookup, Person, Reach, Screen, ThreadState};

/// Looks up what somebody typed, or the page asked for, and opens the conversation.
pub(super) async fn open<P: Platform>(at: Active<P>, typed: String) {
    find_and_show(&at, &typed).await;
    at.beside(|steps, at| (steps.watch_name)(at)).await;
}

async fn find_and_show<P: Platform>(at: &Active<P>, typed: &str) {
    let lookup = at.driver.state.lookup;
    lookup.set(Lookup::Searching);
    match at.session().find(typed).await {
        Ok(peer) if peer.address == at.address() => lookup.set(Lookup::Failed(Fault::OwnAccount)),
        Ok(peer) => {
            if let Err(error) = at.session().keep(&peer).await {
                return at.storage_failed(error);
            }
            // Whoever else had the name has it no more.
            refresh_list(at).await;
            lookup.set(Lookup::Idle);
            let conversation = ConversationId::Peer(peer.address);
            show_thread(at, person(at, conversation, peer.name.as_ref()), reach(&peer)).await;
        }
        Err(error) => {
            let fault = Fault::Find(error);
            at.driver.tell_fault(&fault);
            lookup.set(Lookup::Failed(fault));
        }
    }
}

/// Opens a conversation of the list: at once, from the device; whether the peer can be written to is found
/// out meanwhile.
pub(super) async fn open_peer<P: Platform>(at: Active<P>, peer: Address) {
    let conversation = ConversationId::Peer(peer);
    let known = match at.session().contact(conversation).await {
        Ok(contact) => contact,
        Err(error) => return at.storage_failed(error),
    };
    let shown = person(&at, conversation, known.and_then(|contact| contact.name).as_ref());
    show_thread(&at, shown, Reach::Checking).await;
    check_peer(at.clone()).await;
    at.beside(|steps, at| (steps.watch_name)(at)).await;
}

/// Finds out whether the open conversation's peer can be written to.
pub(super) async fn check_peer<P: Platform>(at: Active<P>) {
    let Some(open) = at.open_peer() else { return };
    update_thread(&at, open, |thread| thread.reach = Reach::Checking);
    let found = at.session().peer(open).await;
    update_thread(&at, open, |thread| match found {
        Ok(peer) => {
            thread.reach = reach(&peer);
            if thread.reach == Reach::Ready {
                at.engine.deliver_outbox(Some(ConversationId::Peer(open)));
            }
        }
        Err(error) => thread.reach = Reach::Unknown(Fault::Find(error)),
    });
}

async fn show_thread<P: Platform>(at: &Active<P>, peer: Person, reach: Reach) {
    let state = at.driver.state;
    at.opened.take();
    let conversation = ConversationId::Peer(peer.address);
    state.thread.set(Some(ThreadState { peer, reach, messages: None, more: false, notices: Vec::new() }));
    state.screen.set(Screen::Thread);
    state.unsent.set(None);
    at.spawn(|at| at.beside(|steps, at| (steps.learn_conditions)(at)));
    read_thread(at).await;
    at.spawn(|at| at.beside(|steps, at| (steps.fetch_older)(at)));
    see(at).await;
    // Never over what somebody has begun to type meanwhile.
    if let Some(draft) = draft(at, conversation).await
        && at.open_peer() == Some(conversation.peer())
        && state.text.with_untracked(|text| {
            text.trim().is_empty() || state.draft.with_untracked(|given| given == text)
        })
    {
        state.text.set(draft);
    }
    at.spawn(|at| at.beside(|steps, at| (steps.fetch_draft)(at)));
}

/// Shows more of the open conversation.
pub(super) async fn load_older<P: Platform>(at: Active<P>) {
    let wanted = at.opened.borrow_mut().as_mut().map(|opened| {
        opened.wanted += PAGE;
        (opened.conversation, opened.begins().cloned())
    });
    let Some((conversation, begins)) = wanted else { return };
    if let Some(begins) = begins {
        match at.session().page(conversation, Some(&begins), PAGE).await {
            Ok(page) => {
                let mut opened = at.opened.borrow_mut();
                // Asked for twice, it comes twice.
                let is_next =
                    |it: &&mut Opened| it.conversation == conversation && it.begins() == Some(&begins);
                if let Some(opened) = opened.as_mut().filter(is_next) {
                    opened.add_older(&page);
                }
            }
            Err(error) => return at.storage_failed(error),
        }
        show_opened(&at);
    }
    at.beside(|steps, at| (steps.fetch_older)(at)).await;
}

/// Reads what has changed of the open conversation: its messages, and what happened to names and keys.
pub(super) async fn refresh_thread<P: Platform>(at: &Active<P>) {
    let Some(open) = at.open_peer() else { return };
    follow_thread(at, ConversationId::Peer(open)).await;
    read_notices(at, open).await;
}

async fn read_notices<P: Platform>(at: &Active<P>, open: Address) {
    match at.session().contact(ConversationId::Peer(open)).await {
        Ok(contact) => {
            let notices = contact.map(|contact| contact.notices).unwrap_or_default();
            let notices: Vec<_> = notices.iter().map(|(time, notice)| (time, notice.clone())).collect();
            let shown = at.driver.state.thread;
            if shown.with_untracked(|it| it.as_ref().is_some_and(|it| it.notices != notices)) {
                update_thread(at, open, |thread| thread.notices = notices);
            }
        }
        Err(error) => at.storage_failed(error),
    }
}

/// Reads the newest page of the open conversation.
async fn read_thread<P: Platform>(at: &Active<P>) {
    let Some(open) = at.open_peer() else { return };
    let conversation = ConversationId::Peer(open);
    match at.session().page(conversation, None, PAGE).await {
        Ok(_) if at.open_peer() != Some(open) => {}
        Ok(page) => {
            at.opened.replace(Some(Opened::new(conversation, &page)));
            show_opened(at);
            read_notices(at, open).await;
        }
        Err(error) => at.storage_failed(error),
    }
}

fn show_opened<P: Platform>(at: &Active<P>) {
    if let Some(opened) = &*at.opened.borrow() {
        update_thread(at, opened.conversation.peer(), |thread| {
            thread.messages = Some(opened.entries().map(|entry| bubble(at, entry)).collect());
            thread.more = opened.has_older();
        });
    }
}

/// Shows what is new in a conversation, if it is the open one.
pub(super) async fn follow_thread<P: Platform>(at: &Active<P>, conversation: ConversationId) {
    let is_open = |opened: &&mut Opened| opened.conversation == conversation;
    loop {
        let after = at.opened.borrow_mut().as_mut().filter(is_open).map(|opened| opened.changes);
        let Some(after) = after else { return };
        let news = match at.session().changes(conversation, after).await {
            Ok(news) => news,
            Err(error) => return at.storage_failed(error),
        };
        if let Some(opened) = at.opened.borrow_mut().as_mut().filter(is_open) {
            let looks: Vec<_> = news.messages.iter().flat_map(|message| opened.take(message)).collect();
            opened.changes = opened.changes.max(news.until);
            let more = opened.has_older();
            update_thread(at, conversation.peer(), |thread| {
                thread.more = more;
                if let Some(bubbles) = &mut thread.messages {
                    change_bubbles(at, bubbles, looks);
                }
            });
        }
        if news.until == after {
            break;
        }
    }
}

fn change_bubbles<P: Platform>(at: &Active<P>, bubbles: &mut Vec<Bubble>, looks: Vec<Look>) {
    for Look { place, is_new, entry } in looks {
        let new = bubble(at, entry);
        match bubbles.get_mut(place) {
            Some(known) if !is_new => *known = new,
            _ => bubbles.insert(place.min(bubbles.len()), new),
        }
    }
    // That one is being handed over is nowhere stored.
    for waiting in bubbles {
        if matches!(waiting.delivery, Delivery::Waiting | Delivery::Sending) {
            waiting.delivery = waits(at, &waiting.hash);
        }
    }
}

/// The element or its page may have come before somebody's eyes: what stands there is seen then.
pub(super) async fn seen<P: Platform>(at: Active<P>) {
    if is_seen(&at.driver) {
        see(&at).await;
    }
}

async fn see<P: Platform>(at: &Active<P>) {
    let Some(open) = at.open_peer().map(ConversationId::Peer) else { return };
    if mark_read(at).await {
        at.driver.platform.tell_tabs(TabMessage::RecordsChanged(at.address(), Some(open)));
    }
    refresh_row(at, open).await;
}

/// Everything in the open conversation has been seen, if it is really before somebody's eyes. Tells whether that is
/// news.
pub(super) async fn mark_read<P: Platform>(at: &Active<P>) -> bool {
    let stands = at.driver.state.screen.with_untracked(|screen| *screen == Screen::Thread);
    let Some(open) = at.open_peer().filter(|_| stands && is_seen(&at.driver)) else { return false };
    match at.session().mark_read_if_new(ConversationId::Peer(open)).await {
        Ok(news) => {
            if news {
                at.engine.keep();
            }
            news
        }
        Err(error) => {
            at.storage_failed(error);
            false
        }
    }
}

/// Whether somebody can see what the element shows: in the panel, and in a tab that is not hidden.
fn is_seen<P: Platform>(driver: &Driver<P>) -> bool {
    driver.shown.get() && driver.platform.is_visible()
}

/// Changes the open conversation, if it is still the one with `peer`.
pub(super) fn update_thread<P: Platform>(
    at: &Active<P>,
    peer: Address,
    change: impl FnOnce(&mut ThreadState),
) {
    at.driver.state.thread.update(|thread| {
        if let Some(thread) = thread.as_mut().filter(|thread| thread.peer.address == peer) {
            change(thread);
        }
    });
}

fn reach(peer: &Peer) -> Reach {
    if peer.profile.is_some() { Reach::Ready } else { Reach::NoProfile }
}

fn waits<P: Platform>(at: &Active<P>, hash: &MessageHash) -> Delivery {
    if at.engine.is_sending(hash) { Delivery::Sending } else { Delivery::Waiting }
}

fn bubble<P: Platform>(at: &Active<P>, entry: Entry) -> Bubble {
    let delivery = match &entry.state {
        SendState::Received => Delivery::Received,
        SendState::Waiting => waits(at, &entry.hash),
        SendState::Refused(refusal) => Delivery::Failed(refusal.clone()),
        SendState::Accepted if entry.is_read() => Delivery::Read,
        SendState::Accepted if entry.has_arrived() => Delivery::Arrived,
        SendState::Accepted => Delivery::Sent,
    };
    let content = match entry.shown {
        thread::Shown::Text { text, edits, quote, attachments } => BubbleContent::Text {
            text,
            edited: edits > 0,
            quote: quote.map(|quote| (quote.text, quote.own)),
            attachments,
        },
        thread::Shown::Deleted => BubbleContent::Deleted,
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
