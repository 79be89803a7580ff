//! A new deployment: its keys, its configuration, and what its operator publishes.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dm3_core::registry::{DELIVERY_SERVICE_KEY, DeliveryServiceProfile, data_uri};
use dm3_core::seal::Entropy as _;
use dm3_core::web::BaseUrl;
use zeroize::Zeroizing;

use crate::config::{Config, ConfigError};
use crate::machine::entropy::OsEntropy;
use crate::machine::files::private;

/// The configuration that explains every key.
const EXAMPLE: &str = include_str!("../../dm3-node.example.toml");
/// Keys whose values in the example are nobody's, so they must be given or are left empty.
const NO_DEFAULT: [&str; 7] =
    ["public_url", "name", "address_domain", "user_domain", "rpc_url", "public_rpc_url", "gateway_resolver"];
/// Keys that are made here and never given: what is on a command line can be read by others.
const MADE: [&str; 3] = ["signing_seed", "token_key", "gateway_private_key"];

/// Why no deployment was made. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The file is there already.
    #[error("{0} is there already; its keys are a deployment's identity, so it is not overwritten")]
    Exists(PathBuf),
    /// The file can't be written.
    #[error("can't write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// An option that sets no key of the configuration.
    #[error("there is no option --{0}; every key of dm3-node.example.toml is one, with - for _")]
    Unknown(String),
    /// A secret on the command line.
    #[error("--{0} can't be given: it is made here, and a command line can be read by others")]
    Secret(String),
    /// The values are no configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Makes fresh keys, writes a configuration with `settings` (key and value) to a file that only its owner can
/// read, and returns it. `domain` gives `ds.`, `addr.` and `user.` names below it, unless they are set.
///
/// # Errors
/// [`InitError`]; then no file was written.
pub fn init(path: &Path, domain: Option<&str>, settings: &[(String, String)]) -> Result<Config, InitError> {
    let mut values: Vec<(String, String)> = NO_DEFAULT.map(|key| (key.to_owned(), String::new())).into();
    if let Some(domain) = domain {
        for (key, label) in [("name", "ds"), ("address_domain", "addr"), ("user_domain", "user")] {
            set(&mut values, key, format!("{label}.{domain}"));
        }
    }
    // At first the server listens at this machine alone, so whoever connects is its proxy.
    if !settings.iter().any(|(key, _)| key == "listen") {
        set(&mut values, "trusted_proxies", "127.0.0.1, ::1".into());
    }
    // The example's is mainnet's.
    if settings.iter().any(|(key, value)| key == "chain_id" && value != "1") {
        set(&mut values, "universal_resolver", String::new());
    }
    for (key, value) in settings {
        let option = key.replace('_', "-");
        if MADE.contains(&key.as_str()) {
            return Err(InitError::Secret(option));
        }
        if !EXAMPLE.lines().any(|line| key_of(line) == Some(key)) {
            return Err(InitError::Unknown(option));
        }
        set(&mut values, key, value.clone());
    }
    let mut secret = Zeroizing::new([0; 32]);
    OsEntropy.fill(secret.as_mut_slice());
    set(&mut values, "signing_seed", STANDARD.encode(secret.as_slice()));
    OsEntropy.fill(secret.as_mut_slice());
    set(&mut values, "token_key", STANDARD.encode(secret.as_slice()));
    OsEntropy.fill(secret.as_mut_slice());
    set(&mut values, "gateway_private_key", format!("0x{}", hex::encode(secret.as_slice())));
    let text = Zeroizing::new(filled(&values));
    for (_, value) in &mut values {
        zeroize::Zeroize::zeroize(value);
    }
    let config = Config::parse(&text, &path.display().to_string(), [])?;
    write(path, text.as_bytes())?;
    Ok(config)
}

fn set(values: &mut Vec<(String, String)>, key: &str, value: String) {
    match values.iter_mut().find(|(known, _)| known == key) {
        Some((_, known)) => *known = value,
        None => values.push((key.to_owned(), value)),
    }
}

fn key_of(line: &str) -> Option<&str> {
    line.split_once(" = ").map(|(key, _)| key).filter(|key| !key.starts_with('#'))
}

/// The example with these values instead of its own.
fn filled(values: &[(String, String)]) -> String {
    let mut text = String::new();
    for line in EXAMPLE.lines() {
        let value = key_of(line).and_then(|key| values.iter().find(|(known, _)| known == key));
        let result = match value {
            // Texts stand in quotation marks, and JSON's are TOML's, too; numbers and truth values do not.
            Some((key, value)) if line.ends_with('"') => {
                writeln!(text, "{key} = {}", serde_json::Value::from(value.as_str()))
            }
            Some((key, value)) => writeln!(text, "{key} = {value}"),
            None => writeln!(text, "{}", line.replace(" This one is public: replace it.", "")),
        };
        // Writing into a string does not fail.
        let _ = result;
    }
    text
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), InitError> {
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AlreadyExists => InitError::Exists(path.to_owned()),
        _ => InitError::Write { path: path.to_owned(), source },
    };
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

/// The URL template that sends CCIP-read clients to this deployment.
pub(crate) fn gateway_template(config: &Config) -> String {
    format!("{}/resolver/{{sender}}/{{data}}", config.public_url.as_str().trim_end_matches('/'))
}

/// What the delivery service's ENS record must hold.
pub(crate) fn delivery_service_profile(config: &Config) -> DeliveryServiceProfile {
    let keys = config.keys.public();
    let url: BaseUrl = config.public_url.child("ds");
    DeliveryServiceProfile { signing_key: keys.signing, encryption_key: keys.encryption, url }
}

