//! Documents on IPFS, through the node's gateway and checked here. The part that reads them is loaded with the first.

use dm3_core::ports::{Ipfs, Unreachable};
use dm3_core::registry::{IpfsFault, IpfsLocation, RecordError};
use dm3_core::session::IpfsGateways;
use dm3_core::web::{BaseUrl, Outage};
use futures_util::future::LocalBoxFuture;

use super::http::BrowserHttp;
use super::parts::part;

type Document = Result<Result<String, RecordError>, Unreachable>;
type Read = fn(IpfsLocation, BaseUrl) -> LocalBoxFuture<'static, Document>;

part!(fn load in ipfs("ipfs") -> Read = read);

/// Reads what the node offers a gateway for. What loads the part is behind a pointer, so that the main file has it, and not each
/// part that may follow a record.
pub struct LazyIpfs(Read);

impl Default for LazyIpfs {
    fn default() -> Self {
        Self(loaded)
    }
}

impl Ipfs for LazyIpfs {
    async fn document(&self, link: &IpfsLocation, gateway: Option<&BaseUrl>) -> Document {
        match gateway {
            Some(gateway) => (self.0)(link.clone(), gateway.clone()).await,
            None => Ok(Err(RecordError::Ipfs(IpfsFault::NoGateway))),
        }
    }
}

fn loaded(link: IpfsLocation, gateway: BaseUrl) -> LocalBoxFuture<'static, Document> {
    Box::pin(async move {
        match load().await {
            Ok(read) => read(link, gateway).await,
            Err(_) => Err(Unreachable { host: gateway.authority().to_owned(), outage: Outage::NoAnswer }),
        }
    })
}

fn read(link: IpfsLocation, gateway: BaseUrl) -> LocalBoxFuture<'static, Document> {
    Box::pin(async move { IpfsGateways::new(BrowserHttp, Vec::new()).document(&link, Some(&gateway)).await })
}
