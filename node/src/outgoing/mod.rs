//! Requests this server sends: to its own Ethereum node, to gateways of IPFS, and to hosts that strangers choose.
//!
//! What strangers choose must not become a way into the network the server stands in. So an address in the URL is checked,
//! every address that DNS gives is checked before it is connected to, both again at each redirect, and proxies
//! of the environment are not used. Nor may a slow host keep others waiting: times, sizes and the number of
//! requests at once are bounded – for each use apart, in all, to one site and for one client – and what is over the
//! bound is refused at once.

mod error;
mod network;

use std::sync::Arc;
use std::time::Duration;

use dm3_core::web::HttpResponse;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION, RANGE};
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response};

use crate::limits::{Payer, Place, Pool, reading};

pub use error::OutgoingError;
pub use network::{Reach, Target};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);

/// What a request to a stranger's host is for. Each use has places of its own, so that none keeps another waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A name that this server needs to know: gateways, linked profiles.
    Lookup,
    /// A gateway's answer that a page wants.
    Gateway,
    /// An image that a page shows.
    Image,
    /// A message for another delivery service.
    Message,
    /// A part of a sealed file at another node.
    Blob,
    /// A block of IPFS that this server needs to know.
    IpfsLookup,
    /// A block of IPFS that a page wants.
    IpfsPage,
}

/// What is asked of a stranger's host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// What is there.
    Get,
    /// A part of it: the value of the header `Range`.
    Part(String),
    /// An answer to this JSON text.
    Post(String),
}

impl From<Option<String>> for Ask {
    /// A question with a body is posted.
    fn from(body: Option<String>) -> Self {
        body.map_or(Self::Get, Self::Post)
    }
}

/// How many requests to strangers' hosts run at once, for each use apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtOnce {
    /// In all.
    pub all: usize,
    /// To one site: a domain that somebody registered with all names below it, or an address.
    pub site: usize,
    /// For one client.
    pub client: usize,
}

impl Default for AtOnce {
    fn default() -> Self {
        Self { all: 64, site: 8, client: 16 }
    }
}

impl AtOnce {
    /// The same for hosts that the operator chose. All requests go to these few, so a site has no share; and each client has
    /// an eighth of all at most, since what one asks for may keep places for as long as nobody answers.
    fn of_configured_hosts(self) -> Self {
        Self { site: self.all, client: self.client.min(self.all / 8).max(1), ..self }
    }
}

/// What a request to a stranger's host may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The largest answer that is read, in bytes.
    pub bytes: usize,
    /// The longest time, with all redirects.
    pub time: Duration,
    /// The most redirects that are followed. Only questions without a body are sent on.
    pub redirects: usize,
}

/// The answer of a stranger's host.
#[derive(Debug)]
pub struct Fetched {
    /// The HTTP status.
    pub status: u16,
    /// The media type that the host claims, if it does.
    pub media_type: Option<String>,
    /// The body, within the bounds.
    pub body: Vec<u8>,
}

impl Fetched {
    async fn read(response: Response, max: usize) -> Result<Self, OutgoingError> {
        let status = response.status().as_u16();
        let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = media_type.map(str::to_owned);
        Ok(Self { status, media_type, body: read(response, max).await? })
    }

    /// The answer as text.
    ///
    /// # Errors
    /// [`OutgoingError::NotText`].
    pub fn into_text(self) -> Result<HttpResponse, OutgoingError> {
        let body = String::from_utf8(self.body).map_err(|_| OutgoingError::NotText)?;
        Ok(HttpResponse::new(self.status, body))
    }
}

/// The two clients. Cloning gives another handle to them.
#[derive(Clone)]
pub struct Outgoing {
    trusted: Client,
    public: Client,
    reach: Reach,
    lookup: Places,
    gateway: Places,
    image: Places,
    message: Places,
    blob: Places,
    ipfs_lookup: Places,
    ipfs_page: Places,
}

/// The places of one use.
#[derive(Clone)]
struct Places {
    sites: Pool<String>,
    payers: Pool<Payer>,
}

impl Places {
    fn new(at_once: AtOnce) -> Self {
        Self { sites: Pool::new(at_once.all, at_once.site), payers: Pool::new(at_once.all, at_once.client) }
    }

