//! Writes to people who demand a deposit, and burns what others staked, as lines on standard input say:
//!
//! ```text
//! DM3_PRIVATE_KEY=0x… cargo run -p dm3-core --example stakes -- https://node.example
//! write bob.eth Hello      with a voucher, and a deposit if there is none for it yet
//! read                     what has come in, and what is at stake with it
//! worth 0x…                what is at stake with this message
//! burn 0x…                 all of that, by a transaction of the account
//! relay 0x…                the same by the node, which pays for it
//! deposits | leave | withdraw
//! ```
//!
//! Transactions are sent by the node's Ethereum node, which has to hold the account's key, as that of a local network does.

mod native;

use std::error::Error;
use std::io::stdin;
use std::process::ExitCode;

use dm3_core::conversation::ConversationId;
use dm3_core::delivery::SpamRule;
use dm3_core::deposit::Terms;
use dm3_core::message::{Draft, MessageHash, SignedMessage};
use dm3_core::registry::deposits::Deposited;
use dm3_core::session::{Conditions, NewMessage, Session, StakeError, Staked};
use native::{NativePorts, RpcWallet};

/// How many receivers a week a deposit is for.
const RECEIVERS: u128 = 4;

fn main() -> ExitCode {
    native::run(stakes())
}

async fn stakes() -> Result<(), Box<dyn Error>> {
    let node = std::env::args().nth(1).ok_or("usage: DM3_PRIVATE_KEY=0x… stakes <node URL>")?;
    let session = native::sign_in(&node).await?;
    let wallet = RpcWallet::at(session.directory().discovery());
    println!("{} is here", session.account());
    for line in stdin().lines() {
        match carry_out(&session, &wallet, &line?).await {
            Ok(told) => println!("{told}"),
            Err(error) => println!("failed: {error}"),
        }
    }
    Ok(())
}

async fn carry_out(
    session: &Session<NativePorts>,
    wallet: &RpcWallet,
    line: &str,
) -> Result<String, Box<dyn Error>> {
    let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
    match command {
        "write" => {
            let (to, text) = rest.split_once(' ').ok_or("write to whom, and what?")?;
            write(session, wallet, to, text).await
        }
        "read" => {
            let received = session.sync().await?;
            let mut told = Vec::new();
            for NewMessage { hash, .. } in &received.new {
                let worth = match staked(session, hash).await? {
                    Some(staked) => format!("{} burnable, {} burned", staked.burnable, staked.burned),
                    None => "nothing at stake".to_owned(),
                };
                told.push(format!("{hash}: {worth}"));
            }
            Ok(told.join("; "))
        }
        "burn" => {
            let hash = rest.parse()?;
            let staked = staked(session, &hash).await?.ok_or("nothing is at stake with it")?;
            session.burn_staked(wallet, &staked).await?;
            let left = self::staked(session, &hash).await?.ok_or("nothing is at stake with it")?;
            Ok(format!("{} burnable, {} burned", left.burnable, left.burned))
        }
        "relay" => {
            let hash = rest.parse()?;
            let staked = staked(session, &hash).await?.ok_or("nothing is at stake with it")?;
            session.burn_by_node(wallet, &staked).await?;
            Ok("asked for".to_owned())
        }
        "worth" => {
            let left = staked(session, &rest.parse()?).await?.ok_or("nothing is at stake with it")?;
            Ok(format!("{} burnable, {} burned", left.burnable, left.burned))
        }
        "deposits" => {
            let own = session.own_deposits().await?;
            let told = own.iter().map(|own| match own.standing {
                Deposited::None => "none".to_owned(),
                Deposited::Open { amount } => format!("open {amount}"),
                Deposited::Leaving { amount, exit } => format!("leaving {amount} in {exit}"),
                Deposited::Closed => "closed".to_owned(),
            });
            Ok(told.collect::<Vec<_>>().join("; "))
        }
        "leave" | "withdraw" => {
            for own in session.own_deposits().await? {
                if command == "leave" {
                    session.leave_deposit(wallet, own.contract, own.key).await?;
                } else {
                    session.withdraw_deposit(wallet, own.contract, own.key).await?;
                }
            }
            Ok("done".to_owned())
        }
        _ => Err("write, read, worth, burn, relay, deposits, leave or withdraw?".into()),
    }
}

async fn write(
    session: &Session<NativePorts>,
    wallet: &RpcWallet,
    to: &str,
    text: &str,
) -> Result<String, Box<dyn Error>> {
    let peer = session.directory().find(to).await?.address;
    let conditions = session.conditions(peer).await?;
    let voucher = match demanded(&conditions) {
        None => None,
        Some(terms) => Some(match session.promise(terms, peer).await {
            Err(StakeError::TooFew) => {
                // Half of a deposit is for each other week.
                let week = terms.stake().ok_or("more than tokens can be")?.saturating_mul(RECEIVERS);
                session.deposit(wallet, terms.contract, week.saturating_mul(2)).await?;
                session.promise(terms, peer).await?
            }
            promised => promised?,
        }),
    };
    let draft = |header| {
        let draft = Draft::text(header, text);
        voucher.iter().fold(draft, |draft, voucher| draft.with_voucher(voucher))
    };
    let message = session.write(ConversationId::Peer(peer), &conditions, draft).await?;
    let flushed = session.flush().await?;
    if !flushed.accepted.contains(message.hash()) {
        return Err("no delivery service took the message".into());
    }
    Ok(format!("sent {}", message.hash()))
}

/// The deposit that a receiver demands.
fn demanded(conditions: &[Conditions]) -> Option<&Terms> {
    let rules = conditions.iter().filter_map(|told| told.extension.as_ref().ok()).flat_map(|it| &it.rules);
    let mut terms = rules.filter_map(|rule| match rule {
        SpamRule::Deposit(terms) => Some(terms),
        _ => None,
    });
    terms.next()
}

/// What is at stake with a message.
async fn staked(
    session: &Session<NativePorts>,
    hash: &MessageHash,
) -> Result<Option<Staked>, Box<dyn Error>> {
    let Some(row) = session.message(hash).await? else { return Ok(None) };
    let Some(voucher) = SignedMessage::parse(&row.json)?.voucher() else { return Ok(None) };
    Ok(Some(session.staked(voucher, row.conversation.peer()).await?))
}
