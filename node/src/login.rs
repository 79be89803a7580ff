//! Signing in: a challenge, and a token for its answer.

use dm3_core::identity::{Address, EnsName, SignedProfile, VerifiedProfile};
use dm3_core::seal::json::canonical;

use crate::app::App;
use crate::auth::Session;
use crate::clock::now_seconds;
use crate::error::ApiError;
use crate::store::Service;

impl App {
    /// A challenge for an account to sign.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] if no profile is known for the name.
    pub async fn challenge(&self, name: &str) -> Result<String, ApiError> {
        let Ok(name) = name.parse::<EnsName>() else { return Err(ApiError::NotFound) };
        if self.account_of(&name).await?.is_none() {
            return Err(ApiError::NotFound);
        }
        Ok(self.tokens.make_challenge(name, now_seconds())?)
    }

    /// A session for the account that answers its challenge with its profile key: the one that is kept, or one that
    /// was posted to replace it and does so now.
    ///
    /// # Errors
    /// [`ApiError::Refused`] saying what is wrong with the answer.
    pub async fn sign_in(&self, name: &str, challenge: &str, signature: &str) -> Result<String, ApiError> {
        let refused = |text: &str| Err(ApiError::Refused(text.to_owned()));
        let account = match name.parse::<EnsName>() {
            Ok(name) => self.account_of(&name).await?.map(|(address, profile)| (name, address, profile)),
            Err(_) => None,
        };
        let Some((name, address, profile)) = account else { return refused("User account doesn't exist") };
        let now = now_seconds();
        let claims = self.tokens.challenge(challenge, now)?;
        if claims.account != name {
            return refused("the challenge belongs to another account");
        }
        let waiting = match profile.keys().signing.verify(challenge, signature) {
            Ok(()) => None,
            Err(_) => match self.newer_profile(&name, address, challenge, signature).await? {
                Some(waiting) => Some(waiting),
                None => return refused("Signature invalid"),
            },
        };
        if !self.store.answer_challenge(&claims.challenge, claims.exp, now).await? {
            return refused("the challenge was answered before; ask for another");
        }
        if let Some(waiting) = waiting {
            if !self.store.promote(address, &waiting).await? {
                return refused("Signature invalid");
            }
            self.senders.forget(address);
            self.receivers.forget(address);
        }
        Ok(self.tokens.make_session(name, address, now)?)
    }

    /// Of the profiles that would replace an account's, the one whose key answered a challenge: of those that were
    /// posted, or the one that the name's owner has put on the chain since.
    async fn newer_profile(
        &self,
        name: &EnsName,
        address: Address,
        challenge: &str,
        signature: &str,
    ) -> Result<Option<String>, ApiError> {
        let answered =
            |profile: &VerifiedProfile| profile.keys().signing.verify(challenge, signature).is_ok();
        for json in self.store.pending_profiles(address).await? {
            let profile = match SignedProfile::parse(&json) {
                Ok(profile) => self.names.verify(profile, address).await?,
                Err(_) => None,
            };
            if profile.is_some_and(|profile| answered(&profile)) {
                return Ok(Some(json));
            }
        }
        let Some(published) = self.names.published_profile(name, address).await?.filter(answered) else {
            return Ok(None);
        };
        let Some(account) = self.store.account(address).await? else { return Ok(None) };
        let service = if account.storage { Service::Storage } else { Service::Mailbox };
        self.keep(&published, service).await?;
        Ok(Some(canonical(&published.as_signed().to_json())))
    }

    /// The session of a token, whosever it is.
    pub fn any_session(&self, token: &str) -> Option<Session> {
        self.tokens.session(token, now_seconds()).ok()
    }

    /// The session of a token, if it is valid for the name in the request: the one that signed in, or
    /// another that means the same address by itself.
    pub fn session(&self, token: &str, name: &str) -> Option<Session> {
        let session = self.any_session(token)?;
        let name: EnsName = name.parse().ok()?;
        let same = name == session.account || self.names.own_address(&name) == Some(session.address);
        same.then_some(session)
    }

    async fn account_of(&self, name: &EnsName) -> Result<Option<(Address, VerifiedProfile)>, ApiError> {
        let Some(address) = self.names.address_of(name).await? else { return Ok(None) };
        Ok(self.names.profile_of(name, address).await?.map(|profile| (address, profile)))
    }
}
