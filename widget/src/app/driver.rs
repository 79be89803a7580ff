//! Carries out commands. One per element; the only one who writes [`State`].

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use dm3_core::identity::Address;
use dm3_core::ports::StoreError;
use dm3_core::session::{Directory, Session};
use dm3_core::web::BaseUrl;
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt as _;
use futures_util::future::{AbortHandle, abortable};
use leptos::prelude::*;

use super::Command;
use super::platform::{HostEvent, Platform, Task};
use super::sign_in::SignInFlow;
use super::state::{Screen, State};

/// Carries out the commands of one element.
pub struct Driver<P: Platform> {
    pub(super) platform: P,
    /// What is shown. Lives as long as the last task of the driver, however early the view goes.
    pub state: State,
    _state_owner: Owner,
    pub(super) node: RefCell<Result<BaseUrl, String>>,
    pub(super) rpc_url: RefCell<Option<String>>,
    pub(super) directory: RefCell<Option<Rc<Directory<P::Ports>>>>,
    pub(super) session: RefCell<Option<Rc<Session<P::Ports>>>>,
    pub(super) sign_in: RefCell<Option<SignInFlow<P>>>,
    /// How many messages of the open conversation are shown at most.
    pub(super) thread_limit: Cell<usize>,
    pub(super) shown: Cell<bool>,
    pub(super) unread: Cell<u64>,
    pub(super) unreadable: Cell<usize>,
    pub(super) flushing: Cell<bool>,
    pub(super) flush_again: Cell<bool>,
    /// Somebody waits here until the connection is to be tried again.
    pub(super) reconnect: RefCell<Option<futures_channel::oneshot::Sender<()>>>,
    /// Tasks that end with the element or the account.
    background: RefCell<Vec<AbortHandle>>,
}

impl<P: Platform> Driver<P> {
    /// A driver for the node at `node`.
    pub fn new(platform: P, node: &str, rpc_url: Option<String>) -> Rc<Self> {
        let state_owner = Owner::new_root(None);
        let driver = Self {
            platform,
            state: state_owner.with(State::new),
            _state_owner: state_owner,
            node: RefCell::new(parse_node(node)),
            rpc_url: RefCell::new(rpc_url),
            directory: RefCell::default(),
            session: RefCell::default(),
            sign_in: RefCell::default(),
            thread_limit: Cell::new(super::thread::PAGE),
            shown: Cell::new(false),
            unread: Cell::new(0),
            unreadable: Cell::new(0),
            flushing: Cell::new(false),
            flush_again: Cell::new(false),
            reconnect: RefCell::default(),
            background: RefCell::default(),
        };
        Rc::new(driver)
    }

    /// Starts, then carries out commands until the last handle is gone. Each command runs beside the others: a
    /// wallet that waits for its owner must not hold up anything else.
    pub async fn run(self: Rc<Self>, mut commands: UnboundedReceiver<Command>) {
        self.platform.spawn(Box::pin(Rc::clone(&self).start()));
        while let Some(command) = commands.next().await {
            self.platform.spawn(Rc::clone(&self).task(command));
        }
        self.stop_background();
    }

    /// What a command sets going. One boxed task each: a single task with all of them inside would be far larger.
    fn task(self: Rc<Self>, command: Command) -> Task {
        match command {
            Command::Connect(wallet) => Box::pin(self.connect(wallet)),
            Command::CreateKeys => Box::pin(self.create_keys()),
            Command::PublishProfile => Box::pin(self.publish_profile()),
            Command::UseAnotherWallet => Box::pin(async move { self.show_wallets(None) }),
            Command::Restart => Box::pin(self.restart()),
            Command::Open(typed) => Box::pin(self.open(typed)),
            Command::OpenPeer(peer) => Box::pin(self.open_peer(peer)),
            Command::Back => Box::pin(self.back()),
            Command::Send(text) => Box::pin(self.send(text)),
            Command::Resend(hash) => Box::pin(self.resend(hash)),
            Command::LoadOlder => Box::pin(self.load_older()),
            Command::CheckPeer => Box::pin(self.check_peer()),
            Command::Reconnect => Box::pin(async move { self.reconnect_now() }),
            Command::Shown(shown) => Box::pin(self.set_shown(shown)),
            Command::WalletsChanged => Box::pin(async move { self.refresh_wallets() }),
            Command::RecordsChanged(account) => Box::pin(self.records_changed(account)),
            Command::Disconnect => Box::pin(self.disconnect(false)),
            Command::SignOut => Box::pin(self.disconnect(true)),
        }
    }

    /// The host page set another node.
    pub fn set_node(self: &Rc<Self>, node: &str) {
        *self.node.borrow_mut() = parse_node(node);
        self.platform.spawn(Box::pin(Rc::clone(self).restart()));
    }

    /// The host page set another RPC endpoint.
    pub fn set_rpc_url(self: &Rc<Self>, rpc_url: Option<String>) {
        *self.rpc_url.borrow_mut() = rpc_url;
        self.platform.spawn(Box::pin(Rc::clone(self).restart()));
    }

    /// The page the element lives in.
    pub fn page(&self) -> &P {
        &self.platform
    }

    pub(super) fn session(&self) -> Option<Rc<Session<P::Ports>>> {
        self.session.borrow().clone()
    }

    pub(super) fn directory(&self) -> Option<Rc<Directory<P::Ports>>> {
        self.directory.borrow().clone()
    }

    pub(super) fn account(&self) -> Option<Address> {
        self.session().map(|session| session.account())
    }

    /// Runs a task until the account changes or the element is gone.
    pub(super) fn spawn_background<F>(self: &Rc<Self>, task: impl FnOnce(Rc<Self>) -> F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.run_abortable(Box::pin(task(Rc::clone(self))));
    }

    fn run_abortable(&self, task: Task) {
        let (task, handle) = abortable(task);
        self.background.borrow_mut().push(handle);
        self.platform.spawn(Box::pin(async move {
            let _ = task.await;
        }));
    }

    pub(super) fn stop_background(&self) {
        for handle in self.background.borrow_mut().drain(..) {
            handle.abort();
        }
    }

    /// Says on the whole screen that it can't go on.
    pub(super) fn fail(&self, code: &'static str, message: String) {
        self.platform.emit(HostEvent::Error { code, message: message.clone() });
        self.state.screen.set(Screen::Failed(message));
    }

    /// Storage failed in the middle of something.
    pub(super) fn storage_failed(&self, error: &StoreError) {
        self.fail("storage", error.to_string());
    }
}

fn parse_node(text: &str) -> Result<BaseUrl, String> {
    if text.trim().is_empty() {
        return Err("This chat has no node: the page must set the attribute “node”.".to_owned());
    }
    text.parse().map_err(|error| format!("The address of this chat's node can't be used: {error}."))
}
