//! What goes on for somebody who is signed in, beyond the list that the device has: the engine runs, names are checked,
//! and commands are led to their use cases.

use dm3_core::identity::Address;

use super::command::{BackupAsk, Command};
use super::driver::Active;
use super::platform::{Platform, TabMessage, Task};
use super::state::{Apart, Screen};
use super::steps::ChatSteps;
use super::sync::run_engine;
use super::{changes, conversations, draft, outbox, thread};

impl<P: Platform> ChatSteps<Active<P>> {
    /// The steps.
    pub fn new() -> Self {
        Self { begin, carry_out }
    }
}

impl<P: Platform> Default for ChatSteps<Active<P>> {
    fn default() -> Self {
        Self::new()
    }
}

fn begin<P: Platform>(at: &Active<P>) {
    let Some(told) = at.told.take() else { return };
    at.spawn(|at| changes::follow(at, told));
    at.spawn(run_engine);
    at.driver.platform.tell_tabs(TabMessage::Hello(at.address()));
    at.spawn(|at| at.beside(|steps, at| (steps.learn_own_name)(at)));
    at.spawn(|at| at.beside(|steps, at| (steps.check_names)(at)));
    if let Some(to) = at.driver.state.to.get_untracked() {
        at.spawn(|at| thread::open(at, to));
    }
}

/// What a command sets going. One boxed task each: a single task with all of them inside would be far larger.
fn carry_out<P: Platform>(at: Active<P>, command: Command) -> Option<Task> {
    Some(match command {
        Command::Open(typed) => Box::pin(thread::open(at, typed)),
        Command::OpenPeer(peer) => Box::pin(thread::open_peer(at, peer)),
        Command::Back => Box::pin(conversations::back(at)),
        Command::Send(text) => Box::pin(outbox::send(at, text)),
        Command::Resend(hash) => Box::pin(at.beside(move |steps, at| (steps.resend)(at, hash))),
        Command::Stop(hash) => Box::pin(at.beside(move |steps, at| (steps.stop)(at, hash))),
        Command::Typed(text) => {
            // At once: the tab may be closed in the next moment.
            draft::keep_draft(&at, &text);
            return None;
        }
        Command::LoadOlder => Box::pin(thread::load_older(at)),
        Command::AcceptProfile => Box::pin(at.beside(|steps, at| (steps.accept_profile)(at))),
        Command::CheckPeer => Box::pin(thread::check_peer(at)),
        Command::Reconnect | Command::Online => Box::pin(changes::wake(at)),
        Command::Shown(_) | Command::VisibilityChanged => Box::pin(thread::seen(at)),
        Command::Told(message) => return told(at, message),
        Command::Backup(ask) => Box::pin(backup(at, ask)),
        // `run` carries these out, whoever is here.
        Command::Connect(_)
        | Command::CreateKeys
        | Command::PublishProfile
        | Command::GoOn(_)
        | Command::UseAnotherWallet
        | Command::Restart
        | Command::WalletsChanged
        | Command::ProviderChanged
        | Command::AccountsChanged { .. }
        | Command::Disconnect
        | Command::SignOut => return None,
    })
}

/// Makes a backup or takes one in, once that is loaded; the screen says if it can't be.
async fn backup<P: Platform>(at: Active<P>, ask: BackupAsk) {
    if !at.driver.state.screen.with_untracked(|screen| matches!(screen, Screen::Backup(_))) {
        at.driver.state.screen.set(Screen::Backup(Apart::waiting()));
    }
    if let Ok(steps) = (at.driver.later.backup)().await {
        (steps.carry_out)(at, ask).await;
    }
}

fn told<P: Platform>(at: Active<P>, message: TabMessage) -> Option<Task> {
    let of = |account: Address| account == at.address();
    Some(match message {
        TabMessage::RecordsChanged(account, conversation) if of(account) => {
            Box::pin(changes::told(at, conversation))
        }
        TabMessage::OutboxGrew(account) if of(account) => Box::pin(outbox::grew(at)),
        TabMessage::Wake(account) if of(account) => Box::pin(changes::wake(at)),
        TabMessage::Hello(account) if of(account) => Box::pin(changes::tell_newcomer(at)),
        TabMessage::Leader(account, news) if of(account) => Box::pin(changes::leader_told(at, news)),
        TabMessage::RecordsChanged(..)
        | TabMessage::OutboxGrew(_)
        | TabMessage::Wake(_)
        | TabMessage::Hello(_)
        | TabMessage::Leader(..)
        | TabMessage::SignedOut(_) => return None,
    })
}
