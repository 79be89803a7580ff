//! What is shown to somebody who signs in.

use std::fmt;
use std::rc::Rc;

use dm3_core::identity::{Address, RecoveryCode};
use zeroize::Zeroizing;

use super::apart::Apart;
use super::fault::Fault;

/// The steps of signing in.
#[derive(Clone, Debug, PartialEq)]
pub struct SignIn {
    /// Where the person is.
    pub step: SignInStep,
    /// A wallet request or a network call is under way.
    pub busy: Option<Busy>,
    /// What went wrong at this step. The step can be tried again.
    pub error: Option<Fault>,
    /// The wallet that was chosen.
    pub wallet: Option<String>,
    /// The account the wallet gave.
    pub account: Option<Address>,
}

/// What is being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// The person has to answer in the wallet.
    Wallet,
    /// The network.
    Network,
}

/// Where somebody who signs in is.
#[derive(Clone, Debug, PartialEq)]
pub enum SignInStep {
    /// A wallet is to be chosen; empty: none was found.
    Connect {
        /// What is installed.
        wallets: Vec<WalletChoice>,
    },
    /// The wallet is to sign the text from which the keys follow.
    CreateKeys {
        /// The exact text.
        text: String,
        /// These keys would be those of another app: there are other ways.
        other_app: bool,
    },
    /// The account has published other keys than its wallet leads to, and the person is to say how to go on.
    OtherKeys(OtherKeys),
    /// Keys that no wallet can make again follow from this code. It is to be kept before they are published.
    KeepCode {
        /// The code, for as long as it stands there.
        code: ShownCode,
        /// Why the wallet can't make the keys.
        why: OwnKeys,
    },
    /// The wallet is to sign the profile, once per account.
    PublishProfile {
        /// The exact text.
        text: String,
    },
    /// The node wants something at stake first (`entry_stake`).
    Stake(Apart),
    /// Signed; logging in at the node.
    Finishing,
}

/// What there is to choose where other keys are published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherKeys {
    /// What was published can be used: whoever has its keys reads what was sealed for them.
    pub usable: bool,
    /// The wallet's signatures lead to keys; those of a contract account don't.
    pub derived: bool,
    /// What was tried last has led to yet other keys.
    pub tried: bool,
    /// The way that was chosen, and is explained.
    pub way: Option<Way>,
    /// The text that the wallet is to sign once more before the keys are replaced, if they follow from its signature.
    pub text: Option<String>,
}

/// How to go on where other keys are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// They are another app's: its nonce leads to them.
    Nonce,
    /// They were kept: a recovery code, or a backup and its code, brings them back.
    Code,
    /// They are lost, or not wanted any more: new ones take their place.
    Replace,
}

/// Why an account has keys that don't follow from its wallet's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnKeys {
    /// It is a contract.
    Contract,
    /// Its wallet does not sign the same text alike each time.
    Unsteady,
}

/// A recovery code that a person is to write down: the only secret that a screen ever shows.
#[derive(Clone)]
pub struct ShownCode(Rc<Zeroizing<String>>);

impl ShownCode {
    /// The code of keys that are about to be published.
    pub fn new(code: &RecoveryCode) -> Self {
        Self(Rc::new(code.to_text()))
    }

    /// The text to be written down.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ShownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShownCode(…)")
    }
}

impl PartialEq for ShownCode {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// An installed wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletChoice {
    /// Identifies it within this page.
    pub id: String,
    /// As it names itself (at most 60 characters).
    pub name: String,
    /// A `data:` image, if it gave one.
    pub icon: Option<String>,
}
