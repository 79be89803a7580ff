//! Finding people and delivery services: names to addresses, addresses to verified profiles.
//!
//! ```text
//! name ──ENS──▶ address ─┐
//! address ───────────────┴─▶ profile at the name, else at <address>.<address domain> ──verify(address)──▶ Peer
//! ```
//!
//! Answers are kept for a minute, or for the shorter time that the name's owner asks for, so that a batch of messages
//! of one sender asks once. Documents that a record links to are not kept.

use std::cell::RefCell;

use crate::delivery::Discovery;
use crate::identity::{
    Address, AddressError, EnsName, NameError, ProfileError, SignedProfile, VerifiedProfile,
};
use crate::ports::{Chain as _, Clock as _, Http as _, Ipfs as _, Normaliser as _, Ports, Unreachable};
use crate::registry::abi::Tuple;
use crate::registry::{
    Answer, Ask, CallOutcome, DELIVERY_SERVICE_KEY, DeliveryServiceError, DeliveryServiceProfile, Found,
    Lookup, LookupError, PROFILE_KEY, ProfileLocation, ProfileQuestion, Record, RecordError, Step,
    TransactionRequest, ens,
};
use crate::web::{HttpResponse, Outage};

/// How long an answer is believed at most: milliseconds.
const KEEP: u64 = 60_000;
/// How many answers are kept.
const MAX_KEPT: usize = 500;

/// Somebody who can be written to, or not yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Peer {
    /// The account.
    pub address: Address,
    /// The name that was asked for, or the account's own primary name. It resolves to the address.
    pub name: Option<EnsName>,
    /// The name its profile was found under and the profile; `None` if it has none.
    pub profile: Option<(EnsName, VerifiedProfile)>,
}

/// Why somebody was not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// Neither a name nor an address.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Looks like an address, but is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Nobody owns the name, or it points to no address.
    #[error("nobody is registered as {0}")]
    Unknown(EnsName),
    /// An address name that points to another address than the one it carries: whoever serves it lies.
    #[error("{name} points to the account {address}, which is not the one in its name")]
    NotItself {
        /// The name.
        name: EnsName,
        /// Where it points.
        address: Address,
    },
    /// The name has no resolver of its own, so nothing can be published on it by a transaction.
    #[error("{0} has no resolver of its own; its records are changed where it was registered")]
    NoResolver(EnsName),
    /// The network failed; it can be tried again.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The chain or a gateway gave an unusable answer; it can be tried again.
    #[error("{name} could not be looked up: {reason}")]
    Lookup {
        /// Whose record.
        name: EnsName,
        /// What went wrong.
        reason: LookupError,
    },
    /// The record exists, but its owner published something that can't be used.
    #[error("the dm3 record of {name} can't be used: {reason}")]
    Record {
        /// Whose record.
        name: EnsName,
        /// What is wrong with it.
        reason: RecordError,
    },
    /// The profile exists, but its owner did not sign it like this.
    #[error("the dm3 profile of {name} can't be trusted: {reason}")]
    Profile {
        /// Whose profile.
        name: EnsName,
        /// What is wrong with it.
        reason: ProfileError,
    },
    /// The name has no delivery-service record.
    #[error("{0} is no delivery service")]
    NoDeliveryService(EnsName),
    /// The delivery service's record can't be used.
    #[error("the record of the delivery service {name} can't be used: {reason}")]
    DeliveryService {
        /// Which one.
        name: EnsName,
        /// What is wrong with it.
        reason: DeliveryServiceError,
    },
}

impl FindError {
    /// Whether another try may succeed without anybody changing their records.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Lookup { .. } | Self::Name(NameError::NoTables))
    }
}

/// Looks things up through the ports.
pub struct Directory<P> {
    ports: P,
    discovery: Discovery,
    kept: RefCell<Vec<Kept>>,
}

/// An answer and until when it is believed.
struct Kept {
    name: EnsName,
    record: Record,
    until: u64,
    found: Found,
}

