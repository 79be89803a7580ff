//! The configuration: one TOML file, each key also by environment as `DM3_NODE_<KEY>`.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dm3_core::delivery::{BaseUrl, HttpUrl};
use dm3_core::identity::{Address, EnsName, KeySeed, ProfileKeys};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::gateway_key::GatewayKey;
use crate::limits::{Allowances, Trusted};
use crate::notifications::Vapid;
use crate::outgoing::Reach;
use crate::store::{Database, MailboxLimits};

mod smtp;

use smtp::SmtpKeys;
pub use smtp::{Smtp, SmtpSecurity};

/// What environment variables that set a key begin with.
const ENVIRONMENT: &str = "DM3_NODE_";

/// A checked configuration.
pub struct Config {
    /// Where the server listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address clients reach the server at, without a path.
    pub public_url: BaseUrl,
    /// Where the node keeps what it remembers.
    pub database: Database,
    /// The delivery service's ENS name.
    pub name: EnsName,
    /// Address names live below this name: `<0x…>.<address_domain>`.
    pub address_domain: EnsName,
    /// Names that users may claim live below this name, if any.
    pub user_domain: Option<EnsName>,
    /// The Ethereum node this server asks. May contain an access key, so it is never shown.
    pub rpc_url: Zeroizing<String>,
    /// The Ethereum node that clients are told to ask; `None` for this server itself.
    pub public_rpc_url: Option<HttpUrl>,
    /// The chain ENS is read from.
    pub chain_id: u64,
    /// ENS's registry there.
    pub ens_registry: Address,
    /// The universal resolver on that chain (ENSIP-23), which clients are told to use.
    pub universal_resolver: Option<Address>,
    /// The delivery service's keys.
    pub keys: ProfileKeys,
    /// Signs CCIP-read answers.
    pub gateway_key: GatewayKey,
    /// The ERC3668Resolver that CCIP-read answers are signed for.
    pub gateway_resolver: Address,
    /// How long a CCIP-read answer may be used.
    pub gateway_ttl: Duration,
    /// The largest envelope taken, in bytes of its canonical JSON.
    pub size_limit: usize,
    /// How much a mailbox may hold.
    pub mailbox_limits: MailboxLimits,
    /// How long an unacknowledged message is kept; `None` for ever.
    pub message_ttl: Option<Duration>,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// Where requests that strangers cause may go.
    pub reach: Reach,
    /// Proxies whose word about clients' addresses is taken.
    pub trusted_proxies: Trusted,
    /// How many connections may be open.
    pub max_connections: usize,
    /// How many of them from one address.
    pub max_connections_per_address: usize,
    /// How much anybody may ask.
    pub allowances: Allowances,
    /// What becomes of a message that its claimed sender did not sign.
    pub sender_check: SenderCheck,
    /// How much an account may keep in the encrypted storage, and as much again in its history, in bytes.
    pub storage_limit: u64,
    /// The mail server for notifications, if there is one.
    pub smtp: Option<Smtp>,
    /// The key for web push, if notifications are sent that way.
    pub vapid: Option<Vapid>,
    /// Whether notifications name the sender.
    pub notifications_name_sender: bool,
    /// By which intervals deliveries are counted.
    pub metrics_interval: Duration,
    /// How long the counts are kept.
    pub metrics_retention: Duration,
    /// What is logged, as `tracing` filter directives.
    pub log: String,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// Where metrics are served, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// What session tokens and challenges are authenticated with.
    pub token_key: Zeroizing<[u8; 32]>,
}

/// What becomes of a message whose claimed sender has a profile with another key than the one that signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SenderCheck {
    /// It is refused.
    Reject,
    /// It is delivered, with a mark.
    Mark,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object in a line.
    Json,
}

