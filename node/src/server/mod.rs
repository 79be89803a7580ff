//! Starting and stopping.

mod tasks;

use std::fs::{File, TryLockError};
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::{App, AppState, Made};
use crate::cases::{burns, expiry};
use crate::config::Config;
use crate::ethereum::chain::Chain;
use crate::ethereum::endpoints::Endpoints;
use crate::ethereum::names::Names;
use crate::http::connections::{self, Caps};
use crate::http::handshake::Handshakes;
use crate::http::{observe, router, well_known};
use crate::machine::clock::now_seconds;
use crate::machine::files::private;
use crate::monitoring::metrics::Metrics;
use crate::monitoring::statistics::Statistics;
use crate::notifications::sockets::Sockets;
use crate::notifications::{MailError, Mailer, Notifier, NotifierParts};
use crate::outgoing::{Outgoing, OutgoingError};
use crate::proxy::Proxies;
use crate::store::{Database, StoreError};
use crate::tls::{Renewal, Tls, TlsError};

/// How long open requests may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How many files are open that are no connections of clients.
const OTHER_FILES: u64 = 256;

/// Why the server can't start or go on.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database can't be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The clients for outgoing requests can't be set up.
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
    /// The mail server can't be used.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// TLS of its own can't be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A secret is the example's.
    #[error(
        "{0} is the example's, which everybody knows, and {1} is not this machine alone: make keys of your own \
         (`dm3-node init` writes a configuration with fresh ones)"
    )]
    PublicSecret(&'static str, String),
    /// Another process serves this database.
    #[error("another process serves {0}; a SQLite file is one process's alone (Postgres serves several)")]
    Served(PathBuf),
    /// The address can't be listened at.
    #[error("can't listen at {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The operating system does not say where it listens.
    #[error("can't listen: {0}")]
    Address(#[from] std::io::Error),
}

/// A server that listens but does not serve yet.
pub struct Server {
    app: AppState,
    router: Router,
    listener: TcpListener,
    address: SocketAddr,
    metrics_listener: Option<TcpListener>,
    renewal: Option<Renewal>,
    /// Held while this process serves the database.
    lock: Option<File>,
}

impl Server {
    /// Opens the database and listens.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn bind(mut config: Config) -> Result<Self, StartError> {
        if let Some(key) = config.public_secret().filter(|_| !config.is_for_this_machine()) {
            return Err(StartError::PublicSecret(key, config.public_url.as_str().to_owned()));
        }
        let lock = lock(&config.database)?;
        allow_files(config.max_connections);
        let store = config.database.open().await?;
        let metrics = Arc::new(Metrics::new());
        let outgoing = Outgoing::new(config.reach, config.outgoing)?;
        let endpoints = Arc::new(Endpoints::new(
            outgoing.clone(),
            &config.rpc_urls,
            config.chain_id,
            config.rpc_calls_per_day,
            metrics.clone(),
        ));
        let proxies = Proxies::new(outgoing.clone(), endpoints.clone());
        let chain = Chain::new(outgoing.clone(), endpoints, config.ens_registry, metrics.clone())
            .with_universal_resolver(config.universal_resolver)
            .with_ipfs_gateways(config.ipfs_gateways.clone());
        let names = Names::new(
            store.clone(),
            Arc::new(chain),
            config.address_domain.clone(),
            config.user_domain.clone(),
        );
        let listener = listen(config.listen).await?;
        let address = listener.local_addr()?;
        let metrics_listener = match config.metrics_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let statistics =
            Arc::new(Statistics::new(config.metrics_interval.as_secs(), config.metrics_retention.as_secs()));
        let notifier = Notifier::start(NotifierParts {
            mailer: config.smtp.as_ref().map(|smtp| Mailer::new(smtp, config.host())).transpose()?,
            vapid: config.vapid.clone(),
            outgoing,
            store: store.clone(),
            statistics: statistics.clone(),
            service: config.name.to_string(),
            names_sender: config.notifications_name_sender,
        });
        let (socket_layer, sockets) = Sockets::new(App::max_body(&config));
        let tls = config.tls.take().map(|choice| Tls::new(choice, metrics.clone())).transpose()?;
        let (tls, renewal) = tls.unzip();
        let made = Made { store, names, metrics, proxies, notifier, statistics, sockets, tls };
        let app = Arc::new(App::new(config, made));
        let router = router(&app, socket_layer);
        Ok(Self { app, router, listener, address, metrics_listener, renewal, lock })
    }

    /// Where the metrics are, if they are served.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_listener.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is spoken there: `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.app.tls.is_some() { "https" } else { "http" }
    }

    /// Serves until `stop` is ready, then ends open requests in good order.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) {
        let Self { app, router, listener, metrics_listener, renewal, lock, .. } = self;
        let metrics = metrics_listener.map(|listener| tokio::spawn(serve_metrics(listener, app.clone())));
        let renewal = app.tls.clone().zip(renewal).map(|(tls, renewal)| tokio::spawn(tls.run(renewal)));
        let expiry = tokio::spawn(expiry::run(app.clone()));
        let burns = tokio::spawn(burns::run(app.clone()));
        let notices = tokio::spawn(tasks::follow_notices(app.clone()));
        let counting = tokio::spawn(tasks::count(app.clone()));
        let (stopping, stopped) = tokio::sync::oneshot::channel();
        let signalled = {
            let app = app.clone();
            async move {
                stop.await;
                tracing::info!("stopping");
                app.readiness.stop();
                // Sockets would stay open for ever.
                app.sockets.close().await;
                let _ = stopping.send(());
            }
        };
        let overdue = async {
            // The sender is only dropped unused when serving has ended by itself.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(GRACE).await;
            tracing::warn!(seconds = GRACE.as_secs(), "ending requests that did not end by themselves");
        };
        let caps = Caps {
            all: app.config.max_connections,
            kept_free: app.config.max_connections_kept_free,
            per_address: app.config.max_connections_per_address,
            proxies: app.config.trusted_proxies.clone(),
            answers: app.answers.clone(),
        };
        let handshakes = Handshakes::of(&app);
        let tidying = tokio::spawn(tasks::tidy(app.clone()));
        let settling = tokio::spawn(tasks::settle_sockets(app.clone()));
        let disk = tokio::spawn(tasks::watch_disk(app.clone()));
        let operators = tokio::spawn(tasks::follow_operators(app.clone()));
        tokio::select! {
            () = connections::serve(listener, router, caps, handshakes, |cause| app.metrics.refused(cause), signalled) => {}
            () = overdue => {}
        }
        let others = [expiry, burns, tidying, settling, notices, operators, disk];
        for task in others.into_iter().chain(metrics).chain(renewal) {
            task.abort();
        }
        counting.abort();
        if let Err(error) = app.statistics.save(app.store.as_ref(), now_seconds()).await {
            tracing::warn!(%error, "the last deliveries were not counted");
        }
        app.store.close().await;
        drop(lock);
    }
}

