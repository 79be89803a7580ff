//! Devices and their tabs.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::{Rc, Weak};

use dm3_core::conversation::ConversationId;
use dm3_core::delivery::Discovery;
use dm3_core::device::{Account, MessageRow};
use dm3_core::engine::{Change, Engine};
use dm3_core::identity::{Address, EnsName, KeySeed};
use dm3_core::ports::{Store as _, StoreError};
use dm3_core::session::{Directory, NameStanding, Session};
use dm3_core::testing::{MemoryStore, SeededEntropy};
use futures_util::FutureExt as _;

use crate::lease::{DeviceLease, TabLease};
use crate::network::{Line, SimulatedPorts};
use crate::oracle::number_of;
use crate::people::look;
use crate::schedule::{DeviceClock, Process, Schedule};

/// A person's device: what is kept there, and what is open.
pub struct Device {
    /// Whose it is.
    pub owner: Address,
    /// Its number among all devices.
    pub number: usize,
    /// Its way out.
    pub line: Line,
    /// Its clock.
    pub clock: Rc<DeviceClock>,
    /// What is open.
    pub tabs: RefCell<Vec<Rc<Tab>>>,
    /// Whom its owner has looked up here.
    pub opened: RefCell<BTreeSet<Address>>,
    /// Whether its storage was emptied once.
    pub emptied: Cell<bool>,
    /// The messages that its node kept when it was.
    at_node: RefCell<BTreeSet<String>>,
    schedule: Schedule,
    discovery: Discovery,
    store: RefCell<MemoryStore>,
    lease: Rc<DeviceLease>,
    failure: Cell<Failure>,
    starts: Cell<u64>,
}

/// What a device's storage does not do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Failure {
    /// It works.
    #[default]
    None,
    /// Nothing can be written.
    Writing,
    /// Nothing can be read or written.
    All,
}

/// One of a device's tabs.
pub struct Tab {
    /// What runs there.
    pub engine: Rc<Engine<SimulatedPorts>>,
    /// Its tasks.
    pub process: Process,
    /// Whether the browser lets it do nothing.
    pub frozen: Cell<bool>,
    number: u64,
    lease: TabLease,
}

impl Device {
    /// A device that nobody is signed in on.
    pub fn new(
        owner: Address,
        number: usize,
        line: Line,
        discovery: Discovery,
        clock: DeviceClock,
    ) -> Rc<Self> {
        let schedule = line.network().schedule.clone();
        Rc::new(Self {
            owner,
            number,
            line,
            clock: Rc::new(clock),
            tabs: RefCell::default(),
            opened: RefCell::default(),
            emptied: Cell::default(),
            at_node: RefCell::default(),
            lease: DeviceLease::new(schedule.clone()),
            schedule,
            discovery,
            store: RefCell::default(),
            failure: Cell::default(),
            starts: Cell::default(),
        })
    }

    /// The domain of its node's address names.
    pub const fn domain(&self) -> &EnsName {
        &self.discovery.address_domain
    }

    /// The program starts: nothing is remembered but what is kept.
    pub fn directory(&self) -> Rc<Directory<SimulatedPorts>> {
        let start = self.starts.replace(self.starts.get() + 1);
        let entropy = SeededEntropy::new((self.number as u64) << 32 | start);
        let ports = SimulatedPorts::new(
            self.line.clone(),
            self.store.borrow().clone(),
            Rc::clone(&self.clock),
            entropy,
        );
        Rc::new(Directory::new(ports, self.discovery.clone()))
    }

    /// Signs in with keys that are known.
    pub fn sign_in(&self, seed: &KeySeed) {
        self.peek(async |store| {
            store.set_seed(self.owner, seed).await?;
            store.set_account(Some(&Account { address: self.owner, name: None })).await
        })
        .unwrap();
    }

