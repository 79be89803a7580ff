//! Finding people and delivery services: names to addresses, addresses to verified profiles.
//!
//! ```text
//! NFT ──ownerOf──▶ address ─┐
//! name ──ENS──▶ address ────┤
//! address ──────────────────┴─▶ profile at the name, else at <address>.<address domain> ──verify(address)──▶ Peer
//! ```
//!
//! Answers are kept for a minute, or for the shorter time that the name's owner asks for, so that a batch of messages
//! of one sender asks once, also while the answer is on its way. Documents that a record links to are not kept.

mod askable;
mod asking;
mod error;
mod kept;
mod owner;
mod proven;
mod records;
mod site;
mod usage;

use std::cell::RefCell;

pub use askable::{Askable, Token};
pub use error::FindError;
pub use owner::Holding;
pub use usage::Usage;

use super::detours::Detours;
use crate::delivery::Discovery;
use crate::identity::{Address, EnsName, Meant, NameError, ProfileError, SignedProfile, VerifiedProfile};
use crate::ports::{Chain as _, Clock as _, Normaliser as _, Ports, Unreachable};
use crate::registry::{
    DELIVERY_SERVICE_KEY, DeliveryServiceProfile, Found, PROFILE_KEY, ProfileQuestion, Record,
};
use asking::Asking;
use kept::{Kept, KeptCall, RECENT};
use proven::Proven;

/// Somebody who can be written to, or not yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Peer {
    /// The account.
    pub address: Address,
    /// The name that was asked for, or the account's own primary name. It resolves to the address.
    pub name: Option<EnsName>,
    /// The name that was asked for, be it an address name: where to look for a profile that was not there yet.
    pub asked: Option<EnsName>,
    /// The name its profile was found under and the profile; `None` if it has none.
    pub profile: Option<(EnsName, VerifiedProfile)>,
}

/// The delivery services that a profile lists.
#[derive(Default)]
pub(super) struct Listed {
    /// Those whose names could be read, the preferred one first.
    pub(super) names: Vec<EnsName>,
    /// Those whose names could not, as they are spelled.
    pub(super) unread: Vec<String>,
    /// Some of these may be read later: the tables for them can't be had now.
    pub(super) later: bool,
}

/// Looks things up through the ports.
pub struct Directory<P> {
    ports: P,
    discovery: Discovery,
    pub(super) detours: Detours,
    kept: RefCell<Vec<Kept>>,
    asking: Asking,
    /// Many names have their parents in common.
    parents: RefCell<Vec<KeptCall>>,
    proven: Proven,
}

impl<P: Ports> Directory<P> {
    /// A directory for the network that a node describes.
    pub fn new(ports: P, discovery: Discovery) -> Self {
        Self {
            ports,
            discovery,
            detours: Detours::default(),
            kept: RefCell::default(),
            asking: Asking::default(),
            parents: RefCell::default(),
            proven: Proven::default(),
        }
    }

    /// The node's description of itself and its network.
    pub fn discovery(&self) -> &Discovery {
        &self.discovery
    }

    pub(super) fn ports(&self) -> &P {
        &self.ports
    }

    /// The address name of an account in this network.
    pub fn alias(&self, account: Address) -> EnsName {
        EnsName::of_address(account, &self.discovery.address_domain)
    }

    /// Finds whom a person means by what they typed.
    ///
    /// # Errors
    /// [`FindError`]; a peer without a profile is none.
    pub async fn find(&self, typed: &str) -> Result<Peer, FindError> {
        let (address, typed) = self.account_of(Meant::parse(typed)?).await?;
        let profile = match &typed {
            Some(name) => self.profile_under(name, address).await?,
            None => self.profile_of(address).await?,
        };
        let name = self.called(address, typed.clone()).await?;
        Ok(Peer { address, name, asked: typed, profile })
    }

    /// The account that a person means, and the name if they typed one.
    pub(super) async fn account_of(&self, meant: Meant) -> Result<(Address, Option<EnsName>), FindError> {
        match meant {
            Meant::Address(address) => Ok((address, None)),
            Meant::Nft(nft) => Ok((self.owner_of(&nft).await?, None)),
            Meant::Name(typed) => {
                let (address, name) = self.account_named(&typed).await?;
                Ok((address, Some(name)))
            }
        }
    }

