//! A conversation as a pure fold of its authentic messages.
//!
//! The order in which messages arrive does not matter: they are folded in the order of their position. An edit
//! or a deletion counts only if it comes from the author of what it changes; receipts only from the other side.

mod entry;

pub use entry::{Content, Entry, Quote};

use crate::identity::Address;
use crate::index::Index;
use crate::message::{Kind, MessageHash, SignedMessage};
use crate::record::{SendState, StoredMessage};

use entry::Receipt;

/// The most different reactions that are shown at one message.
const MAX_REACTIONS: usize = 24;
/// The longest reaction, in bytes: an emoji with all its modifiers.
const MAX_REACTION: usize = 64;

/// Folds stored messages, in any order, into what is shown, oldest first.
pub fn fold(messages: &[StoredMessage]) -> Vec<Entry> {
    let parsed: Vec<_> = messages
        .iter()
        .filter_map(|stored| SignedMessage::parse(&stored.json).ok().map(|message| (stored, message)))
        .collect();
    let mut order = Index::default();
    for (number, (stored, _)) in parsed.iter().enumerate() {
        // With all its digits, a time sorts as text like the number that it is; then comes the hash.
        let position = format!("{:020}{}", stored.time, stored.hash.as_str());
        if order.get(&position).is_none() {
            order.insert(position, number);
        }
    }
    let mut ordered: Vec<_> = order.numbers().filter_map(|number| parsed.get(number)).collect();
    ordered.dedup_by(|(a, _), (b, _)| a.hash == b.hash);

    let mut thread = Fold::default();
    for (stored, message) in &ordered {
        match message.kind() {
            Kind::New | Kind::Reply | Kind::Other(_) => thread.add(stored, message),
            _ => {}
        }
    }
    for (stored, message) in &ordered {
        let Some(target) = message.reference().and_then(|reference| thread.root(&reference)) else {
            continue;
        };
        match message.kind() {
            Kind::Edit => thread.edit(target, stored, message),
            Kind::DeleteRequest => thread.delete(target, stored.author),
            Kind::Reaction => thread.react(target, message.text()),
            Kind::ReadReceived => thread.receipt(target, stored.author, Receipt::Arrived),
            Kind::ReadOpened => thread.receipt(target, stored.author, Receipt::Read),
            Kind::New | Kind::Reply | Kind::Other(_) => {}
            Kind::ResendRequest | Kind::Link | Kind::LinkRecover | Kind::LinkAccept => {}
        }
    }
    thread.finish()
}

#[derive(Default)]
struct Fold {
    entries: Vec<Entry>,
    /// Where a message, or the edit of one, is found.
    roots: Index,
    quotes: Vec<(usize, MessageHash)>,
}

impl Fold {
    fn add(&mut self, stored: &StoredMessage, message: &SignedMessage) {
        let index = self.entries.len();
        self.roots.insert(stored.hash.as_str().to_owned(), index);
        if let (Kind::Reply, Some(reference)) = (message.kind(), message.reference()) {
            self.quotes.push((index, reference));
        }
        self.entries.push(Entry {
            hash: stored.hash.clone(),
            author: stored.author,
            own: stored.author != stored.peer,
            time: stored.time,
            content: Content::Text {
                text: message.text().to_owned(),
                edited: false,
                quote: None,
                attachments: message.attachments(),
            },
            state: stored.state.clone(),
            receipt: None,
            reactions: Vec::new(),
        });
    }

    fn root(&self, reference: &MessageHash) -> Option<usize> {
        self.roots.get(reference.as_str())
    }

    fn edit(&mut self, target: usize, stored: &StoredMessage, message: &SignedMessage) {
        let Some(entry) = self.entries.get_mut(target).filter(|entry| entry.author == stored.author) else {
            return;
        };
        if let Content::Text { text, edited, attachments, .. } = &mut entry.content {
            message.text().clone_into(text);
            *attachments = message.attachments();
            *edited = true;
        }
        // An edit of this edit means the same message. The map only grows, so no chain can be a circle.
        if self.root(&stored.hash).is_none() {
            self.roots.insert(stored.hash.as_str().to_owned(), target);
        }
    }

    fn delete(&mut self, target: usize, author: Address) {
        if let Some(entry) = self.entries.get_mut(target).filter(|entry| entry.author == author) {
            entry.content = Content::Deleted;
            entry.reactions.clear();
        }
    }

    fn react(&mut self, target: usize, emoji: &str) {
        let Some(entry) = self.entries.get_mut(target) else { return };
        if emoji.is_empty() || emoji.len() > MAX_REACTION || entry.content == Content::Deleted {
            return;
        }
        if let Some((_, count)) = entry.reactions.iter_mut().find(|(known, _)| known == emoji) {
            *count += 1;
        } else if entry.reactions.len() < MAX_REACTIONS {
            entry.reactions.push((emoji.to_owned(), 1));
        }
    }

    fn receipt(&mut self, target: usize, author: Address, receipt: Receipt) {
        if let Some(entry) = self.entries.get_mut(target).filter(|entry| entry.author != author) {
            entry.receipt = entry.receipt.max(Some(receipt));
        }
    }

    fn finish(mut self) -> Vec<Entry> {
        for (index, reference) in std::mem::take(&mut self.quotes) {
            let quoted = self.root(&reference).and_then(|target| self.entries.get(target));
            let quoted = quoted.map(|target| match &target.content {
                Content::Text { text, .. } => {
                    Quote { own: target.own, text: text.chars().take(200).collect() }
                }
                Content::Deleted => Quote { own: target.own, text: String::new() },
            });
            if let Some(Content::Text { quote, .. }) = self.entries.get_mut(index).map(|e| &mut e.content) {
                *quote = quoted;
            }
        }
        self.entries
    }
}

impl Entry {
    /// Whether the other side has it, or has seen it.
    pub fn is_read(&self) -> bool {
        self.receipt == Some(Receipt::Read)
    }

    /// Whether the other side's client has it.
    pub fn has_arrived(&self) -> bool {
        self.receipt.is_some()
    }

    /// Whether it still waits in the outbox.
    pub fn is_waiting(&self) -> bool {
        self.state == SendState::Waiting
    }
}

#[cfg(test)]
mod tests;
