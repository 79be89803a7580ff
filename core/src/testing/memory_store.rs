use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::conversation::ConversationId;
use crate::device::{
    Account, Changed, Contact, JournalEntry, Kept, Lane, MessageRow, Position, Quarantined, SendState, Slot,
    StoredMessage,
};
use crate::identity::{Address, KeySeed};
use crate::message::MessageHash;
use crate::ports::{ContactChange, Store, StoreError};

/// A store that lives as long as its last clone, like a browser's database across reloads.
#[derive(Clone, Default)]
pub struct MemoryStore(Rc<RefCell<Database>>);

#[derive(Default)]
struct Database {
    failure: Option<StoreError>,
    write_failure: Option<StoreError>,
    account: Option<Account>,
    owners: BTreeMap<Address, Records>,
}

#[derive(Default)]
struct Records {
    seed: Option<KeySeed>,
    /// The owner was erased, and there was no seed since.
    erased: bool,
    messages: BTreeMap<MessageHash, MessageRow>,
    contacts: BTreeMap<ConversationId, Contact>,
    quarantine: BTreeMap<String, Quarantined>,
    kept: BTreeMap<String, (Kept, String)>,
    journal: BTreeMap<u64, Changed>,
    /// How many entries the journal ever had.
    entered: u64,
    /// By the text form of their slot.
    values: BTreeMap<String, String>,
}

impl Records {
    fn enter(&mut self, changed: Changed) {
        self.entered += 1;
        self.journal.insert(self.entered, changed);
    }
}

impl MemoryStore {
    /// From now on every call fails so, or works again.
    pub fn set_failure(&self, failure: Option<StoreError>) {
        self.0.borrow_mut().failure = failure;
    }

    /// From now on everything can be read, but every change fails so, or works again.
    pub fn set_write_failure(&self, failure: Option<StoreError>) {
        self.0.borrow_mut().write_failure = failure;
    }

    fn read<T>(&self, owner: Address, read: impl FnOnce(&Records) -> T) -> Result<T, StoreError> {
        let database = self.0.borrow();
        match &database.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(read(database.owners.get(&owner).unwrap_or(&Records::default()))),
        }
    }

    /// Writes for an owner who has not been erased since their seed was set.
    fn write<T>(&self, owner: Address, write: impl FnOnce(&mut Records) -> T) -> Result<T, StoreError> {
        self.write_keys(
            owner,
            |records| if records.erased { Err(StoreError::SignedOut) } else { Ok(write(records)) },
        )?
    }

    fn write_keys<T>(&self, owner: Address, write: impl FnOnce(&mut Records) -> T) -> Result<T, StoreError> {
        let mut database = self.0.borrow_mut();
        match database.failure.as_ref().or(database.write_failure.as_ref()) {
            Some(failure) => Err(failure.clone()),
            None => Ok(write(database.owners.entry(owner).or_default())),
        }
    }
}

impl Store for MemoryStore {
    async fn account(&self) -> Result<Option<Account>, StoreError> {
        let database = self.0.borrow();
        database.failure.clone().map_or_else(|| Ok(database.account.clone()), Err)
    }

    async fn set_account(&self, account: Option<&Account>) -> Result<(), StoreError> {
        let mut database = self.0.borrow_mut();
        if let Some(failure) = database.failure.as_ref().or(database.write_failure.as_ref()) {
            return Err(failure.clone());
        }
        database.account = account.cloned();
        Ok(())
    }

    async fn seed(&self, owner: Address) -> Result<Option<KeySeed>, StoreError> {
        self.read(owner, |records| records.seed.as_ref().map(KeySeed::duplicate))
    }

    async fn set_seed(&self, owner: Address, seed: &KeySeed) -> Result<(), StoreError> {
        self.write_keys(owner, |records| {
            records.seed = Some(seed.duplicate());
            records.erased = false;
        })
    }

    async fn add_messages(
        &self,
        owner: Address,
        messages: &[StoredMessage],
    ) -> Result<Vec<MessageHash>, StoreError> {
        self.write(owner, |records| {
            let mut new = Vec::new();
            for message in messages.iter().map(StoredMessage::row) {
                if !records.messages.contains_key(&message.hash) {
                    records.messages.insert(message.hash.clone(), message.clone());
                    records.enter(Changed::Message(message.hash.clone()));
                    new.push(message.hash.clone());
                }
            }
            new
        })
    }

    async fn set_state(
        &self,
        owner: Address,
        hash: &MessageHash,
        state: &SendState,
    ) -> Result<(), StoreError> {
        self.write(owner, |records| {
            if let Some(message) = records.messages.get_mut(hash) {
                message.state = state.clone();
                records.enter(Changed::Message(hash.clone()));
            }
        })
    }

    async fn message(&self, owner: Address, hash: &MessageHash) -> Result<Option<MessageRow>, StoreError> {
        self.read(owner, |records| records.messages.get(hash).cloned())
    }

