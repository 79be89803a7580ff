//! Whether requests can be served, and in words which part is not.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::app::App;
use crate::limits::Payer;

/// How old an answer may be: whoever asks often must not make the server ask the chain as often.
const AGE: Duration = Duration::from_secs(2);
/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

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
}

/// How each part is; `None` is well.
#[derive(Debug, Clone)]
pub struct Report {
    stopping: bool,
    database: Option<String>,
    chain: Option<String>,
}

impl Report {
    /// Whether requests can be served.
    pub const fn is_ready(&self) -> bool {
        !self.stopping && self.database.is_none() && self.chain.is_none()
    }

    /// As it is answered: each part `ok` or what is wrong with it.
    pub fn to_json(&self) -> Value {
        let status = match self {
            Self { stopping: true, .. } => "stopping",
            report if report.is_ready() => "ready",
            _ => "not ready",
        };
        let word = |part: &Option<String>| part.clone().unwrap_or_else(|| "ok".into());
        json!({ "status": status, "database": word(&self.database), "chain": word(&self.chain) })
    }
}

impl App {
    /// How the parts are. Whoever asks at the same time gets the same answer.
    pub async fn report(&self) -> Report {
        let mut last = self.readiness.last.lock().await;
        let mut report = match last.as_ref().filter(|(since, _)| since.elapsed() < AGE) {
            Some((_, report)) => report.clone(),
            None => {
                let (database, chain) = tokio::join!(self.database_fault(), self.chain_fault());
                let report = Report { stopping: false, database, chain };
                *last = Some((Instant::now(), report.clone()));
                report
            }
        };
        report.stopping = self.readiness.stopping.load(Ordering::Relaxed);
        report
    }

    /// The database answers; its schema was brought up to date before the first request was taken.
    async fn database_fault(&self) -> Option<String> {
        match tokio::time::timeout(PATIENCE, self.store.check()).await {
            Ok(Ok(())) if self.disk.is_nearly_full() => {
                Some("the disk is nearly full; free some, or lower disk_bytes_kept_free".into())
            }
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                tracing::error!(%error, "not ready");
                Some("the database can't be read or written; the log says why".into())
            }
            Err(_) => Some("the database does not answer".into()),
        }
    }

    async fn chain_fault(&self) -> Option<String> {
        let expected = self.config.chain_id;
        match tokio::time::timeout(PATIENCE, Payer::Node.pays(self.names.chain().id())).await {
            Ok(Ok(id)) if id == expected => None,
            Ok(Ok(id)) => Some(format!("the Ethereum node serves chain {id}, not {expected}")),
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the Ethereum node does not answer".into()),
        }
    }
}
