//! The open conversation.

use dm3_core::conversation::ConversationId;
use dm3_core::device::SendState;
use dm3_core::identity::{Address, Meant};
use dm3_core::message::{Context, MessageHash};
use dm3_core::session::Peer;
use dm3_core::thread::{self, Entry};

use super::command::AttentionAsk;
use super::conversations::{back, next_turn, person, refresh_list, refresh_row, shows_backup};
use super::draft::{draft, form_key, is_offered, purpose, put_in};
use super::driver::{Active, Driver};
use super::fault::Fault;
use super::opened::{Look, Opened, PAGE};
use super::platform::{Platform, TabMessage};
use super::purpose::{leave_sent_edit, take_up};
use super::shown::change_files;
use super::state::{
    Apart, Bubble, BubbleContent, Composing, Delivery, Lookup, Person, Reach, Screen, ThreadState,
};

/// How much may not have been seen for a conversation to be opened where that begins, and not at its end.
const MAX_UNSEEN: usize = 400;

/// Looks up what somebody typed, or the page asked for, and opens the conversation.
pub(super) async fn open<P: Platform>(at: Active<P>, typed: String) {
    find_and_show(&at, &typed).await;
    at.beside(|steps, at| (steps.watch_name)(at)).await;
}

async fn find_and_show<P: Platform>(at: &Active<P>, typed: &str) {
    let (lookup, turn) = (at.driver.state.lookup, next_turn(at));
    // Something else was asked to be opened since.
    let is_late = || at.turn.get() != turn;
    lookup.set(Lookup::Searching);
    let found = find(at, typed).await;
    match found {
        Ok(peer) if peer.address == at.address() => {
            if !is_late() {
                not_found(at, Fault::OwnAccount);
            }
        }
        // Whom the page names is its contact, whatever was opened meanwhile.
        Ok(peer) if !is_late() || is_named(at, typed) => {
            if let Err(error) = at.session().keep(&peer).await {
                return at.storage_failed(error);
            }
            // Whoever else had the name has it no more.
            refresh_list(at).await;
            let (conversation, named) = (ConversationId::Peer(peer.address), is_named(at, typed));
            if named {
                take_context(at, conversation);
                at.asked.replace(Some((peer.address, typed.to_owned())));
                at.driver.state.contact.set(Some((peer.address, typed.to_owned())));
            }
            if is_late() {
                if named && at.open_peer() == Some(peer.address) {
                    bring_in(at, peer.address);
                }
                return;
            }
            lookup.set(Lookup::Idle);
            let given = if named { take_given(at) } else { None };
            let person = person(at, conversation, peer.name.as_ref());
            show_thread(at, person, reach(&peer), given, named).await;
        }
        Err(fault) if !is_late() => {
            at.driver.tell_fault(&fault);
            if at.driver.state.locked.get_untracked() && !shows_backup(at) {
                // Nobody writes to whom the page asked for before.
                back(at.clone()).await;
            }
            not_found(at, fault);
        }
        Ok(_) | Err(_) => {}
    }
}

/// Brings what the page says and gives into the conversation that it asked for, which somebody has opened meanwhile.
fn bring_in<P: Platform>(at: &Active<P>, peer: Address) {
    show_about(at, ConversationId::Peer(peer));
    if let Some(text) = take_given(at).or_else(|| lasting(at, peer)) {
        put_in(at, peer, text.clone(), text);
    }
    if concerns_site(at) {
        look_for_site(at);
    }
}

/// The text that the page gave for this time.
fn take_given<P: Platform>(at: &Active<P>) -> Option<String> {
    let given = at.driver.state.given;
    let text = given.get_untracked();
    given.set(None);
    text
}

/// The text that the page offers each time in the conversation with this peer.
fn lasting<P: Platform>(at: &Active<P>, peer: Address) -> Option<String> {
    is_offered(at, peer).then(|| at.driver.state.draft.get_untracked())
}

/// Whether this is how the page names whom it asks for.
fn is_named<P: Platform>(at: &Active<P>, typed: &str) -> bool {
    at.driver.state.to.with_untracked(|to| to.as_deref() == Some(typed))
}

