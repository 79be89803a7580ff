//! The lease between the tabs of one device, as browsers' locks give it: whoever dies gives it back, who is frozen too
//! long is taken for dead.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use dm3_core::identity::Address;
use dm3_core::ports::{HeldLease, Lease};

use crate::schedule::Schedule;

/// How often somebody looks whether the lease is free: milliseconds.
const LOOK: u64 = 100;
/// How long a holder may be silent before it is taken for dead: milliseconds.
const SILENCE: u64 = 1_500;

/// The lease of one device's account.
pub struct DeviceLease {
    schedule: Schedule,
    holder: RefCell<Option<(u64, TabLease)>>,
    count: Cell<u64>,
    /// Those who want to know when they lose it.
    holding: RefCell<Vec<Waker>>,
}

/// What one tab sees of it. Clones are the same tab.
#[derive(Clone)]
pub struct TabLease {
    shared: Rc<DeviceLease>,
    /// Since when the tab does nothing.
    frozen: Rc<Cell<Option<u64>>>,
}

/// In a tab's hands.
pub struct Held {
    shared: Rc<DeviceLease>,
    number: u64,
}

impl DeviceLease {
    /// Nobody has it.
    pub fn new(schedule: Schedule) -> Rc<Self> {
        Rc::new(Self {
            schedule,
            holder: RefCell::default(),
            count: Cell::default(),
            holding: RefCell::default(),
        })
    }

    /// A new tab.
    pub fn tab(self: &Rc<Self>) -> TabLease {
        TabLease { shared: Rc::clone(self), frozen: Rc::default() }
    }

    fn is_held(&self, number: u64) -> bool {
        self.holder.borrow().as_ref().is_some_and(|(holder, _)| *holder == number)
    }
}

impl TabLease {
    /// The tab is frozen, or goes on.
    pub fn set_frozen(&self, frozen: bool) {
        self.frozen.set(frozen.then(|| self.shared.schedule.now()));
    }

    fn is_silent(&self) -> bool {
        let now = self.shared.schedule.now();
        self.frozen.get().is_some_and(|since| now.saturating_sub(since) >= SILENCE)
    }

    fn take(&self) -> Option<Held> {
        let shared = &self.shared;
        if shared.holder.borrow().as_ref().is_some_and(|(_, tab)| !tab.is_silent()) {
            return None;
        }
        let number = shared.count.replace(shared.count.get() + 1);
        shared.holder.replace(Some((number, self.clone())));
        for waker in shared.holding.take() {
            waker.wake();
        }
        Some(Held { shared: Rc::clone(shared), number })
    }
}

impl Lease for TabLease {
    type Held = Held;

    async fn acquire(&self, _: Address) -> Held {
        loop {
            if let Some(held) = self.take() {
                return held;
            }
            self.shared.schedule.sleep(LOOK).await;
        }
    }
}

impl HeldLease for Held {
    async fn lost(&self) {
        poll_fn(|context| {
            if !self.shared.is_held(self.number) {
                return Poll::Ready(());
            }
            let mut holding = self.shared.holding.borrow_mut();
            if !holding.iter().any(|waker| waker.will_wake(context.waker())) {
                holding.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.shared.is_held(self.number) {
            self.shared.holder.replace(None);
        }
    }
}
