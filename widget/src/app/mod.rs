//! What one element shows, and the one handle that changes it.
//!
//! ```text
//! views ──Command──▶ Driver ──▶ dm3-core's session ──▶ ports
//!   ▲                  │
//!   └────── State ◀────┘
//! ```

mod conversations;
mod driver;
pub mod field;
mod live;
pub mod part;
pub mod platform;
mod sign_in;
mod start;
pub mod state;
mod thread;

use dm3_core::identity::Address;
use dm3_core::message::MessageHash;
use futures_channel::mpsc::UnboundedSender;

pub use driver::Driver;
use part::Parts;
use state::State;

/// The handle that views hold: they read [`State`] and send [`Command`]s.
#[derive(Clone)]
pub struct App {
    /// What is shown.
    pub state: State,
    /// What is loaded when it is used.
    pub parts: Parts,
    commands: UnboundedSender<Command>,
}

/// What a person can ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Connect the wallet with this id.
    Connect(String),
    /// Let the wallet sign the key message.
    CreateKeys,
    /// Let the wallet sign the profile.
    PublishProfile,
    /// Back to the choice of wallets.
    UseAnotherWallet,
    /// Start again after a failure that stopped everything.
    Restart,
    /// Look up a name or address and open the conversation with it.
    Open(String),
    /// Open the conversation with somebody from the list.
    OpenPeer(Address),
    /// Back to the list.
    Back,
    /// Send a text in the open conversation.
    Send(String),
    /// Try a failed message again.
    Resend(MessageHash),
    /// Show older messages of the open conversation.
    LoadOlder,
    /// Find out again whether the open conversation's peer can be written to.
    CheckPeer,
    /// Connect to the node again now.
    Reconnect,
    /// The element became visible or was hidden.
    Shown(bool),
    /// The wallets of the page changed.
    WalletsChanged,
    /// Another window changed the records of this account.
    RecordsChanged(Address),
    /// Sign out, but keep keys and messages on this device.
    Disconnect,
    /// Sign out and forget the account, its keys and its messages on this device.
    SignOut,
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
