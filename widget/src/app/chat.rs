//! What goes on for somebody who is signed in, beyond the list that the device has: the engine runs, names are checked,
//! and commands are led to their use cases.

use std::sync::Arc;

use dm3_core::identity::Address;

use super::command::{Act, BackupAsk, Command, FilesAsk, SettingsAsk};
use super::driver::Active;
use super::platform::{NoFile, Platform, TabMessage, Task};
use super::state::{Apart, Screen};
use super::steps::ChatSteps;
use super::thread::return_to_open;
use super::work::run_engine;
use super::{cached, changes, conversations, draft, outbox, theme};

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
    at.spawn(theme::show_theme);
    note_network(at);
    at.spawn(run_engine);
    at.driver.platform.tell_tabs(TabMessage::Hello(at.address()));
    at.spawn(|at| async move {
        at.engine.after_what_came().await;
        at.spawn(|at| at.beside(|steps, at| (steps.learn_own_name)(at)));
        at.spawn(|at| at.beside(|steps, at| (steps.follow_time)(at)));
        at.beside(|steps, at| (steps.check_names)(at)).await;
    });
    if let Some(to) = at.driver.state.to.get_untracked() {
        at.spawn(|at| at.thread(|steps, at| (steps.open)(at, to)));
    }
}

/// Tells the engine whether there may be a network, as the platform knows; and who asks.
fn note_network<P: Platform>(at: &Active<P>) -> bool {
    let is_online = at.driver.platform.is_online();
    at.engine.set_online(is_online);
    is_online
}

