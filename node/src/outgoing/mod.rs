//! Requests this server sends: to its own Ethereum node, and to hosts that strangers choose.
//!
//! The latter must not become a way into the network the server stands in. So an address in the URL is checked,
//! every address that DNS gives is checked before it is connected to, both again at each redirect, and proxies
//! of the environment are not used. Nor may a slow host keep others waiting: times, sizes and the number of
//! requests to one host and to all are bounded, and what is over the bound is refused at once.

mod network;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dm3_core::web::HttpResponse;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response};

pub use network::{Reach, Target};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);
/// How many requests to strangers' hosts run at once.
const AT_ONCE: usize = 64;
/// How many of them may go to one host.
const AT_ONE_HOST: usize = 8;

/// Why a request brought no answer. Never shows the URL, which may hold an access key.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// TLS can't be set up.
    #[error("TLS can't be set up: {0}")]
    Tls(String),
    /// Nothing came back.
    #[error("no answer: {0}")]
    Unreachable(#[source] reqwest::Error),
    /// Nothing came back in time.
    #[error("no answer in time")]
    Timeout,
    /// More came back than is read.
    #[error("the answer is too large")]
    TooLarge,
    /// What came back is not UTF-8.
    #[error("the answer is not text")]
    NotText,
    /// Not a URL that can be called.
    #[error("the address is not an https address without user name and password")]
    Url,
    /// A host that strangers may not send this server to.
    #[error("the address is not a public one")]
    NotPublic,
    /// Sent from one address to the next too often.
    #[error("the address redirects too often")]
    Redirects,
    /// Too many requests are under way, to this host or to all.
    #[error("too many requests are under way")]
    Busy,
}

impl From<reqwest::Error> for OutgoingError {
    fn from(error: reqwest::Error) -> Self {
        Self::Unreachable(error.without_url())
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
    /// The body, within the bounds.
    pub body: Vec<u8>,
}

impl Fetched {
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
    under_way: Arc<UnderWay>,
}

impl Outgoing {
    /// Sets both clients up.
    ///
    /// # Errors
    /// [`OutgoingError::Tls`].
    pub fn new(reach: Reach) -> Result<Self, OutgoingError> {
        // Fails if it was installed before, by another server in this process: just as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = |builder: ClientBuilder| {
            builder.build().map_err(|error| OutgoingError::Tls(error.without_url().to_string()))
        };
        let public = match reach {
            Reach::Public => builder()?.dns_resolver(Arc::new(network::PublicDns)).https_only(true),
            Reach::Anywhere => builder()?,
        };
        Ok(Self { trusted: client(builder()?)?, public: client(public)?, reach, under_way: Arc::default() })
    }

    /// For addresses out of the configuration.
    pub const fn trusted(&self) -> &Client {
        &self.trusted
    }

    /// Sends a request to an address that strangers choose: https on port 443 to a public address. With a body
    /// it is a POST, else a GET.
    ///
    /// # Errors
    /// [`OutgoingError`].
    pub async fn fetch(
        &self,
        url: &str,
        json: Option<String>,
        bounds: Bounds,
    ) -> Result<Fetched, OutgoingError> {
        let target = Target::parse(url, self.reach)?;
        let _turn = self.under_way.enter(target.host())?;
        tokio::time::timeout(bounds.time, self.follow(target, json, bounds))
            .await
            .map_err(|_| OutgoingError::Timeout)?
    }

    async fn follow(
        &self,
        mut target: Target,
        json: Option<String>,
        bounds: Bounds,
    ) -> Result<Fetched, OutgoingError> {
        for _ in 0..=bounds.redirects {
            let request = match &json {
                Some(body) => self
                    .request(Method::POST, &target)
                    .header(CONTENT_TYPE, "application/json")
                    .body(body.clone()),
                None => self.request(Method::GET, &target),
            };
            let response = request.send().await?;
            match redirect(&response).filter(|_| json.is_none() && bounds.redirects > 0) {
                Some(location) => target = target.redirected(location, self.reach)?,
                None => {
                    let status = response.status().as_u16();
                    return Ok(Fetched { status, body: read(response, bounds.bytes).await? });
                }
            }
        }
        Err(OutgoingError::Redirects)
    }

    /// Where requests that strangers cause may go.
    pub const fn reach(&self) -> Reach {
        self.reach
    }

    /// A request to a checked address. Whoever sends it bounds its time and what is read.
    pub fn request(&self, method: Method, target: &Target) -> RequestBuilder {
        self.public.request(method, target.url().clone()).header(ACCEPT, "*/*")
    }
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
    Fetched { status, body: read(response, max).await? }.into_text()
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

/// Counts the requests to strangers' hosts.
#[derive(Default)]
struct UnderWay(Mutex<HashMap<String, usize>>);

impl UnderWay {
    /// Counts one more, until what is returned is dropped.
    fn enter(self: &Arc<Self>, host: &str) -> Result<Turn, OutgoingError> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = hosts.values().sum();
        let at_host = hosts.get(host).copied().unwrap_or_default();
        if all >= AT_ONCE || at_host >= AT_ONE_HOST {
            return Err(OutgoingError::Busy);
        }
        hosts.insert(host.to_owned(), at_host + 1);
        Ok(Turn { under_way: Arc::clone(self), host: host.to_owned() })
    }
}

struct Turn {
    under_way: Arc<UnderWay>,
    host: String,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut hosts = self.under_way.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = hosts.entry(std::mem::take(&mut self.host)) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_never_takes_every_turn() {
        let under_way = Arc::<UnderWay>::default();
        let slow: Vec<_> = (0..AT_ONE_HOST).map(|_| under_way.enter("slow.example").unwrap()).collect();
        assert!(matches!(under_way.enter("slow.example"), Err(OutgoingError::Busy)));
        assert!(under_way.enter("other.example").is_ok());
        drop(slow);
        assert!(under_way.enter("slow.example").is_ok());
        assert!(under_way.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn strangers_cannot_send_the_server_into_its_own_network() {
        let outgoing = Outgoing::new(Reach::Public).unwrap();
        let bounds = Bounds { bytes: 1000, time: Duration::from_secs(20), redirects: 0 };
        for url in ["https://127.0.0.1/x", "http://localhost/x", "https://0x7f.1/"] {
            let answer = outgoing.fetch(url, None, bounds).await;
            assert!(matches!(answer, Err(OutgoingError::NotPublic)), "{url}: {answer:?}");
        }
        // The name is looked up first, and then not called.
        let answer = outgoing.fetch("https://localhost/x", None, bounds).await;
        assert!(matches!(answer, Err(OutgoingError::Unreachable(_))), "{answer:?}");
    }
}
