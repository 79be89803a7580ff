//! What a receiver has burned of strangers' stakes: they can see it before they stake something.
//!
//! How much was promised to somebody, nobody knows but they and their senders: there is no share to tell, only how many lost
//! something, and since when that was looked at.

use std::collections::BTreeSet;

use super::{Session, StakeError};
use crate::identity::Address;
use crate::ports::{Chain as _, Ports};
use crate::registry::deposits;
use crate::registry::json_rpc::{Blocks, block_body, latest_block_body, parse_block_time, parse_quantity};

/// How many stretches of blocks are looked through, from the latest back.
const STRETCHES: usize = 3;

/// What a receiver has burned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurnRecord {
    /// How many senders lost something by it.
    pub senders: usize,
    /// Since when, in milliseconds since 1970. Before that, nobody looked.
    pub since: u64,
}

impl<P: Ports> Session<P> {
    /// What a receiver has burned at a contract lately. Asks the chain five times at most.
    ///
    /// # Errors
    /// [`StakeError::Unreachable`] if the chain does not tell.
    pub async fn burn_record(&self, contract: Address, receiver: Address) -> Result<BurnRecord, StakeError> {
        let latest = parse_quantity(&self.ask_chain(latest_block_body()).await?);
        let mut blocks = Blocks::up_to(self.answer_of(latest)?);
        let mut senders = BTreeSet::new();
        for stretch in 1..=STRETCHES {
            let told = self.ask_chain(deposits::burns_body(contract, receiver, blocks)).await?;
            senders.extend(self.answer_of(deposits::parse_burns(&told, contract, receiver))?);
            match blocks.before().filter(|_| stretch < STRETCHES) {
                Some(before) => blocks = before,
                None => break,
            }
        }
        let first = parse_block_time(&self.ask_chain(block_body(blocks.first())).await?);
        Ok(BurnRecord { senders: senders.len(), since: self.answer_of(first)?.saturating_mul(1000) })
    }

    pub(super) async fn ask_chain(&self, body: String) -> Result<String, StakeError> {
        Ok(self.ports().chain().ask(body).await?)
    }
}
