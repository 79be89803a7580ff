//! What the node says about itself and its network.

use std::rc::Rc;

use dm3_core::delivery::Discovery;
use dm3_core::ports::Http as _;
use dm3_core::session::Directory;
use dm3_core::web::HttpUrl;

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
            let discovery = kept.and_then(|text| Discovery::parse(&text).ok());
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
    let reply = driver.platform.http().send(&Discovery::request(&node)).await;
    let reply = reply.map_err(Fault::NodeUnreachable)?;
    let discovery = Discovery::parse(&reply.body).map_err(Fault::NodeUnusable)?;
    driver.platform.keep_discovery(node.as_str(), &reply.body);
    adopt(driver, discovery)
}

fn adopt<P: Platform>(driver: &Driver<P>, discovery: Discovery) -> Found<P> {
    let own: Option<Result<HttpUrl, _>> = driver.rpc_url.borrow().as_deref().map(str::parse);
    let own = own.transpose().map_err(Fault::RpcAddress)?;
    let ports = driver.platform.ports(own.as_ref().unwrap_or(&discovery.rpc_url), discovery.chain_id);
    let directory = Rc::new(Directory::new(ports, discovery));
    *driver.directory.borrow_mut() = Some(Rc::clone(&directory));
    Ok(directory)
}
