//! Writing messages, and with them what is kept of their conversations, in one transaction.
//!
//! ```text
//! message ─▶ Summary::add: unread, number of the change ─▶ record ─▶ Summary::due ─▶ read_last ─▶ the conversation's record
//! ```

use std::collections::BTreeSet;
use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::device::{Changed, Contact, Lane, MessageRow, SendState, StoredMessage, Summary};
use dm3_core::identity::Address;
use dm3_core::message::MessageHash;
use dm3_core::ports::StoreError;
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::IdbTransaction;

use super::database::Database;
use super::request::{Failure, answer};
use super::row::{self, key};
use super::schema::table;
use super::{conversation, journal};

const TABLES: &[&str] = &[table::MESSAGES, table::CONTACTS, table::JOURNAL];

/// Where messages come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// They are new to the account. Known ones are left as they are.
    New,
    /// They were kept elsewhere. Known ones may have come further there, and damaged ones are replaced.
    Restored,
}

/// Adds messages; gives the hashes of those that were new or changed.
pub async fn add(
    database: &Rc<Database>,
    owner: Address,
    messages: &[StoredMessage],
    origin: Origin,
) -> Result<Vec<MessageHash>, StoreError> {
    let mut seen = BTreeSet::new();
    let mut batch = Vec::new();
    for message in messages.iter().map(StoredMessage::row).filter(|row| seen.insert(&row.hash)) {
        batch.push((message.clone(), row::message(owner, message)?));
    }
    let write = database.write_for(owner, TABLES, move |t| async move {
        let table = t.object_store(table::MESSAGES)?;
        // All questions at once: the browser answers them while the first is awaited.
        let mut lookups = Vec::new();
        for (message, _) in &batch {
            lookups.push(answer(table.get(&key(owner, message.hash.as_str()))?));
        }
        let mut touched = Vec::new();
        let changed = Array::new();
        for ((message, record), lookup) in batch.into_iter().zip(lookups) {
            let kept = lookup.await?;
            let hash: JsValue = message.hash.as_str().into();
            if kept.is_undefined() || origin == Origin::Restored && row::read_message(&kept).is_err() {
                add_one(&t, owner, &mut touched, message, &record, origin).await?;
            } else {
                let Some(kept) = row::read_message(&kept).ok().filter(|_| origin == Origin::Restored) else {
                    continue;
                };
                if !message.brings_further(&kept) {
                    continue;
                }
                let further = message.state.is_further_than(&kept.state);
                let state = if further { message.state } else { kept.state.clone() };
                let arrived = message.arrived.min(kept.arrived);
                let changed = MessageRow { state, arrived, ..kept.clone() };
                change(&t, owner, &mut touched, &kept, &changed).await?;
            }
            changed.push(&hash);
        }
        finish(&t, owner, touched).await?;
        Ok(changed.into())
    });
    let changed: Array = write.await?.unchecked_into();
    Ok(changed.iter().filter_map(|hash| hash.as_string()?.parse().ok()).collect())
}

/// Changes how far a message has come. A damaged one is as good as unknown.
pub async fn set_state(
    database: &Rc<Database>,
    owner: Address,
    hash: &MessageHash,
    state: &SendState,
) -> Result<(), StoreError> {
    let (hash, state) = (hash.clone(), state.clone());
    let write = database.write_for(owner, TABLES, move |t| async move {
        let record = t.object_store(table::MESSAGES)?.get(&key(owner, hash.as_str()))?;
        let kept = row::read_message(&answer(record).await?).ok().filter(|kept| kept.state != state);
        if let Some(kept) = kept {
            let mut touched = Vec::new();
            let changed = MessageRow { state, ..kept.clone() };
            change(&t, owner, &mut touched, &kept, &changed).await?;
            finish(&t, owner, touched).await?;
            enter(&t, owner, &hash)?;
        }
        Ok(JsValue::UNDEFINED)
    });
    write.await.map(drop)
}

/// A conversation of which messages are being written.
struct Touched {
    summary: Summary,
    added: Vec<MessageRow>,
    /// The state of what its list shows has changed.
    last_changed: bool,
}

async fn add_one(
    t: &IdbTransaction,
    owner: Address,
    touched: &mut Vec<Touched>,
    message: MessageRow,
    record: &JsValue,
    origin: Origin,
) -> Result<(), Failure> {
    let place = touch(t, owner, touched, message.conversation, message.arrived).await?;
    let Some(Touched { summary, added, .. }) = touched.get_mut(place) else { return Ok(()) };
    row::number(record, summary.add(&message));
    t.object_store(table::MESSAGES)?.put(record)?;
    if origin == Origin::New {
        enter(t, owner, &message.hash)?;
    }
    added.push(message);
    Ok(())
}

/// Puts a message in place of the same one that has another state, or arrived later.
async fn change(
    t: &IdbTransaction,
    owner: Address,
    touched: &mut Vec<Touched>,
    kept: &MessageRow,
    changed: &MessageRow,
) -> Result<(), Failure> {
    let place = touch(t, owner, touched, kept.conversation, kept.arrived).await?;
    let Some(Touched { summary, last_changed, .. }) = touched.get_mut(place) else { return Ok(()) };
    let record = row::message(owner, changed)?;
    row::number(&record, summary.change());
    if kept.lane == Lane::In {
        summary.had_arrived(kept.arrived, changed.arrived);
    }
    t.object_store(table::MESSAGES)?.put(&record)?;
    *last_changed |= summary.last.as_ref().is_some_and(|last| last.version == kept.hash);
    Ok(())
}

/// The place of a conversation among those that are being written; it is opened if need be.
async fn touch(
    t: &IdbTransaction,
    owner: Address,
    touched: &mut Vec<Touched>,
    conversation: ConversationId,
    arrived: u64,
) -> Result<usize, Failure> {
    let known = touched.iter().position(|known| known.summary.contact.conversation == conversation);
    if let Some(place) = known {
        return Ok(place);
    }
    let stored = conversation::load(t, owner, conversation).await?;
    let summary = stored.unwrap_or_else(|| Summary::new(Contact::new(conversation, arrived)));
    touched.push(Touched { summary, added: Vec::new(), last_changed: false });
    Ok(touched.len() - 1)
}

async fn finish(t: &IdbTransaction, owner: Address, touched: Vec<Touched>) -> Result<(), Failure> {
    for Touched { mut summary, added, last_changed } in touched {
        let known = summary.last.as_ref().filter(|_| last_changed).map(|last| last.hash.clone());
        if let Some(due) = summary.due(&added).or(known) {
            conversation::read_last(t, owner, &mut summary, &due).await?;
        }
        conversation::save(t, owner, &summary)?;
    }
    Ok(())
}

fn enter(t: &IdbTransaction, owner: Address, hash: &MessageHash) -> Result<(), Failure> {
    t.object_store(table::JOURNAL)?.put(&journal::entry(owner, &Changed::Message(hash.clone())))?;
    Ok(())
}