    fn enter(&self, site: &str) -> Result<(Place<String>, Place<Payer>), OutgoingError> {
        let site = self.sites.enter(&site.to_owned(), 1).map_err(|_| OutgoingError::Busy)?;
        let payer = self.payers.enter(&Payer::current(), 1).map_err(|_| OutgoingError::Busy)?;
        Ok((site, payer))
    }
}

impl Outgoing {
    /// Sets both clients up.
    ///
    /// # Errors
    /// [`OutgoingError::Tls`].
    pub fn new(reach: Reach, at_once: AtOnce) -> Result<Self, OutgoingError> {
        // Fails if it was installed before, by another server in this process: just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = |builder: ClientBuilder| {
            builder.build().map_err(|error| OutgoingError::Tls(error.without_url().to_string()))
        };
        let public = match reach {
            Reach::Public => builder()?.dns_resolver(Arc::new(network::PublicDns)).https_only(true),
            Reach::Anywhere => builder()?,
        };
        Ok(Self {
            trusted: client(builder()?)?,
            public: client(public)?,
            reach,
            lookup: Places::new(at_once),
            gateway: Places::new(at_once),
            image: Places::new(at_once),
            message: Places::new(at_once),
            blob: Places::new(at_once),
            ipfs_lookup: Places::new(at_once.of_configured_hosts()),
            ipfs_page: Places::new(at_once.of_configured_hosts()),
        })
    }

    /// For addresses out of the configuration.
    pub const fn trusted(&self) -> &Client {
        &self.trusted
    }

    /// Sends a request to an address that strangers choose: https on port 443 to a public address.
    ///
    /// # Errors
    /// [`OutgoingError`].
    pub async fn fetch(
        &self,
        what_for: Use,
        url: &str,
        ask: impl Into<Ask>,
        bounds: Bounds,
    ) -> Result<Fetched, OutgoingError> {
        let target = Target::parse(url, self.reach)?;
        let _places = self.enter(what_for, &target)?;
        let fetching = async {
            let response = self.follow(&self.public, target, ask.into(), bounds.redirects).await?;
            Fetched::read(response, bounds.bytes).await
        };
        tokio::time::timeout(bounds.time, fetching).await.map_err(|_| OutgoingError::Timeout)?
    }

    /// Asks a host out of the configuration for what strangers choose. It may be on this machine, over http and at any
    /// port; where it redirects to is checked like what strangers choose. A body is read only if there is what was asked
    /// for (200).
    ///
    /// # Errors
    /// [`OutgoingError`].
    pub async fn fetch_configured(
        &self,
        what_for: Use,
        url: &str,
        bounds: Bounds,
    ) -> Result<Fetched, OutgoingError> {
        let target = Target::parse(url, Reach::Anywhere)?;
        let _places = self.enter(what_for, &target)?;
        let fetching = async {
            let response = self.follow(&self.trusted, target, Ask::Get, bounds.redirects).await?;
            match response.status().as_u16() {
                200 => Fetched::read(response, bounds.bytes).await,
                status => Ok(Fetched { status, media_type: None, body: Vec::new() }),
            }
        };
        tokio::time::timeout(bounds.time, fetching).await.map_err(|_| OutgoingError::Timeout)?
    }

    /// Takes the places of a request; from now on it keeps nobody from reading.
    fn enter(&self, what_for: Use, target: &Target) -> Result<(Place<String>, Place<Payer>), OutgoingError> {
        let places = match what_for {
            Use::Lookup => &self.lookup,
            Use::Gateway => &self.gateway,
            Use::Image => &self.image,
            Use::Message => &self.message,
            Use::Blob => &self.blob,
            Use::IpfsLookup => &self.ipfs_lookup,
            Use::IpfsPage => &self.ipfs_page,
        };
        let places = places.enter(&target.site())?;
        reading::end_turn();
        Ok(places)
    }

    /// The answer at the end of the redirects. The first address is called by this client, those behind it as strangers'.
    async fn follow(
        &self,
        first: &Client,
        mut target: Target,
        ask: Ask,
        redirects: usize,
    ) -> Result<Response, OutgoingError> {
        let mut client = first;
        for _ in 0..=redirects {
            let request = match &ask {
                Ask::Post(body) => request(client, Method::POST, &target)
                    .header(CONTENT_TYPE, "application/json")
                    .body(body.clone()),
                Ask::Get => request(client, Method::GET, &target),
                Ask::Part(range) => request(client, Method::GET, &target).header(RANGE, range),
            };
            let response = request.send().await?;
            match redirect(&response).filter(|_| ask == Ask::Get && redirects > 0) {
                Some(location) => target = target.redirected(location, self.reach)?,
                None => return Ok(response),
            }
            client = &self.public;
        }
        Err(OutgoingError::Redirects)
    }

    /// Where requests that strangers cause may go.
    pub const fn reach(&self) -> Reach {
        self.reach
    }

    /// A request to a checked address. Whoever sends it bounds its time and what is read.
    pub fn request(&self, method: Method, target: &Target) -> RequestBuilder {
        request(&self.public, method, target)
    }
}

