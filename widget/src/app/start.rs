//! Starting: what the node says, who is signed in, and where to begin.

use std::rc::Rc;

use dm3_core::delivery::{Discovery, DiscoveryError};
use dm3_core::identity::{Address, KeySeed};
use dm3_core::ports::{Http as _, Store as _, StoreError, Unreachable};
use dm3_core::session::{Directory, Session};
use dm3_core::web::HttpUrl;

use super::driver::Driver;
use super::platform::{HostEvent, Platform};
use super::state::{Connection, Lookup, Person, Screen};

/// Why the node's description is not there.
#[derive(Debug, thiserror::Error)]
pub(super) enum NodeError {
    /// The attribute is missing or no address.
    #[error("{0}")]
    Attribute(String),
    /// The node does not answer.
    #[error("The node of this chat can't be reached ({0}). Check your connection and try again.")]
    Unreachable(#[from] Unreachable),
    /// Something else answers, or a node we don't understand.
    #[error("The node of this chat can't be used: {0}.")]
    Discovery(#[from] DiscoveryError),
}

impl<P: Platform> Driver<P> {
    pub(super) async fn restart(self: Rc<Self>) {
        self.stop_background();
        *self.session.borrow_mut() = None;
        *self.directory.borrow_mut() = None;
        self.start().await;
    }

    pub(super) async fn start(self: Rc<Self>) {
        self.state.screen.set(Screen::Starting);
        let account = match self.stored_account().await {
            Ok(account) => account,
            Err(error) => return self.storage_failed(&error),
        };
        self.platform.emit(HostEvent::Ready);
        match account {
            Some(account) => self.resume(account).await,
            None => {
                self.show_wallets(None);
                self.say_if_unreachable().await;
            }
        }
    }

    /// Who is about to sign in learns at once that it would be in vain.
    async fn say_if_unreachable(&self) {
        if let Err(error) = self.fresh_directory().await {
            self.sign_in_impossible(&error);
        }
    }

    /// Whose keys are on this device and meant here: the account this window used; else one that a wallet
    /// shares with the page; else the last one. A wallet that shares other accounts only is somebody else's.
    async fn stored_account(&self) -> Result<Option<Address>, StoreError> {
        let shared = self.platform.shared_accounts().await;
        let here = self.platform.window_account().filter(|a| shared.is_empty() || shared.contains(a));
        for account in here.iter().chain(&shared) {
            if self.seed(*account).await?.is_some() {
                return Ok(Some(*account));
            }
        }
        if !shared.is_empty() {
            return Ok(None);
        }
        match self.platform.store().account().await? {
            Some(last) => Ok(self.seed(last.address).await?.map(|_| last.address)),
            None => Ok(None),
        }
    }

    /// The account's keys, if they are on this device. Damaged ones are like none: signing in makes them anew.
    pub(super) async fn seed(&self, account: Address) -> Result<Option<KeySeed>, StoreError> {
        match self.platform.store().seed(account).await {
            Err(StoreError::Damaged(_)) => Ok(None),
            other => other,
        }
    }

    /// Goes on with an account whose keys are on this device; no wallet is asked. Without the node, what is on
    /// the device is shown all the same, if the node was ever known.
    pub(super) async fn resume(self: &Rc<Self>, account: Address) {
        let directory = match self.known_directory().await {
            Ok(directory) => directory,
            Err(error) => return self.fail("node-unreachable", error.to_string()),
        };
        let seed = match self.seed(account).await {
            Ok(Some(seed)) => seed,
            Ok(None) => return self.show_wallets(None),
            Err(error) => return self.storage_failed(&error),
        };
        self.enter(Session::resume(directory, account, &seed)).await;
    }

    /// Shows the account's conversations and goes live.
    pub(super) async fn enter(self: &Rc<Self>, session: Session<P::Ports>) {
        let account = session.account();
        self.stop_background();
        *self.sign_in.borrow_mut() = None;
        *self.session.borrow_mut() = Some(Rc::new(session));
        self.platform.set_window_account(Some(account));
        self.state.account.set(Some(Person { address: account, name: None }));
        self.state.connection.set(Connection::Connecting);
        self.state.thread.set(None);
        self.state.lookup.set(Lookup::Idle);
        self.state.screen.set(Screen::List);
        self.platform.emit(HostEvent::Connect(account));
        self.refresh_conversations().await;
        self.spawn_background(Self::stay_connected);
        self.spawn_background(Self::repeat_what_waits);
        self.spawn_background(Self::learn_own_name);
        if let Some(to) = self.state.to.get_untracked() {
            self.platform.spawn(Box::pin(Rc::clone(self).open(to)));
        }
    }

    async fn learn_own_name(self: Rc<Self>) {
        let (Some(directory), Some(account)) = (self.directory(), self.account()) else { return };
        // Without a name the address is shown; the connection's own state tells about the network.
        if let Ok(Some(name)) = directory.primary_name(account).await {
            self.state.account.set(Some(Person { address: account, name: Some(name.to_string()) }));
        }
    }

    /// The directory of the node's network: from a fresh description, or else from the kept one.
    async fn known_directory(&self) -> Result<Rc<Directory<P::Ports>>, NodeError> {
        let node = self.node.borrow().clone().map_err(NodeError::Attribute)?;
        match self.fresh_directory().await {
            Err(NodeError::Unreachable(error)) => {
                let kept = self.platform.kept_discovery(node.as_str());
                let discovery = kept.and_then(|text| Discovery::parse(&text).ok());
                self.adopt(discovery.ok_or(NodeError::Unreachable(error))?)
            }
            other => other,
        }
    }

    /// The directory of the node's network, from what the node says now.
    pub(super) async fn fresh_directory(&self) -> Result<Rc<Directory<P::Ports>>, NodeError> {
        if let Some(directory) = self.directory() {
            return Ok(directory);
        }
        let node = self.node.borrow().clone().map_err(NodeError::Attribute)?;
        let reply = self.platform.http().send(&Discovery::request(&node)).await?;
        let discovery = Discovery::parse(&reply.body)?;
        self.platform.keep_discovery(node.as_str(), &reply.body);
        self.adopt(discovery)
    }

    fn adopt(&self, discovery: Discovery) -> Result<Rc<Directory<P::Ports>>, NodeError> {
        let own: Option<Result<HttpUrl, _>> = self.rpc_url.borrow().as_deref().map(str::parse);
        let own = own.transpose().map_err(|error| {
            NodeError::Attribute(format!("The address in “rpc-url” can't be used: {error}."))
        })?;
        let ports = self.platform.ports(own.as_ref().unwrap_or(&discovery.rpc_url));
        let directory = Rc::new(Directory::new(ports, discovery));
        *self.directory.borrow_mut() = Some(Rc::clone(&directory));
        Ok(directory)
    }

    pub(super) async fn disconnect(self: Rc<Self>, erase: bool) {
        self.stop_background();
        let session = self.session.borrow_mut().take();
        self.platform.set_window_account(None);
        self.state.account.set(None);
        self.state.thread.set(None);
        self.state.conversations.set(None);
        self.state.connection.set(Connection::Idle);
        self.show_unread(0);
        if let Some(session) = session {
            let gone =
                if erase { session.sign_out().await } else { self.platform.store().set_account(None).await };
            if let Err(error) = gone {
                return self.storage_failed(&error);
            }
            self.platform.emit(HostEvent::Disconnect);
        }
        self.show_wallets(None);
    }
}
