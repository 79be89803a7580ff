//! The folder in which an account with an authority and the certificate are kept, so that a restart asks for nothing.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use rustls_acme::{AccountCache, CertCache};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::certificate::Certificate;
use super::choice::AcmeChoice;
use super::served::Served;
use crate::machine::files::replace;

/// The largest file that is read, in bytes.
const MOST: u64 = 1_000_000;

/// The file of the certificate and its key.
pub fn certificate_file(choice: &AcmeChoice) -> PathBuf {
    file(&choice.folder, "certificate", &choice.names, choice.directory.as_str())
}

/// The file of the account's key.
pub fn account_file(choice: &AcmeChoice) -> PathBuf {
    file(&choice.folder, "account", choice.contact.as_slice(), choice.directory.as_str())
}

/// Named after what it belongs to: other names, another contact or another authority have other files.
fn file(folder: &Path, what: &str, of: &[String], directory: &str) -> PathBuf {
    let mut hash = Sha256::new();
    for text in of.iter().map(String::as_str).chain([directory]) {
        hash.update(text);
        hash.update([0]);
    }
    folder.join(format!("{what}-{}", hex::encode(&hash.finalize()[..8])))
}

/// Reads and writes these files, and shows each certificate that passes.
pub struct Kept {
    pub choice: AcmeChoice,
    pub served: Arc<Served>,
}

impl Kept {
    async fn read(path: PathBuf) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        on_a_thread(move || match std::fs::metadata(&path) {
            Ok(metadata) if metadata.len() > MOST => Err(ErrorKind::FileTooLarge.into()),
            Ok(_) => std::fs::read(&path).map(Zeroizing::new).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    async fn write(&self, path: PathBuf, bytes: &[u8]) -> io::Result<()> {
        let (folder, bytes) = (self.choice.folder.clone(), Zeroizing::new(bytes.to_vec()));
        on_a_thread(move || {
            std::fs::create_dir_all(folder)?;
            replace(&path, &bytes)
        })
        .await
    }
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[async_trait]
impl CertCache for Kept {
    type EC = io::Error;

    async fn load_cert(&self, _: &[String], _: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(pem) = Self::read(certificate_file(&self.choice)).await? else { return Ok(None) };
        let certificate = Certificate::from_pem(&pem, &pem).map_err(io::Error::other)?;
        self.served.show(certificate, "kept");
        Ok(Some(pem.to_vec()))
    }

    async fn store_cert(&self, _: &[String], _: &str, pem: &[u8]) -> io::Result<()> {
        // It is used also where it can't be kept.
        let certificate = Certificate::from_pem(pem, pem).map_err(io::Error::other)?;
        self.served.show(certificate, "issued");
        self.write(certificate_file(&self.choice), pem).await
    }
}

#[async_trait]
impl AccountCache for Kept {
    type EA = io::Error;

    async fn load_account(&self, _: &[String], _: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(Self::read(account_file(&self.choice)).await?.map(|key| key.to_vec()))
    }

    async fn store_account(&self, _: &[String], _: &str, key: &[u8]) -> io::Result<()> {
        self.write(account_file(&self.choice), key).await
    }
}
