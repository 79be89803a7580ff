//! Whether requests can be served.

use std::time::Duration;

use crate::app::App;
use crate::limits::Payer;
use crate::monitoring::readiness::Report;

/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

impl App {
    /// How the parts are. Whoever asks at the same time gets the same answer.
    pub async fn report(&self) -> Report {
        let look = async || tokio::join!(self.database_fault(), self.chain_fault());
        let report = self.readiness.report(look).await;
        match &self.tls {
            Some(tls) => report.with_certificate(tls.fault()),
            None => report,
        }
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
