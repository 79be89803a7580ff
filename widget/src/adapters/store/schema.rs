//! The tables of the database, and how those of former versions become them.
//!
//! Every step runs in the transaction that opens the database: all of it happens, or nothing.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use dm3_core::device::{Contact, Summary};
use dm3_core::identity::Address;
use js_sys::{Array, JsString, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbCursorWithValue, IdbDatabase, IdbObjectStore, IdbObjectStoreParameters, IdbTransaction};

use super::request::{Answer, Failure, answer};
use super::row::{self, member, set, texts};

/// The schema's version. A new one adds a step to [`upgrade`].
pub const VERSION: u32 = 3;

/// The object stores.
pub mod table {
    pub const ACCOUNT: &str = "account";
    pub const VAULT: &str = "vault";
    pub const MESSAGES: &str = "messages";
    pub const CONTACTS: &str = "contacts";
    pub const QUARANTINE: &str = "quarantine";
    pub const KEPT: &str = "kept";
    pub const ENVELOPES: &str = "envelopes";
    pub const JOURNAL: &str = "journal";
    pub const VALUES: &str = "values";
}

/// Messages by owner, conversation, time and hash.
pub const CONVERSATION: &str = "conversation";
/// Waiting messages by owner and time.
pub const OUTBOX: &str = "outbox";
/// Messages by owner, conversation and the number of their last change.
pub const CHANGE: &str = "change";
/// Notes by owner and what they are about.
pub const ABOUT: &str = "about";
/// Messages by owner, conversation, lane and arrival.
pub const ARRIVAL: &str = "arrival";
/// Quarantined items by owner and arrival.
pub const QUARANTINE_ARRIVAL: &str = "arrival";
/// Entries of the journal by owner, and then by number.
pub const OWNER: &str = "owner";

/// The longest sentence of the first version that is kept, in UTF-16 units.
const MAX_SENTENCE: u32 = 200;

/// Brings a database of version `from` up to date; 0 is one that is new.
pub fn upgrade(database: IdbDatabase, transaction: IdbTransaction, from: u32) -> Answer {
    Box::pin(async move {
        if from == 0 {
            create(&database)?;
            return Ok(JsValue::UNDEFINED);
        }
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

fn create(database: &IdbDatabase) -> Result<(), JsValue> {
    table(database, table::ACCOUNT, &[])?;
    table(database, table::VAULT, &[])?;
    let messages = table(database, table::MESSAGES, &["owner", "message.hash"])?;
    index(&messages, OUTBOX, &["owner", "waiting"])?;
    index_conversations(&messages)?;
    index_changes(&messages)?;
    contacts(database)?;
    let quarantine = table(database, table::QUARANTINE, &["owner", "item.id"])?;
    index(&quarantine, QUARANTINE_ARRIVAL, &["owner", "item.arrived"])?;
    waits(database)?;
    travels(database)
}

/// What waits to be taken in: new in version 3.
fn waits(database: &IdbDatabase) -> Result<(), JsValue> {
    table(database, table::KEPT, &["owner", "kept.id"])?;
    table(database, table::ENVELOPES, &["owner", "id"]).map(drop)
}

/// What the account's other devices are to have: new in version 3.
fn travels(database: &IdbDatabase) -> Result<(), JsValue> {
    let options = IdbObjectStoreParameters::new();
    options.set_key_path(&JsValue::from_str("number"));
    options.set_auto_increment(true);
    let journal = database.create_object_store_with_optional_parameters(table::JOURNAL, &options)?;
    index(&journal, OWNER, &["owner"])?;
    table(database, table::VALUES, &["owner", "slot"]).map(drop)
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

fn contacts(database: &IdbDatabase) -> Result<IdbObjectStore, JsValue> {
    table(database, table::CONTACTS, &["owner", "contact.conversation"])
}

fn index_conversations(messages: &IdbObjectStore) -> Result<(), JsValue> {
    let by_time = ["owner", "message.conversation", "message.time", "message.hash"];
    index(messages, CONVERSATION, &by_time)?;
    let by_arrival = ["owner", "message.conversation", "message.lane", "message.arrived"];
    index(messages, ARRIVAL, &by_arrival)
}

fn index_changes(messages: &IdbObjectStore) -> Result<(), JsValue> {
    index(messages, CHANGE, &["owner", "message.conversation", "change"])?;
    index(messages, ABOUT, &["owner", "about"])
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

fn table(database: &IdbDatabase, name: &str, key: &[&str]) -> Result<IdbObjectStore, JsValue> {
    let options = IdbObjectStoreParameters::new();
    if !key.is_empty() {
        options.set_key_path(&texts(key));
    }
    database.create_object_store_with_optional_parameters(name, &options)
}

fn index(table: &IdbObjectStore, name: &str, key: &[&str]) -> Result<(), JsValue> {
    table.create_index_with_str_sequence(name, &texts(key)).map(drop)
}
