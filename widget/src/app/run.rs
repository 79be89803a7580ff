//! Leads each command to its use case. Above all others.

use std::rc::Rc;

use dm3_core::identity::Address;
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt as _;

use super::command::Command;
use super::driver::{Active, Driver, Stage};
use super::fault::Fault;
use super::owner::{accounts_changed, ask_wallets, provider_changed, wallets_changed};
use super::platform::{Platform, TabMessage, Task};
use super::start::{Keep, sign_out, signed_out_elsewhere, start};
use super::state::Screen;
use super::steps::{LoadSteps, SignInSteps};
use super::wallets::{show_wallets, step_failed};
use super::{changes, conversations, draft, outbox, people, thread};

/// Starts, then carries out commands until the last handle is gone. Each command runs beside the others: a
/// wallet that waits for its owner must not hold up anything else. `load` gives the steps of signing in.
pub async fn run<P: Platform>(
    driver: Rc<Driver<P>>,
    mut commands: UnboundedReceiver<Command>,
    load: LoadSteps<P>,
) {
    start(&driver);
    while let Some(command) = commands.next().await {
        carry_out(&driver, command, load);
    }
    driver.end();
}

/// What a command sets going. One boxed task each: a single task with all of them inside would be far larger.
fn carry_out<P: Platform>(driver: &Rc<Driver<P>>, command: Command, load: LoadSteps<P>) {
    match command {
        Command::Connect(wallet) => {
            // A wallet that was asked before, and has not answered yet, is not listened to any more.
            if driver.state.screen.with_untracked(|screen| matches!(screen, Screen::SignIn(_))) {
                driver.begin(Stage::Outside);
            }
            signing_in(driver, load, |steps, driver| (steps.connect)(driver, wallet));
        }
        Command::CreateKeys => signing_in(driver, load, |steps, driver| (steps.create_keys)(driver)),
        Command::PublishProfile => {
            signing_in(driver, load, |steps, driver| (steps.publish_profile)(driver));
        }
        Command::GoOn(choice) => {
            signing_in(driver, load, |steps, driver| (steps.go_on)(driver, choice));
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
            inside(driver, thread::seen);
        }
        Command::VisibilityChanged => {
            inside(driver, thread::seen);
            // A page that was frozen or in another tab may have missed what its wallets told.
            if driver.platform.is_visible() {
                ask_wallets(driver, true);
            }
        }
        Command::Told(TabMessage::RecordsChanged(account, conversation)) => {
            of(driver, account, move |at| changes::told(at, conversation));
        }
        Command::Told(TabMessage::OutboxGrew(account)) => of(driver, account, outbox::grew),
        Command::Told(TabMessage::Wake(account)) => of(driver, account, changes::wake),
        Command::Told(TabMessage::Hello(account)) => of(driver, account, changes::tell_newcomer),
        Command::Told(TabMessage::Leader(account, news)) => {
            of(driver, account, move |at| changes::leader_told(at, news));
        }
        Command::Open(typed) => inside(driver, |at| people::open(at, typed)),
        Command::OpenPeer(peer) => inside(driver, move |at| people::open_peer(at, peer)),
        Command::Back => inside(driver, conversations::back),
        Command::Send(text) => inside(driver, |at| outbox::send(at, text)),
        Command::Resend(hash) => inside(driver, |at| outbox::resend(at, hash)),
        Command::Stop(hash) => inside(driver, |at| outbox::stop(at, hash)),
        Command::Typed(text) => {
            // At once: the tab may be closed in the next moment.
            if let Some(at) = driver.active() {
                draft::keep_draft(&at, &text);
            }
        }
        Command::LoadOlder => inside(driver, thread::load_older),
        Command::AcceptProfile => inside(driver, thread::accept_profile),
        Command::CheckPeer => inside(driver, thread::check_peer),
        Command::Reconnect | Command::Online => inside(driver, changes::wake),
    }
}

/// Takes a step of signing in, once the steps are loaded.
fn signing_in<P: Platform>(
    driver: &Rc<Driver<P>>,
    load: LoadSteps<P>,
    step: impl FnOnce(SignInSteps<P>, Rc<Driver<P>>) -> Task + 'static,
) {
    let this = Rc::clone(driver);
    driver.spawn(Box::pin(async move {
        match load().await {
            Ok(steps) => step(steps, this).await,
            Err(missing) => step_failed(&this, Fault::Part(missing)),
        }
    }));
}

/// Runs a task for the account that is signed in, and for as long as it is.
fn inside<P: Platform, F>(driver: &Rc<Driver<P>>, task: impl FnOnce(Active<P>) -> F)
where
    F: Future<Output = ()> + 'static,
{
    if let Some(at) = driver.active() {
        at.spawn(task);
    }
}

/// The same, if it is this account.
fn of<P: Platform, F>(driver: &Rc<Driver<P>>, account: Address, task: impl FnOnce(Active<P>) -> F)
where
    F: Future<Output = ()> + 'static,
{
    if let Some(at) = driver.active().filter(|at| at.address() == account) {
        at.spawn(task);
    }
}
