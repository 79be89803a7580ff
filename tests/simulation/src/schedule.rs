//! Tasks, processes and time. Which of the tasks that can go on takes the next step is drawn; time stands still for as
//! long as any of them can, then jumps to the next who sleeps.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use dm3_core::ports::Clock;
use futures_util::future::LocalBoxFuture;

/// A quarter past eight in the morning of the 23rd of November 2026: milliseconds.
pub const MORNING: u64 = 1_795_421_700_000;

/// Clones are the same schedule.
#[derive(Clone)]
pub struct Schedule(Rc<Inner>);

struct Inner {
    now: Cell<u64>,
    steps: Cell<u64>,
    count: Cell<u64>,
    tasks: RefCell<BTreeMap<u64, Task>>,
    timers: RefCell<BTreeMap<(u64, u64), Waker>>,
    ready: Arc<Mutex<Vec<Arc<Alarm>>>>,
    chance: RefCell<fastrand::Rng>,
}

struct Task {
    /// Not there while it is polled.
    future: Option<LocalBoxFuture<'static, ()>>,
    process: Process,
    waker: Waker,
}

struct Alarm {
    number: u64,
    rung: AtomicBool,
    ready: Arc<Mutex<Vec<Arc<Alarm>>>>,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        if !self.rung.swap(true, Ordering::Relaxed) {
            self.ready.lock().unwrap().push(Arc::clone(&self));
        }
    }
}

/// Tasks that live, stop and die together, such as those of a tab. Clones are the same process.
#[derive(Clone, Default)]
pub struct Process(Rc<State>);

#[derive(Default)]
struct State {
    frozen: Cell<bool>,
    /// Those who could go on if it were not frozen.
    held: RefCell<Vec<Arc<Alarm>>>,
}

impl Process {
    fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Schedule {
    /// Everything that is drawn follows from the seed.
    pub fn new(seed: u64) -> Self {
        Self(Rc::new(Inner {
            now: Cell::new(MORNING),
            steps: Cell::default(),
            count: Cell::default(),
            tasks: RefCell::default(),
            timers: RefCell::default(),
            ready: Arc::default(),
            chance: RefCell::new(fastrand::Rng::with_seed(seed)),
        }))
    }

    /// The true time: milliseconds since 1970.
    pub fn now(&self) -> u64 {
        self.0.now.get()
    }

    /// How many steps were taken.
    pub fn steps(&self) -> u64 {
        self.0.steps.get()
    }

    /// Draws from a range.
    pub fn draw(&self, range: std::ops::Range<u64>) -> u64 {
        self.0.chance.borrow_mut().u64(range)
    }

    /// Happens once in so many times.
    pub fn once_in(&self, times: u64) -> bool {
        self.draw(0..times) == 0
    }

    /// Draws one of several.
    pub fn pick<'a, T>(&self, among: &'a [T]) -> Option<&'a T> {
        let count = among.len() as u64;
        if count == 0 { None } else { among.get(self.draw(0..count) as usize) }
    }

    /// Begins a task, which takes its first step when it is drawn.
    pub fn spawn(&self, process: &Process, task: impl Future<Output = ()> + 'static) {
        self.add(process, task).wake();
    }

    /// Begins a task and lets it take its first step at once, as a call does.
    pub fn start(&self, process: &Process, task: impl Future<Output = ()> + 'static) {
        let alarm = self.add(process, task);
        self.poll(alarm);
    }

    fn add(&self, process: &Process, task: impl Future<Output = ()> + 'static) -> Arc<Alarm> {
        let number = self.0.count.replace(self.0.count.get() + 1);
        let alarm =
            Arc::new(Alarm { number, rung: AtomicBool::new(false), ready: Arc::clone(&self.0.ready) });
        let waker = Waker::from(Arc::clone(&alarm));
        let task = Task { future: Some(Box::pin(task)), process: process.clone(), waker };
        self.0.tasks.borrow_mut().insert(number, task);
        alarm
    }

    /// Ends all tasks of a process in this very moment.
    pub fn kill(&self, process: &Process) {
        let mut tasks = self.0.tasks.borrow_mut();
        let numbers: Vec<_> =
            tasks.iter().filter(|(_, task)| task.process.is(process)).map(|(number, _)| *number).collect();
        let ended: Vec<_> = numbers.iter().filter_map(|number| tasks.remove(number)).collect();
        drop(tasks);
        drop(ended);
        process.0.held.take();
    }

    /// Lets a process do nothing.
    pub fn freeze(&self, process: &Process) {
        process.0.frozen.set(true);
    }

    /// Lets it go on.
    pub fn thaw(&self, process: &Process) {
        process.0.frozen.set(false);
        self.0.ready.lock().unwrap().extend(process.0.held.take());
    }

    /// Lets one task go on to its next `await`; tells whether there was one.
    pub fn step(&self) -> bool {
        let alarm = {
            let mut ready = self.0.ready.lock().unwrap();
            if ready.is_empty() {
                return false;
            }
            let number = self.draw(0..ready.len() as u64) as usize;
            ready.swap_remove(number)
        };
        self.poll(alarm);
        true
    }

    fn poll(&self, alarm: Arc<Alarm>) {
        self.0.steps.set(self.0.steps.get() + 1);
        let (mut future, waker) = {
            let mut tasks = self.0.tasks.borrow_mut();
            let Some(task) = tasks.get_mut(&alarm.number) else { return };
            if task.process.0.frozen.get() {
                task.process.0.held.borrow_mut().push(alarm);
                return;
            }
            let Some(future) = task.future.take() else { return };
            (future, task.waker.clone())
        };
        alarm.rung.store(false, Ordering::Relaxed);
        let ended = future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        let mut tasks = self.0.tasks.borrow_mut();
        if ended {
            tasks.remove(&alarm.number);
        } else if let Some(task) = tasks.get_mut(&alarm.number) {
            task.future = Some(future);
            return;
        }
        drop(tasks);
        drop(future);
    }

    /// Lets time pass until the first who sleeps wakes, but not past `end`; tells whether it is before `end`.
    pub fn jump(&self, end: u64) -> bool {
        let next = self.0.timers.borrow().keys().next().map_or(end, |(time, _)| *time);
        self.0.now.set(next.clamp(self.now(), end));
        let mut timers = self.0.timers.borrow_mut();
        while let Some(timer) = timers.first_entry().filter(|timer| timer.key().0 <= self.now()) {
            timer.remove().wake();
        }
        self.now() < end
    }

    /// Waits.
    pub async fn sleep(&self, milliseconds: u64) {
        let number = self.0.count.replace(self.0.count.get() + 1);
        Sleep { schedule: self, key: (self.now() + milliseconds, number) }.await;
    }
}

