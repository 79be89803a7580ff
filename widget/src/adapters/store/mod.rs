//! [`Store`] on IndexedDB.
//!
//! ```text
//! account     "current"               who is signed in
//! vault       "key"                   the browser's own key, not extractable
//!             owner                   key seed, sealed with that key
//! messages    [owner, hash]           by conversation, by what waits, by arrival
//! contacts    [owner, conversation]
//! quarantine  [owner, id]             by arrival
//! kept        [owner, id]             envelopes that wait to be taken in
//! envelopes   [owner, id]             their texts
//! journal     number                  by owner: what other devices of the account are to have
//! values      [owner, slot]           small texts: drafts, settings, how far the history was followed
//! ```

mod database;
mod journal;
mod kept;
mod request;
mod row;
mod schema;
mod vault;

use std::collections::BTreeSet;
use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::device::{
    Account, Changed, Contact, JournalEntry, Kept, Lane, MessageRow, Position, Quarantined, SendState, Slot,
    StoredMessage,
};
use dm3_core::identity::{Address, KeySeed};
use dm3_core::message::MessageHash;
use dm3_core::ports::{ContactChange, Store, StoreError};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CryptoKey, IdbCursorDirection, IdbCursorWithValue};

use database::Database;
use request::answer;
use row::{key, prefix};
use schema::{ARRIVAL, CONVERSATION, OUTBOX, QUARANTINE_ARRIVAL, table};

/// The name of the browser's database.
pub const DATABASE: &str = "dm3-chat";

/// Where the account is in its table.
const CURRENT: &str = "current";
/// Where the wrapping key is in the vault. No owner's address looks like this.
const VAULT_KEY: &str = "key";

/// Accounts, messages and keys in the browser's IndexedDB. Opened by the first call, and again when the browser
/// closed it. Clones share the connection.
#[derive(Clone)]
pub struct IndexedDbStore(Rc<Database>);

impl IndexedDbStore {
    /// The store in the database called `name`; usually [`DATABASE`].
    pub fn new(name: &str) -> Self {
        Self(Rc::new(Database::new(name)))
    }

    /// The browser's own key for this origin, made when it is first needed.
    async fn vault_key(&self) -> Result<CryptoKey, StoreError> {
        let found = self.one(&[table::VAULT], JsValue::from_str(VAULT_KEY)).await?;
        if !found.is_undefined() {
            return vault::as_key(found);
        }
        let new = vault::new_random_key().await?;
        // Another tab may have been faster; then its key is the one.
        let key = self.0.write(&[table::VAULT], move |t| async move {
            let vault = t.object_store(table::VAULT)?;
            let slot = JsValue::from_str(VAULT_KEY);
            let key = answer(vault.get(&slot)?).await?;
            if !key.is_undefined() {
                return Ok(key);
            }
            vault.put_with_key(&new, &slot)?;
            Ok(new.into())
        });
        vault::as_key(key.await?)
    }

    /// Adds or replaces one record; `undefined` is the key of a record that contains its own.
    async fn put(
        &self,
        tables: &'static [&'static str; 1],
        record: JsValue,
        key: JsValue,
    ) -> Result<(), StoreError> {
        let write = self.0.write(tables, move |t| async move {
            t.object_store(tables[0])?.put_with_key(&record, &key)?;
            Ok(JsValue::UNDEFINED)
        });
        write.await.map(drop)
    }

    /// One record; `undefined` if there is none.
    async fn one(&self, tables: &'static [&'static str; 1], key: JsValue) -> Result<JsValue, StoreError> {
        let read =
            self.0.read(tables, move |t| async move { answer(t.object_store(tables[0])?.get(&key)?).await });
        read.await
    }

    /// All records of an owner in a table, or in one of its indexes.
    async fn all(
        &self,
        tables: &'static [&'static str; 1],
        index: Option<&'static str>,
        owner: Address,
    ) -> Result<Array, StoreError> {
        let range = prefix(&[&owner.to_string()])?;
        let read = self.0.read(tables, move |t| async move {
            let table = t.object_store(tables[0])?;
            let request = match index {
                Some(index) => table.index(index)?.get_all_with_key(&range)?,
                None => table.get_all_with_key(&range)?,
            };
            answer(request).await
        });
        read.await.map(JsCast::unchecked_into)
    }
}

/// What can be read of some records; a damaged one hides no other.
fn readable<T>(records: &Array, read: fn(&JsValue) -> Result<T, StoreError>) -> Vec<T> {
    records.iter().filter_map(|record| read(&record).ok()).collect()
}