    /// Opens a tab.
    pub fn open(self: &Rc<Self>) -> Rc<Tab> {
        let seed = self.peek(async |store| store.seed(self.owner).await).unwrap().unwrap();
        let session = Session::resume(self.directory(), self.owner, &seed);
        let number = self.starts.get();
        let (device, process, lease) = (Rc::downgrade(self), Process::default(), self.lease.tab());
        let tell = move |change| tell(&device, number, &change);
        let engine = Rc::new(Engine::new(session, tell));
        let running = Rc::clone(&engine);
        let held = lease.clone();
        self.schedule.spawn(&process, async move { running.run(&held).await });
        let tab = Rc::new(Tab { engine, process, frozen: Cell::new(false), number, lease });
        self.tabs.borrow_mut().push(Rc::clone(&tab));
        self.schedule.spawn(&tab.process, look(Rc::clone(self), Rc::clone(&tab)));
        tab
    }

    /// The browser has let go of everything: whoever signs in again here begins anew, with what the account's node keeps.
    /// Only while the node has all that is here; gives whether it had.
    pub fn forget(&self) -> bool {
        let owner = self.owner;
        let here_alone = self.peek(async |store| {
            let unwritten = store.journal(owner, 1).await?.len();
            Ok::<_, StoreError>(unwritten + store.outbox(owner).await?.len() + store.kept(owner).await?.len())
        });
        if here_alone.unwrap() > 0 || self.discovery.history_url.is_none() {
            return false;
        }
        for tab in self.tabs.take() {
            self.schedule.kill(&tab.process);
        }
        let rows = self.peers().into_iter().flat_map(|peer| self.rows(ConversationId::Peer(peer)));
        self.at_node.borrow_mut().extend(rows.map(|row| row.hash.to_string()));
        let seed = self.peek(async |store| store.seed(owner).await).unwrap().unwrap();
        self.store.replace(MemoryStore::default());
        self.opened.borrow_mut().clear();
        self.emptied.set(true);
        let nodes = &self.line.network().nodes;
        let service = nodes.iter().find(|node| node.name == self.discovery.name);
        self.clock.forget(service.map_or(0, |node| node.clock_error()));
        self.sign_in(&seed);
        true
    }

    /// With whom it has conversations.
    pub fn peers(&self) -> Vec<Address> {
        let contacts = self.peek(async |store| store.contacts(self.owner).await).unwrap();
        contacts.iter().map(|contact| contact.conversation.peer()).collect()
    }

    /// The name that a conversation stands under in a tab, as one that was checked.
    pub fn shown_name(&self, tab: &Tab, peer: Address) -> Option<EnsName> {
        let conversation = ConversationId::Peer(peer);
        let contact = self.peek(async |store| store.contact(self.owner, conversation).await).unwrap();
        let name = contact.and_then(|contact| contact.name)?;
        (tab.engine.session().name_standing(conversation, &name) == NameStanding::Checked).then_some(name)
    }

    /// Tells the oracle which name its owner sees.
    pub fn show_name(&self, tab: &Tab, peer: Address) {
        if let Some(name) = self.shown_name(tab, peer) {
            let network = self.line.network();
            network.oracle().shown(self, peer, &name, network.schedule.now());
        }
    }

    /// A tab is gone in this very moment.
    pub fn kill(&self, tab: &Tab) {
        self.tabs.borrow_mut().retain(|open| open.number != tab.number);
        self.schedule.kill(&tab.process);
    }

    /// A tab its owner could use.
    pub fn usable_tab(&self) -> Option<Rc<Tab>> {
        let tabs: Vec<_> = self.tabs.borrow().iter().filter(|tab| !tab.frozen.get()).cloned().collect();
        self.schedule.pick(&tabs).cloned()
    }

    /// Any tab.
    pub fn any_tab(&self) -> Option<Rc<Tab>> {
        self.schedule.pick(&self.tabs.borrow()).cloned()
    }

    /// From now on its storage fails so.
    pub fn set_failure(&self, failure: Failure) {
        self.failure.set(failure);
        let full = Some(StoreError::Full);
        let store = self.store.borrow();
        store.set_failure(full.clone().filter(|_| failure == Failure::All));
        store.set_write_failure(full.filter(|_| failure == Failure::Writing));
    }

