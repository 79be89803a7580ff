//! Prints the dm3 profile of a name or an address, read from ENS and verified:
//!
//! ```text
//! cargo run -p dm3-core --example print_profile -- https://rpc.example alice.eth
//! cargo run -p dm3-core --example print_profile -- http://127.0.0.1:8545 alice.eth <ENS registry> <address domain>
//! ```
//!
//! Profiles on IPFS are read if gateways are named behind the address domain.

mod native;

use std::error::Error;

use dm3_core::delivery::{BaseUrl, ChainAccess, Discovery};
use dm3_core::session::Directory;
use native::NativePorts;

/// The ENS registry of Ethereum's main network.
const REGISTRY: &str = "0x00000000000C2E074eC69A0dFb2997BA6C7d2e1e";
/// Below it every address that has a profile has a name.
const ADDRESS_DOMAIN: &str = "addr.dm3.eth";

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [rpc_url, name, rest @ ..] = args.as_slice() else {
        return Err(
            "usage: print_profile <RPC URL> <name or address> [<ENS registry> [<address domain> [<IPFS gateway>…]]]"
                .into(),
        );
    };
    let chain = ChainAccess {
        universal_resolver: None,
        chain_id: 1,
        rpc_url: rpc_url.parse()?,
        ens_registry: rest.first().map_or(REGISTRY, String::as_str).parse()?,
    };
    let gateways = rest.iter().skip(2).map(|url| url.parse()).collect::<Result<_, _>>()?;
    let ports = NativePorts::new(chain.rpc_url.clone(), gateways);
    // No node is asked, only the chain and what names point to.
    let nowhere: BaseUrl = "https://node.invalid".parse()?;
    let domain = rest.get(1).map_or(ADDRESS_DOMAIN, String::as_str).parse()?;
    let directory = Directory::new(ports, Discovery::at(&nowhere, "node.invalid".parse()?, domain, chain));

    let peer = pollster::block_on(directory.find(name))?;
    println!("account   {}", peer.address);
    let Some((found_at, profile)) = peer.profile else {
        println!("has no dm3 profile: nobody can write to this account yet");
        return Ok(());
    };
    println!("found at  {found_at}");
    println!("sign key  {:?}", profile.keys().signing);
    println!("seal key  {:?}", profile.keys().encryption);
    for service in profile.delivery_services() {
        let service_profile = pollster::block_on(directory.delivery_service(service));
        let place = service_profile.map_or_else(|error| error.to_string(), |found| found.url.to_string());
        println!("service   {service}: {place}");
    }
    Ok(())
}
