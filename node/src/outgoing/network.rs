//! Which addresses strangers may send this server to.
//!
//! The sources are IANA's registries of special-purpose addresses (RFC 6890, kept up to date by IANA) and of
//! IPv6 address space. What carries an IPv4 address inside is judged by that address or refused as a whole.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

use super::OutgoingError;

/// The longest URL that is called, in bytes.
const MAX_URL: usize = 32 * 1024;
/// The only port of a public host.
const HTTPS: u16 = 443;

/// Where requests that strangers cause may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// https to port 443 of public addresses.
    Public,
    /// Everywhere, also to this machine: a development network.
    Anywhere,
}

/// A URL that may be called, as far as the URL itself can tell: a host name in it is still to be looked up by
/// [`PublicDns`].
#[derive(Clone)]
pub struct Target(Url);

impl Target {
    /// Checks a URL after it was normalised, so that `0x7f.1` and `2130706433` are what they mean: 127.0.0.1.
    ///
    /// # Errors
    /// [`OutgoingError::Url`] or [`OutgoingError::NotPublic`].
    pub fn parse(text: &str, reach: Reach) -> Result<Self, OutgoingError> {
        if text.len() > MAX_URL {
            return Err(OutgoingError::Url);
        }
        Self::check(Url::parse(text).map_err(|_| OutgoingError::Url)?, reach)
    }

    /// Where a redirect leads, checked like any other.
    ///
    /// # Errors
    /// [`OutgoingError::Url`] or [`OutgoingError::NotPublic`].
    pub fn redirected(&self, location: &str, reach: Reach) -> Result<Self, OutgoingError> {
        if location.len() > MAX_URL {
            return Err(OutgoingError::Url);
        }
        Self::check(self.0.join(location).map_err(|_| OutgoingError::Url)?, reach)
    }

    fn check(url: Url, reach: Reach) -> Result<Self, OutgoingError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutgoingError::Url);
        }
        match (url.scheme(), reach) {
            ("https", _) | ("http", Reach::Anywhere) => {}
            ("http", Reach::Public) => return Err(OutgoingError::NotPublic),
            _ => return Err(OutgoingError::Url),
        }
        let public = match url.host() {
            Some(Host::Domain(_)) => true,
            Some(Host::Ipv4(address)) => is_public(address.into()),
            Some(Host::Ipv6(address)) => is_public(address.into()),
            None => return Err(OutgoingError::Url),
        };
        let port = url.port_or_known_default();
        if reach == Reach::Public && (!public || port != Some(HTTPS)) {
            return Err(OutgoingError::NotPublic);
        }
        Ok(Self(url))
    }

    /// The URL.
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// Whose host it is: the domain that was registered, whichever name below it this is, or the address (of IPv6,
    /// its /64 network). Names cost nothing, domains do.
    pub fn site(&self) -> String {
        match self.0.host() {
            Some(Host::Domain(name)) => {
                let registered = psl::domain_str(name.trim_end_matches('.'));
                registered.unwrap_or(name).to_owned()
            }
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => format!("{:x?}", &address.segments()[..4]),
            None => String::new(),
        }
    }
}

/// Gives only public addresses; if one of a host's is not, none of them. The connection is made to an address
/// that was given here, so nothing can change between the check and the call.
pub struct PublicDns;

impl Resolve for PublicDns {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().all(|address| is_public(address.ip())) {
                Ok(Box::new(found.into_iter()) as Addrs)
            } else {
                Err(Box::new(OutgoingError::NotPublic) as Box<dyn std::error::Error + Send + Sync>)
            }
        })
    }
}