impl<P: Ports> Directory<P> {
    /// A directory for the network that a node describes.
    pub fn new(ports: P, discovery: Discovery) -> Self {
        Self { ports, discovery, kept: RefCell::default() }
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

    /// Finds whom a person means by a name or an address.
    ///
    /// # Errors
    /// [`FindError`]; a peer without a profile is none.
    pub async fn find(&self, typed: &str) -> Result<Peer, FindError> {
        let typed = typed.trim();
        if typed.starts_with("0x") && !typed.contains('.') {
            let address = typed.parse()?;
            return self.peer(address).await;
        }
        let name = self.name(typed).await?;
        let address = self.address_of(&name).await?.ok_or_else(|| FindError::Unknown(name.clone()))?;
        let profile = self.profile_under(&name, address).await?;
        let shown = if name == self.alias(address) { self.primary_name(address).await? } else { Some(name) };
        Ok(Peer { address, name: shown, profile })
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

    /// Finds an account by its address: its primary name, and its profile there or at its address name.
    ///
    /// # Errors
    /// [`FindError`]; an account without name or profile is none.
    pub async fn peer(&self, address: Address) -> Result<Peer, FindError> {
        let name = self.primary_name(address).await?;
        let profile = self.profile_of(address).await?;
        Ok(Peer { address, name, profile })
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

    /// The address of a name as a peer wrote it.
    ///
    /// # Errors
    /// [`FindError::Name`] and as [`Self::address_of`].
    pub(super) async fn resolve(&self, text: &str) -> Result<Option<Address>, FindError> {
        self.address_of(&self.name(text).await?).await
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
        let profile = self.verify(signed, account).await?.map_err(wrong)?;
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
        let error = match signed.clone().verify(account) {
            Ok(profile) => return Ok(Ok(profile)),
            Err(error) => error,
        };
        let Ok(asked) = ProfileQuestion::new(signed, account) else { return Ok(Err(error)) };
        let question = asked.question();
        let outcome = self.ports.chain().call(question.to(), question.data()).await?;
        Ok(asked.answer(&outcome).ok_or(error))
    }

    /// The transaction that publishes a profile on an own name, for the wallet of its owner.
    ///
    /// # Errors
    /// [`FindError::NoResolver`] if the name gets its records from elsewhere.
    pub async fn publication(
        &self,
        name: &EnsName,
        profile: &VerifiedProfile,
    ) -> Result<TransactionRequest, FindError> {
        let registry = Some(self.discovery.ens_registry);
        let resolver = match self.ports.chain().call(registry, &ens::resolver_call(name)).await? {
            CallOutcome::Returned(data) => Tuple::new(&data).and_then(|tuple| tuple.address(0)).ok(),
            CallOutcome::Reverted(_) => None,
        };
        let resolver = resolver.filter(|resolver| *resolver != Address::ZERO);
        let resolver = resolver.ok_or_else(|| FindError::NoResolver(name.clone()))?;
        Ok(TransactionRequest::set_profile(resolver, name, profile))
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
    }

    /// The JSON text a record holds or links to.
    async fn document(&self, name: &EnsName, key: &str) -> Result<Option<String>, FindError> {
        let Some(text) = self.record(name, Record::Text(key.to_owned())).await?.and_then(Found::into_text)
        else {
            return Ok(None);
        };
        let wrong = |reason| FindError::Record { name: name.clone(), reason };
        match ProfileLocation::parse(&text).map_err(wrong)? {
            ProfileLocation::Inline(json) => Ok(Some(json)),
            ProfileLocation::Web(link) => {
                let request = link.request();
                let HttpResponse { status, body, .. } = self.ports.http().send(&request).await?;
                // Only the document itself says something about the profile, not its server's trouble.
                if !(200..=299).contains(&status) {
                    let host = request.url.authority().to_owned();
                    return Err(Unreachable { host, outage: Outage::Status(status) }.into());
                }
                link.check(&body).map(Some).map_err(wrong)
            }
            ProfileLocation::Ipfs(link) => self.ports.ipfs().document(&link).await?.map(Some).map_err(wrong),
        }
    }

    async fn record(&self, name: &EnsName, record: Record) -> Result<Option<Found>, FindError> {
        let now = self.ports.clock().now();
        let asked = |kept: &&Kept| kept.name == *name && kept.record == record && now < kept.until;
        if let Some(kept) = self.kept.borrow().iter().find(asked) {
            return Ok(Some(kept.found.clone()));
        }
        let found = self.look_up(name, record.clone()).await?;
        let keep = if found.is_some() { self.lifetime(name).await? } else { 0 };
        let mut kept = self.kept.borrow_mut();
        kept.retain(|kept| kept.name != *name || kept.record != record);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        // An absence is asked again at once: people publish their profile while somebody waits for it.
        if let Some(found) = &found {
            kept.push(Kept { name: name.clone(), record, until: now + keep, found: found.clone() });
        }
        Ok(found)
    }

    /// How long the owner of a name lets its records be kept: milliseconds. The names of addresses have no entry of
    /// their own to say so, and an entry that says nothing says zero.
    async fn lifetime(&self, name: &EnsName) -> Result<u64, FindError> {
        if name.carried_address().is_some() || name.is_reverse() {
            return Ok(KEEP);
        }
        let registry = Some(self.discovery.ens_registry);
        let seconds = match self.ports.chain().call(registry, &ens::ttl_call(name)).await? {
            CallOutcome::Returned(data) => Tuple::new(&data).and_then(|tuple| tuple.uint(0)).unwrap_or(0),
            CallOutcome::Reverted(_) => 0,
        };
        Ok(if seconds == 0 { KEEP } else { seconds.saturating_mul(1000).min(KEEP) })
    }

    async fn look_up(&self, name: &EnsName, record: Record) -> Result<Option<Found>, FindError> {
        let mut lookup = match self.discovery.universal_resolver {
            Some(resolver) => Lookup::through(resolver, name.clone(), record),
            None => Lookup::new(self.discovery.ens_registry, name.clone(), record),
        };
        loop {
            let answer = match lookup.ask() {
                Ask::Call { to, data } => Answer::Call(self.ports.chain().call(Some(*to), data).await?),
                Ask::Fetch(request) => match self.ports.http().send(request).await {
                    Ok(response) => Answer::Fetched(response),
                    Err(_) => Answer::Unreachable,
                },
            };
            match lookup.answer(answer) {
                Ok(Step::Next(next)) => lookup = *next,
                Ok(Step::Done(found)) => return Ok(found),
                Err(reason) => return Err(FindError::Lookup { name: name.clone(), reason }),
            }
        }
    }
}
