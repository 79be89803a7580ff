//! A network in which time passes only when a test lets it, and tabs in it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use dm3_core::engine::{Change, Connection, Engine};
use dm3_core::ports::{Clock as _, Lease, Store as _};
use dm3_core::testing::{Fault, MemoryPorts, Network, Peer, SharedLeases, TabLease, Tasks};
use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, abortable, join};

/// A network, and what runs in it.
pub struct World {
    /// What is between the people.
    pub network: Network,
    tasks: Tasks,
}

/// A person's device.
pub struct Device {
    /// Wallet and storage.
    pub peer: Peer,
    leases: SharedLeases,
}

/// One of a device's tabs.
pub struct Tab {
    /// What runs there.
    pub engine: Rc<Engine<MemoryPorts>>,
    changes: Rc<RefCell<Vec<Change>>>,
    lease: TabLease,
    frozen: Rc<Cell<bool>>,
    run: AbortHandle,
}

/// What nobody has to wait for.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing has to be waited for")
}

impl World {
    pub fn new() -> Self {
        Self { network: Network::held(), tasks: Tasks::default() }
    }

    /// Somebody who owns `name`.eth and has signed in once.
    pub fn person(&self, name: &str) -> Device {
        let device = self.newcomer(name);
        now(device.peer.sign_up());
        device
    }

    /// Somebody who owns `name`.eth and has never heard of dm3.
    pub fn newcomer(&self, name: &str) -> Device {
        let peer = Peer::new(&self.network, name);
        self.network.give_name(&format!("{name}.eth").parse().unwrap(), peer.address());
        Device { peer, leases: SharedLeases::new(self.network.clock().clone()) }
    }

    /// Opens a tab.
    pub fn open(&self, device: &Device) -> Tab {
        self.open_telling(device, |_| {})
    }

    /// Opens a tab that tells what changed as it does.
    pub fn open_telling(&self, device: &Device, tell: impl Fn(&Change) + 'static) -> Tab {
        let lease = device.leases.tab();
        let changes: Rc<RefCell<Vec<Change>>> = Rc::default();
        let told = Rc::clone(&changes);
        let engine = Engine::new(now(device.peer.resume()), move |change| {
            tell(&change);
            told.borrow_mut().push(change);
        });
        let engine = Rc::new(engine);
        let frozen = Rc::<Cell<bool>>::default();
        let (task, run) = abortable(run(Rc::clone(&engine), lease.clone()));
        let task = Freezable { task: Box::pin(task.map(drop)), frozen: Rc::clone(&frozen) };
        self.tasks.spawn(Box::pin(task));
        Tab { engine, changes, lease, frozen, run }
    }

    /// Runs until everybody waits for the time.
    pub fn run(&self) {
        self.tasks.run();
    }

    /// Takes one step.
    pub fn step(&self) -> bool {
        self.tasks.step()
    }

    /// Lets time pass.
    pub fn pass(&self, milliseconds: u64) {
        let clock = self.network.clock();
        let end = clock.now() + milliseconds;
        self.run();
        while clock.now() < end {
            let next = clock.next_wake().unwrap_or(end);
            clock.set(next.clamp(clock.now() + 1, end));
            self.run();
        }
    }

    /// From now on each request takes a millisecond, so that there is something to interrupt.
    pub fn slow_down(&self) {
        self.network.fail("", Fault::Slow(1));
    }
}

async fn run(engine: Rc<Engine<MemoryPorts>>, lease: impl Lease) {
    join(engine.run(&lease), engine.keep_at_backend()).await;
}

/// A task that does nothing while its tab is frozen.
struct Freezable {
    task: std::pin::Pin<Box<dyn Future<Output = ()>>>,
    frozen: Rc<Cell<bool>>,
}

impl Future for Freezable {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        if self.frozen.get() { std::task::Poll::Pending } else { self.task.as_mut().poll(context) }
    }
}

impl Device {
    /// What their conversation with somebody shows.
    pub fn texts(&self, other: &Self) -> Vec<String> {
        now(self.peer.texts(&other.peer))
    }

    /// How many messages have not left.
    pub fn waiting(&self) -> usize {
        now(self.peer.store.outbox(self.peer.address())).unwrap().len()
    }
}

impl Tab {
    /// Writes to somebody.
    pub fn send(&self, to: &Device, text: &str) {
        now(self.engine.send(to.peer.conversation(), &[], text)).unwrap();
    }

    /// The tab is gone in this very moment.
    pub fn kill(self) {
        self.run.abort();
    }

    /// The browser lets the tab do nothing.
    pub fn freeze(&self) {
        self.frozen.set(true);
        self.lease.set_frozen(true);
    }

    /// The browser lets it go on.
    pub fn thaw(&self) {
        self.frozen.set(false);
        self.lease.set_frozen(false);
    }

    /// The page is left and kept by the browser: the tab gives back what others wait for, then it is frozen.
    pub fn cache(&self, world: &World) {
        self.engine.rest(true);
        world.run();
        self.freeze();
    }

    /// Somebody comes back to the page.
    pub fn restore(&self) {
        self.thaw();
        self.engine.rest(false);
    }

    /// What was told since the last time.
    pub fn changes(&self) -> Vec<Change> {
        self.changes.take()
    }

    /// How it stands with the delivery services.
    pub fn connection(&self) -> Connection {
        self.engine.connection()
    }
}
