//! The configuration: one TOML file, each key also by environment as `DM3_NODE_<KEY>`.
//!
//! ```text
//! TOML, environment ─▶ Keys (keys.rs: as they are written) ─▶ Config (check.rs: as the program uses them)
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dm3_core::identity::{Address, EnsName, ProfileKeys};
use dm3_core::web::{BaseUrl, HttpUrl};
use zeroize::Zeroizing;

use crate::blobs::BlobLimits;
use crate::ethereum::key::EthereumKey;
use crate::limits::{Allowances, LookupsAtOnce, Trusted};
use crate::notifications::{Smtp, Vapid};
use crate::outgoing::{AtOnce, Reach};
use crate::relay::Relaying;
use crate::store::{Database, MailboxLimits};
use crate::tls::TlsChoice;

mod check;
mod choices;
mod error;
mod keys;
mod secrets;
mod smtp;
mod tls;

pub use choices::{LogFormat, OperatorStake, RegistrationRule, Room, SenderCheck, StakedShare};
pub use error::ConfigError;
use keys::Keys;

/// What environment variables that set a key begin with.
const ENVIRONMENT: &str = "DM3_NODE_";

/// A checked configuration.
pub struct Config {
    /// Where the server listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address clients reach the server at, without a path.
    pub public_url: BaseUrl,
    /// Where certificates come from, if the node has TLS of its own.
    pub tls: Option<TlsChoice>,
    /// Where the node keeps what it remembers.
    pub database: Database,
    /// The delivery service's ENS name.
    pub name: EnsName,
    /// Address names live below this name: `<0x…>.<address_domain>`.
    pub address_domain: EnsName,
    /// Names that users may claim live below this name, if any.
    pub user_domain: Option<EnsName>,
    /// The labels that nobody may claim there.
    pub reserved_names: BTreeSet<String>,
    /// The Ethereum nodes this server asks, at least one, the first before the others. They may contain access keys, so
    /// they are never shown.
    pub rpc_urls: Vec<Zeroizing<String>>,
    /// How many calls a day they are asked; 0 for any number.
    pub rpc_calls_per_day: u64,
    /// The Ethereum node that clients are told to ask; `None` for this server itself.
    pub public_rpc_url: Option<HttpUrl>,
    /// The chain ENS is read from.
    pub chain_id: u64,
    /// ENS's registry there.
    pub ens_registry: Address,
    /// The universal resolver on that chain (ENSIP-23), which clients are told to use.
    pub universal_resolver: Option<Address>,
    /// The gateways that are asked for what records lead to on IPFS.
    pub ipfs_gateways: Vec<BaseUrl>,
    /// The delivery service's keys.
    pub keys: ProfileKeys,
    /// Those before, for which messages are taken yet while the keys are changed.
    pub previous_keys: Option<ProfileKeys>,
    /// The files that secrets were read from.
    pub secret_files: Vec<PathBuf>,
    /// Signs CCIP-read answers.
    pub gateway_key: EthereumKey,
    /// The ERC3668Resolver that CCIP-read answers are signed for.
    pub gateway_resolver: Address,
    /// Burns that this server pays for, if it pays for some.
    pub relay: Option<Relaying>,
    /// How long a CCIP-read answer may be used.
    pub gateway_ttl: Duration,
    /// The largest envelope taken, in bytes of its canonical JSON.
    pub size_limit: usize,
    /// How much a mailbox may hold.
    pub mailbox_limits: MailboxLimits,
    /// How many bytes stay free on a SQLite file's disk; 0: nobody looks.
    pub disk_bytes_kept_free: u64,
    /// How many bytes a file beside it holds for when the disk is full all the same; 0: there is none.
    pub disk_reserve_bytes: u64,
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
    /// How many places are kept for who is signed in, and for those who watch the process.
    pub max_connections_kept_free: usize,
    /// How many sockets an account may have open; the oldest makes room.
    pub max_sockets_per_account: usize,
    /// How many messages of one socket may be under way.
    pub socket_events_at_once: usize,
    /// How many bytes of bodies may be held for requests under way.
    pub body_bytes_at_once: usize,
    /// How many of them for one address.
    pub body_bytes_at_once_per_address: usize,
    /// How many bytes of large answers may wait to be read.
    pub answer_bytes_at_once: usize,
    /// How many of them for one address.
    pub answer_bytes_at_once_per_address: usize,
    /// How many senders may be looked up at the same time.
    pub sender_lookups: LookupsAtOnce,
    /// How many requests to hosts that strangers choose may be under way, for each use.
    pub outgoing: AtOnce,
    /// How much anybody may ask.
    pub allowances: Allowances,
    /// Who may have a new account.
    pub registration: RegistrationRule,
    /// How much work a new account is, if it is some: 2 to the power of this many tries.
    pub registration_work_bits: u8,
    /// What becomes of a message that its claimed sender did not sign.
    pub sender_check: SenderCheck,
    /// How much an account may keep in the encrypted storage, and as much again in its history, in bytes.
    pub storage_limit: u64,
    /// What who has something at stake may keep beyond that and beyond the limit of sealed files, if anybody may.
    pub staked_share: Option<StakedShare>,
    /// How many sealed files accounts may keep, and for how long.
    pub blobs: BlobLimits,
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
    /// The key before: what was made under it holds until it ends.
    pub previous_token_key: Option<Zeroizing<[u8; 32]>>,
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
        keys.check()
    }
}

