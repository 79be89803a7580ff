//! What is to be done for the account's other devices.

use std::cell::Cell;

use super::nudge::Nudge;

/// What is to be done about the history.
#[derive(Default)]
pub(super) struct History {
    /// Something changed here, or there.
    pub(super) news: Nudge,
    /// Another device changed something, or may have.
    there: Cell<bool>,
    full: Cell<bool>,
}

impl History {
    /// Another device may have changed something; whoever looks next looks there, too.
    pub(super) fn expect(&self) {
        self.there.set(true);
    }

    /// Whether another device may have changed something.
    pub(super) fn is_expected(&self) -> bool {
        self.there.get()
    }

    /// The same, and somebody looks now.
    pub(super) fn take(&self) -> bool {
        self.there.replace(false)
    }

    /// Notes whether the node has no room for more; tells whether that is new.
    pub(super) fn set_full(&self, full: bool) -> bool {
        self.full.replace(full) != full
    }

    /// Another device of the account changed something, or may have.
    pub(super) fn changed_there(&self) {
        self.expect();
        self.news.give();
    }

    /// Whether the node has no room for more.
    pub(super) fn is_full(&self) -> bool {
        self.full.get()
    }
}
