//! Whether an engine rests, and waiting until it does or does no more.

use std::cell::Cell;

use super::nudge::Nudge;

/// Whether an engine rests.
#[derive(Default)]
pub(super) struct Rest {
    resting: Cell<bool>,
    changed: Nudge,
}

impl Rest {
    /// From now on it does, or does no more.
    pub(super) fn set(&self, resting: bool) {
        self.resting.set(resting);
        self.changed.give();
    }

    /// Waits until it is so.
    pub(super) async fn until(&self, resting: bool) {
        while self.resting.get() != resting {
            self.changed.after(self.changed.count()).await;
        }
    }
}
