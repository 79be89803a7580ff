//! What one element is doing. The use cases take it; nobody else writes [`State`].

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use dm3_core::device::Trust;
use dm3_core::identity::{Address, KeyNonce};
use dm3_core::ports::StoreError;
use dm3_core::session::{Directory, Registration, Session, SignIn};
use dm3_core::web::BaseUrl;
use leptos::prelude::*;

use super::account::Account;
use super::command::BackupAsk;
use super::fault::Fault;
use super::part::PartMissing;
use super::platform::{HostEvent, NoFile, Platform, Task, Who};
use super::scope::Scope;
use super::state::{Apart, Connection, Screen, State};
use super::steps::{self, ChatSteps, HistorySteps, Load, PeopleSteps, ThreadSteps};
use super::whose::WalletBook;

/// What is loaded when it is used.
pub type Later<P> = steps::Later<Rc<Driver<P>>, Active<P>>;

/// What one element is doing.
pub struct Driver<P: Platform> {
    pub(super) platform: P,
    pub(super) later: Later<P>,
    /// Of `later`, once it is loaded.
    chat: Cell<Option<ChatSteps<Active<P>>>>,
    /// What is shown. Lives as long as the last task of the driver, however early the view goes.
    pub state: State,
    _state_owner: Owner,
    pub(super) node: RefCell<Result<BaseUrl, Fault>>,
    pub(super) rpc_url: RefCell<Option<String>>,
    /// What the page says of a node that does not describe itself.
    pub(super) network: RefCell<Option<String>>,
    pub(super) directory: RefCell<Option<Rc<Directory<P::Ports>>>>,
    /// What the wallets of the page share.
    pub(super) book: WalletBook,
    /// Whose the element is, from the moment a wallet said so.
    who: RefCell<Option<Who>>,
    /// For whom the page's lasting text is, as the page names them; `None`: for everybody.
    pub(super) draft_for: RefCell<Option<String>>,
    /// For whom the form before signing in was shown last.
    pub(super) writes_to: RefCell<Option<String>>,
    /// What the page asked for about backups before somebody was signed in.
    pub(super) backup: RefCell<Option<Arc<BackupAsk>>>,
    /// The panel is on the page's screen.
    pub(super) shown: Cell<bool>,
    unread: Cell<u64>,
    stage: RefCell<Stage<P>>,
    /// The tasks of the stage.
    scope: RefCell<Scope>,
    gone: Cell<bool>,
}

/// How far somebody has come. What a stage holds and what it is doing end with it.
pub(super) enum Stage<P: Platform> {
    /// It starts, or a wallet is to be chosen.
    Outside,
    /// With a wallet on the way in.
    SigningIn(Rc<SignInFlow<P>>),
    /// Signed in.
    Inside(Rc<Account<P>>),
}

/// What the steps of signing in have led to so far.
pub(super) struct SignInFlow<P: Platform> {
    pub(super) wallet: P::Wallet,
    pub(super) directory: Rc<Directory<P::Ports>>,
    pub(super) account: Address,
    /// With which nonce keys are made.
    pub(super) nonce: RefCell<KeyNonce>,
    /// Keys that would be published.
    pub(super) registration: RefCell<Option<Rc<Registration<P::Ports>>>>,
}

impl<P: Platform> SignInFlow<P> {
    /// The steps, with the present nonce.
    pub(super) fn steps(&self) -> SignIn<P::Ports> {
        SignIn::new(Rc::clone(&self.directory), self.account).with_nonce(self.nonce.borrow().clone())
    }
}

/// The account that is signed in, for tasks of its scope: they hold this, and end with the account.
pub struct Active<P: Platform> {
    pub(super) driver: Rc<Driver<P>>,
    account: Rc<Account<P>>,
    scope: Scope,
}

impl<P: Platform> Driver<P> {
    /// A driver for the node at `node`.
    pub fn new(platform: P, later: Later<P>, node: &str, rpc_url: Option<String>) -> Rc<Self> {
        let state_owner = Owner::new_root(None);
        let driver = Self {
            platform,
            later,
            chat: Cell::new(None),
            state: state_owner.with(State::new),
            _state_owner: state_owner,
            node: RefCell::new(parse_node(node)),
            rpc_url: RefCell::new(rpc_url),
            network: RefCell::default(),
            directory: RefCell::default(),
            book: WalletBook::default(),
            who: RefCell::default(),
            draft_for: RefCell::default(),
            writes_to: RefCell::default(),
            backup: RefCell::default(),
            shown: Cell::new(false),
            unread: Cell::new(0),
            stage: RefCell::new(Stage::Outside),
            scope: RefCell::default(),
            gone: Cell::new(false),
        };
        Rc::new(driver)
    }

