//! [`Store`] on IndexedDB.
//!
//! ```text
//! account     "current"               who is signed in
//! vault       "key"                   the browser's own key, not extractable
//!             owner                   key seed, sealed with that key
//! messages    [owner, hash]           by conversation, by what waits, by arrival, by change, by what notes are about
//! contacts    [owner, conversation]   with the summary that a list shows
//! quarantine  [owner, id]             by arrival
//! kept        [owner, id]             envelopes that wait to be taken in
//! envelopes   [owner, id]             their texts
//! journal     number                  by owner: what other devices of the account are to have
//! values      [owner, slot]           small texts: drafts, settings, how far the history was followed
//! ```

mod conversation;
mod database;
mod journal;
mod kept;
mod messages;
mod request;
mod row;
mod schema;
mod upgrade;
mod vault;

use std::rc::Rc;

use dm3_core::conversation::ConversationId;
use dm3_core::device::{
    Account, Changed, Contact, JournalEntry, Kept, MessageRow, News, Position, Quarantined, SendState, Slot,
    StoredMessage, Summary,
};
use dm3_core::identity::{Address, KeySeed};
use dm3_core::message::MessageHash;
use dm3_core::ports::{ContactChange, Store, StoreError, ValueChange};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CryptoKey, IdbCursor, IdbCursorDirection, IdbCursorWithValue};

