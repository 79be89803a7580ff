//! Delivery services that asked to be left alone for a while.

use std::cell::RefCell;

use crate::identity::EnsName;
use crate::index::Index;

/// The longest while that is respected, in seconds.
const LONGEST: u32 = 3600;
/// How many delivery services are remembered.
const MAX_PAUSES: usize = 100;

/// Who may not be asked before which time, in seconds since 1970.
#[derive(Default)]
pub(super) struct Pauses(RefCell<Index>);

impl Pauses {
    /// How long a delivery service still wants to be left alone: milliseconds. `now` likewise, since 1970.
    pub(super) fn left(&self, service: &EnsName, now: u64) -> u64 {
        let until = self.0.borrow().get(service.as_str()).unwrap_or_default();
        (until as u64 * 1000).saturating_sub(now)
    }

    /// Notes in how many seconds a delivery service wants to be asked again, if it says so. Gives milliseconds.
    pub(super) fn begin(&self, service: &EnsName, retry_after: Option<u32>, now: u64) -> u64 {
        let pause = retry_after.unwrap_or_default().min(LONGEST);
        if pause > 0 {
            let mut pauses = self.0.borrow_mut();
            if pauses.len() >= MAX_PAUSES {
                *pauses = Index::default();
            }
            // 32 bits of seconds last until 2106.
            pauses.insert(service.to_string(), now.div_ceil(1000) as usize + pause as usize);
        }
        self.left(service, now)
    }
}
