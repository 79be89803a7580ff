//! The open conversation as far as it is read. It grows by what is new, and nothing that is there is read again. Of all that
//! was read a stretch is shown; the rest is held compactly, as the fold of its messages.
//!
//! ```text
//! device ─page─▶ Thread: all that was read, oldest first
//!                  …… ├──────── shown ────────┤ ……
//!                     ◀─older       newer─▶     newest─▶
//! ```

use std::ops::Range;

use dm3_core::conversation::ConversationId;
use dm3_core::device::{Lane, Position, StoredMessage};
use dm3_core::message::{Context, MessageHash};
use dm3_core::session::Page;
use dm3_core::thread::{Changes, Entry, Shown, Thread};

/// How many messages are shown at first, and how many are read each time.
pub(super) const PAGE: usize = 80;
/// How many more are shown each time: as many as are drawn within a frame.
const STEP: usize = 10;
/// How many are shown at most. Those that are farthest from where somebody looks are left out.
const MOST: usize = 200;

/// A conversation's newest messages, from the oldest that was read.
pub(super) struct Opened {
    pub(super) conversation: ConversationId,
    /// The number of the last change that is in it.
    pub(super) changes: u64,
    /// How many messages are to be there, if there are so many.
    wanted: usize,
    /// Older ones may be on the account's node.
    pub(super) on_node: bool,
    /// The first message that had not been seen when it was opened.
    pub(super) unseen: Option<MessageHash>,
    /// How many the peer wrote below what is shown, since somebody went up.
    pub(super) came: usize,
    thread: Thread,
    /// The places in it that are shown.
    shown: Range<usize>,
    /// Where it begins; `None` if that is the conversation's beginning.
    begins: Option<Position>,
}

