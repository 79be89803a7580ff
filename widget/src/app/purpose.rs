//! What the composer is for, as it was begun before.

use dm3_core::conversation::ConversationId;
use dm3_core::message::MessageHash;
use dm3_core::thread::Quote;

use super::draft::{forget_purpose, purpose};
use super::driver::Active;
use super::platform::Platform;
use super::state::Composing;

/// Goes on with the answer or the edit that was begun in a conversation, once it is known what is quoted; `before` stands in
/// the composer, or what was begun. Somebody may have gone on meanwhile, here or elsewhere.
pub(super) fn take_up<P: Platform>(
    at: &Active<P>,
    conversation: ConversationId,
    begun: (MessageHash, Option<String>),
    quote: Option<Quote>,
    before: String,
) {
    let state = at.driver.state;
    let is_new = state.composing.with_untracked(|it| *it == Composing::New);
    if at.open_peer() != Some(conversation.peer())
        || !is_new
        || purpose(at, conversation).as_ref() != Some(&begun)
    {
        return;
    }
    match (quote, begun.1) {
        (Some(quote), None) => state.composing.set(Composing::Reply(quote)),
        (Some(quote), Some(text)) if quote.own => {
            let is_free = |typed: &String| typed.trim().is_empty() || *typed == before || *typed == text;
            if state.text.with_untracked(is_free) {
                state.text.set(text);
                state.composing.set(Composing::Edit { version: quote.hash, before });
            }
        }
        // It was deleted, or is not here any more.
        _ => forget_purpose(at, conversation),
    }
}

/// An edit that another tab has sent meanwhile is not offered here any more.
pub(super) fn leave_sent_edit<P: Platform>(at: &Active<P>, conversation: ConversationId) {
    let state = at.driver.state;
    let Composing::Edit { version, before } = state.composing.get_untracked() else { return };
    let now = at.opened.borrow().as_ref().and_then(|opened| opened.find(&version));
    if now.is_some_and(|now| now.version != version) && purpose(at, conversation).is_none() {
        state.composing.set(Composing::New);
        state.text.set(before);
    }
}
