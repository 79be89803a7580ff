//! Where an operator has certificates from.

use std::path::PathBuf;

use dm3_core::web::HttpUrl;

/// Where certificates come from.
#[derive(Debug, Clone)]
pub enum TlsChoice {
    /// From an authority that is asked for them.
    Acme(AcmeChoice),
    /// From files that somebody else renews.
    Files(FilesChoice),
}

/// What is asked of whom.
#[derive(Debug, Clone)]
pub struct AcmeChoice {
    /// The host names that the certificate is for, in lower case.
    pub names: Vec<String>,
    /// The authority's directory (RFC 8555, section 7.1.1).
    pub directory: HttpUrl,
    /// Where the authority finds the operator: `mailto:…`.
    pub contact: Option<String>,
    /// Where the account's key and the certificate are kept.
    pub folder: PathBuf,
    /// Certificates in PEM that are trusted for the authority's server, beside the public ones.
    pub ca_file: Option<PathBuf>,
}

/// Both in PEM.
#[derive(Debug, Clone)]
pub struct FilesChoice {
    /// The certificate, and those up to its authority's.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}
