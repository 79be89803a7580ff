//! Documents on IPFS that records lead to, block by block from gateways that need not be trusted.

use std::time::Duration;

use dm3_core::registry::IpfsLocation;
use dm3_core::registry::ipfs::{IpfsError, IpfsFetch, MAX_BLOCK};
use dm3_core::web::BaseUrl;

use crate::outgoing::{Ask, Bounds, Outgoing, OutgoingError, Use};

/// How long a gateway may take for a block.
const BLOCK_TIME: Duration = Duration::from_secs(5);
/// How long a document may take.
const DOCUMENT_TIME: Duration = Duration::from_secs(10);
/// How many redirects are followed.
const REDIRECTS: usize = 3;

/// The gateways that are asked, one after the other. They learn what is looked for; nothing they say is believed without its hash.
pub struct IpfsReader {
    outgoing: Outgoing,
    gateways: Vec<BaseUrl>,
}

/// Why there is no document, or no block.
#[derive(Debug, thiserror::Error)]
pub enum IpfsFault {
    /// Not an address that can be asked for, or nothing that is read.
    #[error(transparent)]
    Wrong(IpfsError),
    /// No gateway is set up.
    #[error("nothing on IPFS is read here")]
    NotRead,
    /// No gateway has it now.
    #[error("no gateway of IPFS has it at the moment")]
    Unavailable,
    /// There is no place for more requests.
    #[error("too many requests are under way")]
    Busy,
}

impl IpfsReader {
    /// Asks gateways that answer `<gateway>/ipfs/<CID>?format=raw` with blocks (IPFS trustless gateway specification).
    pub const fn new(outgoing: Outgoing, gateways: Vec<BaseUrl>) -> Self {
        Self { outgoing, gateways }
    }

    /// Whether anything is read.
    pub const fn reads(&self) -> bool {
        !self.gateways.is_empty()
    }

    /// The text of a document of at most 64 KiB.
    ///
    /// # Errors
    /// [`IpfsFault`].
    pub async fn document(&self, link: &IpfsLocation) -> Result<String, IpfsFault> {
        let mut fetch = IpfsFetch::new(link).map_err(IpfsFault::Wrong)?;
        let reading = async {
            loop {
                let (_, taken) = self.next(&mut fetch, Use::Lookup).await?;
                if let Some(document) = taken.map_err(IpfsFault::Wrong)? {
                    return Ok(document);
                }
            }
        };
        tokio::time::timeout(DOCUMENT_TIME, reading).await.map_err(|_| IpfsFault::Unavailable)?
    }

    /// The block that a CID names, at most 128 KiB: a raw one, or one of a file or directory.
    ///
    /// # Errors
    /// [`IpfsFault`].
    pub async fn block(&self, cid: &str) -> Result<Vec<u8>, IpfsFault> {
        let link = IpfsLocation::new(&format!("ipfs://{cid}"));
        let mut fetch = IpfsFetch::new(&link).map_err(IpfsFault::Wrong)?;
        Ok(self.next(&mut fetch, Use::Gateway).await?.0)
    }

    /// The block that is wanted next, and what it makes of the document.
    async fn next(
        &self,
        fetch: &mut IpfsFetch,
        what_for: Use,
    ) -> Result<(Vec<u8>, Result<Option<String>, IpfsError>), IpfsFault> {
        let bounds = Bounds { bytes: MAX_BLOCK, time: BLOCK_TIME, redirects: REDIRECTS };
        let mut fault = IpfsFault::NotRead;
        for gateway in &self.gateways {
            let request = fetch.request(gateway).map_err(IpfsFault::Wrong)?;
            fault = match self.outgoing.fetch(what_for, request.url.as_str(), Ask::Get, bounds).await {
                Ok(fetched) if fetched.status == 200 => match fetch.block(&fetched.body) {
                    Err(IpfsError::WrongBlock) => IpfsFault::Unavailable,
                    taken => return Ok((fetched.body, taken)),
                },
                Err(OutgoingError::Busy) => IpfsFault::Busy,
                Ok(_) | Err(_) => IpfsFault::Unavailable,
            };
        }
        Err(fault)
    }
}
