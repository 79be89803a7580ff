//! How much anybody may ask, by the generic cell rate algorithm ([`Limits`]), and how much may be under way at the same
//! time ([`Pool`]).
//!
//! Every rate is a number for a minute, an hour or a day, all of which may come at once; then one more is allowed each
//! time its share of that time has passed.

mod client;
pub mod json;
mod line;
mod payer;
mod pool;
pub mod reading;
mod shared;
mod turns;

use std::num::NonZeroU32;
use std::time::Duration;

use dm3_core::identity::Address;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use client::SHARES;
pub use client::{Client, Peer, Trusted};
pub use line::Line;
pub use payer::Payer;
pub use pool::{Full, Place, Pool, Taker};
pub use shared::Shared;
pub use turns::{Turn, Turns};

/// The limits, each for a minute; 0 is none.
#[derive(Debug, Clone, Copy)]
pub struct Allowances {
    /// Requests from one address (of IPv6: from one /64 network).
    pub requests: u32,
    /// TLS handshakes that one address begins.
    pub handshakes: u32,
    /// Calls and fetches that one address has made by proxy.
    pub proxied: u32,
    /// Requests, and messages over sockets, of one signed-in account.
    pub account: u32,
    /// Messages of one sender whose signature was verified.
    pub sender: u32,
    /// Messages of unknown senders that come from one address.
    pub unknown: u32,
    /// Messages of unknown senders for one mailbox.
    pub unknown_for_mailbox: u32,
    /// One-time codes that go to one mail address in a day, however many accounts ask for them.
    pub codes_to: u32,
    /// One-time codes that one address asks for in an hour.
    pub codes_from: u32,
    /// One-time codes of this server in an hour.
    pub codes: u32,
    /// Names that one address claims in a day.
    pub names: u32,
    /// Sealed files that one account begins to send in an hour.
    pub blobs: u32,
    /// Megabytes of sealed files that one address sends and fetches in an hour.
    pub blob_megabytes: u32,
    /// Burns that one account wants to have brought to the chain in an hour.
    pub burns: u32,
}

/// How many senders are looked up at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookupsAtOnce {
    /// In all.
    pub all: usize,
    /// For messages that one client hands in.
    pub client: usize,
}

/// More than is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {retry_after} seconds")]
pub struct TooMany {
    /// After how many seconds to try again, rounded up.
    pub retry_after: u64,
}

/// What was asked of this process lately.
pub struct Limits {
    requests: Limit<Client>,
    handshakes: Limit<Client>,
    proxied: Limit<Client>,
    accounts: Limit<Address>,
    senders: Limit<Address>,
    unknown: Limit<Payer>,
    unknown_for_mailboxes: Limit<Address>,
    blobs: Limit<Address>,
    blob_kilobytes: Limit<Payer>,
    burns: Limit<Address>,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Limits {
    /// Nobody has asked anything yet.
    pub fn new(allowances: Allowances) -> Self {
        Self {
            requests: Limit::new(allowances.requests, MINUTE),
            handshakes: Limit::new(allowances.handshakes, MINUTE),
            proxied: Limit::new(allowances.proxied, MINUTE),
            accounts: Limit::new(allowances.account, MINUTE),
            senders: Limit::new(allowances.sender, MINUTE),
            unknown: Limit::new(allowances.unknown, MINUTE),
            unknown_for_mailboxes: Limit::new(allowances.unknown_for_mailbox, MINUTE),
            blobs: Limit::new(allowances.blobs, HOUR),
            blob_kilobytes: Limit::new(allowances.blob_megabytes.saturating_mul(1000), HOUR),
            burns: Limit::new(allowances.burns, HOUR),
        }
    }

    /// Counts a request from an address.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn request(&self, client: Client) -> Result<(), TooMany> {
        self.requests.count(&client, 1)
    }

    /// Counts a TLS handshake that an address begins.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn handshake(&self, client: Client) -> Result<(), TooMany> {
        self.handshakes.count(&client, 1)
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

