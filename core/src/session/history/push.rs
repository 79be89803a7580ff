//! To the node: what changed on this device.
//!
//! ```text
//! journal ──▶ records ──▶ write ─┬─▶ versions: struck out
//!                                ├─▶ conflicts: theirs are read, merged with ours, and written again
//!                                └─▶ full, too large: told
//! ```
//!
//! A crash anywhere leaves the journal's entries, and writing again what is stored already is a conflict that merges to
//! nothing new.

use std::cell::Cell;
use std::rc::Rc;

use super::outcome::{HistoryError, Pulled, Pushed};
use super::place::Place;
use super::state::{Followed, Mark, Stamp};
use crate::conversation::ConversationId;
use crate::device::{Changed, Lane, SendState, StoredMessage};
use crate::ports::{Ports, Store as _, StoreError};
use crate::session::Session;
use crate::storage::history::{self, ListedRecord, NewRecord, Written};
use crate::storage::{ContactRecord, Opened, Pseudonym, ReadMarker, Record, merge};
use crate::thread::{Shown, fold};

/// How many entries of the journal one step looks at.
const MAX_ENTRIES: usize = 400;
/// How many bytes of contents are written at once, before base64.
const MAX_BYTES: usize = 1_000_000;
/// How many times one step writes.
const MAX_WRITES: usize = 8;
/// How many times it reads what conflicts.
const MAX_READS: usize = 4;
/// How many records are read at once to find those that conflict.
const READ: usize = 100;
/// What waits in a conversation is not written before the first of it is so old: most are accepted at once. Milliseconds.
const PATIENCE: u64 = 30_000;
/// The longest message that is kept beside its contact, in bytes of its JSON.
const MAX_LAST: usize = 4096;
/// How many of a conversation's newest messages are looked at to find its last entry.
const LOOK_BACK: usize = 30;

/// A record on its way.
struct Outgoing {
    record: Record,
    key: (Pseudonym, Pseudonym),
    replaces: u64,
    /// What it settles in the journal.
    ticket: Rc<Ticket>,
}

/// Entries of the journal that are struck out once all of their records are settled.
struct Ticket {
    entries: Vec<u64>,
    left: Cell<usize>,
}

impl<P: Ports> Session<P> {
    /// Brings to the node what changed on this device, as much as one step may.
    ///
    /// # Errors
    /// [`HistoryError`]; what was not written is written with the next step.
    pub async fn push_history(&self) -> Result<Pushed, HistoryError> {
        let mut pushed = Pushed::default();
        match self.push_step(&mut pushed).await {
            // What came is to be told; who goes on finds out what is wrong.
            Err(_) if !pushed.pulled.is_empty() => pushed.more = true,
            outcome => outcome?,
        }
        // Nothing is gained by asking a node at once that has no room.
        pushed.more &= !pushed.full;
        Ok(pushed)
    }

