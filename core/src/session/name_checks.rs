//! Which names were checked, and until when that counts.

use std::cell::RefCell;

use crate::identity::{Address, EnsName};
use crate::index::Index;

/// For how long a name counts as checked: seconds.
pub(super) const FRESH: u64 = 600;
/// How many checks are remembered.
const MAX_CHECKS: usize = 2000;

/// What is known now of a name that is kept for a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameStanding {
    /// It was not checked yet, or too long ago.
    #[default]
    Unchecked,
    /// It leads to the peer.
    Checked,
    /// It can't be checked now.
    Uncheckable,
}

/// When each name was checked.
#[derive(Default)]
pub(super) struct NameChecks(RefCell<Index>);

impl NameChecks {
    pub(super) fn note(&self, peer: Address, name: &EnsName, until: u64) {
        let mut checks = self.0.borrow_mut();
        if checks.len() >= MAX_CHECKS {
            *checks = Index::default();
        }
        // 32 bits of seconds last until 2106.
        checks.insert(key(peer, name), usize::try_from(until).unwrap_or(usize::MAX));
    }

    pub(super) fn standing(&self, peer: Address, name: &EnsName, now: u64) -> NameStanding {
        match self.0.borrow().get(&key(peer, name)) {
            Some(0) => NameStanding::Uncheckable,
            Some(until) if now < until as u64 => NameStanding::Checked,
            _ => NameStanding::Unchecked,
        }
    }
}

fn key(peer: Address, name: &EnsName) -> String {
    format!("{} {name}", peer.to_lower_hex())
}