    /// Counts a message whose sender can't be verified. Who hands it in pays first, so that one client alone does not use
    /// up what a mailbox takes of strangers.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn unknown(&self, payer: Payer, mailbox: Address) -> Result<(), TooMany> {
        self.unknown.count(&payer, 1)?;
        self.unknown_for_mailboxes.count(&mailbox, 1)
    }

    /// Counts a message whose sender could not be found out, and which is refused for now: looking it up cost all the same.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn undetermined(&self, payer: Payer) -> Result<(), TooMany> {
        self.unknown.count(&payer, 1)
    }

    /// Counts a sealed file that an account begins to send.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn blob(&self, account: Address) -> Result<(), TooMany> {
        self.blobs.count(&account, 1)
    }

    /// Counts bytes of sealed files that are sent or fetched.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn blob_bytes(&self, payer: Payer, bytes: u64) -> Result<(), TooMany> {
        self.blob_kilobytes.count(&payer, u32::try_from(bytes.div_ceil(1000)).unwrap_or(u32::MAX))
    }

    /// Counts a burn that an account wants to have brought to the chain.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn burn(&self, account: Address) -> Result<(), TooMany> {
        self.burns.count(&account, 1)
    }

    /// Forgets those who have not asked for a while.
    pub fn tidy(&self) {
        self.requests.tidy();
        self.handshakes.tidy();
        self.proxied.tidy();
        self.accounts.tidy();
        self.senders.tidy();
        self.unknown.tidy();
        self.unknown_for_mailboxes.tidy();
        self.blobs.tidy();
        self.blob_kilobytes.tidy();
        self.burns.tidy();
    }
}

/// So many in a time for each; who has several shares (see [`Taker`]) has a limit for each of them.
struct Limit<K: Taker>(Option<[DefaultKeyedRateLimiter<K>; SHARES.len()]>);

impl<K: Taker> Limit<K> {
    fn new(most: u32, time: Duration) -> Self {
        let limiter = |most: NonZeroU32| {
            let pause = time / most.get();
            let quota = Quota::with_period(pause).unwrap_or(Quota::per_second(most));
            RateLimiter::keyed(quota.allow_burst(most))
        };
        let most = NonZeroU32::new(most);
        Self(most.map(|most| SHARES.map(|times| limiter(most.saturating_mul(times)))))
    }

    fn count(&self, key: &K, times: u32) -> Result<(), TooMany> {
        let (Some(tiers), Some(times)) = (&self.0, NonZeroU32::new(times)) else { return Ok(()) };
        for ((key, _), limiter) in key.shares().iter().zip(tiers) {
            match limiter.check_key_n(key, times) {
                Ok(Ok(())) => {}
                Ok(Err(until)) => {
                    let retry_after = seconds_rounded_up(until.wait_time_from(DefaultClock::default().now()));
                    return Err(TooMany { retry_after });
                }
                // More at once than in a whole minute: asking again does not help, asking for less does.
                Err(_) => return Err(TooMany { retry_after: 60 }),
            }
        }
        Ok(())
    }

    fn tidy(&self) {
        for limiter in self.0.iter().flatten() {
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

    pub(super) const NONE: Allowances = Allowances {
        requests: 0,
        handshakes: 0,
        proxied: 0,
        account: 0,
        sender: 0,
        unknown: 0,
        unknown_for_mailbox: 0,
        codes_to: 0,
        codes_from: 0,
        codes: 0,
        names: 0,
        blobs: 0,
        blob_megabytes: 0,
        burns: 0,
    };

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
    fn whoever_has_many_networks_is_one_in_the_end() {
        // Of what is counted by the hour: no share of it passes while this runs.
        let limits = Limits::new(Allowances { blob_megabytes: 1, ..NONE });
        let payer = |n: u16| Payer::Client(client(&format!("2a00:1:0:{n:x}::1")));
        let asked = |n: u16| limits.blob_bytes(payer(n), 1_000_000).is_ok();
        assert_eq!((0..=u16::MAX).filter(|n| asked(*n)).count(), 16, "sixteen times as many for a /48");
    }

    #[test]
    fn bytes_are_counted_by_thousands_begun_of_them() {
        let limits = Limits::new(Allowances { blob_megabytes: 1, ..NONE });
        let payer = Payer::Client(client("192.0.2.1"));
        assert_eq!(limits.blob_bytes(payer, 998_001), Ok(()));
        assert_eq!(limits.blob_bytes(payer, 1), Ok(()));
        assert!(limits.blob_bytes(payer, 1).is_err());
        assert_eq!(limits.blob_bytes(Payer::Client(client("192.0.2.2")), 1_000_000), Ok(()));
    }

    #[test]
    fn what_could_not_be_found_out_is_counted_by_address_and_uses_up_no_mailbox() {
        let limits = Limits::new(Allowances { unknown: 2, unknown_for_mailbox: 1, ..NONE });
        let payer = |text| Payer::Client(client(text));
        assert_eq!(limits.undetermined(payer("192.0.2.1")), Ok(()));
        assert_eq!(limits.undetermined(payer("192.0.2.1")), Ok(()));
        assert!(limits.undetermined(payer("192.0.2.1")).is_err());
        assert_eq!(limits.unknown(payer("192.0.2.2"), Address::ZERO), Ok(()));
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
