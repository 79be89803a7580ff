//! What the node wants to be at stake before it takes a new account: told first, then staked.

use std::rc::Rc;

use dm3_core::delivery::Stake;
use dm3_core::session::{Askable, Registration, SignInError, StakeError, Token};

use super::apart::Apart;
use super::driver::{Driver, SignInFlow};
use super::platform::Platform;
use super::signing::{finish, show_step};
use super::state::{Busy, SignInStep};
use super::wallets::{step_failed, update_sign_in};

/// What is wanted, for [`SignInStep::Stake`].
#[derive(Clone, Debug)]
pub struct EntryStake {
    /// How much, and who could burn it.
    pub wanted: Stake,
    /// What of. `None` if the chain does not tell now.
    pub token: Option<Token>,
    /// It is staked, and the node asks for it all the same.
    pub unseen: bool,
    /// Why it was not staked.
    pub failed: Option<StakeError>,
}

/// Tells what the node wants.
pub(super) async fn tell<P: Platform>(driver: Rc<Driver<P>>, wanted: Stake) {
    let Some(flow) = driver.sign_in_flow() else { return };
    let token = match flow.directory.askable(wanted.terms.contract).await {
        Ok(Some(Askable::Deposits { token, .. })) => Some(token),
        Ok(_) | Err(_) => None,
    };
    show(&driver, EntryStake { wanted, token, unseen: false, failed: None });
}

/// Stakes it, and hands the profile over with that.
pub(super) async fn stake<P: Platform>(
    driver: &Rc<Driver<P>>,
    flow: &SignInFlow<P>,
    registration: &Registration<P::Ports>,
) {
    let mut shown = None;
    update_sign_in(driver, |sign_in| {
        if let SignInStep::Stake(stake) = &sign_in.step {
            shown = stake.shown::<EntryStake>().cloned();
            (sign_in.busy, sign_in.error) = (Some(Busy::Wallet), None);
        }
    });
    let Some(shown) = shown else { return };
    if let Err(error) = registration.stake(&flow.wallet, &shown.wanted).await {
        return show(driver, EntryStake { failed: Some(error), unseen: false, ..shown });
    }
    update_sign_in(driver, |sign_in| sign_in.busy = Some(Busy::Network));
    let signed_in = match registration.publish(&flow.wallet).await {
        Ok(signed_in) => signed_in,
        Err(SignInError::Price(_)) => {
            return show(driver, EntryStake { unseen: true, failed: None, ..shown });
        }
        Err(error) => return step_failed(driver, error),
    };
    // The list of deposits is of the account, which has to be on this device before.
    let kept = match signed_in.remember(&flow.directory).await {
        Ok(()) => registration.remember_stake().await,
        Err(error) => Err(error),
    };
    match kept {
        Ok(()) => finish(driver, signed_in).await,
        Err(error) => step_failed(driver, error),
    }
}

fn show<P: Platform>(driver: &Driver<P>, stake: EntryStake) {
    show_step(driver, SignInStep::Stake(Apart::new(stake, 1)));
}