/// Why a configuration can't be used. No variant shows a value, since values may be secrets.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// Not TOML, an unknown key, a missing key, or a value of another type.
    #[error("{place}: {message}")]
    Form {
        /// The file, with the line where it is known.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A value is not what its key asks for.
    #[error("{key} must be {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

/// The keys as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    #[serde(default = "default_listen")]
    listen: String,
    public_url: String,
    database: String,
    name: String,
    address_domain: String,
    #[serde(default)]
    user_domain: String,
    rpc_url: String,
    #[serde(default)]
    public_rpc_url: String,
    #[serde(default = "default_chain_id", deserialize_with = "number")]
    chain_id: u64,
    #[serde(default = "default_ens_registry")]
    ens_registry: String,
    universal_resolver: Option<String>,
    signing_seed: String,
    gateway_private_key: String,
    gateway_resolver: String,
    #[serde(default = "default_gateway_ttl_seconds", deserialize_with = "number")]
    gateway_ttl_seconds: u64,
    #[serde(default = "default_size_limit", deserialize_with = "number")]
    size_limit: u64,
    #[serde(default = "default_mailbox_message_limit", deserialize_with = "number")]
    mailbox_message_limit: u64,
    #[serde(default = "default_mailbox_byte_limit", deserialize_with = "number")]
    mailbox_byte_limit: u64,
    #[serde(default, deserialize_with = "number")]
    message_ttl_seconds: u64,
    #[serde(default = "default_request_timeout_seconds", deserialize_with = "number")]
    request_timeout_seconds: u64,
    #[serde(default, deserialize_with = "truth")]
    allow_private_networks: bool,
    #[serde(default)]
    trusted_proxies: String,
    #[serde(default = "default_max_connections", deserialize_with = "number")]
    max_connections: u64,
    #[serde(default = "default_max_connections_per_address", deserialize_with = "number")]
    max_connections_per_address: u64,
    #[serde(default = "default_requests_per_minute", deserialize_with = "number")]
    requests_per_minute_per_address: u64,
    #[serde(default = "default_proxied_per_minute", deserialize_with = "number")]
    proxied_per_minute_per_address: u64,
    #[serde(default = "default_requests_per_minute", deserialize_with = "number")]
    requests_per_minute_per_account: u64,
    #[serde(default = "default_messages_per_minute", deserialize_with = "number")]
    messages_per_minute_per_sender: u64,
    #[serde(default = "default_sender_check")]
    sender_check: SenderCheck,
    #[serde(default = "default_storage_limit", deserialize_with = "number")]
    storage_limit: u64,
    #[serde(default)]
    smtp_host: String,
    #[serde(default = "default_smtp_port", deserialize_with = "number")]
    smtp_port: u64,
    #[serde(default = "default_smtp_security")]
    smtp_security: String,
    #[serde(default)]
    smtp_username: String,
    #[serde(default)]
    smtp_password: String,
    #[serde(default)]
    smtp_from: String,
    #[serde(default)]
    vapid_private_key: String,
    #[serde(default)]
    vapid_contact: String,
    #[serde(default, deserialize_with = "truth")]
    notifications_name_sender: bool,
    #[serde(default = "default_metrics_interval_seconds", deserialize_with = "number")]
    metrics_interval_seconds: u64,
    #[serde(default = "default_metrics_retention_seconds", deserialize_with = "number")]
    metrics_retention_seconds: u64,
    #[serde(default = "default_log")]
    log: String,
    #[serde(default = "default_log_format")]
    log_format: LogFormat,
    #[serde(default)]
    metrics_listen: String,
}

fn default_listen() -> String {
    "127.0.0.1:4040".into()
}

fn default_chain_id() -> u64 {
    1
}

fn default_ens_registry() -> String {
    "0x00000000000C2E074eC69A0dFb2997BA6C7d2e1e".into()
}

fn default_gateway_ttl_seconds() -> u64 {
    300
}

fn default_size_limit() -> u64 {
    100_000
}

fn default_mailbox_message_limit() -> u64 {
    200_000
}

fn default_mailbox_byte_limit() -> u64 {
    1_000_000_000
}

/// 0 in the file stands for no limit.
fn limit(number: u64) -> u64 {
    if number == 0 { u64::MAX } else { number }
}

fn default_request_timeout_seconds() -> u64 {
    30
}

fn default_max_connections() -> u64 {
    4096
}

