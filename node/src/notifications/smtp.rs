//! The mail server that notifications go through.

use std::fmt;
use std::path::PathBuf;

use lettre::Address;
use zeroize::Zeroizing;

/// How the connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte, usually on port 465.
    Tls,
    /// TLS after the first words, usually on port 587; never without.
    StartTls,
    /// Not at all: only for a server on this machine.
    None,
}

/// A mail server and how to use it.
#[derive(Clone)]
pub struct Smtp {
    /// Its host name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: SmtpSecurity,
    /// Certificates in PEM that are trusted for it, in addition to the public ones.
    pub ca_file: Option<PathBuf>,
    /// User name and password, if it wants them. Secret.
    pub login: Option<(String, Zeroizing<String>)>,
    /// The address mail comes from.
    pub from: Address,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}
