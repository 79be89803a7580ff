//! A certificate that can be used: with its key, and with the time it is good for.

use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use x509_parser::parse_x509_certificate;
use zeroize::Zeroize as _;

/// Why bytes are no certificate that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// No certificate in PEM.
    #[error("there is no certificate in PEM that can be read")]
    Certificate,
    /// No key in PEM, or of a kind that is not known.
    #[error("there is no private key in PEM that can be read")]
    Key,
    /// The key is another certificate's.
    #[error("the key is not this certificate's")]
    OtherKey,
}

/// A certificate with its key.
#[derive(Debug)]
pub struct Certificate {
    /// As TLS wants it.
    pub certified: Arc<CertifiedKey>,
    /// Since when it is good, in seconds since 1970.
    pub begins: i64,
    /// Until when.
    pub ends: i64,
}

impl Certificate {
    /// Reads both from PEM, which may be the same text.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| CertificateError::Certificate)?;
        let first = chain.first().ok_or(CertificateError::Certificate)?;
        let (_, parsed) = parse_x509_certificate(first).map_err(|_| CertificateError::Certificate)?;
        let (begins, ends) =
            (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp());
        let mut key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CertificateError::Key)?;
        let signing = any_supported_type(&key);
        key.zeroize();
        let certified = CertifiedKey::new(chain, signing.map_err(|_| CertificateError::Key)?);
        certified.keys_match().map_err(|_| CertificateError::OtherKey)?;
        Ok(Self { certified: Arc::new(certified), begins, ends })
    }

    /// When two thirds of its time are over, in seconds since 1970: then authorities want it renewed.
    pub const fn renewal(&self) -> i64 {
        self.ends - (self.ends - self.begins) / 3
    }

    /// Whether it is for this host name.
    pub fn is_for(&self, host: &str) -> bool {
        let Some(Ok(parsed)) = self.certified.cert.first().map(ParsedCertificate::try_from) else {
            return false;
        };
        ServerName::try_from(host).is_ok_and(|host| verify_server_name(&parsed, &host).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};

    use super::*;

    fn pem(name: &str) -> (String, String) {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    #[test]
    fn a_certificate_is_for_its_own_names_alone() {
        let (chain, key) = pem("node.example");
        let certificate = Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        assert!(certificate.is_for("node.example") && certificate.is_for("Node.Example"));
        for other in ["other.example", "a.node.example", "127.0.0.1", "", "no name"] {
            assert!(!certificate.is_for(other), "{other}");
        }
        assert!(certificate.begins < certificate.renewal() && certificate.renewal() < certificate.ends);
        let whole = format!("{key}{chain}");
        assert!(Certificate::from_pem(whole.as_bytes(), whole.as_bytes()).is_ok());
    }

    #[test]
    fn what_does_not_belong_together_is_none() {
        let ((chain, key), (other, _)) = (pem("node.example"), pem("other.example"));
        let read =
            |chain: &str, key: &str| Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap_err();
        assert_eq!(read(&other, &key), CertificateError::OtherKey);
        assert_eq!(read(&key, &key), CertificateError::Certificate);
        assert_eq!(read("", &key), CertificateError::Certificate);
        assert_eq!(read(&chain, &chain), CertificateError::Key);
        assert_eq!(read(&chain[..chain.len() / 2], &key), CertificateError::Certificate);
    }
}
