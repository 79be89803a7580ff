//! How much anybody may ask: by the generic cell rate algorithm, for addresses, accounts and senders apart.
//!
//! Every limit is a number for a minute, all of which may come at once; then one more is allowed each time its
//! share of the minute has passed.

mod client;

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use dm3_core::identity::Address;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

pub use client::{Client, Peer, Trusted};

/// The limits, each for a minute; 0 is none.
#[derive(Debug, Clone, Copy)]
pub struct Allowances {
    /// Requests from one address (of IPv6: from one /64 network).
    pub requests: u32,
    /// Calls and fetches that one address has made by proxy.
    pub proxied: u32,
    /// Requests, and messages over sockets, of one signed-in account.
    pub account: u32,
    /// Messages of one sender whose signature was verified.
    pub sender: u32,
}

/// More than is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {retry_after} seconds")]
pub struct TooMany {
    /// After how many seconds to try again, rounded up.
    pub retry_after: u64,
}

/// What was asked lately.
pub struct Limits {
    requests: Limit<Client>,
    proxied: Limit<Client>,
    accounts: Limit<Address>,
    senders: Limit<Address>,
}

impl Limits {
    /// Nobody has asked anything yet.
    pub fn new(allowances: Allowances) -> Self {
        Self {
            requests: Limit::new(allowances.requests),
            proxied: Limit::new(allowances.proxied),
            accounts: Limit::new(allowances.account),
            senders: Limit::new(allowances.sender),
        }
    }

    /// Counts a request from an address.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn request(&self, client: Client) -> Result<(), TooMany> {
        self.requests.count(&client, 1)
    }

    /// Counts calls or fetches that an address has made by proxy.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn proxied(&self, client: Client, calls: usize) -> Result<(), TooMany> {
        self.proxied.count(&client, u32::try_from(calls).unwrap_or(u32::MAX))
    }

    /// Counts what a signed-in account asks.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn account(&self, account: Address) -> Result<(), TooMany> {
        self.accounts.count(&account, 1)
    }

    /// Counts a message of a verified sender. One whose name is only claimed is not counted: strangers could use
    /// up what is another's.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn sender(&self, sender: Address) -> Result<(), TooMany> {
        self.senders.count(&sender, 1)
    }

    /// Forgets those who have not asked for a while.
    pub fn tidy(&self) {
        self.requests.tidy();
        self.proxied.tidy();
        self.accounts.tidy();
        self.senders.tidy();
    }
}

struct Limit<K: Hash + Eq + Clone>(Option<DefaultKeyedRateLimiter<K>>);

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(per_minute: u32) -> Self {
        Self(NonZeroU32::new(per_minute).map(|most| RateLimiter::keyed(Quota::per_minute(most))))
    }

    fn count(&self, key: &K, times: u32) -> Result<(), TooMany> {
        let (Some(limiter), Some(times)) = (&self.0, NonZeroU32::new(times)) else { return Ok(()) };
        match limiter.check_key_n(key, times) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(until)) => Err(TooMany {
                retry_after: seconds_rounded_up(until.wait_time_from(DefaultClock::default().now())),
            }),
            // More at once than in a whole minute: asking again does not help, asking for less does.
            Err(_) => Err(TooMany { retry_after: 60 }),
        }
    }

    fn tidy(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// Never 0: that would tell a client to try again at once.
fn seconds_rounded_up(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Allowances = Allowances { requests: 0, proxied: 0, account: 0, sender: 0 };

    fn client(text: &str) -> Client {
        Client::of(text.parse().unwrap())
    }

    #[test]
    fn a_minutes_worth_may_come_at_once_and_no_more() {
        let limits = Limits::new(Allowances { requests: 3, ..NONE });
        for _ in 0..3 {
            assert_eq!(limits.request(client("192.0.2.1")), Ok(()));
        }
        let TooMany { retry_after } = limits.request(client("192.0.2.1")).unwrap_err();
        assert!((1..=20).contains(&retry_after), "{retry_after}");
        assert_eq!(limits.request(client("192.0.2.2")), Ok(()), "another address is not concerned");
    }

    #[test]
    fn one_subscriber_of_ipv6_is_one_client() {
        let limits = Limits::new(Allowances { proxied: 20, ..NONE });
        assert_eq!(limits.proxied(client("2a00:1::1"), 20), Ok(()));
        assert!(limits.proxied(client("2a00:1::ffff:2"), 1).is_err());
        assert_eq!(limits.proxied(client("2a00:1:0:1::1"), 1), Ok(()));
    }

    #[test]
    fn a_batch_over_the_whole_limit_is_refused() {
        let limits = Limits::new(Allowances { proxied: 5, ..NONE });
        assert_eq!(limits.proxied(client("192.0.2.1"), 6), Err(TooMany { retry_after: 60 }));
    }

    #[test]
    fn zero_is_no_limit() {
        let limits = Limits::new(NONE);
        assert!((0..10_000).all(|_| limits.sender(Address::ZERO).is_ok()));
    }

    #[test]
    fn waiting_times_are_rounded_up() {
        assert_eq!(seconds_rounded_up(Duration::ZERO), 1);
        assert_eq!(seconds_rounded_up(Duration::from_millis(1)), 1);
        assert_eq!(seconds_rounded_up(Duration::from_millis(1001)), 2);
        assert_eq!(seconds_rounded_up(Duration::from_secs(2)), 2);
    }
}