/// Locks a SQLite file's companion, so that no two processes serve it: each would push its own messages alone.
fn lock(database: &Database) -> Result<Option<File>, StartError> {
    let Database::Sqlite(path) = database else { return Ok(None) };
    let mut name = path.clone().into_os_string();
    name.push("-lock");
    let file = private(File::options().write(true).create(true)).open(PathBuf::from(name))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(StartError::Served(path.clone())),
        // Some file systems know no locks.
        Err(TryLockError::Error(error)) => {
            tracing::warn!(%error, "the database can't be locked; let no other process serve it");
            Ok(None)
        }
    }
}

/// Every connection is an open file, of which the operating system at first allows a thousand.
fn allow_files(connections: usize) {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHER_FILES);
    match rlimit::increase_nofile_limit(wanted) {
        Ok(allowed) if allowed < wanted => {
            tracing::warn!(allowed, wanted, "the limit for open files is below what max_connections needs");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit for open files can't be raised"),
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

async fn serve_metrics(listener: TcpListener, app: AppState) {
    // Where handshakes fail for want of a certificate, this is where it is told.
    let router = Router::new()
        .route("/metrics", get(observe::metrics))
        .route("/ready", get(well_known::ready))
        .with_state(app);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "metrics are served no longer");
    }
}

/// What an operator publishes: the keys for the delivery service's record, and the gateway's address.
pub fn public_keys(config: &Config) -> Value {
    let keys = config.keys.public();
    json!({
        "publicSigningKey": STANDARD.encode(keys.signing.as_bytes()),
        "publicEncryptionKey": STANDARD.encode(keys.encryption.as_bytes()),
        "gatewayAddress": config.gateway_key.address(),
        "relayAddress": config.relay.as_ref().map(|relay| relay.key.address()),
    })
}
