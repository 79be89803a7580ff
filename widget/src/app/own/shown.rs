//! What is shown of what is the account's own.

use dm3_core::attention::Payment;
use dm3_core::engine::Connection as Link;
use dm3_core::identity::{Address, EnsName, VerifiedProfile};
use dm3_core::session::Room as Told;
use dm3_core::session::{
    ClaimError, Device, OwnDeposit, OwnEns, Publication, PublishError, Searched, Services, ServicesError,
    Token,
};

use crate::app::attention::Known;
use crate::app::driver::Active;
use crate::app::fault::Fault;
use crate::app::platform::Platform;
use crate::app::settings::{Offer, change};
use crate::app::stake::Failure;

/// Where this stands among what is set.
pub const OWN: u8 = 3;

/// What is shown of what is the account's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Own {
    /// The name that the node gave the account.
    pub name: Offer<OwnName>,
    /// Its ENS names.
    pub ens: Ens,
    /// Its delivery services.
    pub services: OwnServices,
    /// The devices that the account is signed in on.
    pub devices: Offer<Devices>,
    /// How much its node keeps of it. `None` while that is looked up.
    pub room: Option<Result<Room, Fault>>,
    /// What it has at stake. `None` while that is looked up.
    pub deposits: Option<Result<Vec<Held>, Failure>>,
    /// What it offered for answers and can have back, now or later.
    pub payments: Vec<Known>,
    /// Which of these is being taken back.
    pub paying: Option<Payment>,
    /// Why the last was not.
    pub unpaid: Option<Failure>,
    /// How far the chain was looked through for either.
    pub search: Search,
}

/// How far the chain was looked through for what the account has at stake.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    /// The contracts that are known.
    pub contracts: Vec<Address>,
    /// How far those were that were.
    pub searched: Vec<Searched>,
    /// They are being looked through.
    pub busy: bool,
    /// Why the last was not done.
    pub failed: Option<Unsearched>,
}

/// Why a contract was not looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsearched {
    /// What was typed is no address.
    Address,
    /// The contract there holds neither deposits nor payments.
    Neither,
    /// The chain does not tell now.
    Unknown,
}

impl Search {
    /// Whether there is more to be looked through.
    pub fn has_more(&self) -> bool {
        let is_all = |contract: &Address| {
            self.searched.iter().any(|it| it.contract == *contract && it.since.is_none())
        };
        !self.contracts.iter().all(is_all)
    }

    /// Back to when all of them were; the outer `None` if one was not at all, the inner one for all of the chain.
    pub fn since(&self) -> Option<Option<u64>> {
        let mut since = None;
        for contract in &self.contracts {
            since = since.max(self.searched.iter().find(|it| it.contract == *contract)?.since);
        }
        (!self.contracts.is_empty()).then_some(since)
    }

    /// How many payments are held of which nobody who was asked tells how to have them back.
    pub fn unread(&self) -> usize {
        self.searched.iter().map(|it| it.unread).sum()
    }
}

/// How much the account's node keeps of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// What the node tells.
    pub told: Told,
    /// What is to be at stake for more.
    pub token: Option<Token>,
    /// It is being staked.
    pub busy: bool,
    /// Why the last was not.
    pub failed: Option<Failure>,
}

impl Room {
    /// Of which nothing is known.
    pub const fn empty() -> Self {
        let told = Told { history: None, files: None, more: None };
        Self { told, token: None, busy: false, failed: None }
    }
}

impl Own {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self {
            name: Offer::Searching,
            ens: Ens { names: None, step: Publishing::Idle, failed: None },
            services: OwnServices::default(),
            devices: Offer::Searching,
            room: None,
            deposits: None,
            payments: Vec::new(),
            paying: None,
            unpaid: None,
            search: Search::default(),
        }
    }
}

impl Default for Own {
    fn default() -> Self {
        Self::new()
    }
}

/// ENS names of the account's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Ens {
    /// Which there are. `None` while they are looked up.
    pub names: Option<Result<Vec<OwnEns>, NotPublished>>,
    /// How far it has come with publishing on one.
    pub step: Publishing,
    /// Why the last was not done.
    pub failed: Option<NotPublished>,
}

