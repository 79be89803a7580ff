//! Waiting before something is tried again: longer each time, unless somebody wants it now.

use std::cell::RefCell;

use dm3_core::ports::Clock;
use futures_channel::oneshot;
use futures_util::future::select;

/// The first wait: milliseconds. It doubles each time.
const FIRST: u32 = 1_000;
/// The longest wait.
const LONGEST: u32 = 30_000;

/// One who tries again and again.
pub(super) struct Backoff(u32);

/// Everybody who waits.
#[derive(Default)]
pub(super) struct Waits(RefCell<Vec<oneshot::Sender<()>>>);

impl Backoff {
    pub(super) const fn new() -> Self {
        Self(FIRST)
    }

    /// It worked: the next wait is the first again.
    pub(super) fn reset(&mut self) {
        self.0 = FIRST;
    }

    /// Waits, but not longer than until [`Waits::end_all`].
    pub(super) async fn wait(&mut self, waits: &Waits, clock: &impl Clock) {
        let (end, ended) = oneshot::channel();
        {
            let mut waiting = waits.0.borrow_mut();
            waiting.retain(|end| !end.is_canceled());
            waiting.push(end);
        }
        let sleep = std::pin::pin!(clock.sleep(self.0));
        select(sleep, ended).await;
        self.0 = (self.0 * 2).min(LONGEST);
    }
}

impl Waits {
    /// Nobody waits any longer.
    pub(super) fn end_all(&self) {
        for end in self.0.take() {
            // Who has stopped waiting by itself does not listen any more.
            let _ = end.send(());
        }
    }
}
