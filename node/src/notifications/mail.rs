//! Mail by SMTP.
//!
//! `lettre` 0.11.23 (August 2026, MIT) because it is the one kept SMTP client for tokio that takes rustls
//! with ring and bundled roots.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::smtp::{Smtp, SmtpSecurity};

/// How long one command of the mail server may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// What a certificate in PEM begins with (RFC 7468, section 5.1).
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// The longest mail address, in bytes (RFC 5321, 4.5.3.1.3).
const MAX_ADDRESS: usize = 254;

/// Why a mail was not handed over. Never shows the password or the receiver.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The certificates that the settings name can't be used.
    #[error("smtp_ca_file {path} holds no certificates in PEM that can be read: {reason}")]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The settings make no mail server.
    #[error("the mail server's TLS can't be set up: {0}")]
    Setup(lettre::transport::smtp::Error),
    /// The sender or receiver is no mail address, or the text can't be sent.
    #[error("the mail can't be written: {0}")]
    Message(#[from] lettre::error::Error),
    /// The mail server can't be reached or refuses.
    #[error("the mail server did not take the mail: {0}")]
    Transport(lettre::transport::smtp::Error),
}

/// A mail server that takes this node's mail.
pub struct Mailer {
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Mailer {
    /// Sets the connection up; nothing is sent yet. `hello` is the host name this node greets with.
    ///
    /// # Errors
    /// [`MailError::Authorities`] or [`MailError::Setup`].
    pub fn new(smtp: &Smtp, hello: &str) -> Result<Self, MailError> {
        let parameters = || {
            let mut builder =
                TlsParameters::builder(smtp.host.clone()).certificate_store(CertificateStore::WebpkiRoots);
            if let Some(path) = &smtp.ca_file {
                builder = builder.add_root_certificate(authorities(path)?);
            }
            builder.build_rustls().map_err(MailError::Setup)
        };
        let tls = match smtp.security {
            SmtpSecurity::Tls => Tls::Wrapper(parameters()?),
            SmtpSecurity::StartTls => Tls::Required(parameters()?),
            SmtpSecurity::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(smtp.port)
            .tls(tls)
            .timeout(Some(TIMEOUT))
            .hello_name(ClientId::Domain(hello.to_owned()));
        if let Some((user, password)) = &smtp.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.to_string()));
        }
        Ok(Self { from: Mailbox::new(None, smtp.from.clone()), transport: builder.build() })
    }

    /// Signs in to the mail server and leaves, to see whether it would take mail.
    ///
    /// # Errors
    /// [`MailError::Transport`].
    pub async fn sign_in(&self) -> Result<(), MailError> {
        self.transport.test_connection().await.map(|_| ()).map_err(MailError::Transport)
    }

    /// Hands a mail over.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn send(&self, to: Address, subject: &str, text: String) -> Result<(), MailError> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text)?;
        self.transport.send(message).await.map(|_| ()).map_err(MailError::Transport)
    }
}

fn authorities(path: &Path) -> Result<Certificate, MailError> {
    let wrong = |reason| MailError::Authorities { path: path.to_owned(), reason };
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    // A file without any would be taken for a list of none.
    if !pem.windows(BEGIN.len()).any(|window| window == BEGIN) {
        return Err(wrong("there is none in it".to_owned()));
    }
    Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))
}

/// Reads a mail address as deployed clients may give it: ASCII, a domain with a top level of letters, and no quotation marks,
/// which would write one mailbox in many ways.
pub fn address(text: &str) -> Option<Address> {
    let address: Address = text.parse().ok()?;
    let (_, top) = address.domain().rsplit_once('.')?;
    let graphic = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    let usual = graphic && top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic());
    (usual && text.len() <= MAX_ADDRESS).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mail_addresses_are_mail_addresses() {
        for text in ["bob@example.test", "b.o-b+dm3@mail.example.org", "B@EXAMPLE.ORG"] {
            assert!(address(text).is_some(), "{text}");
        }
        let long = format!("{}@example.org", "b".repeat(300));
        for text in [
            "",
            "nope",
            "bob@",
            "@example.org",
            "bob@localhost",
            "bob@127.0.0.1",
            "bob@example.org\r\nBcc: all@example.org",
            "bob@example.org, eve@example.org",
            "Bob <bob@example.org>",
            "böb@example.org",
            "\"bob\"@example.org",
            "\"b\\ob\"@example.org",
            &long,
        ] {
            assert!(address(text).is_none(), "{text}");
        }
    }
}
