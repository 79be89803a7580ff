//! What a person, the page and the other tabs can ask for.

use dm3_core::identity::Address;
use dm3_core::message::MessageHash;

use super::platform::TabMessage;

/// Something that is asked for.
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
    /// Sign out, but keep keys and messages on this device.
    Disconnect,
    /// Sign out and forget the account, its keys and its messages on this device.
    SignOut,
}