/// The page says anew what the conversation is about that it asked for.
pub(super) fn context_changed<P: Platform>(at: &Active<P>) {
    let asked = at.asked.borrow().clone();
    let Some((peer, typed)) = asked.filter(|(peer, _)| at.open_peer() == Some(*peer)) else { return };
    // Where it asks for somebody else now, what it says is for them.
    if !is_named(at, &typed) {
        return;
    }
    take_context(at, ConversationId::Peer(peer));
    update_thread(at, peer, |thread| thread.about = None);
    show_about(at, ConversationId::Peer(peer));
    if concerns_site(at) {
        look_for_site(at);
    }
}

/// Notes what the page says the conversation is about.
fn take_context<P: Platform>(at: &Active<P>, conversation: ConversationId) {
    let about = at.driver.state.context.get_untracked().and_then(|said| Context::new(&said));
    // Of some nothing can be seen.
    set_about(at, conversation, about.filter(|about| !about.line().is_empty()));
}

/// Finds whom somebody means. Most often that is plain; else it takes a part that is loaded for it.
async fn find<P: Platform>(at: &Active<P>, typed: &str) -> Result<Peer, Fault> {
    let found = match Meant::plain(typed) {
        Some(Meant::Address(address)) => at.session().peer(address).await,
        Some(Meant::Name(name)) => at.session().find_named(&name).await,
        Some(Meant::Nft(_)) | None => {
            let steps = (at.driver.later.search)().await.map_err(Fault::Part)?;
            (steps.find)(at.clone(), typed.to_owned()).await
        }
    };
    found.map_err(Fault::Find)
}

/// Says why there is nobody to write to. What was said of it while it was typed is not said twice.
fn not_found<P: Platform>(at: &Active<P>, fault: Fault) {
    at.driver.state.guess.set(Apart::waiting());
    at.driver.state.lookup.set(Lookup::Failed(fault));
}

/// Opens a conversation of the list: at once, from the device; whether the peer can be written to is found
/// out meanwhile.
pub(super) async fn open_peer<P: Platform>(at: Active<P>, peer: Address) {
    show_peer(&at, peer).await;
    follow_peer(at).await;
}

/// Shows a conversation of the list, from the device.
pub(super) async fn show_peer<P: Platform>(at: &Active<P>, peer: Address) {
    let (conversation, turn) = (ConversationId::Peer(peer), next_turn(at));
    let known = match at.session().contact(conversation).await {
        Ok(contact) => contact,
        Err(error) => return at.storage_failed(error),
    };
    if at.turn.get() != turn {
        return;
    }
    let shown = person(at, conversation, known.and_then(|contact| contact.name).as_ref());
    show_thread(at, shown, Reach::Checking, None, false).await;
}

/// Finds out whether the open conversation's peer can be written to, and who has their name, for as long as it is open.
pub(super) async fn follow_peer<P: Platform>(at: Active<P>) {
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
                at.engine.found(ConversationId::Peer(open));
            }
        }
        Err(error) => thread.reach = Reach::Unknown(Fault::Find(error)),
    });
}

