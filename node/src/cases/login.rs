//! Signing in: a challenge, and a token for its answer.

use dm3_core::identity::{Address, EnsName, SignedProfile, UserProfile, VerifiedProfile};
use dm3_core::seal::json::canonical;

use crate::app::App;
use crate::auth::Session;
use crate::cases::ApiError;
use crate::machine::clock::{now_ms, now_seconds};
use crate::store::{Blockable, Service, StoreError};

impl App {
    /// A challenge for an account to sign.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] if no profile is known for the name, [`ApiError::Blocked`].
    pub async fn challenge(&self, name: &str) -> Result<String, ApiError> {
        let Ok(name) = name.parse::<EnsName>() else { return Err(ApiError::NotFound) };
        let Some((address, _)) = self.account_of(&name).await? else { return Err(ApiError::NotFound) };
        self.want_unblocked(address).await?;
        Ok(self.tokens.make_challenge(name, now_ms())?)
    }

    /// A session for the account that answers its challenge with its profile key: the one that is kept, or one that
    /// was posted to replace it and does so now.
    ///
    /// # Errors
    /// [`ApiError::Refused`] saying what is wrong with the answer.
    pub async fn sign_in(&self, name: &str, challenge: &str, signature: &str) -> Result<String, ApiError> {
        let refused = |text: &str| Err(ApiError::Refused(text.to_owned()));
        let account = match name.parse::<EnsName>() {
            Ok(name) => self.account_of(&name).await?.map(|(address, kept)| (name, address, kept)),
            Err(_) => None,
        };
        let Some((name, address, kept)) = account else { return refused("User account doesn't exist") };
        self.want_unblocked(address).await?;
        let now = now_seconds();
        let claims = self.tokens.challenge(challenge, now)?;
        if claims.account != name {
            return refused("the challenge belongs to another account");
        }
        let answered = |profile: &UserProfile| profile.keys().signing.verify(challenge, signature).is_ok();
        let later = |profile: &UserProfile| match &kept {
            Some(kept) if answered(kept.as_signed().profile()) => succeeds(profile, kept),
            Some(_) | None => true,
        };
        let waiting = self.waiting(address, |profile| answered(profile) && later(profile)).await?;
        let waiting = match waiting {
            None if !kept.as_ref().is_some_and(|kept| answered(kept.as_signed().profile())) => {
                let published = self.published_since(&name, address).await?;
                match published.filter(|published| answered(published.as_signed().profile())) {
                    Some(published) => Some(published),
                    None => return refused("Signature invalid"),
                }
            }
            waiting => waiting,
        };
        if !self.store.answer_challenge(&claims.challenge, claims.exp, now).await? {
            return refused("the challenge was answered before; ask for another");
        }
        if let Some(waiting) = waiting {
            let json = canonical(&waiting.as_signed().to_json());
            let new_keys = kept.as_ref().is_none_or(|kept| kept.keys() != waiting.keys());
            if !self.store.promote(address, &json, new_keys).await? {
                return refused("Signature invalid");
            }
            self.senders.forget(address);
            self.receivers.forget(address);
            if new_keys {
                self.sockets.close_of(address);
            }
        }
        self.store.note_login(address, now_ms()).await?;
        let epoch = self.epoch(address).await?;
        Ok(self.tokens.make_session(name, address, epoch, now)?)
    }

    /// Ends every session of an account, wherever it signed in, and closes its sockets.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_out_everywhere(&self, account: Address) -> Result<(), StoreError> {
        self.store.end_sessions(account).await?;
        self.sockets.close_of(account);
        Ok(())
    }

    /// The epoch of an account: the sessions of this one hold.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn epoch(&self, account: Address) -> Result<u64, StoreError> {
        match self.store.account(account).await? {
            Some(account) => Ok(account.epoch),
            None => self.store.ended_epoch(account).await,
        }
    }

    /// Closes the sockets of all accounts whose sessions were ended elsewhere, unheard of here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close_stale_sockets(&self) -> Result<(), StoreError> {
        for (socket, session) in self.sockets.sessions() {
            if self.epoch(session.address).await? != session.epoch {
                self.sockets.close_one(socket);
            }
        }
        Ok(())
    }

    /// Refuses whom the operator has blocked.
    async fn want_unblocked(&self, account: Address) -> Result<(), ApiError> {
        let blocked = self.store.is_blocked(Blockable::Account, &account.to_lower_hex()).await?;
        if blocked { Err(ApiError::Blocked) } else { Ok(()) }
    }

    /// The profile that a name's owner has put on the chain since theirs was registered here; it is posted herewith.
    async fn published_since(
        &self,
        name: &EnsName,
        address: Address,
    ) -> Result<Option<VerifiedProfile>, ApiError> {
        let Some(published) = self.names.published_profile(name, address).await? else { return Ok(None) };
        let Some(account) = self.store.account(address).await? else { return Ok(None) };
        let service = if account.storage { Service::Storage } else { Service::Mailbox };
        match self.keep(&published, service, None).await {
            Ok(_) => Ok(Some(published)),
            Err(ApiError::NotKept(_) | ApiError::Priced(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The session of a token, whosever it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn any_session(&self, token: &str) -> Result<Option<Session>, StoreError> {
        let Ok(session) = self.tokens.session(token, now_seconds()) else { return Ok(None) };
        Ok((self.epoch(session.address).await? == session.epoch).then_some(session))
    }

    /// The session of a token, if it is valid for the name in the request: the one that signed in, or
    /// another that means the same address by itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(&self, token: &str, name: &str) -> Result<Option<Session>, StoreError> {
        let Ok(name) = name.parse::<EnsName>() else { return Ok(None) };
        let session = self.any_session(token).await?;
        Ok(session.filter(|session| {
            name == session.account || self.names.own_address(&name) == Some(session.address)
        }))
    }

    /// Whose a name is, and the profile that is kept. There is none of a smart account that has other owners by now than
    /// when it signed: then one waits at least.
    async fn account_of(
        &self,
        name: &EnsName,
    ) -> Result<Option<(Address, Option<VerifiedProfile>)>, ApiError> {
        let Some(address) = self.names.address_of(name).await? else { return Ok(None) };
        let kept = self.names.profile_of(name, address).await?;
        let known = kept.is_some() || self.waiting(address, |_| true).await?.is_some();
        Ok(known.then_some((address, kept)))
    }

    /// Of the profiles that would replace an account's, the latest that is wanted.
    async fn waiting(
        &self,
        address: Address,
        wanted: impl Fn(&UserProfile) -> bool,
    ) -> Result<Option<VerifiedProfile>, ApiError> {
        for json in self.store.pending_profiles(address).await? {
            let Ok(profile) = SignedProfile::parse(&json) else { continue };
            if !wanted(profile.profile()) {
                continue;
            }
            if let Some(profile) = self.names.verify(profile, address).await? {
                return Ok(Some(profile));
            }
        }
        Ok(None)
    }
}

/// Whether a profile that waits takes the place of one with the same keys, such as one that lists other delivery
/// services. Both are answered for by the key, so the account itself must have said which is the later: by its edition.
fn succeeds(waiting: &UserProfile, kept: &VerifiedProfile) -> bool {
    waiting.edition() > kept.as_signed().profile().edition()
}