/// A message that is shown, as it looks now.
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
        let (wanted, unseen, came, shown, begins) = (PAGE, None, 0, 0..0, None);
        let mut opened = Self { conversation, changes, wanted, on_node, unseen, came, thread, shown, begins };
        opened.add_older(page);
        opened
    }

    /// Adds the page before what was read. The same is shown as before.
    pub(super) fn add_older(&mut self, page: &Page) {
        let before = self.thread.len();
        for message in &page.messages {
            self.thread.insert(message);
        }
        let added = self.thread.len() - before;
        self.shown = self.shown.start + added..self.shown.end + added;
        let oldest = page.messages.last().filter(|_| page.more);
        self.begins = oldest.map(|message| message.row().position());
    }

    /// The place before which older messages stand on the device.
    pub(super) fn begins(&self) -> Option<&Position> {
        self.begins.as_ref()
    }

    /// There are older messages than are shown, or may be on the account's node.
    pub(super) fn has_older(&self) -> bool {
        self.shown.start > 0 || self.begins.is_some() || self.on_node
    }

    /// So many more are to be there.
    pub(super) fn want(&mut self, count: usize) {
        self.wanted = self.wanted.max(self.thread.len()).saturating_add(count);
    }

    /// There are newer messages than are shown.
    pub(super) fn has_newer(&self) -> bool {
        self.shown.end < self.thread.len()
    }

    /// Too little stands before what is shown to go on: more has to be read.
    pub(super) fn is_at_begin(&self) -> bool {
        self.shown.start < STEP
    }

    /// Shows where somebody goes on who has not seen what begins with this message; without one, the newest.
    pub(super) fn show_first(&mut self, unseen: Option<MessageHash>) {
        let end = self.thread.len();
        self.shown = end.saturating_sub(PAGE)..end;
        self.unseen = unseen;
        if let Some(place) = self.unseen.as_ref().and_then(|unseen| self.thread.place(unseen)) {
            self.show_around(place);
        }
    }

    /// Shows what is further up.
    pub(super) fn show_older(&mut self) {
        let start = self.shown.start.saturating_sub(STEP);
        self.shown = start..self.shown.end.min(start + MOST);
    }

    /// Shows what is further down.
    pub(super) fn show_newer(&mut self) {
        let end = self.thread.len().min(self.shown.end + STEP);
        self.shown = self.shown.start.max(end.saturating_sub(MOST))..end;
    }

    /// Shows the newest. Nothing that came is missed any more.
    pub(super) fn show_newest(&mut self) {
        let end = self.thread.len();
        if self.has_newer() {
            self.shown = end.saturating_sub(PAGE)..end;
        }
        self.came = 0;
    }

    /// Shows what is this far down what is below: thousandths of it.
    pub(super) fn show_below(&mut self, part: usize) {
        let below = self.thread.len() - self.shown.end;
        self.show_around(self.shown.end + below * part.min(1_000) / 1_000);
    }

    /// Shows the message, if it was read. Tells whether it was.
    pub(super) fn show_message(&mut self, hash: &MessageHash) -> bool {
        let place = self.thread.place(hash);
        place.into_iter().for_each(|place| self.show_around(place));
        place.is_some()
    }

    fn show_around(&mut self, place: usize) {
        if self.shown.contains(&place) {
            return;
        }
        let start = place.saturating_sub(PAGE / 2);
        let around = start..self.thread.len().min(start + PAGE);
        // Near by, the rest stays.
        let both = self.shown.start.min(start)..self.shown.end.max(around.end);
        self.shown = if both.len() <= MOST { both } else { around };
    }

    /// Leaves out what is too much to be shown: of the newest, if somebody reads further up. Gives the numbers of those that
    /// still are, among those that were.
    pub(super) fn leave_out(&mut self, is_away: bool) -> Range<usize> {
        let (count, excess) = (self.shown.len(), self.shown.len().saturating_sub(MOST));
        if is_away {
            self.shown.end -= excess;
            0..count - excess
        } else {
            self.shown.start += excess;
            excess..count
        }
    }

    /// Less is there than is to be shown, and the account's node may have more.
    pub(super) fn lacks_older(&self) -> bool {
        self.begins.is_none() && self.on_node && self.thread.len() < self.wanted
    }

    /// Everything that is shown, oldest first.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.thread.entries(self.shown.clone())
    }

    /// The peer's messages that were read, newest first.
    pub(super) fn theirs(&self) -> impl Iterator<Item = Entry> {
        let places = (0..self.thread.len()).rev();
        places.flat_map(|place| self.thread.entries(place..place + 1)).filter(|entry| !entry.own)
    }

    /// The account has said that it is about this, as far as it was read.
    pub(super) fn is_about(&self, wanted: &Context) -> bool {
        let line = wanted.line();
        self.thread.entries(0..self.thread.len()).any(|entry| match entry.shown {
            Shown::Text { about: Some(about), .. } => entry.own && about.line() == line,
            Shown::Text { .. } | Shown::Deleted => false,
        })
    }

    /// What a message said, and when its author says to have written that, oldest first.
    pub(super) fn versions(&self, hash: &MessageHash) -> Vec<(u64, String)> {
        self.thread.history(hash).map(|version| (version.written, version.text.to_owned())).collect()
    }

    /// The message that somebody means, as far as it was read.
    pub(super) fn find(&self, hash: &MessageHash) -> Option<Entry> {
        self.thread.find(hash)
    }

    /// Takes in a message that is new or whose state is; gives what looks different of what is shown, one after the other.
    pub(super) fn take(&mut self, message: &StoredMessage) -> Vec<Look> {
        let row = message.row();
        // It stands on a page that was not read yet. A note may be about a message that was.
        if row.lane != Lane::Note && self.begins.as_ref().is_some_and(|begins| row.position() < *begins) {
            return Vec::new();
        }
        let Changes { added, changed } = self.thread.insert(message);
        let mut looks = Vec::new();
        if let Some((place, entry)) = added.and_then(|hash| self.look(&hash)) {
            let is_last = place == self.shown.end && place + 1 == self.thread.len();
            if place >= self.shown.end && !entry.own {
                self.came += 1;
            }
            if place < self.shown.start {
                self.shown = self.shown.start + 1..self.shown.end + 1;
            } else if place < self.shown.end || is_last {
                self.shown.end += 1;
                looks.push(Look { place: place - self.shown.start, is_new: true, entry });
            }
        }
        for (place, entry) in changed.iter().filter_map(|hash| self.look(hash)) {
            if self.shown.contains(&place) {
                looks.push(Look { place: place - self.shown.start, is_new: false, entry });
            }
        }
        looks
    }

    fn look(&self, hash: &MessageHash) -> Option<(usize, Entry)> {
        Some((self.thread.place(hash)?, self.thread.find(hash)?))
    }
}