struct Sleep<'a> {
    schedule: &'a Schedule,
    key: (u64, u64),
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.schedule.now() >= self.key.0 {
            return Poll::Ready(());
        }
        self.schedule.0.timers.borrow_mut().insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.schedule.0.timers.borrow_mut().remove(&self.key);
    }
}

/// A device's clock.
pub struct DeviceClock {
    schedule: Schedule,
    /// By how much it is fast: milliseconds.
    error: Cell<i64>,
    /// How much faster it gets: millionths.
    drift: i64,
    times_set: Cell<u32>,
    forgotten: Cell<bool>,
}

impl DeviceClock {
    /// A clock that is fast by `error` milliseconds, and gets faster by `drift` millionths of the time.
    pub fn new(schedule: Schedule, error: i64, drift: i64) -> Self {
        Self {
            schedule,
            error: Cell::new(error),
            drift,
            times_set: Cell::new(0),
            forgotten: Cell::new(false),
        }
    }

    /// Somebody sets it.
    pub fn set(&self, error: i64) {
        self.error.set(error);
        self.times_set.update(|times| times + 1);
    }

    /// What was known here of how it differs from a clock that is fast by so many milliseconds is forgotten: if it does, it
    /// is as if somebody had set it.
    pub fn forget(&self, other: i64) {
        self.forgotten.update(|forgotten| forgotten || self.error.get() != other);
    }

    /// Whether somebody has set it, or what was known of it was forgotten.
    pub fn was_set(&self) -> bool {
        self.times_set() > 0 || self.forgotten.get()
    }

    /// How often somebody has set it so far.
    pub fn times_set(&self) -> u32 {
        self.times_set.get()
    }
}

impl Clock for DeviceClock {
    fn now(&self) -> u64 {
        let now = self.schedule.now();
        let drifted = (now - MORNING) as i64 * self.drift / 1_000_000;
        now.saturating_add_signed(self.error.get() + drifted)
    }

    async fn sleep(&self, milliseconds: u32) {
        self.schedule.sleep(milliseconds.into()).await;
    }
}

/// A value that somebody waits for.
pub struct Slot<T>(RefCell<(Option<T>, Option<Waker>)>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(RefCell::new((None, None)))
    }
}

impl<T> Slot<T> {
    /// It is there.
    pub fn set(&self, value: T) {
        let waker = {
            let mut slot = self.0.borrow_mut();
            slot.0 = Some(value);
            slot.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits for it.
    pub async fn get(&self) -> T {
        std::future::poll_fn(|context| {
            let mut slot = self.0.borrow_mut();
            match slot.0.take() {
                Some(value) => Poll::Ready(value),
                None => {
                    slot.1 = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}
