//! From an opened text to a message whose author is proven.
//!
//! ```text
//! authentic  ⇔  address(to) = own account
//!            ∧  Ed25519 verifies under the signing key in the verified profile of address(from)
//! ```
//!
//! Sealing proves nobody: anybody can seal for a public key. And who could open a message can seal it again for
//! somebody else, so the receiver inside counts. The deployed clients check neither.

use super::{Draft, MessageError, SignedMessage};
use crate::identity::{Address, VerifiedProfile};
use crate::seal::signing::SigningSecret;

/// A message that was opened with our key; who wrote it is not known yet.
#[derive(Clone, Debug)]
pub struct OpenedMessage(SignedMessage);

/// A message whose author is proven: by [`OpenedMessage::authenticate`], or because it was signed on this very device.
/// Only this is stored and enters a thread.
///
/// ```compile_fail
/// # use dm3_core::identity::Address;
/// # use dm3_core::message::{AuthenticMessage, SignedMessage};
/// fn forged(message: SignedMessage, author: Address) -> AuthenticMessage {
///     AuthenticMessage { message, author }
/// }
/// ```
///
/// ```compile_fail
/// # use dm3_core::identity::Address;
/// # use dm3_core::message::{AuthenticMessage, Draft};
/// # use dm3_core::seal::signing::SigningSecret;
/// fn in_the_name_of(account: Address, draft: Draft, key: &SigningSecret) -> AuthenticMessage {
///     AuthenticMessage::sign(draft, account, key)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AuthenticMessage {
    message: SignedMessage,
    author: Address,
}

/// Why a message is not what it claims to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticityError {
    /// Addressed to somebody else: forwarded to us by whoever could read it.
    #[error("the message is addressed to {0}, not to this account")]
    OtherReceiver(String),
    /// The signature was not made with the key of the account behind `from`.
    #[error("the message was not signed by {0}")]
    NotSignedBySender(String),
    /// The envelope names another account as its sender: the delivery service judged the message by somebody who did
    /// not write it.
    #[error("the envelope says that the message comes from somebody else than {0}")]
    OtherEnvelope(String),
}

impl OpenedMessage {
    /// Reads an opened text.
    ///
    /// # Errors
    /// [`MessageError`] if it is no message.
    pub fn parse(text: &str) -> Result<Self, MessageError> {
        SignedMessage::parse(text).map(Self)
    }

    /// What it says, unproven.
    pub fn as_signed(&self) -> &SignedMessage {
        &self.0
    }

    /// The name the sender claims; resolve it and verify the profile behind it.
    pub fn claimed_sender(&self) -> &str {
        self.0.from()
    }

    /// The name the message is addressed to; resolve it to an address.
    pub fn claimed_receiver(&self) -> &str {
        self.0.to()
    }

    /// Proves the author. `receiver` is the address that [`Self::claimed_receiver`] resolves to, `sender` the
    /// profile of the address that [`Self::claimed_sender`] resolves to.
    ///
    /// # Errors
    /// [`AuthenticityError`] saying what the message pretends.
    pub fn authenticate(
        self,
        account: Address,
        receiver: Option<Address>,
        sender: &VerifiedProfile,
    ) -> Result<AuthenticMessage, AuthenticityError> {
        if receiver != Some(account) {
            return Err(AuthenticityError::OtherReceiver(self.0.to().to_owned()));
        }
        let from = self.0.from().to_owned();
        let verified = self.0.verified(&sender.keys().signing);
        let message = verified.map_err(|_| AuthenticityError::NotSignedBySender(from))?;
        Ok(AuthenticMessage { message, author: sender.account() })
    }
}

impl OpenedMessage {
    /// Proves that the account itself wrote it, with the keys it has on this device: for what another of its programs
    /// kept. `sender` is the address that [`Self::claimed_sender`] resolves to.
    ///
    /// # Errors
    /// [`AuthenticityError::NotSignedBySender`] otherwise.
    pub(crate) fn authenticate_own(
        self,
        account: Address,
        sender: Option<Address>,
        key: &SigningSecret,
    ) -> Result<AuthenticMessage, AuthenticityError> {
        let from = self.0.from().to_owned();
        match self.0.verified(&key.public()) {
            Ok(message) if sender == Some(account) => Ok(AuthenticMessage { message, author: account }),
            _ => Err(AuthenticityError::NotSignedBySender(from)),
        }
    }
}

impl AuthenticMessage {
    /// Signs a draft as `account`, whose keys these are: for who holds them on this device.
    pub(crate) fn sign(draft: Draft, account: Address, key: &SigningSecret) -> Self {
        Self { message: draft.sign(key), author: account }
    }

    /// Compares the author with the sender that the envelope names; `sender` is the address that name leads to. Names
    /// may differ where addresses agree.
    ///
    /// # Errors
    /// [`AuthenticityError::OtherEnvelope`] if somebody else is named.
    pub fn in_envelope_of(self, sender: Option<Address>) -> Result<Self, AuthenticityError> {
        if sender == Some(self.author) {
            return Ok(self);
        }
        Err(AuthenticityError::OtherEnvelope(self.message.from().to_owned()))
    }

    /// The account that signed.
    pub fn author(&self) -> Address {
        self.author
    }

    /// The message.
    pub fn message(&self) -> &SignedMessage {
        &self.message
    }
}
