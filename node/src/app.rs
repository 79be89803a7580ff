//! The server's parts, and what every request passes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, RETRY_AFTER};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use dm3_core::identity::Address;
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::adapter::LocalAdapter;
use socketioxide::handler::ConnectHandler;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::normalize_path::NormalizePath;
use tower_http::timeout::{RequestBodyDeadlineLayer, TimeoutLayer};

use crate::auth::{Tokens, derive};
use crate::config::Config;
use crate::disk::Disk;
use crate::error::ApiError;
use crate::limits::{Client, Limits, Payer, Pool};
use crate::mailbox::receivers::Receivers;
use crate::mailbox::sender::Senders;
use crate::mailbox::spam::Spam;
use crate::metrics::Metrics;
use crate::names::Names;
use crate::notifications::{Notifier, Passwords};
use crate::price::Price;
use crate::proxy::Proxies;
use crate::readiness::Readiness;
use crate::routes::socket::SignedSocket;
use crate::routes::{ds, limit, map, observe, socket};
use crate::statistics::Statistics;
use crate::store::{Store, StoreError};

/// The least body that is taken, in bytes: what the reference's web server takes.
const MIN_BODY: usize = 1_000_000;

/// How long a browser need not ask again whether it may ask.
const PREFLIGHT_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Everything the handlers need.
pub struct App {
    /// What the operator chose.
    pub config: Config,
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// Names, here and on the chain.
    pub names: Names,
    /// Challenges and sessions.
    pub tokens: Tokens,
    /// What is measured.
    pub metrics: Arc<Metrics>,
    /// Whether requests can be served.
    pub readiness: Readiness,
    /// How much anybody may ask.
    pub limits: Limits,
    /// Requests under way of those who come through proxies, and their sockets.
    pub requests: Pool<Client>,
    /// Bytes of bodies that are held for requests under way.
    pub bodies: Pool<Payer>,
    /// Bytes of large answers that wait to be read.
    pub answers: Pool<Payer>,
    /// What a new account costs.
    pub price: Price,
    /// How much room there is for new things.
    pub disk: Disk,
    /// Whether somebody was told that a proxy is not trusted.
    pub proxy_told: AtomicBool,
    /// What pages reach through this server.
    pub proxies: Proxies,
    /// The accounts that messages are for.
    pub receivers: Receivers,
    /// Who messages are from.
    pub senders: Senders,
    /// What receivers demand.
    pub spam: Spam,
    /// One-time passwords.
    pub passwords: Passwords,
    /// Notifications.
    pub notifier: Notifier,
    /// How much was delivered.
    pub statistics: Arc<Statistics>,
    sockets: SocketIo,
}

/// A handle to the one [`App`].
pub type AppState = Arc<App>;

impl App {
    /// The largest request body or socket frame, in bytes: an envelope is sent as JSON text within JSON, which
    /// at worst doubles it.
    pub fn max_body(config: &Config) -> usize {
        MIN_BODY.max(2 * config.size_limit + 65_536)
    }

    /// Refuses new things while there is no room for them.
    ///
    /// # Errors
    /// [`ApiError::Full`].
    pub fn want_room(&self) -> Result<(), ApiError> {
        if !self.disk.is_nearly_full() {
            return Ok(());
        }
        self.metrics.refused("disk");
        Err(ApiError::Full("this server's disk is nearly full; try again later".into()))
    }

    /// Sends a new message to every open socket of its receiver. Only a hint: whoever misses it finds the
    /// message in the mailbox.
    pub fn push(&self, mailbox: Address, envelope: &Value) {
        self.emit(mailbox, "message", envelope);
    }

    /// Sends an event to every open socket of an account. Never waits for a socket; one that does not keep up is
    /// closed.
    pub fn emit(&self, account: Address, event: &str, value: &Value) {
        // Gone once the sockets were closed, while the last requests are still served.
        let Some(sockets) = self.sockets.of("/") else { return };
        for socket in sockets.within(socket::room(account)).sockets() {
            if socket.emit(event, value).is_err() {
                tracing::debug!(sid = %socket.id, "closing a socket that does not keep up");
                // It may be gone already, which is just as good.
                let _ = socket.disconnect();
            }
        }
    }

    /// Whether an account has open sockets here.
    pub fn has_sockets(&self, mailbox: Address) -> bool {
        let sockets = self.sockets.of("/");
        sockets.is_some_and(|sockets| !sockets.within(socket::room(mailbox)).sockets().is_empty())
    }

    /// The accounts that have open sockets here.
    pub fn accounts_with_sockets(&self) -> BTreeSet<Address> {
        let Some(sockets) = self.sockets.of("/") else { return BTreeSet::new() };
        let rooms = sockets.sockets().into_iter().flat_map(|socket| socket.rooms());
        rooms.filter_map(|room| Address::parse_unchecked_case(&room).ok()).collect()
    }

    /// Calls `handler` for each socket that connects to the only namespace.
    pub fn on_connect<C, T>(&self, handler: C)
    where
        C: ConnectHandler<LocalAdapter, T>,
        T: Send + Sync + 'static,
    {
        self.sockets.ns("/", handler);
    }

