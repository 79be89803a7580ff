//! Finding messages of the device by what they say.

use super::Session;
use crate::conversation::ConversationId;
use crate::device::{Lane, MessageRow, Position, StoredMessage};
use crate::message::MessageHash;
use crate::ports::{Ports, Store as _, StoreError};
use crate::thread::{Entry, MAX_NOTES, Shown, Thread};

/// How many messages of a conversation are looked at in one go.
const STRETCH: usize = 200;
/// How many edits lie between a message and its latest one at most, for that one to be found by.
const MAX_EDITS: usize = 16;

/// What was found in a stretch of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundTexts {
    /// The messages, the newest first, as they look now. One that was edited may be found in two stretches.
    pub found: Vec<Entry>,
    /// Where the next stretch begins; `None` if this was the last one.
    pub next: Option<Position>,
}

impl<P: Ports> Session<P> {
    /// Looks for texts in the messages of a conversation: the 200 before `before`, or the newest. A message is found by what
    /// it says now, not by what it said before it was edited or deleted. `matches` tells whether what is looked for is in a text.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn search_texts(
        &self,
        conversation: ConversationId,
        before: Option<&Position>,
        matches: &impl Fn(&str) -> bool,
    ) -> Result<FoundTexts, StoreError> {
        let rows = self.ports().store().messages(self.account, conversation, before, STRETCH).await?;
        let next = rows.last().filter(|_| rows.len() == STRETCH).map(MessageRow::position);
        let mut found: Vec<Entry> = Vec::new();
        // What is not in the JSON is not in the text, unless something is escaped there.
        let may_match = |row: &MessageRow| row.json.contains('\\') || matches(&row.json);
        for row in rows.into_iter().filter(may_match) {
            let Some(hash) = self.edited(row).await? else { continue };
            if found.iter().any(|known| known.hash == hash) {
                continue;
            }
            let entry = self.as_it_looks(conversation, &hash).await?;
            found.extend(
                entry.filter(|entry| matches!(&entry.shown, Shown::Text { text, .. } if matches(text))),
            );
        }
        Ok(FoundTexts { found, next })
    }

    /// The message that one is, or edits. `None` for what has no text.
    async fn edited(&self, row: MessageRow) -> Result<Option<MessageHash>, StoreError> {
        let mut row = Some(row);
        for _ in 0..MAX_EDITS {
            let Some(known) = row else { return Ok(None) };
            if known.lane != Lane::Note {
                return Ok(Some(known.hash));
            }
            let edits = if known.is_edit() { known.about() } else { None };
            let Some(edited) = edits else { return Ok(None) };
            row = self.stored(known.conversation, &edited).await?;
        }
        Ok(None)
    }

    /// A message with everything that later ones did to it.
    async fn as_it_looks(
        &self,
        conversation: ConversationId,
        hash: &MessageHash,
    ) -> Result<Option<Entry>, StoreError> {
        let mut rows: Vec<_> = self.stored(conversation, hash).await?.into_iter().collect();
        let mut next = 0;
        while let Some(row) = rows.get(next)
            && rows.len() <= MAX_NOTES
        {
            if next == 0 || row.is_edit() {
                let notes = self.ports().store().notes_about(self.account, &row.hash, MAX_NOTES).await?;
                rows.extend(notes);
            }
            next += 1;
        }
        let mut thread = Thread::new(conversation);
        for row in rows {
            thread.insert(&StoredMessage::kept(row));
        }
        Ok(thread.find(hash))
    }
}