    /// Looks at what is kept, past all failures and at once.
    pub fn peek<T>(&self, look: impl AsyncFnOnce(&MemoryStore) -> T) -> T {
        let store = self.store.borrow().clone();
        self.undisturbed(async || look(&store).await)
    }

    /// Does something while storage works, and at once.
    pub fn undisturbed<T>(&self, act: impl AsyncFnOnce() -> T) -> T {
        let failure = self.failure.get();
        self.set_failure(Failure::None);
        let done = act().now_or_never().expect("nothing has to be waited for");
        self.set_failure(failure);
        done
    }

    /// All messages of a conversation, oldest first.
    pub fn rows(&self, conversation: ConversationId) -> Vec<MessageRow> {
        let found = self.peek(async |store| store.messages(self.owner, conversation, None, usize::MAX).await);
        let mut rows = found.unwrap();
        rows.reverse();
        rows
    }

    /// The number of a message that was written here, and to whom.
    pub fn wrote(&self, hash: &str) -> Option<(u32, Address)> {
        let hash = hash.parse().ok()?;
        let row = self.peek(async |store| store.message(self.owner, &hash).await).unwrap()?;
        Some((number_of(&row).filter(|_| row.author == self.owner)?, row.conversation.peer()))
    }

    /// Whether a message is kept here, or its envelope until it can be proven.
    pub fn has(&self, hash: &str) -> bool {
        if self.at_node.borrow().contains(hash) {
            return true;
        }
        let Ok(parsed) = hash.parse() else { return false };
        self.peek(async |store| {
            if store.message(self.owner, &parsed).await?.is_some() {
                return Ok::<_, StoreError>(true);
            }
            for kept in store.kept(self.owner).await? {
                let envelope = store.kept_envelope(self.owner, &kept.id).await?;
                if envelope.is_some_and(|envelope| envelope.contains(hash)) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .unwrap()
    }

    /// What is kept here of a message that was not taken in: why its envelope waits, or was put aside.
    pub fn doubt(&self, hash: &str) -> String {
        self.peek(async |store| {
            for kept in store.kept(self.owner).await? {
                let envelope = store.kept_envelope(self.owner, &kept.id).await?;
                if envelope.is_some_and(|envelope| envelope.contains(hash)) {
                    return Ok::<_, StoreError>(format!(
                        "waits: {:?}, tried {} times",
                        kept.waits_for, kept.tries
                    ));
                }
            }
            let aside = store.quarantined_ids(self.owner).await?.len();
            Ok(format!("not kept; {aside} envelopes are put aside"))
        })
        .unwrap()
    }

    /// How many messages have not left.
    pub fn waiting(&self) -> usize {
        self.peek(async |store| store.outbox(self.owner).await).unwrap().len()
    }
}

/// The other tabs are told by a channel of the browser's, a little later.
fn tell(device: &Weak<Device>, number: u64, change: &Change) {
    let (Some(device), &Change::Outbox(conversation)) = (device.upgrade(), change) else { return };
    for tab in device.tabs.borrow().iter().filter(|tab| tab.number != number) {
        let (schedule, engine) = (device.schedule.clone(), Rc::clone(&tab.engine));
        device.schedule.spawn(&tab.process, async move {
            schedule.sleep(schedule.draw(0..20)).await;
            engine.deliver_outbox(Some(conversation));
        });
    }
}

impl Tab {
    /// The browser lets it do nothing.
    pub fn freeze(&self, schedule: &Schedule) {
        self.frozen.set(true);
        self.lease.set_frozen(true);
        schedule.freeze(&self.process);
    }

    /// The browser lets it go on.
    pub fn thaw(&self, schedule: &Schedule) {
        self.frozen.set(false);
        self.lease.set_frozen(false);
        schedule.thaw(&self.process);
    }
}
