//! Values that nobody else may read: written in the configuration, or in a file of their own that its key with `_file`
//! names, as systemd's credentials and Docker's secrets are.

use std::io::Read as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dm3_core::identity::{KeySeed, ProfileKeys};
use zeroize::Zeroizing;

use super::ConfigError;
use super::keys::Keys;

/// The largest file that is read, in bytes.
const MOST: u64 = 65_536;

/// The secrets of a configuration.
pub(super) struct Secrets {
    pub seed: KeySeed,
    pub previous_keys: Option<ProfileKeys>,
    pub token_key: Zeroizing<[u8; 32]>,
    pub previous_token_key: Option<Zeroizing<[u8; 32]>>,
    pub rpc_urls: Zeroizing<String>,
    pub gateway_private_key: Zeroizing<String>,
    pub relay_private_key: Zeroizing<String>,
    pub smtp_password: Zeroizing<String>,
    pub vapid_private_key: Zeroizing<String>,
    pub database_password: Option<Zeroizing<String>>,
    /// The files they were read from.
    pub files: Vec<PathBuf>,
}

impl Secrets {
    /// Takes them out of the keys.
    pub fn take(keys: &mut Keys) -> Result<Self, ConfigError> {
        let mut files = Vec::new();
        let mut read = |key, value: &mut String, file: &str| secret(&mut files, key, value, file);
        let seed = read("signing_seed", &mut keys.signing_seed, &keys.signing_seed_file)?;
        let seed = of_base64("signing_seed", &seed)?.ok_or_else(|| wrong("signing_seed"))?;
        let previous =
            read("previous_signing_seed", &mut keys.previous_signing_seed, &keys.previous_signing_seed_file)?;
        let previous = of_base64("previous_signing_seed", &previous)?;
        let token_key = read("token_key", &mut keys.token_key, &keys.token_key_file)?;
        let token_key = of_base64("token_key", &token_key)?;
        let previous_token_key =
            read("previous_token_key", &mut keys.previous_token_key, &keys.previous_token_key_file)?;
        let previous_token_key = of_base64("previous_token_key", &previous_token_key)?;
        let gateway_private_key =
            read("gateway_private_key", &mut keys.gateway_private_key, &keys.gateway_private_key_file)?;
        let relay_private_key =
            read("relay_private_key", &mut keys.relay_private_key, &keys.relay_private_key_file)?;
        let rpc_urls = read("rpc_url", &mut keys.rpc_url, &keys.rpc_url_file)?;
        let smtp_password = read("smtp_password", &mut keys.smtp_password, &keys.smtp_password_file)?;
        let vapid_private_key =
            read("vapid_private_key", &mut keys.vapid_private_key, &keys.vapid_private_key_file)?;
        let database_password =
            read("database_password_file", &mut String::new(), &keys.database_password_file)?;
        let seed = KeySeed::from_bytes(*seed);
        let previous = previous.map(|bytes| KeySeed::from_bytes(*bytes));
        // Without a token key of its own, tokens were made under one of the seed.
        let of_previous_seed = previous.as_ref().filter(|_| token_key.is_none()).map(crate::auth::token_key);
        let previous_token_key = previous_token_key.or(of_previous_seed);
        Ok(Self {
            token_key: token_key.unwrap_or_else(|| crate::auth::token_key(&seed)),
            previous_token_key,
            previous_keys: previous.as_ref().map(ProfileKeys::derive),
            seed,
            rpc_urls,
            gateway_private_key,
            relay_private_key,
            smtp_password,
            vapid_private_key,
            database_password: Some(database_password).filter(|password| !password.is_empty()),
            files,
        })
    }
}

/// A value, or what its file holds, without the white space around it.
fn secret(
    files: &mut Vec<PathBuf>,
    key: &'static str,
    value: &mut String,
    file: &str,
) -> Result<Zeroizing<String>, ConfigError> {
    let value = Zeroizing::new(std::mem::take(value));
    if file.is_empty() {
        return Ok(Zeroizing::new(value.trim().to_owned()));
    }
    if !value.is_empty() {
        return Err(ConfigError::Value { key, expected: "given itself or in a file of its own, not both" });
    }
    let path = PathBuf::from(file);
    let mut text = Zeroizing::new(String::new());
    let opened = std::fs::File::open(&path);
    let read = opened.and_then(|opened| opened.take(MOST).read_to_string(&mut text));
    read.map_err(|source| ConfigError::Read { path: path.clone(), source })?;
    files.push(path);
    match text.trim() {
        "" => Err(ConfigError::Value { key, expected: "in its file, which is empty" }),
        text => Ok(Zeroizing::new(text.to_owned())),
    }
}

/// 32 bytes; none if there is no text.
fn of_base64(key: &'static str, text: &str) -> Result<Option<Zeroizing<[u8; 32]>>, ConfigError> {
    if text.is_empty() {
        return Ok(None);
    }
    let bytes = STANDARD.decode(text).map(Zeroizing::new).map_err(|_| wrong(key))?;
    let bytes = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| wrong(key))?;
    Ok(Some(Zeroizing::new(bytes)))
}

fn wrong(key: &'static str) -> ConfigError {
    ConfigError::Value { key, expected: "32 bytes in base64" }
}