fn request(client: &Client, method: Method, target: &Target) -> RequestBuilder {
    client.request(method, target.url().clone()).header(ACCEPT, "*/*")
}

fn redirect(response: &Response) -> Option<&str> {
    match response.status().as_u16() {
        301 | 302 | 303 | 307 | 308 => response.headers().get(LOCATION)?.to_str().ok(),
        _ => None,
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

/// Sends a request to a trusted host and reads at most `max` bytes of its answer.
///
/// # Errors
/// [`OutgoingError`].
pub async fn send(request: RequestBuilder, max: usize) -> Result<HttpResponse, OutgoingError> {
    let response = request.header(CONTENT_TYPE, "application/json").send().await?;
    let status = response.status().as_u16();
    Fetched { status, media_type: None, body: read(response, max).await? }.into_text()
}

/// A word for what came of a request, for the metrics.
pub fn outcome(reply: &Result<HttpResponse, OutgoingError>) -> &'static str {
    match reply {
        Ok(reply) if (200..300).contains(&reply.status) => "answered",
        Ok(_) => "refused",
        Err(OutgoingError::Busy) => "busy",
        Err(OutgoingError::Timeout) => "timeout",
        Err(error) if error.is_temporary() => "unreachable",
        Err(_) => "failed",
    }
}

async fn read(mut response: Response, max: usize) -> Result<Vec<u8>, OutgoingError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > max {
            return Err(OutgoingError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Client;

    #[tokio::test]
    async fn neither_a_site_nor_a_client_nor_a_use_takes_every_place() {
        let places = Places::new(AtOnce { all: 4, site: 2, client: 3 });
        let client = |n: u8| Payer::Client(Client::of([192, 0, 2, n].into()));
        let enter = |n: u8, site: &'static str| client(n).pays(async { places.enter(site) });
        let busy = |place: Result<_, OutgoingError>| matches!(place, Err(OutgoingError::Busy));
        let kept = (enter(1, "slow.example").await.unwrap(), enter(1, "slow.example").await.unwrap());
        assert!(busy(enter(2, "slow.example").await), "the site has its share");
        let third = enter(1, "b.example").await.unwrap();
        assert!(busy(enter(1, "c.example").await), "the client has its share");
        let fourth = enter(2, "c.example").await.unwrap();
        assert!(busy(enter(3, "d.example").await), "all are taken");
        drop((kept, third, fourth));
        assert!(enter(3, "slow.example").await.is_ok());
    }

    #[tokio::test]
    async fn strangers_cannot_send_the_server_into_its_own_network() {
        let outgoing = Outgoing::new(Reach::Public, AtOnce::default()).unwrap();
        let bounds = Bounds { bytes: 1000, time: Duration::from_secs(20), redirects: 0 };
        for url in ["https://127.0.0.1/x", "http://localhost/x", "https://0x7f.1/"] {
            let answer = outgoing.fetch(Use::Image, url, Ask::Get, bounds).await;
            assert!(matches!(answer, Err(OutgoingError::NotPublic)), "{url}: {answer:?}");
        }
        // The name is looked up first, and then not called.
        let answer = outgoing.fetch(Use::Image, "https://localhost/x", Ask::Get, bounds).await;
        assert!(matches!(answer, Err(OutgoingError::NotPublic)), "{answer:?}");
    }
}
