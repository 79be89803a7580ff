//! Turns at push services. Whoever subscribes names the service, so it may be one that never answers: a person has one turn at
//! a time, a site a few, and a subscription that failed rests for longer and longer.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use dm3_core::identity::Address;
use dm3_core::seal::sha256;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::limits::{Full, Place, Pool, Turn, Turns};

/// How many may wait, and how many of them for one site.
const WAITING: (usize, usize) = (1000, 250);
/// How many are sent at once.
const AT_ONCE: usize = 64;
/// How many of them to one site.
const AT_ONCE_TO_SITE: usize = 16;
/// How many of them to one person's subscriptions.
const AT_ONCE_TO_OWNER: usize = 1;
/// How long a subscription rests that failed once; twice as long after each further time.
const REST: Duration = Duration::from_secs(60);
/// How often that doubles, which makes an hour.
const DOUBLED: u32 = 6;
/// How many subscriptions are remembered that failed.
const REMEMBERED: usize = 10_000;

/// The turns, and who rests.
pub struct Pushing {
    waiting: Pool<String>,
    owners: Turns<Address>,
    sites: Turns<String>,
    all: Semaphore,
    resting: Mutex<HashMap<[u8; 32], Rest>>,
}

#[derive(Clone, Copy)]
struct Rest {
    failures: u32,
    until: Instant,
}

/// A turn, until this is dropped.
pub struct PushTurn<'a> {
    _owner: Turn<Address>,
    _site: Turn<String>,
    _all: Option<SemaphorePermit<'a>>,
}

impl Pushing {
    /// Nobody waits, and nobody rests.
    pub fn new() -> Self {
        Self {
            waiting: Pool::new(WAITING.0, WAITING.1),
            owners: Turns::new(AT_ONCE_TO_OWNER),
            sites: Turns::new(AT_ONCE_TO_SITE),
            all: Semaphore::new(AT_ONCE),
            resting: Mutex::default(),
        }
    }

    /// A place among those that wait or are sent, until it is dropped.
    ///
    /// # Errors
    /// [`Full`]: too many wait, or too many for this site.
    pub fn enter(&self, site: String) -> Result<Place<String>, Full> {
        self.waiting.enter(&site, 1)
    }

    /// Waits for a turn of this person and this site. Whoever waits for their own has none of all.
    pub async fn turn(&self, owner: Address, site: String) -> PushTurn<'_> {
        let owner = self.owners.of(owner).await;
        let site = self.sites.of(site).await;
        // Never closed, so there is one.
        PushTurn { _owner: owner, _site: site, _all: self.all.acquire().await.ok() }
    }

    /// Whether a subscription rests.
    pub fn rests(&self, subscription: &str, now: Instant) -> bool {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.get(&sha256(subscription.as_bytes())).is_some_and(|rest| now < rest.until)
    }

    /// Notes whether a subscription was told.
    pub fn note(&self, subscription: &str, told: bool, now: Instant) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let key = sha256(subscription.as_bytes());
        if told {
            resting.remove(&key);
            return;
        }
        let failures = resting.get(&key).map_or(0, |rest| rest.failures);
        if resting.len() >= REMEMBERED {
            resting.retain(|_, rest| now < rest.until);
        }
        if resting.len() < REMEMBERED {
            let until = now + REST * 2_u32.pow(failures.min(DOUBLED));
            resting.insert(key, Rest { failures: failures.saturating_add(1), until });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_that_fails_rests_for_longer_and_longer() {
        let pushing = Pushing::new();
        let begin = Instant::now();
        let minutes = |n: u64| begin + Duration::from_secs(60 * n);
        pushing.note("a", false, begin);
        assert!(pushing.rests("a", begin) && !pushing.rests("b", begin));
        assert!(!pushing.rests("a", minutes(1)));
        pushing.note("a", false, minutes(1));
        assert!(pushing.rests("a", minutes(2)) && !pushing.rests("a", minutes(3)));
        pushing.note("a", true, minutes(3));
        pushing.note("a", false, minutes(4));
        assert!(!pushing.rests("a", minutes(5)), "once it was told all is forgotten");
    }

    #[tokio::test]
    async fn neither_a_person_nor_a_site_keeps_others_waiting() {
        let pushing = Pushing::new();
        let owner = |n: u8| Address::from_bytes([n; 20]);
        let soon = |n: u8, site: &str| {
            tokio::time::timeout(Duration::from_millis(50), pushing.turn(owner(n), site.to_owned()))
        };
        let first = soon(1, "a.example").await.unwrap();
        assert!(soon(1, "b.example").await.is_err(), "one at a time");
        let mut others = Vec::new();
        for n in 2..=16 {
            others.push(soon(n, "a.example").await.unwrap());
        }
        assert!(soon(17, "a.example").await.is_err());
        assert!(soon(17, "b.example").await.is_ok());
        drop(first);
        assert!(soon(1, "a.example").await.is_ok());
    }

    #[test]
    fn a_site_that_never_answers_leaves_places_for_others() {
        let pushing = Pushing::new();
        let waiting: Vec<_> = (0..2000).map_while(|_| pushing.enter("silent.example".into()).ok()).collect();
        assert_eq!(waiting.len(), WAITING.1);
        assert!(pushing.enter("b.example".into()).is_ok());
        drop(waiting);
        assert!(pushing.enter("silent.example".into()).is_ok());
    }
}
