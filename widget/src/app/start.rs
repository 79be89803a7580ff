//! Starting, starting anew, and signing out.

use std::rc::Rc;

use dm3_core::identity::Address;
use dm3_core::ports::{Store as _, StoreError};
use dm3_core::session::{self, remembered_account};
use futures_channel::oneshot;

use super::driver::{Driver, Stage};
use super::enter::{clear, leave, resume, seed};
use super::node::fresh_directory;
use super::platform::{HostEvent, Platform, TabMessage};
use super::state::Screen;
use super::wallets::{offer_wallets, show_wallets, step_failed};

/// Begins, or begins anew: with what the page says now.
pub(super) fn start<P: Platform>(driver: &Rc<Driver<P>>) {
    driver.begin(Stage::Outside);
    *driver.directory.borrow_mut() = None;
    clear(driver);
    let starting = Rc::clone(driver);
    driver.spawn(Box::pin(async move { find_beginning(&starting).await }));
}

/// The page names another node.
pub fn set_node<P: Platform>(driver: &Rc<Driver<P>>, node: &str) {
    driver.set_node(node);
    start(driver);
}

/// The page names another Ethereum node, or none any more.
pub fn set_rpc_url<P: Platform>(driver: &Rc<Driver<P>>, rpc_url: Option<String>) {
    *driver.rpc_url.borrow_mut() = rpc_url;
    start(driver);
}

async fn find_beginning<P: Platform>(driver: &Rc<Driver<P>>) {
    let account = match stored_account(driver, driver.platform.window_account()).await {
        Ok(account) => account,
        Err(error) => return driver.fail(error),
    };
    driver.platform.emit(HostEvent::Ready);
    match account {
        Some(account) => resume(driver, account).await,
        None => invite(driver).await,
    }
}

/// Lets somebody sign in. They learn at once if it would be in vain. The page may have begun to connect a wallet
/// meanwhile, which goes on.
async fn invite<P: Platform>(driver: &Rc<Driver<P>>) {
    offer_wallets(driver);
    if let Err(fault) = fresh_directory(driver).await {
        step_failed(driver, fault);
    }
}

/// Whose keys are on this device and meant here: the account this `window` used; else one that a wallet
/// shares with the page; else the last one. A wallet that shares other accounts only is somebody else's.
async fn stored_account<P: Platform>(
    driver: &Driver<P>,
    window: Option<Address>,
) -> Result<Option<Address>, StoreError> {
    let shared = driver.platform.shared_accounts().await;
    let here = window.filter(|a| shared.is_empty() || shared.contains(a));
    for account in here.iter().chain(&shared) {
        if seed(driver, *account).await?.is_some() {
            return Ok(Some(*account));
        }
    }
    if !shared.is_empty() {
        return Ok(None);
    }
    remembered_account(driver.platform.store()).await
}

/// What stays of an account that signs out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Keys and messages: the wallet goes on where it was.
    Records,
    /// Nothing.
    Nothing,
}

/// Signs out. What ran for the account ends at once; forgetting it goes on to its end, even if the element goes.
pub(super) fn sign_out<P: Platform>(driver: &Rc<Driver<P>>, keep: Keep) {
    let (active, window) = (driver.active(), driver.platform.window_account());
    let starting = is_starting(driver);
    leave(driver);
    let (done, forgotten) = oneshot::channel();
    let forgetting = Rc::clone(driver);
    driver.platform.spawn(Box::pin(async move {
        let account = match active {
            Some(at) => Ok(Some(at.address())),
            None if starting => stored_account(&forgetting, window).await,
            None => Ok(None),
        };
        let account = match account {
            Ok(Some(account)) => forget(&forgetting, account, keep).await.map(|()| Some(account)),
            other => other,
        };
        // Whoever asked may be gone.
        let _ = done.send(account);
    }));
    let waiting = Rc::clone(driver);
    driver.spawn(Box::pin(async move {
        match forgotten.await {
            Ok(Err(error)) => return waiting.fail(error),
            Ok(Ok(Some(_))) => drop(waiting.platform.emit(HostEvent::Disconnect)),
            Ok(Ok(None)) | Err(oneshot::Canceled) => {}
        }
        offer_wallets(&waiting);
    }));
}

async fn forget<P: Platform>(driver: &Driver<P>, account: Address, keep: Keep) -> Result<(), StoreError> {
    let store = driver.platform.store();
    match keep {
        Keep::Records => session::leave(store).await?,
        Keep::Nothing => session::forget(store, account).await?,
    }
    driver.platform.tell_tabs(TabMessage::SignedOut(account));
    Ok(())
}

/// Another tab has signed an account out. Who is just about to enter, perhaps with that one, begins anew.
pub(super) fn signed_out_elsewhere<P: Platform>(driver: &Rc<Driver<P>>, account: Address) {
    match driver.active() {
        Some(at) if at.address() == account => {
            leave(driver);
            driver.platform.emit(HostEvent::Disconnect);
            show_wallets(driver);
            let wiping = Rc::clone(driver);
            driver.platform.spawn(Box::pin(async move { wipe(&wiping, account).await }));
        }
        None if is_starting(driver) => start(driver),
        Some(_) | None => {}
    }
}

/// Erases what this tab has written of an account between its erasing elsewhere and hearing of it. Nothing of it writes
/// here any more. Where keys are, nothing was erased, or they signed in again.
async fn wipe<P: Platform>(driver: &Driver<P>, account: Address) {
    let store = driver.platform.store();
    if let Ok(None) = store.seed(account).await {
        // What can't be erased could not be written either; and nobody here is asked what to do about it.
        let _ = session::forget(store, account).await;
    }
}

fn is_starting<P: Platform>(driver: &Driver<P>) -> bool {
    driver.state.screen.with_untracked(|screen| *screen == Screen::Starting)
}
