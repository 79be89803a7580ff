//! Signing in: at most two wallet signatures at first use, none afterwards.
//!
//! ```text
//! create_keys    seed = hash of the wallet's signature ─┐
//! random_keys    seed = of a random recovery code ──────┼─▶ compared with what is published ─▶ Keys
//! recover_keys   seed = of that code, typed elsewhere ──┤
//! restore_keys   seed = out of a backup ────────────────┘
//! ```
//!
//! Keys can follow from signatures only if the wallet signs the same text alike each time and for ever. Smart accounts
//! don't: [`SignIn::is_contract`] knows those on the chain beforehand, the signature itself those that are not deployed
//! yet, and [`Registration::wallet_signs_alike`] tells of other wallets.
//!
//! Publishing replaces whatever was published before, on servers of either kind:
//!
//! ```text
//! wallet signs the profile, as the edition after the published one
//!   ─▶ resolver, delivery service    the deployed ones replace at once; ours lets a replacement wait, since everybody
//!                                    has copies of signed profiles,
//!   ─▶ log in with the new key       until its key has answered a challenge
//!   ─▶ read back                     what others find now is what was signed: done
//! ```

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use zeroize::Zeroizing;

use super::log_in::answer_challenge;
use super::{Directory, FindError};
use crate::delivery::api::{self, ApiError};
use crate::delivery::{Payment, Price};
use crate::device::Account;
use crate::identity::wallet_signature::{RecoverError, eip191_hash, recover};
use crate::identity::{
    Address, Backup, BackupError, KeyNonce, KeySeed, ProfileError, ProfileKeys, RecoveryCode, UserProfile,
    VerifiedProfile, key_message,
};
use crate::ports::{
    Chain as _, Clock as _, Http as _, Ports, Store as _, StoreError, Unreachable, Wallet, WalletError,
};
use crate::registry::{SignatureQuestion, code_size_call, is_contract};
use crate::seal::SealError;
use crate::web::HttpRequest;

/// How many numbers are tried before the page has its turn: some ten milliseconds.
const SLICE: u32 = 10_000;

/// An account that wants to sign in.
pub struct SignIn<P> {
    directory: Rc<Directory<P>>,
    account: Address,
    nonce: KeyNonce,
}

/// How the keys relate to what the account has published.
pub enum Keys<P> {
    /// The account's profile holds these very keys.
    Known(SignedIn),
    /// The account has no profile yet.
    New(Registration<P>),
    /// The account's profile is in order and holds other keys. They come from another nonce, which
    /// [`SignIn::with_nonce`] lets one try; or they were random; or the wallet does not sign alike twice. Publishing
    /// replaces that profile; what was sealed for the other keys can't be read with these.
    OtherNonce(Registration<P>),
    /// What is published can't be used: it is damaged, or somebody else signed it. Publishing replaces it.
    Unusable(Registration<P>),
}

/// Keys that are not published yet.
pub struct Registration<P> {
    pub(super) directory: Rc<Directory<P>>,
    pub(super) account: Address,
    /// What the wallet signed for the seed, if the seed follows from that.
    key_message: Option<String>,
    pub(super) seed: KeySeed,
    /// Where random keys come from.
    code: Option<RecoveryCode>,
    /// What is to be signed.
    profile: RefCell<UserProfile>,
    /// What was signed: who tries again to hand it over is not asked again.
    signed: RefCell<Option<VerifiedProfile>>,
    /// What is shown to a node that takes who is invited, or has something at stake.
    brought: RefCell<Option<Payment>>,
    /// The contract and the key of a deposit that was made for it.
    pub(super) staked: Cell<Option<(Address, Address)>>,
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
    /// A smart account: its signatures can change with its owners, so keys that follow from them would be lost.
    #[error("this is a smart account, whose signatures can change; it needs random keys and a backup")]
    SmartAccount,
    /// The backup could not be opened.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The account's published profile could not be looked up.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The node could not be reached.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The node did not take the profile.
    #[error("the node did not take the profile: {0}")]
    Node(#[from] ApiError),
    /// The node asks for something before it takes a new account, and there is nothing to give.
    #[error("the node asks for something before it takes a new account")]
    Price(Price),
    /// The node has taken the profile, but others don't find it yet. Trying again asks for no other signature.
    #[error("the node has taken the profile, but does not show it to others yet")]
    NotShown,
    /// The device does not keep the keys.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a wallet signed is not the profile of its account.
impl From<ProfileError> for SignInError {
    // A copy for each who calls it: they are in parts of the element that are loaded apart.
    #[inline(always)]
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::OtherSigner { account, signer } => Self::OtherAccount { account, signer },
            ProfileError::Signature(error) => Self::Signature(error),
            ProfileError::TooLarge | ProfileError::Form(_) => Self::Signature(RecoverError::Invalid),
        }
    }
}

