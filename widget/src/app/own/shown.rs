//! What is shown of what is the account's own.

use dm3_core::engine::Connection as Link;
use dm3_core::identity::EnsName;
use dm3_core::session::{ClaimError, Device, OwnDeposit, Token};

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
    /// The account's delivery services. `None` while they are looked up.
    pub services: Option<Result<Vec<Service>, Fault>>,
    /// The devices that the account is signed in on.
    pub devices: Offer<Devices>,
    /// What it has at stake. `None` while that is looked up.
    pub deposits: Option<Result<Vec<Held>, Failure>>,
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

/// A delivery service of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// How it stands with it; `None`: another tab knows.
    pub link: Option<Link>,
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
