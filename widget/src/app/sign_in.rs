//! Signing in, step by step. Every step can be tried again or left.
//!
//! ```text
//! wallet ─▶ CreateKeys ─sign─▶ published? ── these keys ──────────────────────────▶ Finishing
//!    │                             │ none ─────────────────▶ PublishProfile ─sign─▶ Finishing
//!    │ a contract                  │ others ─▶ OtherKeys ─────────▲
//!    └────────────▶ KeepCode ──────────────────── kept ───────────┘      (`go_on`)
//! ```

use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::delivery::Price;
use dm3_core::identity::{Address, KeyNonce};
use dm3_core::ports::WalletError;
use dm3_core::session::{Keys, SignInError};

use super::driver::{Driver, SignInFlow, Stage};
use super::enter::{leave, resume, seed};
use super::fault::Fault;
use super::node::fresh_directory;
use super::platform::{HostEvent, PageWallet as _, Platform, Purpose, Who};
use super::signing::{ask_to_publish, finish, keep, may_sign, show_step, show_ways};
use super::state::{Busy, SignInStep};
use super::steps::SignInSteps;
use super::wallets::{show_wallets, step_failed, update_sign_in};

impl<P: Platform> SignInSteps<Rc<Driver<P>>> {
    /// The steps.
    pub fn new() -> Self {
        Self {
            connect: |driver, wallet| Box::pin(connect(driver, wallet)),
            create_keys: |driver| Box::pin(create_keys(driver)),
            publish_profile: |driver| Box::pin(publish_profile(driver)),
        }
    }
}

impl<P: Platform> Default for SignInSteps<Rc<Driver<P>>> {
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
    let who = Who { account, wallet: Some(id) };
    // Whoever is here already goes on with what they do.
    if driver.active().is_some_and(|at| at.address() == account) {
        return driver.set_who(Some(who));
    }
    update_sign_in(&driver, |sign_in| sign_in.busy = Some(Busy::Network));
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
    let directory = match fresh_directory(&driver).await {
        Ok(directory) => directory,
        Err(fault) => return step_failed(&driver, fault),
    };
    let name = wallet.name();
    let (nonce, registration) = (RefCell::default(), RefCell::default());
    let flow = Rc::new(SignInFlow { wallet, directory, account, nonce, registration });
    // Where the chain doesn't say, the signature will.
    let contract = flow.steps().is_contract().await.unwrap_or(false);
    driver.go_on(Stage::SigningIn(Rc::clone(&flow)));
    update_sign_in(&driver, |sign_in| {
        sign_in.wallet = Some(name);
        sign_in.account = Some(account);
    });
    if contract {
        own_keys(driver).await;
    } else {
        show_step(&driver, SignInStep::CreateKeys { text: flow.steps().key_message(), other_app: false });
    }
}

/// Lets the wallet sign the text from which the keys follow.
async fn create_keys<P: Platform>(driver: Rc<Driver<P>>) {
    let Some(flow) = driver.sign_in_flow() else { return show_wallets(&driver) };
    let steps = flow.steps();
    if !may_sign(&driver, Purpose::Keys, steps.key_message()) {
        return;
    }
    let other_app = *flow.nonce.borrow() != KeyNonce::default();
    match steps.create_keys(&flow.wallet).await {
        Ok(Keys::Known(signed_in)) => finish(&driver, signed_in).await,
        Ok(Keys::New(registration)) => ask_to_publish(&driver, &flow, registration),
        // Whoever wants the keys of another app wants those or none.
        Ok(Keys::OtherNonce(_)) if other_app => {
            flow.nonce.take();
            let first = flow.registration.borrow().clone();
            if let Some(first) = first {
                show_ways(&driver, &first, true, true);
            }
        }
        Ok(Keys::Unusable(registration)) if other_app => ask_to_publish(&driver, &flow, registration),
        Ok(Keys::OtherNonce(registration)) => show_ways(&driver, &keep(&flow, registration), true, false),
        Ok(Keys::Unusable(registration)) => show_ways(&driver, &keep(&flow, registration), false, false),
        Err(SignInError::SmartAccount) => own_keys(driver).await,
        Err(error) => step_failed(&driver, error),
    }
}

/// The wallet can't make keys.
async fn own_keys<P: Platform>(driver: Rc<Driver<P>>) {
    match (driver.later.keys)().await {
        Ok(steps) => (steps.own_keys)(driver).await,
        Err(missing) => step_failed(&driver, Fault::Part(missing)),
    }
}

/// Lets the wallet sign the profile, and publishes it. Who tries again to publish what was signed is not asked again.
async fn publish_profile<P: Platform>(driver: Rc<Driver<P>>) {
    let Some(flow) = driver.sign_in_flow() else { return show_wallets(&driver) };
    let registration = flow.registration.borrow().clone();
    let Some(registration) = registration else { return show_wallets(&driver) };
    if registration.is_signed() {
        update_sign_in(&driver, |sign_in| {
            sign_in.busy = Some(Busy::Network);
            sign_in.error = None;
        });
    } else if !may_sign(&driver, Purpose::Profile, registration.message()) {
        return;
    }
    match registration.publish(&flow.wallet).await {
        Ok(signed_in) => finish(&driver, signed_in).await,
        Err(SignInError::Price(Price::Deposit(wanted))) => match (driver.later.keys)().await {
            Ok(steps) => (steps.tell_stake)(driver, *wanted).await,
            Err(missing) => step_failed(&driver, Fault::Part(missing)),
        },
        Err(error) => {
            // Another text may have to be signed now.
            show_step(&driver, SignInStep::PublishProfile { text: registration.message() });
            step_failed(&driver, error);
        }
    }
}