impl<P: Ports> SignIn<P> {
    /// Begins, with the nonce that most clients use.
    pub fn new(directory: Rc<Directory<P>>, account: Address) -> Self {
        Self { directory, account, nonce: KeyNonce::default() }
    }

    /// The same with the nonce of another client, whose keys are wanted.
    pub fn with_nonce(self, nonce: KeyNonce) -> Self {
        Self { nonce, ..self }
    }

    /// The exact text the wallet will be asked to sign first.
    pub fn key_message(&self) -> String {
        key_message(self.account, self.nonce.as_str())
    }

    /// Lets the wallet sign the key message and looks up what the account has published.
    ///
    /// # Errors
    /// [`SignInError`]; a refusal by the person is one.
    pub async fn create_keys(&self, wallet: &impl Wallet) -> Result<Keys<P>, SignInError> {
        let message = self.key_message();
        // Whoever has this signature has the keys.
        let signature = Zeroizing::new(wallet.sign_text(self.account, &message).await?);
        let signed = recover(&message, &signature).map_err(SignInError::from);
        if let Err(error) = signed.and_then(|signer| self.check_signer(signer)) {
            let by_contract = self.is_signed_by_contract(&message, &signature).await?;
            return Err(if by_contract { SignInError::SmartAccount } else { error });
        }
        self.compare(KeySeed::derive(&signature), Some(message), None).await
    }

    /// Whether the account is a contract on the chain, whose signatures are no source of keys. One that is deployed
    /// later is not known here; its signature tells ([`SignInError::SmartAccount`]).
    ///
    /// # Errors
    /// [`Unreachable`].
    pub async fn is_contract(&self) -> Result<bool, Unreachable> {
        let outcome = self.directory.ports().chain().call(None, &code_size_call(self.account)).await?;
        Ok(is_contract(&outcome) == Some(true))
    }

    /// Makes keys by chance, for an account whose wallet does not sign alike twice. Before they are published, their
    /// [code](Registration::recovery_code) must be kept: without it they are lost with the device.
    ///
    /// # Errors
    /// [`SignInError::Find`] if what is published can't be looked up.
    pub async fn random_keys(&self) -> Result<Keys<P>, SignInError> {
        let code = RecoveryCode::new_random(self.directory.ports().entropy());
        self.compare(code.to_seed(), None, Some(code)).await
    }

    /// Random keys again, from the code that was kept.
    ///
    /// # Errors
    /// [`SignInError::Find`] if what is published can't be looked up.
    pub async fn recover_keys(&self, code: &RecoveryCode) -> Result<Keys<P>, SignInError> {
        self.compare(code.to_seed(), None, None).await
    }

    /// Takes the keys out of a backup.
    ///
    /// # Errors
    /// [`SignInError::Backup`] if it is another account's, or the code does not open it.
    pub async fn restore_keys(&self, backup: &Backup, code: &RecoveryCode) -> Result<Keys<P>, SignInError> {
        if backup.account() != self.account {
            return Err(BackupError::OtherAccount(backup.account()).into());
        }
        self.compare(backup.open(code)?, None, None).await
    }

