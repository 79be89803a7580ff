//! TLS in the node itself, where an operator wants no proxy.
//!
//! ```text
//! choice (from the configuration) ─▶ Tls ─▶ acme ─▶ kept (a folder) ─▶ served ─▶ handshakes, readiness, metrics
//!                                       └─▶ files ────────────────────▶
//! ```

mod acme;
mod certificate;
mod choice;
mod failure;
mod files;
mod kept;
mod served;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_acme::acme::ACME_TLS_ALPN_NAME;
use tokio_rustls::TlsAcceptor;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

pub use self::certificate::Certificate;
pub use self::choice::{AcmeChoice, FilesChoice, TlsChoice};
pub use self::files::{FilesError, read as read_files};
pub use self::kept::{account_file, certificate_file};
use self::served::Served;
pub use self::served::{date, seconds};
use crate::monitoring::metrics::Metrics;

/// Why TLS can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The versions and ciphers are not to be had.
    #[error("TLS can't be set up: {0}")]
    Setup(#[from] rustls::Error),
    /// The certificates that the settings name can't be used.
    #[error("tls_ca_file {0} holds no certificates in PEM that can be read: {1}")]
    Authorities(PathBuf, String),
    /// The operator's own certificate can't be used.
    #[error(transparent)]
    Files(#[from] FilesError),
}

/// What handshakes are made with.
pub struct Tls {
    served: Arc<Served>,
    acceptor: TlsAcceptor,
}

/// What has to run so that there is a certificate.
pub enum Renewal {
    /// Asks an authority.
    Acme(AcmeChoice, Arc<ClientConfig>),
    /// Looks at files.
    Files(FilesChoice),
}

impl Tls {
    /// Sets it up; nobody is asked yet.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn new(choice: TlsChoice, metrics: Arc<Metrics>) -> Result<(Arc<Self>, Renewal), TlsError> {
        let served = Arc::new(Served::new(metrics));
        let renewal = match choice {
            TlsChoice::Acme(choice) => {
                let client = acme_client(&choice)?;
                Renewal::Acme(choice, client)
            }
            TlsChoice::Files(choice) => {
                served.show(files::read(&choice)?, "files");
                Renewal::Files(choice)
            }
        };
        let mut config = ServerConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(served.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec(), ACME_TLS_ALPN_NAME.to_vec()];
        Ok((Arc::new(Self { served, acceptor: TlsAcceptor::from(Arc::new(config)) }), renewal))
    }

    /// Makes handshakes.
    pub const fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Why handshakes fail, if they do.
    pub fn fault(&self) -> Option<String> {
        self.served.fault()
    }

    /// Keeps a certificate there, for as long as the node runs.
    pub async fn run(self: Arc<Self>, renewal: Renewal) {
        let served = self.served.clone();
        match renewal {
            Renewal::Acme(choice, client) => acme::run(choice, client, served).await,
            Renewal::Files(choice) => files::run(choice, served).await,
        }
    }
}

/// Whether this protocol was agreed upon for an authority's question alone, which the handshake has answered.
pub fn is_challenge(protocol: Option<&[u8]>) -> bool {
    protocol == Some(ACME_TLS_ALPN_NAME)
}

/// Whether the authority's directory can be read.
///
/// # Errors
/// Why not, in words that are bounded.
pub async fn look_at_directory(choice: &AcmeChoice) -> Result<(), String> {
    let client = acme_client(choice).map_err(|error| error.to_string())?;
    acme::look(choice, &client).await
}

/// Trusts the public authorities for the ACME server, and who else is named.
fn acme_client(choice: &AcmeChoice) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(TLS_SERVER_ROOT_CERTS.iter().cloned());
    if let Some(path) = &choice.ca_file {
        let wrong = |reason: String| TlsError::Authorities(path.clone(), reason);
        let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let found = found.map_err(|error| wrong(error.to_string()))?;
        let (taken, _) = roots.add_parsable_certificates(found);
        if taken == 0 {
            return Err(wrong("it holds none".into()));
        }
    }
    Ok(Arc::new(
        ClientConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    ))
}
