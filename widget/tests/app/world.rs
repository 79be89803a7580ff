//! A network, the devices of people in it, and the tabs that are open on them.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::{Rc, Weak};

use dm3_core::identity::Address;
use dm3_core::ports::Clock as _;
use dm3_core::session::Session;
use dm3_core::testing::{
    FakeClock, Fault, MemoryPorts, MemoryStore, Network, Peer, SharedLeases, TabLease, Tasks, TestWallet,
};
use dm3_core::web::HttpUrl;
use dm3_widget::app::platform::{
    HostEvent, NoFile, Notifying, Platform, Redraw, StorageUse, TabMessage, Task, Who,
};
use dm3_widget::app::state::{Connection, Delivery, FileBytes, Person, Screen, State, Theme, WalletChoice};
use dm3_widget::app::{Command, Driver, run};
use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use web_sys::File;

use super::loading::later;
use super::wallet::{PatientWallet, PersonsWallet};

/// The node that the pages name.
pub const NODE: &str = "https://dm3.example";
/// The id of the only wallet.
pub const WALLET: &str = "the wallet";
/// Where a browser keeps that somebody is signed in.
pub const SIGNED_IN: &str = "signed in";

/// A network in which time passes only when a test lets it.
pub struct World {
    /// What is between the people.
    pub network: Network,
    /// What runs in all tabs.
    pub tasks: Tasks,
}

/// A person's browser.
pub struct Device {
    /// The browser was asked to keep what is stored.
    pub asked_to_keep: Cell<bool>,
    /// Whether its browser has a network.
    pub online: Cell<bool>,
    /// How often a tab told the others that records changed.
    pub told: Cell<usize>,
    /// The messages that were brought before somebody's eyes.
    pub revealed: RefCell<Vec<dm3_core::message::MessageHash>>,
    /// Whether the browser tells when others write, and about whom it did.
    pub notifying: Cell<Notifying>,
    pub notified: RefCell<Vec<Address>>,
    /// The person: their wallet, and what their browser stores.
    pub peer: Peer,
    /// Their wallet.
    pub wallet: Rc<PersonsWallet>,
    /// Further wallets in their browser.
    pub other_wallets: RefCell<Vec<Rc<PersonsWallet>>>,
    /// Whether the wallet's owner answers; until then it waits for them.
    pub wallet_answers: Rc<Cell<bool>>,
    /// The files that its pages made.
    pub files: RefCell<Vec<Vec<u8>>>,
    /// Why there was none for whoever waits for one.
    pub no_files: RefCell<Vec<NoFile>>,
    /// The files that its pages could show, with their types.
    pub shown: RefCell<Vec<(Vec<u8>, String)>>,
    /// How its browser draws pictures anew, if it does, and how many milliseconds that takes.
    pub draws: Cell<Option<Draw>>,
    pub drawing_takes: Cell<u32>,
    /// What the page's own site says of its contacts.
    pub site_file: RefCell<Option<String>>,
    /// Where those were that can't be saved any more.
    pub withdrawn: RefCell<Vec<String>>,
    /// Its pages let no wallet be asked to sign.
    pub forbids_signing: Cell<bool>,
    /// Who signed out here, and what is kept beside the store.
    pub signed_out: RefCell<BTreeSet<Address>>,
    pub kept: RefCell<BTreeMap<String, String>>,
    tabs: RefCell<Vec<UnboundedSender<Command>>>,
    leases: SharedLeases,
}

/// Draws a picture anew.
pub type Draw = fn(&[u8], Redraw) -> Option<Vec<u8>>;

/// One element in one tab of a device.
pub struct Tab {
    /// What it shows.
    pub state: State,
    pub driver: Rc<Driver<TestPlatform>>,
    commands: UnboundedSender<Command>,
    events: Rc<RefCell<Vec<HostEvent>>>,
    visible: Rc<Cell<bool>>,
    /// What it looks like.
    pub theme: Rc<Cell<Theme>>,
    /// The language it speaks, where its person chose one.
    pub language: Rc<RefCell<String>>,
    /// The wallets of its page.
    pub wallets: Rc<RefCell<Vec<Rc<PersonsWallet>>>>,
    /// What its window keeps.
    pub window: Window,
}