    async fn compare(
        &self,
        seed: KeySeed,
        key_message: Option<String>,
        code: Option<RecoveryCode>,
    ) -> Result<Keys<P>, SignInError> {
        let keys = ProfileKeys::derive(&seed).public();
        let alias = self.directory.alias(self.account);
        let published = self.directory.profile_at(&alias, self.account).await;
        let edition = match self.directory.claimed_edition(&alias).await? {
            Some(published) => published.wrapping_add(1),
            None => 0,
        };
        let services = vec![self.directory.discovery().name.clone()];
        let registration = Registration {
            directory: Rc::clone(&self.directory),
            account: self.account,
            key_message,
            seed,
            code,
            profile: RefCell::new(UserProfile::new(keys, services).with_edition(edition)),
            signed: RefCell::default(),
            brought: RefCell::default(),
            staked: Cell::new(None),
        };
        match published {
            Ok(Some((_, profile))) if profile.keys().matches(&keys) => {
                Ok(Keys::Known(registration.signed_in()))
            }
            Ok(Some(_)) => Ok(Keys::OtherNonce(registration)),
            Ok(None) => Ok(Keys::New(registration)),
            Err(FindError::Profile { .. } | FindError::Record { .. }) => Ok(Keys::Unusable(registration)),
            Err(error) => Err(error.into()),
        }
    }

    async fn is_signed_by_contract(&self, message: &str, signature: &str) -> Result<bool, Unreachable> {
        let hash = eip191_hash(message.as_bytes());
        let Ok(question) = SignatureQuestion::new(self.account, hash, signature) else { return Ok(false) };
        let outcome = self.directory.ports().chain().call(question.to(), question.data()).await?;
        Ok(question.accepted(&outcome))
    }

    fn check_signer(&self, signer: Address) -> Result<(), SignInError> {
        let account = self.account;
        if signer == account { Ok(()) } else { Err(SignInError::OtherAccount { account, signer }) }
    }
}

impl<P: Ports> Registration<P> {
    /// The exact text the wallet will be asked to sign.
    pub fn message(&self) -> String {
        self.profile.borrow().registration_message(self.account)
    }

    /// Whether the wallet has signed the message already: then [`Self::publish`] does not ask it.
    pub fn is_signed(&self) -> bool {
        self.signed.borrow().is_some()
    }

    /// Asks the wallet once more for the signature that the keys follow from. If it signs otherwise now, the keys can't
    /// be had again on another device, and [random ones](SignIn::random_keys) should be published instead.
    ///
    /// # Errors
    /// [`SignInError::Wallet`]; a refusal by the person is one.
    pub async fn wallet_signs_alike(&self, wallet: &impl Wallet) -> Result<bool, SignInError> {
        let Some(message) = &self.key_message else { return Ok(true) };
        let signature = Zeroizing::new(wallet.sign_text(self.account, message).await?);
        Ok(KeySeed::derive(&signature).matches(&self.seed))
    }

    /// The text from whose signature the keys follow, if they do.
    pub fn key_message(&self) -> Option<&str> {
        self.key_message.as_deref()
    }

    /// Takes something along for a node that asks for it: a code that its operator gave to this person, or a voucher.
    pub fn bring(&self, payment: Payment) {
        self.brought.replace(Some(payment));
    }

    /// What brings random keys back; to be kept before they are published.
    pub fn recovery_code(&self) -> Option<&RecoveryCode> {
        self.code.as_ref()
    }

    /// A file and a code that bring the keys back, whichever they are.
    ///
    /// # Errors
    /// [`SealError`]: then there is no backup.
    pub fn backup(&self) -> Result<(Backup, RecoveryCode), SealError> {
        let entropy = self.directory.ports().entropy();
        let code = RecoveryCode::new_random(entropy);
        Ok((Backup::wrap(self.account, &self.seed, &code, entropy)?, code))
    }