    /// The account that a person means by a name.
    pub(super) async fn account_named(&self, typed: &str) -> Result<(Address, EnsName), FindError> {
        let name = self.name(typed).await?;
        // Where nobody serves such a name, the address in it is meant all the same.
        let address = self.address_of(&name).await?.or(name.carried_address());
        Ok((address.ok_or_else(|| FindError::Unknown(name.clone()))?, name))
    }

    /// What an account is called that was found under a name: that name, unless it is an address; else its primary
    /// name.
    pub(super) async fn called(
        &self,
        address: Address,
        typed: Option<EnsName>,
    ) -> Result<Option<EnsName>, FindError> {
        match typed.filter(|name| name.carried_address().is_none()) {
            Some(name) => Ok(Some(name)),
            None => self.primary_name(address).await,
        }
    }

    /// Reads a name as a person or a peer wrote it, with the tables of ENSIP-15 if it needs them.
    ///
    /// # Errors
    /// [`NameError`] if it is none.
    pub async fn name(&self, text: &str) -> Result<EnsName, NameError> {
        match text.parse() {
            Err(NameError::NotAscii) => self.ports.normaliser().normalise(text.trim()).await,
            name => name,
        }
    }

    /// Reads the names of the delivery services that a profile lists. One that can't be read makes the others no less
    /// usable.
    pub(super) async fn services_of(&self, profile: &VerifiedProfile) -> Listed {
        let mut listed = Listed::default();
        for text in profile.as_signed().profile().listed() {
            match self.name(text).await {
                Ok(name) => listed.names.push(name),
                Err(error) => {
                    listed.later |= error == NameError::NoTables;
                    listed.unread.push(text.to_owned());
                }
            }
        }
        listed
    }

    /// Finds an account by its address: its primary name, and its profile there or at its address name.
    ///
    /// # Errors
    /// [`FindError`]; an account without name or profile is none.
    pub async fn peer(&self, address: Address) -> Result<Peer, FindError> {
        let name = self.primary_name(address).await?;
        let profile = self.profile_of(address).await?;
        Ok(Peer { address, name, asked: None, profile })
    }

    /// The profile of an account, and the name it was found at: its address name, else its primary name. A
    /// broken primary name does no harm to who has a profile at the address name.
    ///
    /// # Errors
    /// [`FindError`]; an account without profile is none.
    pub async fn profile_of(
        &self,
        account: Address,
    ) -> Result<Option<(EnsName, VerifiedProfile)>, FindError> {
        if let Some(found) = self.profile_at(&self.alias(account), account).await? {
            return Ok(Some(found));
        }
        match self.primary_name(account).await? {
            Some(name) => self.profile_at(&name, account).await,
            None => Ok(None),
        }
    }

    /// The account that a name leads to which a peer wrote. An address, alone or as an address name of any domain, speaks
    /// for itself and for no other, so nobody has to be asked.
    ///
    /// # Errors
    /// [`FindError::Name`] and as [`Self::address_of`].
    pub(super) async fn resolve(&self, text: &str) -> Result<Option<Address>, FindError> {
        let name = self.name(text).await?;
        match name.carried_address() {
            Some(address) => Ok(Some(address)),
            None => self.address_of(&name).await,
        }
    }

    /// The address of a name. An address name of this network carries its address in its label.
    ///
    /// # Errors
    /// [`FindError::Lookup`] and [`FindError::Unreachable`].
    pub async fn address_of(&self, name: &EnsName) -> Result<Option<Address>, FindError> {
        if let Some(address) = name.address_below(&self.discovery.address_domain) {
            return Ok(Some(address));
        }
        let found = self.record(name, Record::Address).await?.and_then(Found::into_address);
        match (found, name.carried_address()) {
            (Some(address), Some(carried)) if address != carried => {
                Err(FindError::NotItself { name: name.clone(), address })
            }
            _ => Ok(found),
        }
    }

