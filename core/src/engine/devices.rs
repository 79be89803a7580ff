//! What is to be done for the account's other devices.

use std::cell::Cell;
use std::pin::pin;

use futures_util::future::select;

use super::nudge::Nudge;
use crate::ports::Clock;

/// What is to be done about the history.
#[derive(Default)]
pub(super) struct History {
    /// Something changed here, or there.
    pub(super) news: Nudge,
    /// Another device changed something, or may have.
    there: Cell<bool>,
    full: Cell<bool>,
    /// What a list shows is here, or nowhere.
    pub(super) listed: Nudge,
    /// How many are taking in what waits in a mailbox.
    taking: Cell<usize>,
    /// Nobody does any more.
    taken: Nudge,
    /// Since when nothing was brought to the node because of them: milliseconds since 1970.
    held_since: Cell<Option<u64>>,
}

/// How long what changes here is held at most while a mailbox is read: milliseconds.
const HELD: u64 = 10_000;

/// Somebody is taking in what waits in a mailbox.
pub(super) struct Taking<'a>(&'a History);

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        let History { taking, taken, held_since, news, .. } = self.0;
        taking.set(taking.get().saturating_sub(1));
        if taking.get() == 0 {
            taken.give();
        }
        if held_since.get().is_some() {
            news.give();
        }
    }
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

    /// From now on what waits in a mailbox is taken in.
    pub(super) fn take_in(&self) -> Taking<'_> {
        self.taking.set(self.taking.get() + 1);
        Taking(self)
    }

    /// Whether what changed here is to be brought to the node now. What waits in a mailbox comes first, and is brought
    /// there in one go: both want the same database.
    pub(super) fn is_due(&self, now: u64) -> bool {
        let since = self.held_since.get().unwrap_or(now);
        let due = self.taking.get() == 0 || now.saturating_sub(since) > HELD;
        self.held_since.set((!due).then_some(since));
        due
    }

    /// Waits until nobody takes in what waits in a mailbox, or for [`HELD`].
    pub(super) async fn quiet<C: Clock>(&self, clock: &C) {
        let taken = async {
            loop {
                let seen = self.taken.count();
                if self.taking.get() == 0 {
                    break;
                }
                self.taken.after(seen).await;
            }
        };
        select(pin!(taken), pin!(clock.sleep(HELD as u32))).await;
    }

    /// Whether the node has no room for more.
    pub(super) fn is_full(&self) -> bool {
        self.full.get()
    }
}
