//! Documents that records link to, for pages whose policy names their node alone.
//!
//! Only what the link itself vouches for passes, by the hash in it (`dm3Hash`): JSON of at most 64 KiB. Whoever reads it
//! compares the hash once more.

use dm3_core::registry::ProfileLocation;

use super::{Proxies, REDIRECTS, TIME};
use crate::outgoing::{Ask, Bounds, OutgoingError, Use};

/// The largest document, in bytes.
const MAX_DOCUMENT: usize = 64 * 1024;

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentFault {
    /// No link that says the hash of what it leads to.
    #[error("ask for the link of a record, with its dm3Hash")]
    Question,
    /// Its address may not be called.
    #[error("the document can't be fetched: {0}")]
    Address(OutgoingError),
    /// Its host does not answer, or with too much.
    #[error("the document can't be fetched: {0}")]
    Unreachable(OutgoingError),
    /// Its host refuses.
    #[error("the document's host answers with HTTP status {0}")]
    Status(u16),
    /// What is there is not what the link vouches for.
    #[error("what is there is not what the link vouches for (dm3Hash)")]
    Other,
}

impl Proxies {
    /// Fetches what a record links to, if it is that.
    ///
    /// # Errors
    /// [`DocumentFault`].
    pub async fn document(&self, url: &str) -> Result<String, DocumentFault> {
        let Ok(ProfileLocation::Web(link)) = ProfileLocation::parse(url) else {
            return Err(DocumentFault::Question);
        };
        let request = link.request();
        let bounds = Bounds { bytes: MAX_DOCUMENT, time: TIME, redirects: REDIRECTS };
        let fetched = self.outgoing.fetch(Use::Gateway, request.url.as_str(), Ask::Get, bounds).await;
        let fetched = fetched.map_err(|error| match error {
            OutgoingError::Url | OutgoingError::NotPublic => DocumentFault::Address(error),
            error => DocumentFault::Unreachable(error),
        })?;
        if !(200..300).contains(&fetched.status) {
            return Err(DocumentFault::Status(fetched.status));
        }
        let text = String::from_utf8(fetched.body).map_err(|_| DocumentFault::Other)?;
        link.check(&text).map_err(|_| DocumentFault::Other)
    }
}
