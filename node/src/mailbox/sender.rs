//! Who an envelope is from: what its sender claims, checked by its signature.
//!
//! Anybody can claim any name in the delivery information. The envelope's own signature is made with the sender's
//! profile key, so where the name leads to an address with a profile, the claim can be checked. Looking that up
//! takes a bounded time, of this message alone.
//!
//! What is held here may be older than what the sender uses elsewhere, and first profiles are posted by anybody: so
//! it alone says of no sender that they are none, if the name is another server's; and until its key has answered a
//! challenge it counts only where the name publishes nothing, else who has former keys would post the former profile.
//!
//! ```text
//! name ─▶ account ─▶ held here, and its key has answered a challenge, or the name is this server's
//!                      ─▶ signed by it                                ─▶ Verified
//!                 ─▶ held, and its key has answered a challenge here
//!                      ─▶ signed by the profile at the name           ─▶ Unknown
//!                      ─▶ by neither                                  ─▶ Forged
//!                 ─▶ not held, or nobody has answered for it
//!                      ─▶ the profile at the name: signed by it       ─▶ Verified, by another key: Forged
//!                      ─▶ no profile there: signed by the one held    ─▶ Verified, else Unknown
//!      ─▶ no turn, no time, the chain or a gateway fails ─▶ Undetermined: nobody can say yet
//! ```

use std::time::Duration;

use dm3_core::identity::{Address, EnsName, VerifiedProfile};
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
    /// Nobody can say: the name leads to no profile, or to another than the one that is held here, and that one signed.
    /// To which address, if to one.
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
        let found = match tokio::time::timeout(LOOKUP_TIME, look_up(names, &name, envelope)).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a sender can't be looked up");
                return Sender::Undetermined;
            }
            Err(_) => return Sender::Undetermined,
        };
        if let (Sender::Verified(address), Some(key)) = found {
            self.known.insert(name, Known { address, key });
        }
        found.0
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

/// Who signed an envelope, and with which key if that is proven.
async fn look_up(
    names: &Names,
    name: &EnsName,
    envelope: &Envelope,
) -> Result<(Sender, Option<SigningKey>), NamesError> {
    let Some(address) = names.account_of(name).await? else { return Ok((Sender::Unknown(None), None)) };
    let signed = |profile: &VerifiedProfile| {
        let key = profile.keys().signing;
        envelope.check_signature(&key).is_ok().then_some(key)
    };
    let held = names.held_profile(address).await?;
    let answered = held.as_ref().is_some_and(|held| held.answered);
    let by_held = held.as_ref().and_then(|held| signed(&held.profile));
    if by_held.is_some() && (answered || names.is_own(name)) {
        return Ok((Sender::Verified(address), by_held));
    }
    let published = names.published_profile(name, address).await?;
    let by_published = published.as_ref().and_then(signed);
    Ok(match (by_published, published) {
        (Some(_), _) if answered => (Sender::Unknown(Some(address)), None),
        (Some(key), _) => (Sender::Verified(address), Some(key)),
        (None, None) if by_held.is_some() => (Sender::Verified(address), by_held),
        (None, published) if answered || published.is_some() => (Sender::Forged(address), None),
        (None, _) => (Sender::Unknown(Some(address)), None),
    })
}