impl Store for IndexedDbStore {
    async fn account(&self) -> Result<Option<Account>, StoreError> {
        let account = self.one(&[table::ACCOUNT], JsValue::from_str(CURRENT)).await?;
        if account.is_undefined() { Ok(None) } else { row::read_account(&account).map(Some) }
    }

    async fn set_account(&self, account: Option<&Account>) -> Result<(), StoreError> {
        let current = JsValue::from_str(CURRENT);
        if let Some(account) = account {
            return self.put(&[table::ACCOUNT], row::account(account), current).await;
        }
        let write = self.0.write(&[table::ACCOUNT], move |t| async move {
            t.object_store(table::ACCOUNT)?.delete(&current)?;
            Ok(JsValue::UNDEFINED)
        });
        write.await.map(drop)
    }

    async fn seed(&self, owner: Address) -> Result<Option<KeySeed>, StoreError> {
        let pair = self.0.read(&[table::VAULT], move |t| async move {
            let vault = t.object_store(table::VAULT)?;
            let sealed = answer(vault.get(&JsValue::from_str(&owner.to_string()))?).await?;
            let key = answer(vault.get(&JsValue::from_str(VAULT_KEY))?).await?;
            Ok(Array::of2(&key, &sealed).into())
        });
        let pair: Array = pair.await?.unchecked_into();
        let (key, sealed) = (pair.get(0), pair.get(1));
        if sealed.is_undefined() {
            return Ok(None);
        }
        if key.is_undefined() {
            return Err(StoreError::Damaged);
        }
        vault::unwrap(&vault::as_key(key)?, owner, &sealed).await.map(Some)
    }

    async fn set_seed(&self, owner: Address, seed: &KeySeed) -> Result<(), StoreError> {
        // A transaction ends while WebCrypto works: seal first, then store.
        let sealed = vault::wrap(&self.vault_key().await?, owner, seed).await?;
        self.put(&[table::VAULT], sealed, JsValue::from_str(&owner.to_string())).await
    }

    async fn add_messages(
        &self,
        owner: Address,
        messages: &[StoredMessage],
    ) -> Result<Vec<MessageHash>, StoreError> {
        let mut seen = BTreeSet::new();
        let mut batch = Vec::new();
        for message in messages.iter().map(StoredMessage::row).filter(|row| seen.insert(&row.hash)) {
            batch.push((message.hash.clone(), row::message(owner, message)?));
        }
        let write = self.0.write_for(owner, &[table::MESSAGES, table::JOURNAL], move |t| async move {
            let table = t.object_store(table::MESSAGES)?;
            let journal = t.object_store(table::JOURNAL)?;
            // All questions at once: the browser answers them while the first is awaited.
            let mut lookups = Vec::new();
            for (hash, _) in &batch {
                lookups.push(answer(table.get_key(&key(owner, hash.as_str()))?));
            }
            let new = Array::new();
            for ((hash, record), lookup) in batch.into_iter().zip(lookups) {
                if lookup.await?.is_undefined() {
                    table.put(&record)?;
                    journal.put(&journal::entry(owner, &Changed::Message(hash.clone())))?;
                    new.push(&hash.as_str().into());
                }
            }
            Ok(new.into())
        });
        let new: Array = write.await?.unchecked_into();
        Ok(new.iter().filter_map(|hash| hash.as_string()?.parse().ok()).collect())
    }

    async fn set_state(
        &self,
        owner: Address,
        hash: &MessageHash,
        state: &SendState,
    ) -> Result<(), StoreError> {
        let (id, state) = (key(owner, hash.as_str()), state.clone());
        let entry = journal::entry(owner, &Changed::Message(hash.clone()));
        let write = self.0.write_for(owner, &[table::MESSAGES, table::JOURNAL], move |t| async move {
            let table = t.object_store(table::MESSAGES)?;
            let record = answer(table.get(&id)?).await?;
            if !record.is_undefined() {
                let message = MessageRow { state, ..row::read_message(&record)? };
                table.put(&row::message(owner, &message)?)?;
                t.object_store(table::JOURNAL)?.put(&entry)?;
            }
            Ok(JsValue::UNDEFINED)
        });
        write.await.map(drop)
    }

    async fn message(&self, owner: Address, hash: &MessageHash) -> Result<Option<MessageRow>, StoreError> {
        let record = self.one(&[table::MESSAGES], key(owner, hash.as_str())).await?;
        Ok(row::read_message(&record).ok())
    }

