//! The keys as they are written, and what they are where they are not written.

use std::fmt;

use rustls_acme::acme::LETS_ENCRYPT_PRODUCTION_DIRECTORY;
use serde::{Deserialize, Deserializer};

use super::choices::{LogFormat, RegistrationWord, SenderCheck};

/// Every key there is; another is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    #[serde(default = "default_listen")]
    pub listen: String,
    pub public_url: String,
    #[serde(default)]
    pub tls_names: String,
    #[serde(default = "default_tls_directory")]
    pub tls_directory: String,
    #[serde(default)]
    pub tls_contact: String,
    #[serde(default = "default_tls_cache")]
    pub tls_cache: String,
    #[serde(default)]
    pub tls_ca_file: String,
    #[serde(default)]
    pub tls_certificate_file: String,
    #[serde(default)]
    pub tls_key_file: String,
    #[serde(default = "default_tls_handshakes_per_minute", deserialize_with = "number")]
    pub tls_handshakes_per_minute_per_address: u64,
    pub database: String,
    #[serde(default)]
    pub database_password_file: String,
    pub name: String,
    pub address_domain: String,
    #[serde(default)]
    pub user_domain: String,
    #[serde(default = "default_reserved_names")]
    pub reserved_names: String,
    #[serde(default)]
    pub rpc_url: String,
    #[serde(default)]
    pub rpc_url_file: String,
    #[serde(default, deserialize_with = "number")]
    pub rpc_calls_per_day: u64,
    #[serde(default)]
    pub public_rpc_url: String,
    #[serde(default = "default_chain_id", deserialize_with = "number")]
    pub chain_id: u64,
    #[serde(default = "default_ens_registry")]
    pub ens_registry: String,
    pub universal_resolver: Option<String>,
    #[serde(default = "default_ipfs_gateways")]
    pub ipfs_gateways: String,
    #[serde(default)]
    pub signing_seed: String,
    #[serde(default)]
    pub signing_seed_file: String,
    #[serde(default)]
    pub previous_signing_seed: String,
    #[serde(default)]
    pub previous_signing_seed_file: String,
    #[serde(default)]
    pub token_key: String,
    #[serde(default)]
    pub token_key_file: String,
    #[serde(default)]
    pub previous_token_key: String,
    #[serde(default)]
    pub previous_token_key_file: String,
    #[serde(default)]
    pub gateway_private_key: String,
    #[serde(default)]
    pub gateway_private_key_file: String,
    pub gateway_resolver: String,
    #[serde(default)]
    pub relay_private_key: String,
    #[serde(default)]
    pub relay_private_key_file: String,
    #[serde(default)]
    pub relay_contracts: String,
    #[serde(default = "default_relay_gwei_per_day", deserialize_with = "number")]
    pub relay_gwei_per_day: u64,
    #[serde(default = "default_relay_gwei_per_day_per_account", deserialize_with = "number")]
    pub relay_gwei_per_day_per_account: u64,
    #[serde(default = "default_relay_highest_fee_gwei", deserialize_with = "number")]
    pub relay_highest_fee_gwei: u64,
    #[serde(default = "default_burns_per_hour_per_account", deserialize_with = "number")]
    pub burns_per_hour_per_account: u64,
    #[serde(default = "default_gateway_ttl_seconds", deserialize_with = "number")]
    pub gateway_ttl_seconds: u64,
    #[serde(default = "default_size_limit", deserialize_with = "number")]
    pub size_limit: u64,
    #[serde(default = "default_mailbox_message_limit", deserialize_with = "number")]
    pub mailbox_message_limit: u64,
    #[serde(default = "default_mailbox_byte_limit", deserialize_with = "number")]
    pub mailbox_byte_limit: u64,
    #[serde(default = "default_mailbox_unknown_percent", deserialize_with = "number")]
    pub mailbox_unknown_percent: u64,
    #[serde(default = "default_mailbox_verified_percent", deserialize_with = "number")]
    pub mailbox_verified_percent: u64,
    #[serde(default = "default_mailbox_sender_percent", deserialize_with = "number")]
    pub mailbox_sender_percent: u64,
    #[serde(default = "default_disk_bytes_kept_free", deserialize_with = "number")]
    pub disk_bytes_kept_free: u64,
    #[serde(default = "default_disk_reserve_bytes", deserialize_with = "number")]
    pub disk_reserve_bytes: u64,
    #[serde(default, deserialize_with = "number")]
    pub message_ttl_seconds: u64,
    #[serde(default = "default_request_timeout_seconds", deserialize_with = "number")]
    pub request_timeout_seconds: u64,
    #[serde(default, deserialize_with = "truth")]
    pub allow_private_networks: bool,
    #[serde(default)]
    pub trusted_proxies: String,
    #[serde(default = "default_max_connections", deserialize_with = "number")]
    pub max_connections: u64,
    #[serde(default = "default_max_connections_per_address", deserialize_with = "number")]
    pub max_connections_per_address: u64,
    #[serde(default = "default_max_connections_kept_free", deserialize_with = "number")]
    pub max_connections_kept_free: u64,
    #[serde(default = "default_max_sockets_per_account", deserialize_with = "number")]
    pub max_sockets_per_account: u64,
    #[serde(default = "default_socket_events_at_once", deserialize_with = "number")]
    pub socket_events_at_once: u64,
    #[serde(default = "default_body_bytes_at_once", deserialize_with = "number")]
    pub body_bytes_at_once: u64,
    #[serde(default = "default_body_bytes_at_once_per_address", deserialize_with = "number")]
    pub body_bytes_at_once_per_address: u64,
    #[serde(default = "default_answer_bytes_at_once", deserialize_with = "number")]
    pub answer_bytes_at_once: u64,
    #[serde(default = "default_answer_bytes_at_once_per_address", deserialize_with = "number")]
    pub answer_bytes_at_once_per_address: u64,
    #[serde(default = "default_requests_per_minute", deserialize_with = "number")]
    pub requests_per_minute_per_address: u64,
    #[serde(default = "default_proxied_per_minute", deserialize_with = "number")]
    pub proxied_per_minute_per_address: u64,
    #[serde(default = "default_requests_per_minute", deserialize_with = "number")]
    pub requests_per_minute_per_account: u64,
    #[serde(default = "default_messages_per_minute", deserialize_with = "number")]
    pub messages_per_minute_per_sender: u64,
    #[serde(default = "default_unknown_messages_per_minute_per_address", deserialize_with = "number")]
    pub unknown_messages_per_minute_per_address: u64,
    #[serde(default = "default_unknown_messages_per_minute_per_mailbox", deserialize_with = "number")]
    pub unknown_messages_per_minute_per_mailbox: u64,
    #[serde(default = "default_sender_lookups_at_once", deserialize_with = "number")]
    pub sender_lookups_at_once: u64,
    #[serde(default = "default_sender_lookups_at_once_per_address", deserialize_with = "number")]
    pub sender_lookups_at_once_per_address: u64,
    #[serde(default = "default_outgoing_at_once", deserialize_with = "number")]
    pub outgoing_at_once: u64,
    #[serde(default = "default_outgoing_at_once_per_site", deserialize_with = "number")]
    pub outgoing_at_once_per_site: u64,
    #[serde(default = "default_outgoing_at_once_per_address", deserialize_with = "number")]
    pub outgoing_at_once_per_address: u64,
    #[serde(default = "default_codes_per_day_per_recipient", deserialize_with = "number")]
    pub codes_per_day_per_recipient: u64,
    #[serde(default = "default_codes_per_hour_per_address", deserialize_with = "number")]
    pub codes_per_hour_per_address: u64,
    #[serde(default = "default_codes_per_hour", deserialize_with = "number")]
    pub codes_per_hour: u64,
    #[serde(default = "default_names_per_day_per_address", deserialize_with = "number")]
    pub names_per_day_per_address: u64,
    #[serde(default = "default_registration")]
    pub registration: RegistrationWord,
    #[serde(default = "default_registration_work_bits", deserialize_with = "number")]
    pub registration_work_bits: u64,
    #[serde(default)]
    pub registration_contract: String,
    #[serde(default = "default_registration_slots", deserialize_with = "number")]
    pub registration_slots: u64,
    #[serde(default)]
    pub registration_receiver: String,
    #[serde(default = "default_sender_check")]
    pub sender_check: SenderCheck,
    #[serde(default = "default_storage_limit", deserialize_with = "number")]
    pub storage_limit: u64,
    #[serde(default)]
    pub staked_contract: String,
    #[serde(default = "default_staked_slots", deserialize_with = "number")]
    pub staked_slots: u64,
    #[serde(default)]
    pub staked_receiver: String,
    #[serde(default = "default_staked_storage_limit", deserialize_with = "number")]
    pub staked_storage_limit: u64,
    #[serde(default = "default_staked_blob_account_limit", deserialize_with = "number")]
    pub staked_blob_account_limit: u64,
    #[serde(default = "default_blob_limit", deserialize_with = "number")]
    pub blob_limit: u64,
    #[serde(default = "default_blob_account_limit", deserialize_with = "number")]
    pub blob_account_limit: u64,
    #[serde(default = "default_blob_total_limit", deserialize_with = "number")]
    pub blob_total_limit: u64,
    #[serde(default = "default_blob_ttl_seconds", deserialize_with = "number")]
    pub blob_ttl_seconds: u64,
    #[serde(default = "default_blobs_per_hour_per_account", deserialize_with = "number")]
    pub blobs_per_hour_per_account: u64,
    #[serde(default = "default_blob_megabytes_per_hour_per_address", deserialize_with = "number")]
    pub blob_megabytes_per_hour_per_address: u64,
    #[serde(default)]
    pub smtp_host: String,
    #[serde(default = "default_smtp_port", deserialize_with = "number")]
    pub smtp_port: u64,
    #[serde(default = "default_smtp_security")]
    pub smtp_security: String,
    #[serde(default)]
    pub smtp_ca_file: String,
    #[serde(default)]
    pub smtp_username: String,
    #[serde(default)]
    pub smtp_password: String,
    #[serde(default)]
    pub smtp_password_file: String,
    #[serde(default)]
    pub smtp_from: String,
    #[serde(default)]
    pub vapid_private_key: String,
    #[serde(default)]
    pub vapid_private_key_file: String,
    #[serde(default)]
    pub vapid_contact: String,
    #[serde(default, deserialize_with = "truth")]
    pub notifications_name_sender: bool,
    #[serde(default = "default_metrics_interval_seconds", deserialize_with = "number")]
    pub metrics_interval_seconds: u64,
    #[serde(default = "default_metrics_retention_seconds", deserialize_with = "number")]
    pub metrics_retention_seconds: u64,
    #[serde(default = "default_log")]
    pub log: String,
    #[serde(default = "default_log_format")]
    pub log_format: LogFormat,
    #[serde(default)]
    pub metrics_listen: String,
}

