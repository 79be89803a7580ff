//! The way back from what is shown: the same for the button in its header, for Escape and for a finger.

use super::backup::{Backup, BackupStep};
use super::command::{BackupAsk, Command, SettingsAsk};
use super::own::OWN;
use super::state::{Screen, State};

/// What leads back from where somebody is, if anything does.
pub fn back(state: State) -> Option<Command> {
    state.screen.with_untracked(|screen| match screen {
        Screen::Thread if !state.locked.get_untracked() => Some(Command::Back),
        Screen::Settings(at) if at.place == OWN => Some(Command::settings(SettingsAsk::Show)),
        Screen::Settings(_) => Some(Command::settings(SettingsAsk::Leave)),
        // The code of a file is shown once: whoever has it says so.
        Screen::Backup(at) => {
            let is_made = at.shown::<Backup>().is_some_and(|at| matches!(at.step, BackupStep::Made { .. }));
            (!is_made).then(|| Command::backup(BackupAsk::Leave))
        }
        _ => None,
    })
}
