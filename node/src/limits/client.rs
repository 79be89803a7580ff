//! Whom a request comes from: the other end of the connection, or whom a trusted proxy says.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

/// What trusted proxies say in: each appends whom it was asked by.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The other end of a connection; stands in the extensions of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Somebody with an address. With IPv6 that is a /64 network, since every subscriber has one whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl Client {
    /// Who has this address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.into()),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
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
        let named = lines.iter().flat_map(|line| line.split(',')).map(|part| part.trim().parse::<IpAddr>());
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
    fn only_addresses_and_networks_can_be_trusted() {
        for text in ["proxy.example", "10.0.0.0/33", "*", "10.0.0.1 10.0.0.2"] {
            assert_eq!(text.parse::<Trusted>(), Err(TrustedError), "{text}");
        }
        assert_eq!("".parse(), Ok(Trusted::default()));
        assert!("::1,fd00::/8".parse::<Trusted>().unwrap().contains("fd12::1".parse().unwrap()));
    }
}
