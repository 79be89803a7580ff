//! Reading documents on IPFS through gateways, one after the other.

use std::cell::Cell;

use crate::ports::{Blocks, Ipfs, Unreachable};
use crate::registry::ipfs::{IpfsError, IpfsFetch, MAX_BLOCK};
use crate::registry::{IpfsLocation, RecordError};
use crate::web::{BaseUrl, Outage};

/// How many gateways are asked for a block.
const MAX_GATEWAYS: usize = 8;

/// The gateways of a program. They learn what is looked for, and nothing they say is believed without its hash.
pub struct IpfsGateways<H> {
    http: H,
    gateways: Vec<BaseUrl>,
    /// Who gave the last block is asked for the next one first.
    first: Cell<usize>,
}

impl<H: Blocks> IpfsGateways<H> {
    /// Gateways that answer `<gateway>/ipfs/<CID>?format=raw` with blocks; of more than eight the others are left out.
    pub fn new(http: H, mut gateways: Vec<BaseUrl>) -> Self {
        gateways.truncate(MAX_GATEWAYS);
        Self { http, gateways, first: Cell::new(0) }
    }

    /// The text of a document of at most 64 KiB, from the gateways and from one beside them.
    ///
    /// # Errors
    /// [`IpfsError`]; only [`IpfsError::Unavailable`] may pass by itself.
    pub async fn fetch(&self, link: &IpfsLocation, beside: Option<&BaseUrl>) -> Result<String, IpfsError> {
        let mut fetch = IpfsFetch::new(link)?;
        loop {
            if let Some(document) = self.next_block(&mut fetch, beside).await? {
                return Ok(document);
            }
        }
    }

    async fn next_block(
        &self,
        fetch: &mut IpfsFetch,
        beside: Option<&BaseUrl>,
    ) -> Result<Option<String>, IpfsError> {
        let mut failure = IpfsError::NoGateway;
        let gateways: Vec<&BaseUrl> = self.gateways.iter().chain(beside).collect();
        for turn in 0..gateways.len() {
            let index = (self.first.get() + turn) % gateways.len();
            let gateway = gateways[index];
            let outage = match self.http.bytes(&fetch.request(gateway)?, MAX_BLOCK).await {
                Ok(bytes) => match fetch.block(&bytes) {
                    Err(IpfsError::WrongBlock) => Outage::OtherContent,
                    taken => {
                        self.first.set(index);
                        return taken;
                    }
                },
                Err(unreachable) => unreachable.outage,
            };
            failure = IpfsError::Unavailable { gateway: gateway.authority().to_owned(), outage };
        }
        Err(failure)
    }
}

impl<H: Blocks> Ipfs for IpfsGateways<H> {
    async fn document(
        &self,
        link: &IpfsLocation,
        gateway: Option<&BaseUrl>,
    ) -> Result<Result<String, RecordError>, Unreachable> {
        match self.fetch(link, gateway).await {
            Ok(document) => Ok(Ok(document)),
            Err(IpfsError::Unavailable { gateway, outage }) => Err(Unreachable { host: gateway, outage }),
            Err(error) => Ok(Err(RecordError::Ipfs(error.fault()))),
        }
    }
}
