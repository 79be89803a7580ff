//! What views hold.

use futures_channel::mpsc::UnboundedSender;
use leptos::prelude::AnyView;

use super::command::Command;
use super::part::Part;
use super::state::{Apart, SignIn, State};

/// The handle that views hold: they read [`State`] and send [`Command`]s.
#[derive(Clone)]
pub struct App {
    /// What is shown.
    pub state: State,
    /// What is loaded when it is used.
    pub parts: Parts,
    commands: UnboundedSender<Command>,
}

/// The parts there are.
#[derive(Clone, Copy)]
pub struct Parts {
    /// Signing in. Who comes back never loads it.
    pub sign_in: Part<SignInPart>,
    /// Keys that don't follow from the wallet alone.
    pub keys: Part<KeysPart>,
    /// Everything as one file.
    pub backup: Part<BackupPart>,
}

/// What views call in the part that signs in.
#[derive(Clone, Copy)]
pub struct SignInPart {
    /// The whole screen.
    pub view: fn(&App, SignIn) -> AnyView,
}

/// What views call in the part that leads to keys by other ways.
#[derive(Clone, Copy)]
pub struct KeysPart {
    /// The whole screen of a step that is its own.
    pub view: fn(&App, &SignIn) -> Option<AnyView>,
}

/// What views call in the part that makes backups and takes them in.
#[derive(Clone, Copy)]
pub struct BackupPart {
    /// The whole screen.
    pub view: fn(&App, &Apart) -> AnyView,
}

impl App {
    /// A handle whose commands go to `commands`.
    pub fn new(state: State, parts: Parts, commands: UnboundedSender<Command>) -> Self {
        Self { state, parts, commands }
    }

    /// Asks for something. After the element is gone nobody listens any more, and nothing happens.
    pub fn command(&self, command: Command) {
        let _ = self.commands.unbounded_send(command);
    }
}