    /// Whether a name leads to an account at this moment, or did so a few seconds ago.
    ///
    /// # Errors
    /// [`FindError`] if that can't be found out now.
    pub(super) async fn leads_to(&self, name: &EnsName, account: Address) -> Result<bool, FindError> {
        if name.carried_address() == Some(account) {
            return Ok(true);
        }
        let now = self.ports.clock().now();
        let is_old = |kept: &Kept| kept.asked.saturating_add(RECENT) < now;
        let asked = |kept: &Kept| kept.name == *name && kept.record == Record::Address;
        self.kept.borrow_mut().retain(|kept| !(asked(kept) && is_old(kept)));
        match self.address_of(name).await {
            Ok(found) => Ok(found == Some(account)),
            Err(error) if error.is_temporary() => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// The profile published at a name, if it was signed by `account`.
    ///
    /// # Errors
    /// [`FindError::Profile`] if somebody else signed it.
    pub async fn profile_at(
        &self,
        name: &EnsName,
        account: Address,
    ) -> Result<Option<(EnsName, VerifiedProfile)>, FindError> {
        let Some(json) = self.document(name, PROFILE_KEY).await? else { return Ok(None) };
        let wrong = |reason| FindError::Profile { name: name.clone(), reason };
        let signed = SignedProfile::parse(&json).map_err(wrong)?;
        let profile = match self.proven.check(&json, account, signed.clone()) {
            Ok(profile) => profile,
            Err(error) => self.by_contract(signed, account, error).await?.map_err(wrong)?,
        };
        Ok(Some((name.clone(), profile)))
    }

    /// Which edition the profile at a name says it is, whoever signed it; `None` if there is no profile that can be
    /// read.
    ///
    /// # Errors
    /// What [may pass by itself](FindError::is_temporary).
    pub(super) async fn claimed_edition(&self, name: &EnsName) -> Result<Option<u64>, FindError> {
        match self.document(name, PROFILE_KEY).await {
            Ok(json) => Ok(json.and_then(|json| Some(SignedProfile::parse(&json).ok()?.profile().edition()))),
            Err(error) if error.is_temporary() => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The profile of an account at its name, else at its address name.
    pub(super) async fn profile_under(
        &self,
        name: &EnsName,
        account: Address,
    ) -> Result<Option<(EnsName, VerifiedProfile)>, FindError> {
        for name in [name, &self.alias(account)] {
            let found = self.profile_at(name, account).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Proves that an account signed a profile: an ordinary account by the signature itself, a smart account by its
    /// own word on the chain (ERC-1271), even if it is not deployed yet (ERC-6492).
    ///
    /// # Errors
    /// The outer one if the chain can't be asked, the inner one if the account did not sign.
    pub async fn verify(
        &self,
        signed: SignedProfile,
        account: Address,
    ) -> Result<Result<VerifiedProfile, ProfileError>, Unreachable> {
        match signed.clone().verify(account) {
            Ok(profile) => Ok(Ok(profile)),
            Err(error) => self.by_contract(signed, account, error).await,
        }
    }

    /// Asks a smart account whether it signed a profile that no key of its own did, for which `error` stands.
    pub(super) async fn by_contract(
        &self,
        signed: SignedProfile,
        account: Address,
        error: ProfileError,
    ) -> Result<Result<VerifiedProfile, ProfileError>, Unreachable> {
        let Ok(asked) = ProfileQuestion::new(signed, account) else { return Ok(Err(error)) };
        let question = asked.question();
        let outcome = self.ports.chain().call(question.to(), question.data()).await?;
        Ok(asked.answer(&outcome).ok_or(error))
    }

    /// What a delivery service's name says about it.
    ///
    /// # Errors
    /// [`FindError::NoDeliveryService`] if the name has no such record.
    pub async fn delivery_service(&self, name: &EnsName) -> Result<DeliveryServiceProfile, FindError> {
        let json = self.document(name, DELIVERY_SERVICE_KEY).await?;
        let json = json.ok_or_else(|| FindError::NoDeliveryService(name.clone()))?;
        DeliveryServiceProfile::parse(&json)
            .map_err(|reason| FindError::DeliveryService { name: name.clone(), reason })
    }

    /// The name an account calls itself by, if that name resolves to the account (ENSIP-3). A name that can't
    /// be read or belongs to somebody else is none.
    ///
    /// # Errors
    /// [`FindError::Lookup`] and [`FindError::Unreachable`].
    pub async fn primary_name(&self, account: Address) -> Result<Option<EnsName>, FindError> {
        let found = self.record(&EnsName::reverse_of(account), Record::ReverseName).await?;
        let Some(text) = found.and_then(Found::into_text) else { return Ok(None) };
        let name = match self.name(&text).await {
            Ok(name) => name,
            Err(error @ NameError::NoTables) => return Err(error.into()),
            Err(_) => return Ok(None),
        };
        let points_back = self.address_of(&name).await? == Some(account);
        Ok(points_back.then_some(name))
    }

    /// Forgets what was found at a name, so that the next question is asked anew.
    pub fn forget(&self, name: &EnsName) {
        self.kept.borrow_mut().retain(|kept| kept.name != *name);
        self.asking.forget(name);
    }
}
