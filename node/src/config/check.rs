//! From the keys as they are written to a configuration that can be used.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use dm3_core::delivery::MAX_WORK_BITS;
use dm3_core::deposit::MOST_SLOTS;
use dm3_core::identity::{Address, EnsName, ProfileKeys};
use dm3_core::web::BaseUrl;
use zeroize::Zeroizing;

use super::choices::{OperatorStake, RegistrationRule, RegistrationWord, Room, StakedShare};
use super::keys::Keys;
use super::secrets::Secrets;
use super::smtp::SmtpKeys;
use super::tls::TlsKeys;
use super::{Config, ConfigError};
use crate::blobs::BlobLimits;
use crate::ethereum::key::EthereumKey;
use crate::limits::{Allowances, LookupsAtOnce};
use crate::notifications::{Vapid, VapidError};
use crate::outgoing::{AtOnce, Reach};
use crate::relay::Relaying;
use crate::store::{BurnBudget, Database, MailboxLimits};
use crate::tls::TlsChoice;

/// The most Ethereum nodes that are asked one after the other.
const MOST_ENDPOINTS: usize = 8;
/// More of anything than can be at once.
const MOST_AT_ONCE: usize = 4_000_000_000;

/// The most contracts whose burns are paid for.
const MOST_CONTRACTS: usize = 16;
/// The most that is paid for burns on a day, in gwei: 9 coins, so that sums of wei stay numbers of 63 bits.
const MOST_GWEI: usize = 9_000_000_000;
/// The most that is offered for gas, in gwei.
const MOST_FEE: usize = 100_000;
const GWEI: u64 = 1_000_000_000;

/// The largest sealed file that a node may take, in bytes: clients fetch no larger one.
const MAX_BLOB: usize = 100_000_000;

