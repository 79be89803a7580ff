//! How the tables of former versions become those of today. Loaded by whoever was here when those were today's.
//!
//! Every step runs in the transaction that opens the database: all of it happens, or nothing.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use dm3_core::device::{Contact, Summary};
use dm3_core::identity::Address;
use js_sys::{Array, JsString, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbCursorWithValue, IdbDatabase, IdbObjectStore, IdbTransaction};

use super::request::{Answer, Failure, Upgrade, answer};
use super::row::{self, member, set, texts};
use super::schema::{
    ARRIVAL, CONVERSATION, contacts, index_changes, index_conversations, table, travels, waits,
};
use crate::adapters::parts::part;

/// The longest sentence of the first version that is kept, in UTF-16 units.
const MAX_SENTENCE: u32 = 200;

part!(fn load in upgrade("upgrade") -> Upgrade = upgrade);

fn upgrade(database: IdbDatabase, transaction: IdbTransaction, from: u32) -> Answer {
    Box::pin(async move {
        if from < 2 {
            name_conversations(&database, &transaction).await?;
        }
        if from < 3 {
            waits(&database)?;
            number_changes(&transaction).await?;
            travels(&database)?;
            enter_all(&transaction).await?;
        }
        Ok(JsValue::UNDEFINED)
    })
}

/// What was there before there was a journal is entered into it.
async fn enter_all(transaction: &IdbTransaction) -> Result<(), Failure> {
    let journal = transaction.object_store(table::JOURNAL)?;
    for (from, kind) in [(table::CONTACTS, "contact"), (table::MESSAGES, "message")] {
        let keys = answer(transaction.object_store(from)?.get_all_keys()?).await?;
        for key in keys.unchecked_into::<Array>().iter() {
            // `[owner, id]`
            let key: Array = key.unchecked_into();
            let Some(id) = key.get(1).as_string() else { continue };
            let entry = Object::new().into();
            set(&entry, "owner", &key.get(0));
            set(&entry, "what", &format!("{kind} {id}").into());
            journal.put(&entry)?;
        }
    }
    Ok(())
}

/// Version 2 had no numbers of changes, did not say what notes are about, and could be interrupted between a first message and
/// the opening of its conversation. The summaries of conversations are made when they are first read.
async fn number_changes(transaction: &IdbTransaction) -> Result<(), Failure> {
    let messages = transaction.object_store(table::MESSAGES)?;
    let count = Cell::new(0);
    let conversations = RefCell::new(BTreeMap::new());
    each(&messages, |record| {
        let Ok(message) = row::read_message(record) else { return };
        count.set(count.get() + 1);
        row::number(record, count.get());
        if let Some(about) = message.about() {
            set(record, "about", &about.as_str().into());
        }
        if let Some(owner) = member(record, "owner").as_string() {
            let conversation = (owner, message.conversation.to_string());
            conversations.borrow_mut().entry(conversation).or_insert(message);
        }
    })
    .await?;
    index_changes(&messages)?;
    let contacts = transaction.object_store(table::CONTACTS)?;
    for ((owner, conversation), first) in conversations.take() {
        let Ok(address) = Address::parse_unchecked_case(&owner) else { continue };
        if answer(contacts.get_key(&texts(&[&owner, &conversation]))?).await?.is_undefined() {
            let record =
                row::conversation(address, &Summary::new(Contact::new(first.conversation, first.arrived)))?;
            Reflect::delete_property(record.unchecked_ref::<Object>(), &"summary".into())?;
            contacts.put(&record)?;
        }
    }
    Ok(())
}

/// Version 1 had a peer's address where the conversation is now, and sentences where there are codes now. What is
/// damaged is carried along as it is.
async fn name_conversations(database: &IdbDatabase, transaction: &IdbTransaction) -> Result<(), Failure> {
    let kept = transaction.object_store(table::CONTACTS)?.get_all()?;
    let kept: Array = answer(kept).await?.unchecked_into();
    database.delete_object_store(table::CONTACTS)?;
    let contacts = contacts(database)?;
    for record in kept.iter() {
        name_conversation(&member(&record, "contact"));
        contacts.put(&record)?;
    }
    let messages = transaction.object_store(table::MESSAGES)?;
    messages.delete_index(CONVERSATION)?;
    messages.delete_index(ARRIVAL)?;
    each(&messages, |record| {
        let message = member(record, "message");
        name_conversation(&message);
        let state = member(&message, "state");
        if let Some(sentence) = bounded(&member(&state, "refused")) {
            set(&state, "refused", &"unexplained".into());
            set(&state, "value", &sentence);
        }
    })
    .await?;
    index_conversations(&messages)?;
    each(&transaction.object_store(table::QUARANTINE)?, |record| {
        let item = member(record, "item");
        if let Some(sentence) = bounded(&member(&item, "reason")) {
            let doubt = Object::new().into();
            set(&doubt, "code", &"unexplained".into());
            set(&doubt, "value", &sentence);
            set(&item, "doubt", &doubt);
            remove(&item, "reason");
        }
    })
    .await
}

/// Changes every record of a table.
async fn each(table: &IdbObjectStore, change: impl Fn(&JsValue)) -> Result<(), Failure> {
    let cursor = table.open_cursor()?;
    while let Ok(here) = answer(cursor.clone()).await?.dyn_into::<IdbCursorWithValue>() {
        let record = here.value()?;
        change(&record);
        here.update(&record)?;
        here.continue_()?;
    }
    Ok(())
}

/// `peer: "0xAb…"` becomes `conversation: "peer:0xab…"`.
fn name_conversation(record: &JsValue) {
    let peer = member(record, "peer");
    if peer.is_undefined() {
        return;
    }
    let conversation = peer.as_string().map(|peer| format!("peer:{}", peer.to_ascii_lowercase()));
    set(record, "conversation", &conversation.map_or(peer, JsValue::from));
    remove(record, "peer");
}

fn bounded(sentence: &JsValue) -> Option<JsValue> {
    Some(sentence.dyn_ref::<JsString>()?.slice(0, MAX_SENTENCE).into())
}

fn remove(object: &JsValue, name: &str) {
    let _ = Reflect::delete_property(object.unchecked_ref::<Object>(), &JsValue::from_str(name));
}
