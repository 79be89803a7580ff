//! Delivery services that asked to be left alone for a while.

use std::cell::RefCell;

use crate::identity::EnsName;

/// The longest while that is respected, in seconds.
const LONGEST: u32 = 3600;
/// How many delivery services are remembered.
const MAX_PAUSES: usize = 100;

/// Who may not be asked before which time, in milliseconds since 1970.
#[derive(Default)]
pub(super) struct Pauses(RefCell<Vec<(EnsName, u64)>>);

impl Pauses {
    /// How long a delivery service still wants to be left alone: milliseconds.
    pub(super) fn left(&self, service: &EnsName, now: u64) -> u64 {
        let pauses = self.0.borrow();
        let until = pauses.iter().find(|(name, _)| name == service).map_or(0, |(_, until)| *until);
        until.saturating_sub(now)
    }

    /// Notes in how many seconds a delivery service wants to be asked again, if it says so. Gives milliseconds.
    pub(super) fn begin(&self, service: &EnsName, retry_after: Option<u32>, now: u64) -> u64 {
        let pause = u64::from(retry_after.unwrap_or_default().min(LONGEST)) * 1000;
        if pause > 0 {
            let mut pauses = self.0.borrow_mut();
            pauses.retain(|(name, until)| name != service && *until > now);
            pauses.truncate(MAX_PAUSES - 1);
            pauses.push((service.clone(), now + pause));
        }
        pause
    }
}