impl Keys {
    /// Checks every value.
    pub fn check(mut self) -> Result<Config, ConfigError> {
        let secrets = Secrets::take(&mut self)?;
        let smtp = SmtpKeys {
            host: &self.smtp_host,
            port: self.smtp_port,
            security: &self.smtp_security,
            ca_file: &self.smtp_ca_file,
            username: &self.smtp_username,
            password: &secrets.smtp_password,
            from: &self.smtp_from,
        };
        let rpc_urls = rpc_urls(&secrets.rpc_urls)?;
        let registration = registration(&self)?;
        let staked_share = unless_empty(&self.staked_contract, |contract| staked_share(contract, &self))?;
        let relay = unless_empty(&secrets.relay_private_key, |key| relaying(key, &self))?;
        let public_url: BaseUrl = self.public_url.parse().map_err(|_| {
            wrong("public_url", "an https:// address (http:// only for this machine), without a query")
        })?;
        let tls = TlsKeys {
            names: &self.tls_names,
            directory: &self.tls_directory,
            contact: &self.tls_contact,
            folder: &self.tls_cache,
            ca_file: &self.tls_ca_file,
            certificate_file: &self.tls_certificate_file,
            key_file: &self.tls_key_file,
        };
        let tls = tls.check(&public_url)?;
        let mut secret_files = secrets.files;
        if let Some(TlsChoice::Files(files)) = &tls {
            secret_files.push(files.key.clone());
        }
        Ok(Config {
            listen: self
                .listen
                .parse()
                .map_err(|_| wrong("listen", "an IP address and a port, as 127.0.0.1:4040"))?,
            public_url,
            tls,
            database: Zeroizing::new(self.database)
                .parse::<Database>()
                .map_err(|_| wrong("database", "a path, or postgres://user:password@host:port/database"))?
                .with_password(secrets.database_password)
                .ok_or_else(|| wrong("database_password_file", "empty where the database is a file"))?,
            name: name("name", &self.name)?,
            address_domain: name("address_domain", &self.address_domain)?,
            user_domain: unless_empty(&self.user_domain, |text| name("user_domain", text))?,
            reserved_names: labels(&self.reserved_names),
            rpc_urls,
            rpc_calls_per_day: self.rpc_calls_per_day,
            public_rpc_url: unless_empty(&self.public_rpc_url, |text| {
                text.parse().map_err(|_| {
                    wrong("public_rpc_url", "an https:// address (http:// only for this machine), or empty")
                })
            })?,
            chain_id: self.chain_id,
            ens_registry: address("ens_registry", &self.ens_registry)?,
            universal_resolver: unless_empty(
                self.universal_resolver.as_deref().unwrap_or_default(),
                |text| address("universal_resolver", text),
            )?,
            ipfs_gateways: ipfs_gateways(&self.ipfs_gateways)?,
            token_key: secrets.token_key,
            previous_token_key: secrets.previous_token_key,
            keys: ProfileKeys::derive(&secrets.seed),
            previous_keys: secrets.previous_keys,
            secret_files,
            gateway_key: EthereumKey::from_hex(&secrets.gateway_private_key).ok_or_else(|| {
                wrong("gateway_private_key", "a secp256k1 key, 0x and 64 hexadecimal digits")
            })?,
            gateway_resolver: address("gateway_resolver", &self.gateway_resolver)?,
            relay,
            gateway_ttl: seconds(
                "gateway_ttl_seconds",
                self.gateway_ttl_seconds,
                86_400,
                "between 1 and 86400",
            )?,
            size_limit: within(
                "size_limit",
                self.size_limit,
                10_000..=20_000_000,
                "between 10000 and 20000000",
            )?,
            mailbox_limits: MailboxLimits {
                messages: or_unlimited(self.mailbox_message_limit),
                bytes: or_unlimited(self.mailbox_byte_limit),
                unknown: percent("mailbox_unknown_percent", self.mailbox_unknown_percent)?,
                verified: percent("mailbox_verified_percent", self.mailbox_verified_percent)?,
                sender: percent("mailbox_sender_percent", self.mailbox_sender_percent)?,
            },
            disk_bytes_kept_free: self.disk_bytes_kept_free,
            disk_reserve_bytes: self.disk_reserve_bytes,
            message_ttl: Some(self.message_ttl_seconds).filter(|s| *s > 0).map(Duration::from_secs),
            request_timeout: seconds(
                "request_timeout_seconds",
                self.request_timeout_seconds,
                600,
                "between 1 and 600",
            )?,
            reach: if self.allow_private_networks { Reach::Anywhere } else { Reach::Public },
            trusted_proxies: self
                .trusted_proxies
                .parse()
                .map_err(|_| wrong("trusted_proxies", "addresses and networks with commas between them"))?,
            max_connections: connections("max_connections", self.max_connections)?,
            max_connections_per_address: connections(
                "max_connections_per_address",
                self.max_connections_per_address,
            )?,
            max_connections_kept_free: within(
                "max_connections_kept_free",
                self.max_connections_kept_free,
                0..=1_000_000,
                "between 0 and 1000000",
            )?,
            max_sockets_per_account: at_once("max_sockets_per_account", self.max_sockets_per_account)?,
            socket_events_at_once: at_once("socket_events_at_once", self.socket_events_at_once)?,
            body_bytes_at_once: at_once("body_bytes_at_once", self.body_bytes_at_once)?,
            body_bytes_at_once_per_address: at_once(
                "body_bytes_at_once_per_address",
                self.body_bytes_at_once_per_address,
            )?,
            answer_bytes_at_once: at_once("answer_bytes_at_once", self.answer_bytes_at_once)?,
            answer_bytes_at_once_per_address: at_once(
                "answer_bytes_at_once_per_address",
                self.answer_bytes_at_once_per_address,
            )?,
            sender_lookups: LookupsAtOnce {
                all: at_once("sender_lookups_at_once", self.sender_lookups_at_once)?,
                client: at_once(
                    "sender_lookups_at_once_per_address",
                    self.sender_lookups_at_once_per_address,
                )?,
            },
            outgoing: AtOnce {
                all: at_once("outgoing_at_once", self.outgoing_at_once)?,
                site: at_once("outgoing_at_once_per_site", self.outgoing_at_once_per_site)?,
                client: at_once("outgoing_at_once_per_address", self.outgoing_at_once_per_address)?,
            },
            allowances: Allowances {
                requests: rate("requests_per_minute_per_address", self.requests_per_minute_per_address)?,
                handshakes: rate(
                    "tls_handshakes_per_minute_per_address",
                    self.tls_handshakes_per_minute_per_address,
                )?,
                proxied: rate("proxied_per_minute_per_address", self.proxied_per_minute_per_address)?,
                account: rate("requests_per_minute_per_account", self.requests_per_minute_per_account)?,
                sender: rate("messages_per_minute_per_sender", self.messages_per_minute_per_sender)?,
                unknown: rate(
                    "unknown_messages_per_minute_per_address",
                    self.unknown_messages_per_minute_per_address,
                )?,
                unknown_for_mailbox: rate(
                    "unknown_messages_per_minute_per_mailbox",
                    self.unknown_messages_per_minute_per_mailbox,
                )?,
                codes_to: rate("codes_per_day_per_recipient", self.codes_per_day_per_recipient)?,
                codes_from: rate("codes_per_hour_per_address", self.codes_per_hour_per_address)?,
                codes: rate("codes_per_hour", self.codes_per_hour)?,
                names: rate("names_per_day_per_address", self.names_per_day_per_address)?,
                blobs: rate("blobs_per_hour_per_account", self.blobs_per_hour_per_account)?,
                blob_megabytes: rate(
                    "blob_megabytes_per_hour_per_address",
                    self.blob_megabytes_per_hour_per_address,
                )?,
                burns: rate("burns_per_hour_per_account", self.burns_per_hour_per_account)?,
            },
            registration,
            registration_work_bits: work_bits(self.registration_work_bits)?,
            sender_check: self.sender_check,
            storage_limit: self.storage_limit,
            staked_share,
            blobs: BlobLimits {
                blob: within("blob_limit", self.blob_limit, 0..=MAX_BLOB, "between 0 and 100000000")? as u64,
                account: self.blob_account_limit,
                all: self.blob_total_limit,
                ttl: seconds(
                    "blob_ttl_seconds",
                    self.blob_ttl_seconds,
                    315_360_000,
                    "between 1 and 315360000",
                )?,
            },
            smtp: smtp.check()?,
            vapid: unless_empty(&secrets.vapid_private_key, |key| vapid(key, &self.vapid_contact))?,
            notifications_name_sender: self.notifications_name_sender,
            metrics_interval: seconds(
                "metrics_interval_seconds",
                self.metrics_interval_seconds,
                31_536_000,
                "between 1 and 31536000",
            )?,
            metrics_retention: Duration::from_secs(self.metrics_retention_seconds),
            log: self.log,
            log_format: self.log_format,
            metrics_listen: unless_empty(&self.metrics_listen, |text| {
                text.parse().map_err(|_| {
                    wrong("metrics_listen", "an IP address and a port, as 127.0.0.1:9464, or empty")
                })
            })?,
        })
    }
}