/// What a command sets going. One boxed task each: a single task with all of them inside would be far larger.
fn carry_out<P: Platform>(at: Active<P>, command: Command) -> Option<Task> {
    Some(match command {
        Command::Open(typed) => at.thread(move |steps, at| (steps.open)(at, typed)),
        Command::ContextChanged => at.thread(|steps, at| (steps.context_changed)(at)),
        Command::LookUp(typed) => Box::pin(look_up(at, typed)),
        Command::OpenPeer(peer) => at.thread(move |steps, at| (steps.open_peer)(at, peer)),
        // There is nothing to go back to.
        Command::Back if at.driver.state.locked.get_untracked() => return None,
        Command::Back => {
            conversations::next_turn(&at);
            Box::pin(conversations::back(at))
        }
        Command::Send(text) if outbox::has_files(&at) => Box::pin(files(at, Arc::new(FilesAsk::Send(text)))),
        Command::Send(text) => at.thread(move |steps, at| (steps.send)(at, text)),
        Command::Files(ask) => Box::pin(files(at, ask)),
        Command::Act(act) => Box::pin(talk(at, act)),
        Command::Decide(peer, decision) => at.people(move |steps, at| (steps.decide)(at, peer, decision)),
        Command::Typed(text) => {
            // At once: the tab may be closed in the next moment.
            draft::keep_draft(&at, &text);
            return None;
        }
        Command::LoadOlder => at.kept(|steps, at| (steps.load_older)(at)),
        Command::AcceptProfile(peer) => at.people(move |steps, at| (steps.accept_profile)(at, peer)),
        Command::CheckPeer => at.thread(|steps, at| (steps.check_peer)(at)),
        Command::Reconnect | Command::Online => {
            let is_impatient = matches!(command, Command::Reconnect);
            return (note_network(&at) || is_impatient).then(|| -> Task { Box::pin(changes::wake(at)) });
        }
        Command::Shown(_) | Command::VisibilityChanged => {
            // The browser may have told nobody meanwhile. That there is no network it says by itself, and is not always right.
            if at.driver.platform.is_online() {
                at.engine.set_online(true);
            }
            // A timer may have slept with the device.
            at.spawn(|at| {
                at.beside(|steps, at| {
                    (steps.look_at_time)(&at);
                    Box::pin(async {})
                })
            });
            at.thread(|steps, at| (steps.seen)(at))
        }
        Command::Cached(true) => {
            at.engine.rest(true);
            return None;
        }
        Command::Cached(false) => Box::pin(cached::came_back(at)),
        Command::Told(message) => return told(at, message),
        Command::Backup(ask) => Box::pin(backup(at, ask)),
        Command::Settings(ask) => Box::pin(settings(at, ask)),
        // `run` carries these out, whoever is here.
        Command::Connect(_)
        | Command::CreateKeys
        | Command::PublishProfile
        | Command::Form(_)
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

/// Does something with a message. That this can't be loaded is shown where it is asked for.
async fn talk<P: Platform>(at: Active<P>, act: Arc<Act>) {
    if let Ok(steps) = (at.driver.later.talk)().await {
        (steps.act)(at, act).await;
    }
}

/// Shows attachments, or attaches something. That this can't be loaded is shown where it is asked for.
async fn files<P: Platform>(at: Active<P>, ask: Arc<FilesAsk>) {
    if let Ok(steps) = (at.driver.later.files)().await {
        (steps.carry_out)(at, ask).await;
    }
}

/// Finds who is meant, and messages that say what is typed, once that is loaded. What stands there can be asked for meanwhile.
async fn look_up<P: Platform>(at: Active<P>, typed: String) {
    if let Ok(steps) = (at.driver.later.search)().await {
        let text = typed.clone();
        at.spawn(move |at| (steps.find_texts)(at, text, steps.fold));
        (steps.look_up)(at, typed).await;
    }
}

/// Makes a backup or takes one in, once that is loaded; the screen says if it can't be, and whoever waits is told.
async fn backup<P: Platform>(at: Active<P>, ask: Arc<BackupAsk>) {
    if !conversations::shows_backup(&at) {
        // The code stands there alone: nobody who is still looked up is opened, unless there is nobody else to write to.
        if !at.driver.state.locked.get_untracked() {
            conversations::next_turn(&at);
        }
        at.driver.state.screen.set(Screen::Backup(Apart::waiting()));
    }
    match (at.driver.later.backup)().await {
        Ok(steps) => (steps.carry_out)(at, ask).await,
        Err(_) if *ask == BackupAsk::Leave => return_to_open(at).await,
        Err(_) => at.driver.refuse_file(NoFile::Missing),
    }
}

/// Shows or changes what can be set, once that is loaded; the screen says if it can't be.
async fn settings<P: Platform>(at: Active<P>, ask: Arc<SettingsAsk>) {
    if matches!(*ask, SettingsAsk::Show | SettingsAsk::Card) {
        let state = at.driver.state;
        state.screen.set(Screen::Settings(Apart::waiting()));
        state.leaving.set(false);
    }
    // It may not be there yet.
    if *ask == SettingsAsk::Leave {
        return return_to_open(at).await;
    }
    if let Ok(steps) = (at.driver.later.settings)().await {
        (steps.carry_out)(at, ask).await;
    }
}

fn told<P: Platform>(at: Active<P>, message: TabMessage) -> Option<Task> {
    let of = |account: Address| account == at.address();
    Some(match message {
        TabMessage::RecordsChanged(account, conversation) if of(account) => {
            Box::pin(changes::told(at, conversation))
        }
        TabMessage::OutboxGrew(account, conversation) if of(account) => {
            Box::pin(outbox::grew(at, conversation))
        }
        TabMessage::Wake(account) if of(account) => Box::pin(changes::wake(at)),
        TabMessage::Hello(account) if of(account) => Box::pin(changes::tell_newcomer(at)),
        TabMessage::Leader(account, news) if of(account) => Box::pin(changes::leader_told(at, news)),
        TabMessage::RecordsChanged(..)
        | TabMessage::OutboxGrew(..)
        | TabMessage::Wake(_)
        | TabMessage::Hello(_)
        | TabMessage::Leader(..)
        | TabMessage::SignedOut(_) => return None,
    })
}
