//! The certificate that clients are shown, and what is wrong with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_acme::{ResolvesServerCertAcme, is_tls_alpn_challenge};

use super::certificate::Certificate;
use super::failure::Failure;
use crate::machine::clock::now_seconds;
use crate::monitoring::metrics::Metrics;

/// What handshakes look at; whatever renews the certificate changes it.
pub struct Served {
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    certificate: Option<Arc<Certificate>>,
    /// What an authority is answered that looks whether the names are this node's.
    challenges: Option<Arc<ResolvesServerCertAcme>>,
    /// Why the last attempt to get a certificate failed.
    failure: Option<Failure>,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Served").finish_non_exhaustive()
    }
}

impl Served {
    /// Nothing yet.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows another certificate from now on; in one word where it is from.
    pub fn show(&self, certificate: Certificate, origin: &'static str) {
        let mut state = self.state();
        let before = state.certificate.as_ref();
        if before.is_some_and(|before| before.certified.cert == certificate.certified.cert) {
            return;
        }
        self.metrics.certificate(origin);
        self.metrics.set_certificate_expiry(certificate.ends);
        tracing::info!(origin, expires = date(certificate.ends), "a certificate for TLS is in use");
        state.certificate = Some(Arc::new(certificate));
    }

    /// What is shown.
    pub fn certificate(&self) -> Option<Arc<Certificate>> {
        self.state().certificate.clone()
    }

    /// Whom authorities are answered by.
    pub fn answer_challenges(&self, challenges: Arc<ResolvesServerCertAcme>) {
        self.state().challenges = Some(challenges);
    }

    /// An attempt to get another failed.
    pub fn failed(&self, failure: Failure) {
        self.metrics.certificate(failure.word());
        self.state().failure = Some(failure);
    }

    /// The account's key or the certificate can't be read or written.
    pub fn not_kept(&self) {
        self.metrics.certificate("not_kept");
    }

    /// Why handshakes fail, if they do.
    pub fn fault(&self) -> Option<String> {
        let state = self.state();
        let what = match &state.certificate {
            None => "there is no certificate for TLS yet",
            Some(certificate) if certificate.ends <= seconds() => "the certificate for TLS has expired",
            Some(_) => return None,
        };
        Some(match state.failure {
            Some(failure) => format!("{what}: {failure}"),
            None => format!("{what}: one is being asked for"),
        })
    }
}

impl ResolvesServerCert for Served {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if is_tls_alpn_challenge(&hello) {
            let challenges = self.state().challenges.clone();
            return challenges?.resolve(hello);
        }
        Some(self.state().certificate.as_ref()?.certified.clone())
    }
}

/// Now, in seconds since 1970.
pub fn seconds() -> i64 {
    i64::try_from(now_seconds()).unwrap_or(i64::MAX)
}

/// A time as people read it.
pub fn date(seconds: i64) -> String {
    // 9999, after which there is no such text.
    let bounded = u64::try_from(seconds).unwrap_or_default().min(253_402_300_799);
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(bounded))
}