    async fn push_step(&self, pushed: &mut Pushed) -> Result<(), HistoryError> {
        let store = self.ports().store();
        // To find out how it stands with the node is worth a request once: it may have to be given everything anew.
        if self.limits.are_known() && store.journal(self.account, 1).await?.is_empty() {
            return Ok(());
        }
        let place = self.history_place().await?;
        let (mut followed, usage) = self.followed(&place).await?;
        let entries = store.journal(self.account, MAX_ENTRIES).await?;
        let fresh = self.fresh_conversations().await?;
        pushed.more = entries.len() == MAX_ENTRIES;
        let (mut things, mut settled) = (Vec::<(Changed, Vec<u64>)>::new(), Vec::new());
        for entry in entries {
            match things.iter_mut().find(|(changed, _)| *changed == entry.changed) {
                Some((_, numbers)) => numbers.push(entry.number),
                None => things.push((entry.changed, vec![entry.number])),
            }
        }
        let mut outgoing = Vec::<Outgoing>::new();
        let mut at = 0;
        while let Some((changed, numbers)) = things.get_mut(at).map(|(c, n)| (c.clone(), std::mem::take(n))) {
            at += 1;
            if let Changed::Message(hash) = &changed {
                // A contact's record has the last message.
                let message = store.message(self.account, hash).await?;
                let contact = message.map(|message| Changed::Contact(message.conversation));
                if let Some(contact) = contact.filter(|it| things.iter().all(|(thing, _)| thing != it)) {
                    things.push((contact, Vec::new()));
                }
            }
            match self.records_of(&followed, &changed, &fresh).await? {
                Some(records) if records.is_empty() => settled.extend(numbers),
                Some(records) => {
                    let ticket = Rc::new(Ticket { entries: numbers, left: Cell::new(records.len()) });
                    for (record, replaces) in records {
                        let key = record.key(&self.storage_keys);
                        outgoing.push(Outgoing { record, key, replaces, ticket: Rc::clone(&ticket) });
                    }
                }
                None => {}
            }
        }
        // If nothing can be done about all of these, there is nothing to go on with.
        pushed.more &= !settled.is_empty() || !outgoing.is_empty();
        store.strike_out(self.account, &settled).await?;
        let mut most = usage.batch;
        let mut reads = MAX_READS;
        for _ in 0..MAX_WRITES {
            let Some((batch, sealed)) =
                self.next_batch(&mut outgoing, most, usage.record_bytes, pushed).await?
            else {
                return Ok(());
            };
            if sealed.is_empty() {
                continue;
            }
            let reply = self.ask_history(&place, &|history| history.write(&sealed)).await?;
            match history::parse_written(&reply, sealed.len())? {
                Written::Versions(versions) => {
                    pushed.written += versions.len();
                    self.note_written(&mut followed, batch, &versions).await?;
                }
                Written::Conflicts(conflicts) => {
                    let (again, pulled) =
                        self.resolve(&place, &followed, batch, conflicts, &mut reads).await?;
                    pushed.pulled.add(pulled);
                    outgoing.splice(0..0, again);
                }
                Written::Full => {
                    pushed.full = true;
                    // What takes no room is taken all the same: that somebody was blocked, or how far was read.
                    outgoing.splice(0..0, batch);
                    let before = outgoing.len();
                    outgoing.retain(|one| !matches!(one.record, Record::Message(_)));
                    if outgoing.len() == before {
                        outgoing.retain(|one| one.replaces > 0);
                    }
                    if outgoing.len() == before {
                        return Ok(());
                    }
                }
                // One by itself is what is too large; of several it may be all together.
                Written::TooLarge if batch.len() > 1 => {
                    most = batch.len() / 2;
                    outgoing.splice(0..0, batch);
                }
                Written::TooLarge => {
                    pushed.too_large += 1;
                    self.settle(&batch).await?;
                }
            }
        }
        pushed.more |= !outgoing.is_empty();
        Ok(())
    }

    /// Seals as many as fit into one request. `None` if nothing is left.
    async fn next_batch(
        &self,
        outgoing: &mut Vec<Outgoing>,
        most: usize,
        record_bytes: usize,
        pushed: &mut Pushed,
    ) -> Result<Option<(Vec<Outgoing>, Vec<NewRecord>)>, StoreError> {
        if outgoing.is_empty() {
            return Ok(None);
        }
        let (mut batch, mut sealed, mut bytes) = (Vec::new(), Vec::new(), 0);
        while batch.len() < most.max(1) && !outgoing.is_empty() {
            let next = outgoing.remove(0);
            let record = next.record.seal(&self.storage_keys, self.ports().entropy()).ok();
            // What can't be sealed is no larger than what is too large.
            let size = record.as_ref().map_or(usize::MAX, |record| record.content.len() / 4 * 3);
            let Some(record) = record.filter(|_| size <= record_bytes) else {
                pushed.too_large += 1;
                self.settle(&[next]).await?;
                continue;
            };
            if bytes > 0 && bytes + size > MAX_BYTES {
                outgoing.insert(0, next);
                break;
            }
            bytes += size;
            sealed.push(NewRecord { record, replaces: next.replaces });
            batch.push(next);
        }
        Ok(Some((batch, sealed)))
    }

