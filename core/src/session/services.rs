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

use serde_json::{Map, Value};

use super::log_in::{answer_challenge, challenge_of};
use super::services_left::{LEFT, SERVICES};
use super::{FindError, HomeError, Session, SignInError};
use crate::delivery::api::{self, ApiError};
use crate::delivery::{Discovery, Payment, Price};
use crate::identity::{EnsName, NameError, UserProfile, VerifiedProfile};
use crate::ports::{Clock as _, Http as _, Ports, StoreError, Unreachable, Wallet};
use crate::seal::json::{self, integer, object};
use crate::web::{BaseUrl, HttpRequest};

/// The most that we list.
pub const MOST_SERVICES: usize = 8;
/// For how long what waits at a service that was left is picked up, in milliseconds: 30 days.
const READ_FOR: u64 = 30 * 24 * 60 * 60_000;
/// How many numbers are tried before the page has its turn, where a service asks for work: some ten milliseconds.
const SLICE: u32 = 10_000;

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

/// A delivery service that the account left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftService {
    /// Its name.
    pub name: EnsName,
    /// Until when what waits there is picked up: milliseconds since 1970.
    pub until: u64,
}

/// What a delivery service asks for before it takes a new account, and can't be given here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It takes no new ones.
    Closed,
    /// An invitation.
    Invitation,
    /// Something at stake.
    Stake,
    /// Work, and what was done did not do.
    Work,
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

/// What one server says to a profile.
enum Trouble {
    Unreachable(Unreachable),
    Api(ApiError),
}

impl<P: Ports> Session<P> {
    /// Which there are, as others find them now.
    ///
    /// # Errors
    /// [`HomeError`] if that can't be found out.
    pub async fn services(&self) -> Result<Services, HomeError> {
        let listed = self.profile_now().await?.delivery_services().to_vec();
        let noted = self.noted_left().await?;
        let now = self.now();
        let until = |(name, until): (&String, &Value)| {
            Some(LeftService { name: EnsName::from_normalised(name).ok()?, until: integer(until)? })
        };
        let left = noted.iter().filter_map(until);
        let left = left.filter(|left| left.until > now && !listed.contains(&left.name)).collect();
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
        let server = self.server_of(&name).await?;
        match challenge_of::<Trouble>(self.ports(), &server, &self.alias, |_, _| {}).await {
            Ok(_) | Err(Trouble::Api(ApiError::OtherKey)) => Ok(name),
            Err(Trouble::Api(ApiError::NoAccount)) => match self.asks_for(&server).await {
                None => Ok(name),
                Some(asked) => Err(ServicesError::Asks { name, asked }),
            },
            Err(trouble) => Err(trouble.at(name)),
        }
    }

    /// The profile of now with these delivery services in place of its own, which is [to be
    /// signed](UserProfile::registration_message).
    ///
    /// # Errors
    /// [`ServicesError`].
    pub async fn propose_services(&self, services: &[EnsName]) -> Result<UserProfile, ServicesError> {
        let profile = self.profile_now().await?;
        let listed = profile.delivery_services();
        if services.is_empty() {
            return Err(ServicesError::Nobody);
        }
        // Who has more by now can put them into another order, and leave some.
        if services.len() > MOST_SERVICES.max(listed.len()) {
            return Err(ServicesError::TooMany);
        }
        profile.as_signed().profile().with_services(services).ok_or(ServicesError::Uncounted)
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
        let verified = self.directory.verify(proposed.signed(signature), self.account).await;
        Ok(verified.map_err(SignInError::from)?.map_err(SignInError::from)?)
    }

    /// Publishes [what was signed](Self::sign_services): registers the account at the delivery services that are new,
    /// then hands the profile to the account's node, and looks whether others find it. Can be repeated with the same.
    ///
    /// # Errors
    /// [`ServicesError`]: then others find the former list, or can't tell. [`ServicesError::Changed`]: something else has to
    /// be signed.
    pub async fn publish_services(&self, signed: &VerifiedProfile) -> Result<(), ServicesError> {
        let before = self.profile_now().await?;
        if before != *signed {
            let edition = |of: &VerifiedProfile| of.as_signed().profile().edition();
            if edition(signed) <= edition(&before) {
                return Err(ServicesError::Changed);
            }
            let (former, wanted) = (before.delivery_services(), signed.delivery_services());
            for name in wanted.iter().filter(|name| !former.contains(name)) {
                let server = self.server_of(name).await?;
                let registered = self.register_at(&server, signed).await;
                if let Some(asked) = registered.map_err(|trouble| trouble.at(name.clone()))? {
                    return Err(ServicesError::Asks { name: name.clone(), asked });
                }
            }
            let left: Vec<_> = former.iter().filter(|name| !wanted.contains(name)).cloned().collect();
            // Before anybody else can know: what waits there is not to be lost by an end just after.
            self.note_left(&left, edition(&before)).await?;
            self.hand_to_node(&before, signed).await?;
        }
        // What the account's other devices have of this tells them to look again.
        let noted = self.note_left(&[], signed.as_signed().profile().edition()).await;
        self.look_for_homes_again();
        Ok(noted?)
    }

