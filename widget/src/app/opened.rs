//! The open conversation as far as it is read. It grows by what is new, and nothing that is there is read again.

use dm3_core::conversation::ConversationId;
use dm3_core::device::{Lane, Position, StoredMessage};
use dm3_core::session::Page;
use dm3_core::thread::{Entry, Thread};

/// How many messages are shown at first, and how many more each time.
pub(super) const PAGE: usize = 80;

/// A conversation's newest messages, from the oldest that was read.
pub(super) struct Opened {
    pub(super) conversation: ConversationId,
    /// The number of the last change that is in it.
    pub(super) changes: u64,
    /// How many messages are to be shown, if there are so many.
    pub(super) wanted: usize,
    /// Older ones may be on the account's node.
    pub(super) on_node: bool,
    thread: Thread,
    /// Where it begins; `None` if that is the conversation's beginning.
    begins: Option<Position>,
}

/// A message as it looks now.
pub(super) struct Look {
    /// Its place among those that are shown, the oldest first.
    pub(super) place: usize,
    /// It was not there before; those behind it move on by one place.
    pub(super) is_new: bool,
    pub(super) entry: Entry,
}

impl Opened {
    /// A conversation of which its newest page was read.
    pub(super) fn new(conversation: ConversationId, page: &Page) -> Self {
        let (thread, changes, on_node) = (Thread::new(conversation), page.changes, page.on_node);
        let mut opened = Self { conversation, changes, wanted: PAGE, on_node, thread, begins: None };
        opened.add_older(page);
        opened
    }

    /// Adds the page before what was read.
    pub(super) fn add_older(&mut self, page: &Page) {
        for message in &page.messages {
            self.thread.insert(message);
        }
        let oldest = page.messages.last().filter(|_| page.more);
        self.begins = oldest.map(|message| message.row().position());
    }

    /// The place before which older messages stand on the device.
    pub(super) fn begins(&self) -> Option<&Position> {
        self.begins.as_ref()
    }

    /// Older messages are on the device, or may be on the account's node.
    pub(super) fn has_older(&self) -> bool {
        self.begins.is_some() || self.on_node
    }

    /// Less is there than is to be shown, and the account's node may have more.
    pub(super) fn lacks_older(&self) -> bool {
        self.begins.is_none() && self.on_node && self.thread.len() < self.wanted
    }

    /// Everything that is shown, oldest first.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.thread.entries(0..self.thread.len())
    }

    /// Takes in a message that is new or whose state is; gives what looks different, one after the other.
    pub(super) fn take(&mut self, message: &StoredMessage) -> Vec<Look> {
        let row = message.row();
        // It stands on a page that was not read yet. A note may be about a message that was.
        if row.lane != Lane::Note && self.begins.as_ref().is_some_and(|begins| row.position() < *begins) {
            return Vec::new();
        }
        let changes = self.thread.insert(message);
        let added = changes.added.into_iter().map(|hash| (hash, true));
        let looks = added.chain(changes.changed.into_iter().map(|hash| (hash, false)));
        let look = |(hash, is_new)| {
            Some(Look { place: self.thread.place(&hash)?, is_new, entry: self.thread.find(&hash)? })
        };
        looks.filter_map(look).collect()
    }
}
