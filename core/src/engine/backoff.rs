//! How long to wait before something is tried again: longer each time, and never at the same moment as everybody else.

use crate::ports::{Clock as _, Ports};
use crate::seal::Entropy as _;

/// The first wait, about: milliseconds. It doubles each time.
const FIRST: u32 = 1_000;
/// The longest wait, about.
const LONGEST: u32 = 30_000;

/// One who tries again and again.
pub(super) struct Backoff {
    next: u32,
    longest: u32,
}

impl Backoff {
    pub(super) const fn new() -> Self {
        Self { next: FIRST, longest: LONGEST }
    }

    /// The same, for what takes people rather than networks to change.
    pub(super) const fn patient(longest: u32) -> Self {
        Self { next: FIRST, longest }
    }

    /// It worked: the next wait is the first again.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }

    /// How long to wait this time: milliseconds. Between three quarters and all of it, drawn by chance, so that those
    /// who were cut off together do not come back together.
    pub(super) fn step(&mut self, ports: &impl Ports) -> u32 {
        let mut chance = [0; 2];
        ports.entropy().fill(&mut chance);
        let wait = drawn(self.next, u16::from_le_bytes(chance));
        self.next = (self.next * 2).min(self.longest);
        wait
    }

    /// Waits so long.
    pub(super) async fn wait(&mut self, ports: &impl Ports) {
        let wait = self.step(ports);
        ports.clock().sleep(wait).await;
    }
}

/// Between three quarters of a wait, where chance gives 0, and all of it.
fn drawn(wait: u32, chance: u16) -> u32 {
    let quarter = wait / 4;
    let more = u64::from(quarter) * u64::from(chance) / u64::from(u16::MAX);
    wait - quarter + u32::try_from(more).unwrap_or(quarter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_drawn_between_three_quarters_and_all_of_it_however_long_it_is() {
        for wait in [FIRST, LONGEST, 5 * 60_000, 24 * 3_600_000] {
            assert_eq!((drawn(wait, 0), drawn(wait, u16::MAX)), (wait - wait / 4, wait));
            let half = drawn(wait, u16::MAX / 2);
            assert!(half > wait - wait / 4 && half < wait, "{half} of {wait}");
        }
    }
}
