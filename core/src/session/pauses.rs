//! Delivery services that asked to be left alone for a while.

use std::cell::RefCell;

use crate::identity::EnsName;

/// The longest while that is respected, in seconds.
const LONGEST: u32 = 3600;
/// How many delivery services are remembered.
const MAX_PAUSES: usize = 100;

/// Who may not be asked before which time.
#[derive(Default)]
pub(super) struct Pauses(RefCell<Vec<Pause>>);

/// From when on, and until when, in milliseconds since 1970.
struct Pause {
    service: EnsName,
    begun: u64,
    until: u64,
}

impl Pauses {
    /// How long a delivery service still wants to be left alone: milliseconds. `now` likewise, since 1970; before the pause
    /// began, the clock was set back, and nothing is known any more.
    pub(super) fn left(&self, service: &EnsName, now: u64) -> u64 {
        let pauses = self.0.borrow();
        let known = pauses.iter().find(|pause| pause.service == *service && pause.begun <= now);
        known.map_or(0, |pause| pause.until.saturating_sub(now))
    }

    /// Notes in how many seconds a delivery service wants to be asked again, if it says so. Gives milliseconds.
    pub(super) fn begin(&self, service: &EnsName, retry_after: Option<u32>, now: u64) -> u64 {
        let pause = retry_after.unwrap_or_default().min(LONGEST);
        if pause > 0 {
            let mut pauses = self.0.borrow_mut();
            pauses.retain(|pause| pause.service != *service);
            if pauses.len() >= MAX_PAUSES {
                pauses.clear();
            }
            let until = now.saturating_add(u64::from(pause) * 1000);
            pauses.push(Pause { service: service.clone(), begun: now, until });
        }
        self.left(service, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_ends_a_pause() {
        let (pauses, service) = (Pauses::default(), "ds.eth".parse().unwrap());
        let day = 86_400_000;
        assert_eq!(pauses.begin(&service, Some(20), 2 * day), 20_000);
        assert_eq!(pauses.left(&service, 2 * day + 5_000), 15_000);
        assert_eq!(pauses.left(&service, 2 * day + 20_000), 0);
        assert_eq!(pauses.left(&service, day), 0);
    }
}