fn default_max_connections_per_address() -> u64 {
    128
}

fn default_requests_per_minute() -> u64 {
    1200
}

fn default_proxied_per_minute() -> u64 {
    600
}

fn default_sender_check() -> SenderCheck {
    SenderCheck::Reject
}

fn default_messages_per_minute() -> u64 {
    120
}

fn default_storage_limit() -> u64 {
    500_000_000
}

fn default_smtp_port() -> u64 {
    587
}

fn default_smtp_security() -> String {
    "starttls".into()
}

fn default_metrics_interval_seconds() -> u64 {
    86_400
}

fn default_metrics_retention_seconds() -> u64 {
    864_000
}

fn default_log() -> String {
    "info".into()
}

fn default_log_format() -> LogFormat {
    LogFormat::Text
}

/// A whole number; from the environment it comes as text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Number;
    impl serde::de::Visitor<'_> for Number {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number that is not negative")
        }

        fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<u64, E> {
            value.try_into().map_err(|_| E::custom("must be a whole number that is not negative"))
        }

        fn visit_u64<E>(self, value: u64) -> Result<u64, E> {
            Ok(value)
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u64, E> {
            text.trim().parse().map_err(|_| E::custom("must be a whole number that is not negative"))
        }
    }
    deserializer.deserialize_any(Number)
}

/// True or false; from the environment it comes as text.
fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Truth {
        Value(bool),
        Text(String),
    }
    match Truth::deserialize(deserializer)? {
        Truth::Value(value) => Ok(value),
        Truth::Text(text) => {
            text.trim().parse().map_err(|_| serde::de::Error::custom("must be true or false"))
        }
    }
}

