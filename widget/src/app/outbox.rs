//! Writing. What was written is delivered by the engine.

use std::cell::RefCell;

use dm3_core::conversation::ConversationId;
use dm3_core::identity::Address;
use dm3_core::message::{Attachment, Draft, Header, SignedMessage};
use dm3_core::session::{Conditions, WriteError};
use serde_json::Value;

use super::draft::{forget_draft, forget_purpose};
use super::driver::Active;
use super::fault::Fault;
use super::platform::Platform;
use super::state::Composing;
use super::thread::{set_about, update_thread};

/// Makes a message. Boxed, so that the code that writes it exists once.
pub(super) type Make<'a> = Box<dyn FnOnce(Header) -> Draft + 'a>;

/// Whether something is attached to what the composer is for.
pub(super) fn has_files<P: Platform>(at: &Active<P>) -> bool {
    let state = at.driver.state;
    // An edit keeps what the message has.
    let edits = state.composing.with_untracked(|it| matches!(it, Composing::Edit { .. }));
    !edits && state.files.with_untracked(|files| files.place != 0)
}

/// Writes what the composer is for in the conversation with `open`, which is the open one: a message, an answer or an edit. It
/// stays in the composer until it is kept. Tells whether it was.
pub(super) async fn send<P: Platform>(
    at: &Active<P>,
    open: Address,
    text: String,
    attachments: Vec<Attachment>,
) -> bool {
    let conversation = ConversationId::Peer(open);
    let is_empty = text.trim().is_empty() && attachments.is_empty();
    // In another conversation it stays where it was written, and who is not welcome learns nothing.
    if is_empty || !at.is_welcome() || at.open_peer() != Some(open) || at.writing.replace(true) {
        return false;
    }
    let state = at.driver.state;
    // What is open may be another conversation after each wait.
    let composing = state.composing.get_untracked();
    let about = state.thread.with_untracked(|thread| thread.as_ref()?.about.clone());
    if !is_promised_now(at, open).await {
        at.writing.set(false);
        return false;
    }
    let edited = match &composing {
        Composing::Edit { version, .. } => at.session().message(version).await.ok().flatten(),
        Composing::New | Composing::Reply(_) => None,
    };
    let edited = edited.and_then(|row| SignedMessage::parse(&row.json).ok());
    let of_open = |known: &RefCell<Option<(Address, Value)>>| {
        known.borrow().clone().filter(|(of, _)| *of == open).map(|(_, json)| json)
    };
    let (voucher, payment) = (of_open(&at.voucher), of_open(&at.payment));
    let along =
        |draft: Draft| draft.carrying(attachments).about(about.as_ref()).vouched(voucher).paying(payment);
    let draft: Make<'_> = Box::new(|header| match &composing {
        Composing::New => along(Draft::text(header, &text)),
        Composing::Reply(to) => along(Draft::reply(header, &to.hash, &text)),
        Composing::Edit { version, .. } => {
            let draft = Draft::edit(header, version, &text);
            // What is edited is the text.
            edited.iter().fold(draft, Draft::carrying_those_of)
        }
    });
    let is_kept = write(at, conversation, draft).await;
    at.writing.set(false);
    if !is_kept {
        return false;
    }
    let is_open = at.open_peer() == Some(open);
    if is_open {
        state.unsent.set(None);
        state.composing.set(Composing::New);
    }
    if let Composing::Edit { before, .. } = composing {
        forget_purpose(at, conversation);
        if is_open {
            state.text.set(before);
        }
        return true;
    }
    at.payment.borrow_mut().take_if(|(of, _)| *of == open);
    if about.is_some() {
        about_is_said(at, conversation);
    }
    take_out(at, open, &text);
    forget_draft(at, conversation);
    true
}

/// What was kept stands in the composer no more, if it is still that of the peer. Somebody may have gone on writing.
pub(super) fn take_out<P: Platform>(at: &Active<P>, peer: Address, text: &str) {
    if at.open_peer() != Some(peer) {
        return;
    }
    at.driver.state.text.update(|typed| {
        if let Some(rest) = typed.trim_start().strip_prefix(text) {
            *typed = rest.trim_start().to_owned();
        }
    });
}

/// Whether what was promised to the peer, if something was, holds in the week of now. If it does not, that is told above the
/// composer, and nothing is written that would be refused.
async fn is_promised_now<P: Platform>(at: &Active<P>, peer: Address) -> bool {
    if at.voucher.borrow().as_ref().is_none_or(|(of, _)| *of != peer) {
        return true;
    }
    match (at.driver.later.stake)().await {
        Ok(steps) => (steps.is_promised_now)(at.clone(), peer).await,
        // It promised, so it is there.
        Err(_) => false,
    }
}

/// What the conversation is about goes along with nothing any more.
pub(super) fn about_is_said<P: Platform>(at: &Active<P>, conversation: ConversationId) {
    set_about(at, conversation, None);
    update_thread(at, conversation.peer(), |thread| thread.about = None);
}

/// Writes a message, and says above the composer if it can't be kept. Tells whether it was.
pub(super) async fn write<P: Platform>(at: &Active<P>, conversation: ConversationId, make: Make<'_>) -> bool {
    let conditions = conditions(at, conversation);
    let fault = match at.engine.write(conversation, &conditions, make).await {
        Ok(_) => return true,
        Err(WriteError::Store(error)) => error.into(),
        Err(error) => Fault::Write(error),
    };
    at.driver.tell_fault(&fault);
    at.driver.state.unsent.set(Some(fault));
    false
}

/// What the peer's delivery services take, as far as they told.
pub(super) fn conditions<P: Platform>(at: &Active<P>, conversation: ConversationId) -> Vec<Conditions> {
    let known = at.conditions.borrow();
    known.as_ref().filter(|(of, _)| *of == conversation).map_or(Vec::new(), |(_, told)| told.clone())
}

/// Another tab has put something into the outbox for this conversation, or has found its peer.
pub(super) async fn grew<P: Platform>(at: Active<P>, conversation: Option<ConversationId>) {
    at.engine.deliver_outbox(conversation);
}
