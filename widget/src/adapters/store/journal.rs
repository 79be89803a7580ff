//! What other devices of the account are to have: the journal, and small texts.
//!
//! ```text
//! journal  {number, owner, what}    `number` is given by the browser and never given again
//! values   {owner, slot, value}
//! ```

use std::rc::Rc;

use dm3_core::device::{Changed, JournalEntry, Slot};
use dm3_core::identity::Address;
use dm3_core::ports::{StoreError, ValueChange};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbObjectStore, IdbTransaction};

use super::database::Database;
use super::request::{Failure, answer};
use super::row::{key, member, object, prefix, text_of, texts};
use super::schema::{OWNER, table};

/// An entry that has no number yet.
pub fn entry(owner: Address, changed: &Changed) -> JsValue {
    object(&[("owner", text_of(owner)), ("what", changed.to_string().into())])
}

/// The oldest entries.
pub async fn read(
    database: &Rc<Database>,
    owner: Address,
    limit: usize,
) -> Result<Vec<JournalEntry>, StoreError> {
    // A limit of nought would ask the browser for everything.
    if limit == 0 {
        return Ok(Vec::new());
    }
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let read = database.read(&[table::JOURNAL], move |t| async move {
        let index = t.object_store(table::JOURNAL)?.index(OWNER)?;
        answer(index.get_all_with_key_and_limit(&texts(&[&owner.to_string()]), limit)?).await
    });
    let records: Array = read.await?.unchecked_into();
    let entry = |record: JsValue| {
        let number = member(&record, "number").as_f64()? as u64;
        let changed = member(&record, "what").as_string()?.parse().ok()?;
        Some(JournalEntry { number, changed })
    };
    Ok(records.iter().filter_map(entry).collect())
}

pub async fn strike_out(database: &Rc<Database>, numbers: &[u64]) -> Result<(), StoreError> {
    let numbers: Vec<_> = numbers.iter().map(|number| JsValue::from_f64(*number as f64)).collect();
    let write = database.write(&[table::JOURNAL], move |t| async move {
        let journal = t.object_store(table::JOURNAL)?;
        for number in &numbers {
            journal.delete(number)?;
        }
        Ok(JsValue::UNDEFINED)
    });
    write.await.map(drop)
}

pub async fn enter_all(database: &Rc<Database>, owner: Address) -> Result<(), StoreError> {
    let tables = &[table::JOURNAL, table::CONTACTS, table::MESSAGES, table::VALUES];
    let range = prefix(&[&owner.to_string()])?;
    let write = database.write_for(owner, tables, move |t| async move {
        clear(&t, owner).await?;
        let journal = t.object_store(table::JOURNAL)?;
        for (from, kind) in
            [(table::CONTACTS, "contact "), (table::MESSAGES, "message "), (table::VALUES, "")]
        {
            for id in ids(&t.object_store(from)?, &range).await? {
                if let Ok(changed) = format!("{kind}{id}").parse() {
                    journal.put(&entry(owner, &changed))?;
                }
            }
        }
        Ok(JsValue::UNDEFINED)
    });
    write.await.map(drop)
}

/// Empties an owner's journal.
pub async fn clear(transaction: &IdbTransaction, owner: Address) -> Result<(), Failure> {
    let journal = transaction.object_store(table::JOURNAL)?;
    let numbers = answer(journal.index(OWNER)?.get_all_keys_with_key(&texts(&[&owner.to_string()]))?).await?;
    for number in numbers.unchecked_into::<Array>().iter() {
        journal.delete(&number)?;
    }
    Ok(())
}

/// The ids of keys that are `[owner, id]`.
async fn ids(table: &IdbObjectStore, range: &JsValue) -> Result<Vec<String>, Failure> {
    let keys = answer(table.get_all_keys_with_key(range)?).await?;
    let id = |key: JsValue| key.dyn_into::<Array>().ok()?.get(1).as_string();
    Ok(keys.unchecked_into::<Array>().iter().filter_map(id).collect())
}

/// What [`set_value`] wrote.
pub fn read_value(record: &JsValue) -> Option<String> {
    member(record, "value").as_string()
}

pub async fn settings(database: &Rc<Database>, owner: Address) -> Result<Vec<String>, StoreError> {
    let range = prefix(&[&owner.to_string()])?;
    let keys = database.read(&[table::VALUES], move |t| async move {
        answer(t.object_store(table::VALUES)?.get_all_keys_with_key(&range)?).await
    });
    let name = |key: JsValue| match key.dyn_into::<Array>().ok()?.get(1).as_string()?.parse() {
        Ok(Slot::Setting(name)) => Some(name),
        _ => None,
    };
    Ok(keys.await?.unchecked_into::<Array>().iter().filter_map(name).collect())
}

pub async fn set_value(
    database: &Rc<Database>,
    owner: Address,
    slot: &Slot,
    value: Option<&str>,
) -> Result<(), StoreError> {
    let name = slot.to_string();
    let record = value.map(|value| value_record(owner, &name, value));
    let changed = slot.changed().map(|changed| entry(owner, &changed));
    let write = database.write_for(owner, &[table::VALUES, table::JOURNAL], move |t| async move {
        let values = t.object_store(table::VALUES)?;
        match record {
            Some(record) => values.put(&record)?,
            None => values.delete(&key(owner, &name))?,
        };
        if let Some(changed) = changed {
            t.object_store(table::JOURNAL)?.put(&changed)?;
        }
        Ok(JsValue::UNDEFINED)
    });
    write.await.map(drop)
}

/// Changes it in the transaction that reads it.
pub async fn update_value(
    database: &Rc<Database>,
    owner: Address,
    slot: &Slot,
    change: ValueChange,
) -> Result<(), StoreError> {
    let name = slot.to_string();
    let entered = slot.changed().map(|changed| entry(owner, &changed));
    let write = database.write_for(owner, &[table::VALUES, table::JOURNAL], move |t| async move {
        let values = t.object_store(table::VALUES)?;
        let known = read_value(&answer(values.get(&key(owner, &name))?).await?);
        let changed = change(known.clone());
        if changed == known {
            return Ok(JsValue::UNDEFINED);
        }
        match changed {
            Some(value) => values.put(&value_record(owner, &name, &value))?,
            None => values.delete(&key(owner, &name))?,
        };
        if let Some(entered) = entered {
            t.object_store(table::JOURNAL)?.put(&entered)?;
        }
        Ok(JsValue::UNDEFINED)
    });
    write.await.map(drop)
}

fn value_record(owner: Address, name: &str, value: &str) -> JsValue {
    object(&[("owner", owner.to_string().into()), ("slot", name.into()), ("value", value.into())])
}