fn wrong(key: &'static str, expected: &'static str) -> ConfigError {
    ConfigError::Value { key, expected }
}

/// Which gateways are asked, in their order.
fn ipfs_gateways(text: &str) -> Result<Vec<BaseUrl>, ConfigError> {
    let form = "https:// addresses (http:// only for this machine) with commas between them, at most eight, or empty";
    let gateways = text.split(',').map(str::trim).filter(|url| !url.is_empty());
    let gateways: Result<Vec<BaseUrl>, _> = gateways.map(str::parse).collect();
    gateways.ok().filter(|gateways| gateways.len() <= 8).ok_or_else(|| wrong("ipfs_gateways", form))
}

/// The addresses of Ethereum nodes, with spaces between them.
fn rpc_urls(text: &str) -> Result<Vec<Zeroizing<String>>, ConfigError> {
    let is_url = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    let urls: Vec<_> = text.split_whitespace().map(|url| Zeroizing::new(url.to_owned())).collect();
    if !(1..=MOST_ENDPOINTS).contains(&urls.len()) || !urls.iter().all(|url| is_url(url)) {
        return Err(wrong(
            "rpc_url",
            "a web address, https://… or http://…, or up to eight with spaces between them",
        ));
    }
    Ok(urls)
}

/// A value that may be left out by leaving it empty.
fn unless_empty<T>(
    text: &str,
    read: impl FnOnce(&str) -> Result<T, ConfigError>,
) -> Result<Option<T>, ConfigError> {
    if text.is_empty() { Ok(None) } else { read(text).map(Some) }
}

fn address(key: &'static str, text: &str) -> Result<Address, ConfigError> {
    text.parse().map_err(|_| wrong(key, "an address, 0x and 40 hexadecimal digits"))
}

fn name(key: &'static str, text: &str) -> Result<EnsName, ConfigError> {
    text.parse().map_err(|_| wrong(key, "an ENS name"))
}

fn vapid(key: &str, contact: &str) -> Result<Vapid, ConfigError> {
    Vapid::new(key, contact).map_err(|error| match error {
        VapidError::Key => wrong("vapid_private_key", "a P-256 key, 32 bytes in base64 for URLs"),
        VapidError::Contact => wrong("vapid_contact", "mailto:… or https://…, where push services find you"),
    })
}

fn relaying(key: &str, keys: &Keys) -> Result<Relaying, ConfigError> {
    let contracts = keys.relay_contracts.split([',', ' ']).filter(|text| !text.is_empty());
    let contracts = contracts.map(|text| address("relay_contracts", text)).collect::<Result<Vec<_>, _>>()?;
    if !(1..=MOST_CONTRACTS).contains(&contracts.len()) {
        return Err(wrong("relay_contracts", "between one and 16 addresses of contracts that hold deposits"));
    }
    let wei = |key, gwei| {
        within(key, gwei, 0..=MOST_GWEI, "between 0 and 9000000000").map(|gwei| gwei as u64 * GWEI)
    };
    Ok(Relaying {
        key: EthereumKey::from_hex(key)
            .ok_or_else(|| wrong("relay_private_key", "a secp256k1 key, 0x and 64 hexadecimal digits"))?,
        contracts,
        highest_fee: within(
            "relay_highest_fee_gwei",
            keys.relay_highest_fee_gwei,
            1..=MOST_FEE,
            "between 1 and 100000",
        )? as u64
            * GWEI,
        budget: BurnBudget {
            all: wei("relay_gwei_per_day", keys.relay_gwei_per_day)?,
            account: wei("relay_gwei_per_day_per_account", keys.relay_gwei_per_day_per_account)?,
        },
    })
}