/// A page in memory.
pub struct TestPlatform {
    device: Rc<Device>,
    wallets: Rc<RefCell<Vec<Rc<PersonsWallet>>>>,
    network: Network,
    tasks: Tasks,
    commands: UnboundedSender<Command>,
    events: Rc<RefCell<Vec<HostEvent>>>,
    visible: Rc<Cell<bool>>,
    theme: Rc<Cell<Theme>>,
    language: Rc<RefCell<String>>,
    window: Window,
    lease: TabLease,
}

/// What a window keeps across reloads: whose it is.
pub type Window = Rc<RefCell<Option<Who>>>;

/// What a person does not have to wait for.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing has to be waited for")
}

/// Two people, each in a tab of their own with the conversation with the other open; both are welcome.
pub fn two_talking() -> (World, Rc<Device>, Rc<Device>, Tab, Tab) {
    two_talking_in(World::new())
}

/// The same in this world.
pub fn two_talking_in(world: World) -> (World, Rc<Device>, Rc<Device>, Tab, Tab) {
    let ((alice, _), (bob, _)) = (world.person("alice"), world.person("bob"));
    let open = |device: &Rc<Device>, peer: &str| {
        let tab = device.open_tab(&world);
        world.pass(1_000);
        tab.ask(Command::Open(peer.into()));
        world.pass(1_000);
        tab
    };
    let (alices, bobs) = (open(&alice, "bob.eth"), open(&bob, "alice.eth"));
    (world, alice, bob, alices, bobs)
}

impl World {
    /// A network with a node, and nobody in it.
    pub fn new() -> Self {
        Self::on(Network::held())
    }

    /// The same, where the node keeps sealed files.
    pub fn with_files() -> Self {
        let network = Network::held();
        network.files().offer();
        Self::on(network)
    }

    fn on(network: Network) -> Self {
        let description = serde_json::to_string(&network.discovery()).unwrap();
        network.set_document(&format!("{NODE}/.well-known/dm3"), 200, &description);
        Self { network, tasks: Tasks::default() }
    }

    /// The device of somebody who owns `name`.eth and has never heard of dm3.
    pub fn newcomer(&self, name: &str) -> Rc<Device> {
        let device = self.newcomer_with(|| TestWallet::of(name));
        self.network.give_name(&format!("{name}.eth").parse().unwrap(), device.address());
        device
    }

    /// The device of somebody with such a wallet who has never heard of dm3, and owns no name.
    pub fn newcomer_with(&self, make: impl Fn() -> TestWallet) -> Rc<Device> {
        let peer = Peer::with_wallet(&self.network, make());
        let wallet = PersonsWallet::new(WALLET, &[Rc::new(make())]);
        Rc::new(Device {
            peer,
            wallet_answers: Rc::clone(&wallet.owner_answers),
            wallet,
            other_wallets: RefCell::default(),
            files: RefCell::default(),
            no_files: RefCell::default(),
            shown: RefCell::default(),
            draws: Cell::default(),
            drawing_takes: Cell::default(),
            site_file: RefCell::default(),
            withdrawn: RefCell::default(),
            forbids_signing: Cell::default(),
            signed_out: RefCell::default(),
            tabs: RefCell::default(),
            kept: RefCell::default(),
            leases: SharedLeases::new(self.network.clock().clone()),
            asked_to_keep: Cell::new(false),
            online: Cell::new(true),
            told: Cell::new(0),
            revealed: RefCell::default(),
            notifying: Cell::new(Notifying::Off),
            notified: RefCell::default(),
        })
    }

    /// The device of somebody who owns `name`.eth and is signed in there, and the session of another program of theirs.
    pub fn person(&self, name: &str) -> (Rc<Device>, Session<MemoryPorts>) {
        let device = self.newcomer(name);
        let session = now(device.peer.sign_up());
        (device, session)
    }

    /// From now on each request takes a millisecond, so that there is something to interrupt.
    pub fn slow_down(&self) {
        self.network.fail("", Fault::Slow(1));
    }

    /// Runs until everybody waits for the time.
    pub fn run(&self) {
        self.tasks.run();
    }

