//! Handshakes of connections that TLS of the node's own is for. Each is bounded in time and counted by address before
//! anything is computed for it.

use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::app::AppState;
use crate::limits::Client;
use crate::tls::is_challenge;

/// How long one may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// Makes them.
#[derive(Clone)]
pub struct Handshakes {
    app: AppState,
    acceptor: TlsAcceptor,
}

impl Handshakes {
    /// `None` where the node speaks plain HTTP.
    pub fn of(app: &AppState) -> Option<Self> {
        let acceptor = app.tls.as_ref()?.acceptor().clone();
        Some(Self { app: app.clone(), acceptor })
    }

    /// Whether one more of this address is begun. Proxies carry the connections of many.
    pub fn may_begin(&self, address: IpAddr) -> bool {
        self.app.config.trusted_proxies.contains(address)
            || self.app.limits.handshake(Client::of(address)).is_ok()
    }

    /// What is read and written within TLS; `None` if nothing is.
    pub async fn make<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Option<TlsStream<S>> {
        let made = tokio::time::timeout(HANDSHAKE_TIME, self.acceptor.accept(stream)).await;
        let (outcome, stream) = match made {
            Ok(Ok(mut stream)) if is_challenge(stream.get_ref().1.alpn_protocol()) => {
                // Whoever asks may be gone already.
                let _ = tokio::time::timeout(HANDSHAKE_TIME, stream.shutdown()).await;
                ("challenge", None)
            }
            Ok(Ok(stream)) => ("made", Some(stream)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a handshake failed");
                ("failed", None)
            }
            Err(_) => ("slow", None),
        };
        self.app.metrics.handshake(outcome);
        stream
    }
}