    async fn settle(&self, batch: &[Outgoing]) -> Result<(), StoreError> {
        let mut numbers = Vec::new();
        for Outgoing { ticket, .. } in batch {
            ticket.left.set(ticket.left.get().saturating_sub(1));
            if ticket.left.get() == 0 {
                numbers.extend(&ticket.entries);
            }
        }
        self.ports().store().strike_out(self.account, &numbers).await
    }

    async fn note_written(
        &self,
        followed: &mut Followed,
        batch: Vec<Outgoing>,
        versions: &[u64],
    ) -> Result<(), StoreError> {
        for (one, version) in batch.iter().zip(versions) {
            let stamp = Stamp { version: *version, digest: one.record.digest() };
            self.note_stamp(followed, &one.record, stamp).await?;
        }
        // Nobody else wrote between what is here and this: it need not be asked for.
        let mut head = followed.head;
        for version in versions {
            if *version != head + 1 {
                break;
            }
            head = *version;
        }
        if head != followed.head {
            // Somebody may have followed further meanwhile.
            if let Some(now) = self.read_followed().await?.filter(|now| *now == *followed) {
                *followed = Followed { head, ..now };
                self.write_followed(followed).await?;
            }
        }
        self.settle(&batch).await
    }

    async fn note_stamp(&self, followed: &Followed, record: &Record, stamp: Stamp) -> Result<(), StoreError> {
        let conversation = match record {
            Record::Contact(contact) => contact.conversation,
            Record::ReadMarker(marker) => marker.conversation,
            Record::Draft(draft) => draft.conversation,
            Record::Message(_) | Record::Setting(_) => return Ok(()),
        };
        let mut mark = self.read_mark(followed, conversation).await?;
        match record {
            Record::Contact(_) => mark.contact = stamp,
            Record::ReadMarker(_) => mark.marker = stamp,
            _ => mark.draft = stamp,
        }
        self.write_mark(followed, conversation, &mark).await
    }

    /// The conversations of which what waits is not to be written yet. The first one that waits decides for all: another
    /// device would send the others before it.
    async fn fresh_conversations(&self) -> Result<Vec<ConversationId>, StoreError> {
        let (mut seen, mut fresh) = (Vec::new(), Vec::new());
        for row in self.ports().store().outbox(self.account).await? {
            if seen.contains(&row.conversation) {
                continue;
            }
            seen.push(row.conversation);
            // What was written while a clock was fast is older than what follows it.
            if self.now().abs_diff(row.arrived) < PATIENCE {
                fresh.push(row.conversation);
            }
        }
        Ok(fresh)
    }

    /// What is to be written about something that changed, with the versions that it replaces; nothing if the node has
    /// it. `None` if it is not to be written yet.
    async fn records_of(
        &self,
        followed: &Followed,
        changed: &Changed,
        fresh: &[ConversationId],
    ) -> Result<Option<Vec<(Record, u64)>>, StoreError> {
        let store = self.ports().store();
        let mut records = Vec::new();
        match changed {
            Changed::Message(hash) => {
                let Some(row) = store.message(self.account, hash).await? else { return Ok(Some(records)) };
                if row.state == SendState::Waiting && fresh.contains(&row.conversation) {
                    return Ok(None);
                }
                records.push((Record::Message(StoredMessage::kept(row)), 0));
            }
            Changed::Contact(conversation) => {
                let Some(contact) = store.contact(self.account, *conversation).await? else {
                    return Ok(Some(records));
                };
                let Mark { contact: there, marker, .. } = self.read_mark(followed, *conversation).await?;
                let last = self.last_message(*conversation).await?;
                let read_until = contact.read_until;
                let record = Record::Contact(ContactRecord::new(&contact, last));
                if record.digest() != there.digest {
                    records.push((record, there.version));
                }
                let record = Record::ReadMarker(ReadMarker { conversation: *conversation, read_until });
                if read_until > 0 && record.digest() != marker.digest {
                    records.push((record, marker.version));
                }
            }
            Changed::Draft(conversation) => {
                if let Some(draft) = self.draft_record(*conversation).await? {
                    let there = self.read_mark(followed, *conversation).await?.draft;
                    let record = Record::Draft(draft);
                    if record.digest() != there.digest {
                        records.push((record, there.version));
                    }
                }
            }
            Changed::Setting(name) => {
                let setting = self.setting_record(name).await?;
                records.extend(setting.map(|setting| (Record::Setting(setting), 0)));
            }
        }
        Ok(Some(records))
    }

