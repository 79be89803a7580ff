//! Burns that this server brings to the chain and pays for: receivers without coins sign what they want.
//!
//! ```text
//! wish ─values─▶ [known?] ─▶ tried on the chain ─▶ gas, fees ─▶ place in the budgets, number: one transaction of the store
//!                                                                 └─▶ Waiting ─follow─▶ sent, until the chain has it ─▶ Burned
//!                                                                                                                   └─▶ Failed
//! ```
//!
//! All that the chain gets is made of what is kept, so that the same is sent again after a restart, by whichever process, and
//! nothing is paid for twice. Nothing is sent in the place of a transaction whose fee has become too low: it waits until fees
//! fall, and those behind it wait, too.

mod fees;
mod transaction;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use dm3_core::delivery::{Amount, BurnReceipt};
use dm3_core::deposit::{BurnFault, ConsentedBurn};
use dm3_core::identity::Address;
use dm3_core::registry::deposits;
use serde_json::{Value, json};
use tokio::sync::Notify;

use self::fees::Fees;
use crate::ethereum::chain::{Chain, ChainError, quantity};
use crate::ethereum::key::EthereumKey;
use crate::store::{BurnBudget, BurnOutcome, KeptBurn, NewBurn, Reserved, Store, StoreError};

/// The most gas that a burn may use: one of three slots uses 87,000, and a contract account may look at its signature.
const MOST_GAS: u64 = 300_000;
/// How many that wait are followed at once.
const AT_ONCE: u32 = 64;
/// When one is sent again that the chain does not know.
const AGAIN: Duration = Duration::from_secs(60);
/// How long, in milliseconds, the chain may have passed a transaction's number without telling what became of it.
const PATIENCE: u64 = 10 * 60 * 1000;

/// What the operator has chosen.
pub struct Relaying {
    /// Who pays.
    pub key: EthereumKey,
    /// The contracts whose burns are paid for.
    pub contracts: Vec<Address>,
    /// How much a day.
    pub budget: BurnBudget,
}

/// Why a burn is not brought.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// It is none, or not now: asking again does not help before something has changed.
    #[error(transparent)]
    Fault(#[from] BurnFault),
    /// The chain can't be asked.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The database can't.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The account that pays has too little.
    #[error("the account that pays for burns has too little")]
    Poor,
}

/// Brings burns to one chain.
pub struct Relay {
    chosen: Relaying,
    chain_id: u64,
    /// There is one more.
    pub wake: Notify,
}

/// When those that wait were sent by this process, by their numbers.
pub type LastSent = HashMap<u64, Instant>;

impl Relay {
    /// To the chain with this number.
    pub fn new(chosen: Relaying, chain_id: u64) -> Self {
        Self { chosen, chain_id, wake: Notify::new() }
    }

    /// The contracts whose burns are paid for.
    pub fn contracts(&self) -> &[Address] {
        &self.chosen.contracts
    }

    /// Whether a wish is one of this account, for a contract and a time at which it can be had. Its signature is looked at
    /// by the contract, since it may be a contract account's.
    ///
    /// # Errors
    /// [`BurnFault`] if it is not.
    pub fn would_take(&self, owner: Address, wish: &ConsentedBurn, now: u64) -> Result<(), BurnFault> {
        let given = wish.burn().voucher().voucher();
        if given.chain != self.chain_id || !self.chosen.contracts.contains(&given.contract) {
            return Err(BurnFault::Contract);
        }
        if given.receiver != owner {
            return Err(BurnFault::Receiver);
        }
        if wish.burn().is_timely(now) { Ok(()) } else { Err(BurnFault::Time) }
    }