/// A stake that is wrong is an error, also where it is not asked for.
fn registration(keys: &Keys) -> Result<RegistrationRule, ConfigError> {
    const CONTRACT: &str = "registration_contract";
    let slots =
        within("registration_slots", keys.registration_slots, 1..=MOST_SLOTS.into(), "between 1 and 256")?;
    let contract = unless_empty(&keys.registration_contract, |text| address(CONTRACT, text))?;
    let receiver = unless_empty(&keys.registration_receiver, |text| address("registration_receiver", text))?;
    Ok(match keys.registration {
        RegistrationWord::Open => RegistrationRule::Open,
        RegistrationWord::Invitation => RegistrationRule::Invitation,
        RegistrationWord::Work => RegistrationRule::Work,
        RegistrationWord::Deposit => RegistrationRule::Deposit(OperatorStake {
            contract: contract.ok_or_else(|| wrong(CONTRACT, "there, since accounts cost a stake"))?,
            slots: slots as u16,
            receiver: receiver
                .ok_or_else(|| wrong("registration_receiver", "there, since accounts cost a stake"))?,
        }),
        RegistrationWord::Closed => RegistrationRule::Closed,
    })
}

/// More for who has something at stake, never less.
fn staked_share(contract: &str, keys: &Keys) -> Result<StakedShare, ConfigError> {
    let slots = within("staked_slots", keys.staked_slots, 1..=MOST_SLOTS.into(), "between 1 and 256")?;
    let room = Room { history: keys.staked_storage_limit, files: keys.staked_blob_account_limit };
    if room.history < keys.storage_limit {
        return Err(wrong("staked_storage_limit", "at least as much as storage_limit"));
    }
    if room.files < keys.blob_account_limit {
        return Err(wrong("staked_blob_account_limit", "at least as much as blob_account_limit"));
    }
    let stake = OperatorStake {
        contract: address("staked_contract", contract)?,
        slots: slots as u16,
        receiver: address("staked_receiver", &keys.staked_receiver)?,
    };
    Ok(StakedShare { stake, room })
}

fn within(
    key: &'static str,
    value: u64,
    range: RangeInclusive<usize>,
    expected: &'static str,
) -> Result<usize, ConfigError> {
    let value = usize::try_from(value).ok().filter(|value| range.contains(value));
    value.ok_or_else(|| wrong(key, expected))
}

fn connections(key: &'static str, value: u64) -> Result<usize, ConfigError> {
    within(key, value, 1..=1_000_000, "between 1 and 1000000")
}

fn at_once(key: &'static str, value: u64) -> Result<usize, ConfigError> {
    within(key, value, 1..=MOST_AT_ONCE, "between 1 and 4000000000")
}

fn percent(key: &'static str, value: u64) -> Result<u8, ConfigError> {
    u8::try_from(value).ok().filter(|value| *value <= 100).ok_or(wrong(key, "between 0 and 100"))
}

fn work_bits(value: u64) -> Result<u8, ConfigError> {
    let bits = u8::try_from(value).ok().filter(|bits| (1..=MAX_WORK_BITS).contains(bits));
    bits.ok_or_else(|| wrong("registration_work_bits", "between 1 and 24"))
}

/// The first labels of names, in lower case, with commas between them.
fn labels(text: &str) -> BTreeSet<String> {
    let labels = text.split(',').map(|label| label.trim().to_lowercase());
    labels.filter(|label| !label.is_empty()).collect()
}

/// At least one second.
fn seconds(
    key: &'static str,
    value: u64,
    most: u64,
    expected: &'static str,
) -> Result<Duration, ConfigError> {
    if (1..=most).contains(&value) { Ok(Duration::from_secs(value)) } else { Err(wrong(key, expected)) }
}

fn rate(key: &'static str, value: u64) -> Result<u32, ConfigError> {
    u32::try_from(value).map_err(|_| wrong(key, "below 4294967296"))
}

/// 0 in the file stands for no limit.
fn or_unlimited(number: u64) -> u64 {
    if number == 0 { u64::MAX } else { number }
}