    /// Lets time pass.
    pub fn pass(&self, milliseconds: u64) {
        self.run();
        for _ in 0..milliseconds.div_ceil(STEP) {
            self.network.clock().advance(STEP);
            self.run();
        }
    }

    /// Lets everything finish that requests have to be waited for.
    pub fn finish(&self) {
        self.run();
        for _ in 0..200 {
            self.network.clock().advance(1);
            self.run();
        }
    }

    /// Goes on to one of the moments at which something can be interrupted: before a task goes on, or while a request is
    /// on its way. Tells whether there are so many before nobody sends requests any more.
    pub fn go_to_moment(&self, moment: usize) -> bool {
        let (mut last, mut requests) = (0, self.network.requests().len());
        for now in 0..moment {
            if !self.tasks.step() {
                self.network.clock().advance(1);
            }
            let sent = self.network.requests().len();
            if sent != requests {
                (last, requests) = (now, sent);
            }
        }
        moment < last + QUIET
    }
}

/// Steps in which time passes: milliseconds.
const STEP: u64 = 250;
/// So many moments without a request are the end.
const QUIET: usize = 30;

impl Device {
    /// Opens a tab with an element in it, whose panel is open.
    pub fn open_tab(self: &Rc<Self>, world: &World) -> Tab {
        self.open_tab_with_wallet_of(world, self)
    }

    /// The same, with somebody else's wallet in the page.
    pub fn open_tab_with_wallet_of(self: &Rc<Self>, world: &World, other: &Self) -> Tab {
        let wallets = [Rc::clone(&other.wallet)].into_iter().chain(self.other_wallets.borrow().clone());
        self.open_window(world, wallets.collect(), Rc::default())
    }

    /// The same with these wallets in the page, in a window that was open before.
    pub fn open_window(
        self: &Rc<Self>,
        world: &World,
        wallets: Vec<Rc<PersonsWallet>>,
        window: Window,
    ) -> Tab {
        let (commands, requests) = unbounded();
        for wallet in &wallets {
            wallet.listen(commands.clone());
        }
        let wallets = Rc::new(RefCell::new(wallets));
        let (events, visible, theme) = (Rc::default(), Rc::new(Cell::new(true)), Rc::default());
        let language = Rc::<RefCell<String>>::default();
        self.tabs.borrow_mut().push(commands.clone());
        let platform = TestPlatform {
            device: Rc::clone(self),
            wallets: Rc::clone(&wallets),
            network: world.network.clone(),
            tasks: world.tasks.clone(),
            commands: commands.clone(),
            events: Rc::clone(&events),
            visible: Rc::clone(&visible),
            theme: Rc::clone(&theme),
            language: Rc::clone(&language),
            window: Rc::clone(&window),
            lease: self.leases.tab(),
        };
        let driver = Driver::new(platform, later(), NODE, None);
        world.tasks.spawn(Box::pin(run(Rc::clone(&driver), requests)));
        let tab =
            Tab { state: driver.state, driver, commands, events, visible, theme, language, wallets, window };
        tab.ask(Command::Shown(true));
        tab
    }

    /// The account.
    pub fn address(&self) -> Address {
        self.peer.address()
    }
}

impl Tab {
    /// Asks for something.
    pub fn ask(&self, command: Command) {
        let _ = self.commands.unbounded_send(command);
    }

    /// Loads the page anew.
    pub fn reload(self, device: &Rc<Device>, world: &World) -> Self {
        let (wallets, window) = (self.wallets.borrow().clone(), Rc::clone(&self.window));
        self.remove();
        device.open_window(world, wallets, window)
    }

    /// Takes the element out of the page. Gives what would still be there if something held it.
    pub fn remove(self) -> (Weak<Driver<TestPlatform>>, Rc<RefCell<Vec<HostEvent>>>) {
        self.driver.end();
        self.commands.close_channel();
        (Rc::downgrade(&self.driver), self.events)
    }

    /// Chooses another tab, or this one again.
    pub fn set_visible(&self, visible: bool) {
        self.visible.set(visible);
        self.ask(Command::VisibilityChanged);
    }

    /// What the page was told so far.
    pub fn events(&self) -> Vec<HostEvent> {
        self.events.borrow().clone()
    }

