//! What a person, the page and the other tabs can ask for.

use std::fmt;

use dm3_core::identity::Address;
use dm3_core::message::MessageHash;
use zeroize::Zeroizing;

use super::platform::TabMessage;
use super::state::{FileBytes, Way};

/// Something that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Connect the wallet with this id.
    Connect(String),
    /// Let the wallet sign the key message.
    CreateKeys,
    /// Let the wallet sign the profile.
    PublishProfile,
    /// Say how to go on where the wallet alone does not lead to the account's keys.
    GoOn(Choice),
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
    /// Stop a message that waits.
    Stop(MessageHash),
    /// What stands in the composer changed.
    Typed(String),
    /// The browser is online again.
    Online,
    /// Show older messages of the open conversation.
    LoadOlder,
    /// Use the profile that is published for the open conversation's peer, although it was replaced before.
    AcceptProfile,
    /// Find out again whether the open conversation's peer can be written to.
    CheckPeer,
    /// Connect to the node again now.
    Reconnect,
    /// The element became visible in its page or was hidden there.
    Shown(bool),
    /// The whole page became visible or was hidden; the platform knows which.
    VisibilityChanged,
    /// There are further wallets in the page, or fewer.
    WalletsChanged,
    /// The page gave a wallet of its own, another one, or took it back.
    ProviderChanged,
    /// A wallet told by itself which accounts it shares now. The first is the one that is chosen in it.
    AccountsChanged {
        /// The wallet's id.
        wallet: String,
        /// None: it is locked, or shares nothing any more.
        accounts: Vec<Address>,
    },
    /// Another tab tells something.
    Told(TabMessage),
    /// Make a backup, or take one in.
    Backup(BackupAsk),
    /// Sign out, but keep keys and messages on this device.
    Disconnect,
    /// Sign out and forget the account, its keys and its messages on this device.
    SignOut,
}

/// What somebody asks for who makes a backup, or has one.
#[derive(Clone, Debug, PartialEq)]
pub enum BackupAsk {
    /// Explain it.
    Show,
    /// Make a file.
    Make,
    /// Ask for a file.
    Restore,
    /// Ask for the code of this file.
    Offer(FileBytes),
    /// Take a file in; without one, the one that the page gave.
    Take {
        /// The file.
        file: Option<FileBytes>,
        /// The recovery code that opens it.
        code: Typed,
    },
    /// Back to the list.
    Leave,
}

/// How a person goes on where the wallet alone does not lead to the account's keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// Explain a way, or show the ways again.
    Explain(Option<Way>),
    /// The keys are those of the app that uses this nonce.
    Nonce(String),
    /// The keys come out of a recovery code, or a backup and its code.
    Recover(Typed),
    /// New keys take their place.
    Replace,
    /// The recovery code is kept somewhere.
    CodeKept,
}

/// A secret that somebody typed: nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Typed(Zeroizing<String>);

impl Typed {
    /// Takes what was typed.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// What was typed.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}