    async fn messages(
        &self,
        owner: Address,
        conversation: ConversationId,
        before: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<MessageRow>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let range = row::conversation(owner, conversation, before)?;
        let read = self.0.read(&[table::MESSAGES], move |t| async move {
            let index = t.object_store(table::MESSAGES)?.index(CONVERSATION)?;
            let cursor = index.open_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev)?;
            let found = Array::new();
            // Nothing is where the range ends.
            while let Ok(here) = answer(cursor.clone()).await?.dyn_into::<IdbCursorWithValue>() {
                let record = here.value()?;
                if row::read_message(&record).is_ok() && found.push(&record) as usize == limit {
                    break;
                }
                here.continue_()?;
            }
            Ok(found.into())
        });
        Ok(readable(&read.await?.unchecked_into(), row::read_message))
    }

    async fn outbox(&self, owner: Address) -> Result<Vec<MessageRow>, StoreError> {
        Ok(readable(&self.all(&[table::MESSAGES], Some(OUTBOX), owner).await?, row::read_message))
    }

    async fn contact(
        &self,
        owner: Address,
        conversation: ConversationId,
    ) -> Result<Option<Contact>, StoreError> {
        let record = self.one(&[table::CONTACTS], key(owner, &conversation.to_string())).await?;
        Ok(row::read_contact(&record).ok())
    }

    async fn contacts(&self, owner: Address) -> Result<Vec<Contact>, StoreError> {
        Ok(readable(&self.all(&[table::CONTACTS], None, owner).await?, row::read_contact))
    }

    async fn put_contact(&self, owner: Address, contact: &Contact) -> Result<(), StoreError> {
        let record = row::contact(owner, contact)?;
        let entry = journal::entry(owner, &Changed::Contact(contact.conversation));
        let write = self.0.write_for(owner, &[table::CONTACTS, table::JOURNAL], move |t| async move {
            t.object_store(table::CONTACTS)?.put(&record)?;
            t.object_store(table::JOURNAL)?.put(&entry)?;
            Ok(JsValue::UNDEFINED)
        });
        write.await.map(drop)
    }

    async fn update_contact(
        &self,
        owner: Address,
        conversation: ConversationId,
        change: ContactChange,
    ) -> Result<(), StoreError> {
        let id = key(owner, &conversation.to_string());
        let entry = journal::entry(owner, &Changed::Contact(conversation));
        let write = self.0.write_for(owner, &[table::CONTACTS, table::JOURNAL], move |t| async move {
            let table = t.object_store(table::CONTACTS)?;
            let kept = row::read_contact(&answer(table.get(&id)?).await?).ok();
            if let Some(contact) = change(kept.clone()).filter(|contact| Some(contact) != kept.as_ref()) {
                table.put(&row::contact(owner, &contact)?)?;
                t.object_store(table::JOURNAL)?.put(&entry)?;
            }
            Ok(JsValue::UNDEFINED)
        });
        write.await.map(drop)
    }

    async fn count_incoming_after(
        &self,
        owner: Address,
        conversation: ConversationId,
        time: u64,
    ) -> Result<u64, StoreError> {
        let range = row::arrived_after(owner, conversation, Lane::In, time)?;
        let read = self.0.read(&[table::MESSAGES], move |t| async move {
            answer(t.object_store(table::MESSAGES)?.index(ARRIVAL)?.count_with_key(&range)?).await
        });
        Ok(read.await?.as_f64().unwrap_or_default() as u64)
    }

    async fn add_quarantined(
        &self,
        owner: Address,
        items: &[Quarantined],
        limit: usize,
    ) -> Result<(), StoreError> {
        let mut batch = Vec::new();
        for item in items {
            batch.push((item.id.clone(), row::quarantined(owner, item)?));
        }
        let range = prefix(&[&owner.to_string()])?;
        let write = self.0.write_for(owner, &[table::QUARANTINE], move |t| async move {
            let table = t.object_store(table::QUARANTINE)?;
            for (id, record) in batch {
                if answer(table.get_key(&key(owner, &id))?).await?.is_undefined() {
                    table.put(&record)?;
                }
            }
            let count = answer(table.count_with_key(&range)?).await?.as_f64().unwrap_or_default() as u32;
            let excess = count.saturating_sub(u32::try_from(limit).unwrap_or(u32::MAX));
            // A limit of nought would ask the browser for everything.
            if excess > 0 {
                let index = table.index(QUARANTINE_ARRIVAL)?;
                let oldest = answer(index.get_all_keys_with_key_and_limit(&range, excess)?).await?;
                for id in oldest.unchecked_into::<Array>().iter() {
                    table.delete(&id)?;
                }
            }
            Ok(JsValue::UNDEFINED)
        });
        write.await.map(drop)
    }

    async fn quarantined_ids(&self, owner: Address) -> Result<Vec<String>, StoreError> {
        let range = prefix(&[&owner.to_string()])?;
        let read = self.0.read(&[table::QUARANTINE], move |t| async move {
            answer(t.object_store(table::QUARANTINE)?.get_all_keys_with_key(&range)?).await
        });
        let keys: Array = read.await?.unchecked_into();
        let id = |key: JsValue| key.dyn_into::<Array>().ok()?.get(1).as_string();
        Ok(keys.iter().filter_map(id).collect())
    }

    async fn kept(&self, owner: Address) -> Result<Vec<Kept>, StoreError> {
        Ok(readable(&self.all(&[table::KEPT], None, owner).await?, kept::read))
    }

    async fn kept_envelope(&self, owner: Address, id: &str) -> Result<Option<String>, StoreError> {
        Ok(kept::read_envelope(&self.one(&[table::ENVELOPES], key(owner, id)).await?))
    }

    async fn change_kept(
        &self,
        owner: Address,
        put: &[(Kept, Option<String>)],
        let_go: &[String],
    ) -> Result<(), StoreError> {
        kept::change(&self.0, owner, put, let_go).await
    }

    async fn restore_messages(
        &self,
        owner: Address,
        messages: &[StoredMessage],
    ) -> Result<Vec<MessageHash>, StoreError> {
        let mut batch = Vec::new();
        for message in messages.iter().map(StoredMessage::row) {
            batch.push((message.clone(), row::message(owner, message)?));
        }
        let write = self.0.write_for(owner, &[table::MESSAGES], move |t| async move {
            let table = t.object_store(table::MESSAGES)?;
            let changed = Array::new();
            for (message, record) in batch {
                let kept = answer(table.get(&key(owner, message.hash.as_str()))?).await?;
                if kept.is_undefined() {
                    table.put(&record)?;
                } else {
                    // A damaged one is replaced.
                    let record = match row::read_message(&kept) {
                        Ok(kept) if !message.state.is_further_than(&kept.state) => continue,
                        Ok(kept) => row::message(owner, &MessageRow { state: message.state, ..kept })?,
                        Err(_) => record,
                    };
                    table.put(&record)?;
                }
                changed.push(&message.hash.as_str().into());
            }
            Ok(changed.into())
        });
        let changed: Array = write.await?.unchecked_into();
        Ok(changed.iter().filter_map(|hash| hash.as_string()?.parse().ok()).collect())
    }

    async fn journal(&self, owner: Address, limit: usize) -> Result<Vec<JournalEntry>, StoreError> {
        journal::read(&self.0, owner, limit).await
    }

    async fn strike_out(&self, _: Address, numbers: &[u64]) -> Result<(), StoreError> {
        // Numbers are given once for all owners.
        journal::strike_out(&self.0, numbers).await
    }

    async fn journal_all(&self, owner: Address) -> Result<(), StoreError> {
        journal::enter_all(&self.0, owner).await
    }

    async fn value(&self, owner: Address, slot: &Slot) -> Result<Option<String>, StoreError> {
        let record = self.one(&[table::VALUES], key(owner, &slot.to_string())).await?;
        Ok(journal::read_value(&record))
    }

    async fn set_value(&self, owner: Address, slot: &Slot, value: Option<&str>) -> Result<(), StoreError> {
        journal::set_value(&self.0, owner, slot, value).await
    }

    async fn erase(&self, owner: Address) -> Result<(), StoreError> {
        let range = prefix(&[&owner.to_string()])?;
        let write = self.0.write(
            &[
                table::VAULT,
                table::MESSAGES,
                table::CONTACTS,
                table::QUARANTINE,
                table::KEPT,
                table::ENVELOPES,
                table::VALUES,
                table::JOURNAL,
            ],
            move |t| async move {
                t.object_store(table::VAULT)?.delete(&JsValue::from_str(&owner.to_string()))?;
                for table in [
                    table::MESSAGES,
                    table::CONTACTS,
                    table::QUARANTINE,
                    table::KEPT,
                    table::ENVELOPES,
                    table::VALUES,
                ] {
                    t.object_store(table)?.delete(&range)?;
                }
                journal::clear(&t, owner).await?;
                Ok(JsValue::UNDEFINED)
            },
        );
        write.await.map(drop)
    }
}
