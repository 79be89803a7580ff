//! The answer or the edit that was begun about a message further up than what is read of its conversation.

use dm3_core::conversation::ConversationId;
use dm3_core::device::Preview;
use dm3_core::message::{MessageHash, SignedMessage};
use dm3_core::ports::{Store as _, StoreError};
use dm3_core::thread::{MAX_NOTES, Quote, Quoted, last};

use super::draft::purpose;
use super::driver::Active;
use super::platform::Platform;
use super::purpose::take_up;

/// Goes on with what was begun in the open conversation, where `before` stands in the composer or what was begun.
pub(super) async fn go_on_composing<P: Platform>(at: Active<P>, before: String) {
    let Some(open) = at.open_peer() else { return };
    let conversation = ConversationId::Peer(open);
    let Some(begun) = purpose(&at, conversation) else { return };
    match quote(&at, conversation, &begun.0).await {
        Ok(quote) => take_up(&at, conversation, begun, quote, before),
        // It is kept for the next time.
        Err(error) => at.storage_failed(error),
    }
}

/// What is shown of a message above an answer, unless it was deleted. It may have been read meanwhile.
async fn quote<P: Platform>(
    at: &Active<P>,
    conversation: ConversationId,
    message: &MessageHash,
) -> Result<Option<Quote>, StoreError> {
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