impl Config {
    /// Reads a file, and the process's environment over it.
    ///
    /// # Errors
    /// [`ConfigError`] naming the file, the line or the key.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&Zeroizing::new(text), &path.display().to_string(), std::env::vars())
    }

    /// Reads the text of a file called `place`, and `environment` over it.
    ///
    /// # Errors
    /// [`ConfigError`] naming the file, the line or the key.
    pub fn parse(
        text: &str,
        place: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table: toml::Table = toml::from_str(text).map_err(|error| form(place, text, &error))?;
        let set: BTreeMap<String, String> = environment
            .into_iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(ENVIRONMENT)?.to_lowercase(), value)))
            .collect();
        for (key, value) in set {
            table.insert(key, toml::Value::String(value));
        }
        let keys: Keys = table.try_into().map_err(|error| form(place, text, &error))?;
        Self::check(keys)
    }

    fn check(keys: Keys) -> Result<Self, ConfigError> {
        let wrong = |key, expected| move || ConfigError::Value { key, expected };
        let address = |key, text: &str| {
            text.parse::<Address>()
                .map_err(|_| ConfigError::Value { key, expected: "an address, 0x and 40 hexadecimal digits" })
        };
        let name = |key, text: &str| {
            text.parse::<EnsName>().map_err(|_| ConfigError::Value { key, expected: "an ENS name" })
        };
        let signing_seed = Zeroizing::new(keys.signing_seed);
        let gateway_private_key = Zeroizing::new(keys.gateway_private_key);
        let seed = KeySeed::from_base64(signing_seed.trim())
            .map_err(|_| ConfigError::Value { key: "signing_seed", expected: "32 bytes in base64" })?;
        let size_limit = usize::try_from(keys.size_limit)
            .ok()
            .filter(|limit| (10_000..=20_000_000).contains(limit))
            .ok_or_else(wrong("size_limit", "between 10000 and 20000000"))?;
        if !(1..=600).contains(&keys.request_timeout_seconds) {
            return Err(wrong("request_timeout_seconds", "between 1 and 600")());
        }
        if !(1..=86_400).contains(&keys.gateway_ttl_seconds) {
            return Err(wrong("gateway_ttl_seconds", "between 1 and 86400")());
        }
        if !(keys.rpc_url.starts_with("https://") || keys.rpc_url.starts_with("http://")) {
            return Err(wrong("rpc_url", "a web address, https://… or http://…")());
        }
        let most = |key, value: u64| {
            u32::try_from(value).map_err(|_| ConfigError::Value { key, expected: "below 4294967296" })
        };
        let connections = |key, value: u64| {
            usize::try_from(value)
                .ok()
                .filter(|value| (1..=1_000_000).contains(value))
                .ok_or(ConfigError::Value { key, expected: "between 1 and 1000000" })
        };
        let smtp_password = Zeroizing::new(keys.smtp_password);
        let smtp = SmtpKeys {
            host: &keys.smtp_host,
            port: keys.smtp_port,
            security: &keys.smtp_security,
            username: &keys.smtp_username,
            password: &smtp_password,
            from: &keys.smtp_from,
        };
        let vapid_private_key = Zeroizing::new(keys.vapid_private_key);
        let vapid = match vapid_private_key.as_str() {
            "" => None,
            key => Some(Vapid::new(key, &keys.vapid_contact).ok_or_else(wrong(
                "vapid_private_key",
                "a P-256 key, 32 bytes in base64 for URLs, and vapid_contact mailto:… or https://…",
            ))?),
        };
        if !(1..=31_536_000).contains(&keys.metrics_interval_seconds) {
            return Err(wrong("metrics_interval_seconds", "between 1 and 31536000")());
        }
        Ok(Self {
            storage_limit: keys.storage_limit,
            smtp: smtp.check()?,
            vapid,
            notifications_name_sender: keys.notifications_name_sender,
            metrics_interval: Duration::from_secs(keys.metrics_interval_seconds),
            metrics_retention: Duration::from_secs(keys.metrics_retention_seconds),
            listen: keys
                .listen
                .parse()
                .map_err(|_| wrong("listen", "an IP address and a port, as 127.0.0.1:4040")())?,
            public_url: keys.public_url.parse().map_err(|_| {
                wrong("public_url", "an https:// address (http:// only for this machine), without a query")()
            })?,
            database: Zeroizing::new(keys.database)
                .parse()
                .map_err(|_| wrong("database", "a path, or postgres://user:password@host:port/database")())?,
            name: name("name", &keys.name)?,
            address_domain: name("address_domain", &keys.address_domain)?,
            user_domain: match keys.user_domain.as_str() {
                "" => None,
                text => Some(name("user_domain", text)?),
            },
            rpc_url: Zeroizing::new(keys.rpc_url),
            public_rpc_url: match keys.public_rpc_url.as_str() {
                "" => None,
                text => Some(text.parse().map_err(|_| {
                    wrong("public_rpc_url", "an https:// address (http:// only for this machine), or empty")()
                })?),
            },
            chain_id: keys.chain_id,
            ens_registry: address("ens_registry", &keys.ens_registry)?,
            universal_resolver: match &keys.universal_resolver {
                Some(text) => Some(address("universal_resolver", text)?),
                None => None,
            },
            token_key: crate::auth::token_key(&seed),
            keys: ProfileKeys::derive(&seed),
            gateway_key: GatewayKey::from_hex(gateway_private_key.trim())
                .ok_or_else(wrong("gateway_private_key", "a secp256k1 key, 0x and 64 hexadecimal digits"))?,
            gateway_resolver: address("gateway_resolver", &keys.gateway_resolver)?,
            gateway_ttl: Duration::from_secs(keys.gateway_ttl_seconds),
            size_limit,
            mailbox_limits: MailboxLimits {
                messages: limit(keys.mailbox_message_limit),
                bytes: limit(keys.mailbox_byte_limit),
            },
            message_ttl: Some(keys.message_ttl_seconds).filter(|s| *s > 0).map(Duration::from_secs),
            request_timeout: Duration::from_secs(keys.request_timeout_seconds),
            reach: if keys.allow_private_networks { Reach::Anywhere } else { Reach::Public },
            trusted_proxies: keys
                .trusted_proxies
                .parse()
                .map_err(|_| wrong("trusted_proxies", "addresses and networks with commas between them")())?,
            max_connections: connections("max_connections", keys.max_connections)?,
            max_connections_per_address: connections(
                "max_connections_per_address",
                keys.max_connections_per_address,
            )?,
            allowances: Allowances {
                requests: most("requests_per_minute_per_address", keys.requests_per_minute_per_address)?,
                proxied: most("proxied_per_minute_per_address", keys.proxied_per_minute_per_address)?,
                account: most("requests_per_minute_per_account", keys.requests_per_minute_per_account)?,
                sender: most("messages_per_minute_per_sender", keys.messages_per_minute_per_sender)?,
            },
            sender_check: keys.sender_check,
            log: keys.log,
            log_format: keys.log_format,
            metrics_listen: match keys.metrics_listen.as_str() {
                "" => None,
                text => Some(text.parse().map_err(|_| {
                    wrong("metrics_listen", "an IP address and a port, as 127.0.0.1:9464, or empty")()
                })?),
            },
        })
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .field("name", &self.name)
            .field("address_domain", &self.address_domain)
            .finish_non_exhaustive()
    }
}

