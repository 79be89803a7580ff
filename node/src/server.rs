//! Starting and stopping.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::{self, AppState};
use crate::chain::Chain;
use crate::clock::{now_ms, now_seconds};
use crate::config::Config;
use crate::connections::{self, Caps};
use crate::metrics::Metrics;
use crate::names::Names;
use crate::notifications::{MailError, Mailer, Notifier, NotifierParts};
use crate::outgoing::{Outgoing, OutgoingError};
use crate::proxy::Proxies;
use crate::routes::observe;
use crate::statistics::Statistics;
use crate::store::{Arrival, Notice, StoreError};

/// How long open requests may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How many files are open that are no connections of clients.
const OTHER_FILES: u64 = 256;
/// How often those are forgotten who have not asked for a while.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// How often old messages are looked for.
const EXPIRE_EVERY: Duration = Duration::from_secs(600);
/// How often deliveries that were counted are written down.
const COUNT_EVERY: Duration = Duration::from_secs(30);
/// How many old messages are removed at once, so that others can write in between.
const EXPIRE_AT_ONCE: u32 = 500;

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
}

impl Server {
    /// Opens the database and listens.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        allow_files(config.max_connections);
        let store = config.database.open().await?;
        let metrics = Arc::new(Metrics::new());
        let outgoing = Outgoing::new(config.reach)?;
        let proxies = Proxies::new(outgoing.clone(), config.rpc_url.clone());
        let chain =
            Chain::new(outgoing.clone(), config.rpc_url.clone(), config.ens_registry, metrics.clone())
                .with_universal_resolver(config.universal_resolver);
        let names =
            Names::new(store.clone(), chain, config.address_domain.clone(), config.user_domain.clone());
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
        let (app, router) = app::build(config, store, names, metrics, proxies, notifier, statistics);
        Ok(Self { app, router, listener, address, metrics_listener })
    }

    /// Where the metrics are, if they are served.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_listener.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready, then ends open requests in good order.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) {
        let Self { app, router, listener, metrics_listener, .. } = self;
        let metrics = metrics_listener.map(|listener| tokio::spawn(serve_metrics(listener, app.clone())));
        let expiry = app.config.message_ttl.map(|ttl| tokio::spawn(expire(app.clone(), ttl)));
        let notices = tokio::spawn(follow_notices(app.clone()));
        let counting = tokio::spawn(count(app.clone()));
        let (stopping, stopped) = tokio::sync::oneshot::channel();
        let signalled = {
            let app = app.clone();
            async move {
                stop.await;
                tracing::info!("stopping");
                app.readiness.stop();
                // Sockets would stay open for ever.
                app.close_sockets().await;
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
            per_address: app.config.max_connections_per_address,
            proxies: app.config.trusted_proxies.clone(),
        };
        let tidying = tokio::spawn(tidy(app.clone()));
        tokio::select! {
            () = connections::serve(listener, router, caps, signalled) => {}
            () = overdue => {}
        }
        for task in [expiry, metrics, Some(tidying), Some(notices)].into_iter().flatten() {
            task.abort();
        }
        counting.abort();
        if let Err(error) = app.statistics.save(app.store.as_ref(), now_seconds()).await {
            tracing::warn!(%error, "the last deliveries were not counted");
        }
        app.store.close().await;
    }
}

/// Keeps the memory of who asked lately from growing.
async fn tidy(app: AppState) {
    let mut interval = tokio::time::interval(TIDY_EVERY);
    loop {
        interval.tick().await;
        app.limits.tidy();
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

async fn count(app: AppState) {
    let mut interval = tokio::time::interval(COUNT_EVERY);
    loop {
        interval.tick().await;
        if let Err(error) = app.statistics.save(app.store.as_ref(), now_seconds()).await {
            tracing::error!(%error, "deliveries can't be counted");
        }
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

async fn serve_metrics(listener: TcpListener, app: AppState) {
    let router = Router::new().route("/metrics", get(observe::metrics)).with_state(app);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "metrics are served no longer");
    }
}

/// Does what other nodes' notices ask for, for the sockets that are open here.
async fn follow_notices(app: AppState) {
    loop {
        let done = match app.store.notice().await {
            Notice::Messages(arrival) if app.has_sockets(arrival.mailbox) => push(&app, arrival).await,
            Notice::History { owner, change } => {
                app.announce_history(owner, change);
                Ok(())
            }
            Notice::Asked { account, question } if app.has_sockets(account) => {
                app.store.answer(question).await
            }
            Notice::Messages(_) | Notice::Asked { .. } => Ok(()),
            Notice::Interrupted => announce_histories(&app).await,
        };
        if let Err(error) = done {
            // Clients find what they were not told of when they look next.
            tracing::warn!(%error, "what another node told can't be passed on");
        }
    }
}

async fn push(app: &AppState, arrival: Arrival) -> Result<(), StoreError> {
    for text in app.store.arrived(arrival).await? {
        if let Ok(envelope) = serde_json::from_str(&text) {
            app.push(arrival.mailbox, &envelope);
        }
    }
    Ok(())
}

/// Tells every account with an open socket of its last change, since notices of it may be missing.
async fn announce_histories(app: &AppState) -> Result<(), StoreError> {
    for account in app.accounts_with_sockets() {
        let usage = app.store.history_usage(account).await?;
        if usage.last_change > 0 {
            app.announce_history(account, usage.last_change);
        }
    }
    Ok(())
}

async fn expire(app: AppState, ttl: Duration) {
    let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    let mut interval = tokio::time::interval(EXPIRE_EVERY);
    loop {
        interval.tick().await;
        loop {
            match app.store.expire(now_ms().saturating_sub(ttl), EXPIRE_AT_ONCE).await {
                Ok(0) => break,
                Ok(removed) => tracing::info!(removed, "removed old messages"),
                Err(error) => {
                    tracing::error!(%error, "old messages can't be removed");
                    break;
                }
            }
        }
    }
}

/// What an operator publishes: the keys for the delivery service's record, and the gateway's address.
pub fn public_keys(config: &Config) -> Value {
    let keys = config.keys.public();
    json!({
        "publicSigningKey": STANDARD.encode(keys.signing.as_bytes()),
        "publicEncryptionKey": STANDARD.encode(keys.encryption.as_bytes()),
        "gatewayAddress": config.gateway_key.address(),
    })
}