/// The records that the operator publishes, for a person to copy.
pub fn records(config: &Config) -> String {
    let resolver = config.gateway_resolver;
    let mut text = format!(
        "The delivery service's record, set on its name's resolver:\n\n  \
         name      {}\n  key       {DELIVERY_SERVICE_KEY}\n  value     {}\n\n\
         The name gateway: the resolver contract, for each of these names, and who signs for it:\n\n",
        config.name,
        data_uri::of_json(&delivery_service_profile(config).to_json()),
    );
    for name in [Some(&config.address_domain), config.user_domain.as_ref()].into_iter().flatten() {
        // Writing into a string does not fail.
        let _ = write!(
            text,
            "  name      {name}\n  resolver  {resolver} (an ERC3668Resolver)\n  \
             there     setVerifierForDomain(0x{}, verifier, [\"{}\"])\n\n",
            hex::encode(name.namehash()),
            gateway_template(config),
        );
    }
    let _ = writeln!(
        text,
        "  verifier  a SignatureCcipVerifier of that resolver whose signers contain {}",
        config.gateway_key.address(),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn enough() -> Vec<(String, String)> {
        settings(&[
            ("public_url", "https://dm3.shop.org"),
            ("rpc_url", "https://rpc.shop.org/\"secret\" https://other.shop.org"),
            ("public_rpc_url", "https://rpc.shop.org"),
            ("gateway_resolver", "0x84ea74d481ee0a5332c457a4d796187f6ba67feb"),
        ])
    }

    #[test]
    fn a_new_configuration_has_fresh_keys_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one.toml"), folder.path().join("two.toml"));
        let first = init(&one, Some("shop.eth"), &enough()).unwrap();
        let second = init(&two, Some("shop.eth"), &enough()).unwrap();
        assert_eq!(first.name.as_str(), "ds.shop.eth");
        assert_eq!(first.user_domain.unwrap().as_str(), "user.shop.eth");
        assert_eq!(first.rpc_urls[0].as_str(), "https://rpc.shop.org/\"secret\"");
        assert_ne!(first.keys.public().signing.as_bytes(), second.keys.public().signing.as_bytes());
        assert_ne!(first.gateway_key.address(), second.gateway_key.address());
        let read = Config::load(&one).unwrap();
        assert_eq!(read.keys.public().signing.as_bytes(), first.keys.public().signing.as_bytes());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&one).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let text = std::fs::read_to_string(&one).unwrap();
        assert!(!text.contains("example.eth\"") && !text.contains("replace it"), "{text}");
    }

    #[test]
    fn a_proxy_on_this_machine_is_trusted_and_another_chain_has_no_resolver_of_mainnets() {
        let folder = tempfile::tempdir().unwrap();
        let made = |name: &str, more: &[(&str, &str)]| {
            let settings = [enough(), settings(more)].concat();
            init(&folder.path().join(name), Some("shop.eth"), &settings).unwrap()
        };
        let usual = made("usual", &[]);
        assert!(usual.trusted_proxies.contains("127.0.0.1".parse().unwrap()));
        assert!(usual.universal_resolver.is_some());
        let open = made("open", &[("listen", "0.0.0.0:4040")]);
        assert!(!open.trusted_proxies.contains("127.0.0.1".parse().unwrap()));
        assert_eq!(made("sepolia", &[("chain_id", "11155111")]).universal_resolver, None);
        let resolver = "0xeEeEEEeE14D718C2B47D9923Deab1335E144EeEe";
        let given = made("given", &[("chain_id", "11155111"), ("universal_resolver", resolver)]);
        assert!(given.universal_resolver.is_some());
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_half_done_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("node.toml");
        let mut wrong = enough();
        wrong.push(("size_limit".into(), "7".into()));
        assert!(matches!(init(&file, Some("shop.eth"), &wrong), Err(InitError::Config(_))));
        assert!(matches!(init(&file, None, &enough()), Err(InitError::Config(_))), "no name");
        assert!(!file.exists());
        init(&file, Some("shop.eth"), &enough()).unwrap();
        let before = std::fs::read(&file).unwrap();
        assert!(matches!(init(&file, Some("shop.eth"), &enough()), Err(InitError::Exists(_))));
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }

    #[test]
    fn secrets_and_unknown_options_are_refused() {
        let file = Path::new("/nowhere/node.toml");
        let with = |key: &str| init(file, None, &settings(&[(key, "x")])).err().unwrap().to_string();
        assert!(with("signing_seed").contains("--signing-seed can't be given"));
        assert!(with("size_limt").contains("no option --size-limt"));
    }

    #[test]
    fn the_records_name_every_exact_value() {
        let folder = tempfile::tempdir().unwrap();
        let config = init(&folder.path().join("node.toml"), Some("shop.eth"), &enough()).unwrap();
        let text = records(&config);
        let profile = text.lines().find_map(|line| line.strip_prefix("  value     ")).unwrap();
        let json = data_uri::json_of(profile).unwrap();
        let profile = DeliveryServiceProfile::parse(&json).unwrap();
        assert_eq!(profile.url.as_str(), "https://dm3.shop.org/ds");
        assert_eq!(&profile.signing_key.as_bytes()[..], &config.keys.public().signing.as_bytes()[..]);
        for piece in [
            "network.dm3.deliveryService",
            "[\"https://dm3.shop.org/resolver/{sender}/{data}\"]",
            &config.gateway_key.address().to_string(),
            &hex::encode(config.address_domain.namehash()),
        ] {
            assert!(text.contains(piece), "{piece} in\n{text}");
        }
    }
}