    /// Which screen stands.
    pub fn screen(&self) -> Screen {
        self.state.screen.get_untracked()
    }

    /// Whether it is to be signed in here, and nothing is shown or held of anybody.
    pub fn is_signed_out(&self) -> bool {
        matches!(self.screen(), Screen::SignIn(_))
            && self.state.account.get_untracked().is_none()
            && self.state.conversations.get_untracked().is_none()
            && self.state.thread.get_untracked().is_none()
    }

    /// Whether messages arrive.
    pub fn is_live(&self) -> bool {
        self.state.connection.get_untracked() == Connection::Live
    }

    /// How far the messages of the open conversation have come.
    pub fn deliveries(&self) -> Vec<Delivery> {
        let messages = self.state.thread.with_untracked(|thread| thread.as_ref().unwrap().messages.clone());
        messages.unwrap().into_iter().map(|bubble| bubble.delivery).collect()
    }
}

impl Platform for TestPlatform {
    type Ports = MemoryPorts;
    type Wallet = PatientWallet;
    type Lease = TabLease;
    type Carrier = Network;

    fn ports(&self, _: &HttpUrl, _: u64) -> MemoryPorts {
        let peer = &self.device.peer;
        MemoryPorts::new(self.network.clone(), peer.store.clone(), peer.entropy())
    }

    fn store(&self) -> &MemoryStore {
        &self.device.peer.store
    }

    fn http(&self) -> &Network {
        &self.network
    }

    fn carrier(&self) -> &Network {
        &self.network
    }

    fn clock(&self) -> &FakeClock {
        self.network.clock()
    }

    fn day(&self) -> (u64, u64) {
        super::times::day(self.network.clock().now())
    }

    fn wallets(&self) -> Vec<WalletChoice> {
        let choice = |wallet: &Rc<PersonsWallet>| WalletChoice {
            id: wallet.id.into(),
            name: "Test wallet".into(),
            icon: None,
        };
        self.wallets.borrow().iter().map(choice).collect()
    }

    fn wallet(&self, id: &str) -> Option<PatientWallet> {
        let wallet = self.wallets.borrow().iter().find(|wallet| wallet.id == id).cloned()?;
        Some(PatientWallet { wallet, clock: self.network.clock().clone() })
    }

    fn window_account(&self) -> Option<Who> {
        self.window.borrow().clone()
    }

    fn set_window_account(&self, who: Option<&Who>) {
        if who.is_none() {
            self.device.kept.borrow_mut().remove(SIGNED_IN);
        }
        self.window.replace(who.cloned());
    }

    fn is_signed_out(&self, account: Address) -> bool {
        self.device.signed_out.borrow().contains(&account)
    }

    fn set_signed_out(&self, account: Address, signed_out: bool) {
        if !signed_out {
            self.device.kept.borrow_mut().insert(SIGNED_IN.to_owned(), String::new());
        }
        let mut accounts = self.device.signed_out.borrow_mut();
        if signed_out {
            accounts.insert(account)
        } else {
            accounts.remove(&account)
        };
    }

    fn kept_discovery(&self, node: &str) -> Option<String> {
        self.device.kept.borrow().get(node).cloned()
    }

    fn keep_discovery(&self, node: &str, text: &str) {
        self.device.kept.borrow_mut().insert(node.to_owned(), text.to_owned());
    }

    fn emit(&self, event: HostEvent) -> bool {
        let forbidden = self.device.forbids_signing.get() && matches!(event, HostEvent::BeforeSign { .. });
        self.events.borrow_mut().push(event);
        !forbidden
    }

    fn tell_tabs(&self, message: TabMessage) {
        if let TabMessage::RecordsChanged(..) = message {
            self.device.told.set(self.device.told.get() + 1);
        }
        for tab in self.device.tabs.borrow().iter().filter(|tab| !tab.same_receiver(&self.commands)) {
            // A tab that was closed does not listen.
            let _ = tab.unbounded_send(Command::Told(message));
        }
    }

    fn meet_tabs(&self, there: bool) {
        let mut tabs = self.device.tabs.borrow_mut();
        tabs.retain(|tab| !tab.same_receiver(&self.commands));
        if there {
            tabs.push(self.commands.clone());
        }
    }

