//! The tables of the database.

use wasm_bindgen::JsValue;
use web_sys::{IdbDatabase, IdbObjectStore, IdbObjectStoreParameters};

use super::row::texts;

/// The schema's version. A new one adds a step to [`upgrade`](super::upgrade).
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

/// Makes the tables of a new database.
pub fn create(database: &IdbDatabase) -> Result<(), JsValue> {
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
pub(super) fn waits(database: &IdbDatabase) -> Result<(), JsValue> {
    table(database, table::KEPT, &["owner", "kept.id"])?;
    table(database, table::ENVELOPES, &["owner", "id"]).map(drop)
}

/// What the account's other devices are to have: new in version 3.
pub(super) fn travels(database: &IdbDatabase) -> Result<(), JsValue> {
    let options = IdbObjectStoreParameters::new();
    options.set_key_path(&JsValue::from_str("number"));
    options.set_auto_increment(true);
    let journal = database.create_object_store_with_optional_parameters(table::JOURNAL, &options)?;
    index(&journal, OWNER, &["owner"])?;
    table(database, table::VALUES, &["owner", "slot"]).map(drop)
}

pub(super) fn contacts(database: &IdbDatabase) -> Result<IdbObjectStore, JsValue> {
    table(database, table::CONTACTS, &["owner", "contact.conversation"])
}

pub(super) fn index_conversations(messages: &IdbObjectStore) -> Result<(), JsValue> {
    let by_time = ["owner", "message.conversation", "message.time", "message.hash"];
    index(messages, CONVERSATION, &by_time)?;
    let by_arrival = ["owner", "message.conversation", "message.lane", "message.arrived"];
    index(messages, ARRIVAL, &by_arrival)
}

pub(super) fn index_changes(messages: &IdbObjectStore) -> Result<(), JsValue> {
    index(messages, CHANGE, &["owner", "message.conversation", "change"])?;
    index(messages, ABOUT, &["owner", "about"])
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
