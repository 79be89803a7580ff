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
            // More than it ever is: the clock was set back.
            Some(until) if until as u64 > now.saturating_add(FRESH) => NameStanding::Unchecked,
            Some(until) if now < until as u64 => NameStanding::Checked,
            _ => NameStanding::Unchecked,
        }
    }

    /// For how many more seconds a name counts as checked; 0 if it does not.
    pub(super) fn lasts(&self, peer: Address, name: &EnsName, now: u64) -> u64 {
        match self.standing(peer, name, now) {
            NameStanding::Checked => {
                let until = self.0.borrow().get(&key(peer, name)).unwrap_or_default();
                (until as u64).saturating_sub(now)
            }
            NameStanding::Unchecked | NameStanding::Uncheckable => 0,
        }
    }
}

fn key(peer: Address, name: &EnsName) -> String {
    format!("{} {name}", peer.to_lower_hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_counts_for_ten_minutes_and_not_once_the_clock_was_set_back() {
        let (checks, peer) = (NameChecks::default(), Address::from_bytes([7; 20]));
        let name = "alice.eth".parse().unwrap();
        let now = 1_800_000_000;
        checks.note(peer, &name, now + FRESH);
        let standing = |now| checks.standing(peer, &name, now);
        assert_eq!((standing(now), standing(now + FRESH)), (NameStanding::Checked, NameStanding::Unchecked));
        assert_eq!(standing(now - 3_600), NameStanding::Unchecked);
        let lasts = |now| checks.lasts(peer, &name, now);
        assert_eq!((lasts(now), lasts(now + FRESH - 1), lasts(now + FRESH)), (FRESH, 1, 0));
        assert_eq!(lasts(now - 3_600), 0);
    }
}
