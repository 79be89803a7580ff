//! Signing in, step by step. Every step can be tried again or left.

use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::identity::Address;
use dm3_core::ports::WalletError;
use dm3_core::session::{Keys, Registration, Session, SignIn, SignInError, SignedIn};

use super::driver::{Driver, SignInFlow, Stage};
use super::enter::{enter, leave, resume, seed};
use super::fault::Fault;
use super::node::fresh_directory;
use super::platform::{HostEvent, PageWallet as _, Platform, Purpose, Who};
use super::state::{Busy, SignInStep};
use super::steps::SignInSteps;
use super::wallets::{show_wallets, step_failed, update_sign_in};

impl<P: Platform> SignInSteps<P> {
    /// The steps.
    pub fn new() -> Self {
        Self {
            connect: |driver, wallet| Box::pin(connect(driver, wallet)),
            create_keys: |driver| Box::pin(create_keys(driver)),
            publish_profile: |driver| Box::pin(publish_profile(driver)),
        }
    }
}

impl<P: Platform> Default for SignInSteps<P> {
    fn default() -> Self {
        Self::new()
    }
}

/// Asks a wallet for its account. Keys that are still here from an earlier visit need no signature.
async fn connect<P: Platform>(driver: Rc<Driver<P>>, id: String) {
    let Some(wallet) = driver.platform.wallet(&id) else {
        show_wallets(&driver);
        return update_sign_in(&driver, |sign_in| sign_in.error = Some(Fault::WalletGone));
    };
    let name = wallet.name();
    update_sign_in(&driver, |sign_in| {
        sign_in.wallet = Some(name);
        sign_in.error = None;
        sign_in.busy = Some(Busy::Wallet);
    });
    let account = match wallet.connect().await {
        Ok(accounts) => accounts.first().copied(),
        Err(error) => return step_failed(&driver, SignInError::Wallet(error)),
    };
    let Some(account) = account else {
        return step_failed(&driver, SignInError::Wallet(WalletError::Disconnected));
    };
    update_sign_in(&driver, |sign_in| sign_in.busy = Some(Busy::Network));
    let who = Who { account, wallet: Some(id) };
    match seed(&driver, account).await {
        Ok(Some(_)) => {
            // From here on the wallet may choose another account.
            driver.set_who(Some(who));
            return resume(&driver, account).await;
        }
        Ok(None) => {}
        Err(error) => return step_failed(&driver, error),
    }
    // Somebody else may have been signed in. Leaving them ends this task, so the next step is one of its own.
    if driver.active().is_some() {
        leave(&driver);
        driver.platform.emit(HostEvent::Disconnect);
        show_wallets(&driver);
    }
    driver.set_who(Some(who));
    driver.spawn(Box::pin(prepare(Rc::clone(&driver), wallet, account)));
}

async fn prepare<P: Platform>(driver: Rc<Driver<P>>, wallet: P::Wallet, account: Address) {
    match fresh_directory(&driver).await {
        Ok(directory) => {
            let (name, steps) = (wallet.name(), SignIn::new(directory, account));
            let text = steps.key_message();
            let flow = SignInFlow { wallet, steps, registration: RefCell::default() };
            driver.go_on(Stage::SigningIn(Rc::new(flow)));
            show_step(&driver, SignInStep::CreateKeys { text }, Some((name, account)));
        }
        Err(fault) => step_failed(&driver, fault),
    }
}

/// Lets the wallet sign the text from which the keys follow.
async fn create_keys<P: Platform>(driver: Rc<Driver<P>>) {
    let Some(flow) = driver.sign_in_flow() else { return show_wallets(&driver) };
    if !may_sign(&driver, Purpose::Keys, flow.steps.key_message()) {
        return;
    }
    match flow.steps.create_keys(&flow.wallet).await {
        Ok(Keys::Known(signed_in)) => finish(&driver, signed_in).await,
        Ok(Keys::New(registration)) => {
            let text = registration.message();
            keep(&flow, registration);
            show_step(&driver, SignInStep::PublishProfile { text }, None);
        }
        Ok(Keys::OtherNonce(registration) | Keys::Unusable(registration)) => {
            let text = registration.message();
            keep(&flow, registration);
            show_step(&driver, SignInStep::OtherKeys { text }, None);
        }
        Err(error) => step_failed(&driver, error),
    }
}

/// Lets the wallet sign the profile, and publishes it.
async fn publish_profile<P: Platform>(driver: Rc<Driver<P>>) {
    let Some(flow) = driver.sign_in_flow() else { return show_wallets(&driver) };
    let registration = flow.registration.borrow().clone();
    let Some(registration) = registration else { return show_wallets(&driver) };
    if !may_sign(&driver, Purpose::Profile, registration.message()) {
        return;
    }
    match registration.publish(&flow.wallet).await {
        Ok(signed_in) => finish(&driver, signed_in).await,
        Err(error) => step_failed(&driver, error),
    }
}

async fn finish<P: Platform>(driver: &Rc<Driver<P>>, signed_in: SignedIn) {
    show_step(driver, SignInStep::Finishing, None);
    let directory = driver.directory.borrow().clone();
    let Some(directory) = directory else { return show_wallets(driver) };
    if let Err(error) = signed_in.remember(&directory).await {
        return step_failed(driver, error);
    }
    enter(driver, Session::resume(directory, signed_in.account, &signed_in.seed));
}

/// Tells the page what is about to be signed, and marks the wallet as asked.
fn may_sign<P: Platform>(driver: &Driver<P>, purpose: Purpose, text: String) -> bool {
    let allowed = driver.platform.emit(HostEvent::BeforeSign { purpose, text });
    update_sign_in(driver, |sign_in| {
        sign_in.busy = allowed.then_some(Busy::Wallet);
        sign_in.error = (!allowed).then_some(Fault::SigningForbidden);
    });
    allowed
}

fn keep<P: Platform>(flow: &SignInFlow<P>, registration: Registration<P::Ports>) {
    *flow.registration.borrow_mut() = Some(Rc::new(registration));
}

fn show_step<P: Platform>(driver: &Driver<P>, step: SignInStep, who: Option<(String, Address)>) {
    update_sign_in(driver, |sign_in| {
        sign_in.step = step;
        sign_in.busy = None;
        sign_in.error = None;
        if let Some((wallet, account)) = who {
            sign_in.wallet = Some(wallet);
            sign_in.account = Some(account);
        }
    });
}
