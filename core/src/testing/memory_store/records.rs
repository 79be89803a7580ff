//! What is kept of one account.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::conversation::ConversationId;
use crate::device::{
    Changed, Contact, Kept, Lane, MessageRow, Position, Quarantined, SendState, StoredMessage, Summary,
};
use crate::identity::KeySeed;
use crate::message::MessageHash;
use crate::thread::{self, MAX_NOTES};

#[derive(Default)]
pub(super) struct Records {
    pub(super) seed: Option<KeySeed>,
    /// The owner was erased, and there was no seed since.
    pub(super) erased: bool,
    pub(super) messages: BTreeMap<MessageHash, Row>,
    pub(super) notes: BTreeMap<MessageHash, BTreeSet<MessageHash>>,
    pub(super) outbox: BTreeSet<Position>,
    pub(super) conversations: BTreeMap<ConversationId, Conversation>,
    pub(super) quarantine: BTreeMap<String, Quarantined>,
    pub(super) kept: BTreeMap<String, (Kept, String)>,
    pub(super) journal: BTreeMap<u64, Changed>,
    /// How many entries the journal ever had.
    pub(super) entered: u64,
    /// By the text form of their slot.
    pub(super) values: BTreeMap<String, String>,
}

impl Records {
    pub(super) fn enter(&mut self, changed: Changed) {
        self.entered += 1;
        self.journal.insert(self.entered, changed);
    }
}

pub(super) struct Row {
    pub(super) change: u64,
    pub(super) row: MessageRow,
}

pub(super) struct Conversation {
    pub(super) summary: Summary,
    pub(super) positions: BTreeSet<Position>,
    /// Of what came in, by the arrival.
    pub(super) arrivals: BTreeMap<u64, BTreeSet<MessageHash>>,
    pub(super) changes: BTreeMap<u64, MessageHash>,
}

impl Conversation {
    pub(super) fn new(contact: Contact) -> Self {
        Self {
            summary: Summary::new(contact),
            positions: BTreeSet::new(),
            arrivals: BTreeMap::new(),
            changes: BTreeMap::new(),
        }
    }

    pub(super) fn unread_after(&self, time: u64) -> u64 {
        let later = self.arrivals.range((Bound::Excluded(time), Bound::Unbounded));
        later.map(|(_, hashes)| hashes.len() as u64).sum()
    }
}

impl Records {
    pub(super) fn rows<'a>(&'a self, hashes: impl IntoIterator<Item = &'a MessageHash>) -> Vec<MessageRow> {
        hashes.into_iter().filter_map(|hash| Some(self.messages.get(hash)?.row.clone())).collect()
    }

    /// Adds messages, or brings known ones further if they are `restored`; gives those that were new or changed.
    pub(super) fn add_all(&mut self, messages: &[StoredMessage], restored: bool) -> Vec<MessageHash> {
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        for row in messages.iter().map(StoredMessage::row) {
            let known = self.messages.get(&row.hash).map(|kept| kept.row.clone());
            match known {
                None => {
                    self.add(row);
                    added.push(row);
                }
                Some(known) if restored && row.brings_further(&known) => {
                    if row.state.is_further_than(&known.state) {
                        self.set_state(&row.hash, &row.state);
                    }
                    if row.arrived < known.arrived {
                        self.set_arrived(&known, row.arrived);
                    }
                }
                Some(_) => continue,
            }
            if !restored {
                self.enter(Changed::Message(row.hash.clone()));
            }
            changed.push(row.hash.clone());
        }
        let conversations: BTreeSet<_> = added.iter().map(|row| row.conversation).collect();
        for conversation in conversations {
            let added = added.iter().copied().filter(|row| row.conversation == conversation);
            let due = self.conversations.get(&conversation).and_then(|kept| kept.summary.due(added));
            if let Some(due) = due {
                self.read_last(conversation, &due);
            }
        }
        changed
    }

    pub(super) fn add(&mut self, row: &MessageRow) {
        let kept = self.conversations.entry(row.conversation);
        let kept = kept.or_insert_with(|| Conversation::new(Contact::new(row.conversation, row.arrived)));
        let change = kept.summary.add(row);
        kept.changes.insert(change, row.hash.clone());
        kept.positions.insert(row.position());
        if row.lane == Lane::In {
            kept.arrivals.entry(row.arrived).or_default().insert(row.hash.clone());
        }
        if let Some(about) = row.about() {
            self.notes.entry(about).or_default().insert(row.hash.clone());
        }
        self.messages.insert(row.hash.clone(), Row { change, row: row.clone() });
        self.keep_outbox(row);
    }

    pub(super) fn keep_outbox(&mut self, row: &MessageRow) {
        if row.state == SendState::Waiting {
            self.outbox.insert(row.position());
        } else {
            self.outbox.remove(&row.position());
        }
    }

    /// Tells whether that is news.
    pub(super) fn set_state(&mut self, hash: &MessageHash, state: &SendState) -> bool {
        let Some(kept) = self.messages.get_mut(hash).filter(|kept| kept.row.state != *state) else {
            return false;
        };
        kept.row.state = state.clone();
        let Some(conversation) = self.conversations.get_mut(&kept.row.conversation) else { return false };
        conversation.changes.remove(&kept.change);
        kept.change = conversation.summary.change();
        conversation.changes.insert(kept.change, hash.clone());
        let row = kept.row.clone();
        self.keep_outbox(&row);
        let due = self.conversations.get(&row.conversation).and_then(|kept| kept.summary.last.as_ref());
        if let Some(last) = due.filter(|last| last.version == *hash).map(|last| last.hash.clone()) {
            self.read_last(row.conversation, &last);
        }
        true
    }

    fn set_arrived(&mut self, known: &MessageRow, arrived: u64) {
        let Some(kept) = self.messages.get_mut(&known.hash) else { return };
        kept.row.arrived = arrived;
        let Some(conversation) = self.conversations.get_mut(&known.conversation) else { return };
        conversation.changes.remove(&kept.change);
        kept.change = conversation.summary.change();
        conversation.changes.insert(kept.change, known.hash.clone());
        if known.lane == Lane::In {
            if let Some(others) = conversation.arrivals.get_mut(&known.arrived) {
                others.remove(&known.hash);
                if others.is_empty() {
                    conversation.arrivals.remove(&known.arrived);
                }
            }
            conversation.arrivals.entry(arrived).or_default().insert(known.hash.clone());
            conversation.summary.had_arrived(known.arrived, arrived);
        }
    }

    pub(super) fn read_last(&mut self, conversation: ConversationId, hash: &MessageHash) {
        let mut hashes = vec![hash];
        let mut next = 0;
        while let Some(about) = hashes.get(next).copied() {
            next += 1;
            let room = MAX_NOTES.saturating_sub(hashes.len() - 1);
            hashes.extend(self.notes.get(about).into_iter().flatten().take(room));
        }
        let last = thread::last(hash, &self.rows(hashes));
        if let (Some(last), Some(kept)) = (last, self.conversations.get_mut(&conversation)) {
            kept.summary.last = Some(last);
        }
    }
}
