//! Certificates from an authority, by ACME (RFC 8555) with its challenge within TLS (tls-alpn-01, RFC 8737): nothing but the
//! node's own port is needed.
//!
//! `rustls-acme` 0.15.4 (August 2026, MIT or Apache-2.0) because it answers the challenge in rustls itself, with ring, and knows
//! when to renew. It brings a small client and timers of its own beside tokio's. It waits without end for a server that is silent, and asks again
//! at once for a certificate that it can't read; so each attempt is bounded here, and after a failure it is begun anew
//! with pauses that grow.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use dm3_core::Said;
use futures_util::StreamExt as _;
use rustls::ClientConfig;
use rustls_acme::acme::Directory;
use rustls_acme::{AcmeConfig, AcmeState, EventError, EventOk};

use super::choice::AcmeChoice;
use super::failure::{Failure, cause};
use super::kept::Kept;
use super::served::{Served, seconds};

/// How long an order may take, all its names together.
const ORDER_TIME: Duration = Duration::from_secs(600);
/// The first pause after a failure; each further one is twice as long.
const PAUSE: Duration = Duration::from_secs(4);
/// The longest pause. Authorities allow five failed validations in an hour, so this is where they have recovered.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// The longest pause where no order was judged, as while the authority's server or the way there is away.
const LONGEST_PAUSE_AWAY: Duration = Duration::from_secs(300);

/// Gets a certificate and renews it, for as long as the node runs.
pub async fn run(choice: AcmeChoice, client: Arc<ClientConfig>, served: Arc<Served>) {
    let mut failures = 0;
    loop {
        let state = AcmeConfig::new_with_client_config(&choice.names, client.clone())
            .directory(choice.directory.as_str())
            .contact(&choice.contact)
            .cache(Kept { choice: choice.clone(), served: served.clone() })
            .state();
        served.answer_challenges(state.resolver());
        let failure = follow(state, &served, ORDER_TIME, &mut failures).await;
        served.failed(failure);
        let pause = pause(failure, failures);
        tracing::warn!(%failure, again_in = pause.as_secs(), "there is no new certificate");
        failures = failures.saturating_add(1);
        tokio::time::sleep(pause).await;
    }
}

/// Goes on until something fails, or an order takes longer than this.
async fn follow(
    mut state: AcmeState<io::Error, io::Error>,
    served: &Served,
    order_time: Duration,
    failures: &mut u32,
) -> Failure {
    loop {
        let Ok(Some(event)) = tokio::time::timeout(until_renewal(served) + order_time, state.next()).await
        else {
            return Failure::Silence;
        };
        match event {
            Ok(EventOk::DeployedNewCert) => *failures = 0,
            Ok(_) => {}
            Err(EventError::Order(error)) => {
                tracing::warn!(error = cause(&error).as_str(), "an order of a certificate failed");
                return Failure::of(&error);
            }
            Err(EventError::NewCertParse(error)) => {
                tracing::warn!(error = said(&error), "the certificate that was issued can't be used");
                return Failure::Answer;
            }
            // An order follows, or the certificate is used and not kept.
            Err(error) => {
                tracing::error!(error = said(&error), "tls_cache does not keep what it should");
                served.not_kept();
            }
        }
    }
}

fn pause(failure: Failure, failures: u32) -> Duration {
    let longest = if failure == Failure::Request { LONGEST_PAUSE_AWAY } else { LONGEST_PAUSE };
    PAUSE.saturating_mul(1 << failures.min(16)).min(longest)
}

/// How long nothing has to happen.
fn until_renewal(served: &Served) -> Duration {
    let left = served.certificate().map_or(0, |certificate| certificate.renewal() - seconds());
    Duration::from_secs(u64::try_from(left).unwrap_or_default())
}

/// Errors hold what the server said.
fn said(error: &impl ToString) -> String {
    Said::new(&error.to_string()).as_str().to_owned()
}

/// Asks for the directory alone.
///
/// # Errors
/// In words, bounded.
pub async fn look(choice: &AcmeChoice, client: &Arc<ClientConfig>) -> Result<(), String> {
    Directory::discover(client, choice.directory.as_str()).await.map(drop).map_err(|error| said(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitoring::metrics::Metrics;

    #[tokio::test]
    async fn a_server_that_takes_a_connection_and_is_silent_is_given_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let choice = AcmeChoice {
            names: vec!["node.example".into()],
            directory: format!("https://{}/", listener.local_addr().unwrap()).parse().unwrap(),
            contact: None,
            folder: folder.path().to_owned(),
            ca_file: None,
        };
        let served = Arc::new(Served::new(Arc::new(Metrics::new())));
        let client = ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let state = AcmeConfig::new_with_client_config(&choice.names, client.into())
            .directory(choice.directory.as_str())
            .cache(Kept { choice: choice.clone(), served: served.clone() })
            .state();
        let mut failures = 0;
        let both = async {
            tokio::join!(follow(state, &served, Duration::from_secs(1), &mut failures), listener.accept())
        };
        let (failure, accepted) = tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
        accepted.unwrap();
        assert_eq!(failure, Failure::Silence);
    }

    #[test]
    fn pauses_grow_to_an_hour_and_while_the_server_is_away_to_five_minutes() {
        let pauses = |failure| [0, 1, 2, 6, 12, u32::MAX].map(|failures| pause(failure, failures).as_secs());
        assert_eq!(pauses(Failure::Validation), [4, 8, 16, 256, 3600, 3600]);
        assert_eq!(pauses(Failure::Request), [4, 8, 16, 256, 300, 300]);
    }
}
