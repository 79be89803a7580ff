//! Signing in: at most two wallet signatures at first use, none afterwards.

use std::rc::Rc;

use super::{Directory, FindError};
use crate::delivery::api::{self, ApiError};
use crate::identity::wallet_signature::{RecoverError, recover};
use crate::identity::{Address, DEFAULT_NONCE, KeySeed, ProfileError, ProfileKeys, UserProfile, key_message};
use crate::ports::{Http as _, Ports, Store as _, StoreError, Unreachable, Wallet, WalletError};
use crate::record::Account;

/// An account that wants to sign in.
pub struct SignIn<P> {
    directory: Rc<Directory<P>>,
    account: Address,
}

/// What the wallet's first signature led to.
pub enum Keys<P> {
    /// The account's profile holds these very keys.
    Known(SignedIn),
    /// The account has no profile yet.
    New(Registration<P>),
    /// The account's profile holds other keys: another app derived them in another way, or the wallet does
    /// not sign the same text the same way twice. Publishing replaces that profile; what was sealed for the
    /// other keys can't be read with these.
    Other(Registration<P>),
}

/// Keys that are not published yet.
pub struct Registration<P> {
    directory: Rc<Directory<P>>,
    account: Address,
    seed: KeySeed,
    profile: UserProfile,
}

/// An account with published keys.
pub struct SignedIn {
    /// The account.
    pub account: Address,
    /// What its keys follow from.
    pub seed: KeySeed,
}

/// Why signing in did not go on. The step can be tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The wallet did not sign.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The wallet's signature is of a form that is not supported.
    #[error("this wallet signs in a way that is not supported yet: {0}")]
    Signature(#[from] RecoverError),
    /// The wallet signed with another account.
    #[error("the wallet signed with {signer}, not with {account}; please choose that account in the wallet")]
    OtherAccount {
        /// Who should have signed.
        account: Address,
        /// Who did.
        signer: Address,
    },
    /// The account's published profile could not be looked up.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The node could not be reached.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The node did not take the profile.
    #[error("the node did not take the profile: {0}")]
    Node(#[from] ApiError),
    /// The device does not keep the keys.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<P: Ports> SignIn<P> {
    /// Begins.
    pub fn new(directory: Rc<Directory<P>>, account: Address) -> Self {
        Self { directory, account }
    }

    /// The exact text the wallet will be asked to sign first.
    pub fn key_message(&self) -> String {
        key_message(self.account, DEFAULT_NONCE)
    }

    /// Lets the wallet sign the key message and looks up what the account has published.
    ///
    /// # Errors
    /// [`SignInError`]; a refusal by the person is one.
    pub async fn create_keys(&self, wallet: &impl Wallet) -> Result<Keys<P>, SignInError> {
        let message = self.key_message();
        let signature = wallet.sign_text(self.account, &message).await?;
        self.check_signer(recover(&message, &signature)?)?;
        let seed = KeySeed::derive(&signature);
        let keys = ProfileKeys::derive(&seed).public();
        let published =
            match self.directory.profile_at(&self.directory.alias(self.account), self.account).await {
                Ok(published) => published,
                // A damaged profile is replaced like one with other keys.
                Err(FindError::Profile { .. } | FindError::Record { .. }) => {
                    return Ok(Keys::Other(self.registration(seed)));
                }
                Err(error) => return Err(error.into()),
            };
        match published {
            Some((_, profile)) if profile.keys() == keys => {
                Ok(Keys::Known(SignedIn { account: self.account, seed }))
            }
            Some(_) => Ok(Keys::Other(self.registration(seed))),
            None => Ok(Keys::New(self.registration(seed))),
        }
    }

    fn registration(&self, seed: KeySeed) -> Registration<P> {
        let keys = ProfileKeys::derive(&seed).public();
        let profile = UserProfile::new(keys, vec![self.directory.discovery().name.clone()]);
        Registration { directory: Rc::clone(&self.directory), account: self.account, seed, profile }
    }

    fn check_signer(&self, signer: Address) -> Result<(), SignInError> {
        let account = self.account;
        if signer == account { Ok(()) } else { Err(SignInError::OtherAccount { account, signer }) }
    }
}

impl<P: Ports> Registration<P> {
    /// The exact text the wallet will be asked to sign.
    pub fn message(&self) -> String {
        self.profile.registration_message(self.account)
    }

    /// Lets the wallet sign the profile and publishes it under the account's address name and at the node's
    /// delivery service.
    ///
    /// # Errors
    /// [`SignInError`]; it can be repeated.
    pub async fn publish(&self, wallet: &impl Wallet) -> Result<SignedIn, SignInError> {
        let signature = wallet.sign_text(self.account, &self.message()).await?;
        let signed =
            self.profile.clone().signed(signature).verify(self.account).map_err(|error| match error {
                ProfileError::OtherSigner { account, signer } => {
                    SignInError::OtherAccount { account, signer }
                }
                ProfileError::Signature(error) => SignInError::Signature(error),
                ProfileError::TooLarge | ProfileError::Form(_) => {
                    SignInError::Signature(RecoverError::Invalid)
                }
            })?;
        let discovery = self.directory.discovery();
        let alias = self.directory.alias(self.account);
        let http = self.directory.ports().http();
        let (resolver, domain) = (&discovery.resolver_url, &discovery.address_domain);
        let reply = http.send(&api::post_address(resolver, domain, self.account, signed.as_signed())).await?;
        api::parse_done(&reply)?;
        let service = &discovery.delivery_service_url;
        let reply = http.send(&api::post_profile(service, &alias, signed.as_signed())).await?;
        api::parse_done(&reply)?;
        self.directory.forget(&alias);
        Ok(SignedIn { account: self.account, seed: KeySeed::from_bytes(*self.seed.expose_secret()) })
    }
}

impl SignedIn {
    /// Keeps the account and its keys on this device, so that no prompt is needed again.
    ///
    /// # Errors
    /// [`StoreError`] if the platform stores nothing here.
    pub async fn remember<P: Ports>(&self, directory: &Directory<P>) -> Result<(), StoreError> {
        let store = directory.ports().store();
        store.set_seed(self.account, &self.seed).await?;
        store.set_account(Some(&Account { address: self.account, name: None })).await
    }
}
