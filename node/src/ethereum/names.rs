//! Which address a name belongs to, and which profile an address has.

use std::sync::Arc;

use dm3_core::identity::{Address, EnsName, SignedProfile, VerifiedProfile};

use crate::ethereum::chain::{Chain, ChainError};
use crate::store::{Store, StoreError};

/// The names of this server and, through ENS, all others.
pub struct Names {
    store: Arc<dyn Store>,
    chain: Arc<Chain>,
    address_domain: EnsName,
    user_domain: Option<EnsName>,
}

/// A profile that is held here.
pub struct Held {
    /// The profile.
    pub profile: VerifiedProfile,
    /// Whether its key has answered a challenge. Until then anybody may have posted it, however old it is.
    pub answered: bool,
}

/// Why a name could not be looked up. That it does not exist is no failure.
#[derive(Debug, thiserror::Error)]
pub enum NamesError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain could not be asked.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// There was no time left for it.
    #[error("looking the name up took too long")]
    Time,
}

impl Names {
    /// Answers for names below the two domains out of `store`, and for others out of `chain`.
    pub fn new(
        store: Arc<dyn Store>,
        chain: Arc<Chain>,
        address_domain: EnsName,
        user_domain: Option<EnsName>,
    ) -> Self {
        Self { store, chain, address_domain, user_domain }
    }

    /// The address that a text stands for by itself: an address, or an address name of this server.
    pub fn own_address(&self, name: &EnsName) -> Option<Address> {
        name.address_below(&self.address_domain).or_else(|| Address::parse_unchecked_case(name.as_str()).ok())
    }

    /// Whether this server alone decides about a name: it asks nobody else.
    pub fn is_own(&self, name: &EnsName) -> bool {
        let below = |domain: &EnsName| {
            name.as_str().strip_suffix(domain.as_str()).is_some_and(|front| front.ends_with('.'))
        };
        name.parent().is_none() || below(&self.address_domain) || self.user_domain.as_ref().is_some_and(below)
    }

    /// Whether a name is one that may be claimed here: one label below the domain for it.
    pub fn is_claimable(&self, name: &EnsName) -> bool {
        name.parent().is_some_and(|parent| Some(&parent) == self.user_domain.as_ref())
    }

    /// The chain that other names are looked up on.
    pub fn chain(&self) -> &Arc<Chain> {
        &self.chain
    }

    /// The domain of address names.
    pub const fn address_domain(&self) -> &EnsName {
        &self.address_domain
    }

    /// The address of a name.
    ///
    /// # Errors
    /// [`NamesError`] if it can't be found out.
    pub async fn address_of(&self, name: &EnsName) -> Result<Option<Address>, NamesError> {
        if let Some(address) = self.own_address(name) {
            return Ok(Some(address));
        }
        // A single label is no name that anybody can have.
        if name.parent().is_none() {
            return Ok(None);
        }
        if self.is_own(name) {
            return Ok(self.store.address_of(name).await?);
        }
        Ok(self.chain.address_of(name).await?)
    }

    /// The account that a sender or receiver is meant by. An address name of whichever domain speaks for the address in it,
    /// whatever is resolved there, so that who has an account here is known by their name in another network.
    ///
    /// # Errors
    /// [`NamesError`] if it can't be found out.
    pub async fn account_of(&self, name: &EnsName) -> Result<Option<Address>, NamesError> {
        match name.carried_address() {
            Some(address) => Ok(Some(address)),
            None => self.address_of(name).await,
        }
    }

    /// The profile of an address: the one that is held here, else the one that the name's record holds.
    ///
    /// # Errors
    /// [`NamesError`] if it can't be found out.
    pub async fn profile_of(
        &self,
        name: &EnsName,
        address: Address,
    ) -> Result<Option<VerifiedProfile>, NamesError> {
        if let Some(account) = self.store.account(address).await? {
            return self.kept_profile(&account.profile, address).await;
        }
        self.published_profile(name, address).await
    }

    /// The profile of an address that is held here.
    ///
    /// # Errors
    /// [`NamesError`] if it can't be found out.
    pub async fn held_profile(&self, address: Address) -> Result<Option<Held>, NamesError> {
        let Some(account) = self.store.account(address).await? else { return Ok(None) };
        let profile = self.kept_profile(&account.profile, address).await?;
        Ok(profile.map(|profile| Held { profile, answered: account.answered }))
    }

    /// The profile of an address that a name's record on the chain holds, whatever is held here. Names of this
    /// server have no other record than what is held here.
    ///
    /// # Errors
    /// [`NamesError`] if it can't be found out.
    pub async fn published_profile(
        &self,
        name: &EnsName,
        address: Address,
    ) -> Result<Option<VerifiedProfile>, NamesError> {
        if self.is_own(name) {
            return Ok(None);
        }
        match self.chain.profile_of(name).await?.and_then(|json| SignedProfile::parse(&json).ok()) {
            Some(profile) => self.verify(profile, address).await,
            None => Ok(None),
        }
    }

    /// The profile, if `address` signed it.
    ///
    /// # Errors
    /// [`NamesError::Chain`] if it may be a smart account's and the chain can't be asked.
    pub async fn verify(
        &self,
        profile: SignedProfile,
        address: Address,
    ) -> Result<Option<VerifiedProfile>, NamesError> {
        Ok(self.chain.verify(profile, address).await?)
    }

    /// A profile out of the store. A smart account may have changed its owners since it was stored: then it has none
    /// any more.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it is no profile, and as [`Self::verify`].
    pub async fn kept_profile(
        &self,
        json: &str,
        address: Address,
    ) -> Result<Option<VerifiedProfile>, NamesError> {
        let profile = SignedProfile::parse(json)
            .map_err(|_| NamesError::Store(StoreError::Damaged("a kept profile can't be read")))?;
        self.verify(profile, address).await
    }
}