fn default_listen() -> String {
    "127.0.0.1:4040".into()
}

fn default_tls_directory() -> String {
    LETS_ENCRYPT_PRODUCTION_DIRECTORY.into()
}

fn default_tls_cache() -> String {
    "dm3-node-tls".into()
}

fn default_tls_handshakes_per_minute() -> u64 {
    600
}

fn default_reserved_names() -> String {
    "abuse, admin, administrator, bank, billing, contact, dm3, help, helpdesk, hostmaster, info, mail, moderator, news, \
     node, noreply, official, operator, payment, postmaster, root, sales, security, service, staff, support, system, \
     team, wallet, webmaster, www"
        .into()
}

fn default_chain_id() -> u64 {
    1
}

fn default_ens_registry() -> String {
    "0x00000000000C2E074eC69A0dFb2997BA6C7d2e1e".into()
}

fn default_ipfs_gateways() -> String {
    "https://trustless-gateway.link, https://ipfs.io".into()
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

fn default_registration() -> RegistrationWord {
    RegistrationWord::Open
}

fn default_registration_work_bits() -> u64 {
    20
}

fn default_staked_slots() -> u64 {
    1
}

fn default_staked_storage_limit() -> u64 {
    5_000_000_000
}

fn default_staked_blob_account_limit() -> u64 {
    2_500_000_000
}

fn default_registration_slots() -> u64 {
    1
}

fn default_sender_check() -> SenderCheck {
    SenderCheck::Reject
}

fn default_messages_per_minute() -> u64 {
    120
}

fn default_mailbox_sender_percent() -> u64 {
    25
}

fn default_mailbox_verified_percent() -> u64 {
    75
}

fn default_mailbox_unknown_percent() -> u64 {
    25
}

fn default_max_connections_kept_free() -> u64 {
    64
}

fn default_max_sockets_per_account() -> u64 {
    64
}

fn default_socket_events_at_once() -> u64 {
    8
}

fn default_body_bytes_at_once() -> u64 {
    67_108_864
}

fn default_body_bytes_at_once_per_address() -> u64 {
    16_777_216
}

fn default_unknown_messages_per_minute_per_mailbox() -> u64 {
    600
}

fn default_unknown_messages_per_minute_per_address() -> u64 {
    60
}

fn default_sender_lookups_at_once() -> u64 {
    64
}

fn default_sender_lookups_at_once_per_address() -> u64 {
    16
}

fn default_outgoing_at_once() -> u64 {
    64
}

fn default_outgoing_at_once_per_site() -> u64 {
    8
}

fn default_outgoing_at_once_per_address() -> u64 {
    16
}

fn default_codes_per_day_per_recipient() -> u64 {
    10
}

fn default_codes_per_hour_per_address() -> u64 {
    20
}

fn default_codes_per_hour() -> u64 {
    600
}

fn default_names_per_day_per_address() -> u64 {
    10
}

fn default_answer_bytes_at_once() -> u64 {
    268_435_456
}

fn default_answer_bytes_at_once_per_address() -> u64 {
    67_108_864
}

fn default_disk_bytes_kept_free() -> u64 {
    268_435_456
}

fn default_disk_reserve_bytes() -> u64 {
    33_554_432
}

fn default_storage_limit() -> u64 {
    500_000_000
}

fn default_blob_limit() -> u64 {
    25_000_000
}

fn default_blob_account_limit() -> u64 {
    250_000_000
}

fn default_blob_total_limit() -> u64 {
    10_000_000_000
}

fn default_blob_ttl_seconds() -> u64 {
    2_592_000
}

fn default_blobs_per_hour_per_account() -> u64 {
    120
}

fn default_blob_megabytes_per_hour_per_address() -> u64 {
    2_000
}

fn default_relay_gwei_per_day() -> u64 {
    20_000_000
}

fn default_relay_highest_fee_gwei() -> u64 {
    500
}

fn default_relay_gwei_per_day_per_account() -> u64 {
    2_000_000
}

fn default_burns_per_hour_per_account() -> u64 {
    20
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
