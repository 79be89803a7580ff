//! The account's profile on an ENS name of its own, written there by a transaction of its wallet.
//!
//! ```text
//! what was typed ──ENSIP-15──▶ name ──ENS──▶ has records of its own on the chain? leads to the account?
//!   ──▶ Publication    the resolver would let the account write, and what that costs
//!   ──wallet──▶ block ──▶ read back, as others find it ──▶ one of the account's names
//! ```
//!
//! A name that holds no profile leads to the one at the address name, which only those find who know this network's domain. One
//! that holds an earlier profile leads to that: it has to be published there again whenever the profile changes.

use serde_json::Value;

use super::{FindError, HomeError, Outcome, Session};
use crate::identity::{Address, EnsName, NameError, VerifiedProfile};
use crate::ports::{Chain as _, Clock as _, Ports, SendingWallet, StoreError, TransactionError, Unreachable};
use crate::registry::json_rpc::{estimate_body, gas_price_body, parse_estimate, parse_quantity};
use crate::registry::{
    Answer, Ask, Found, Lookup, LookupError, PROFILE_KEY, Record, Step, TransactionHash, TransactionRequest,
    profile_record,
};
use crate::seal::json::object;

/// What every device is told of: each name that the profile was published on.
const NAME: &str = "ens-name";
/// The most names that are remembered.
const MOST_NAMES: usize = 32;
/// What such a transaction is for, with the name after it.
const PURPOSE: &str = "profile at ";
/// For how long a block is waited for: milliseconds.
const PATIENCE: u32 = 120_000;
/// How often, and with what pauses in milliseconds, a name is looked up until it leads to what was written.
const LOOKS: usize = 5;
const PAUSE: u32 = 1_000;

/// A transaction that would publish the account's profile on a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The name.
    pub name: EnsName,
    /// What it costs at the moment, at most: wei.
    pub cost: u128,
    /// Something else is published there, which it replaces.
    pub replaces: bool,
    /// What is sent.
    pub request: TransactionRequest,
}

/// A name that leads to the account, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnEns {
    /// The name.
    pub name: EnsName,
    /// How it stands with it.
    pub stands: NameStands,
}

/// Where a name leads that is one of the account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameStands {
    /// To the account's profile.
    Published,
    /// To the account, and holds no profile.
    Without,
    /// To the account, and holds another profile than the one of now, or something that is none.
    Older,
    /// To another account, or to none.
    Elsewhere,
    /// That can't be found out now.
    Unknown,
}

/// Why a profile is not published on a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The name is not registered on this chain, or was given no resolver, which would hold its records.
    #[error("{0} has no resolver on this chain")]
    NoResolver(EnsName),
    /// The name's records come from elsewhere: from a gateway, or from the name above it.
    #[error("the records of {0} are not its own, or not on the chain")]
    OffChain(EnsName),
    /// The name leads to another account, or to none. Nobody would take the profile for that account's.
    #[error("{name} does not lead to this account")]
    OtherAccount {
        /// The name.
        name: EnsName,
        /// Where it leads.
        address: Option<Address>,
    },
    /// The resolver does not let the account change the name's records.
    #[error("this account may not change the records of {0}")]
    NotAllowed(EnsName),
    /// The name leads to the account's profile already.
    #[error("{0} leads to this profile already")]
    Already(EnsName),
    /// The account's profile of now can't be had.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The name could not be looked up.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The wallet did not send the transaction.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    /// The resolver refused the transaction.
    #[error("the resolver refused the transaction")]
    Reverted,
    /// It is on its way, and no block has it yet.
    #[error("no block has the transaction yet")]
    Open(TransactionHash),
    /// A block has it, and the name does not lead to the profile yet.
    #[error("{0} does not lead to the profile yet")]
    NotShown(EnsName),
    /// The device does not keep which names there are.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unreachable> for PublishError {
    fn from(error: Unreachable) -> Self {
        Self::Find(error.into())
    }
}

