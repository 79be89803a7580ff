//! Proven messages, put to their places and stored.

use super::place::{CLOSE, New, Told, places};
use super::received::NewMessage;
use crate::conversation::ConversationId;
use crate::device::{MessageRow, Place, Position, StoredMessage, Trust};
use crate::index::Index;
use crate::message::{AuthenticMessage, MessageHash, SignedMessage};
use crate::ports::{Ports, Store as _, StoreError};
use crate::session::Session;

/// How many messages around what came in are looked at at once for their order.
const NEIGHBOURS: usize = 64;
/// How many in all. More within two minutes are a flood.
pub(super) const MAX_NEIGHBOURS: usize = 512;

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

/// Both, newest first. What stands far in the future, since a clock was fast, may have been taken beside the others.
fn with_newest(mut newest: Vec<MessageRow>, close: Vec<MessageRow>) -> Vec<MessageRow> {
    let end = close.first().map(MessageRow::position);
    newest.retain(|row| end.as_ref().is_none_or(|end| row.position() > *end));
    newest.extend(close);
    newest
}

impl<P: Ports> Session<P> {
    /// Stores messages of one author, listed in this order. Gives those that were not here before. What somebody writes who
    /// is blocked is not kept, and need not be kept elsewhere.
    pub(in crate::session) async fn keep_messages(
        &self,
        messages: Vec<Proven>,
    ) -> Result<Vec<NewMessage>, StoreError> {
        let Some(first) = messages.first() else { return Ok(Vec::new()) };
        let conversation = ConversationId::Peer(first.message.author());
        let store = self.ports().store();
        let known = store.contact(self.account, conversation).await?;
        if known.as_ref().is_some_and(|contact| contact.standing.trust == Trust::Blocked) {
            return Ok(Vec::new());
        }
        // Later than all that was seen, and than when it was hidden, even if a clock was set back since.
        let before = known.map_or(0, |contact| contact.read_until.max(contact.standing.decided.hidden));
        let arrived = before.saturating_add(1).max(self.now());
        let messages = &first_taken(messages);
        let taken = |proven: &Proven| Place::at(proven.taken.unwrap_or(arrived));
        let placed = self.placed(conversation, messages, taken).await?;
        let rows: Vec<_> = (messages.iter().zip(placed))
            .map(|(proven, place)| {
                let received = StoredMessage::received(&proven.message, proven.read.unwrap_or(arrived));
                received.at(taken(proven)).moved_to(place)
            })
            .collect();
        // Before the receipts are known: what fails here is done with them the next time.
        self.have_arrived(rows.iter().map(StoredMessage::row)).await?;
        let mut added = Index::default();
        for hash in store.add_messages(self.account, &rows).await? {
            added.insert(hash.as_str().to_owned(), 0);
        }
        let new = rows.iter().map(StoredMessage::row).filter(|row| added.get(row.hash.as_str()).is_some());
        Ok(new.map(|row| NewMessage { conversation, hash: row.hash.clone(), lane: row.lane }).collect())
    }

    async fn placed(
        &self,
        conversation: ConversationId,
        messages: &[Proven],
        taken: impl Fn(&Proven) -> Place,
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
            let close = 2 * CLOSE * Place::PARTS;
            let first = messages.iter().map(&taken).min().unwrap_or_default().before(close);
            let last = messages.iter().map(&taken).max().unwrap_or_default();
            let after = Position::before(last.behind(close + 1));
            with_newest(newest, self.between(conversation, first, after).await?)
        };
        let kept: Vec<_> = near.iter().rev().map(|row| self.told(row)).collect();
        let at = |hash: &MessageHash| near.iter().rev().position(|row| row.hash == *hash);
        // What stands already, and came once more, is in nobody's way.
        let here: Vec<_> = messages.iter().map(|proven| at(proven.message.message().hash())).collect();
        let mut new = Vec::new();
        for (proven, _) in messages.iter().zip(&here).filter(|(_, here)| here.is_none()) {
            let message = proven.message.message();
            // What refers to a message was written after it, whatever the clocks say.
            let after = message.reference().and_then(|hash| at(&hash));
            let told = New { taken: taken(proven), claimed: message.timestamp(), after };
            let late = behind.filter(|behind| !told.is_before_any(&kept[..*behind]));
            new.push(New { after: after.max(late), ..told });
        }
        let mut placed = places(&new, &kept).into_iter();
        let place = |here: Option<usize>| {
            here.map_or_else(|| placed.next().unwrap_or_default(), |here| kept[here].place)
        };
        Ok(here.into_iter().map(place).collect())
    }

    /// The newest messages of a conversation, and those from a place on, newest first, as far as they are looked at.
    pub(super) async fn newest_and_between(
        &self,
        conversation: ConversationId,
        first: Place,
        after: Position,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let newest = self.ports().store().messages(self.account, conversation, None, NEIGHBOURS).await?;
        Ok(with_newest(newest, self.between(conversation, first, after).await?))
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

    pub(super) fn told(&self, row: &MessageRow) -> Told {
        let theirs = (row.author != self.account).then(|| SignedMessage::parse(&row.json).ok()).flatten();
        Told { place: row.place, taken: row.taken, claimed: theirs.map(|message| message.timestamp()) }
    }
}
