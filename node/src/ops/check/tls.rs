//! TLS of the node's own: its certificate, where that is kept, and whom it is asked of.

use std::path::Path;
use std::time::Duration;

use super::Findings;
use super::local::{permissions, tempfile_in};
use crate::config::Config;
use crate::store::Database;
use crate::tls::{
    AcmeChoice, Certificate, FilesChoice, TlsChoice, account_file, certificate_file, date, look_at_directory,
    read_files, seconds,
};

/// Where an authority looks for the node (RFC 8737, section 3).
const PORT: u16 = 443;
/// How long the authority's server may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn check(found: &mut Findings, config: &Config) {
    match &config.tls {
        Some(TlsChoice::Acme(choice)) => acme(found, config, choice).await,
        Some(TlsChoice::Files(choice)) => files(found, config, choice),
        None => {}
    }
}

async fn acme(found: &mut Findings, config: &Config, choice: &AcmeChoice) {
    if config.listen.port() != PORT {
        found.doubt(
            "TLS",
            format!("an authority looks for the node at port {PORT}, and it listens at {}", config.listen),
            format!(
                "let port {PORT} of every name lead there, and TLS unopened; or listen = \"[::]:{PORT}\" \
                 (docs/operating.md says how the node may)"
            ),
        );
    }
    if matches!(config.database, Database::Postgres(_)) {
        found.doubt(
            "TLS",
            "each process that serves this database asks for a certificate of its own, and an authority's question has \
             to reach the process that asked",
            "with several processes, let a proxy do TLS, or give all the same tls_certificate_file",
        );
    }
    // A relative path ends at the folder that the program runs in.
    let folder = choice.folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    if let Err(error) = tempfile_in(folder) {
        found.wrong(
            "TLS",
            format!("nothing can be written to {}, for tls_cache: {error}", folder.display()),
            "create the folder and let the user that runs the node write there",
        );
    }
    for file in [account_file(choice), certificate_file(choice)] {
        permissions(found, "TLS", &file, true);
    }
    kept(found, choice);
    match tokio::time::timeout(PATIENCE, look_at_directory(choice)).await {
        Ok(Ok(())) => found.good("TLS", format!("the ACME server {} answers", choice.directory.as_str())),
        Ok(Err(error)) => found.wrong("TLS", format!("tls_directory: {error}"), AWAY),
        Err(_) => found.wrong("TLS", "tls_directory: the ACME server does not answer", AWAY),
    }
}

const AWAY: &str = "check tls_directory and this machine's way there; if your own authority runs it, name its \
                    certificate in tls_ca_file";

fn kept(found: &mut Findings, choice: &AcmeChoice) {
    let file = certificate_file(choice);
    let Ok(pem) = std::fs::read(&file).map(zeroize::Zeroizing::new) else {
        return found.good("TLS", "no certificate is kept yet; the start asks for one");
    };
    match Certificate::from_pem(&pem, &pem) {
        Ok(certificate) => expiry(found, &certificate, "see the log of the node for why it was not renewed"),
        Err(error) => found.doubt(
            "TLS",
            format!("{}: {error}", file.display()),
            "remove the file; the start asks for a certificate",
        ),
    }
}

fn files(found: &mut Findings, config: &Config, choice: &FilesChoice) {
    let certificate = match read_files(choice) {
        Ok(certificate) => certificate,
        Err(error) => {
            return found.wrong(
                "TLS",
                error.to_string(),
                "let tls_certificate_file and tls_key_file be a certificate and its key, in PEM, that this user can read",
            );
        }
    };
    if certificate.is_for(config.host()) {
        expiry(found, &certificate, "renew it");
    } else {
        let text =
            format!("the certificate in {} is not for {}", choice.certificate.display(), config.host());
        found.wrong("TLS", text, "let it name the host of public_url");
    }
}

fn expiry(found: &mut Findings, certificate: &Certificate, remedy: &'static str) {
    let until = date(certificate.ends);
    let left = certificate.ends - seconds();
    // Half of the time is over in which it is renewed.
    let soon = (certificate.ends - certificate.renewal()) / 2;
    if left <= 0 {
        found.wrong("TLS", format!("the certificate has expired on {until}"), remedy);
    } else if left < soon {
        found.doubt("TLS", format!("the certificate expires soon, on {until}"), remedy);
    } else {
        found.good("TLS", format!("the certificate is good until {until}"));
    }
}