    /// How many sockets are open.
    pub fn open_sockets(&self) -> usize {
        self.sockets.of("/").map_or(0, |sockets| sockets.sockets().len())
    }

    /// Closes the sockets of an account whose sessions are over.
    pub fn close_sockets_of(&self, account: Address) {
        let Some(sockets) = self.sockets.of("/") else { return };
        for socket in sockets.within(socket::room(account)).sockets() {
            // It may be gone already, which is just as good.
            let _ = socket.disconnect();
        }
    }

    /// Closes the oldest sockets of an account, so that one more is not too many.
    pub fn make_room(&self, account: Address) {
        let Some(sockets) = self.sockets.of("/") else { return };
        let mut open = sockets.within(socket::room(account)).sockets();
        let too_many = (open.len() + 1).saturating_sub(self.config.max_sockets_per_account);
        if too_many == 0 {
            return;
        }
        self.metrics.refused("sockets_of_account");
        open.sort_by_key(|socket| socket.extensions.get::<SignedSocket>().map(|signed| signed.since));
        for socket in open.into_iter().take(too_many) {
            let _ = socket.disconnect();
        }
    }

    /// Closes the sockets whose sessions have ended by `now`, in seconds since 1970.
    pub fn close_ended_sockets(&self, now: u64) {
        let Some(sockets) = self.sockets.of("/") else { return };
        for socket in sockets.sockets() {
            let signed = socket.extensions.get::<SignedSocket>();
            if signed.is_some_and(|signed| signed.session.exp <= now) {
                let _ = socket.disconnect();
            }
        }
    }

    /// Closes the sockets of all accounts whose sessions were ended elsewhere, unheard of here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close_stale_sockets(&self) -> Result<(), StoreError> {
        let Some(sockets) = self.sockets.of("/") else { return Ok(()) };
        for socket in sockets.sockets() {
            let Some(signed) = socket.extensions.get::<SignedSocket>() else { continue };
            if self.epoch(signed.session.address).await? != signed.session.epoch {
                let _ = socket.disconnect();
            }
        }
        Ok(())
    }

    /// Closes every socket.
    pub async fn close_sockets(&self) {
        self.sockets.close().await;
    }
}

/// The bytes of bodies that are held: at least as many as one body may have, since it could never be sent otherwise.
fn bodies(config: &Config) -> Pool<Payer> {
    let share = config.body_bytes_at_once_per_address.max(App::max_body(config));
    Pool::new(config.body_bytes_at_once.max(share), share)
}

/// Builds the server.
pub fn build(
    config: Config,
    store: Arc<dyn Store>,
    names: Names,
    metrics: Arc<Metrics>,
    proxies: Proxies,
    notifier: Notifier,
    statistics: Arc<Statistics>,
) -> (AppState, Router) {
    let (socket_layer, sockets) = socket::layer(App::max_body(&config));
    let app = Arc::new(App {
        tokens: Tokens::new(
            &config.token_key,
            config.previous_token_key.as_deref(),
            config.public_url.as_str(),
        ),
        passwords: Passwords::new(derive(&config.token_key, "one-time passwords")),
        readiness: Readiness::default(),
        limits: Limits::new(config.allowances),
        requests: Pool::new(config.max_connections, config.max_connections_per_address),
        bodies: bodies(&config),
        answers: Pool::new(config.answer_bytes_at_once, config.answer_bytes_at_once_per_address),
        price: Price::of(&config, derive(&config.token_key, "price of an account")),
        disk: Disk::new(&config.database, config.disk_bytes_kept_free),
        proxy_told: AtomicBool::new(false),
        store,
        names,
        metrics,
        proxies,
        receivers: Receivers::new(),
        senders: Senders::new(config.sender_lookups),
        spam: Spam::default(),
        notifier,
        statistics,
        sockets,
        config,
    });
    socket::serve(&app);
    let routes = map::routes()
        .into_router()
        .layer(DefaultBodyLimit::max(App::max_body(&app.config)))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, app.config.request_timeout))
        .layer(from_fn(observe::name_route))
        .with_state(app.clone());
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        // Named, since a browser does not take `*` for Authorization.
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH])
        .max_age(PREFLIGHT_AGE)
        .expose_headers([HeaderName::from_static(ds::NEXT_PAGE), ETAG, RETRY_AFTER]);
    // The slash at the end of a path must go before routing, so the routes stand behind another router.
    let router = Router::new()
        .fallback_service(NormalizePath::trim_trailing_slash(routes))
        .layer(socket_layer)
        .layer(RequestBodyDeadlineLayer::new(app.config.request_timeout))
        .layer(CatchPanicLayer::custom(limit::panicked))
        .layer(from_fn_with_state(app.clone(), limit::limit))
        .layer(cors)
        .layer(from_fn_with_state(app.clone(), limit::preflights))
        .layer(from_fn_with_state(app.clone(), observe::observe));
    (app, router)
}
