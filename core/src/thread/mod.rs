//! A conversation as a fold of its authentic messages.
//!
//! ```text
//! StoredMessage ──insert──▶ Thread ──▶ Changes: which entry is new, which look different
//!                             ├──entries(20..40)──▶ Entry … what a list shows
//!                             └──history(hash)──▶ Version … what a message said before it was edited
//! ```
//!
//! What is shown depends on the set of messages alone, never on the order in which they arrive. Each message is
//! filed once; one that refers to something unknown waits for it. There are no walks along references, so no chain
//! of them can be a circle or cost more than its length. One more message takes O(log n) steps, and as many more as
//! there are entries that it changes.
//!
//! - An edit or a delete request counts only from the author of what it names, a receipt only from somebody else.
//! - The version with the latest (author's time, hash) is shown. All versions are kept.
//! - A deleted message stays deleted.
//! - An edit names the message or an earlier edit of it, [`MAX_EDIT_CHAIN`] steps at most.
//! - An edit whose message is not here is not shown: that message is most likely on a page that was not read yet.
//! - A reaction is taken back by its author's delete request that names it.
//! - Own delete requests and reactions count at once; one that has not left is told beside.
//! - What a receipt names has left, whatever this device knows of that.

mod entry;
mod last;
mod order;

pub use entry::{Changes, Entry, Quote, Quoted, Reaction, Shown, Unsent, Version};
pub use last::{MAX_NOTES, last};

use std::ops::Range;

use crate::conversation::ConversationId;
use crate::device::{Place, SendState, StoredMessage};
use crate::identity::Address;
use crate::message::{Context, Kind, MessageHash, SignedMessage};

use entry::Receipt;
use order::{Key, Order};

/// How many edits may refer to one another. Further ones are not taken: no person edits an edit that often.
pub const MAX_EDIT_CHAIN: usize = 1_000;
/// The most different reactions that are shown at one message.
const MAX_REACTIONS: usize = 24;
/// The most reaction messages that are looked at for one message, taken back or not; the oldest count.
const MAX_REACTION_MESSAGES: usize = 1_000;
/// The longest reaction, in bytes: an emoji with all its modifiers.
const MAX_REACTION: usize = 64;

/// A conversation. It grows message by message.
#[derive(Clone)]
pub struct Thread {
    conversation: ConversationId,
    /// All messages, as they came.
    notes: Vec<Note>,
    /// Every message, by its hash.
    known: Order,
    /// The entries, by their position.
    shown: Order,
    /// Edits below their message, by the author's time.
    edits: Order,
    /// Reactions below their message, by the author's time.
    reactions: Order,
    /// Replies below the message that they answer.
    replies: Order,
    /// Delete requests that count below what they name, by the author's time.
    deletes: Order,
    /// Messages below the hash that they refer to and that is not here, or not filed yet.
    waiting: Order,
}

#[derive(Clone)]
struct Note {
    hash: MessageHash,
    /// The bytes of `hash`.
    id: [u8; 32],
    author: Address,
    place: Place,
    written: u64,
    role: Role,
    reference: Option<[u8; 32]>,
    /// Text: the message that it answers. Edit, reaction: the message that it belongs to.
    target: Option<usize>,
    /// How many edits stand between an edit and its message, this one included.
    depth: usize,
    text: String,
    attachments: usize,
    about: Option<Context>,
    state: SendState,
    /// Text: deleted. Reaction: taken back.
    deleted: bool,
    receipt: Option<Receipt>,
    /// A receipt names this very one.
    heard: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Text,
    Edit,
    Delete,
    Reaction,
    Receipt(Receipt),
    /// Says nothing about the conversation.
    None,
}

/// Folds stored messages of one conversation, in any order, into what is shown, oldest first.
pub fn fold(messages: &[StoredMessage]) -> Vec<Entry> {
    let Some(first) = messages.first() else { return Vec::new() };
    let mut thread = Thread::new(first.row().conversation);
    for stored in messages {
        thread.insert(stored);
    }
    thread.entries(0..thread.len()).collect()
}

