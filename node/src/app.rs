//! The server's parts: what every case has at hand.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use dm3_core::identity::Address;

use crate::auth::{Tokens, derive};
use crate::config::Config;
use crate::ethereum::names::Names;
use crate::limits::{Client, Limits, Payer, Pool, Shared, Turns};
use crate::mailbox::receivers::Receivers;
use crate::mailbox::sender::Senders;
use crate::mailbox::spam::Spam;
use crate::monitoring::metrics::Metrics;
use crate::monitoring::readiness::Readiness;
use crate::monitoring::statistics::Statistics;
use crate::notifications::sockets::Sockets;
use crate::notifications::{Notifier, Passwords};
use crate::price::{Price, Share};
use crate::proxy::Proxies;
use crate::relay::Relay;
use crate::store::{Disk, Store};
use crate::tls::Tls;

/// The least body that is taken, in bytes: what the reference's web server takes.
const MIN_BODY: usize = 1_000_000;

/// How much of one account is written at the same time; what else it has to write waits for that.
const WRITING_AT_ONCE: usize = 2;

/// How much is read for one network at the same time: few beside the connections to the database, since whoever has a /48
/// would else have them all.
const READING_AT_ONCE: usize = 2;

/// How many sockets may be that ask again and again instead of staying connected, and how many of them of one address. Such
/// a one costs some 70 KB until it is found to be gone, without a connection that would count.
const POLLING: (usize, usize) = (1_024, 64);

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
    /// The same, of what is counted for all processes together.
    pub shared: Shared,
    /// Requests under way of those who come through proxies, and their sockets.
    pub requests: Pool<Client>,
    /// Sockets without a connection of their own.
    pub polling: Pool<Client>,
    /// Bytes of bodies that are held for requests under way.
    pub bodies: Pool<Payer>,
    /// Bytes of large answers that wait to be read.
    pub answers: Pool<Payer>,
    /// Turns of accounts at writing into the database.
    pub writing: Turns<Address>,
    /// Turns of networks at what is only read from it.
    pub reading: Turns<Client>,
    /// What a new account costs.
    pub price: Price,
    /// More room for who has something at stake, if there is some.
    pub share: Option<Share>,
    /// Burns that this server pays for, if it pays for some.
    pub relay: Option<Relay>,
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
    /// Open sockets.
    pub sockets: Sockets,
    /// TLS of its own, if it has some.
    pub tls: Option<Arc<Tls>>,
}

/// A handle to the one [`App`].
pub type AppState = Arc<App>;

/// What is made before the parts that only need the configuration.
pub struct Made {
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// Names, here and on the chain.
    pub names: Names,
    /// What is measured.
    pub metrics: Arc<Metrics>,
    /// What pages reach through this server.
    pub proxies: Proxies,
    /// Notifications.
    pub notifier: Notifier,
    /// How much was delivered.
    pub statistics: Arc<Statistics>,
    /// Where sockets open.
    pub sockets: Sockets,
    /// TLS of its own, if it has some.
    pub tls: Option<Arc<Tls>>,
}

impl App {
    /// Puts the parts together.
    pub fn new(mut config: Config, made: Made) -> Self {
        let Made { store, names, metrics, proxies, notifier, statistics, sockets, tls } = made;
        Self {
            tokens: Tokens::new(
                &config.token_key,
                config.previous_token_key.as_deref(),
                config.public_url.as_str(),
            ),
            passwords: Passwords::new(derive(&config.token_key, "one-time passwords")),
            readiness: Readiness::default(),
            limits: Limits::new(config.allowances),
            shared: Shared::new(config.allowances),
            requests: Pool::new(config.max_connections, config.max_connections_per_address),
            polling: Pool::new(POLLING.0, POLLING.1),
            bodies: bodies(&config),
            answers: Pool::new(config.answer_bytes_at_once, config.answer_bytes_at_once_per_address),
            writing: Turns::new(WRITING_AT_ONCE),
            reading: Turns::new(READING_AT_ONCE),
            price: Price::of(
                &config,
                derive(&config.token_key, "price of an account"),
                Arc::clone(names.chain()),
                Arc::clone(&store),
            ),
            share: Share::of(&config, Arc::clone(names.chain()), Arc::clone(&store)),
            relay: config.relay.take().map(|chosen| Relay::new(chosen, config.chain_id)),
            disk: Disk::new(&config.database, config.disk_bytes_kept_free, config.disk_reserve_bytes),
            proxy_told: AtomicBool::new(false),
            store,
            names,
            metrics,
            proxies,
            receivers: Receivers::new(),
            senders: Senders::new(config.sender_lookups),
            spam: Spam::new(config.chain_id),
            notifier,
            statistics,
            sockets,
            tls,
            config,
        }
    }

    /// The largest request body or socket frame, in bytes: an envelope is sent as JSON text within JSON, which
    /// at worst doubles it.
    pub fn max_body(config: &Config) -> usize {
        MIN_BODY.max(2 * config.size_limit + 65_536)
    }
}

/// The bytes of bodies that are held: at least as many as one body may have, since it could never be sent otherwise.
fn bodies(config: &Config) -> Pool<Payer> {
    let share = config.body_bytes_at_once_per_address.max(App::max_body(config));
    Pool::new(config.body_bytes_at_once.max(share), share)
}
