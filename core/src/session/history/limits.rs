use std::cell::Cell;

use crate::storage::history::Usage;

/// What the account's node told of its history in this session.
#[derive(Default)]
pub struct Limits(Cell<Option<Usage>>);

impl Limits {
    pub(super) fn get(&self) -> Option<Usage> {
        self.0.get()
    }

    pub(super) fn set(&self, usage: Usage) {
        self.0.set(Some(usage));
    }

    /// The node has told them.
    pub(super) fn are_known(&self) -> bool {
        self.0.get().is_some()
    }
}
