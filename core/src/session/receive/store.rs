//! Proven messages, put to their places and stored.

use super::place::{CLOSE, Told, places};
use crate::conversation::ConversationId;
use crate::device::{MessageRow, Place, Position, StoredMessage};
use crate::index::Index;
use crate::message::{AuthenticMessage, MessageHash, SignedMessage};
use crate::ports::{Ports, Store as _, StoreError};
use crate::session::Session;

/// How many messages around what came in are looked at at once for their order.
const NEIGHBOURS: usize = 64;
/// How many in all. More within two minutes are a flood.
const MAX_NEIGHBOURS: usize = 512;

/// A message whose author is proven.
pub(in crate::session) struct Proven {
    pub message: AuthenticMessage,
    /// When a delivery service took it, by the clock that leads; `None` if nothing usable says so.
    pub taken: Option<u64>,
    /// When it came to another program of the account, in which it was read since.
    pub read: Option<u64>,
}

/// Each message once: of its copies, the one that was taken first.
fn first_taken(messages: Vec<Proven>) -> Vec<Proven> {
    let (mut once, mut places) = (Vec::<Proven>::with_capacity(messages.len()), Index::default());
    for proven in messages {
        let hash = proven.message.message().hash().to_string();
        match places.get(&hash) {
            Some(place) => {
                let known = &mut once[place].taken;
                *known = known.iter().copied().chain(proven.taken).min();
            }
            None => {
                places.insert(hash, once.len());
                once.push(proven);
            }
        }
    }
    once
}

impl<P: Ports> Session<P> {
    /// Stores messages of one author, listed in this order. Gives those that were not here before.
    pub(in crate::session) async fn keep_messages(
        &self,
        messages: Vec<Proven>,
    ) -> Result<Vec<(ConversationId, MessageHash)>, StoreError> {
        let Some(first) = messages.first() else { return Ok(Vec::new()) };
        let conversation = ConversationId::Peer(first.message.author());
        let store = self.ports().store();
        let arrived = self.arrival(conversation).await?;
        let messages = &first_taken(messages);
        let told: Vec<_> = (messages.iter())
            .map(|proven| Told {
                place: Place::at(proven.taken.unwrap_or(arrived)),
                claimed: Some(proven.message.message().timestamp()),
            })
            .collect();
        let placed = self.placed(conversation, messages, told).await?;
        let rows: Vec<_> = (messages.iter().zip(placed))
            .map(|(proven, place)| {
                StoredMessage::received(&proven.message, proven.read.unwrap_or(arrived)).at(place)
            })
            .collect();
        let new = store.add_messages(self.account, &rows).await?;
        Ok(new.into_iter().map(|hash| (conversation, hash)).collect())
    }

    /// When what comes now arrives: later than all that was seen, even if a clock was set back since.
    async fn arrival(&self, conversation: ConversationId) -> Result<u64, StoreError> {
        let known = self.ports().store().contact(self.account, conversation).await?;
        Ok(known.map_or(0, |contact| contact.read_until.saturating_add(1)).max(self.now()))
    }

    async fn placed(
        &self,
        conversation: ConversationId,
        messages: &[Proven],
        mut told: Vec<Told>,
    ) -> Result<Vec<Place>, StoreError> {
        let store = self.ports().store();
        let newest = store.messages(self.account, conversation, None, NEIGHBOURS).await?;
        let own = newest.iter().position(|row| row.author == self.account);
        // This device's clock was fast when ours was written. Nobody can have answered later than now.
        let fast = own.filter(|own| newest[*own].place.time() > self.latest());
        let behind = fast.map(|own| newest.len() - 1 - own);
        let near: Vec<_> = if behind.is_some() {
            newest
        } else {
            let close = CLOSE * Place::PARTS;
            let first = told.iter().map(|told| told.place).min().unwrap_or_default().before(close);
            let last = told.iter().map(|told| told.place).max().unwrap_or_default();
            let after = Position::before(last.behind(close + 1));
            self.between(conversation, first, after).await?
        };
        // What refers to a message was written after it, whatever the clocks say.
        for (told, proven) in told.iter_mut().zip(messages) {
            let referred = proven.message.message().reference();
            let place =
                referred.and_then(|hash| near.iter().find(|row| row.hash == hash)).map(|row| row.place);
            told.place = told.place.max(place.map_or(told.place, |place| place.next()));
        }
        let kept: Vec<_> = near.iter().rev().map(|row| self.told(row)).collect();
        // What stands already, and came once more, is in nobody's way.
        let here = |proven: &Proven| near.iter().find(|row| row.hash == *proven.message.message().hash());
        let new: Vec<_> = (told.into_iter().zip(messages))
            .filter_map(|(told, proven)| here(proven).is_none().then_some(told))
            .collect();
        let mut placed = places(&new, &kept, behind).into_iter();
        let place = |proven| here(proven).map_or_else(|| placed.next().unwrap_or_default(), |row| row.place);
        Ok(messages.iter().map(place).collect())
    }

    /// The messages of a conversation from a place on, newest first, as far as they are looked at.
    async fn between(
        &self,
        conversation: ConversationId,
        first: Place,
        mut after: Position,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let mut near = Vec::new();
        loop {
            let store = self.ports().store();
            let rows = store.messages(self.account, conversation, Some(&after), NEIGHBOURS).await?;
            let (read, before) = (rows.len(), near.len());
            near.extend(rows.into_iter().take_while(|row| row.place >= first));
            let all = read < NEIGHBOURS || near.len() < before + read || near.len() >= MAX_NEIGHBOURS;
            match near.last() {
                Some(last) if !all => after = last.position(),
                _ => return Ok(near),
            }
        }
    }

    fn told(&self, row: &MessageRow) -> Told {
        let theirs = (row.author != self.account).then(|| SignedMessage::parse(&row.json).ok()).flatten();
        Told { place: row.place, claimed: theirs.map(|message| message.timestamp()) }
    }
}
