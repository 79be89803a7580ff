//! Burns that this server brings to the chain and pays for: receivers without coins sign what they want.
//!
//! ```text
//! wish ─values─▶ [known?] ─▶ tried on the chain ─▶ gas, fees ─▶ place in the budgets, number: one transaction of the store
//!                                                                 └─▶ Waiting ─follow─▶ sent, until the chain has it ─▶ Burned
//!                                                                                                                   └─▶ Failed
//! ```
//!
//! All that the chain gets is made of what is kept, so that the same is sent again after a restart, by whichever process, and
//! nothing is paid for twice.
//!
//! ```text
//! Waiting ─fees have risen above it─▶ the same with a higher fee: kept, within the budget of its day and the highest fee ─▶ sent
//! ```
//!
//! A higher offer has the number of the one before, so the chain takes one of them at most, whichever; and it counts once, with the
//! most it can cost. Where no more may be offered, it waits until fees fall, and those behind it wait, too.

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
use crate::store::{BurnBudget, BurnOutcome, KeptBurn, NewBurn, Offer, Reserved, Store, StoreError};

/// The most gas that a burn may use: one of three slots uses 87,000, and a contract account may look at its signature.
const MOST_GAS: u64 = 300_000;
/// How many that wait are followed at once.
const AT_ONCE: u32 = 64;
/// When one is sent again that the chain does not know.
const AGAIN: Duration = Duration::from_secs(60);
/// How often more is offered for one burn: each time, as a rule, twice as much.
const MOST_OFFERS: usize = 8;
/// How long, in milliseconds, the chain may have passed a transaction's number without telling what became of it.
const PATIENCE: u64 = 10 * 60 * 1000;

/// What the operator has chosen.
pub struct Relaying {
    /// Who pays.
    pub key: EthereumKey,
    /// The contracts whose burns are paid for.
    pub contracts: Vec<Address>,
    /// The most that is offered for gas, in wei.
    pub highest_fee: u64,
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
        let Offer { fee, tip } = Fees::of(chain).await?.offer(self.chosen.highest_fee);
        let nonce = nonce_of(chain, payer).await?;
        let (id, owner) = (wish.burn().digest(), given.receiver);
        let burn = NewBurn { id, owner, payer, nonce, contract, data, gas, fee, tip, made_at: now };
        self.want_coins(chain, &burn).await?;
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
        let is_old = |kept: &KeptBurn| now >= kept.burn.made_at.saturating_add(PATIENCE);
        // Asked before the receipts: of what the chain had passed by then, it has one, or never will.
        let passed = if waiting.iter().any(is_old) { nonce_of(chain, payer).await? } else { 0 };
        let (mut left, mut fees) = (0, None);
        for mut kept in waiting {
            let nonce = kept.burn.nonce;
            let found = self.taken(chain, &kept).await?;
            let lost = || {
                let replaced = BurnOutcome { fault: Some(BurnFault::Replaced), cost: 0 };
                (is_old(&kept) && passed > nonce).then(|| (kept.burn.clone(), replaced))
            };
            if let Some((burn, outcome)) = found.or_else(lost) {
                tracing::info!(wei = outcome.cost, fault = ?outcome.fault, "a burn is settled");
                store.settle_burn(&burn, outcome).await?;
                continue;
            }
            left += 1;
            if sent.contains_key(&nonce) || is_old(&kept) {
                let fees = match fees {
                    Some(fees) => fees,
                    None => *fees.insert(Fees::of(chain).await?),
                };
                if let Some(raised) = self.raise(chain, store, &kept, fees).await? {
                    sent.remove(&nonce);
                    kept.burn = raised;
                }
            }
            if sent.get(&nonce).is_none_or(|at| at.elapsed() >= AGAIN) {
                sent.insert(nonce, Instant::now());
                let signed = transaction::sign(&kept.burn, self.chain_id, &self.chosen.key);
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

    /// Which of the offers for a burn the chain has taken, and what became of it.
    async fn taken(
        &self,
        chain: &Chain,
        kept: &KeptBurn,
    ) -> Result<Option<(NewBurn, BurnOutcome)>, ChainError> {
        let earlier = kept.earlier.iter().rev().copied();
        for offer in std::iter::once(kept.burn.offer()).chain(earlier) {
            let burn = kept.burn.at(offer);
            let hash = transaction::sign(&burn, self.chain_id, &self.chosen.key).hash;
            let found = chain.result("eth_getTransactionReceipt", json!([hex_of(&hash)])).await?;
            if !found.is_null() {
                return Ok(Some((burn, outcome(&found)?)));
            }
        }
        Ok(None)
    }

    /// Keeps a higher offer for a burn that fees have risen above; nothing if it is high enough, or no more may be offered.
    async fn raise(
        &self,
        chain: &Chain,
        store: &dyn Store,
        kept: &KeptBurn,
        fees: Fees,
    ) -> Result<Option<NewBurn>, RelayError> {
        let higher = fees.raise(kept.burn.offer(), self.chosen.highest_fee);
        let Some(offer) = higher.filter(|_| kept.earlier.len() < MOST_OFFERS) else { return Ok(None) };
        let raised = kept.burn.at(offer);
        match self.want_coins(chain, &raised).await {
            Err(RelayError::Poor) => return Ok(None),
            enough => enough?,
        }
        if !store.raise_burn(kept, offer, self.chosen.budget).await? {
            return Ok(None);
        }
        tracing::info!(nonce = raised.nonce, fee = raised.fee, "more is offered for a burn");
        Ok(Some(raised))
    }

    /// Whether the account that pays has what a burn can cost.
    async fn want_coins(&self, chain: &Chain, burn: &NewBurn) -> Result<(), RelayError> {
        let payer = burn.payer;
        if chain.balance(payer).await? >= Amount::from(u128::from(burn.cost())) {
            return Ok(());
        }
        tracing::warn!(%payer, "the account that pays for burns has too little");
        Err(RelayError::Poor)
    }
}

/// How many of an account's transactions the chain has.
async fn nonce_of(chain: &Chain, account: Address) -> Result<u64, ChainError> {
    Ok(chain.nonce(account).await?.as_str().parse().unwrap_or_default())
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
