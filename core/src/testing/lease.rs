use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::FakeClock;
use crate::identity::Address;
use crate::ports::{Clock as _, HeldLease, Lease};

/// How often somebody looks whether the lease is free: milliseconds.
const LOOK: u32 = 100;
/// How long a holder may be silent before it is taken for dead: milliseconds.
const SILENCE: u64 = 1_500;

/// The leases of one device, between its tabs.
#[derive(Clone)]
pub struct SharedLeases(Rc<Inner>);

struct Inner {
    clock: FakeClock,
    holders: RefCell<BTreeMap<Address, Holder>>,
    count: Cell<u64>,
    /// Those who want to know when they lose theirs.
    holding: RefCell<Vec<Waker>>,
}

struct Holder {
    number: u64,
    tab: TabLease,
}

/// What one tab sees of them. Clones are the same tab.
#[derive(Clone)]
pub struct TabLease {
    shared: SharedLeases,
    /// Since when the tab does nothing.
    frozen: Rc<Cell<Option<u64>>>,
}

/// A lease that a tab holds.
pub struct HeldTabLease {
    shared: SharedLeases,
    account: Address,
    number: u64,
}

impl SharedLeases {
    /// Nobody holds anything yet.
    pub fn new(clock: FakeClock) -> Self {
        Self(Rc::new(Inner {
            clock,
            holders: RefCell::default(),
            count: Cell::new(0),
            holding: RefCell::default(),
        }))
    }

    /// A new tab.
    pub fn tab(&self) -> TabLease {
        TabLease { shared: self.clone(), frozen: Rc::default() }
    }

    fn take(&self, account: Address, tab: &TabLease) -> Option<HeldTabLease> {
        let mut holders = self.0.holders.borrow_mut();
        let now = self.0.clock.now();
        let silent = |holder: &Holder| {
            holder.tab.frozen.get().is_some_and(|since| now.saturating_sub(since) >= SILENCE)
        };
        if holders.get(&account).is_some_and(|holder| !silent(holder)) {
            return None;
        }
        let number = self.0.count.replace(self.0.count.get() + 1);
        holders.insert(account, Holder { number, tab: tab.clone() });
        for holder in self.0.holding.take() {
            holder.wake();
        }
        Some(HeldTabLease { shared: self.clone(), account, number })
    }

    fn is_held(&self, account: Address, number: u64) -> bool {
        self.0.holders.borrow().get(&account).is_some_and(|holder| holder.number == number)
    }
}

impl TabLease {
    /// The tab is frozen, or goes on. Whoever freezes it must not run its tasks.
    pub fn set_frozen(&self, frozen: bool) {
        self.frozen.set(frozen.then(|| self.shared.0.clock.now()));
    }
}

impl Lease for TabLease {
    type Held = HeldTabLease;

    async fn acquire(&self, account: Address) -> HeldTabLease {
        loop {
            if let Some(held) = self.shared.take(account, self) {
                return held;
            }
            self.shared.0.clock.sleep(LOOK).await;
        }
    }
}

impl HeldLease for HeldTabLease {
    async fn lost(&self) {
        poll_fn(|context| {
            if !self.shared.is_held(self.account, self.number) {
                return Poll::Ready(());
            }
            let mut holding = self.shared.0.holding.borrow_mut();
            if !holding.iter().any(|waker| waker.will_wake(context.waker())) {
                holding.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

impl Drop for HeldTabLease {
    fn drop(&mut self) {
        if self.shared.is_held(self.account, self.number) {
            self.shared.0.holders.borrow_mut().remove(&self.account);
        }
    }
}
