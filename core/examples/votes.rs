//! Prints what somebody voted at a governor, and how many votes they have, as the chain's node tells it:
//!
//! ```text
//! cargo run -p dm3-core --example votes -- https://rpc.example <governor> <token> <voter>
//! ```

mod native;

use std::error::Error;
use std::process::ExitCode;

use dm3_core::identity::Address;
use dm3_core::ports::{Chain as _, Ports as _};
use dm3_core::registry::CallOutcome;
use dm3_core::registry::abi::Tuple;
use dm3_core::registry::governance::{
    Support, delegate, delegate_call, parse_votes, votes_body, voting_power_call,
};
use dm3_core::registry::json_rpc::{Blocks, latest_block_body, parse_quantity};
use native::NativePorts;

const USAGE: &str = "usage: votes <RPC URL> <governor> <token> <voter>";

fn main() -> ExitCode {
    native::run(votes())
}

async fn votes() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [rpc_url, governor, token, voter] = args.as_slice() else { return Err(USAGE.into()) };
    let [governor, token, voter]: [Address; 3] = [governor.parse()?, token.parse()?, voter.parse()?];
    let ports = NativePorts::new(rpc_url.parse()?, Vec::new());
    let chain = ports.chain();

    if let CallOutcome::Returned(power) = chain.call(Some(token), &voting_power_call(voter)).await? {
        println!("power {}", Tuple::new(&power)?.uint(0)?);
    }
    match delegate(&chain.call(Some(token), &delegate_call(voter)).await?) {
        Some(delegate) => println!("gave them to {delegate}"),
        None => println!("gave them to nobody"),
    }
    // The latest are enough for a contact card.
    let blocks = Blocks::up_to(parse_quantity(&chain.ask(latest_block_body()).await?)?);
    let answer = chain.ask(votes_body(governor, voter, blocks)).await?;
    for vote in parse_votes(&answer, governor, voter)? {
        let support = match vote.support {
            Support::Against => "against",
            Support::For => "for",
            Support::Abstain => "abstains",
            Support::Other(_) => "otherwise",
        };
        let (proposal, weight) = (hex::encode(vote.proposal), vote.weight.as_str());
        println!("{} 0x{proposal} {support} {weight} {:?}", vote.block, vote.reason.as_str());
    }
    Ok(())
}
