//! Starting, starting anew, and signing out.

use std::rc::Rc;
use std::sync::Arc;

use dm3_core::identity::Address;
use dm3_core::ports::{Clock as _, Store as _, StoreError};
use dm3_core::session::{self, remembered_account};
use futures_channel::oneshot;
use futures_util::future::select;

use super::command::BackupAsk;
use super::draft::FORM;
use super::driver::{Driver, Stage};
use super::enter::{clear, leave};
use super::fault::Fault;
use super::owner::{ask_wallets, enter_as, invite, part_with, with_keys};
use super::platform::{HostEvent, Platform, TabMessage, Who};
use super::state::{Screen, Theme};
use super::wallets::{offer_wallets, show_wallets};
use super::whose::Verdict;

/// How long all wallets together may take to say which accounts they share: milliseconds.
const WALLET_PATIENCE: u32 = 400;
/// So long other tabs may take to hear that an account was signed out: milliseconds.
const HEARING: u32 = 100;

/// Begins, or begins anew: with what the page says now.
pub(super) fn start<P: Platform>(driver: &Rc<Driver<P>>) {
    let was_here = driver.active().is_some();
    driver.begin(Stage::Outside);
    *driver.directory.borrow_mut() = None;
    clear(driver);
    let starting = Rc::clone(driver);
    driver.spawn(Box::pin(async move { find_beginning(&starting).await }));
    // Last: what the page does then may begin anew.
    if was_here {
        driver.show_unread(0);
        driver.platform.emit(HostEvent::Disconnect);
    }
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

/// The page says of a node that does not describe itself what its network is, or does so no more.
pub fn set_network<P: Platform>(driver: &Rc<Driver<P>>, network: Option<String>) {
    driver.name_network(network);
    start(driver);
}

async fn find_beginning<P: Platform>(driver: &Rc<Driver<P>>) {
    let before = driver.who().or_else(|| driver.platform.window_account());
    // Whether it is nobody's is not known yet, and the loader is told nothing until then.
    if before.is_some() {
        driver.set_who(before.clone());
    }
    let beginning = match beginning(driver, before).await {
        Ok(beginning) => beginning,
        Err(error) => return driver.fail(error),
    };
    driver.platform.emit(HostEvent::Ready);
    match beginning {
        Beginning::With(who) => enter_as(driver, who).await,
        Beginning::Without(who) => {
            driver.set_who(who);
            invite(driver).await;
        }
    }
}

/// What a start finds.
enum Beginning {
    /// Somebody whose keys are here.
    With(Who),
    /// Somebody who has to sign in; perhaps a wallet says who.
    Without(Option<Who>),
}

/// Whose keys are on this device and meant here: the account this window used `before`, unless its wallet shares
/// another one; else one that a wallet shares with the page; else the last one.
async fn beginning<P: Platform>(
    driver: &Rc<Driver<P>>,
    before: Option<Who>,
) -> Result<Beginning, StoreError> {
    hear_wallets(driver, before.as_ref()).await;
    let among = match before.map(|who| driver.book.settle(&who)) {
        Some(Verdict::Same(who)) => vec![who],
        Some(Verdict::Others(others)) => others,
        None => driver.book.chosen(),
    };
    if let Some(who) = with_keys(driver, &among).await? {
        return Ok(Beginning::With(who));
    }
    if !among.is_empty() {
        return Ok(Beginning::Without(among.into_iter().next()));
    }
    let last = remembered_account(driver.platform.store()).await?;
    let last = last.filter(|account| !driver.platform.is_signed_out(*account));
    Ok(last.map_or(Beginning::Without(None), |account| Beginning::With(Who { account, wallet: None })))
}

/// Waits until enough is known of the wallets. Those that stay silent hold up nobody for longer than the slowest of
/// them may; what they say later counts when they say it.
async fn hear_wallets<P: Platform>(driver: &Rc<Driver<P>>, before: Option<&Who>) {
    ask_wallets(driver, true);
    if let Some(enough) = driver.book.enough(before) {
        let patience = Box::pin(driver.platform.clock().sleep(WALLET_PATIENCE));
        let _ = select(enough, patience).await;
    }
}

/// The page asks for a backup while nobody is signed in, or gives one. Who is signed in is known once the start is over; a file
/// waits for them even longer.
pub(super) fn keep_backup<P: Platform>(driver: &Driver<P>, ask: Arc<BackupAsk>) {
    if let BackupAsk::Make | BackupAsk::Offer(_) = &*ask {
        // Who asks twice is given the same file.
        if let BackupAsk::Offer(_) = &*ask {
            driver.refuse_backup();
        }
        driver.backup.replace(Some(ask));
        if !is_starting(driver) {
            driver.refuse_backup();
        }
    }
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
    let before = driver.who().or_else(|| driver.platform.window_account());
    let active = driver.active();
    let was_here = active.is_some();
    // Who could not enter would otherwise do so the next time.
    let failed = driver.state.screen.with_untracked(|screen| matches!(screen, Screen::Failed(_)));
    let entering = is_starting(driver) || failed && keep == Keep::Records;
    leave(driver);
    let (done, forgotten) = oneshot::channel();
    let forgetting = Rc::clone(driver);
    driver.platform.spawn(Box::pin(async move {
        let account = match active {
            Some(at) => Ok(Some(at.address())),
            None if entering => match beginning(&forgetting, before).await {
                Ok(Beginning::With(who)) => Ok(Some(who.account)),
                Ok(Beginning::Without(_)) => Ok(None),
                Err(error) => Err(error),
            },
            None => Ok(None),
        };
        let forgotten = match account {
            Ok(Some(account)) => forget(&forgetting, account, keep).await.map(|()| Some(account)),
            other => other,
        };
        // Not before, as a page may be left as soon as it is told; and whatever became of it. Whoever entered meanwhile stays.
        let left = was_here || matches!(forgotten, Ok(Some(_)));
        if left && !forgetting.is_gone() && forgetting.active().is_none() {
            forgetting.platform.emit(HostEvent::Disconnect);
        }
        let nothing_stays_of = forgotten.clone().ok().flatten().filter(|_| keep == Keep::Nothing);
        // Whoever asked may be gone.
        let _ = done.send(forgotten);
        if let Some(account) = nothing_stays_of {
            forget_late_drafts(&forgetting, account).await;
        }
    }));
    let waiting = Rc::clone(driver);
    driver.spawn(Box::pin(async move {
        match forgotten.await {
            Ok(Err(error)) => waiting.fail(error),
            Ok(Ok(_)) | Err(oneshot::Canceled) => offer_wallets(&waiting),
        }
    }));
}

/// Signs everybody out, and leaves nothing that elements of this origin keep in this browser. `then` is told once that is so,
/// or why it could not be; that goes on to its end, even if the element goes.
pub fn reset<P: Platform>(driver: &Rc<Driver<P>>, then: Box<dyn FnOnce(Result<(), Fault>)>) {
    part_with(driver);
    let (done, erased) = oneshot::channel();
    let erasing = Rc::clone(driver);
    driver.platform.spawn(Box::pin(async move {
        let erased = erase_all(&erasing).await;
        let _ = done.send(erased.clone());
        then(erased.map_err(Fault::from));
    }));
    let waiting = Rc::clone(driver);
    driver.spawn(Box::pin(async move {
        match erased.await {
            Ok(Err(error)) => waiting.fail(error),
            Ok(Ok(())) | Err(oneshot::Canceled) => offer_wallets(&waiting),
        }
    }));
}

async fn erase_all<P: Platform>(driver: &Driver<P>) -> Result<(), StoreError> {
    let erased = forget_owners(driver).await;
    driver.platform.set_theme(Theme::Auto);
    driver.platform.set_language("");
    // The store takes nothing more of any of them. What tabs have kept beside it until they heard goes with the rest.
    driver.platform.clock().sleep(HEARING).await;
    driver.platform.forget_all();
    erased
}

async fn forget_owners<P: Platform>(driver: &Driver<P>) -> Result<(), StoreError> {
    let store = driver.platform.store();
    for owner in store.owners().await? {
        forget(driver, owner, Keep::Nothing).await?;
    }
    store.set_account(None).await
}

pub(super) async fn forget<P: Platform>(
    driver: &Driver<P>,
    account: Address,
    keep: Keep,
) -> Result<(), StoreError> {
    let store = driver.platform.store();
    match keep {
        Keep::Records => {
            driver.platform.set_signed_out(account, true);
            session::leave(store, account).await?;
        }
        Keep::Nothing => {
            forget_drafts(driver, account);
            driver.platform.set_theme(Theme::Auto);
            driver.platform.set_language("");
            session::forget(store, account).await?;
        }
    }
    driver.platform.tell_tabs(TabMessage::SignedOut(account));
    Ok(())
}

fn forget_drafts<P: Platform>(driver: &Driver<P>, account: Address) {
    driver.platform.forget_drafts(&account.to_string());
    driver.platform.forget_drafts(FORM);
}

/// What tabs have kept beside the store until they heard that nothing of the account is to stay.
pub(super) async fn forget_late_drafts<P: Platform>(driver: &Driver<P>, account: Address) {
    driver.platform.clock().sleep(HEARING).await;
    forget_drafts(driver, account);
}

/// Another tab has signed an account out. Who is just about to enter, perhaps with that one, begins anew.
pub(super) fn signed_out_elsewhere<P: Platform>(driver: &Rc<Driver<P>>, account: Address) {
    match driver.active() {
        Some(at) if at.address() == account => {
            leave(driver);
            driver.platform.emit(HostEvent::Disconnect);
            show_wallets(driver);
        }
        None if is_starting(driver) || has_noticed(driver) => start(driver),
        Some(_) | None => {}
    }
}

fn is_starting<P: Platform>(driver: &Driver<P>) -> bool {
    driver.state.screen.with_untracked(|screen| *screen == Screen::Starting)
}

/// Whether writing was refused because somebody signed out elsewhere.
fn has_noticed<P: Platform>(driver: &Driver<P>) -> bool {
    let noticed = Screen::Failed(Fault::Store(StoreError::SignedOut));
    driver.state.screen.with_untracked(|screen| *screen == noticed)
}
