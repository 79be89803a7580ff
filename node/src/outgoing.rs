//! Requests this server sends: to its own Ethereum node, and to hosts that strangers choose.
//!
//! The latter must not become a way into the network the server stands in. So a literal address in the URL
//! is checked here, every address that DNS gives is checked before it is connected to, redirects are not
//! followed, and proxies of the environment are not used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use dm3_core::delivery::{HttpResponse, HttpUrl};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, ClientBuilder, RequestBuilder};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why a request brought no answer. Never shows the URL, which may hold an access key.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// TLS can't be set up.
    #[error("TLS can't be set up: {0}")]
    Tls(String),
    /// Nothing came back.
    #[error("no answer: {0}")]
    Unreachable(reqwest::Error),
    /// More came back than is read.
    #[error("the answer is too large")]
    TooLarge,
    /// What came back is not UTF-8.
    #[error("the answer is not text")]
    NotText,
    /// A host that strangers may not send this server to.
    #[error("the address is not a public one")]
    NotPublic,
}

impl From<reqwest::Error> for OutgoingError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(error.without_url())
    }
}

/// The two clients.
pub struct Outgoing {
    trusted: Client,
    public: Client,
}

impl Outgoing {
    /// Sets both clients up.
    ///
    /// # Errors
    /// [`OutgoingError::Tls`].
    pub fn new() -> Result<Self, OutgoingError> {
        // Fails if it was installed before, by another server in this process: just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = |builder: ClientBuilder| {
            builder.build().map_err(|error| OutgoingError::Tls(error.without_url().to_string()))
        };
        Ok(Self {
            trusted: client(builder()?)?,
            public: client(builder()?.dns_resolver(Arc::new(PublicDns)).https_only(true))?,
        })
    }

    /// For addresses out of the configuration.
    pub const fn trusted(&self) -> &Client {
        &self.trusted
    }

    /// For addresses that strangers choose: https on port 443 to a public address.
    ///
    /// # Errors
    /// [`OutgoingError::NotPublic`].
    pub fn public(&self, url: &HttpUrl) -> Result<&Client, OutgoingError> {
        let authority = url.authority();
        let host = authority.strip_suffix(":443").unwrap_or(authority);
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let other_port = !host.starts_with('[') && host.contains(':');
        let private = literal.is_ok_and(|address| !is_public(address));
        if other_port || private || !url.as_str().starts_with("https://") {
            return Err(OutgoingError::NotPublic);
        }
        Ok(&self.public)
    }
}

fn builder() -> Result<ClientBuilder, OutgoingError> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|root| reqwest::Certificate::from_der(root))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Client::builder()
        .tls_certs_only(roots)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .user_agent(concat!("dm3-node/", env!("CARGO_PKG_VERSION"))))
}

/// Sends a request and reads at most `max` bytes of its answer.
///
/// # Errors
/// [`OutgoingError`].
pub async fn send(request: RequestBuilder, max: usize) -> Result<HttpResponse, OutgoingError> {
    let mut response = request.header(CONTENT_TYPE, "application/json").send().await?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > max {
            return Err(OutgoingError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let body = String::from_utf8(body).map_err(|_| OutgoingError::NotText)?;
    Ok(HttpResponse::new(status, body))
}

/// Gives only public addresses; if one of a host's is not, none of them.
struct PublicDns;

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

/// Whether an address can be anybody's: none of IANA's special-purpose registries.
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
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 224;
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Global unicast, without the ranges that carry IPv4 inside (Teredo, 6to4) or are for documentation.
    a & 0xe000 == 0x2000 && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8)) && a != 0x2002 && a != 0x3fff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_send_the_server_into_its_own_network() {
        let outgoing = Outgoing::new().unwrap();
        for url in [
            "http://127.0.0.1/x",
            "http://localhost/x",
            "https://127.0.0.1/x",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://192.168.1.1/",
            "https://100.64.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://[64:ff9b::a00:1]/",
            "https://gateway.example:8443/",
        ] {
            assert!(outgoing.public(&url.parse().unwrap()).is_err(), "{url}");
        }
        for url in ["https://gateway.example/", "https://gateway.example:443/", "https://[2606:4700::1]/"] {
            assert!(outgoing.public(&url.parse().unwrap()).is_ok(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_host_that_resolves_to_this_machine_is_not_called() {
        assert!(PublicDns.resolve("localhost".parse().unwrap()).await.is_err());
    }
}
