//! The delivery services that the account's profile lists: finding others, and publishing another list.
//!
//! ```text
//! what was typed ──ENSIP-15──▶ name ──ENS──▶ a delivery service ──▶ does it answer, does it take accounts?
//! another list ──wallet──▶ the profile with the same keys, as its next edition
//!   ──▶ the services that are new     each takes the profile and lets the account log in, or nothing is published
//!   ──▶ those that are left           noted, since what waits there is picked up for a while yet
//!   ──▶ resolver, own node ──▶ read back, as others find it
//! ```
//!
//! Whatever fails in between, the list that others find is the former one, and what was signed can be handed over again.
//! A list that is found after all has taken nothing away: who is left was noted before.

use std::rc::Rc;

use serde_json::Value;

use super::directory::Listed;
use super::services_left::{LEFT, LeftService, SERVICES};
use super::{FindError, Home, HomeError, Session, SignInError};
use crate::delivery::Discovery;
use crate::delivery::api::{self, ApiError};
use crate::identity::{EnsName, NameError, UserProfile, VerifiedProfile};
use crate::ports::{Http as _, Ports, StoreError, Unreachable, Wallet};
use crate::seal::json::{self, object};
use crate::web::{BaseUrl, HttpRequest, HttpResponse};

/// The most that we list.
pub const MOST_SERVICES: usize = 8;
/// For how long what waits at a service that was left is picked up, in milliseconds: 30 days.
const READ_FOR: u64 = 30 * 24 * 60 * 60_000;

/// The account's delivery services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    /// Those that its profile lists, the first one first.
    pub listed: Vec<EnsName>,
    /// Those that it left lately.
    pub left: Vec<LeftService>,
    /// The one of the node that keeps what the account's devices share.
    pub node: EnsName,
}

/// What a delivery service says to new accounts that it does not take from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It takes none.
    Closed,
    /// It asks for something: an invitation, something at stake, work. Who signs in there can give it.
    Something,
}

