//! Whose the element is follows what the wallets of the page share: a start, and every change of theirs.
//!
//! ```text
//! accounts_changed ──┐                       Same    ▶ nothing changes
//! ask_wallets ───────┼─▶ book ─▶ reconsider  Others  ▶ the account leaves the screen; then: keys here? inbox, or sign-in
//! (start, visible) ──┘                       nobody there yet ▶ whoever is shared and has keys here enters
//! ```

use std::rc::Rc;

use dm3_core::identity::Address;
use dm3_core::ports::StoreError;
use dm3_core::session;

use super::driver::Driver;
use super::enter::{clear, leave, resume, seed};
use super::fault::Fault;
use super::node::fresh_directory;
use super::platform::{HostEvent, PageWallet as _, Platform, Who};
use super::state::{Busy, Screen, SignIn, SignInStep};
use super::wallets::{offer_wallets, refresh_choice, show_wallets, step_failed};
use super::whose::Verdict;

/// Asks the wallets of the page, all at once, which accounts they share; those that spoke already only if `anew`. Opens
/// no window. What they answer is taken in when it comes, however late.
pub(super) fn ask_wallets<P: Platform>(driver: &Rc<Driver<P>>, anew: bool) {
    let present: Vec<_> = driver.platform.wallets().into_iter().map(|wallet| wallet.id).collect();
    driver.book.set_present(&present);
    for (id, told) in driver.book.questions(anew) {
        let Some(wallet) = driver.platform.wallet(&id) else { continue };
        // A wallet that never answers must not hold the element.
        let asking = Rc::downgrade(driver);
        driver.platform.spawn(Box::pin(async move {
            let accounts = wallet.accounts().await.ok();
            let Some(driver) = asking.upgrade().filter(|driver| !driver.is_gone()) else { return };
            let now_none = accounts.as_ref().is_some_and(Vec::is_empty);
            let Some(before) = driver.book.answered(&id, told, accounts) else { return };
            if now_none && shares_no_more(&driver, &id, before.as_deref()) {
                look_why(&driver, id, told);
            } else {
                reconsider(&driver);
            }
        }));
    }
}

/// A wallet told by itself what it shares now.
pub(super) fn accounts_changed<P: Platform>(driver: &Rc<Driver<P>>, id: &str, accounts: Vec<Address>) {
    let now_none = accounts.is_empty();
    let Some((before, told)) = driver.book.told(id, accounts) else { return };
    if now_none && shares_no_more(driver, id, before.as_deref()) {
        look_why(driver, id.to_owned(), told);
    } else {
        reconsider(driver);
    }
}

/// There are other wallets in the page than before.
pub(super) fn wallets_changed<P: Platform>(driver: &Rc<Driver<P>>) {
    refresh_choice(driver);
    end_what_waits(driver);
    ask_wallets(driver, false);
    // The wallet of the account may have gone, and what the others share count now.
    reconsider(driver);
}

/// A wallet that went while its owner was asked never answers: what was begun with it ends.
fn end_what_waits<P: Platform>(driver: &Rc<Driver<P>>) {
    let there = driver.platform.wallets();
    let waits = driver.state.screen.with_untracked(|screen| match screen {
        Screen::SignIn(SignIn { wallet: Some(asked), busy: Some(Busy::Wallet), .. }) => {
            there.iter().all(|wallet| wallet.name != *asked)
        }
        _ => false,
    });
    if waits {
        show_wallets(driver);
        step_failed(driver, Fault::WalletGone);
    }
}

/// Something else is behind the page's provider now.
pub(super) fn provider_changed<P: Platform>(driver: &Rc<Driver<P>>) {
    driver.book.forget();
    wallets_changed(driver);
}

/// Whether the account's own wallet shared it, and now shares nothing.
fn shares_no_more<P: Platform>(driver: &Driver<P>, id: &str, before: Option<&[Address]>) -> bool {
    let own = driver.who().is_some_and(|who| who.wallet.as_deref() == Some(id));
    own && before.is_some_and(|before| !before.is_empty())
}

/// The account's wallet shares nothing any more. If it is only locked, nothing changes: the chat needs no wallet. If the
/// page may not see the account any more, or if that can't be known, the account leaves.
fn look_why<P: Platform>(driver: &Rc<Driver<P>>, id: String, told: u32) {
    let Some(wallet) = driver.platform.wallet(&id) else { return };
    let asking = Rc::downgrade(driver);
    driver.platform.spawn(Box::pin(async move {
        let locked = wallet.is_locked().await;
        let Some(driver) = asking.upgrade().filter(|driver| !driver.is_gone()) else { return };
        // The wallet may have told something else meanwhile, or another account may be here.
        let still = driver.who().is_some_and(|who| who.wallet.as_ref() == Some(&id));
        if !locked && still && driver.book.is_current(&id, told) {
            go(&driver);
        }
    }));
}

