use super::{Shown, Thread};
use crate::device::{Last, MessageRow, Preview, StoredMessage};
use crate::message::MessageHash;

/// The longest text of a preview, in characters.
const MAX_PREVIEW: usize = 200;
/// How many notes about one message and its edits a store looks at for a preview.
pub const MAX_NOTES: usize = 100;

/// The message of this hash as a list shows it; `rows` has it and the notes about it and about its edits, in any order.
/// `None` if it is not there, or is no message that is shown.
pub fn last(hash: &MessageHash, rows: &[MessageRow]) -> Option<Last> {
    let mut thread = Thread::new(rows.first()?.conversation);
    for row in rows {
        // What a store keeps was proven before; and what comes of it is a row again.
        thread.insert(&StoredMessage::kept(row.clone()));
    }
    let entry = thread.find(hash).filter(|entry| entry.hash == *hash)?;
    let place = rows.iter().find(|row| row.hash == *hash)?.place;
    let waiting = entry.is_waiting();
    let shown = match entry.shown {
        Shown::Text { text, attachments, .. } if text.is_empty() && attachments > 0 => Preview::Attachment,
        Shown::Text { text, .. } => Preview::Text(text.chars().take(MAX_PREVIEW).collect()),
        Shown::Deleted => Preview::Deleted,
    };
    Some(Last { hash: entry.hash, version: entry.version, place, own: entry.own, waiting, shown })
}
