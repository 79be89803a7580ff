use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::ports::Clock;

/// A clock that stands still until a test moves it. Clones show the same time.
#[derive(Clone)]
pub struct FakeClock(Rc<Inner>);

struct Inner {
    now: Cell<u64>,
    sleepers: RefCell<BTreeMap<u64, Sleeper>>,
    started: Cell<u64>,
    held: bool,
}

struct Sleeper {
    until: u64,
    waker: Waker,
}

impl FakeClock {
    /// A clock that moves on by itself to the time of the earliest sleeper once nobody else has anything to do;
    /// so nothing ever waits.
    pub fn new(now: u64) -> Self {
        Self::with(now, false)
    }

    /// A clock on which sleepers wait until [`Self::set`] or [`Self::advance`] reaches their time.
    pub fn held(now: u64) -> Self {
        Self::with(now, true)
    }

    fn with(now: u64, held: bool) -> Self {
        let (sleepers, started) = (RefCell::default(), Cell::new(0));
        Self(Rc::new(Inner { now: Cell::new(now), sleepers, started, held }))
    }

    /// Shows another time, in milliseconds, and wakes whoever sleeps.
    pub fn set(&self, now: u64) {
        self.0.now.set(now);
        self.wake_sleepers();
    }

    /// Moves the time forward.
    pub fn advance(&self, milliseconds: u64) {
        self.set(self.0.now.get() + milliseconds);
    }

    /// When the first of those who sleep wakes.
    pub fn next_wake(&self) -> Option<u64> {
        self.0.sleepers.borrow().values().map(|sleeper| sleeper.until).min()
    }

    fn wake_sleepers(&self) {
        for sleeper in self.0.sleepers.borrow().values() {
            sleeper.waker.wake_by_ref();
        }
    }
}

impl Clock for FakeClock {
    fn now(&self) -> u64 {
        self.0.now.get()
    }

    async fn sleep(&self, milliseconds: u32) {
        let number = self.0.started.replace(self.0.started.get() + 1);
        let until = self.now() + u64::from(milliseconds);
        Sleep { clock: self, number, until, gave_way: None }.await;
    }
}

struct Sleep<'a> {
    clock: &'a FakeClock,
    number: u64,
    until: u64,
    /// Since when everybody else has had a turn.
    gave_way: Option<u64>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock;
        let now = clock.now();
        if now >= self.until {
            return Poll::Ready(());
        }
        let sleeper = Sleeper { until: self.until, waker: context.waker().clone() };
        clock.0.sleepers.borrow_mut().insert(self.number, sleeper);
        if clock.0.held {
            return Poll::Pending;
        }
        // Everybody else gets a turn before the clock moves.
        if self.gave_way != Some(now) {
            self.gave_way = Some(now);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if clock.next_wake() < Some(self.until) {
            return Poll::Pending;
        }
        clock.set(self.until);
        Poll::Ready(())
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.clock.0.sleepers.borrow_mut().remove(&self.number);
        // Somebody else may be the earliest now.
        self.clock.wake_sleepers();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[test]
    fn sleeping_moves_the_clock() {
        let clock = FakeClock::new(1_000);
        pollster::block_on(clock.sleep(500));
        assert_eq!(clock.now(), 1_500);
    }

    #[test]
    fn the_earliest_sleeper_wakes_first() {
        let clock = FakeClock::new(1_000);
        let woken = RefCell::new(Vec::new());
        let sleeper = |milliseconds| {
            let (clock, woken) = (&clock, &woken);
            async move {
                clock.sleep(milliseconds).await;
                woken.borrow_mut().push(clock.now());
            }
        };
        let sleepers = [sleeper(300), sleeper(100), sleeper(200)];
        pollster::block_on(futures_util::future::join_all(sleepers));
        assert_eq!(*woken.borrow(), [1_100, 1_200, 1_300]);
    }

    #[test]
    fn on_a_held_clock_sleepers_wait_for_the_test() {
        let clock = FakeClock::held(1_000);
        let mut sleep = pin!(clock.sleep(500));
        let mut context = Context::from_waker(Waker::noop());
        assert!(sleep.as_mut().poll(&mut context).is_pending());
        clock.advance(499);
        assert!(sleep.as_mut().poll(&mut context).is_pending());
        clock.advance(1);
        assert!(sleep.as_mut().poll(&mut context).is_ready());
    }
}