/// How far it has come with publishing the profile on a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publishing {
    /// Nobody asked for it.
    Idle,
    /// It is found out whether it can be done.
    Looking,
    /// It can, and the person is asked.
    Asked(Publication),
    /// The wallet is asked.
    Signing,
    /// It is on its way.
    Waiting(EnsName),
    /// It is published.
    Done(EnsName),
}

impl Publishing {
    /// Whether something is being done.
    pub const fn is_busy(&self) -> bool {
        matches!(self, Self::Looking | Self::Signing | Self::Waiting(_))
    }
}

/// Why the profile is not published on a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPublished {
    /// The account's wallet is not in this page.
    NoWallet,
    /// Anything else.
    Publish(PublishError),
}

impl From<PublishError> for NotPublished {
    fn from(error: PublishError) -> Self {
        Self::Publish(error)
    }
}

/// A deposit of the account.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The deposit, and to whom something of it is promised.
    pub own: OwnDeposit,
    /// What is deposited.
    pub token: Option<Token>,
    /// The week of now, as the chain's clock says.
    pub epoch: u64,
    /// Something is being done about it.
    pub busy: bool,
    /// Why the last was not done.
    pub failed: Option<Failure>,
}

/// The name that the node gave the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnName {
    /// Below which domain the node gives names away.
    pub domain: String,
    /// The name.
    pub name: Option<EnsName>,
    /// Whether it is to be given back was asked, and not answered yet.
    pub asked: bool,
    /// Something is being done about it.
    pub busy: bool,
    /// Why the last was not done.
    pub failed: Option<ClaimError>,
}

/// The account's delivery services, and another list of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnServices {
    /// Those that others find, and those that were left. `None` while they are looked up.
    pub found: Option<Result<Services, Fault>>,
    /// How it stands with those that were begun to be reached; `None`: another tab knows.
    pub links: Option<Vec<(EnsName, Link)>>,
    /// Those that are wanted, in this order.
    pub wanted: Vec<EnsName>,
    /// What the wallet has signed for these.
    pub signed: Option<VerifiedProfile>,
    /// How far it has come with them.
    pub step: Listing,
    /// Why the last was not done.
    pub failed: Option<NotListed>,
}

impl OwnServices {
    /// Those that others find.
    pub fn listed(&self) -> &[EnsName] {
        match &self.found {
            Some(Ok(found)) => &found.listed,
            Some(Err(_)) | None => &[],
        }
    }

    /// Others are wanted than are found, or in another order; or it is not sure which are found.
    pub fn is_changed(&self) -> bool {
        matches!(self.found, Some(Ok(_))) && (self.signed.is_some() || self.wanted != self.listed())
    }
}

/// How far it has come with another list of delivery services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    /// Nothing is being done.
    #[default]
    Idle,
    /// One is looked up.
    Looking,
    /// The wallet is asked.
    Signing,
    /// What it signed is handed to those whom it concerns.
    Publishing,
    /// Others find it.
    Done,
}

impl Listing {
    /// Whether something is being done.
    pub const fn is_busy(self) -> bool {
        matches!(self, Self::Looking | Self::Signing | Self::Publishing)
    }
}

/// Why delivery services are not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotListed {
    /// The account's wallet is not in this page.
    NoWallet,
    /// The page does not let it be asked.
    Forbidden,
    /// Anything else.
    Services(ServicesError),
}

impl From<ServicesError> for NotListed {
    fn from(error: ServicesError) -> Self {
        Self::Services(error)
    }
}

/// The devices that the account is signed in on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    /// This one, then the others.
    pub list: Vec<Device>,
    /// Which are to be signed out was asked, and not answered yet.
    pub asked: Vec<String>,
    /// Some are being signed out.
    pub told: bool,
    /// Why their sessions at the node go on.
    pub failed: Option<Fault>,
}

impl Devices {
    /// Those that are not this one.
    pub fn others(&self) -> Vec<String> {
        self.list.iter().filter(|device| !device.own).map(|device| device.id.clone()).collect()
    }
}

/// Changes what is shown, if this is. Tells whether it is.
pub(super) fn change_own<P: Platform>(at: &Active<P>, of: impl FnOnce(&mut Own)) -> bool {
    change(at, OWN, of)
}
