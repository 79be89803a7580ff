//! The screen on which somebody signs in: it begins with the wallets of the page.

use super::driver::{Driver, Stage};
use super::fault::Fault;
use super::platform::Platform;
use super::state::{Screen, SignIn, SignInStep};

/// Back to the wallets of the page. Whatever was begun with one of them ends.
pub(super) fn show_wallets<P: Platform>(driver: &Driver<P>) {
    driver.begin(Stage::Outside);
    offer_wallets(driver);
}

/// Shows the wallets of the page.
pub(super) fn offer_wallets<P: Platform>(driver: &Driver<P>) {
    driver.state.screen.set(Screen::SignIn(SignIn {
        step: SignInStep::Connect { wallets: driver.platform.wallets() },
        busy: None,
        error: None,
        wallet: None,
        account: None,
    }));
    driver.refuse_backup();
}

/// Offers the wallets that there are now.
pub(super) fn refresh_choice<P: Platform>(driver: &Driver<P>) {
    let found = driver.platform.wallets();
    update_sign_in(driver, |sign_in| {
        if let SignInStep::Connect { wallets } = &mut sign_in.step {
            *wallets = found;
        }
    });
}

/// Says on the screen why a step did not succeed.
pub(super) fn step_failed<P: Platform>(driver: &Driver<P>, fault: impl Into<Fault>) {
    let fault = fault.into();
    driver.tell_fault(&fault);
    update_sign_in(driver, |sign_in| {
        sign_in.busy = None;
        sign_in.error = Some(fault);
    });
}

pub(super) fn update_sign_in<P: Platform>(driver: &Driver<P>, change: impl FnOnce(&mut SignIn)) {
    driver.state.screen.update(|screen| {
        if let Screen::SignIn(sign_in) = screen {
            change(sign_in);
        }
    });
}