impl Thread {
    /// A conversation without messages.
    pub fn new(conversation: ConversationId) -> Self {
        Self {
            conversation,
            notes: Vec::new(),
            known: Order::default(),
            shown: Order::default(),
            edits: Order::default(),
            reactions: Order::default(),
            replies: Order::default(),
            deletes: Order::default(),
            waiting: Order::default(),
        }
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether nothing is to be shown.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries at these places, counted from the oldest.
    pub fn entries(&self, places: Range<usize>) -> impl Iterator<Item = Entry> {
        places.map_while(|place| self.shown.select(place)).map(|number| self.entry(number))
    }

    /// The entry that a message is, or that it edits.
    pub fn find(&self, hash: &MessageHash) -> Option<Entry> {
        self.message(&hash.to_bytes()).map(|number| self.entry(number))
    }

    /// The place of the entry that a message is, or that it edits.
    pub fn place(&self, hash: &MessageHash) -> Option<usize> {
        self.message(&hash.to_bytes()).map(|number| self.shown.rank(&self.position(number)))
    }

    /// What a message says and said before it was edited: as it was written, then its edits. Nothing of a deleted
    /// one.
    pub fn history(&self, hash: &MessageHash) -> impl DoubleEndedIterator<Item = Version<'_>> {
        let number = self.message(&hash.to_bytes()).filter(|number| !self.notes[*number].deleted);
        let edits = number.map(|number| self.edits.members(&self.notes[number].id, usize::MAX));
        let edits = edits.unwrap_or_default();
        number.into_iter().chain(edits).map(|number| {
            let Note { hash, written, text, attachments, .. } = &self.notes[number];
            Version { hash, written: *written, text, attachments: *attachments }
        })
    }

    /// Takes a message in. Of one that is already here only [`MessageRow::state`](crate::device::MessageRow::state) counts. One of another
    /// conversation, and one whose hash is not that of its text, change nothing.
    pub fn insert(&mut self, stored: &StoredMessage) -> Changes {
        let stored = stored.row();
        if stored.conversation != self.conversation {
            return Changes::default();
        }
        let id = stored.hash.to_bytes();
        if let Some(number) = self.known.get(&by_hash(&id)) {
            return self.take_state(number, &stored.state);
        }
        let Some(message) = SignedMessage::parse(&stored.json).ok().filter(|m| *m.hash() == stored.hash)
        else {
            return Changes::default();
        };
        let role = match message.kind() {
            Kind::New | Kind::Reply | Kind::Other(_) => Role::Text,
            Kind::Edit => Role::Edit,
            Kind::DeleteRequest => Role::Delete,
            Kind::Reaction => Role::Reaction,
            Kind::ReadReceived => Role::Receipt(Receipt::Arrived),
            Kind::ReadOpened => Role::Receipt(Receipt::Read),
            Kind::ResendRequest | Kind::Link | Kind::LinkRecover | Kind::LinkAccept => Role::None,
        };
        let refers = role != Role::Text || message.kind() == Kind::Reply;
        let number = self.notes.len();
        self.known.insert(by_hash(&id), number);
        self.notes.push(Note {
            hash: stored.hash.clone(),
            id,
            author: stored.author,
            place: stored.place,
            written: message.timestamp(),
            role,
            reference: message.reference().filter(|_| refers).map(|reference| reference.to_bytes()),
            target: None,
            depth: 0,
            text: message.text_of_ours().to_owned(),
            attachments: message.attachments(),
            about: message.context(),
            state: stored.state.clone(),
            deleted: false,
            receipt: None,
            heard: false,
        });
        let added = (role == Role::Text).then(|| {
            self.shown.insert(self.position(number), number);
            stored.hash.clone()
        });
        let touched = self.file(number);
        self.changes(added, &touched)
    }

    /// Notes how far a message has come.
    pub fn set_state(&mut self, hash: &MessageHash, state: &SendState) -> Changes {
        match self.known.get(&by_hash(&hash.to_bytes())) {
            Some(number) => self.take_state(number, state),
            None => Changes::default(),
        }
    }

    fn take_state(&mut self, number: usize, state: &SendState) -> Changes {
        let mut touched = Order::default();
        if self.notes[number].state != *state {
            let looks = |thread: &Self, message| (thread.state(message).clone(), thread.unsent(message));
            let message = self.subject(number);
            let before = message.map(|message| looks(self, message));
            self.notes[number].state = state.clone();
            if let Some(message) = message.filter(|message| before != Some(looks(self, *message))) {
                self.touch(message, &mut touched);
            }
        }
        self.changes(None, &touched)
    }

    fn changes(&self, added: Option<MessageHash>, touched: &Order) -> Changes {
        let mut changed = Vec::new();
        for message in touched.members(&[0; 32], usize::MAX) {
            if added.as_ref() != Some(&self.notes[message].hash) {
                changed.push(self.notes[message].hash.clone());
            }
        }
        Changes { added, changed }
    }

    /// Files a message, and whatever waited for it, and whatever waited for that. Gives the entries that look
    /// different now.
    fn file(&mut self, number: usize) -> Order {
        let mut touched = Order::default();
        let mut due = vec![number];
        self.wake(number, &mut due);
        while let Some(number) = due.pop() {
            if !self.apply(number, &mut touched) {
                let note = &self.notes[number];
                if let Some(reference) = note.reference {
                    self.waiting.insert(Key::new(&reference, 0, &note.id), number);
                }
            }
            // Happens once to each edit, as one that belongs somewhere is never due again.
            if self.notes[number].role == Role::Edit && self.notes[number].target.is_some() {
                self.wake(number, &mut due);
            }
        }
        touched
    }