/// Whether an address can be anybody's.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_public_v4(mapped),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        // This network.
        || a == 0
        // Shared by carriers (RFC 6598).
        || (a == 100 && (64..128).contains(&b))
        // Protocol assignments, and 6to4 relays.
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        // Benchmarks (RFC 2544).
        || (a == 198 && (b == 18 || b == 19))
        // Multicast, reserved, broadcast.
        || a >= 224;
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Global unicast alone, which leaves out loopback, unique local, link local, multicast, NAT64 (64:ff9b::/96,
    // 64:ff9b:1::/48) and IPv4-compatible addresses; and in it neither protocol assignments with Teredo
    // (2001::/23), nor documentation (2001:db8::/32, 3fff::/20), nor 6to4 (2002::/16).
    let global = a & 0xe000 == 0x2000;
    global && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8)) && a != 0x2002 && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> bool {
        Target::parse(url, Reach::Public).is_err()
    }

    #[test]
    fn no_spelling_of_a_private_address_is_called() {
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.1.",
            "0.0.0.0",
            "0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::7f00:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:0:127.0.0.1]",
            "[64:ff9b::a00:1]",
            "[64:ff9b:1::1]",
            "[100::1]",
            "[2001::1]",
            "[2001:0:7f00:1::]",
            "[2001:10::1]",
            "[2001:db8::1]",
            "[2002:7f00:1::]",
            "[2002:808:808::]",
            "[3fff::1]",
            "[5f00::1]",
            "[fc00::1]",
            "[fd00::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            // Full-width digits and dots are normalised, too.
            "１２７。０。０。１",
        ] {
            let url = format!("https://{host}/x");
            assert!(refused(&url), "{url}");
        }
    }

    #[test]
    fn public_hosts_are_called_on_the_port_of_https_alone() {
        for url in [
            "https://gateway.example/",
            "https://gateway.example:443/",
            "https://8.8.8.8/",
            "https://[2606:4700::1]/",
            "https://[2a00:1450::1]/",
            "https://[::ffff:8.8.8.8]/",
        ] {
            assert!(!refused(url), "{url}");
        }
        for url in [
            "http://gateway.example/",
            "https://gateway.example:8443/",
            "https://gateway.example:80/",
            "https://me:pw@gateway.example/",
            "https://me@gateway.example/",
            "ftp://gateway.example/",
            "file:///etc/passwd",
            "data:,x",
            "gateway.example",
            "https://",
            "",
        ] {
            assert!(refused(url), "{url}");
        }
    }

    #[test]
    fn names_below_one_domain_are_one_site() {
        let site = |url: &str| Target::parse(url, Reach::Public).unwrap().site();
        assert_eq!(site("https://a.b.gateway.example/"), "gateway.example");
        assert_eq!(site("https://c.gateway.example./"), "gateway.example");
        assert_eq!(site("https://a.one.co.uk/"), "one.co.uk");
        assert_ne!(site("https://one.co.uk/"), site("https://two.co.uk/"));
        assert_eq!(site("https://[2606:4700::1]/"), site("https://[2606:4700::2]/"));
    }

    #[test]
    fn a_redirect_is_checked_like_any_other_url() {
        let from = Target::parse("https://gateway.example/a/b", Reach::Public).unwrap();
        let to = |location: &str| from.redirected(location, Reach::Public).map(|to| to.url().to_string());
        assert_eq!(to("../c").unwrap(), "https://gateway.example/c");
        assert_eq!(to("//other.example/c").unwrap(), "https://other.example/c");
        for location in ["http://gateway.example/", "//127.0.0.1/", "https://[::1]/", "file:///etc/passwd"] {
            assert!(to(location).is_err(), "{location}");
        }
    }

    #[test]
    fn a_development_network_reaches_this_machine() {
        assert!(Target::parse("http://127.0.0.1:8080/x", Reach::Anywhere).is_ok());
        assert!(Target::parse("ftp://127.0.0.1:8080/x", Reach::Anywhere).is_err());
    }

    #[tokio::test]
    async fn a_host_that_resolves_to_this_machine_is_not_called() {
        assert!(PublicDns.resolve("localhost".parse().unwrap()).await.is_err());
    }
}
