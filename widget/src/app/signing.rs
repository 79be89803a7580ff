//! What the steps of signing in share: what they lead to, and how it is shown.

use std::rc::Rc;

use dm3_core::session::{Registration, Session, SignedIn};

use super::driver::{Driver, SignInFlow};
use super::enter::enter;
use super::fault::Fault;
use super::platform::{HostEvent, Platform, Purpose};
use super::state::{Busy, OtherKeys, SignInStep};
use super::wallets::{show_wallets, step_failed, update_sign_in};

/// The keys are the account's: it enters.
pub(super) async fn finish<P: Platform>(driver: &Rc<Driver<P>>, signed_in: SignedIn) {
    show_step(driver, SignInStep::Finishing);
    let directory = driver.directory.borrow().clone();
    let Some(directory) = directory else { return show_wallets(driver) };
    if let Err(error) = signed_in.remember(&directory).await {
        return step_failed(driver, error);
    }
    enter(driver, Session::resume(directory, signed_in.account, &signed_in.seed));
}

/// Tells the page what is about to be signed, and marks the wallet as asked.
pub(super) fn may_sign<P: Platform>(driver: &Driver<P>, purpose: Purpose, text: String) -> bool {
    let allowed = driver.platform.emit(HostEvent::BeforeSign { purpose, text });
    update_sign_in(driver, |sign_in| {
        sign_in.busy = allowed.then_some(Busy::Wallet);
        sign_in.error = (!allowed).then_some(Fault::SigningForbidden);
    });
    allowed
}

/// Notes keys that would be published.
pub(super) fn keep<P: Platform>(
    flow: &SignInFlow<P>,
    registration: Registration<P::Ports>,
) -> Rc<Registration<P::Ports>> {
    let registration = Rc::new(registration);
    *flow.registration.borrow_mut() = Some(Rc::clone(&registration));
    registration
}

/// Keys are there; the profile is to be signed.
pub(super) fn ask_to_publish<P: Platform>(
    driver: &Driver<P>,
    flow: &SignInFlow<P>,
    registration: Registration<P::Ports>,
) {
    let text = keep(flow, registration).message();
    show_step(driver, SignInStep::PublishProfile { text });
}

/// Other keys are published than the ones at hand.
pub(super) fn show_ways<P: Platform>(
    driver: &Driver<P>,
    registration: &Registration<P::Ports>,
    usable: bool,
    tried: bool,
) {
    let text = registration.key_message().map(str::to_owned);
    let derived = text.is_some();
    show_step(driver, SignInStep::OtherKeys(OtherKeys { usable, derived, tried, way: None, text }));
}

pub(super) fn show_step<P: Platform>(driver: &Driver<P>, step: SignInStep) {
    update_sign_in(driver, |sign_in| {
        sign_in.step = step;
        sign_in.busy = None;
        sign_in.error = None;
    });
}