    fn lease(&self) -> TabLease {
        self.lease.clone()
    }

    fn keep_draft(&self, key: &str, text: Option<&str>) {
        let (mut kept, key) = (self.device.kept.borrow_mut(), format!("draft {key}"));
        match text {
            Some(text) => drop(kept.insert(key, text.to_owned())),
            None => drop(kept.remove(&key)),
        }
    }

    fn draft(&self, key: &str) -> Option<String> {
        self.device.kept.borrow().get(&format!("draft {key}")).cloned()
    }

    fn forget_drafts(&self, prefix: &str) {
        let prefix = format!("draft {prefix}");
        self.device.kept.borrow_mut().retain(|key, _| !key.starts_with(&prefix));
    }

    fn forget_all(&self) {
        self.device.kept.borrow_mut().clear();
        self.device.signed_out.borrow_mut().clear();
        self.device.notifying.set(Notifying::Off);
    }

    fn keep_storage(&self) {
        self.device.asked_to_keep.set(true);
    }

    async fn storage_use(&self) -> Option<StorageUse> {
        Some(StorageUse { bytes: 1_200_000, lasting: self.device.asked_to_keep.get() })
    }

    fn set_theme(&self, theme: Theme) {
        self.theme.set(theme);
    }

    fn has_theme(&self) -> bool {
        false
    }

    fn notifying(&self) -> Notifying {
        self.device.notifying.get()
    }

    async fn set_notifying(&self, wanted: bool) -> Notifying {
        if self.notifying() != Notifying::Forbidden {
            self.device.notifying.set(if wanted { Notifying::On } else { Notifying::Off });
        }
        self.notifying()
    }

    fn notify(&self, peer: &Person) {
        self.device.notified.borrow_mut().push(peer.address);
    }

    fn set_language(&self, language: &str) {
        self.language.replace(language.to_owned());
    }

    fn has_language(&self) -> bool {
        false
    }

    fn offer_file(&self, pieces: Result<Vec<Vec<u8>>, NoFile>) -> Option<String> {
        let file = pieces.map_err(|why| self.device.no_files.borrow_mut().push(why)).ok()?.concat();
        self.device.files.borrow_mut().push(file);
        Some(format!("blob:{}", self.device.files.borrow().len()))
    }

    fn read_file(&self, _: &File) -> LocalBoxFuture<'static, Option<FileBytes>> {
        Box::pin(std::future::ready(None))
    }

    fn show_file(&self, bytes: &[u8], media_type: &str) -> Option<String> {
        self.device.shown.borrow_mut().push((bytes.to_vec(), media_type.to_owned()));
        Some(format!("blob:shown {}", self.device.shown.borrow().len()))
    }

    fn redraw(&self, picture: FileBytes, how: Redraw) -> LocalBoxFuture<'static, Option<FileBytes>> {
        let drawn = self.device.draws.get().and_then(|draw| draw(picture.bytes(), how));
        let (clock, takes) = (self.network.clock().clone(), self.device.drawing_takes.get());
        Box::pin(async move {
            clock.sleep(takes).await;
            drawn.map(FileBytes::new)
        })
    }

    fn withdraw_file(&self, url: &str) {
        self.device.withdrawn.borrow_mut().push(url.to_owned());
    }

    fn reveal(&self, message: &dm3_core::message::MessageHash) {
        self.device.revealed.borrow_mut().push(message.clone());
    }

    fn is_online(&self) -> bool {
        self.device.online.get()
    }

    fn is_visible(&self) -> bool {
        self.visible.get()
    }

    fn origin(&self) -> Option<String> {
        Some("https://shop.example".to_owned())
    }

    fn read_here(&self, address: String, _: usize) -> LocalBoxFuture<'static, Option<String>> {
        let is_there = address == "https://shop.example/.well-known/dm3-contact.json";
        Box::pin(std::future::ready(self.device.site_file.borrow().clone().filter(|_| is_there)))
    }

    fn device_name(&self) -> String {
        "Firefox · Linux".to_owned()
    }

    fn spawn(&self, task: Task) {
        self.tasks.spawn(task);
    }
}
