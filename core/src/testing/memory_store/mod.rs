//! A store in memory.
//!
//! ```text
//! messages      by hash: number of its last change, row
//! notes         by what they are about
//! outbox        by position
//! conversation  summary; positions; arrivals of what came in; changes
//! ```
//!
//! Every call takes steps in the logarithm of what is stored, so that simulations of a million messages are fast.

mod records;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::ops::Bound;
use std::rc::Rc;
use std::task::Poll;

use crate::conversation::ConversationId;
use crate::device::{
    Account, Changed, Contact, JournalEntry, Kept, MessageRow, News, Position, Quarantined, SendState, Slot,
    StoredMessage, Summary,
};
use crate::identity::{Address, KeySeed};
use crate::message::MessageHash;
use crate::ports::{ContactChange, Store, StoreError, ValueChange};

use records::{Conversation, Records};

/// A store that lives as long as its last clone, like a browser's database across reloads.
#[derive(Clone, Default)]
pub struct MemoryStore(Rc<Shared>);

#[derive(Default)]
struct Shared {
    yields: Cell<bool>,
    calls: Cell<usize>,
    rows_read: Cell<usize>,
    database: RefCell<Database>,
}

#[derive(Default)]
struct Database {
    failure: Option<StoreError>,
    write_failure: Option<StoreError>,
    failure_after: Option<(usize, StoreError)>,
    account: Option<Account>,
    owners: BTreeMap<Address, Records>,
}

impl MemoryStore {
    /// From now on every call fails so, or works again.
    pub fn set_failure(&self, failure: Option<StoreError>) {
        self.0.database.borrow_mut().failure = failure;
    }

    /// From now on everything can be read, but every change fails so, or works again.
    pub fn set_write_failure(&self, failure: Option<StoreError>) {
        let mut database = self.0.database.borrow_mut();
        (database.write_failure, database.failure_after) = (failure, None);
    }

    /// After so many more changes everything can be read, but every change fails so.
    pub fn set_write_failure_after(&self, changes: usize, failure: StoreError) {
        self.0.database.borrow_mut().failure_after = Some((changes, failure));
    }

    /// From now on every call lets others go on before and after its transaction, as a browser's database does; or none
    /// does.
    pub fn set_yielding(&self, yields: bool) {
        self.0.yields.set(yields);
    }

    /// How many calls there were so far.
    pub fn calls(&self) -> usize {
        self.0.calls.get()
    }

    /// How many messages and conversations were read so far.
    pub fn rows_read(&self) -> usize {
        self.0.rows_read.get()
    }

    async fn read<T>(&self, owner: Address, read: impl FnOnce(&Records) -> T) -> Result<T, StoreError> {
        self.step().await;
        let result = {
            let database = self.0.database.borrow();
            match &database.failure {
                Some(failure) => Err(failure.clone()),
                None => Ok(read(database.owners.get(&owner).unwrap_or(&Records::default()))),
            }
        };
        self.pause().await;
        result
    }

    /// Writes for an owner who has not been erased since their seed was set.
    async fn write<T>(&self, owner: Address, write: impl FnOnce(&mut Records) -> T) -> Result<T, StoreError> {
        let write = |records: &mut Records| {
            if records.erased { Err(StoreError::SignedOut) } else { Ok(write(records)) }
        };
        self.write_keys(owner, write).await?
    }

    async fn write_keys<T>(
        &self,
        owner: Address,
        write: impl FnOnce(&mut Records) -> T,
    ) -> Result<T, StoreError> {
        self.step().await;
        let result = self.change(|database| write(database.owners.entry(owner).or_default()));
        self.pause().await;
        result
    }

    fn change<T>(&self, change: impl FnOnce(&mut Database) -> T) -> Result<T, StoreError> {
        let mut database = self.0.database.borrow_mut();
        match database.failure_after.take() {
            Some((0, failure)) => database.write_failure = Some(failure),
            Some((changes, failure)) => database.failure_after = Some((changes - 1, failure)),
            None => {}
        }
        match database.failure.as_ref().or(database.write_failure.as_ref()) {
            Some(failure) => Err(failure.clone()),
            None => Ok(change(&mut database)),
        }
    }

    async fn step(&self) {
        self.0.calls.set(self.0.calls.get() + 1);
        self.pause().await;
    }

