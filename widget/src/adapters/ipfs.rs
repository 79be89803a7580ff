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

/// Reads what the node offers a gateway for.
pub struct LazyIpfs;

impl Ipfs for LazyIpfs {
    async fn document(&self, link: &IpfsLocation, gateway: Option<&BaseUrl>) -> Document {
        let Some(gateway) = gateway else { return Ok(Err(RecordError::Ipfs(IpfsFault::NoGateway))) };
        match load().await {
            Ok(read) => read(link.clone(), gateway.clone()).await,
            Err(_) => Err(Unreachable { host: gateway.authority().to_owned(), outage: Outage::NoAnswer }),
        }
    }
}

fn read(link: IpfsLocation, gateway: BaseUrl) -> LocalBoxFuture<'static, Document> {
    Box::pin(async move { IpfsGateways::new(BrowserHttp, Vec::new()).document(&link, Some(&gateway)).await })
}