    /// The account's profile as others find it now.
    async fn profile_now(&self) -> Result<VerifiedProfile, HomeError> {
        self.directory.forget(&self.alias);
        self.own_profile().await
    }

    /// Where a delivery service is.
    async fn server_of(&self, name: &EnsName) -> Result<BaseUrl, ServicesError> {
        if *name == self.node.name {
            return Ok(self.node.url.clone());
        }
        match self.directory.delivery_service(name).await {
            Ok(service) => Ok(service.url),
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
        let reply = self.ports().http().send(&Discovery::request(&server.parent_of("ds")?)).await.ok()?;
        let document = json::parse(&reply.body).filter(|_| reply.status == 200)?;
        match document.get("registration")?.get("price")?.as_str()? {
            "closed" => Some(Asked::Closed),
            "invitation" => Some(Asked::Invitation),
            "deposit" => Some(Asked::Stake),
            _ => None,
        }
    }

    /// Registers the account at a delivery service, and logs in there: what waits there can be fetched. Gives what is asked
    /// for if that is in vain.
    async fn register_at(
        &self,
        server: &BaseUrl,
        signed: &VerifiedProfile,
    ) -> Result<Option<Asked>, Trouble> {
        let (ports, alias) = (self.ports(), &self.alias);
        let request = api::post_profile(server, alias, signed.as_signed());
        if let Some(asked) = self.hand_profile(&request).await? {
            let Price::Work(work) = &asked else { return Ok(Some(Asked::of(&asked))) };
            // As at a sign-in.
            let (tries, mut first, mut found) = (16_u64 << work.bits(), 0, None);
            while found.is_none() && first < tries {
                found = work.search(first, SLICE);
                first += u64::from(SLICE);
                ports.clock().sleep(0).await;
            }
            let payment = found.and_then(|number| Payment::Work(work.clone(), number).to_bearer());
            let Some(payment) = payment else { return Ok(Some(Asked::Work)) };
            if let Some(asked) = self.hand_profile(&request.with_bearer(&payment)).await? {
                return Ok(Some(Asked::of(&asked)));
            }
        }
        answer_challenge::<Trouble>(ports, server, alias, &self.keys.signing, |_, _| {}).await?;
        Ok(None)
    }

    async fn hand_profile(&self, request: &HttpRequest) -> Result<Option<Price>, Trouble> {
        Ok(api::parse_registered(&self.ports().http().send(request).await?)?)
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
        if self.is_found(signed).await? {
            return Ok(());
        }
        // Nodes of ours let a profile that replaces another wait until its key has answered.
        let answered = answer_challenge::<Trouble>(
            self.ports(),
            &self.node.url,
            &self.alias,
            &self.keys.signing,
            |_, _| {},
        );
        answered.await.map_err(own_node)?;
        if self.is_found(signed).await? { Ok(()) } else { Err(SignInError::NotShown.into()) }
    }

    async fn hand_to_own(&self, request: &HttpRequest) -> Result<(), ServicesError> {
        match self.hand_profile(request).await.map_err(own_node)? {
            None => Ok(()),
            Some(price) => Err(SignInError::Price(price).into()),
        }
    }

    async fn is_found(&self, signed: &VerifiedProfile) -> Result<bool, ServicesError> {
        Ok(self.profile_now().await? == *signed)
    }

    /// Notes these as left, and that the list has changed. What was left longer ago than it is read is forgotten.
    async fn note_left(&self, left: &[EnsName], edition: u64) -> Result<(), StoreError> {
        let now = self.now();
        let left = left.to_vec();
        let change = move |known: Option<Value>| {
            let mut noted = left_of(known);
            noted.retain(|_, until| integer(until).is_some_and(|until| until > now));
            for name in left {
                noted.insert(name.to_string(), (now + READ_FOR).into());
            }
            object(vec![(LEFT, noted.into()), ("edition", edition.into())])
        };
        self.update_setting(SERVICES, change).await
    }

    async fn noted_left(&self) -> Result<Map<String, Value>, StoreError> {
        Ok(left_of(self.setting(SERVICES).await?))
    }
}

impl Trouble {
    fn at(self, name: EnsName) -> ServicesError {
        match self {
            Self::Unreachable(reason) => ServicesError::Away { name, reason },
            Self::Api(reason) => ServicesError::Refused { name, reason },
        }
    }
}

impl From<Unreachable> for Trouble {
    fn from(error: Unreachable) -> Self {
        Self::Unreachable(error)
    }
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl Asked {
    const fn of(price: &Price) -> Self {
        match price {
            Price::Closed => Self::Closed,
            Price::Invitation => Self::Invitation,
            Price::Deposit(_) => Self::Stake,
            Price::Work(_) => Self::Work,
        }
    }
}

/// The account's own node did not take the profile.
fn own_node(trouble: Trouble) -> ServicesError {
    match trouble {
        Trouble::Api(error) if api::is_superseded(&error) => ServicesError::Changed,
        Trouble::Api(error) => SignInError::Node(error).into(),
        Trouble::Unreachable(error) => SignInError::Unreachable(error).into(),
    }
}

fn left_of(known: Option<Value>) -> Map<String, Value> {
    match known.and_then(|mut known| known.get_mut(LEFT).map(Value::take)) {
        Some(Value::Object(left)) => left,
        _ => Map::new(),
    }
}
