//! A certificate in files that somebody else renews, as certbot does: they are read again and again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::certificate::{Certificate, CertificateError};
use super::choice::FilesChoice;
use super::failure::Failure;
use super::served::Served;

/// How often they are read.
const READ_EVERY: Duration = Duration::from_secs(10);

/// Why the files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// One can't be read.
    #[error("can't read {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// They hold no certificate.
    #[error("{certificate} and {key}: {error}")]
    Certificate {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's.
        key: PathBuf,
        /// Why not.
        error: CertificateError,
    },
}

/// Reads them.
///
/// # Errors
/// [`FilesError`].
pub fn read(choice: &FilesChoice) -> Result<Certificate, FilesError> {
    let bytes = |path: &Path| {
        let bytes = std::fs::read(path).map(Zeroizing::new);
        bytes.map_err(|source| FilesError::Read { path: path.to_owned(), source })
    };
    Certificate::from_pem(&bytes(&choice.certificate)?, &bytes(&choice.key)?).map_err(|error| {
        FilesError::Certificate { certificate: choice.certificate.clone(), key: choice.key.clone(), error }
    })
}

/// Shows what the files hold, for as long as the node runs.
pub async fn run(choice: FilesChoice, served: Arc<Served>) {
    let mut interval = tokio::time::interval(READ_EVERY);
    let mut told = None;
    loop {
        interval.tick().await;
        // Small files, which the operating system has in memory.
        match read(&choice) {
            Ok(certificate) => {
                served.show(certificate, "files");
                told = None;
            }
            // Between the two writes of who renews them they may not belong together: what is shown stays.
            Err(error) => {
                let text = error.to_string();
                if told.as_ref() != Some(&text) {
                    tracing::warn!(%error, "the certificate is not renewed");
                    served.failed(Failure::Files);
                    told = Some(text);
                }
            }
        }
    }
}
