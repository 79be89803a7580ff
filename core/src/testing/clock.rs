use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::ports::Clock;

/// A clock that stands still until a test moves it. Clones show the same time.
#[derive(Clone)]
pub struct FakeClock {
    time: Rc<Inner>,
    /// By how much it is fast: milliseconds.
    error: Rc<Cell<i64>>,
}

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
        Self { time: Rc::new(Inner { now: Cell::new(now), sleepers, started, held }), error: Rc::default() }
    }

    /// Another clock of the same world, which can be made to go wrong by itself.
    pub fn another(&self) -> Self {
        Self { time: Rc::clone(&self.time), error: Rc::default() }
    }

    /// From now on it is fast by so many milliseconds, or slow.
    pub fn set_error(&self, milliseconds: i64) {
        self.error.set(milliseconds);
    }

    fn true_time(&self) -> u64 {
        self.time.now.get()
    }

    /// It is another time, in milliseconds, for all clocks of this world; whoever sleeps wakes.
    pub fn set(&self, now: u64) {
        self.time.now.set(now);
        self.wake_sleepers();
    }

    /// Moves the time forward.
    pub fn advance(&self, milliseconds: u64) {
        self.set(self.true_time() + milliseconds);
    }

    /// When the first of those who sleep wakes.
    pub fn next_wake(&self) -> Option<u64> {
        self.time.sleepers.borrow().values().map(|sleeper| sleeper.until).min()
    }

    fn wake_sleepers(&self) {
        for sleeper in self.time.sleepers.borrow().values() {
            sleeper.waker.wake_by_ref();
        }
    }
}

impl Clock for FakeClock {
    fn now(&self) -> u64 {
        self.true_time().saturating_add_signed(self.error.get())
    }

    async fn sleep(&self, milliseconds: u32) {
        let number = self.time.started.replace(self.time.started.get() + 1);
        let until = self.true_time() + u64::from(milliseconds);
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
        let now = clock.true_time();
        if now >= self.until {
            return Poll::Ready(());
        }
        let sleeper = Sleeper { until: self.until, waker: context.waker().clone() };
        clock.time.sleepers.borrow_mut().insert(self.number, sleeper);
        if clock.time.held {
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
        self.clock.time.sleepers.borrow_mut().remove(&self.number);
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
    fn a_clock_that_goes_wrong_sleeps_as_long_as_the_others() {
        let clock = FakeClock::new(1_000);
        let wrong = clock.another();
        wrong.set_error(-400);
        pollster::block_on(wrong.sleep(500));
        assert_eq!((clock.now(), wrong.now()), (1_500, 1_100));
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
