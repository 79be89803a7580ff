//! What the store keeps of each conversation for lists, inside the transaction that changes its messages.

use dm3_core::conversation::ConversationId;
use dm3_core::device::{Contact, Lane, Summary};
use dm3_core::identity::Address;
use dm3_core::message::MessageHash;
use dm3_core::thread::{self, MAX_NOTES};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbCursor, IdbCursorDirection, IdbCursorWithValue, IdbTransaction};

use super::request::{Failure, answer};
use super::row::{self, arrived_after, key, prefix};
use super::schema::{ABOUT, ARRIVAL, CHANGE, CONVERSATION, table};

/// How many of the newest messages are looked at for the last one when a summary is made anew.
const LOOK_BACK: usize = 200;

/// A conversation; `None` if it is not there. A damaged summary is made anew.
pub async fn load(
    t: &IdbTransaction,
    owner: Address,
    conversation: ConversationId,
) -> Result<Option<Summary>, Failure> {
    let id = key(owner, &conversation.to_string());
    let record = answer(t.object_store(table::CONTACTS)?.get(&id)?).await?;
    let Ok(contact) = row::read_contact(&record) else { return Ok(None) };
    match row::read_summary(&record) {
        Ok(summary) => Ok(Some(summary)),
        Err(_) => made_anew(t, owner, contact).await.map(Some),
    }
}

/// Adds or replaces a conversation's record; gives it.
pub fn save(t: &IdbTransaction, owner: Address, summary: &Summary) -> Result<JsValue, Failure> {
    let record = row::conversation(owner, summary)?;
    t.object_store(table::CONTACTS)?.put(&record)?;
    Ok(record)
}

/// How many messages came in after what was read.
pub async fn count_unread(
    t: &IdbTransaction,
    owner: Address,
    conversation: ConversationId,
    read_until: u64,
) -> Result<u64, Failure> {
    let range = arrived_after(owner, conversation, read_until)?;
    let index = t.object_store(table::MESSAGES)?.index(ARRIVAL)?;
    Ok(answer(index.count_with_key(&range)?).await?.as_f64().unwrap_or_default() as u64)
}

/// Reads what a list shows of the message of this hash, which is the last one; a message that can't be shown leaves
/// the one before it.
pub async fn read_last(
    t: &IdbTransaction,
    owner: Address,
    summary: &mut Summary,
    hash: &MessageHash,
) -> Result<(), Failure> {
    let messages = t.object_store(table::MESSAGES)?;
    let index = messages.index(ABOUT)?;
    let found = answer(messages.get(&key(owner, hash.as_str()))?).await?;
    let mut rows: Vec<_> = row::read_message(&found).into_iter().collect();
    let mut next = 0;
    while next < rows.len() && rows.len() <= MAX_NOTES {
        if next == 0 || rows[next].is_edit() {
            let room = (MAX_NOTES + 1 - rows.len()) as u32;
            let about = key(owner, rows[next].hash.as_str());
            let notes = answer(index.get_all_with_key_and_limit(&about, room)?).await?;
            rows.extend(
                notes.unchecked_into::<Array>().iter().filter_map(|note| row::read_message(&note).ok()),
            );
        }
        next += 1;
    }
    if let Some(last) = thread::last(hash, &rows) {
        summary.last = Some(last);
    }
    Ok(())
}

/// The summary of a conversation that has none, or a damaged one.
pub async fn made_anew(t: &IdbTransaction, owner: Address, contact: Contact) -> Result<Summary, Failure> {
    let conversation = contact.conversation;
    let messages = t.object_store(table::MESSAGES)?;
    let range = prefix(&[&owner.to_string(), &conversation.to_string()])?;
    let mut summary = Summary::new(contact);
    summary.unread = count_unread(t, owner, conversation, summary.contact.read_until).await?;
    let changes = messages.index(CHANGE)?;
    let newest = changes.open_key_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev)?;
    if let Ok(newest) = answer(newest).await?.dyn_into::<IdbCursor>() {
        let number = newest.key()?.dyn_into::<Array>().ok().and_then(|key| key.get(2).as_f64());
        summary.changes = number.unwrap_or_default() as u64;
    }
    let index = messages.index(CONVERSATION)?;
    let cursor = index.open_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev)?;
    for _ in 0..LOOK_BACK {
        let Ok(here) = answer(cursor.clone()).await?.dyn_into::<IdbCursorWithValue>() else { break };
        if let Ok(row) = row::read_message(&here.value()?)
            && row.lane != Lane::Note
        {
            read_last(t, owner, &mut summary, &row.hash).await?;
            if summary.last.is_some() {
                break;
            }
        }
        here.continue_()?;
    }
    Ok(summary)
}
