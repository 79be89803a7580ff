//! Who an envelope is from: what its sender claims, checked by its signature.
//!
//! Anybody can claim any name in the delivery information. The envelope's own signature is made with the sender's
//! profile key, so where the name leads to an address with a profile, the claim can be checked. Looking that up
//! takes a bounded time, of this message alone.

use std::time::Duration;

use dm3_core::identity::{Address, EnsName};
use dm3_core::message::Envelope;
use dm3_core::seal::signing::SigningKey;
use tokio::sync::Semaphore;

use crate::names::{Names, NamesError};
use crate::recent::Recent;

/// How long a sender may take to be looked up.
const LOOKUP_TIME: Duration = Duration::from_secs(3);
/// How many senders are looked up at once.
const LOOKUPS_AT_ONCE: usize = 64;
/// How long a sender's key is remembered: as long as messages under a replaced key are still taken.
const REMEMBERED: Duration = Duration::from_secs(30);
/// How many are remembered.
const REMEMBERED_SENDERS: usize = 10_000;

/// Who an envelope is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The account whose profile key signed it.
    Verified(Address),
    /// Nobody can say: the name leads to no profile, or not in time.
    Unknown,
    /// Not who it claims: the name has a profile, and another key signed.
    Forged,
}

impl Sender {
    /// What a receiver is told, unless the sender is verified.
    pub const fn mark(self) -> Option<&'static str> {
        match self {
            Self::Verified(_) => None,
            Self::Unknown => Some("unknown"),
            Self::Forged => Some("forged"),
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
    turns: Semaphore,
}

impl Default for Senders {
    fn default() -> Self {
        Self { known: Recent::new(REMEMBERED_SENDERS, REMEMBERED), turns: Semaphore::new(LOOKUPS_AT_ONCE) }
    }
}

impl Senders {
    /// Checks an envelope whose delivery information claims that it is from `claimed`.
    pub async fn check(&self, names: &Names, envelope: &Envelope, claimed: &str) -> Sender {
        let Ok(name) = claimed.trim().parse::<EnsName>() else { return Sender::Unknown };
        if let Some(known) = self.known.get(&name)
            && envelope.check_signature(&known.key).is_ok()
        {
            return Sender::Verified(known.address);
        }
        // The key may be new, so what is remembered proves no forgery.
        let Ok(_turn) = self.turns.try_acquire() else { return Sender::Unknown };
        let found = tokio::time::timeout(LOOKUP_TIME, look_up(names, &name)).await;
        let known = match found {
            Ok(Ok(Some(known))) => known,
            Ok(Ok(None)) => return Sender::Unknown,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a sender can't be looked up");
                return Sender::Unknown;
            }
            Err(_) => return Sender::Unknown,
        };
        let verified = envelope.check_signature(&known.key).is_ok();
        let sender = if verified { Sender::Verified(known.address) } else { Sender::Forged };
        self.known.insert(name, known);
        sender
    }

    /// Forgets the key of an account whose profile was replaced.
    pub fn forget(&self, address: Address) {
        self.known.forget(|known| known.address == address);
    }
}

async fn look_up(names: &Names, name: &EnsName) -> Result<Option<Known>, NamesError> {
    let Some(address) = names.address_of(name).await? else { return Ok(None) };
    let profile = names.profile_of(name, address).await?;
    Ok(profile.map(|profile| Known { address, key: profile.keys().signing }))
}
