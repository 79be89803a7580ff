//! Which envelopes this session has met: one that is pushed and listed at the same time is taken in once, and what could
//! be neither taken in nor kept is not tried anew with every listing.

use std::cell::RefCell;

use crate::index::Index;

/// How many envelopes are remembered; then all are forgotten, which costs no more than opening them again.
const MAX: usize = 5_000;

/// From here on: how often there had been room again when there was none.
const WITHOUT_ROOM: usize = 4;

/// What became of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is being taken in.
    InWork = 1,
    /// It is on this device in some form; the delivery service may let go of it.
    Done = 2,
    /// It is at the delivery service, which is to keep it.
    Left = 3,
}

/// By the envelopes' ids.
#[derive(Default)]
pub(crate) struct Seen {
    fates: Index,
    /// How often there was room again.
    room: usize,
}

impl Seen {
    pub(super) fn fate(&self, id: &str) -> Option<Fate> {
        match self.fates.get(id)? {
            1 => Some(Fate::InWork),
            2 => Some(Fate::Done),
            3 => Some(Fate::Left),
            without_room if without_room == WITHOUT_ROOM + self.room => Some(Fate::Left),
            _ => None,
        }
    }

    pub(super) fn set(&mut self, id: &str, fate: Fate) {
        self.put(id, fate as usize);
    }

    /// It is left at the delivery service until there is room for it here.
    pub(super) fn leave(&mut self, id: &str) {
        self.put(id, WITHOUT_ROOM + self.room);
    }

    /// There is room again.
    pub(super) const fn make_room(&mut self) {
        self.room += 1;
    }

    fn put(&mut self, id: &str, number: usize) {
        if self.fates.len() >= MAX {
            self.fates = Index::default();
        }
        self.fates.insert(id.to_owned(), number);
    }

    /// Nothing became of it.
    pub(super) fn forget(&mut self, id: &str) {
        self.fates.insert(id.to_owned(), 0);
    }
}

/// Envelopes that are being taken in. If that ends before their fate is decided – a tab lost its lease, say – nothing
/// became of them.
pub(super) struct InWork<'a> {
    seen: &'a RefCell<Seen>,
    ids: Vec<String>,
}

impl<'a> InWork<'a> {
    pub(super) const fn new(seen: &'a RefCell<Seen>) -> Self {
        Self { seen, ids: Vec::new() }
    }

    pub(super) fn begin(&mut self, id: &str) {
        self.seen.borrow_mut().set(id, Fate::InWork);
        self.ids.push(id.to_owned());
    }
}

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        let mut seen = self.seen.borrow_mut();
        for id in &self.ids {
            if seen.fate(id) == Some(Fate::InWork) {
                seen.forget(id);
            }
        }
    }
}