    /// Tries a wish on the chain and keeps it to be sent.
    ///
    /// # Errors
    /// [`RelayError`]; nothing is kept then.
    pub async fn bring(
        &self,
        chain: &Chain,
        store: &dyn Store,
        wish: &ConsentedBurn,
        now: u64,
    ) -> Result<KeptBurn, RelayError> {
        let given = wish.burn().voucher().voucher();
        let (contract, data) = (given.contract, deposits::consented_burn(wish));
        if let Some(fault) = deposits::burn_fault(&chain.call(Some(contract), &data).await?) {
            return Err(fault.into());
        }
        let payer = self.chosen.key.address();
        let called = json!([{ "from": payer, "to": contract, "data": hex_of(&data) }]);
        let gas = quantity(&chain.result("eth_estimateGas", called).await?)?;
        // What is free of slots when it comes to the chain may be so in another way: somewhat more than was found.
        let gas = gas.saturating_add(gas / 4);
        if gas > MOST_GAS {
            return Err(BurnFault::Reverted.into());
        }
        let Fees { fee, tip } = Fees::of(chain).await?;
        let nonce = chain.nonce(payer).await?.as_str().parse().unwrap_or_default();
        let (id, owner) = (wish.burn().digest(), given.receiver);
        let burn = NewBurn { id, owner, payer, nonce, contract, data, gas, fee, tip, made_at: now };
        if chain.balance(payer).await? < Amount::from(u128::from(burn.cost())) {
            tracing::warn!(%payer, "the account that pays for burns has too little");
            return Err(RelayError::Poor);
        }
        match store.reserve_burn(&burn, self.chosen.budget).await? {
            Reserved::Spent => Err(BurnFault::Spent.into()),
            Reserved::Known(kept) => Ok(kept),
            Reserved::New(kept) => {
                self.wake.notify_one();
                Ok(kept)
            }
        }
    }

    /// What an account is told.
    pub fn receipt(&self, kept: &KeptBurn) -> BurnReceipt {
        let transaction = transaction::sign(&kept.burn, self.chain_id, &self.chosen.key).hash;
        BurnReceipt { id: kept.burn.id, transaction, state: kept.state }
    }

    /// Looks what became of those that wait, and sends those that the chain does not know; says how many still wait.
    ///
    /// # Errors
    /// [`RelayError`] if the chain or the database can't be asked.
    pub async fn follow(
        &self,
        chain: &Chain,
        store: &dyn Store,
        sent: &mut LastSent,
        now: u64,
    ) -> Result<usize, RelayError> {
        let payer = self.chosen.key.address();
        let waiting = store.waiting_burns(payer, AT_ONCE).await?;
        sent.retain(|nonce, _| waiting.iter().any(|kept| kept.burn.nonce == *nonce));
        let mut left = 0;
        for kept in &waiting {
            let signed = transaction::sign(&kept.burn, self.chain_id, &self.chosen.key);
            let found = chain.result("eth_getTransactionReceipt", json!([hex_of(&signed.hash)])).await?;
            let outcome = match found {
                Value::Null => self.lost(chain, kept, now).await?,
                receipt => Some(outcome(&receipt)?),
            };
            if let Some(outcome) = outcome {
                tracing::info!(wei = outcome.cost, fault = ?outcome.fault, "a burn is settled");
                store.settle_burn(payer, kept.burn.nonce, outcome).await?;
                continue;
            }
            left += 1;
            if sent.get(&kept.burn.nonce).is_none_or(|at| at.elapsed() >= AGAIN) {
                sent.insert(kept.burn.nonce, Instant::now());
                match chain.result("eth_sendRawTransaction", json!([hex_of(&signed.raw)])).await {
                    Ok(_) => {}
                    // It may know it already; what else it says is looked into by the operator.
                    Err(ChainError::Rpc(error)) => tracing::warn!(%error, "a burn was not taken"),
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(left)
    }

    /// Whether the chain has had another transaction of this number, and nothing will come of this one.
    async fn lost(
        &self,
        chain: &Chain,
        kept: &KeptBurn,
        now: u64,
    ) -> Result<Option<BurnOutcome>, ChainError> {
        if now < kept.burn.made_at.saturating_add(PATIENCE) {
            return Ok(None);
        }
        let next: u64 = chain.nonce(kept.burn.payer).await?.as_str().parse().unwrap_or_default();
        let replaced = BurnOutcome { fault: Some(BurnFault::Replaced), cost: 0 };
        Ok((next > kept.burn.nonce).then_some(replaced))
    }
}

/// What a transaction's receipt says.
fn outcome(receipt: &Value) -> Result<BurnOutcome, ChainError> {
    let gas = quantity(&receipt["gasUsed"])?;
    let price = quantity(&receipt["effectiveGasPrice"])?;
    let is_done = quantity(&receipt["status"])? == 1;
    Ok(BurnOutcome { fault: (!is_done).then_some(BurnFault::Reverted), cost: gas.saturating_mul(price) })
}

fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