/// The error without the piece of the file that the TOML crate would show: it may be a secret.
fn form(place: &str, text: &str, error: &toml::de::Error) -> ConfigError {
    let line =
        error.span().and_then(|span| text.get(..span.start)).map(|before| before.lines().count().max(1));
    let place = match line {
        Some(line) => format!("{place}, line {line}"),
        None => place.to_owned(),
    };
    ConfigError::Form { place, message: error.message().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../dm3-node.example.toml");

    fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Config::parse(text, "test.toml", environment)
    }

    /// The names of the struct's fields, which serde lists when it meets another.
    fn known_keys() -> Vec<String> {
        let error = toml::from_str::<Keys>("no_such_key = 1").err().unwrap().message().to_owned();
        let keys: Vec<String> = error.split('`').skip(3).step_by(2).map(str::to_owned).collect();
        assert!(keys.len() > 10, "{error}");
        keys
    }

    #[test]
    fn the_example_is_a_configuration_and_explains_every_key() {
        let config = parse(EXAMPLE, &[]).unwrap();
        assert_eq!(config.size_limit, 100_000);
        let lines: Vec<&str> = EXAMPLE.lines().collect();
        for key in known_keys() {
            let at = lines.iter().position(|line| line.starts_with(&format!("{key} = ")));
            let at = at.unwrap_or_else(|| panic!("{key} is not in the example"));
            assert!(lines[at - 1].starts_with('#'), "{key} is not explained");
        }
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = parse(&format!("{EXAMPLE}\nsize_limt = 5\n"), &[]).unwrap_err().to_string();
        assert!(error.contains("size_limt"), "{error}");
        let error = parse(EXAMPLE, &[("DM3_NODE_LISTENS", "x")]).unwrap_err().to_string();
        assert!(error.contains("listens"), "{error}");
    }

    #[test]
    fn the_environment_overrules_the_file() {
        let config = parse(
            EXAMPLE,
            &[("DM3_NODE_SIZE_LIMIT", "20000"), ("DM3_NODE_NAME", "Other.eth"), ("HOME", "/")],
        )
        .unwrap();
        assert_eq!(config.size_limit, 20_000);
        assert_eq!(config.name.as_str(), "other.eth");
    }

    #[test]
    fn a_wrong_value_is_named_but_a_secret_is_never_shown() {
        let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0";
        for (key, value) in [
            ("DM3_NODE_SIGNING_SEED", secret),
            ("DM3_NODE_GATEWAY_PRIVATE_KEY", secret),
            ("DM3_NODE_RPC_URL", secret),
            ("DM3_NODE_DATABASE", &format!("postgres://dm3:{secret}@127.0.0.1:no-port/dm3")),
        ] {
            let error = parse(EXAMPLE, &[(key, value)]).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(secret), "{shown}");
            assert!(shown.contains(&key[9..].to_lowercase()), "{shown}");
        }
        let broken = format!("{EXAMPLE}\nlog = {secret}\n");
        let error = parse(&broken, &[]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
        assert!(!format!("{:?}", parse(EXAMPLE, &[]).unwrap()).contains("seed"));
    }
}