    /// Notes what the page says of a node that does not describe itself, before the driver runs.
    pub fn name_network(&self, network: Option<String>) {
        *self.network.borrow_mut() = network;
    }

    /// The page the element lives in.
    pub fn page(&self) -> &P {
        &self.platform
    }

    /// The element is gone: whatever it was doing ends here, and nothing begins any more.
    pub fn end(&self) {
        self.gone.set(true);
        self.begin(Stage::Outside);
    }

    /// Ends what was going on, and begins a stage.
    pub(super) fn begin(&self, stage: Stage<P>) {
        let scope = Scope::default();
        self.scope.replace(scope.clone()).end();
        if self.gone.get() {
            scope.end();
        }
        // A report holds its file, and the file this.
        self.state.sharing.set(Apart::waiting());
        let before = self.stage.replace(stage);
        if self.gone.get() || matches!(before, Stage::Inside(_)) {
            // A backup of who was here is made no more.
            self.refuse_backup();
            self.refuse_file(NoFile::SignedOut);
        }
        // Whose end may do anything, so the stage is not borrowed any more.
        drop(before);
    }

    /// Goes on to another stage in the middle of a task.
    pub(super) fn go_on(&self, stage: Stage<P>) {
        drop(self.stage.replace(stage));
    }

    /// Runs a task for as long as the stage lasts.
    pub(super) fn spawn(&self, task: Task) {
        self.platform.spawn(self.scope.borrow().bind(task));
    }

    /// The account, if somebody is signed in.
    pub(super) fn active(self: &Rc<Self>) -> Option<Active<P>> {
        let Stage::Inside(account) = &*self.stage.borrow() else { return None };
        let (account, scope) = (Rc::clone(account), self.scope.borrow().clone());
        Some(Active { driver: Rc::clone(self), account, scope })
    }

    /// Whose the element is.
    pub(super) fn who(&self) -> Option<Who> {
        self.who.borrow().clone()
    }

    /// From now on the element is somebody's, or nobody's; also after a reload.
    pub(super) fn set_who(&self, who: Option<Who>) {
        self.platform.set_window_account(who.as_ref());
        self.who.replace(who);
    }

    /// The element is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.get()
    }

    /// What signing in has led to, if somebody is on the way.
    pub(super) fn sign_in_flow(&self) -> Option<Rc<SignInFlow<P>>> {
        match &*self.stage.borrow() {
            Stage::SigningIn(flow) => Some(Rc::clone(flow)),
            Stage::Outside | Stage::Inside(_) => None,
        }
    }

    /// Says on the whole screen that it can't go on.
    pub(super) fn fail(&self, fault: impl Into<Fault>) {
        let fault = fault.into();
        self.tell_fault(&fault);
        self.state.screen.set(Screen::Failed(fault));
        self.refuse_backup();
    }

    /// Nobody is signed in, so that there is nothing to make a backup of. One that is to be taken in waits.
    pub(super) fn refuse_backup(&self) {
        if self.backup.borrow_mut().take_if(|ask| matches!(**ask, BackupAsk::Make)).is_some() {
            self.refuse_file(NoFile::SignedOut);
        }
    }

    /// Tells whoever waits for a file in the page that there is none.
    pub(super) fn refuse_file(&self, why: NoFile) {
        self.platform.offer_file(Err(why));
    }

    /// Tells the page what did not work.
    pub(super) fn tell_fault(&self, fault: &Fault) {
        self.platform.emit(HostEvent::Error(fault.clone()));
    }

    /// Tells the page how many messages have not been seen.
    pub(super) fn show_unread(&self, unread: u64) {
        if self.unread.replace(unread) != unread {
            self.platform.emit(HostEvent::UnreadChange(unread));
        }
    }

    /// Notes that the page names another node.
    pub(super) fn set_node(&self, node: &str) {
        *self.node.borrow_mut() = parse_node(node);
    }
}

impl<P: Platform> Active<P> {
    pub(super) fn session(&self) -> &Session<P::Ports> {
        self.account.engine.session()
    }

    pub(super) fn address(&self) -> Address {
        self.session().account()
    }

    /// Runs a task until the account is left.
    pub(super) fn spawn<F>(&self, task: impl FnOnce(Self) -> F)
    where
        F: Future<Output = ()> + 'static,
    {
        let task: Task = Box::pin(task(self.clone()));
        self.driver.platform.spawn(self.scope.bind(task));
    }

