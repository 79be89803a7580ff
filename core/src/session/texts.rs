//! Finding messages of the device by what they say.

use super::Session;
use crate::conversation::ConversationId;
use crate::device::{Lane, MessageRow, Position, StoredMessage};
use crate::message::SignedMessage;
use crate::ports::{Ports, Store as _, StoreError};
use crate::thread::{Entry, MAX_NOTES, Shown, Thread};

/// How many messages of a conversation are looked at in one go.
const STRETCH: usize = 100;
/// Up to how many bytes of JSON are looked through as they are; more of it is what is embedded, and only the text is.
const SHORT: usize = 16_000;
/// How many edits lie between a message and its latest one at most, for that one to be found by.
const MAX_EDITS: usize = 16;

/// What was found in a stretch of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundTexts {
    /// The messages, the newest first, as they look now. One that was edited may be found in two stretches.
    pub found: Vec<Entry>,
    /// Where the next stretch begins; `None` if this was the last one.
    pub next: Option<Position>,
    /// Where this was the last one: whether older messages may be on the account's node, which are not looked at
    /// ([`Session::older`] fetches them).
    pub on_node: bool,
}

impl<P: Ports> Session<P> {
    /// Looks for texts in the messages of a conversation: the 100 before `before`, or the newest. A message is found by what
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
        for row in rows.into_iter().filter(|row| may_match(row, matches)) {
            let Some(row) = self.edited(row).await? else { continue };
            if found.iter().any(|known| known.hash == row.hash) {
                continue;
            }
            let entry = self.as_it_looks(row).await?;
            found.extend(
                entry.filter(|entry| matches!(&entry.shown, Shown::Text { text, .. } if matches(text))),
            );
        }
        let on_node = next.is_none() && self.has_older(conversation).await?;
        Ok(FoundTexts { found, next, on_node })
    }

    /// The message that one is, or edits. `None` for what has no text.
    async fn edited(&self, row: MessageRow) -> Result<Option<MessageRow>, StoreError> {
        let mut row = Some(row);
        for _ in 0..MAX_EDITS {
            let Some(known) = row else { return Ok(None) };
            if known.lane != Lane::Note {
                return Ok(Some(known));
            }
            let edits = if known.is_edit() { known.about() } else { None };
            let Some(edited) = edits else { return Ok(None) };
            row = self.stored(known.conversation, &edited).await?;
        }
        Ok(None)
    }

    /// A message with everything that later ones did to it.
    async fn as_it_looks(&self, row: MessageRow) -> Result<Option<Entry>, StoreError> {
        let (mut thread, hash) = (Thread::new(row.conversation), row.hash.clone());
        let (mut rows, mut next) = (vec![row], 0);
        while let Some(row) = rows.get(next)
            && rows.len() <= MAX_NOTES
        {
            if next == 0 || row.is_edit() {
                let notes = self.ports().store().notes_about(self.account, &row.hash, MAX_NOTES).await?;
                rows.extend(notes);
            }
            next += 1;
        }
        for row in rows {
            thread.insert(&StoredMessage::kept(row));
        }
        Ok(thread.find(&hash))
    }
}

/// Whether what is looked for may be in the text of a message: what is not in its JSON is not, unless something is escaped there.
fn may_match(row: &MessageRow, matches: &impl Fn(&str) -> bool) -> bool {
    if row.json.len() > SHORT {
        return SignedMessage::parse(&row.json).is_ok_and(|message| matches(message.text()));
    }
    row.json.contains('\\') || matches(&row.json)
}
