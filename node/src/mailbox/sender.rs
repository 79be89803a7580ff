//! Who an envelope is from: what its sender claims, checked by its signature.
//!
//! Anybody can claim any name in the delivery information. The envelope's own signature is made with the sender's
//! profile key, so where the name leads to an address with a profile, the claim can be checked. Looking that up
//! takes a bounded time, of this message alone.
//!
//! ```text
//! name ─▶ no profile ─▶ Unknown      ─▶ profile ─▶ signed by it: Verified, by another key: Forged
//!      ─▶ no turn, no time, the chain or a gateway fails ─▶ Undetermined: nobody can say yet
//! ```

use std::time::Duration;

use dm3_core::identity::{Address, EnsName};
use dm3_core::message::Envelope;
use dm3_core::seal::signing::SigningKey;

use crate::ethereum::names::{Names, NamesError};
use crate::ethereum::recent::Recent;
use crate::limits::{LookupsAtOnce, Payer, Pool};

/// How long a sender may take to be looked up.
const LOOKUP_TIME: Duration = Duration::from_secs(3);
/// How long a sender's key is remembered: as long as messages under a replaced key are still taken.
const REMEMBERED: Duration = Duration::from_secs(30);
/// How many are remembered.
const REMEMBERED_SENDERS: usize = 10_000;

/// Who an envelope is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The account whose profile key signed it.
    Verified(Address),
    /// Nobody can say: the name leads to no profile. To which address, if to one.
    Unknown(Option<Address>),
    /// Not who it claims: the name has a profile, and another key signed.
    Forged(Address),
    /// It could not be found out: a fault of this server or of the way, which may be over in a moment. Where it decides
    /// about the message, the message is refused for now, never for good.
    Undetermined,
}

impl Sender {
    /// What a receiver is told, unless the sender is verified.
    pub const fn mark(self) -> Option<&'static str> {
        match self {
            Self::Verified(_) => None,
            // One word for both, since clients know no third.
            Self::Unknown(_) | Self::Undetermined => Some("unknown"),
            Self::Forged(_) => Some("forged"),
        }
    }

    /// The address that the name leads to, whoever signed.
    pub const fn address(self) -> Option<Address> {
        match self {
            Self::Verified(address) | Self::Forged(address) => Some(address),
            Self::Unknown(address) => address,
            Self::Undetermined => None,
        }
    }
}

#[derive(Clone)]
struct Known {
    address: Address,
    key: SigningKey,
}

/// Checks senders.
pub struct Senders {
    known: Recent<EnsName, Known>,
    turns: Pool<Payer>,
}

impl Senders {
    /// Looks up so many at once.
    pub fn new(at_once: LookupsAtOnce) -> Self {
        Self {
            known: Recent::new(REMEMBERED_SENDERS, REMEMBERED),
            turns: Pool::new(at_once.all, at_once.client),
        }
    }

    /// Checks an envelope whose delivery information claims that it is from `claimed`.
    pub async fn check(&self, names: &Names, envelope: &Envelope, claimed: &str) -> Sender {
        let Ok(name) = claimed.trim().parse::<EnsName>() else { return Sender::Unknown(None) };
        if let Some(known) = self.known.get(&name)
            && envelope.check_signature(&known.key).is_ok()
        {
            return Sender::Verified(known.address);
        }
        // The key may be new, so what is remembered proves no forgery. Names of this server ask nobody else, so they
        // need no turn, and strangers can't keep them from being checked.
        let turn = if names.is_own(&name) { None } else { Some(self.turns.enter(&Payer::current(), 1)) };
        if let Some(Err(full)) = turn {
            tracing::debug!(%full, "no sender can be looked up");
            return Sender::Undetermined;
        }
        let known = match tokio::time::timeout(LOOKUP_TIME, look_up(names, &name)).await {
            Ok(Ok(Found::Profile(known))) => known,
            Ok(Ok(Found::Nothing(address))) => return Sender::Unknown(address),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a sender can't be looked up");
                return Sender::Undetermined;
            }
            Err(_) => return Sender::Undetermined,
        };
        let verified = envelope.check_signature(&known.key).is_ok();
        let address = known.address;
        self.known.insert(name, known);
        if verified { Sender::Verified(address) } else { Sender::Forged(address) }
    }

    /// Forgets every key.
    pub fn forget_all(&self) {
        self.known.forget(|_| true);
    }

    /// Forgets the key of an account whose profile was replaced.
    pub fn forget(&self, address: Address) {
        self.known.forget(|known| known.address == address);
    }
}

enum Found {
    Profile(Known),
    Nothing(Option<Address>),
}

async fn look_up(names: &Names, name: &EnsName) -> Result<Found, NamesError> {
    let Some(address) = names.address_of(name).await? else { return Ok(Found::Nothing(None)) };
    Ok(match names.profile_of(name, address).await? {
        Some(profile) => Found::Profile(Known { address, key: profile.keys().signing }),
        None => Found::Nothing(Some(address)),
    })
}