impl<P: Ports> Session<P> {
    /// Finds out whether the profile can be published on a name, and what that costs. Asks no wallet.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn publication(&self, typed: &str) -> Result<Publication, PublishError> {
        let name = self.directory.name(typed).await?;
        self.directory.forget(&name);
        let (resolver, published) = self.own_resolver(&name).await?;
        match self.directory.address_of(&name).await {
            Ok(Some(address)) if address == self.account => {}
            Ok(address) => return Err(PublishError::OtherAccount { name, address }),
            Err(FindError::NotItself { name, address }) => {
                return Err(PublishError::OtherAccount { name, address: Some(address) });
            }
            Err(error) => return Err(error.into()),
        }
        let profile = self.profile_of_now().await?;
        if published.as_deref() == Some(&profile_record(profile.as_signed())) {
            self.remember_name(&name).await?;
            return Err(PublishError::Already(name));
        }
        let request = TransactionRequest::set_profile(resolver, &name, &profile);
        let gas = self.ports().chain().ask(estimate_body(self.account, &request)).await?;
        let gas = parse_estimate(&gas).map_err(|error| self.chain_failed(error))?;
        let gas = gas.ok_or_else(|| PublishError::NotAllowed(name.clone()))?;
        let price = self.ports().chain().ask(gas_price_body()).await?;
        let price = parse_quantity(&price).map_err(|error| self.chain_failed(error))?;
        let cost = u128::from(gas) * u128::from(price);
        Ok(Publication { name, cost, replaces: published.is_some(), request })
    }

    /// Asks the person to send it.
    ///
    /// # Errors
    /// [`PublishError::Transaction`]: then nothing was sent.
    pub async fn send_publication(
        &self,
        wallet: &impl SendingWallet,
        publication: &Publication,
    ) -> Result<TransactionHash, PublishError> {
        let chain = self.directory.discovery().chain_id;
        let purpose = format!("{PURPOSE}{}", publication.name);
        Ok(self.transact(wallet, chain, &publication.request, &purpose).await?)
    }

    /// Those that were sent, also by a start before, and of which no block is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent_publications(&self) -> Result<Vec<(EnsName, TransactionHash)>, StoreError> {
        let sent = self.sent_transactions().await?.into_iter();
        let named = sent.filter_map(|sent| {
            let name = EnsName::from_normalised(sent.purpose.strip_prefix(PURPOSE)?).ok()?;
            Some((name, sent.hash))
        });
        Ok(named.collect())
    }

    /// Waits until a block has it, and looks whether others find the profile at the name now, which then is one of the
    /// account's.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn published(&self, name: &EnsName, sent: TransactionHash) -> Result<(), PublishError> {
        match self.outcome(sent, PATIENCE).await {
            Outcome::Succeeded => {}
            Outcome::Reverted => return Err(PublishError::Reverted),
            Outcome::Open => return Err(PublishError::Open(sent)),
        }
        self.remember_name(name).await?;
        let profile = self.profile_of_now().await?;
        for look in 1..=LOOKS {
            if self.stands(name, &profile).await == NameStands::Published {
                return Ok(());
            }
            if look < LOOKS {
                // The Ethereum node that is asked may be a block behind the one that knew the transaction.
                self.ports().clock().sleep(PAUSE).await;
            }
        }
        Err(PublishError::NotShown(name.clone()))
    }

    /// The account's names: those that its profile was published on by one of its devices, and the one that it calls itself
    /// by. How it stands with each is looked up.
    ///
    /// # Errors
    /// [`PublishError`] if they are not known.
    pub async fn own_names(&self) -> Result<Vec<OwnEns>, PublishError> {
        let mut names = self.remembered_names().await?;
        // Without it, those that are remembered are there all the same.
        if let Ok(Some(primary)) = self.directory.primary_name(self.account).await
            && primary.carried_address().is_none()
            && !names.contains(&primary)
        {
            names.push(primary);
        }
        let profile = self.profile_of_now().await?;
        let mut all = Vec::new();
        for name in names {
            let stands = self.stands(&name, &profile).await;
            all.push(OwnEns { name, stands });
        }
        Ok(all)
    }

    /// Forgets that a name was one of the account's. What is published there stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_name(&self, name: &EnsName) -> Result<(), StoreError> {
        self.drop_each(NAME, &id_of(name)).await
    }

    /// Where a name leads at this moment.
    async fn stands(&self, name: &EnsName, profile: &VerifiedProfile) -> NameStands {
        self.directory.forget(name);
        match self.directory.address_of(name).await {
            Ok(Some(address)) if address == self.account => {}
            Err(error) if error.is_temporary() => return NameStands::Unknown,
            Ok(_) | Err(_) => return NameStands::Elsewhere,
        }
        match self.directory.profile_at(name, self.account).await {
            Ok(Some((_, found))) if found == *profile => NameStands::Published,
            Ok(None) => NameStands::Without,
            Err(error) if error.is_temporary() => NameStands::Unknown,
            Ok(Some(_)) | Err(_) => NameStands::Older,
        }
    }

    /// The account's profile as it is published now, with the keys of this device.
    pub(super) async fn profile_of_now(&self) -> Result<VerifiedProfile, HomeError> {
        self.directory.forget(&self.alias);
        self.own_profile().await
    }

    /// The resolver that holds the records of a name and of no other, and what is published there. Whatever the lookup
    /// would ask beside the chain, or of a name above, is not the name's own.
    async fn own_resolver(&self, name: &EnsName) -> Result<(Address, Option<String>), PublishError> {
        let registry = self.directory.discovery().ens_registry;
        let mut lookup = Lookup::new(registry, name.clone(), Record::Text(PROFILE_KEY.to_owned()));
        let (mut resolver, mut is_own) = (None, true);
        let published = loop {
            is_own &= !lookup.is_about_parents();
            let Ask::Call { to, data } = lookup.ask() else {
                return Err(PublishError::OffChain(name.clone()));
            };
            if *to != registry {
                resolver = Some(*to);
            }
            let answer = Answer::Call(self.ports().chain().call(Some(*to), data).await?);
            match lookup.answer(answer) {
                Ok(Step::Next(next)) => lookup = *next,
                Ok(Step::Done(found)) => break found.and_then(Found::into_text),
                // A resolver that can't be read may still be written, which is tried next.
                Err(LookupError::Refused { .. } | LookupError::Garbled { .. }) if resolver.is_some() => {
                    break None;
                }
                Err(reason) => return Err(FindError::Lookup { name: name.clone(), reason }.into()),
            }
        };
        match resolver {
            Some(resolver) if is_own => Ok((resolver, published)),
            Some(_) if published.is_some() => Err(PublishError::OffChain(name.clone())),
            _ => Err(PublishError::NoResolver(name.clone())),
        }
    }

    async fn remember_name(&self, name: &EnsName) -> Result<(), StoreError> {
        let text = name.to_string();
        self.keep_each(NAME, &id_of(name), move |_| object(vec![("name", text.into())])).await
    }

    async fn remembered_names(&self) -> Result<Vec<EnsName>, StoreError> {
        let named = |value: &Value| EnsName::from_normalised(value.get("name")?.as_str()?).ok();
        Ok(self.each(NAME).await?.iter().filter_map(|(_, value)| named(value)).take(MOST_NAMES).collect())
    }
}

/// What a name is kept under, however long it is.
fn id_of(name: &EnsName) -> String {
    hex::encode(name.namehash())
}
