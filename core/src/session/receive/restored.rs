//! The places of messages that come back from another device of the account.
//!
//! Each device puts what comes in to its place among what stands there, and two that get the same messages in another
//! order may move different ones; of each message the earlier place is written. So the place that comes with a message
//! counts here only if nothing is turned round by it, of what stands or of what comes with it; else it is put to a place as
//! if it came in now, by when it was taken.

use super::place::{CLOSE, New, Told, places};
use super::store::MAX_NEIGHBOURS;
use crate::conversation::ConversationId;
use crate::device::{MessageRow, Place, Position, StoredMessage};
use crate::ports::{Ports, Store as _, StoreError};
use crate::session::Session;

/// How much room there is at most between two messages: parts, a second.
const ROOM: u64 = 1_000 * Place::PARTS;

impl<P: Ports> Session<P> {
    /// Stores messages that came back from where they had been kept, at places where none of them stands before what was
    /// said before it. Gives the conversation of each that was new or is changed.
    pub(in crate::session) async fn restore(
        &self,
        messages: Vec<StoredMessage>,
    ) -> Result<Vec<ConversationId>, StoreError> {
        // What comes in meanwhile would be put to its place beside what stands, without these.
        let turn = self.storing.take().await;
        let messages = self.settled_here(messages).await?;
        let changed = self.ports().store().restore_messages(self.account, &messages).await?;
        drop(turn);
        let of = |hash| messages.iter().find(|message| message.hash() == hash);
        Ok(changed.iter().filter_map(of).map(|message| message.row().conversation).collect())
    }

    async fn settled_here(&self, messages: Vec<StoredMessage>) -> Result<Vec<StoredMessage>, StoreError> {
        let mut settled = Vec::with_capacity(messages.len());
        for (conversation, messages) in by_conversation(messages) {
            let (mut pieces, mut new) = (vec![messages], Vec::<Told>::new());
            while let Some(mut messages) = pieces.pop() {
                messages.sort_by_key(|message| message.row().place);
                let near = self.standing_beside(conversation, &messages).await?;
                // Of that much not all was looked at; of a part of the time it may be.
                if near.len() >= MAX_NEIGHBOURS && messages.len() > 1 {
                    let newer = messages.split_off(messages.len() / 2);
                    pieces.extend([newer, messages]);
                    continue;
                }
                let mut line: Vec<_> =
                    near.iter().rev().map(|row| self.told(row)).chain(new.clone()).collect();
                line.sort_by_key(|told| told.place);
                for message in messages {
                    // What is here stays where it stands, wherever the other device has it.
                    if near.iter().any(|row| row.hash == *message.hash()) {
                        settled.push(message);
                        continue;
                    }
                    let told = self.settled_in(&line, &message);
                    line.insert(line.partition_point(|other| other.place < told.place), told);
                    new.push(told);
                    settled.push(message.moved_to(told.place));
                }
            }
        }
        Ok(settled)
    }

    /// What stands on this device within the time around some messages, and last of all, newest first.
    async fn standing_beside(
        &self,
        conversation: ConversationId,
        messages: &[StoredMessage],
    ) -> Result<Vec<MessageRow>, StoreError> {
        let close = 2 * CLOSE * Place::PARTS;
        let times = || messages.iter().flat_map(|message| [message.row().place, message.row().taken]);
        let first = times().min().unwrap_or_default().before(close);
        let after = Position::before(times().max().unwrap_or_default().behind(close + 1));
        self.newest_and_between(conversation, first, after).await
    }

    /// One message, at its place in the line.
    fn settled_in(&self, line: &[Told], message: &StoredMessage) -> Told {
        let mut told = self.told(message.row());
        match told.claimed {
            Some(claimed) if line.iter().any(|other| told.is_turned_round(other)) => {
                let new = New { taken: told.taken, claimed, after: None };
                told.place = places(&[new], line).first().copied().unwrap_or(told.place);
            }
            None => told.place = place_of_ours(&told, line),
            Some(_) => {}
        }
        // Between two at one place there would never be room.
        let is_taken = |place: Place| line.iter().any(|other| other.place == place);
        if is_taken(told.place) {
            told.place = beside(told.place, line, Side::Behind);
        }
        while is_taken(told.place) {
            told.place = told.place.behind(1);
        }
        told
    }
}

/// The place of ours, which was written in sight of what had been taken then, wherever that stands here; and before what
/// was taken later, also where claims have moved that.
fn place_of_ours(ours: &Told, line: &[Told]) -> Place {
    // Of one millisecond nobody knows; where it stands on the other device is as good as anything.
    let (mut last, mut same, mut first) = (None, None, None);
    for other in line {
        if was_before(other, ours) {
            last = Some(other.place);
        } else if other.claimed.is_some() && other.taken.time() > ours.taken.time() {
            first = first.or(Some(other.place));
        } else if other.place < ours.place {
            same = Some(other.place);
        }
    }
    match (last, first) {
        (Some(last), _) if last >= ours.place => beside(last, line, Side::Behind),
        (last, Some(first)) if first <= ours.place && last.max(same) < Some(first) => {
            beside(first, line, Side::Before)
        }
        _ => ours.place,
    }
}

/// Whether one was taken, or written, before one of ours was written. Of one millisecond that is known of ours alone.
fn was_before(other: &Told, ours: &Told) -> bool {
    match other.claimed {
        None => other.taken < ours.taken,
        Some(_) => other.taken.time() < ours.taken.time(),
    }
}

/// On which side of another message.
#[derive(Clone, Copy)]
enum Side {
    Before,
    Behind,
}

/// A place between another and what stands next on that side of it, with room for more on both sides.
fn beside(place: Place, line: &[Told], side: Side) -> Place {
    let gap = |told: &Told| match side {
        Side::Before => place.parts_since(told.place),
        Side::Behind => told.place.parts_since(place),
    };
    let least = line.iter().map(gap).filter(|gap| *gap > 0).min();
    let room = (least.unwrap_or(ROOM).min(ROOM) / 4).max(1);
    match side {
        Side::Before => place.before(room),
        Side::Behind => place.behind(room),
    }
}

/// Messages by conversation, in the order in which these come first.
fn by_conversation(messages: Vec<StoredMessage>) -> Vec<(ConversationId, Vec<StoredMessage>)> {
    let mut found: Vec<(ConversationId, Vec<StoredMessage>)> = Vec::new();
    for message in messages {
        let conversation = message.row().conversation;
        match found.iter_mut().find(|(other, _)| *other == conversation) {
            Some((_, messages)) => messages.push(message),
            None => found.push((conversation, vec![message])),
        }
    }
    found
}