    /// Takes a step of being signed in, once the steps are loaded. That they can't be is shown as what it is: nothing
    /// comes in and nothing leaves.
    pub(super) fn step(&self, step: impl FnOnce(ChatSteps<Self>, Self) -> Option<Task> + 'static) {
        let begun = move |steps: ChatSteps<Self>, at: Self| {
            (steps.begin)(&at);
            step(steps, at)
        };
        if let Some(steps) = self.driver.chat.get() {
            if let Some(task) = begun(steps, self.clone()) {
                self.spawn(|_| task);
            }
            return;
        }
        self.spawn(|at| async move {
            match (at.driver.later.chat)().await {
                Ok(steps) => {
                    at.driver.chat.set(Some(steps));
                    if let Some(task) = begun(steps, at) {
                        task.await;
                    }
                }
                Err(missing) => {
                    at.lacks(missing);
                    at.driver.refuse_file(NoFile::Missing);
                }
            }
        });
    }

    /// A part can't be loaded without which nothing can be done. That is shown as what it is.
    pub(super) fn lacks(&self, missing: PartMissing) {
        let fault = Fault::Part(missing);
        self.driver.tell_fault(&fault);
        self.driver.state.connection.set(Connection::Lost(fault));
    }

    /// Takes a step in a conversation, once the steps are loaded.
    pub(super) fn thread(self, step: impl FnOnce(ThreadSteps<Self>, Self) -> Task + 'static) -> Task {
        let load = self.driver.later.thread;
        later(self, load, Box::new(step), true)
    }

    /// Takes a step with people that somebody asked for, once the steps are loaded.
    pub(super) fn people(self, step: impl FnOnce(PeopleSteps<Self>, Self) -> Task + 'static) -> Task {
        let load = self.driver.later.people;
        later(self, load, Box::new(step), true)
    }

    /// Takes a step of what goes on beside, once the steps are loaded. Without them nothing else is held up.
    pub(super) fn beside(self, step: impl FnOnce(PeopleSteps<Self>, Self) -> Task + 'static) -> Task {
        let load = self.driver.later.people;
        later(self, load, Box::new(step), false)
    }

    /// The same with what the account's node has of it.
    pub(super) fn kept(self, step: impl FnOnce(HistorySteps<Self>, Self) -> Task + 'static) -> Task {
        let load = self.driver.later.kept;
        later(self, load, Box::new(step), false)
    }

    /// Storage failed in the middle of something. If the account was signed out where this tab could not hear it, nothing
    /// of it goes on here. Else what is there stays on the screen: the engine goes on, and tries it again.
    pub(super) fn storage_failed(&self, error: StoreError) {
        let state = self.driver.state;
        let has_list = || state.conversations.with_untracked(Option::is_some);
        if error == StoreError::Full || error != StoreError::SignedOut && has_list() {
            let fault = Fault::Store(error);
            let lost = Connection::Lost(fault.clone());
            if state.connection.with_untracked(|shown| *shown != lost) {
                self.driver.tell_fault(&fault);
                state.connection.set(lost);
            }
            return;
        }
        if error == StoreError::SignedOut {
            self.driver.begin(Stage::Outside);
            self.driver.set_who(None);
            state.account.set(None);
            state.thread.set(None);
            state.conversations.set(None);
            self.driver.show_unread(0);
            self.driver.platform.emit(HostEvent::Disconnect);
        }
        self.driver.fail(error);
    }

    /// Whether with the open conversation's peer something is exchanged. Strangers get nothing, and nothing of theirs is shown.
    pub(super) fn is_welcome(&self) -> bool {
        let thread = self.driver.state.thread;
        thread.with_untracked(|it| it.as_ref().is_some_and(|it| it.standing.trust == Trust::Accepted))
    }

    /// With whom the open conversation is.
    pub(super) fn open_peer(&self) -> Option<Address> {
        self.driver.state.thread.with_untracked(|thread| thread.as_ref().map(|thread| thread.peer.address))
    }
}

impl<P: Platform> Deref for Active<P> {
    type Target = Account<P>;

    fn deref(&self) -> &Account<P> {
        &self.account
    }
}

impl<P: Platform> Clone for Active<P> {
    fn clone(&self) -> Self {
        let (driver, account) = (Rc::clone(&self.driver), Rc::clone(&self.account));
        Self { driver, account, scope: self.scope.clone() }
    }
}

/// A step of what is loaded later.
type Step<T, A> = Box<dyn FnOnce(T, A) -> Task>;

/// Takes a step once it is loaded. Of one type for all steps, so that the code that waits for them exists once.
fn later<P: Platform, T: 'static>(
    at: Active<P>,
    load: Load<T>,
    step: Step<T, Active<P>>,
    is_needed: bool,
) -> Task {
    Box::pin(async move {
        match load().await {
            Ok(steps) => step(steps, at).await,
            Err(missing) if is_needed => at.lacks(missing),
            Err(_) => {}
        }
    })
}

fn parse_node(text: &str) -> Result<BaseUrl, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::NoNode);
    }
    text.parse().map_err(Fault::NodeAddress)
}