    /// The newest message, if it is short and nothing was changed about it since.
    async fn last_message(&self, conversation: ConversationId) -> Result<Option<StoredMessage>, StoreError> {
        let rows = self.ports().store().messages(self.account, conversation, None, LOOK_BACK).await?;
        let Some(newest) = rows.iter().find(|row| row.lane != Lane::Note).cloned() else { return Ok(None) };
        let messages: Vec<_> = rows.into_iter().map(StoredMessage::kept).collect();
        let entry = fold(&messages).pop();
        let as_written = entry.is_some_and(|entry| {
            entry.hash == newest.hash && matches!(entry.shown, Shown::Text { edits: 0, .. })
        });
        Ok(Some(newest)
            .filter(|row| as_written && row.json.len() <= MAX_LAST && !row.state.has_not_left())
            .map(StoredMessage::kept))
    }

    /// Merges ours with what is stored. Gives what is still to be written, and what came by it; what can't be read now
    /// stays in the journal.
    async fn resolve(
        &self,
        place: &Place,
        followed: &Followed,
        batch: Vec<Outgoing>,
        conflicts: Vec<(Pseudonym, Pseudonym, u64)>,
        reads: &mut usize,
    ) -> Result<(Vec<Outgoing>, Pulled), HistoryError> {
        let version_of = |key: &(Pseudonym, Pseudonym)| {
            conflicts.iter().find(|(place, id, _)| (*place, *id) == *key).map(|(_, _, version)| *version)
        };
        let mut wanted: Vec<u64> =
            conflicts.iter().map(|(_, _, version)| *version).filter(|version| *version > 0).collect();
        let mut theirs: Vec<ListedRecord> = Vec::new();
        while let Some(first) = wanted.iter().min().copied().filter(|_| *reads > 0) {
            *reads -= 1;
            let listing = self.list(place, &|history| history.changes(first - 1, READ)).await?;
            let next = listing.next.filter(|next| *next >= first).unwrap_or(u64::MAX);
            theirs.extend(listing.records.into_iter().filter(|listed| wanted.contains(&listed.version)));
            wanted.retain(|version| *version > next);
        }
        let (mut again, mut news) = (Vec::new(), Vec::new());
        for mut one in batch {
            let Some(version) = version_of(&one.key) else {
                again.push(one);
                continue;
            };
            if version == 0 {
                one.replaces = 0;
                again.push(one);
                continue;
            }
            let stored = theirs.iter().find(|listed| {
                listed.version == version && (listed.record.conversation, listed.record.id) == one.key
            });
            let Some(stored) = stored else { continue };
            one.replaces = version;
            match stored.record.open(&self.storage_keys) {
                // It was refused, and is to be tried again: the outcome will be written.
                Ok(Opened::Known(record)) if is_retried(&one.record, &record) => self.settle(&[one]).await?,
                Ok(Opened::Known(record)) => {
                    let merged = merge(&one.record, &record).unwrap_or_else(|| one.record.clone());
                    news.push(stored.clone());
                    if merged == *record {
                        self.settle(&[one]).await?;
                    } else {
                        again.push(Outgoing { record: merged, ..one });
                    }
                }
                // A later version of this program knows better what it means.
                Ok(Opened::Unknown { .. }) => self.settle(&[one]).await?,
                Err(error) if error.is_of_a_later_version() => self.settle(&[one]).await?,
                // The account did not write this here.
                Err(_) => again.push(one),
            }
        }
        Ok((again, self.take_in_records(followed, news).await?))
    }
}

fn is_retried(here: &Record, there: &Record) -> bool {
    match (here, there) {
        (Record::Message(here), Record::Message(there)) => {
            here.row().state == SendState::Waiting && matches!(there.row().state, SendState::Refused(_))
        }
        _ => false,
    }
}