    async fn messages(
        &self,
        owner: Address,
        conversation: ConversationId,
        before: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<MessageRow>, StoreError> {
        self.read(owner, |records| {
            let mut found: Vec<_> = (records.messages.values())
                .filter(|m| {
                    m.conversation == conversation && before.is_none_or(|before| m.position() < *before)
                })
                .cloned()
                .collect();
            found.sort_by_key(MessageRow::position);
            found.reverse();
            found.truncate(limit);
            found
        })
    }

    async fn outbox(&self, owner: Address) -> Result<Vec<MessageRow>, StoreError> {
        self.read(owner, |records| {
            let mut waiting: Vec<_> =
                records.messages.values().filter(|m| m.state == SendState::Waiting).cloned().collect();
            waiting.sort_by_key(MessageRow::position);
            waiting
        })
    }

    async fn contact(
        &self,
        owner: Address,
        conversation: ConversationId,
    ) -> Result<Option<Contact>, StoreError> {
        self.read(owner, |records| records.contacts.get(&conversation).cloned())
    }

    async fn contacts(&self, owner: Address) -> Result<Vec<Contact>, StoreError> {
        self.read(owner, |records| records.contacts.values().cloned().collect())
    }

    async fn put_contact(&self, owner: Address, contact: &Contact) -> Result<(), StoreError> {
        self.write(owner, |records| {
            records.contacts.insert(contact.conversation, contact.clone());
            records.enter(Changed::Contact(contact.conversation));
        })
    }

    async fn update_contact(
        &self,
        owner: Address,
        conversation: ConversationId,
        change: ContactChange,
    ) -> Result<(), StoreError> {
        self.write(owner, |records| {
            let kept = records.contacts.get(&conversation).cloned();
            if let Some(contact) = change(kept.clone()).filter(|contact| Some(contact) != kept.as_ref()) {
                records.contacts.insert(conversation, contact);
                records.enter(Changed::Contact(conversation));
            }
        })
    }

    async fn count_incoming_after(
        &self,
        owner: Address,
        conversation: ConversationId,
        time: u64,
    ) -> Result<u64, StoreError> {
        self.read(owner, |records| {
            let unread =
                |m: &&MessageRow| m.conversation == conversation && m.lane == Lane::In && m.arrived > time;
            records.messages.values().filter(unread).count() as u64
        })
    }

    async fn add_quarantined(
        &self,
        owner: Address,
        items: &[Quarantined],
        limit: usize,
    ) -> Result<(), StoreError> {
        self.write(owner, |records| {
            for item in items {
                records.quarantine.entry(item.id.clone()).or_insert_with(|| item.clone());
            }
            while records.quarantine.len() > limit {
                let oldest = records.quarantine.values().min_by_key(|item| (item.arrived, &item.id));
                let Some(id) = oldest.map(|item| item.id.clone()) else { break };
                records.quarantine.remove(&id);
            }
        })
    }

    async fn quarantined_ids(&self, owner: Address) -> Result<Vec<String>, StoreError> {
        self.read(owner, |records| records.quarantine.keys().cloned().collect())
    }

    async fn kept(&self, owner: Address) -> Result<Vec<Kept>, StoreError> {
        self.read(owner, |records| records.kept.values().map(|(kept, _)| kept.clone()).collect())
    }

    async fn kept_envelope(&self, owner: Address, id: &str) -> Result<Option<String>, StoreError> {
        self.read(owner, |records| records.kept.get(id).map(|(_, envelope)| envelope.clone()))
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
    }

    async fn restore_messages(
        &self,
        owner: Address,
        messages: &[StoredMessage],
    ) -> Result<Vec<MessageHash>, StoreError> {
        self.write(owner, |records| {
            let mut changed = Vec::new();
            for message in messages.iter().map(StoredMessage::row) {
                match records.messages.get_mut(&message.hash) {
                    Some(kept) if !message.state.is_further_than(&kept.state) => continue,
                    Some(kept) => kept.state = message.state.clone(),
                    None => drop(records.messages.insert(message.hash.clone(), message.clone())),
                }
                changed.push(message.hash.clone());
            }
            changed
        })
    }

    async fn journal(&self, owner: Address, limit: usize) -> Result<Vec<JournalEntry>, StoreError> {
        self.read(owner, |records| {
            let entry = |(number, changed): (&u64, &Changed)| JournalEntry {
                number: *number,
                changed: changed.clone(),
            };
            records.journal.iter().take(limit).map(entry).collect()
        })
    }

    async fn strike_out(&self, owner: Address, numbers: &[u64]) -> Result<(), StoreError> {
        self.write(owner, |records| records.journal.retain(|number, _| !numbers.contains(number)))
    }

    async fn journal_all(&self, owner: Address) -> Result<(), StoreError> {
        self.write(owner, |records| {
            records.journal.clear();
            let contacts = records.contacts.keys().copied().map(Changed::Contact);
            let messages = records.messages.keys().cloned().map(Changed::Message);
            let values = records.values.keys().filter_map(|slot| slot.parse::<Slot>().ok()?.changed());
            for changed in contacts.chain(messages).chain(values).collect::<Vec<_>>() {
                records.enter(changed);
            }
        })
    }

    async fn value(&self, owner: Address, slot: &Slot) -> Result<Option<String>, StoreError> {
        self.read(owner, |records| records.values.get(&slot.to_string()).cloned())
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
    }

    async fn erase(&self, owner: Address) -> Result<(), StoreError> {
        self.write_keys(owner, |records| {
            *records = Records { entered: records.entered, erased: true, ..Records::default() };
        })
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
                pollster::block_on(store_contract::$name(&MemoryStore::default()));
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
