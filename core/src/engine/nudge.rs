//! Waiting, and waking those who wait.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, Waker};

use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;

/// Wakes everybody who waits for it. Who was busy while it was given finds out as well: each has counted how many there
/// were before.
#[derive(Default)]
pub(super) struct Nudge {
    given: Cell<u64>,
    waiting: RefCell<Vec<Waker>>,
}

impl Nudge {
    /// Wakes everybody.
    pub(super) fn give(&self) {
        self.given.set(self.given.get() + 1);
        for waker in self.waiting.take() {
            waker.wake();
        }
    }

    /// How many there were so far.
    pub(super) fn count(&self) -> u64 {
        self.given.get()
    }

    /// Waits until there were more than `count`.
    pub(super) async fn after(&self, count: u64) {
        poll_fn(|context| {
            if self.given.get() > count {
                return Poll::Ready(());
            }
            let mut waiting = self.waiting.borrow_mut();
            if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

/// Runs the tasks until one ends, and gives what it led to; or until `other` ends.
pub(super) async fn next_or<F: Future>(
    tasks: &mut FuturesUnordered<F>,
    other: impl Future,
) -> Option<F::Output> {
    let other = pin!(other);
    if tasks.is_empty() {
        other.await;
        return None;
    }
    match select(tasks.next(), other).await {
        Either::Left((ended, _)) => ended,
        Either::Right(_) => None,
    }
}