    /// Lets the wallet sign the profile, unless it has done so, and publishes it under the account's address name and at
    /// the node's delivery service. What was published before is replaced.
    ///
    /// # Errors
    /// [`SignInError`]; it can be repeated. [Another text](Self::message) is to be signed then, if this one was
    /// published before.
    pub async fn publish(&self, wallet: &impl Wallet) -> Result<SignedIn, SignInError> {
        let kept = self.signed.borrow().clone();
        let signed = match kept {
            Some(signed) => signed,
            None => self.sign(wallet).await?,
        };
        *self.signed.borrow_mut() = Some(signed.clone());
        if let Err(error) = self.hand_over(&signed).await {
            if matches!(&error, SignInError::Node(error) if api::is_superseded(error)) {
                *self.signed.borrow_mut() = None;
                let next = self.profile.borrow().clone();
                let edition = next.edition().wrapping_add(1);
                self.profile.replace(next.with_edition(edition));
            }
            return Err(error);
        }
        Ok(self.signed_in())
    }

    async fn sign(&self, wallet: &impl Wallet) -> Result<VerifiedProfile, SignInError> {
        let signature = wallet.sign_text(self.account, &self.message()).await?;
        let signed = self.profile.borrow().clone().signed(signature);
        Ok(self.directory.verify(signed, self.account).await??)
    }

    async fn hand_over(&self, signed: &VerifiedProfile) -> Result<(), SignInError> {
        let discovery = self.directory.discovery();
        let alias = self.directory.alias(self.account);
        let ports = self.directory.ports();
        let (resolver, domain) = (&discovery.resolver_url, &discovery.address_domain);
        self.register(api::post_address(resolver, domain, self.account, signed.as_signed())).await?;
        let service = &discovery.delivery_service_url;
        self.register(api::post_profile(service, &alias, signed.as_signed())).await?;
        if self.is_shown().await? {
            return Ok(());
        }
        let keys = ProfileKeys::derive(&self.seed);
        // Whoever enters logs in by themselves: this token is not needed.
        answer_challenge::<SignInError>(ports, service, &alias, &keys.signing, |_, _| {}).await?;
        if self.is_shown().await? { Ok(()) } else { Err(SignInError::NotShown) }
    }

    /// Hands a profile over, and once more with what is asked for that.
    async fn register(&self, request: HttpRequest) -> Result<(), SignInError> {
        let ports = self.directory.ports();
        let Some(price) = api::parse_registered(&ports.http().send(&request).await?)? else { return Ok(()) };
        let Some(payment) = self.pay(&price).await.and_then(|payment| payment.to_bearer()) else {
            return Err(SignInError::Price(price));
        };
        let reply = ports.http().send(&request.with_bearer(&payment)).await?;
        api::parse_registered(&reply)?.map_or(Ok(()), |price| Err(SignInError::Price(price)))
    }

    /// What a node asks for, if it can be had: work is done here, in slices between which others have their turn.
    async fn pay(&self, price: &Price) -> Option<Payment> {
        match price {
            Price::Closed => None,
            Price::Invitation | Price::Deposit(_) => self.brought.borrow().clone(),
            Price::Work(work) => {
                // Once in a million times that much does not find it; then the next try gets another challenge.
                let tries = 16_u64 << work.bits();
                let mut first = 0;
                while first < tries {
                    if let Some(number) = work.search(first, SLICE) {
                        return Some(Payment::Work(work.clone(), number));
                    }
                    first += u64::from(SLICE);
                    self.directory.ports().clock().sleep(0).await;
                }
                None
            }
        }
    }

    /// Whether others find these keys.
    async fn is_shown(&self) -> Result<bool, SignInError> {
        let alias = self.directory.alias(self.account);
        self.directory.forget(&alias);
        let found = self.directory.profile_at(&alias, self.account).await;
        self.directory.forget(&alias);
        match found {
            Ok(found) => Ok(found.is_some_and(|(_, found)| found.keys() == self.profile.borrow().keys())),
            Err(error) if error.is_temporary() => Err(error.into()),
            Err(_) => Ok(false),
        }
    }

    fn signed_in(&self) -> SignedIn {
        SignedIn { account: self.account, seed: self.seed.duplicate() }
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