/// Why delivery services are not listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServicesError {
    /// It is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nobody has published anything at this name.
    #[error("nothing is known of the name {0}")]
    NoSuchName(EnsName),
    /// It is a name, and not of a delivery service.
    #[error("{0} is no delivery service")]
    NoService(EnsName),
    /// What the name says of a delivery service can't be used, or can't be found out now.
    #[error(transparent)]
    Find(#[from] FindError),
    /// It does not answer now.
    #[error("{name} can't be reached now: {reason}")]
    Away {
        /// Which one.
        name: EnsName,
        /// What happened.
        reason: Unreachable,
    },
    /// It answers, and not as a delivery service that takes the account.
    #[error("{name} does not take the account: {reason}")]
    Refused {
        /// Which one.
        name: EnsName,
        /// What it says.
        reason: ApiError,
    },
    /// It asks for something.
    #[error("{name} asks for something before it takes a new account")]
    Asks {
        /// Which one.
        name: EnsName,
        /// What it asks for.
        asked: Asked,
    },
    /// It is listed already.
    #[error("{0} is listed already")]
    Listed(EnsName),
    /// There are as many as there may be.
    #[error("no more than 8 delivery services can be listed")]
    TooMany,
    /// Nobody would take messages for the account.
    #[error("at least one delivery service has to be listed")]
    Nobody,
    /// The names of these have too few letters to say that this profile is a later one.
    #[error("these names are too short to count the editions of the profile")]
    Uncounted,
    /// Another device has published something else meanwhile.
    #[error("the profile was changed elsewhere meanwhile")]
    Changed,
    /// The wallet did not sign, or the own node did not take what it signed.
    #[error(transparent)]
    Sign(#[from] SignInError),
    /// The account's profile of now can't be had.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The device does not keep which services were left.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<P: Ports> Session<P> {
    /// Which there are, as others find them now.
    ///
    /// # Errors
    /// [`HomeError`] if that can't be found out.
    pub async fn services(&self) -> Result<Services, HomeError> {
        let listed = self.listed(&self.profile_of_now().await?).await?.names;
        let mut left = self.services_left().await?;
        left.retain(|left| !listed.contains(&left.name));
        Ok(Services { listed, left, node: self.node.name.clone() })
    }

    /// Finds the delivery service that somebody means, which is to be listed beside these. It answers, and does not say
    /// beforehand that it won't take the account. Nothing is published or registered by that.
    ///
    /// # Errors
    /// [`ServicesError`].
    pub async fn find_service(&self, typed: &str, beside: &[EnsName]) -> Result<EnsName, ServicesError> {
        if beside.len() >= MOST_SERVICES {
            return Err(ServicesError::TooMany);
        }
        let name = self.directory.name(typed).await?;
        if beside.contains(&name) {
            return Err(ServicesError::Listed(name));
        }
        self.directory.forget(&name);
        let home = self.service_called(&name).await?;
        match self.challenge_of(&home).await {
            Ok(_) | Err(HomeError::Api(ApiError::OtherKey)) => Ok(name),
            Err(HomeError::Api(ApiError::NoAccount)) => match self.asks_for(&home.url).await {
                None => Ok(name),
                Some(asked) => Err(ServicesError::Asks { name, asked }),
            },
            Err(error) => Err(at(&name, error)),
        }
    }

    /// The profile of now with these delivery services in place of its own, which is [to be
    /// signed](UserProfile::registration_message).
    ///
    /// # Errors
    /// [`ServicesError`].
    pub async fn propose_services(&self, services: &[EnsName]) -> Result<UserProfile, ServicesError> {
        let profile = self.profile_of_now().await?;
        let listed = self.listed(&profile).await?;
        if services.is_empty() {
            return Err(ServicesError::Nobody);
        }
        // Who has more by now can put them into another order, and leave some.
        if services.len() > MOST_SERVICES.max(listed.names.len()) {
            return Err(ServicesError::TooMany);
        }
        let proposed = profile.as_signed().profile().with_services(services, &listed.unread);
        proposed.ok_or(ServicesError::Uncounted)
    }

    /// Which a profile lists. Who can't read all of them now might take one for none.
    async fn listed(&self, profile: &VerifiedProfile) -> Result<Listed, FindError> {
        let listed = self.directory.services_of(profile).await;
        if listed.later { Err(NameError::NoTables.into()) } else { Ok(listed) }
    }

    /// Lets the wallet sign it. Nobody has it yet.
    ///
    /// # Errors
    /// [`ServicesError::Sign`]; a refusal by the person is one.
    pub async fn sign_services(
        &self,
        wallet: &impl Wallet,
        proposed: UserProfile,
    ) -> Result<VerifiedProfile, ServicesError> {
        let text = proposed.registration_message(self.account);
        let signature = wallet.sign_text(self.account, &text).await.map_err(SignInError::from)?;
        let signed = proposed.signed(signature);
        let verified = match signed.clone().verify(self.account) {
            Ok(verified) => Ok(verified),
            Err(error) => {
                let asked = self.directory.by_contract(signed, self.account, error).await;
                asked.map_err(SignInError::from)?
            }
        };
        Ok(verified.map_err(SignInError::from)?)
    }

    /// Publishes [what was signed](Self::sign_services): registers the account at the delivery services that are new,
    /// then hands the profile to the account's node, and looks whether others find it. Can be repeated with the same.
    ///
    /// # Errors
    /// [`ServicesError`]: then others find the former list, or can't tell. [`ServicesError::Changed`]: something else has to
    /// be signed.
    pub async fn publish_services(&self, signed: &VerifiedProfile) -> Result<(), ServicesError> {
        let before = self.profile_of_now().await?;
        if before != *signed {
            let former = self.listed(&before).await?;
            let (unread, former) = (former.unread, former.names);
            let wanted = self.listed(signed).await?.names;
            // What was signed comes after this very profile, or is of another day.
            let next = before.as_signed().profile().with_services(&wanted, &unread);
            if next.as_ref() != Some(signed.as_signed().profile()) {
                return Err(ServicesError::Changed);
            }
            for name in wanted.iter().filter(|name| !former.contains(name)) {
                self.register_at(name, signed).await?;
            }
            let left: Vec<_> = former.iter().filter(|name| !wanted.contains(name)).cloned().collect();
            // Before anybody else can know: what waits there is not to be lost by an end just after.
            self.note_left(&left).await?;
            self.hand_to_node(&before, signed).await?;
        }
        // What the account's other devices have of this tells them to look again.
        let noted = self.note_left(&[]).await;
        self.look_for_homes_again();
        Ok(noted?)
    }

    /// The delivery service of a name.
    async fn service_called(&self, name: &EnsName) -> Result<Rc<Home>, ServicesError> {
        match self.home_called(name).await {
            Ok(home) => Ok(home),
            Err(FindError::NoDeliveryService(name)) => Err(match self.directory.address_of(&name).await {
                Ok(None) => ServicesError::NoSuchName(name),
                Ok(Some(_)) | Err(FindError::NotItself { .. }) => ServicesError::NoService(name),
                Err(error) => error.into(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// What a node says that it asks of new accounts, and that can't be given here. Who says nothing may ask for nothing.
    async fn asks_for(&self, server: &BaseUrl) -> Option<Asked> {
        let origin = server.as_str().strip_suffix("/ds")?.parse().ok()?;
        let reply = self.ports().http().send(&Discovery::request(&origin)).await.ok()?;
        let document = json::parse(&reply.body).filter(|_| reply.status == 200)?;
        asked(document.get("registration")?.get("price")?.as_str()?)
    }

    /// Registers the account at a delivery service, and logs in there: what waits there can be fetched.
    async fn register_at(&self, name: &EnsName, signed: &VerifiedProfile) -> Result<(), ServicesError> {
        let home = self.service_called(name).await?;
        let request = api::post_profile(&home.url, &self.alias, signed.as_signed());
        let reply = self.ports().http().send(&request).await.map_err(|error| at(name, error.into()))?;
        if let Err(error) = api::parse_done(&reply) {
            return Err(match price_of(&reply) {
                Some(asked) => ServicesError::Asks { name: name.clone(), asked },
                None => at(name, error.into()),
            });
        }
        self.answer_challenge(&home).await.map(drop).map_err(|error| at(name, error))
    }

    /// Publishes the profile at the account's node.
    async fn hand_to_node(
        &self,
        before: &VerifiedProfile,
        signed: &VerifiedProfile,
    ) -> Result<(), ServicesError> {
        let discovery = self.directory.discovery();
        let domain = &discovery.address_domain;
        let address = api::post_address(&discovery.resolver_url, domain, self.account, signed.as_signed());
        self.hand_to_own(&address).await?;
        if [before, signed].iter().any(|profile| profile.delivery_services().contains(&self.node.name)) {
            let profile = api::post_profile(&self.node.url, &self.alias, signed.as_signed());
            self.hand_to_own(&profile).await?;
        }
        if self.profile_of_now().await? == *signed {
            return Ok(());
        }
        // Nodes of ours let a profile that replaces another wait until its key has answered.
        self.answer_challenge(&self.node).await?;
        if self.profile_of_now().await? == *signed { Ok(()) } else { Err(SignInError::NotShown.into()) }
    }

    async fn hand_to_own(&self, request: &HttpRequest) -> Result<(), ServicesError> {
        let reply = self.ports().http().send(request).await.map_err(SignInError::from)?;
        Ok(api::parse_done(&reply).map_err(SignInError::from)?)
    }

    /// Notes these as left, and that the list has changed. What was left longer ago than it is read is forgotten.
    async fn note_left(&self, left: &[EnsName]) -> Result<(), StoreError> {
        let until = self.now() + READ_FOR;
        for name in left {
            self.note_as_left(&LeftService { name: name.clone(), until }).await?;
        }
        let mut noted = self.services_left().await?;
        noted.retain(|noted| !left.contains(&noted.name));
        noted.extend(left.iter().map(|name| LeftService { name: name.clone(), until }));
        let left = noted.iter().map(LeftService::to_json);
        self.set_setting(SERVICES, object(vec![(LEFT, Value::Array(left.collect()))])).await
    }
}

/// A delivery service does not do what is asked.
fn at(name: &EnsName, error: HomeError) -> ServicesError {
    let name = name.clone();
    match error {
        HomeError::Unreachable(reason) => ServicesError::Away { name, reason },
        HomeError::Api(reason) => ServicesError::Refused { name, reason },
        error => error.into(),
    }
}

/// What a refusal says that a new account costs.
fn price_of(reply: &HttpResponse) -> Option<Asked> {
    asked(json::parse(&reply.body)?.get("price")?.get("kind")?.as_str()?)
}

/// What a price is called; whatever we don't know has to be given at a sign-in.
fn asked(price: &str) -> Option<Asked> {
    match price {
        "open" => None,
        "closed" => Some(Asked::Closed),
        _ => Some(Asked::Something),
    }
}