    /// Adds what refers to a message and does not belong anywhere yet.
    fn wake(&self, number: usize, due: &mut Vec<usize>) {
        for waiting in self.waiting.members(&self.notes[number].id, usize::MAX) {
            if self.notes[waiting].target.is_none() {
                due.push(waiting);
            }
        }
    }

    /// Lets a message do what it is for; false if it has to wait for what it refers to.
    fn apply(&mut self, number: usize, touched: &mut Order) -> bool {
        let Note { author, role, reference, .. } = self.notes[number];
        let Some(named) = reference.map(|reference| self.known.get(&by_hash(&reference))) else {
            return true;
        };
        let Some(named) = named else { return false };
        let of_author = self.notes[named].author == author;
        let Some(message) = self.message_of(named) else {
            if self.notes[named].role == Role::Reaction && role == Role::Delete && of_author {
                self.take_back(named, number, touched);
            }
            return self.notes[named].role != Role::Edit;
        };
        match role {
            Role::Text => {
                self.notes[number].target = Some(message);
                self.replies.insert(self.below(message, 0, number), number);
                if !self.notes[number].deleted {
                    self.touch(number, touched);
                }
            }
            Role::Edit if of_author && self.notes[named].depth < MAX_EDIT_CHAIN => {
                self.notes[number].target = Some(message);
                self.notes[number].depth = self.notes[named].depth + 1;
                self.edits.insert(self.below(message, self.notes[number].written, number), number);
                if !self.notes[message].deleted {
                    self.touch(message, touched);
                    if self.version(message) == number {
                        self.touch_replies(message, touched);
                    }
                }
            }
            Role::Delete if of_author => {
                let before = self.unsent(message);
                self.deletes.insert(self.below(named, self.notes[number].written, number), number);
                if !self.notes[message].deleted {
                    self.notes[message].deleted = true;
                    self.touch(message, touched);
                    self.touch_replies(message, touched);
                } else if self.unsent(message) != before {
                    self.touch(message, touched);
                }
            }
            Role::Reaction if (1..=MAX_REACTION).contains(&self.notes[number].text.len()) => {
                let before = self.given(message);
                self.notes[number].target = Some(message);
                self.reactions.insert(self.below(message, self.notes[number].written, number), number);
                if self.given(message) != before {
                    self.touch(message, touched);
                }
            }
            Role::Receipt(receipt) if !of_author => {
                let looks = |thread: &Self| (thread.notes[message].receipt, thread.state(message).clone());
                let before = looks(self);
                self.notes[named].heard = true;
                self.notes[message].receipt = before.0.max(Some(receipt));
                if looks(self) != before {
                    self.touch(message, touched);
                }
            }
            _ => {}
        }
        true
    }

    fn take_back(&mut self, reaction: usize, number: usize, touched: &mut Order) {
        let message = self.notes[reaction].target;
        let before = message.map(|message| self.given(message));
        self.deletes.insert(self.below(reaction, self.notes[number].written, number), number);
        self.notes[reaction].deleted = true;
        if let Some(message) = message.filter(|message| before != Some(self.given(*message))) {
            self.touch(message, touched);
        }
    }

    fn touch(&self, message: usize, touched: &mut Order) {
        touched.insert(self.position(message), message);
    }

    /// What a message says has changed, and with it what its replies quote.
    fn touch_replies(&self, message: usize, touched: &mut Order) {
        for reply in self.replies.members(&self.notes[message].id, usize::MAX) {
            if !self.notes[reply].deleted {
                self.touch(reply, touched);
            }
        }
    }

    /// The message that somebody means who names a hash: of the message, or of an edit of it.
    fn message(&self, id: &[u8; 32]) -> Option<usize> {
        self.known.get(&by_hash(id)).and_then(|number| self.message_of(number))
    }

    fn message_of(&self, number: usize) -> Option<usize> {
        let note = &self.notes[number];
        match note.role {
            Role::Text => Some(number),
            Role::Edit => note.target,
            _ => None,
        }
    }

    /// The message that looks different if this one comes further.
    fn subject(&self, number: usize) -> Option<usize> {
        let note = &self.notes[number];
        match note.role {
            Role::Text => Some(number),
            Role::Edit | Role::Reaction => note.target,
            Role::Delete => {
                let named = note.reference.and_then(|reference| self.known.get(&by_hash(&reference)));
                named.filter(|named| self.notes[*named].role != Role::Delete).and_then(|it| self.subject(it))
            }
            Role::Receipt(_) | Role::None => None,
        }
    }