use database::Database;
use messages::Origin;
use request::answer;
use row::{key, prefix};
use schema::{ABOUT, ARRIVAL, CHANGE, CONVERSATION, OUTBOX, QUARANTINE_ARRIVAL, table};

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

    /// Up to `limit` records of an index, by a key or a range of keys.
    async fn some(
        &self,
        tables: &'static [&'static str; 1],
        index: &'static str,
        keys: JsValue,
        limit: usize,
    ) -> Result<Array, StoreError> {
        // A limit of nought would ask the browser for everything.
        if limit == 0 {
            return Ok(Array::new());
        }
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let read = self.0.read(tables, move |t| async move {
            let index = t.object_store(tables[0])?.index(index)?;
            answer(index.get_all_with_key_and_limit(&keys, limit)?).await
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
        // Who can't be read is nobody: else nobody could sign in here any more.
        Ok(row::read_account(&account).ok())
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

    async fn owners(&self) -> Result<Vec<Address>, StoreError> {
        let read = self.0.read(&[table::VAULT], |t| async move {
            answer(t.object_store(table::VAULT)?.get_all_keys()?).await
        });
        let keys: Array = read.await?.unchecked_into();
        // The browser's own key is among them.
        Ok(keys.iter().filter_map(|key| key.as_string()?.parse().ok()).collect())
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
        messages::add(&self.0, owner, messages, Origin::New).await
    }

    async fn set_state(
        &self,
        owner: Address,
        hash: &MessageHash,
        state: &SendState,
    ) -> Result<(), StoreError> {
        messages::set_state(&self.0, owner, hash, state).await
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
        let mut before = before.map(|position| row::place(owner, conversation, position));
        let read = self.0.read(&[table::MESSAGES], move |t| async move {
            let index = t.object_store(table::MESSAGES)?.index(CONVERSATION)?;
            let found = Array::new();
            // Damaged ones don't count.
            while (found.length() as usize) < limit {
                let missing = u32::try_from(limit - found.length() as usize).unwrap_or(u32::MAX);
                let range = row::messages(owner, conversation, before.take())?;
                // A browser gives many records at once in rising order alone, so their first one is looked for.
                let cursor =
                    index.open_key_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev)?;
                let Ok(newest) = answer(cursor.clone()).await?.dyn_into::<IdbCursor>() else { break };
                let mut oldest = Some(newest.key()?);
                if missing > 1 {
                    newest.advance(missing - 1)?;
                    oldest =
                        answer(cursor).await?.dyn_into::<IdbCursor>().ok().map(|it| it.key()).transpose()?;
                }
                let page = match &oldest {
                    Some(oldest) => row::between(oldest, &range.upper()?, false, range.upper_open())?,
                    None => range,
                };
                let records: Array = answer(index.get_all_with_key(&page)?).await?.unchecked_into();
                for record in records.reverse().iter().filter(|record| row::read_message(record).is_ok()) {
                    found.push(&record);
                }
                before = oldest;
                if before.is_none() {
                    break;
                }
            }
            Ok(found.into())
        });
        Ok(readable(&read.await?.unchecked_into(), row::read_message))
    }

    async fn changed_messages(
        &self,
        owner: Address,
        conversation: ConversationId,
        after: u64,
        limit: usize,
    ) -> Result<News<MessageRow>, StoreError> {
        let range = row::changed_after(owner, conversation, after)?;
        let records = self.some(&[table::MESSAGES], CHANGE, range.into(), limit).await?;
        let until = row::read_number(&records.get(records.length().wrapping_sub(1))).unwrap_or(after);
        Ok(News { messages: readable(&records, row::read_message), until })
    }

    async fn notes_about(
        &self,
        owner: Address,
        hash: &MessageHash,
        limit: usize,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let records = self.some(&[table::MESSAGES], ABOUT, key(owner, hash.as_str()), limit).await?;
        Ok(readable(&records, row::read_message))
    }

    async fn last_incoming(
        &self,
        owner: Address,
        conversation: ConversationId,
        until: u64,
    ) -> Result<Option<MessageRow>, StoreError> {
        let range = row::arrived_until(owner, conversation, until)?;
        let read = self.0.read(&[table::MESSAGES], move |t| async move {
            let index = t.object_store(table::MESSAGES)?.index(ARRIVAL)?;
            let cursor = index.open_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev)?;
            while let Ok(here) = answer(cursor.clone()).await?.dyn_into::<IdbCursorWithValue>() {
                let record = here.value()?;
                if row::read_message(&record).is_ok() {
                    return Ok(record);
                }
                here.continue_()?;
            }
            Ok(JsValue::UNDEFINED)
        });
        Ok(row::read_message(&read.await?).ok())
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

    async fn summary(
        &self,
        owner: Address,
        conversation: ConversationId,
    ) -> Result<Option<Summary>, StoreError> {
        let read = self.0.read(&[table::CONTACTS, table::MESSAGES], move |t| async move {
            match conversation::load(&t, owner, conversation).await? {
                Some(summary) => Ok(row::conversation(owner, &summary)?),
                None => Ok(JsValue::UNDEFINED),
            }
        });
        Ok(row::read_summary(&read.await?).ok())
    }

    async fn summaries(&self, owner: Address) -> Result<Vec<Summary>, StoreError> {
        let records = self.all(&[table::CONTACTS], None, owner).await?;
        let (mut found, mut damaged) = (Vec::new(), Vec::new());
        for record in records.iter() {
            match row::read_summary(&record) {
                Ok(summary) => found.push(summary),
                Err(_) => damaged.extend(row::read_contact(&record).map(|contact| contact.conversation)),
            }
        }
        if !damaged.is_empty() {
            let made = self.0.write(&[table::CONTACTS, table::MESSAGES], move |t| async move {
                let made = Array::new();
                for conversation in damaged {
                    if let Some(summary) = conversation::load(&t, owner, conversation).await? {
                        made.push(&conversation::save(&t, owner, &summary)?);
                    }
                }
                Ok(made.into())
            });
            found.extend(readable(&made.await?.unchecked_into(), row::read_summary));
        }
        Ok(found)
    }

    async fn update_contact(
        &self,
        owner: Address,
        conversation: ConversationId,
        change: ContactChange,
    ) -> Result<(), StoreError> {
        let tables = &[table::CONTACTS, table::MESSAGES, table::JOURNAL];
        let write = self.0.write_for(owner, tables, move |t| async move {
            let stored = conversation::load(&t, owner, conversation).await?;
            let known = stored.as_ref().map(|known| known.contact.clone());
            let changed = change(known.clone()).filter(|contact| Some(contact) != known.as_ref());
            let Some(contact) = changed else { return Ok(JsValue::UNDEFINED) };
            let read_until = contact.read_until;
            let mut summary = match stored {
                Some(known) => known,
                None => conversation::made_anew(&t, owner, Contact::new(conversation, 0)).await?,
            };
            if read_until != summary.contact.read_until {
                summary.unread = conversation::count_unread(&t, owner, conversation, read_until).await?;
            }
            summary.contact = Contact { conversation, ..contact };
            t.object_store(table::JOURNAL)?.put(&journal::entry(owner, &Changed::Contact(conversation)))?;
            conversation::save(&t, owner, &summary)
        });
        write.await.map(drop)
    }

    async fn count_incoming_after(
        &self,
        owner: Address,
        conversation: ConversationId,
        time: u64,
    ) -> Result<u64, StoreError> {
        let read = self.0.read(&[table::MESSAGES], move |t| async move {
            let count = conversation::count_unread(&t, owner, conversation, time).await?;
            Ok((count as f64).into())
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
        messages::add(&self.0, owner, messages, Origin::Restored).await
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

    async fn settings(&self, owner: Address) -> Result<Vec<String>, StoreError> {
        journal::settings(&self.0, owner).await
    }

    async fn set_value(&self, owner: Address, slot: &Slot, value: Option<&str>) -> Result<(), StoreError> {
        journal::set_value(&self.0, owner, slot, value).await
    }

    async fn update_value(&self, owner: Address, slot: &Slot, change: ValueChange) -> Result<(), StoreError> {
        journal::update_value(&self.0, owner, slot, change).await
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
