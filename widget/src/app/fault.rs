//! What did not work, as values. Words are made of them in `texts` alone.

use dm3_core::delivery::DiscoveryError;
use dm3_core::identity::NonceError;
use dm3_core::ports::{StoreError, Unreachable, WalletError};
use dm3_core::session::{FindError, HomeError, SignInError, WriteError};
use dm3_core::web::UrlError;

use super::part::PartMissing;

/// Something that did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The page names no node.
    NoNode,
    /// What the page gives as the node's address is none.
    NodeAddress(UrlError),
    /// What the page gives as the Ethereum node's address is none.
    RpcAddress(UrlError),
    /// The node does not answer.
    NodeUnreachable(Unreachable),
    /// Something else answers in the node's place, or a node that this program does not understand.
    NodeUnusable(DiscoveryError),
    /// The device does not keep records, or does not give them.
    Store(StoreError),
    /// Somebody was not found.
    Find(FindError),
    /// The account that was looked up is the own one.
    OwnAccount,
    /// The connection to the account's delivery service is lost.
    Home(HomeError),
    /// The tab that is in touch with the account's delivery services can't reach them.
    LeaderOffline,
    /// A message can't be sent like this.
    Write(WriteError),
    /// A step of signing in did not succeed; it can be repeated.
    SignIn(SignInError),
    /// The chosen wallet is not in the page any more.
    WalletGone,
    /// The page does not let the wallet be asked (`dm3-before-sign` was cancelled).
    SigningForbidden,
    /// What was typed is no nonce.
    Nonce(NonceError),
    /// A part of the application can't be loaded.
    Part(PartMissing),
}

impl Fault {
    /// Whether only a reload of the page helps: what runs here is older than what it has to do with.
    pub const fn needs_reload(&self) -> bool {
        matches!(
            self,
            Self::Part(PartMissing::OtherVersion)
                | Self::Store(StoreError::Outdated)
                | Self::NodeUnusable(DiscoveryError::Version)
        )
    }

    /// The stable code that the page gets in `dm3-error`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoNode
            | Self::NodeAddress(_)
            | Self::RpcAddress(_)
            | Self::NodeUnreachable(_)
            | Self::NodeUnusable(_) => "node-unreachable",
            Self::Store(_) | Self::Home(HomeError::Store(_)) | Self::SignIn(SignInError::Store(_)) => {
                "storage"
            }
            Self::Find(error) => find_code(error),
            Self::OwnAccount => "own-account",
            Self::LeaderOffline => "connection-lost",
            Self::Write(WriteError::Store(_)) => "storage",
            Self::Write(
                WriteError::Overlong { .. } | WriteError::TooLarge { .. } | WriteError::Unwanted(_),
            ) => "message-refused",
            Self::Home(
                HomeError::Unreachable(_)
                | HomeError::Api(_)
                | HomeError::Find(_)
                | HomeError::NoProfile
                | HomeError::KeysReplaced
                | HomeError::Closed,
            ) => "connection-lost",
            Self::SignIn(SignInError::Wallet(WalletError::Refused)) => "signature-refused",
            Self::SignIn(SignInError::Wallet(
                WalletError::Pending
                | WalletError::Disconnected
                | WalletError::Garbled
                | WalletError::Gone
                | WalletError::Failed(_),
            ))
            | Self::WalletGone => "wallet",
            Self::SignIn(
                SignInError::Signature(_)
                | SignInError::OtherAccount { .. }
                | SignInError::SmartAccount
                | SignInError::Backup(_),
            )
            | Self::Nonce(_)
            | Self::SigningForbidden => "signature",
            Self::Part(_) => "load-failed",
            Self::SignIn(
                SignInError::Find(_)
                | SignInError::Unreachable(_)
                | SignInError::Node(_)
                | SignInError::Price(_)
                | SignInError::NotShown,
            ) => "node-unreachable",
        }
    }
}

fn find_code(error: &FindError) -> &'static str {
    match error {
        FindError::Name(_) | FindError::Meant(_) | FindError::Unknown(_) => "unknown-name",
        FindError::Unreachable(_) | FindError::Lookup { .. } => "lookup-unreachable",
        FindError::Store(_) => "storage",
        FindError::NotItself { .. }
        | FindError::Record { .. }
        | FindError::Profile { .. }
        | FindError::OldProfile { .. }
        | FindError::OtherKeys(_)
        | FindError::NoDeliveryService(_)
        | FindError::DeliveryService { .. } => "profile-invalid",
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<HomeError> for Fault {
    fn from(error: HomeError) -> Self {
        match error {
            HomeError::Store(error) => Self::Store(error),
            error => Self::Home(error),
        }
    }
}

impl From<SignInError> for Fault {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Store(error) => Self::Store(error),
            error => Self::SignIn(error),
        }
    }
}