/// The account is not shared with the page any more: it leaves the screen, and comes back when it is.
fn go<P: Platform>(driver: &Rc<Driver<P>>) {
    let account = driver.who().map(|who| who.account);
    part_with(driver);
    offer_wallets(driver);
    let Some(account) = account else { return };
    let forgetting = Rc::clone(driver);
    // Also later windows shall not begin with it. If that fails they do, and nothing is lost.
    driver.platform.spawn(Box::pin(async move {
        let _ = session::leave(forgetting.platform.store(), account).await;
    }));
}

/// Whoever was here is not any more; what was begun with their wallet ends.
pub(super) fn part_with<P: Platform>(driver: &Rc<Driver<P>>) {
    let was_here = driver.active().is_some();
    leave(driver);
    if was_here {
        driver.platform.emit(HostEvent::Disconnect);
    }
}

/// Looks whether the account is still the one that is meant.
fn reconsider<P: Platform>(driver: &Rc<Driver<P>>) {
    if driver.book.tell_starting() || is_connecting(driver) {
        return;
    }
    match driver.who().map(|who| (driver.book.settle(&who), who)) {
        Some((Verdict::Same(same), who)) => {
            if same != who {
                driver.set_who(Some(same.clone()));
            }
            enter_if_keys_came(driver, vec![same]);
        }
        Some((Verdict::Others(others), _)) => {
            part_with(driver);
            // Whatever the wallet says next is compared with this.
            driver.set_who(others.first().cloned());
            let going_on = Rc::clone(driver);
            driver.spawn(Box::pin(async move { go_on_as(&going_on, others).await }));
        }
        None => enter_if_keys_came(driver, driver.book.chosen()),
    }
}

/// Where nobody is and nothing was begun, one of these enters if their keys are here: a wallet shares them now, or they
/// signed in in another tab.
fn enter_if_keys_came<P: Platform>(driver: &Rc<Driver<P>>, among: Vec<Who>) {
    if !is_choosing(driver) {
        return;
    }
    let entering = Rc::clone(driver);
    driver.spawn(Box::pin(async move {
        match with_keys(&entering, &among).await {
            Ok(Some(who)) if is_choosing(&entering) => enter_as(&entering, who).await,
            Ok(_) => {}
            Err(error) => entering.fail(error),
        }
    }));
}

/// Enters as the first of these whose keys are here; else it is to be signed in as the first.
pub(super) async fn go_on_as<P: Platform>(driver: &Rc<Driver<P>>, others: Vec<Who>) {
    match with_keys(driver, &others).await {
        Ok(Some(who)) => enter_as(driver, who).await,
        Ok(None) => {
            driver.set_who(others.into_iter().next());
            invite(driver).await;
        }
        Err(error) => driver.fail(error),
    }
}

/// Goes on as somebody whose keys are here. Windows that are opened later begin with them, too.
pub(super) async fn enter_as<P: Platform>(driver: &Rc<Driver<P>>, who: Who) {
    let account = who.account;
    driver.set_who(Some(who));
    clear(driver);
    // Who can't be remembered can still be shown.
    let _ = session::remember_account(driver.platform.store(), account).await;
    resume(driver, account).await;
}

/// The first of these whose keys are on this device, and who did not sign out here.
pub(super) async fn with_keys<P: Platform>(
    driver: &Driver<P>,
    among: &[Who],
) -> Result<Option<Who>, StoreError> {
    for who in among {
        if !driver.platform.is_signed_out(who.account) && seed(driver, who.account).await?.is_some() {
            return Ok(Some(who.clone()));
        }
    }
    Ok(None)
}

/// Lets somebody sign in. They learn at once if it would be in vain. The page may have begun to connect a wallet
/// meanwhile, which goes on.
pub(super) async fn invite<P: Platform>(driver: &Rc<Driver<P>>) {
    offer_wallets(driver);
    if let Err(fault) = fresh_directory(driver).await {
        step_failed(driver, fault);
    }
}

/// Somebody answers a wallet's question which account the page may see: the answer decides.
fn is_connecting<P: Platform>(driver: &Driver<P>) -> bool {
    at_the_wallets(driver).is_some_and(|busy| busy == Some(Busy::Wallet))
}

/// Nobody is here, and nothing was begun.
fn is_choosing<P: Platform>(driver: &Driver<P>) -> bool {
    at_the_wallets(driver).is_some_and(|busy| busy.is_none())
}

/// What is being waited for at the first step of signing in, if that is where somebody is.
fn at_the_wallets<P: Platform>(driver: &Driver<P>) -> Option<Option<Busy>> {
    driver.state.screen.with_untracked(|screen| match screen {
        Screen::SignIn(SignIn { step: SignInStep::Connect { .. }, busy, .. }) => Some(*busy),
        _ => None,
    })
}
