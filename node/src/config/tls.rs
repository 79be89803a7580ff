//! TLS of the node's own.

use std::path::PathBuf;

use dm3_core::web::{BaseUrl, HttpUrl};
use rustls::pki_types::DnsName;

use super::{ConfigError, host_of};
use crate::tls::{AcmeChoice, FilesChoice, TlsChoice};

/// The most names of one certificate.
const MOST_NAMES: usize = 8;

/// The keys as they are written.
pub(super) struct TlsKeys<'a> {
    pub names: &'a str,
    pub directory: &'a str,
    pub contact: &'a str,
    pub folder: &'a str,
    pub ca_file: &'a str,
    pub certificate_file: &'a str,
    pub key_file: &'a str,
}

impl TlsKeys<'_> {
    /// Checks them; neither names nor files is no TLS.
    pub(super) fn check(self, public_url: &BaseUrl) -> Result<Option<TlsChoice>, ConfigError> {
        let names = names(self.names)?;
        let choice = match (self.certificate_file, self.key_file) {
            ("", "") if names.is_empty() => return Ok(None),
            ("", "") => self.acme(names, public_url)?,
            ("", _) | (_, "") => {
                return Err(wrong("tls_key_file", "set together with tls_certificate_file, or neither"));
            }
            _ if !names.is_empty() => {
                return Err(wrong(
                    "tls_names",
                    "empty where tls_certificate_file is set, or the other way round",
                ));
            }
            (certificate, key) => {
                TlsChoice::Files(FilesChoice { certificate: certificate.into(), key: key.into() })
            }
        };
        if !public_url.as_str().starts_with("https://") {
            return Err(wrong("public_url", "an https:// address, since the node has TLS of its own"));
        }
        Ok(Some(choice))
    }

    fn acme(&self, names: Vec<String>, public_url: &BaseUrl) -> Result<TlsChoice, ConfigError> {
        if !names.iter().any(|name| name == host_of(public_url)) {
            return Err(wrong("tls_names", "host names, and that of public_url among them"));
        }
        let directory: HttpUrl = self
            .directory
            .parse()
            .map_err(|_| wrong("tls_directory", "the https:// address of an ACME server's directory"))?;
        if !(self.contact.is_empty() || is_mail(self.contact)) {
            return Err(wrong("tls_contact", "mailto: and a mail address, or empty"));
        }
        if self.folder.is_empty() {
            return Err(wrong("tls_cache", "a folder"));
        }
        Ok(TlsChoice::Acme(AcmeChoice {
            names,
            directory,
            contact: Some(self.contact).filter(|text| !text.is_empty()).map(str::to_owned),
            folder: self.folder.into(),
            ca_file: Some(self.ca_file).filter(|path| !path.is_empty()).map(PathBuf::from),
        }))
    }
}

fn wrong(key: &'static str, expected: &'static str) -> ConfigError {
    ConfigError::Value { key, expected }
}

fn is_mail(text: &str) -> bool {
    text.strip_prefix("mailto:").is_some_and(|mail| mail.parse::<lettre::Address>().is_ok())
}

/// Host names with commas between them, in lower case and each once. This challenge is not for names with `*`.
fn names(text: &str) -> Result<Vec<String>, ConfigError> {
    let mut names = Vec::new();
    for name in text.split([',', ' ']).filter(|name| !name.is_empty()) {
        let name = name.to_lowercase();
        let is_host = name.is_ascii() && !name.ends_with('.') && !name.contains('_');
        if !is_host || DnsName::try_from(name.as_str()).is_err() {
            return Err(wrong(
                "tls_names",
                "host names as dm3.example.org, with commas between them; none with *",
            ));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > MOST_NAMES {
        return Err(wrong("tls_names", "at most eight names"));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: TlsKeys<'_> = TlsKeys {
        names: "dm3.example.org",
        directory: "https://acme.example/directory",
        contact: "",
        folder: "tls",
        ca_file: "",
        certificate_file: "",
        key_file: "",
    };

    fn check(keys: TlsKeys<'_>) -> Result<Option<TlsChoice>, String> {
        keys.check(&"https://dm3.example.org:8443".parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_certificate_is_asked_for_by_names_or_read_from_files_or_there_is_none() {
        assert!(check(TlsKeys { names: "", ..KEYS }).unwrap().is_none());
        let Some(TlsChoice::Acme(acme)) =
            check(TlsKeys { names: "A.example, DM3.example.org a.example", ..KEYS }).unwrap()
        else {
            panic!("names are asked for");
        };
        assert_eq!(acme.names, ["a.example", "dm3.example.org"]);
        assert_eq!((acme.contact, acme.ca_file), (None, None));
        let files = TlsKeys { names: "", certificate_file: "cert.pem", key_file: "key.pem", ..KEYS };
        assert!(matches!(check(files), Ok(Some(TlsChoice::Files(_)))));
    }

    #[test]
    fn a_mistake_is_told_by_its_key() {
        let nine: String = (0..8).map(|n| format!("{n}.example,")).collect::<String>() + "dm3.example.org";
        for (keys, key) in [
            (TlsKeys { names: "*.example.org, dm3.example.org", ..KEYS }, "tls_names"),
            (TlsKeys { names: "https://dm3.example.org", ..KEYS }, "tls_names"),
            (TlsKeys { names: "dm3.example.org:443", ..KEYS }, "tls_names"),
            (TlsKeys { names: "127.0.0.1, dm3.example.org", ..KEYS }, "tls_names"),
            (TlsKeys { names: "dm3.example.org.", ..KEYS }, "tls_names"),
            (TlsKeys { names: "dm3_.example.org, dm3.example.org", ..KEYS }, "tls_names"),
            (TlsKeys { names: "münchen.example, dm3.example.org", ..KEYS }, "tls_names"),
            (TlsKeys { names: "other.example.org", ..KEYS }, "tls_names"),
            (TlsKeys { names: &nine, ..KEYS }, "tls_names"),
            (TlsKeys { directory: "acme.example", ..KEYS }, "tls_directory"),
            (TlsKeys { directory: "http://acme.example/", ..KEYS }, "tls_directory"),
            (TlsKeys { contact: "you@example.org", ..KEYS }, "tls_contact"),
            (TlsKeys { contact: "mailto:you", ..KEYS }, "tls_contact"),
            (TlsKeys { folder: "", ..KEYS }, "tls_cache"),
            (TlsKeys { certificate_file: "cert.pem", ..KEYS }, "tls_key_file"),
            (TlsKeys { certificate_file: "cert.pem", key_file: "key.pem", ..KEYS }, "tls_names"),
        ] {
            let error = check(keys).expect_err(key);
            assert!(error.starts_with(key), "{key}: {error}");
        }
        let plain = KEYS.check(&"http://localhost:4040".parse().unwrap());
        assert!(plain.is_err());
        let plain = TlsKeys { names: "localhost", ..KEYS }.check(&"http://localhost:4040".parse().unwrap());
        assert!(plain.unwrap_err().to_string().starts_with("public_url"));
    }
}
