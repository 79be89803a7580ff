//! Leads each command to its use case. Above all others.

use std::rc::Rc;

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt as _;

use super::command::Command;
use super::driver::{Driver, Stage};
use super::fault::Fault;
use super::owner::{accounts_changed, ask_wallets, provider_changed, wallets_changed};
use super::platform::{Platform, TabMessage, Task};
use super::start::{Keep, keep_backup, sign_out, signed_out_elsewhere, start};
use super::state::Screen;
use super::steps::Load;
use super::wallets::{show_wallets, step_failed};

/// Starts, then carries out commands until the last handle is gone. Each command runs beside the others: a
/// wallet that waits for its owner must not hold up anything else.
pub async fn run<P: Platform>(driver: Rc<Driver<P>>, mut commands: UnboundedReceiver<Command>) {
    start(&driver);
    while let Some(command) = commands.next().await {
        carry_out(&driver, command);
    }
    driver.end();
}

/// What a command sets going. One boxed task each: a single task with all of them inside would be far larger.
fn carry_out<P: Platform>(driver: &Rc<Driver<P>>, command: Command) {
    let sign_in = driver.later.sign_in;
    match command {
        Command::Connect(wallet) => {
            // A wallet that was asked before, and has not answered yet, is not listened to any more.
            if driver.state.screen.with_untracked(|screen| matches!(screen, Screen::SignIn(_))) {
                driver.begin(Stage::Outside);
            }
            signing_in(driver, sign_in, |steps, driver| (steps.connect)(driver, wallet));
        }
        Command::CreateKeys => signing_in(driver, sign_in, |steps, driver| (steps.create_keys)(driver)),
        Command::PublishProfile => {
            signing_in(driver, sign_in, |steps, driver| (steps.publish_profile)(driver));
        }
        Command::Form(ask) => {
            signing_in(driver, driver.later.site, |steps, driver| (steps.form)(driver, ask))
        }
        Command::GoOn(choice) => {
            signing_in(driver, driver.later.keys, |steps, driver| (steps.go_on)(driver, choice));
        }
        Command::UseAnotherWallet => show_wallets(driver),
        Command::WalletsChanged => wallets_changed(driver),
        Command::ProviderChanged => provider_changed(driver),
        Command::AccountsChanged { wallet, accounts } => accounts_changed(driver, &wallet, accounts),
        Command::Restart => start(driver),
        Command::Disconnect => sign_out(driver, Keep::Records),
        Command::SignOut => sign_out(driver, Keep::Nothing),
        Command::Told(TabMessage::SignedOut(account)) => signed_out_elsewhere(driver, account),
        Command::Shown(shown) => {
            driver.shown.set(shown);
            inside(driver, command);
        }
        Command::VisibilityChanged => {
            inside(driver, command);
            // A page that was frozen or in another tab may have missed what its wallets told.
            if driver.platform.is_visible() {
                ask_wallets(driver, true);
            }
        }
        Command::Cached(cached) => {
            driver.platform.meet_tabs(!cached);
            inside(driver, command);
        }
        Command::Backup(ask) if driver.active().is_none() => keep_backup(driver, ask),
        Command::Open(_)
        | Command::ContextChanged
        | Command::LookUp(_)
        | Command::OpenPeer(_)
        | Command::Back
        | Command::Send(_)
        | Command::Act(_)
        | Command::Files(_)
        | Command::Decide(..)
        | Command::Typed(_)
        | Command::LoadOlder
        | Command::AcceptProfile(_)
        | Command::CheckPeer
        | Command::Reconnect
        | Command::Online
        | Command::Backup(_)
        | Command::Settings(_)
        | Command::Told(_) => inside(driver, command),
    }
}

/// Takes a step of signing in, once the steps are loaded.
fn signing_in<P: Platform, T: 'static>(
    driver: &Rc<Driver<P>>,
    load: Load<T>,
    step: impl FnOnce(T, Rc<Driver<P>>) -> Task + 'static,
) {
    let this = Rc::clone(driver);
    driver.spawn(Box::pin(async move {
        match load().await {
            Ok(steps) => step(steps, this).await,
            Err(missing) => step_failed(&this, Fault::Part(missing)),
        }
    }));
}

/// Carries out a command for the account that is signed in, and for as long as it is.
fn inside<P: Platform>(driver: &Rc<Driver<P>>, command: Command) {
    if let Some(at) = driver.active() {
        at.step(move |steps, at| (steps.carry_out)(at, command));
    }
}
