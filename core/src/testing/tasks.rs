//! Runs tasks by hand, one step at a time, so that a test can do something between any two of them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use futures_util::future::LocalBoxFuture;

/// More steps than any test needs.
const ENDLESS: usize = 100_000;

/// Tasks that run when a test says so. Clones are the same tasks.
#[derive(Clone, Default)]
pub struct Tasks(Rc<Inner>);

#[derive(Default)]
struct Inner {
    running: RefCell<BTreeMap<usize, Running>>,
    ready: Arc<Ready>,
    count: Cell<usize>,
}

/// A task, and who is woken for it: always the same, by which those that wait for something know each other.
struct Running {
    task: LocalBoxFuture<'static, ()>,
    waker: Waker,
}

/// The numbers of the tasks that can go on.
#[derive(Default)]
struct Ready(Mutex<VecDeque<usize>>);

struct Alarm {
    number: usize,
    ready: Arc<Ready>,
}

impl Ready {
    fn add(&self, number: usize) {
        let mut numbers = self.0.lock().unwrap();
        if !numbers.contains(&number) {
            numbers.push_back(number);
        }
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.ready.add(self.number);
    }
}

impl Tasks {
    /// Adds a task.
    pub fn spawn(&self, task: LocalBoxFuture<'static, ()>) {
        let number = self.0.count.replace(self.0.count.get() + 1);
        let waker = Waker::from(Arc::new(Alarm { number, ready: Arc::clone(&self.0.ready) }));
        self.0.running.borrow_mut().insert(number, Running { task, waker });
        self.0.ready.add(number);
    }

    /// Lets one task go on to its next `await`; tells whether there was one.
    pub fn step(&self) -> bool {
        let next = self.0.ready.0.lock().unwrap().pop_front();
        let Some(number) = next else { return false };
        let running = self.0.running.borrow_mut().remove(&number);
        if let Some(mut running) = running
            && running.task.as_mut().poll(&mut Context::from_waker(&running.waker)).is_pending()
        {
            self.0.running.borrow_mut().insert(number, running);
        }
        true
    }

    /// Runs until everybody waits.
    pub fn run(&self) {
        let steps = (0..ENDLESS).take_while(|_| self.step()).count();
        assert!(steps < ENDLESS, "it goes on for ever");
    }
}
