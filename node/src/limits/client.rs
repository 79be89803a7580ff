//! Whom a request comes from: the other end of the connection, or whom a trusted proxy says.

use std::fmt;
use std::net::{AddrParseError, IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::str::FromStr;

use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

use super::Taker;

/// What trusted proxies say in: each appends whom it was asked by.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The other end of a connection; stands in the extensions of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Of IPv6, the networks that one subscriber may have whole.
const NETWORKS: [u8; SHARES.len()] = [64, 56, 48];
/// How many times what a client may have each of its networks may have.
pub(super) const SHARES: [NonZeroU32; 3] = [NonZeroU32::MIN, FOUR, SIXTEEN];
const FOUR: NonZeroU32 = NonZeroU32::MIN.saturating_add(3);
const SIXTEEN: NonZeroU32 = NonZeroU32::MIN.saturating_add(15);

/// Somebody with an address. With IPv6 that is a /64 network, since every subscriber has one whole; many have a /56
/// or a /48, which has shares as well: see [`Taker`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(IpNet);

impl Client {
    /// Who has this address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address).into()),
            IpAddr::V6(address) => Self::within(address, 64),
        }
    }

    /// The network of `bits` that an address is in.
    fn within(address: Ipv6Addr, bits: u8) -> Self {
        let mask = u128::MAX << 128_u32.saturating_sub(bits.into()).min(127);
        let network = Ipv6Addr::from_bits(address.to_bits() & mask);
        // A prefix of at most 128 bits is always one.
        Self(IpNet::new(network.into(), bits).unwrap_or(IpAddr::V6(network).into()))
    }

    /// The widest network that whoever has this address may have whole.
    pub fn widest(self) -> Self {
        self.shares().pop().map_or(self, |(widest, _)| widest)
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Taker for Client {
    fn shares(&self) -> Vec<(Self, usize)> {
        match self.0.addr() {
            IpAddr::V4(_) => vec![(*self, 1)],
            IpAddr::V6(address) => {
                let times = SHARES.map(|times| usize::try_from(times.get()).unwrap_or(1));
                NETWORKS.into_iter().map(|bits| Self::within(address, bits)).zip(times).collect()
            }
        }
    }
}

/// The proxies whose word is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trusted(Vec<IpNet>);

/// Not a list of addresses and networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a list of addresses and networks")]
pub struct TrustedError;

impl FromStr for Trusted {
    type Err = TrustedError;

    /// Reads addresses and networks (`10.0.0.0/8`) with commas between them.
    fn from_str(text: &str) -> Result<Self, TrustedError> {
        let network = |text: &str| {
            let address = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse().or_else(|_| address()).map_err(|_| TrustedError)
        };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(network).collect::<Result<_, _>>().map(Self)
    }
}

impl Trusted {
    /// Whether an address is a trusted proxy's.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whom a request comes from: read from the end, the first that no trusted proxy has. What stands further
    /// left anybody could have written.
    pub fn client(&self, extensions: &Extensions, headers: &HeaderMap) -> Client {
        let peer = extensions.get::<Peer>().map(|peer| peer.0.ip());
        let peer = peer.unwrap_or(IpAddr::V6(Ipv6Addr::LOCALHOST));
        if !self.contains(peer) {
            return Client::of(peer);
        }
        let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().filter_map(|v| v.to_str().ok()).collect();
        let named = lines.iter().flat_map(|line| line.split(',')).map(address);
        let mut nearest = peer;
        for address in named.collect::<Vec<_>>().into_iter().rev() {
            // What is no address ends the chain: nothing before it can be relied upon.
            let Ok(address) = address else { break };
            nearest = address;
            if !self.contains(address) {
                break;
            }
        }
        Client::of(nearest)
    }
}

/// The address in a part of the header: alone, or with a port, as some proxies write it.
fn address(part: &str) -> Result<IpAddr, AddrParseError> {
    let part = part.trim().trim_matches('"');
    let bare = part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(part);
    bare.parse().or_else(|_| part.parse::<SocketAddr>().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, peer: &str, forwarded: &[&str]) -> Client {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(SocketAddr::new(peer.parse().unwrap(), 1)));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        trusted.parse::<Trusted>().unwrap().client(&extensions, &headers)
    }

    fn of(address: &str) -> Client {
        Client::of(address.parse().unwrap())
    }

    #[test]
    fn a_strangers_header_is_not_believed() {
        assert_eq!(client("", "198.51.100.7", &["192.0.2.1"]), of("198.51.100.7"));
        assert_eq!(client("10.0.0.0/8", "198.51.100.7", &["192.0.2.1"]), of("198.51.100.7"));
    }

    #[test]
    fn a_trusted_proxys_header_is_read_from_its_end() {
        let trusted = "127.0.0.1, 10.0.0.0/8";
        assert_eq!(client(trusted, "127.0.0.1", &["192.0.2.1"]), of("192.0.2.1"));
        assert_eq!(client(trusted, "::ffff:127.0.0.1", &["192.0.2.1"]), of("192.0.2.1"));
        assert_eq!(client(trusted, "127.0.0.1", &["203.0.113.9, 192.0.2.1"]), of("192.0.2.1"));
        assert_eq!(client(trusted, "127.0.0.1", &["203.0.113.9", "192.0.2.1, 10.1.2.3"]), of("192.0.2.1"));
        assert_eq!(client(trusted, "127.0.0.1", &["192.0.2.1, unknown"]), of("127.0.0.1"));
        assert_eq!(client(trusted, "127.0.0.1", &[]), of("127.0.0.1"));
        assert_eq!(client(trusted, "127.0.0.1", &["10.1.2.3"]), of("10.1.2.3"));
    }

    #[test]
    fn a_port_behind_the_address_makes_nobody_the_proxy() {
        for (part, expected) in [
            ("192.0.2.1:4711", "192.0.2.1"),
            ("\"192.0.2.1:4711\"", "192.0.2.1"),
            ("[2a00:1::5]:443", "2a00:1::5"),
            ("[2a00:1::5]", "2a00:1::5"),
            ("2a00:1::5", "2a00:1::5"),
        ] {
            assert_eq!(client("127.0.0.1", "127.0.0.1", &[part]), of(expected), "{part}");
        }
    }

    #[test]
    fn a_subscriber_with_many_networks_has_shares_for_all_of_them_together() {
        let pool = crate::limits::Pool::new(1000, 2);
        let mut places = Vec::new();
        for network in 0..=u16::MAX {
            let address = Ipv6Addr::new(0x2a00, 1, 2, network, 0, 0, 0, 1);
            places.extend(pool.enter(&Client::of(address.into()), 1).ok());
        }
        assert_eq!(places.len(), 32, "sixteen times a share for a /48");
        assert!(pool.enter(&of("2a00:1:3::1"), 1).is_ok(), "another /48 is not concerned");
    }

    #[test]
    fn all_networks_that_a_subscriber_may_have_are_one_in_the_widest() {
        assert_eq!(of("2a00:1:2:3::1").widest(), of("2a00:1:2:ffff::1").widest());
        assert_ne!(of("2a00:1:2:3::1").widest(), of("2a00:1:3:3::1").widest());
        assert_eq!(of("192.0.2.1").widest(), of("192.0.2.1"));
    }

    #[test]
    fn only_addresses_and_networks_can_be_trusted() {
        for text in ["proxy.example", "10.0.0.0/33", "*", "10.0.0.1 10.0.0.2"] {
            assert_eq!(text.parse::<Trusted>(), Err(TrustedError), "{text}");
        }
        assert_eq!("".parse(), Ok(Trusted::default()));
        assert!("::1,fd00::/8".parse::<Trusted>().unwrap().contains("fd12::1".parse().unwrap()));
    }
}