    async fn pause(&self) {
        let mut paused = !self.0.yields.get();
        poll_fn(|context| {
            if paused {
                return Poll::Ready(());
            }
            paused = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    fn count(&self, rows: usize) {
        self.0.rows_read.set(self.0.rows_read.get() + rows);
    }
}

impl Store for MemoryStore {
    async fn account(&self) -> Result<Option<Account>, StoreError> {
        self.step().await;
        let database = self.0.database.borrow();
        database.failure.clone().map_or_else(|| Ok(database.account.clone()), Err)
    }

    async fn set_account(&self, account: Option<&Account>) -> Result<(), StoreError> {
        self.step().await;
        self.change(|database| database.account = account.cloned())
    }

    async fn seed(&self, owner: Address) -> Result<Option<KeySeed>, StoreError> {
        self.read(owner, |records| records.seed.as_ref().map(KeySeed::duplicate)).await
    }

    async fn owners(&self) -> Result<Vec<Address>, StoreError> {
        self.step().await;
        let database = self.0.database.borrow();
        let owners = database.owners.iter().filter(|(_, records)| records.seed.is_some());
        database.failure.clone().map_or_else(|| Ok(owners.map(|(owner, _)| *owner).collect()), Err)
    }

    async fn set_seed(&self, owner: Address, seed: &KeySeed) -> Result<(), StoreError> {
        let set = |records: &mut Records| {
            records.seed = Some(seed.duplicate());
            records.erased = false;
        };
        self.write_keys(owner, set).await
    }

    async fn add_messages(
        &self,
        owner: Address,
        messages: &[StoredMessage],
    ) -> Result<Vec<MessageHash>, StoreError> {
        self.write(owner, |records| records.add_all(messages, false)).await
    }

    async fn set_state(
        &self,
        owner: Address,
        hash: &MessageHash,
        state: &SendState,
    ) -> Result<(), StoreError> {
        let set = |records: &mut Records| {
            if records.set_state(hash, state) {
                records.enter(Changed::Message(hash.clone()));
            }
        };
        self.write(owner, set).await
    }

    async fn message(&self, owner: Address, hash: &MessageHash) -> Result<Option<MessageRow>, StoreError> {
        self.count(1);
        self.read(owner, |records| records.messages.get(hash).map(|kept| kept.row.clone())).await
    }

    async fn messages(
        &self,
        owner: Address,
        conversation: ConversationId,
        before: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let find = |records: &Records| {
            let Some(kept) = records.conversations.get(&conversation) else { return Vec::new() };
            let end = before.map_or(Bound::Unbounded, Bound::Excluded);
            let positions = kept.positions.range((Bound::Unbounded, end)).rev().take(limit);
            records.rows(positions.map(|position| &position.hash))
        };
        let found = self.read(owner, find).await?;
        self.count(found.len());
        Ok(found)
    }

    async fn changed_messages(
        &self,
        owner: Address,
        conversation: ConversationId,
        after: u64,
        limit: usize,
    ) -> Result<News<MessageRow>, StoreError> {
        let find = |records: &Records| {
            let nothing = || News { messages: Vec::new(), until: after };
            let Some(kept) = records.conversations.get(&conversation) else { return nothing() };
            let changes = kept.changes.range((Bound::Excluded(after), Bound::Unbounded));
            let (numbers, hashes): (Vec<u64>, Vec<_>) = changes.take(limit).unzip();
            let until = match numbers.last() {
                Some(last) if numbers.len() == limit => *last,
                _ if limit == 0 => after,
                _ => kept.summary.changes.max(after),
            };
            News { messages: records.rows(hashes), until }
        };
        let found = self.read(owner, find).await?;
        self.count(found.messages.len());
        Ok(found)
    }

    async fn notes_about(
        &self,
        owner: Address,
        hash: &MessageHash,
        limit: usize,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let find =
            |records: &Records| records.rows(records.notes.get(hash).into_iter().flatten().take(limit));
        let found = self.read(owner, find).await?;
        self.count(found.len());
        Ok(found)
    }

    async fn last_incoming(
        &self,
        owner: Address,
        conversation: ConversationId,
        until: u64,
    ) -> Result<Option<MessageRow>, StoreError> {
        self.count(1);
        let find = |records: &Records| {
            let arrivals = &records.conversations.get(&conversation)?.arrivals;
            let (_, hashes) = arrivals.range(..=until).next_back()?;
            records.messages.get(hashes.last()?).map(|kept| kept.row.clone())
        };
        self.read(owner, find).await
    }

    async fn outbox(&self, owner: Address) -> Result<Vec<MessageRow>, StoreError> {
        self.read(owner, |records| records.rows(records.outbox.iter().map(|position| &position.hash))).await
    }

    async fn contact(
        &self,
        owner: Address,
        conversation: ConversationId,
    ) -> Result<Option<Contact>, StoreError> {
        Ok(self.summary(owner, conversation).await?.map(|summary| summary.contact))
    }

    async fn contacts(&self, owner: Address) -> Result<Vec<Contact>, StoreError> {
        Ok(self.summaries(owner).await?.into_iter().map(|summary| summary.contact).collect())
    }

    async fn summary(
        &self,
        owner: Address,
        conversation: ConversationId,
    ) -> Result<Option<Summary>, StoreError> {
        self.count(1);
        self.read(owner, |records| Some(records.conversations.get(&conversation)?.summary.clone())).await
    }

    async fn summaries(&self, owner: Address) -> Result<Vec<Summary>, StoreError> {
        let find =
            |records: &Records| records.conversations.values().map(|kept| kept.summary.clone()).collect();
        let found: Vec<_> = self.read(owner, find).await?;
        self.count(found.len());
        Ok(found)
    }

    async fn update_contact(
        &self,
        owner: Address,
        conversation: ConversationId,
        change: ContactChange,
    ) -> Result<(), StoreError> {
        let write = |records: &mut Records| {
            let known = records.conversations.get(&conversation).map(|kept| kept.summary.contact.clone());
            let changed = change(known.clone()).filter(|contact| Some(contact) != known.as_ref());
            let Some(contact) = changed else { return };
            let kept = records.conversations.entry(conversation);
            let kept = kept.or_insert_with(|| Conversation::new(contact.clone()));
            kept.summary.unread = kept.unread_after(contact.read_until);
            kept.summary.contact = Contact { conversation, ..contact };
            records.enter(Changed::Contact(conversation));
        };
        self.write(owner, write).await
    }

    async fn count_incoming_after(
        &self,
        owner: Address,
        conversation: ConversationId,
        time: u64,
    ) -> Result<u64, StoreError> {
        let count = |records: &Records| {
            records.conversations.get(&conversation).map_or(0, |kept| kept.unread_after(time))
        };
        self.read(owner, count).await
    }

    async fn add_quarantined(
        &self,
        owner: Address,
        items: &[Quarantined],
        limit: usize,
    ) -> Result<(), StoreError> {
        let add = |records: &mut Records| {
            for item in items {
                records.quarantine.entry(item.id.clone()).or_insert_with(|| item.clone());
            }
            while records.quarantine.len() > limit {
                let oldest = records.quarantine.values().min_by_key(|item| (item.arrived, &item.id));
                let Some(id) = oldest.map(|item| item.id.clone()) else { break };
                records.quarantine.remove(&id);
            }
        };
        self.write(owner, add).await
    }

    async fn quarantined_ids(&self, owner: Address) -> Result<Vec<String>, StoreError> {
        self.read(owner, |records| records.quarantine.keys().cloned().collect()).await
    }

    async fn kept(&self, owner: Address) -> Result<Vec<Kept>, StoreError> {
        self.read(owner, |records| records.kept.values().map(|(kept, _)| kept.clone()).collect()).await
    }

    async fn kept_envelope(&self, owner: Address, id: &str) -> Result<Option<String>, StoreError> {
        self.read(owner, |records| records.kept.get(id).map(|(_, envelope)| envelope.clone())).await
    }

    async fn change_kept(
        &self,
        owner: Address,
        put: &[(Kept, Option<String>)],
        let_go: &[String],
    ) -> Result<(), StoreError> {
        self.write(owner, |records| {
            for (kept, envelope) in put {
                let former = records.kept.remove(&kept.id).map(|(_, envelope)| envelope);
                let envelope = envelope.clone().or(former).unwrap_or_default();
                records.kept.insert(kept.id.clone(), (kept.clone(), envelope));
            }
            for id in let_go {
                records.kept.remove(id);
            }
        })
        .await
    }

    async fn restore_messages(
        &self,
        owner: Address,
        messages: &[StoredMessage],
    ) -> Result<Vec<MessageHash>, StoreError> {
        self.write(owner, |records| records.add_all(messages, true)).await
    }

    async fn journal(&self, owner: Address, limit: usize) -> Result<Vec<JournalEntry>, StoreError> {
        self.read(owner, |records| {
            let entry = |(number, changed): (&u64, &Changed)| JournalEntry {
                number: *number,
                changed: changed.clone(),
            };
            records.journal.iter().take(limit).map(entry).collect()
        })
        .await
    }

    async fn strike_out(&self, owner: Address, numbers: &[u64]) -> Result<(), StoreError> {
        let strike = |records: &mut Records| {
            for number in numbers {
                records.journal.remove(number);
            }
        };
        self.write(owner, strike).await
    }

    async fn journal_all(&self, owner: Address) -> Result<(), StoreError> {
        self.write(owner, |records| {
            records.journal.clear();
            let contacts = records.conversations.keys().copied().map(Changed::Contact);
            let messages = records.messages.keys().cloned().map(Changed::Message);
            let values = records.values.keys().filter_map(|slot| slot.parse::<Slot>().ok()?.changed());
            for changed in contacts.chain(messages).chain(values).collect::<Vec<_>>() {
                records.enter(changed);
            }
        })
        .await
    }

    async fn value(&self, owner: Address, slot: &Slot) -> Result<Option<String>, StoreError> {
        self.read(owner, |records| records.values.get(&slot.to_string()).cloned()).await
    }

    async fn settings(&self, owner: Address) -> Result<Vec<String>, StoreError> {
        self.read(owner, |records| {
            let name = |slot: &String| match slot.parse() {
                Ok(Slot::Setting(name)) => Some(name),
                _ => None,
            };
            records.values.keys().filter_map(name).collect()
        })
        .await
    }

    async fn set_value(&self, owner: Address, slot: &Slot, value: Option<&str>) -> Result<(), StoreError> {
        self.write(owner, |records| {
            match value {
                Some(value) => records.values.insert(slot.to_string(), value.to_owned()),
                None => records.values.remove(&slot.to_string()),
            };
            if let Some(changed) = slot.changed() {
                records.enter(changed);
            }
        })
        .await
    }

    async fn update_value(&self, owner: Address, slot: &Slot, change: ValueChange) -> Result<(), StoreError> {
        self.write(owner, |records| {
            let known = records.values.get(&slot.to_string()).cloned();
            let changed = change(known.clone());
            if changed == known {
                return;
            }
            match changed {
                Some(value) => records.values.insert(slot.to_string(), value),
                None => records.values.remove(&slot.to_string()),
            };
            if let Some(changed) = slot.changed() {
                records.enter(changed);
            }
        })
        .await
    }

    async fn erase(&self, owner: Address) -> Result<(), StoreError> {
        let write = |records: &mut Records| {
            *records = Records { entered: records.entered, erased: true, ..Records::default() };
        };
        self.write_keys(owner, write).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::store_contract;

    macro_rules! behaviour {
        ($name:ident) => {
            #[test]
            fn $name() {
                let store = MemoryStore::default();
                pollster::block_on(store_contract::$name(&store));
                let store = MemoryStore::default();
                store.set_yielding(true);
                pollster::block_on(store_contract::$name(&store));
            }
        };
    }
    crate::for_each_store_behaviour!(behaviour);

    #[test]
    fn a_clone_sees_what_was_stored_and_a_failure_is_passed_on() {
        let store = MemoryStore::default();
        let owner = Address::from_bytes([7; 20]);
        pollster::block_on(store.set_seed(owner, &KeySeed::from_bytes([9; 32]))).unwrap();
        let clone = store.clone();
        drop(store);
        assert!(pollster::block_on(clone.seed(owner)).unwrap().is_some());
        clone.set_write_failure(Some(StoreError::Full));
        assert_eq!(pollster::block_on(clone.set_account(None)), Err(StoreError::Full));
        assert_eq!(pollster::block_on(clone.erase(owner)), Err(StoreError::Full));
        assert!(pollster::block_on(clone.seed(owner)).unwrap().is_some());
        clone.set_failure(Some(StoreError::Full));
        assert_eq!(pollster::block_on(clone.contacts(owner)), Err(StoreError::Full));
    }
}
