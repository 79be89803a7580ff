//! The answer or the edit that was begun in a conversation, and is gone on with when that is opened again.

use dm3_core::conversation::ConversationId;
use dm3_core::device::Preview;
use dm3_core::message::{MessageHash, SignedMessage};
use dm3_core::ports::{Store as _, StoreError};
use dm3_core::thread::{MAX_NOTES, Quote, Quoted, last};

use super::draft::{forget_purpose, purpose};
use super::driver::Active;
use super::platform::Platform;
use super::state::Composing;
use super::thread::bubble;

/// Goes on with the answer or the edit that was begun there, where `before` stands in the composer or what was begun.
pub(super) async fn go_on_composing<P: Platform>(
    at: &Active<P>,
    conversation: ConversationId,
    before: String,
) {
    let state = at.driver.state;
    let begun = purpose(at, conversation);
    let Some((message, edited)) = begun.clone() else { return };
    let quote = match quote(at, conversation, &message).await {
        Ok(quote) => quote,
        // It is kept for the next time.
        Err(error) => return at.storage_failed(error),
    };
    // Somebody may have gone on, here or elsewhere.
    let is_new = state.composing.with_untracked(|it| *it == Composing::New);
    if at.open_peer() != Some(conversation.peer()) || !is_new || purpose(at, conversation) != begun {
        return;
    }
    match (quote, edited) {
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

/// What is shown of a message above an answer, unless it was deleted.
async fn quote<P: Platform>(
    at: &Active<P>,
    conversation: ConversationId,
    message: &MessageHash,
) -> Result<Option<Quote>, StoreError> {
    let entry = at.opened.borrow().as_ref().and_then(|opened| opened.find(message));
    if let Some(entry) = entry {
        return Ok(bubble(at, entry).quote());
    }
    // It stands further up than was read.
    let row = at.session().message(message).await?.filter(|row| row.conversation == conversation);
    let Some(row) = row else { return Ok(None) };
    // Its author names the message itself who deletes it, or the edit of it that they see.
    let of = row.about().unwrap_or_else(|| row.hash.clone());
    let mut rows = Vec::from_iter(at.session().message(&of).await?);
    for named in [&of, message] {
        rows.extend(at.driver.platform.store().notes_about(at.address(), named, MAX_NOTES).await?);
    }
    if last(&of, &rows).is_some_and(|last| last.shown == Preview::Deleted) {
        return Ok(None);
    }
    let said = SignedMessage::parse(&row.json).ok();
    let own = row.author == at.address();
    Ok(said.map(|said| Quote { hash: row.hash, own, shown: Quoted::of(said.text(), said.attachments()) }))
}
