//! Going on where the wallet alone does not lead to the account's keys: they are another app's, they were kept as a
//! recovery code, or new ones take their place; and a wallet that can't make keys gets some of its own.

use std::rc::Rc;

use dm3_core::identity::{Backup, BackupError, RecoveryCode};
use dm3_core::session::{Keys, Registration, SignInError};

use super::command::{Choice, Typed};
use super::driver::{Driver, SignInFlow};
use super::entry_stake;
use super::fault::Fault;
use super::platform::{Platform, Purpose};
use super::signing::{ask_to_publish, finish, keep, may_sign, show_step, show_ways};
use super::state::{Busy, OtherKeys, OwnKeys, ShownCode, SignInStep};
use super::steps::KeysSteps;
use super::wallets::{show_wallets, step_failed, update_sign_in};

impl<P: Platform> KeysSteps<Rc<Driver<P>>> {
    /// The steps.
    pub fn new() -> Self {
        Self {
            go_on: |driver, choice| Box::pin(go_on(driver, choice)),
            own_keys: |driver| Box::pin(own_keys(driver)),
            tell_stake: |driver, wanted| Box::pin(entry_stake::tell(driver, wanted)),
        }
    }
}

impl<P: Platform> Default for KeysSteps<Rc<Driver<P>>> {
    fn default() -> Self {
        Self::new()
    }
}

/// Takes the person's choice.
async fn go_on<P: Platform>(driver: Rc<Driver<P>>, choice: Choice) {
    let Some(flow) = driver.sign_in_flow() else { return show_wallets(&driver) };
    let registration = flow.registration.borrow().clone();
    let Some(registration) = registration else { return show_wallets(&driver) };
    match choice {
        Choice::Explain(way) => {
            flow.nonce.take();
            let shown = change_ways(&driver, |ways| (ways.way, ways.tried) = (way, false));
            if !shown {
                show_ways(&driver, &registration, true, false);
            }
        }
        Choice::Nonce(typed) => match typed.trim().parse() {
            Ok(nonce) => {
                *flow.nonce.borrow_mut() = nonce;
                let text = flow.steps().key_message();
                show_step(&driver, SignInStep::CreateKeys { text, other_app: true });
            }
            Err(error) => step_failed(&driver, Fault::Nonce(error)),
        },
        Choice::Recover(typed) => recover(&driver, &flow, &typed).await,
        Choice::Replace => replace(&driver, &flow, &registration).await,
        Choice::Stake => entry_stake::stake(&driver, &flow, &registration).await,
        Choice::CodeKept => {
            show_step(&driver, SignInStep::PublishProfile { text: registration.message() });
        }
    }
}

/// Makes keys for an account whose signatures lead to none, unless it has published some before.
async fn own_keys<P: Platform>(driver: Rc<Driver<P>>) {
    let Some(flow) = driver.sign_in_flow() else { return show_wallets(&driver) };
    let (driver, flow) = (&driver, &*flow);
    match flow.steps().random_keys().await {
        Ok(Keys::Known(signed_in)) => finish(driver, signed_in).await,
        Ok(Keys::New(registration)) => show_code(driver, &keep(flow, registration), OwnKeys::Contract),
        Ok(Keys::OtherNonce(registration)) => show_ways(driver, &keep(flow, registration), true, false),
        Ok(Keys::Unusable(registration)) => show_ways(driver, &keep(flow, registration), false, false),
        Err(error) => step_failed(driver, error),
    }
}

/// The keys are lost, or not wanted any more. Who signs differently the second time can't have keys from signatures.
async fn replace<P: Platform>(
    driver: &Rc<Driver<P>>,
    flow: &SignInFlow<P>,
    registration: &Registration<P::Ports>,
) {
    let Some(text) = registration.key_message() else {
        return show_code(driver, registration, OwnKeys::Contract);
    };
    if !may_sign(driver, Purpose::Keys, text.to_owned()) {
        return;
    }
    match registration.wallet_signs_alike(&flow.wallet).await {
        Ok(true) => show_step(driver, SignInStep::PublishProfile { text: registration.message() }),
        Ok(false) => match flow.steps().random_keys().await {
            Ok(Keys::Known(signed_in)) => finish(driver, signed_in).await,
            Ok(Keys::New(own) | Keys::OtherNonce(own) | Keys::Unusable(own)) => {
                show_code(driver, &keep(flow, own), OwnKeys::Unsteady);
            }
            Err(error) => step_failed(driver, error),
        },
        Err(error) => step_failed(driver, error),
    }
}

async fn recover<P: Platform>(driver: &Rc<Driver<P>>, flow: &SignInFlow<P>, typed: &Typed) {
    let (backup, code) = match read(typed.reveal()) {
        Ok(read) => read,
        Err(error) => return step_failed(driver, SignInError::Backup(error)),
    };
    update_sign_in(driver, |sign_in| {
        sign_in.busy = Some(Busy::Network);
        sign_in.error = None;
    });
    let steps = flow.steps();
    let keys = match &backup {
        Some(backup) => steps.restore_keys(backup, &code).await,
        None => steps.recover_keys(&code).await,
    };
    match keys {
        Ok(Keys::Known(signed_in)) => finish(driver, signed_in).await,
        Ok(Keys::OtherNonce(_)) => {
            change_ways(driver, |ways| ways.tried = true);
        }
        Ok(Keys::New(registration) | Keys::Unusable(registration)) => {
            ask_to_publish(driver, flow, registration);
        }
        Err(error) => step_failed(driver, error),
    }
}

/// A recovery code, and the text of a backup file if it stands beside it, in any order.
fn read(typed: &str) -> Result<(Option<Backup>, RecoveryCode), BackupError> {
    let mut backup = None;
    let mut code = zeroize::Zeroizing::new(String::with_capacity(typed.len()));
    for word in typed.split_whitespace() {
        match word.parse() {
            Ok(read) => backup = Some(read),
            // No code is that long; a file that can't be read says why.
            Err(error) if word.starts_with("dm3-backup:") => return Err(error),
            Err(_) => code.push_str(word),
        }
    }
    Ok((backup, code.parse()?))
}

fn show_code<P: Platform>(driver: &Driver<P>, registration: &Registration<P::Ports>, why: OwnKeys) {
    match registration.recovery_code() {
        Some(code) => show_step(driver, SignInStep::KeepCode { code: ShownCode::new(code), why }),
        None => show_wallets(driver),
    }
}

/// Changes what stands there to choose; false if something else stands there.
fn change_ways<P: Platform>(driver: &Driver<P>, change: impl FnOnce(&mut OtherKeys)) -> bool {
    let mut changed = false;
    update_sign_in(driver, |sign_in| {
        if let SignInStep::OtherKeys(ways) = &mut sign_in.step {
            change(ways);
            changed = true;
            sign_in.busy = None;
            sign_in.error = None;
        }
    });
    changed
}
