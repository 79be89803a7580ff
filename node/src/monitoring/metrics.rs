//! What is measured, in Prometheus' text format.
//!
//! Labels are words of this program alone: a type that a name, an address or a token could get into is not
//! offered. `prometheus-client` (the Prometheus project's own library, 0.26, MIT or Apache-2.0) instead of
//! `metrics` with its exporter: no registry for the whole process, labels are types, and no server of its own.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::MatchedPath;
use axum::http::Method;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::store::Totals;

/// What the text's content type is.
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// A route's template, such as `/ds/profile/{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route(Cow<'static, str>);

impl Route {
    /// Everything below `/socket.io`.
    pub const SOCKET: Self = Self(Cow::Borrowed("/socket.io"));
    /// A browser's question whether it may ask.
    pub const PREFLIGHT: Self = Self(Cow::Borrowed("preflight"));
    /// No route of this server.
    pub const UNKNOWN: Self = Self(Cow::Borrowed("unknown"));

    /// The template.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&MatchedPath> for Route {
    fn from(path: &MatchedPath) -> Self {
        Self(Cow::Owned(path.as_str().to_owned()))
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.encode(encoder)
    }
}

/// A request's method: one of those that are served, or `other`.
pub fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: Route,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: Route,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CauseLabel {
    cause: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutgoingLabels {
    purpose: &'static str,
    outcome: &'static str,
}

type Histograms<Labels> = Family<Labels, Histogram, fn() -> Histogram>;

/// Half a millisecond to ten seconds.
fn seconds() -> Histogram {
    Histogram::new([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
}

/// Everything that is measured.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Histograms<RouteLabel>,
    requests_in_flight: Gauge,
    submissions: Family<OutcomeLabel, Counter>,
    sockets: Gauge,
    mailbox_messages: Gauge,
    mailbox_bytes: Gauge,
    /// When the mailboxes were counted.
    counted: Mutex<Option<Instant>>,
    store_seconds: Histograms<OperationLabel>,
    store_waiting: Gauge,
    outgoing: Family<OutgoingLabels, Counter>,
    chain_calls: Gauge,
    handshakes: Family<OutcomeLabel, Counter>,
    certificates: Family<OutcomeLabel, Counter>,
    certificate_expires: Gauge,
    refused: Family<CauseLabel, Counter>,
    /// Refused since it was last asked.
    refused_lately: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// With all counts at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("dm3"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(seconds),
            requests_in_flight: Gauge::default(),
            submissions: Family::default(),
            sockets: Gauge::default(),
            mailbox_messages: Gauge::default(),
            mailbox_bytes: Gauge::default(),
            counted: Mutex::new(None),
            store_seconds: Family::new_with_constructor(seconds),
            store_waiting: Gauge::default(),
            outgoing: Family::default(),
            chain_calls: Gauge::default(),
            handshakes: Family::default(),
            certificates: Family::default(),
            certificate_expires: Gauge::default(),
            refused: Family::default(),
            refused_lately: AtomicU64::new(0),
        };
        let registry = &mut metrics.registry;
        registry.register("requests", "Requests by route template and status", metrics.requests.clone());
        registry.register(
            "request_seconds",
            "How long requests took by route template",
            metrics.request_seconds.clone(),
        );
        registry.register("requests_in_flight", "Requests under way", metrics.requests_in_flight.clone());
        registry.register("submissions", "Messages submitted, by outcome", metrics.submissions.clone());
        registry.register("sockets", "Open sockets that signed in", metrics.sockets.clone());
        registry.register(
            "mailbox_messages",
            "Messages that wait in mailboxes, at most a minute old",
            metrics.mailbox_messages.clone(),
        );
        registry.register(
            "mailbox_bytes",
            "Bytes of the envelopes that wait in mailboxes, at most a minute old",
            metrics.mailbox_bytes.clone(),
        );
        registry.register(
            "store_seconds",
            "How long calls of the database took, waiting for their turn included",
            metrics.store_seconds.clone(),
        );
        registry.register("store_waiting", "Calls of the database under way", metrics.store_waiting.clone());
        registry.register(
            "outgoing",
            "Requests to Ethereum nodes, gateways and other services, by purpose and outcome",
            metrics.outgoing.clone(),
        );
        registry.register(
            "chain_calls_today",
            "Calls of Ethereum nodes since midnight UTC, which rpc_calls_per_day bounds",
            metrics.chain_calls.clone(),
        );
        registry.register("tls_handshakes", "TLS handshakes, by outcome", metrics.handshakes.clone());
        registry.register(
            "tls_certificates",
            "Certificates for TLS that came into use, and why others did not, by outcome",
            metrics.certificates.clone(),
        );
        registry.register(
            "tls_certificate_expires",
            "When the certificate for TLS expires, in seconds since 1970; 0 is none",
            metrics.certificate_expires.clone(),
        );
        registry.register("refused", "What was refused by a limit, by its cause", metrics.refused.clone());
        metrics
    }

    /// A request begins; the other half is [`Self::request_ended`].
    pub fn request_began(&self) {
        self.requests_in_flight.inc();
    }

    /// A request ended. `status` is 499 if the client left before.
    pub fn request_ended(&self, method: &'static str, route: Route, status: u16, took: Duration) {
        self.requests_in_flight.dec();
        self.request_seconds.get_or_create(&RouteLabel { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { method, route, status }).inc();
    }

    /// A message was submitted; in one word what became of it.
    pub fn submitted(&self, outcome: &'static str) {
        self.submissions.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// Measures a call of the database.
    pub async fn timed<T>(&self, operation: &'static str, call: impl Future<Output = T>) -> T {
        /// Counts down even if the caller does not wait for the end.
        struct Waiting<'a>(&'a Gauge);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.dec();
            }
        }
        self.store_waiting.inc();
        let _waiting = Waiting(&self.store_waiting);
        let began = Instant::now();
        let result = call.await;
        let seconds = began.elapsed().as_secs_f64();
        self.store_seconds.get_or_create(&OperationLabel { operation }).observe(seconds);
        result
    }

    /// Something was over a limit.
    pub fn refused(&self, cause: &'static str) {
        self.refused.get_or_create(&CauseLabel { cause }).inc();
        self.refused_lately.fetch_add(1, Ordering::Relaxed);
    }

    /// How much was over a limit since this was last asked.
    pub fn refused_lately(&self) -> u64 {
        self.refused_lately.swap(0, Ordering::Relaxed)
    }

    /// A request of this server for `purpose` ended.
    pub fn went_out(&self, purpose: &'static str, outcome: &'static str) {
        self.outgoing.get_or_create(&OutgoingLabels { purpose, outcome }).inc();
    }

    /// How many calls of Ethereum nodes there were today.
    pub fn set_chain_calls(&self, calls: u64) {
        self.chain_calls.set(i64::try_from(calls).unwrap_or(i64::MAX));
    }

    /// A TLS handshake ended.
    pub fn handshake(&self, outcome: &'static str) {
        self.handshakes.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// A certificate came into use, or did not.
    pub fn certificate(&self, outcome: &'static str) {
        self.certificates.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// When the one in use expires, in seconds since 1970.
    pub fn set_certificate_expiry(&self, expires: i64) {
        self.certificate_expires.set(expires);
    }

    /// How many sockets are open now.
    pub fn set_sockets(&self, open: usize) {
        self.sockets.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// Whether the mailboxes were not counted for so long; true for one asker at a time.
    pub fn needs_totals(&self, age: Duration) -> bool {
        let Ok(mut counted) = self.counted.lock() else { return false };
        let due = counted.is_none_or(|since| since.elapsed() >= age);
        if due {
            *counted = Some(Instant::now());
        }
        due
    }

    /// What waits in all mailboxes now.
    pub fn set_mailboxes(&self, totals: Totals) {
        self.mailbox_messages.set(i64::try_from(totals.messages).unwrap_or(i64::MAX));
        self.mailbox_bytes.set(i64::try_from(totals.bytes).unwrap_or(i64::MAX));
    }

    /// All of it as text.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        text
    }
}

/// The status of a request whose client left before the answer, as nginx counts it.
pub const CLIENT_LEFT: u16 = 499;
