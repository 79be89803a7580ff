//! What the node says about itself and its network.

use std::rc::Rc;

use dm3_core::delivery::{Discovery, DiscoveryError};
use dm3_core::ports::{Http as _, Unreachable};
use dm3_core::session::Directory;
use dm3_core::web::{BaseUrl, HttpRequest, HttpResponse, HttpUrl, Outage};

use super::driver::Driver;
use super::fault::Fault;
use super::platform::Platform;

type Found<P> = Result<Rc<Directory<<P as Platform>::Ports>>, Fault>;

/// The directory of the node's network: from a fresh description, or else from the kept one.
pub(super) async fn known_directory<P: Platform>(driver: &Driver<P>) -> Found<P> {
    match fresh_directory(driver).await {
        Err(Fault::NodeUnreachable(error)) => {
            let node = driver.node.borrow().clone()?;
            let kept = driver.platform.kept_discovery(node.as_str());
            let kept = kept.and_then(|text| Discovery::parse(&text).ok());
            let discovery = kept.or_else(|| named(driver, &node)?.ok());
            adopt(driver, discovery.ok_or(Fault::NodeUnreachable(error))?)
        }
        other => other,
    }
}

/// The directory of the node's network, from what the node says now.
pub(super) async fn fresh_directory<P: Platform>(driver: &Driver<P>) -> Found<P> {
    let known = driver.directory.borrow().clone();
    if let Some(directory) = known {
        return Ok(directory);
    }
    let node = driver.node.borrow().clone()?;
    let reply = ask(driver, &Discovery::request(&node)).await?;
    let discovery = match Discovery::parse(&reply.body) {
        Ok(discovery) => discovery,
        Err(DiscoveryError::NotANode) => return adopt(driver, undescribed(driver, &node).await?),
        Err(error) => return Err(Fault::NodeUnusable(error)),
    };
    driver.platform.keep_discovery(node.as_str(), &reply.body);
    adopt(driver, discovery)
}

/// What the node answers. That it is busy or does not work now says nothing of what it is.
async fn ask<P: Platform>(driver: &Driver<P>, request: &HttpRequest) -> Result<HttpResponse, Fault> {
    let reply = driver.platform.http().send(request).await.map_err(Fault::NodeUnreachable)?;
    match reply.status {
        408 | 429 | 500.. => {
            let (host, outage) = (request.url.authority().to_owned(), Outage::Status(reply.status));
            Err(Fault::NodeUnreachable(Unreachable { host, outage }))
        }
        _ => Ok(reply),
    }
}

/// What a node is that does not describe itself: one of the deployed kind, if it greets, and if the page says what can't
/// be found out from it.
async fn undescribed<P: Platform>(driver: &Driver<P>, node: &BaseUrl) -> Result<Discovery, Fault> {
    let reply = ask(driver, &Discovery::greeting(node)).await?;
    if !Discovery::is_greeting(&reply) {
        return Err(Fault::NodeUnusable(DiscoveryError::NotANode));
    }
    named(driver, node).unwrap_or(Err(Fault::NodeUnusable(DiscoveryError::Undescribed)))
}

/// The node as the page describes it, if it does.
fn named<P: Platform>(driver: &Driver<P>, node: &BaseUrl) -> Option<Result<Discovery, Fault>> {
    let (network, rpc_url) = (driver.network.borrow().clone()?, driver.rpc_url.borrow().clone()?);
    let described = rpc_url.parse().map_err(Fault::RpcAddress);
    Some(described.and_then(|rpc| Discovery::named(node, &network, rpc).map_err(Fault::NodeUnusable)))
}

fn adopt<P: Platform>(driver: &Driver<P>, discovery: Discovery) -> Found<P> {
    let own: Option<Result<HttpUrl, _>> = driver.rpc_url.borrow().as_deref().map(str::parse);
    let own = own.transpose().map_err(Fault::RpcAddress)?;
    let ports = driver.platform.ports(own.as_ref().unwrap_or(&discovery.rpc_url), discovery.chain_id);
    let directory = Rc::new(Directory::new(ports, discovery));
    *driver.directory.borrow_mut() = Some(Rc::clone(&directory));
    Ok(directory)
}