    /// How far what a message says has come. A deleted one has nothing more to say.
    fn state(&self, message: usize) -> &SendState {
        let version = &self.notes[self.version(message)];
        let settled = version.heard || self.notes[message].deleted;
        if settled && version.state.has_not_left() { &SendState::Accepted } else { &version.state }
    }

    /// The latest own delete request or reaction at a message that counts here and has not left.
    fn unsent(&self, message: usize) -> Option<Unsent> {
        let unsent = |number: usize, emoji: &str| {
            let Note { hash, state, .. } = &self.notes[number];
            let (hash, state, emoji) = (hash.clone(), state.clone(), emoji.to_owned());
            Some(Unsent { hash, state, emoji }).filter(|unsent| unsent.state.has_not_left())
        };
        if !self.notes[message].deleted {
            let given = self.reactions.members(&self.notes[message].id, MAX_REACTION_MESSAGES);
            return given.into_iter().rev().find_map(|reaction| {
                let note = &self.notes[reaction];
                let number = if note.deleted { self.deletes.last(&note.id) } else { Some(reaction) };
                number.filter(|_| self.is_own(note)).and_then(|number| unsent(number, &note.text))
            });
        }
        if !self.is_own(&self.notes[message]) {
            return None;
        }
        let mut found = None;
        let edits = self.edits.members(&self.notes[message].id, usize::MAX).into_iter();
        for named in [message].into_iter().chain(edits) {
            for number in self.deletes.members(&self.notes[named].id, usize::MAX) {
                found = Some(unsent(number, "")?);
            }
        }
        found
    }

    /// The latest edit of a message, or itself; of a deleted one, itself.
    fn version(&self, message: usize) -> usize {
        if self.notes[message].deleted {
            return message;
        }
        self.edits.last(&self.notes[message].id).unwrap_or(message)
    }

    fn position(&self, number: usize) -> Key {
        let note = &self.notes[number];
        Key::new(&[0; 32], note.place.to_bits(), &note.id)
    }

    fn below(&self, message: usize, time: u64, number: usize) -> Key {
        Key::new(&self.notes[message].id, time, &self.notes[number].id)
    }

    fn is_own(&self, note: &Note) -> bool {
        let ConversationId::Peer(peer) = self.conversation;
        note.author != peer
    }

    fn entry(&self, number: usize) -> Entry {
        let note = &self.notes[number];
        let version = &self.notes[self.version(number)];
        let shown = if note.deleted {
            Shown::Deleted
        } else {
            Shown::Text {
                text: version.text.clone(),
                edits: self.edits.count(&note.id),
                quote: note.target.map(|target| self.quote(target)),
                attachments: version.attachments,
                // An edit is another text for the same.
                about: note.about.clone(),
            }
        };
        Entry {
            hash: note.hash.clone(),
            version: version.hash.clone(),
            author: note.author,
            own: self.is_own(note),
            time: note.place.time(),
            shown,
            state: self.state(number).clone(),
            receipt: note.receipt,
            reactions: self.reactions_of(number),
            unsent: self.unsent(number),
        }
    }

    fn quote(&self, message: usize) -> Quote {
        let note = &self.notes[message];
        let version = &self.notes[self.version(message)];
        let shown = match note.deleted {
            true => Quoted::Deleted,
            false => Quoted::of(&version.text, version.attachments),
        };
        Quote { hash: note.hash.clone(), own: self.is_own(note), shown }
    }

    /// The reactions at a message, and what has not left of ours.
    fn given(&self, message: usize) -> (Vec<Reaction>, Option<Unsent>) {
        (self.reactions_of(message), self.unsent(message))
    }

    fn reactions_of(&self, message: usize) -> Vec<Reaction> {
        let (mut shown, mut givers) = (Vec::<Reaction>::new(), Vec::new());
        if self.notes[message].deleted {
            return shown;
        }
        for number in self.reactions.members(&self.notes[message].id, MAX_REACTION_MESSAGES) {
            let note = &self.notes[number];
            let known = shown.iter().position(|reaction| reaction.emoji == note.text);
            let place = known.unwrap_or(shown.len());
            if note.deleted || place == MAX_REACTIONS {
                continue;
            }
            if known.is_none() {
                shown.push(Reaction { emoji: note.text.clone(), count: 0, own: None });
            }
            let reaction = &mut shown[place];
            if !givers.contains(&(place, note.author)) {
                givers.push((place, note.author));
                reaction.count += 1;
            }
            if self.is_own(note) {
                reaction.own = Some(note.hash.clone());
            }
        }
        shown
    }
}

fn by_hash(id: &[u8; 32]) -> Key {
    Key::new(id, 0, &[0; 32])
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
