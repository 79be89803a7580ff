//! A wallet of somebody who can choose another account, lock it, and take back what the page may see.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use dm3_core::identity::Address;
use dm3_core::ports::{Clock as _, SendingWallet, TransactionError, Wallet, WalletError};
use dm3_core::registry::{TransactionHash, TransactionRequest, TypedData};
use dm3_core::testing::{FakeClock, TestWallet};
use dm3_widget::app::Command;
use dm3_widget::app::platform::PageWallet;
use futures_channel::mpsc::UnboundedSender;

/// A wallet in a browser. It asks its owner only to connect and to sign.
pub struct PersonsWallet {
    /// What it is called by.
    pub id: &'static str,
    /// Whether its owner answers; until then it waits for them.
    pub owner_answers: Rc<Cell<bool>>,
    /// Whether it answers what it asks nobody for.
    pub answers: Cell<bool>,
    /// The page may see its accounts; it says so only if it knows the question.
    permitted: Cell<Option<bool>>,
    keys: RefCell<Vec<Rc<TestWallet>>>,
    shared: RefCell<Vec<Address>>,
    connections: Cell<usize>,
    listening: RefCell<Vec<UnboundedSender<Command>>>,
}

/// A wallet as one page holds it.
pub struct PatientWallet {
    pub wallet: Rc<PersonsWallet>,
    pub clock: FakeClock,
}

impl PersonsWallet {
    /// The wallet of these, who have not connected it to any page.
    pub fn new(id: &'static str, keys: &[Rc<TestWallet>]) -> Rc<Self> {
        Rc::new(Self {
            id,
            owner_answers: Rc::new(Cell::new(true)),
            answers: Cell::new(true),
            permitted: Cell::new(None),
            keys: RefCell::new(keys.to_vec()),
            shared: RefCell::default(),
            connections: Cell::default(),
            listening: RefCell::default(),
        })
    }

    /// Gets the accounts of another wallet as well.
    pub fn import(&self, other: &Self) {
        self.keys.borrow_mut().extend(other.keys.borrow().iter().cloned());
    }

    /// Its first account.
    pub fn key(&self) -> Rc<TestWallet> {
        Rc::clone(&self.keys.borrow()[0])
    }

    /// A page listens to what it tells.
    pub fn listen(&self, page: UnboundedSender<Command>) {
        self.listening.borrow_mut().push(page);
    }

    /// Its owner chooses an account that the page may see.
    pub fn choose(&self, account: Address) {
        self.share(vec![account]);
    }

    /// It shares these from now on, and tells so.
    pub fn share(&self, accounts: Vec<Address>) {
        self.shared.replace(accounts.clone());
        for page in self.listening.borrow().iter() {
            let command = Command::AccountsChanged { wallet: self.id.into(), accounts: accounts.clone() };
            // A page that was closed does not listen.
            let _ = page.unbounded_send(command);
        }
    }

    /// It is locked: it shares nothing, but the page may see its accounts later.
    pub fn lock(&self) {
        self.permitted.set(Some(true));
        self.share(Vec::new());
    }

    /// Its owner takes back what the page may see.
    pub fn disconnect(&self) {
        self.permitted.set(Some(false));
        self.share(Vec::new());
    }

    /// Whatever it is asked for fails like this from now on.
    pub fn fail(&self, failure: Option<WalletError>) {
        self.keys.borrow().iter().for_each(|key| key.set_failure(failure.clone()));
    }

    /// How often its owner was asked for anything.
    pub fn prompts(&self) -> usize {
        self.connections.get() + self.keys.borrow().iter().map(|key| key.prompts().len()).sum::<usize>()
    }
}

impl PatientWallet {
    async fn until(&self, answers: impl Fn() -> bool) {
        while !answers() {
            self.clock.sleep(1).await;
        }
    }

    async fn owner(&self) {
        self.until(|| self.wallet.owner_answers.get()).await;
    }
}

impl Wallet for PatientWallet {
    async fn sign_text(&self, account: Address, text: &str) -> Result<String, WalletError> {
        self.key_of(account).await?.sign_text(account, text).await
    }
}

impl PatientWallet {
    /// The key of an account that the page may see, once the owner answers.
    async fn key_of(&self, account: Address) -> Result<Rc<TestWallet>, WalletError> {
        self.owner().await;
        let shared = self.wallet.shared.borrow().contains(&account);
        let key = self.wallet.keys.borrow().iter().find(|key| key.address() == account).cloned();
        key.filter(|_| shared).ok_or(WalletError::Disconnected)
    }
}

impl SendingWallet for PatientWallet {
    async fn sign_typed(&self, account: Address, typed: &TypedData) -> Result<String, TransactionError> {
        self.key_of(account).await?.sign_typed(account, typed).await
    }

    async fn send(
        &self,
        account: Address,
        chain: u64,
        transaction: &TransactionRequest,
    ) -> Result<TransactionHash, TransactionError> {
        self.key_of(account).await?.send(account, chain, transaction).await
    }
}

impl PageWallet for PatientWallet {
    fn name(&self) -> String {
        "Test wallet".into()
    }

    async fn connect(&self) -> Result<Vec<Address>, WalletError> {
        self.wallet.connections.set(self.wallet.connections.get() + 1);
        self.owner().await;
        if self.wallet.shared.borrow().is_empty() {
            let first = self.wallet.keys.borrow().first().map(|key| key.address());
            self.wallet.share(first.into_iter().collect());
        }
        Ok(self.wallet.shared.borrow().clone())
    }

    async fn accounts(&self) -> Result<Vec<Address>, WalletError> {
        self.until(|| self.wallet.answers.get()).await;
        Ok(self.wallet.shared.borrow().clone())
    }

    async fn is_locked(&self) -> bool {
        self.wallet.permitted.get() == Some(true)
    }
}