/// Shows a conversation, with a text to begin with if the page gave one. The one that the page names (`is_named`) opens below
/// a backup, which leads there.
async fn show_thread<P: Platform>(
    at: &Active<P>,
    peer: Person,
    reach: Reach,
    given: Option<String>,
    is_named: bool,
) {
    let (state, turn) = (at.driver.state, at.turn.get());
    let conversation = ConversationId::Peer(peer.address);
    let standing = at.session().standing(conversation).await.unwrap_or_default();
    if at.turn.get() != turn {
        return;
    }
    at.opened.take();
    change_files(at, Some(conversation));
    let stands = shows_thread(at) && at.open_peer() == Some(peer.address);
    let (unseen, messages, notices, demands) = (None, None, Vec::new(), Vec::new());
    let (more, newer) = (false, false);
    state.away.set(Apart::waiting());
    let about = None;
    let shown = ThreadState { peer, reach, standing, unseen, messages, more, newer, notices, demands, about };
    state.thread.set(Some(shown));
    // The same conversation is no other screen.
    let stays = stands || is_named && shows_backup(at);
    if !stays {
        state.screen.set(Screen::Thread);
    }
    state.composing.set(Composing::New);
    state.acting.set(None);
    state.whole.set(String::new());
    state.sharing.set(Apart::waiting());
    state.stake.set(Apart::waiting());
    state.stranger.set(Apart::waiting());
    state.attention.set(Apart::waiting());
    state.picking.set(None);
    state.unsent.set(None);
    at.spawn(|at| at.beside(|steps, at| (steps.learn_conditions)(at)));
    read_thread(at).await;
    show_about(at, conversation);
    // What somebody has typed there themselves comes before what the page gives, and that before what it offers each time.
    let lasting = || if stands { None } else { lasting(at, conversation.peer()) };
    let draft = draft(at, conversation).await;
    let offered = if draft.is_none() { given.or_else(lasting) } else { None };
    let stands = draft.or_else(|| offered.clone()).unwrap_or_default();
    if !stands.is_empty() {
        put_in(at, conversation.peer(), stands.clone(), offered.unwrap_or_default());
    }
    go_on_composing(at, conversation, stands);
    // What was written before somebody signed in takes the place of that.
    if concerns_site(at) {
        look_for_site(at);
    }
    at.spawn(|at| at.kept(|steps, at| (steps.fetch_older)(at)));
    see(at).await;
    let stood = state.text.get_untracked();
    at.spawn(|at| at.kept(|steps, at| (steps.fetch_draft)(at, stood)));
}

/// Notes what a conversation is about, until something was sent there; or that it goes along with nothing any more.
pub(super) fn set_about<P: Platform>(at: &Active<P>, of: ConversationId, about: Option<Context>) {
    let mut all = at.about.borrow_mut();
    if let Some(place) = all.iter().position(|(known, _)| *known == of) {
        all.swap_remove(place);
    }
    if let Some(about) = about {
        all.push((of, about));
    }
}

/// Shows what the conversation is about that the page asked for, unless that was said in it already.
fn show_about<P: Platform>(at: &Active<P>, conversation: ConversationId) {
    let all = at.about.borrow();
    let Some((_, about)) = all.iter().find(|(of, _)| *of == conversation) else { return };
    if !at.opened.borrow().as_ref().is_some_and(|opened| opened.is_about(about)) {
        update_thread(at, conversation.peer(), |thread| thread.about = Some(about.clone()));
    }
}

/// Whether the page's site wants something to be known of the open conversation's peer, or something was written to them before
/// somebody signed in.
fn concerns_site<P: Platform>(at: &Active<P>) -> bool {
    let (state, open) = (at.driver.state, at.open_peer());
    let is_token =
        |about: &Option<Context>| about.as_ref().is_some_and(|it| it.line().starts_with("eip155:"));
    let is_about_token = |bubble: &Bubble| match &bubble.content {
        BubbleContent::Text { about, .. } => bubble.own && is_token(about),
        BubbleContent::Deleted => false,
    };
    let asked = at.asked.borrow().clone().filter(|(peer, _)| Some(*peer) == open);
    let is_written = |to: &str| {
        state.form.with_untracked(|form| form.place > 0) || at.driver.platform.draft(&form_key(to)).is_some()
    };
    state.official.get_untracked()
        || asked.is_some_and(|(_, to)| Meant::plain(&to).is_none() || is_written(&to))
        || state.thread.with_untracked(|thread| {
            thread
                .as_ref()
                .is_some_and(|it| is_token(&it.about) || it.messages.iter().flatten().any(is_about_token))
        })
}

/// Finds out what the page's site wants to be known, beside the rest.
pub(super) fn look_for_site<P: Platform>(at: &Active<P>) {
    at.spawn(|at| async move {
        // Without it nothing is claimed.
        if let Ok(steps) = (at.driver.later.site)().await {
            (steps.opened)(at).await;
        }
    });
}

/// Finds out how it stands with payments. Without the part nothing is said of them.
pub(super) async fn look_at_payments<P: Platform>(at: Active<P>, ask: AttentionAsk) {
    if let Ok(steps) = (at.driver.later.attention)().await {
        (steps.carry_out)(at, ask).await;
    }
}

