//! Whether requests can be served, and in words which part is not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Mutex;

/// How old an answer may be: whoever asks often must not make the server ask the chain as often.
const AGE: Duration = Duration::from_secs(2);

/// The last report, and whether the server is on its way out.
#[derive(Default)]
pub struct Readiness {
    stopping: AtomicBool,
    last: Mutex<Option<(Instant, Report)>>,
}

impl Readiness {
    /// From now on the server is not ready: balancers send new requests elsewhere while it ends old ones.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// How the parts are, which `look` finds out: what is wrong with the database and with the chain. Whoever asks at the
    /// same time gets the same answer.
    pub async fn report(&self, look: impl AsyncFnOnce() -> (Option<String>, Option<String>)) -> Report {
        let mut last = self.last.lock().await;
        let mut report = match last.as_ref().filter(|(since, _)| since.elapsed() < AGE) {
            Some((_, report)) => report.clone(),
            None => {
                let (database, chain) = look().await;
                let report = Report { stopping: false, database, chain, certificate: None };
                *last = Some((Instant::now(), report.clone()));
                report
            }
        };
        report.stopping = self.stopping.load(Ordering::Relaxed);
        report
    }
}

/// How each part is; `None` is well.
#[derive(Debug, Clone)]
pub struct Report {
    stopping: bool,
    database: Option<String>,
    chain: Option<String>,
    /// Only where the node has TLS of its own.
    certificate: Option<Option<String>>,
}

impl Report {
    /// With what is wrong with the certificate for TLS.
    pub fn with_certificate(self, fault: Option<String>) -> Self {
        Self { certificate: Some(fault), ..self }
    }

    /// Whether requests can be served.
    pub const fn is_ready(&self) -> bool {
        let is_shown = !matches!(self.certificate, Some(Some(_)));
        !self.stopping && self.database.is_none() && self.chain.is_none() && is_shown
    }

    /// As it is answered: each part `ok` or what is wrong with it.
    pub fn to_json(&self) -> Value {
        let status = match self {
            Self { stopping: true, .. } => "stopping",
            report if report.is_ready() => "ready",
            _ => "not ready",
        };
        let word = |part: &Option<String>| part.clone().unwrap_or_else(|| "ok".into());
        let mut json =
            json!({ "status": status, "database": word(&self.database), "chain": word(&self.chain) });
        if let Some(certificate) = &self.certificate {
            json["certificate"] = word(certificate).into();
        }
        json
    }
}