impl Config {
    /// The key of the configuration, if one is, whose value is the example's: it is known to everybody.
    pub fn public_secret(&self) -> Option<&'static str> {
        let example = Self::parse(include_str!("../../dm3-node.example.toml"), "example", []).ok()?;
        if example.keys.public() == self.keys.public() {
            return Some("signing_seed");
        }
        (example.gateway_key.address() == self.gateway_key.address()).then_some("gateway_private_key")
    }

    /// Whether this server can be reached from this machine alone.
    pub fn is_for_this_machine(&self) -> bool {
        let authority = self.public_url.authority();
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        };
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost"
            || host.ends_with(".localhost")
            || address.is_ok_and(|address| address.is_loopback())
    }

    /// The host name clients reach the server at; mail servers are greeted with it.
    pub fn host(&self) -> &str {
        host_of(&self.public_url)
    }
}

/// The host of an address, without its port.
fn host_of(url: &BaseUrl) -> &str {
    url.authority().split(':').next().unwrap_or_default()
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

    const EXAMPLE: &str = include_str!("../../dm3-node.example.toml");

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
    fn a_secret_may_stand_in_a_file_of_its_own_but_not_in_both() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let seed = file("seed", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n");
        let without: String = EXAMPLE
            .lines()
            .filter(|line| !line.starts_with("signing_seed = "))
            .fold(String::new(), |text, line| text + line + "\n");
        let itself = [("DM3_NODE_SIGNING_SEED", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")];
        let expected = parse(EXAMPLE, &itself).unwrap();
        let found = parse(&without, &[("DM3_NODE_SIGNING_SEED_FILE", &seed)]).unwrap();
        assert!(found.keys.public() == expected.keys.public() && found.token_key == expected.token_key);
        assert_eq!(found.secret_files, [std::path::Path::new(&seed)]);
        assert!(parse(&without, &[]).unwrap_err().to_string().contains("signing_seed"));
        let both = parse(EXAMPLE, &[("DM3_NODE_SIGNING_SEED_FILE", &seed)]).unwrap_err().to_string();
        assert!(both.contains("signing_seed") && both.contains("not both"), "{both}");

        let password = file("password", "hunter2\n");
        let on = |database: &str| {
            parse(EXAMPLE, &[("DM3_NODE_DATABASE", database), ("DM3_NODE_DATABASE_PASSWORD_FILE", &password)])
        };
        assert!(on("node.sqlite").unwrap_err().to_string().contains("database_password_file"));
        assert!(!format!("{:?}", on("postgres://dm3@db.example/dm3").unwrap().database).contains("hunter2"));
        for (key, text) in [
            ("DM3_NODE_TOKEN_KEY_FILE", "dG9vIHNob3J0"),
            ("DM3_NODE_TOKEN_KEY_FILE", "hunter2"),
            ("DM3_NODE_SMTP_PASSWORD_FILE", " \n"),
            ("DM3_NODE_PREVIOUS_SIGNING_SEED_FILE", "hunter2"),
        ] {
            let error = parse(EXAMPLE, &[(key, &file("wrong", text))]).expect_err(key);
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(key[9..].to_lowercase().trim_end_matches("_file")), "{shown}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let missing =
            parse(EXAMPLE, &[("DM3_NODE_TOKEN_KEY_FILE", "/no/such/file")]).unwrap_err().to_string();
        assert!(missing.contains("can't read /no/such/file"), "{missing}");
        let vapid = file("vapid", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE");
        let told =
            [("DM3_NODE_VAPID_PRIVATE_KEY_FILE", &*vapid), ("DM3_NODE_VAPID_CONTACT", "mailto:a@b.example")];
        assert!(parse(EXAMPLE, &told).unwrap().vapid.is_some());
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