/// Shows what is new in the open conversation, which is read by that unless somebody has gone up in it. Tells whether it was.
pub(super) async fn follow<P: Platform>(at: Active<P>) -> bool {
    refresh_thread(&at).await;
    !is_away(&at) && mark_read(&at).await
}

/// Reads what has changed of the open conversation: its messages, and what happened to names and keys.
pub(super) async fn refresh_thread<P: Platform>(at: &Active<P>) {
    let Some(open) = at.open_peer() else { return };
    follow_thread(at, ConversationId::Peer(open)).await;
    read_contact(at, open).await;
}

/// Reads what happened to the peer's names and keys, and what was decided about them.
async fn read_contact<P: Platform>(at: &Active<P>, open: Address) {
    match at.session().contact(ConversationId::Peer(open)).await {
        Ok(contact) => {
            let standing = contact.as_ref().map(|contact| contact.standing).unwrap_or_default();
            let notices = contact.map(|contact| contact.notices).unwrap_or_default();
            let notices: Vec<_> = notices.iter().map(|(time, notice)| (time, notice.clone())).collect();
            let shown = at.driver.state.thread;
            let is_news = |it: &ThreadState| it.notices != notices || it.standing != standing;
            if shown.with_untracked(|it| it.as_ref().is_some_and(is_news)) {
                update_thread(at, open, |thread| (thread.notices, thread.standing) = (notices, standing));
            }
        }
        Err(error) => at.storage_failed(error),
    }
}

/// Reads the newest page of the open conversation, and what comes before it up to what was not seen.
async fn read_thread<P: Platform>(at: &Active<P>) {
    let Some(open) = at.open_peer() else { return };
    let conversation = ConversationId::Peer(open);
    // Noted before it is seen.
    let unread = at.session().overview(conversation).await.ok().flatten().map_or(0, |known| known.unread);
    let unread = usize::try_from(unread).unwrap_or(usize::MAX);
    // Beside each stands that it arrived.
    let count = PAGE + if unread <= MAX_UNSEEN { 2 * unread } else { 0 };
    match at.session().page(conversation, None, count).await {
        Ok(_) if at.open_peer() != Some(open) => {}
        Ok(page) => {
            let mut opened = Opened::new(conversation, &page);
            let last_seen = unread.checked_sub(1);
            // Of more than were read, the line would be nowhere.
            let unseen = last_seen.and_then(|last| opened.theirs().nth(last)).map(|entry| entry.hash);
            opened.show_first(unseen);
            at.opened.replace(Some(opened));
            show_opened(at);
            read_contact(at, open).await;
        }
        Err(error) => at.storage_failed(error),
    }
}

pub(super) fn show_opened<P: Platform>(at: &Active<P>) {
    if let Some(opened) = &*at.opened.borrow() {
        update_thread(at, opened.conversation.peer(), |thread| {
            thread.messages = Some(opened.entries().map(|entry| bubble(at, entry)).collect());
            (thread.more, thread.newer) = (opened.has_older(), opened.has_newer());
            thread.unseen.clone_from(&opened.unseen);
        });
        at.driver.state.came.set(opened.came);
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
            let mut looks = Vec::new();
            for message in &news.messages {
                looks.extend(opened.take(message));
            }
            opened.changes = opened.changes.max(news.until);
            if looks.iter().any(|look| look.is_new && !look.entry.own) && concerns_site(at) {
                look_for_site(at);
            }
            if looks.iter().any(|look| look.is_new)
                && at.driver.state.attention.with_untracked(|it| it.place > 0)
            {
                at.spawn(|at| look_at_payments(at, AttentionAsk::Look));
            }
            let is_away = is_away(at);
            let left = opened.leave_out(is_away);
            opened.came = if is_away { opened.came } else { 0 };
            at.driver.state.came.set(opened.came);
            let (more, newer) = (opened.has_older(), opened.has_newer());
            update_thread(at, conversation.peer(), |thread| {
                (thread.more, thread.newer) = (more, newer);
                if let Some(bubbles) = &mut thread.messages {
                    change_bubbles(at, bubbles, looks);
                    bubbles.truncate(left.end);
                    bubbles.drain(..left.start);
                }
            });
        }
        leave_sent_edit(at, conversation);
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
            waiting.delivery = waits(at, &waiting.sending);
        }
    }
}

