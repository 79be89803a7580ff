//! Places that are taken for a while: so many in all, so many for each who takes them.
//!
//! ```text
//! Pool::enter(who, n) ─▶ Place (given back when it is dropped)      or Full::{All, Share}
//! ```
//!
//! Whatever is under way at the same time is bounded by one of these: connections, requests, bytes of bodies,
//! sockets, look-ups, requests to other hosts.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Somebody who takes places. Those who may stand together, as the networks of one subscriber, share as well.
pub trait Taker: Clone + Eq + Hash {
    /// Under which names places are counted, each with how many times a share it may have. None: there is no share.
    fn shares(&self) -> Vec<(Self, usize)> {
        vec![(self.clone(), 1)]
    }
}

impl Taker for String {}
impl Taker for dm3_core::identity::Address {}

/// There is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// For nobody.
    #[error("all places are taken")]
    All,
    /// For this one, who has a whole share.
    #[error("a whole share is taken")]
    Share,
}

/// The places. Cloning gives another handle to them.
pub struct Pool<K: Taker>(Arc<Inner<K>>);

struct Inner<K> {
    all: usize,
    share: usize,
    taken: Mutex<Taken<K>>,
}

struct Taken<K> {
    all: usize,
    each: HashMap<K, usize>,
}

impl<K: Taker> Clone for Pool<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Taker> Pool<K> {
    /// So many places, of which one taker has at most `share`. Who has several times a share leaves half of all to others.
    pub fn new(all: usize, share: usize) -> Self {
        let taken = Mutex::new(Taken { all: 0, each: HashMap::new() });
        Self(Arc::new(Inner { all, share, taken }))
    }

    /// Takes `amount` places.
    ///
    /// # Errors
    /// [`Full`]: none is taken then.
    pub fn enter(&self, who: &K, amount: usize) -> Result<Place<K>, Full> {
        let mut place = Place { pool: self.clone(), shares: who.shares(), amount: 0 };
        place.grow(amount)?;
        Ok(place)
    }

    /// How many places are taken.
    pub fn taken(&self) -> usize {
        self.lock().all
    }

    /// Whether more than half of the places are taken, so that who holds some for long has to give way.
    pub fn is_half_taken(&self) -> bool {
        self.taken() > self.0.all / 2
    }

    fn give_back(&self, shares: &[(K, usize)], amount: usize) {
        let mut taken = self.lock();
        taken.all -= amount;
        for (who, _) in shares {
            if let Entry::Occupied(mut count) = taken.each.entry(who.clone()) {
                *count.get_mut() -= amount;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Taken<K>> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many places somebody may have who has so many times a share.
fn most(all: usize, share: usize, times: usize) -> usize {
    share.saturating_mul(times).min(share.max(all / 2))
}

/// Places of one taker, until this is dropped.
pub struct Place<K: Taker> {
    pool: Pool<K>,
    shares: Vec<(K, usize)>,
    amount: usize,
}

impl<K: Taker> Place<K> {
    /// Takes more.
    ///
    /// # Errors
    /// [`Full`]: what was taken before stays.
    pub fn grow(&mut self, more: usize) -> Result<(), Full> {
        let mut taken = self.pool.lock();
        let Inner { all, share, .. } = &*self.pool.0;
        if taken.all.saturating_add(more) > *all {
            return Err(Full::All);
        }
        let exceeds = |(who, times): &(K, usize)| {
            let before = taken.each.get(who).copied().unwrap_or_default();
            before.saturating_add(more) > most(*all, *share, *times)
        };
        if self.shares.iter().any(exceeds) {
            return Err(Full::Share);
        }
        taken.all += more;
        for (who, _) in &self.shares {
            *taken.each.entry(who.clone()).or_default() += more;
        }
        self.amount += more;
        Ok(())
    }

    /// Gives some back.
    pub fn shrink(&mut self, less: usize) {
        let less = less.min(self.amount);
        self.amount -= less;
        self.pool.give_back(&self.shares, less);
    }

    /// Takes more, or gives some back, so that there are `amount`.
    ///
    /// # Errors
    /// [`Full`]: what was taken before stays.
    pub fn resize(&mut self, amount: usize) -> Result<(), Full> {
        self.shrink(self.amount.saturating_sub(amount));
        self.grow(amount - self.amount)
    }
}

impl<K: Taker> Drop for Place<K> {
    fn drop(&mut self) {
        self.pool.give_back(&self.shares, self.amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::limits::Client;

    #[test]
    fn who_has_many_networks_leaves_half_of_everything_to_others() {
        let example = include_str!("../../dm3-node.example.toml");
        let config = Config::parse(example, "dm3-node.example.toml", []).unwrap();
        let (lookups, outgoing) = (config.sender_lookups, config.outgoing);
        for (all, share) in [
            (config.max_connections, config.max_connections_per_address),
            (config.body_bytes_at_once, config.body_bytes_at_once_per_address),
            (config.answer_bytes_at_once, config.answer_bytes_at_once_per_address),
            (lookups.all, lookups.client),
            (outgoing.all, outgoing.client),
        ] {
            let pool = Pool::new(all, share);
            let mut kept = Vec::new();
            for network in 0..64_u16 {
                let client = Client::of([0x2a00, 1, 2, network, 0, 0, 0, 1].into());
                for _ in 0..4 {
                    kept.extend(pool.enter(&client, share / 4));
                }
            }
            assert!(pool.taken() * 2 <= all, "{} of {all}", pool.taken());
            assert!(pool.taken() > share, "more than one network has");
            assert!(pool.enter(&Client::of([192, 0, 2, 1].into()), share).is_ok(), "{share} of {all}");
        }
    }

    #[test]
    fn nobody_takes_more_than_a_share_and_all_together_no_more_than_there_is() {
        let pool = Pool::new(5, 2);
        let who = |name: &str| name.to_owned();
        let mut first = pool.enter(&who("a"), 1).unwrap();
        assert_eq!(first.grow(2), Err(Full::Share));
        assert_eq!(first.grow(1), Ok(()));
        let second = pool.enter(&who("b"), 2).unwrap();
        assert_eq!(pool.enter(&who("c"), 2).err(), Some(Full::All));
        let third = pool.enter(&who("c"), 1).unwrap();
        assert_eq!(pool.taken(), 5);
        first.shrink(1);
        assert_eq!(pool.taken(), 4);
        assert!(first.resize(4).is_err());
        assert_eq!(first.resize(2), Ok(()));
        assert_eq!(pool.taken(), 5);
        drop((first, second, third));
        assert_eq!(pool.taken(), 0);
        assert!(pool.lock().each.is_empty());
    }
}
