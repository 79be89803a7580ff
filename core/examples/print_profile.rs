//! Prints the dm3 profile of a name or an address, read from ENS and verified:
//!
//! ```text
//! cargo run -p dm3-core --example print_profile -- https://rpc.example alice.eth
//! ```
//!
//! Behind the name there may be
//!
//! ```text
//! --registry <address>             the ENS registry, if it is another than Ethereum's
//! --universal-resolver <address>   looks names up through this contract (ENSIP-23)
//! --address-domain <name>          where addresses have names, if it is not addr.dm3.eth
//! --ipfs <URL>                     a gateway for profiles on IPFS; several are tried in this order
//! ```

mod native;

use std::error::Error;
use std::process::ExitCode;

use dm3_core::delivery::{ChainAccess, Discovery};
use dm3_core::identity::{Address, EnsName};
use dm3_core::session::Directory;
use dm3_core::web::BaseUrl;
use native::NativePorts;

/// The ENS registry of Ethereum's main network.
const REGISTRY: &str = "0x00000000000C2E074eC69A0dFb2997BA6C7d2e1e";
/// Below it every address that has a profile has a name.
const ADDRESS_DOMAIN: &str = "addr.dm3.eth";
const USAGE: &str = "usage: print_profile <RPC URL> <name or address> [--registry <address>] \
    [--universal-resolver <address>] [--address-domain <name>] [--ipfs <gateway>]…";

fn main() -> ExitCode {
    native::run(print_profile())
}

async fn print_profile() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [rpc_url, name, options @ ..] = args.as_slice() else { return Err(USAGE.into()) };
    let mut registry: Address = REGISTRY.parse()?;
    let mut universal_resolver: Option<Address> = None;
    let mut address_domain: EnsName = ADDRESS_DOMAIN.parse()?;
    let mut gateways: Vec<BaseUrl> = Vec::new();
    for option in options.chunks(2) {
        let [option, value] = option else { return Err(USAGE.into()) };
        match option.as_str() {
            "--registry" => registry = value.parse()?,
            "--universal-resolver" => universal_resolver = Some(value.parse()?),
            "--address-domain" => address_domain = value.parse()?,
            "--ipfs" => gateways.push(value.parse()?),
            _ => return Err(USAGE.into()),
        }
    }
    let chain =
        ChainAccess { universal_resolver, chain_id: 1, rpc_url: rpc_url.parse()?, ens_registry: registry };
    let ports = NativePorts::new(chain.rpc_url.clone(), gateways);
    // No node is asked, only the chain and what names point to.
    let nowhere: BaseUrl = "https://node.invalid".parse()?;
    let discovery = Discovery::at(&nowhere, "node.invalid".parse()?, address_domain, chain);
    let directory = Directory::new(ports, discovery);

    let peer = directory.find(name).await?;
    println!("account   {}", peer.address);
    if let Some(name) = &peer.name {
        println!("name      {name}");
    }
    let Some((found_at, profile)) = peer.profile else {
        println!("has no dm3 profile: nobody can write to this account yet");
        return Ok(());
    };
    println!("found at  {found_at}");
    println!("sign key  {:?}", profile.keys().signing);
    println!("seal key  {:?}", profile.keys().encryption);
    for service in profile.delivery_services() {
        let found = directory.delivery_service(&service).await;
        let place = found.map_or_else(|error| error.to_string(), |found| found.url.to_string());
        println!("service   {service}: {place}");
    }
    Ok(())
}