/// The element or its page may have come before somebody's eyes, or the end of the conversation: what stands there is seen
/// then.
pub(super) async fn seen<P: Platform>(at: Active<P>) {
    if is_seen(&at.driver) && !is_away(&at) {
        see(&at).await;
    }
}

/// Back to the open conversation, over which something else stood; without one, to the list.
pub(super) async fn return_to_open<P: Platform>(at: Active<P>) {
    let state = at.driver.state;
    if at.open_peer().is_some() {
        state.screen.set(Screen::Thread);
        seen(at).await;
    } else if state.locked.get_untracked() {
        // In place of the list stands how far it is with whom the page names.
        state.screen.set(Screen::List);
    } else {
        back(at).await;
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
async fn mark_read<P: Platform>(at: &Active<P>) -> bool {
    let Some(open) = at.open_peer().filter(|_| shows_thread(at) && is_seen(&at.driver)) else { return false };
    match at.session().mark_read_if_new(ConversationId::Peer(open)).await {
        Ok(0) => false,
        Ok(unread) => {
            at.engine.keep();
            let (conversation, unread) =
                (ConversationId::Peer(open), usize::try_from(unread).unwrap_or(usize::MAX));
            at.spawn(|at| at.beside(move |steps, at| (steps.seen)(at, conversation, unread)));
            true
        }
        Err(error) => {
            at.storage_failed(error);
            false
        }
    }
}

/// Whether somebody has gone up in the open conversation: what comes at its end is not before their eyes.
fn is_away<P: Platform>(at: &Active<P>) -> bool {
    at.driver.state.away.with_untracked(|away| away.place > 0)
}

/// Whether the open conversation is what is shown of it.
fn shows_thread<P: Platform>(at: &Active<P>) -> bool {
    at.driver.state.screen.with_untracked(|screen| *screen == Screen::Thread)
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

pub(super) fn reach(peer: &Peer) -> Reach {
    if peer.profile.is_some() { Reach::Ready } else { Reach::NoProfile }
}

/// Goes on with the answer or the edit that was begun there, where `before` stands in the composer or what was begun.
fn go_on_composing<P: Platform>(at: &Active<P>, conversation: ConversationId, before: String) {
    let Some(begun) = purpose(at, conversation) else { return };
    let entry = at.opened.borrow().as_ref().and_then(|opened| opened.find(&begun.0));
    match entry.map(|entry| bubble(at, entry).quote()) {
        Some(quote) => take_up(at, conversation, begun, quote, before),
        // It stands further up than was read.
        None => at.spawn(|at| at.kept(|steps, at| (steps.go_on_composing)(at, before))),
    }
}

fn waits<P: Platform>(at: &Active<P>, hash: &MessageHash) -> Delivery {
    if at.engine.is_sending(hash) { Delivery::Sending } else { Delivery::Waiting }
}

pub(super) fn bubble<P: Platform>(at: &Active<P>, mut entry: Entry) -> Bubble {
    // What was done to it is told once what it says has left.
    let unsent = entry.unsent.take().filter(|it| it.emoji.is_empty() || !entry.state.has_not_left());
    let (sending, state, emoji) = match unsent {
        Some(unsent) => (unsent.hash, unsent.state, unsent.emoji),
        None => (entry.version.clone(), entry.state.clone(), String::new()),
    };
    let delivery = match &state {
        SendState::Received => Delivery::Received,
        SendState::Waiting => waits(at, &sending),
        SendState::Refused(refusal) => Delivery::Failed(refusal.clone()),
        SendState::Accepted if entry.is_read() => Delivery::Read,
        SendState::Accepted if entry.has_arrived() => Delivery::Arrived,
        SendState::Accepted => Delivery::Sent,
    };
    let content = match entry.shown {
        thread::Shown::Text { text, edits, quote, attachments, about } => {
            BubbleContent::Text { text, edited: edits > 0, quote, attachments, about }
        }
        thread::Shown::Deleted => BubbleContent::Deleted,
    };
    Bubble {
        hash: entry.hash,
        version: entry.version,
        own: entry.own,
        time: entry.time,
        content,
        delivery,
        sending,
        emoji,
        reactions: entry.reactions,
    }
}
