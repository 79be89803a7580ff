//! What a voucher is worth: whether the chain covers its slots, and whether they were promised to somebody else.
//!
//! ```text
//! voucher ─proven, of this sender, for this receiver and week─▶ contract is as the rule says (asked once)
//!     ─▶ slots are covered (asked once for a sender and week) ─▶ promised to nobody else here ─▶ taken
//! ```
//!
//! What the chain said of a deposit holds for its week: nothing but burns, and proofs of double use, take from it. Whom
//! the chain gave no good answer for may have deposited since. They are asked for again, but not before ten minutes, then
//! twenty, and so on: at most ten times a week, whatever keys they come with.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dm3_core::deposit::{Coverage, EPOCH, ProvenVoucher, SignedVoucher, Terms};
use dm3_core::identity::Address;
use tokio::sync::Mutex;

use crate::ethereum::chain::{Chain, ChainError};
use crate::ethereum::recent::Recent;
use crate::machine::clock::now_ms;
use crate::store::{Promise, Promised, Store, StoreError};

/// How long what a contract is for is remembered. It never changes; an address without one may get one.
const TERMS: Duration = Duration::from_secs(60 * 60);
/// Of how many contracts.
const CONTRACTS: usize = 2_000;
/// Of how many senders and weeks it is remembered what the chain said.
const SENDERS: usize = 20_000;
/// How many keys of a sender are remembered in a week: one for each of their devices.
const KEYS: usize = 8;
/// When the chain is asked again for a sender; then twice as long.
const WAIT: Duration = Duration::from_secs(10 * 60);

/// Why it is not known whether a message passes.
#[derive(Debug, thiserror::Error)]
pub enum Unsure {
    /// The chain can't be asked.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The database can't.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain was asked for this sender a moment ago, with another key.
    #[error("the chain is not asked again for this sender yet")]
    Later,
}

/// Who writes to whom, with what at stake.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The sender, as its signature proves.
    pub sender: Address,
    /// The receiver's account.
    pub receiver: Address,
    /// What came along.
    pub voucher: Option<&'a SignedVoucher>,
}

/// What was asked for a sender and a week.
#[derive(Default)]
struct Asked {
    answers: Vec<(Address, Coverage)>,
    /// How often, and when the last time.
    times: u32,
    last: Option<Instant>,
}

/// A contract, a sender and a week.
type Depositor = (Address, Address, u64);

/// Checks vouchers.
pub struct Deposits {
    chain_id: u64,
    /// Of each contract, its token and how much a slot is; nothing if it is no such contract.
    terms: Recent<Address, Option<(Address, u128)>>,
    asked: Recent<Depositor, Arc<Mutex<Asked>>>,
}

impl Deposits {
    /// Those on the chain with this number.
    pub fn new(chain_id: u64) -> Self {
        let asked = Recent::new(SENDERS, Duration::from_millis(EPOCH));
        Self { chain_id, terms: Recent::new(CONTRACTS, TERMS), asked }
    }

    /// Whether a message comes with what these terms demand. If it does, its slots are the receiver's from now on.
    ///
    /// # Errors
    /// [`Unsure`] if that is not known.
    pub async fn check(
        &self,
        chain: &Chain,
        store: &dyn Store,
        terms: &Terms,
        letter: Letter<'_>,
    ) -> Result<bool, Unsure> {
        let proven = letter.voucher.cloned().and_then(|voucher| voucher.prove().ok());
        let is_fit = |it: &ProvenVoucher| it.is_fit(terms, letter.sender, letter.receiver, now_ms()).is_ok();
        let Some(voucher) = proven.filter(is_fit) else { return Ok(false) };
        if terms.chain != self.chain_id
            || self.terms(chain, terms.contract).await? != Some((terms.token, terms.slot))
        {
            return Ok(false);
        }
        if !self.is_covered(chain, &voucher).await? {
            return Ok(false);
        }
        let given = voucher.voucher();
        let promise = Promise {
            contract: given.contract,
            sender: given.sender,
            key: voucher.key(),
            epoch: given.epoch,
            slots: given.slots.first()..given.slots.end(),
            receiver: given.receiver,
            voucher: voucher.to_json().to_string(),
        };
        let promised = store.promise(&promise).await?;
        if promised == Promised::Twice {
            tracing::warn!(sender = %promise.sender, "a sender promised the same slots to two receivers");
        }
        Ok(matches!(promised, Promised::New | Promised::Known))
    }

    /// What a contract is for: its token, and how much a slot is; nothing if it holds no deposits.
    ///
    /// # Errors
    /// [`ChainError`].
    pub async fn terms(
        &self,
        chain: &Chain,
        contract: Address,
    ) -> Result<Option<(Address, u128)>, ChainError> {
        if let Some(terms) = self.terms.get(&contract) {
            return Ok(terms);
        }
        let terms = chain.deposit_terms(contract).await?;
        self.terms.insert(contract, terms);
        Ok(terms)
    }

    /// Whether the chain covers the slots of a voucher.
    async fn is_covered(&self, chain: &Chain, voucher: &ProvenVoucher) -> Result<bool, Unsure> {
        let (given, key) = (voucher.voucher(), voucher.key());
        let depositor = (given.contract, given.sender, given.epoch);
        let asked = self.asked.get_or_insert_with(&depositor, Arc::default);
        // Messages of one sender wait for each other, so that the chain is asked for the first of them alone.
        let mut asked = asked.lock().await;
        let known = asked.answers.iter().find(|(of, _)| *of == key);
        let is_known = known.map(|(_, coverage)| coverage.covers(given.slots).is_ok());
        match (is_known, asked.may_ask(Instant::now())) {
            (Some(true), _) => return Ok(true),
            (Some(false), false) => return Ok(false),
            (None, false) => return Err(Unsure::Later),
            (_, true) => {}
        }
        let coverage = chain.deposit_coverage(given.contract, given.sender, key, given.epoch).await?;
        asked.note(key, coverage, Instant::now());
        Ok(coverage.covers(given.slots).is_ok())
    }
}

impl Asked {
    /// Whether it is time to ask again.
    fn may_ask(&self, now: Instant) -> bool {
        let wait = WAIT.saturating_mul(2u32.saturating_pow(self.times.saturating_sub(1)));
        self.last.is_none_or(|last| now.duration_since(last) >= wait)
    }

    fn note(&mut self, key: Address, coverage: Coverage, now: Instant) {
        self.answers.retain(|(of, _)| *of != key);
        if self.answers.len() == KEYS {
            self.answers.remove(0);
        }
        self.answers.push((key, coverage));
        self.times += 1;
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Coverage = Coverage { slots: 0, burned: [0; 32], stays: false };

    #[test]
    fn the_chain_is_asked_ten_times_a_week_at_most_whatever_keys_a_sender_has() {
        let mut asked = Asked::default();
        let beginning = Instant::now();
        let mut times = 0;
        for minute in 0..7 * 24 * 60 {
            let now = beginning + Duration::from_secs(60 * minute);
            if asked.may_ask(now) {
                times += 1;
                asked.note(Address::from_bytes([(minute % 251) as u8; 20]), NOTHING, now);
                assert!(!asked.may_ask(now));
            }
        }
        assert_eq!(times, 10);
        assert!(asked.answers.len() <= KEYS);
    }
}
