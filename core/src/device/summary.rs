use super::{Contact, Lane, MessageRow, Place, Position};
use crate::message::MessageHash;

/// A conversation as a list shows it. A store keeps it up to date in the transactions that write messages, so a list
/// reads no message, whatever is in the conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What is kept beside the messages.
    pub contact: Contact,
    /// The newest message that is shown; `None` if there is none.
    pub last: Option<Last>,
    /// How many incoming messages arrived after [`Contact::read_until`].
    pub unread: u64,
    /// How many changes there were of messages of this conversation: each new message and each new state of one is a
    /// change, and has its number, from 1.
    pub changes: u64,
}

/// The newest message of a conversation, as its later edits made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// Identifies it, whatever is edited later.
    pub hash: MessageHash,
    /// The message whose text is shown: itself, or its latest edit.
    pub version: MessageHash,
    /// Where it stands.
    pub place: Place,
    /// Written by the account itself.
    pub own: bool,
    /// The shown version is in the outbox.
    pub waiting: bool,
    /// What it says.
    pub shown: Preview,
}

/// What is shown of a message where there is a line for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preview {
    /// The beginning of its text.
    Text(String),
    /// It has attachments and no text.
    Attachment,
    /// Its author deleted it.
    Deleted,
}

/// Messages that changed, in the order of their last changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News<T> {
    /// Each of them once, as it is now.
    pub messages: Vec<T>,
    /// The number up to which every change is among them; there are later ones if [`Summary::changes`] is greater.
    pub until: u64,
}

impl Summary {
    /// That of a conversation without messages.
    pub const fn new(contact: Contact) -> Self {
        Self { contact, last: None, unread: 0, changes: 0 }
    }

    /// When something was said in it last, or else when it was opened: milliseconds since 1970.
    pub fn time(&self) -> u64 {
        self.last.as_ref().map_or(self.contact.touched, |last| last.place.time())
    }

    /// Counts a change; gives its number.
    pub const fn change(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    /// Counts a message that is new; gives the number of the change. Who is written to is welcome, and a conversation in
    /// which something comes in after it was hidden is not hidden any more.
    pub fn add(&mut self, message: &MessageRow) -> u64 {
        match message.lane {
            Lane::In => {
                self.contact.standing.has_written(message.arrived);
                self.unread += u64::from(message.arrived > self.contact.read_until);
            }
            Lane::Out => self.contact.standing.was_written_to(),
            Lane::Note => {}
        }
        self.change()
    }

    /// Notes that what came in had arrived earlier than was known, on another device of the account.
    pub const fn had_arrived(&mut self, known: u64, arrived: u64) {
        let read_until = self.contact.read_until;
        if known > read_until && arrived <= read_until {
            self.unread = self.unread.saturating_sub(1);
        }
    }

    /// The message whose [`Last`] has to be read after these were added: the newest of them, or the last one itself if
    /// one of them may have changed it.
    pub fn due<'a>(&self, added: impl IntoIterator<Item = &'a MessageRow>) -> Option<MessageHash> {
        let known = self.last.as_ref().map(Last::position);
        let (mut newest, mut noted) = (known.clone(), false);
        for message in added {
            match message.lane {
                Lane::Note => noted = true,
                Lane::In | Lane::Out => newest = newest.max(Some(message.position())),
            }
        }
        if noted || newest != known { newest.map(|position| position.hash) } else { None }
    }
}

impl Last {
    /// Where it stands.
    pub fn position(&self) -> Position {
        Position { place: self.place, hash: self.hash.clone() }
    }
}
