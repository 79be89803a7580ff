//! What a new account costs, and whether it was paid; and what more room costs.
//!
//! ```text
//! registration without an account here ─▶ dyn Rule ─┬─ unpaid ─▶ the price, told in the refusal
//!                                                   └─ paid ───▶ store::Payment, used up in the transaction that makes the account
//! ```
//!
//! **Another rule**: a file here with an `impl Rule`, which may ask the chain; its word in
//! `config::RegistrationRule` and in [`Price::of`]; what it asks for and takes in `dm3_core::delivery`'s `Price` and `Payment`. What
//! may be used once goes into `store::Payment::Once`.

mod invitation;
mod rule;
mod share;
mod stake;
mod work;

use std::sync::Arc;

use dm3_core::delivery as wire;
use dm3_core::identity::Address;

use self::invitation::Invited;
pub use self::invitation::{code_hash, make_code};
use self::rule::{Rule, Unsure};
pub use self::share::{Lift, Share};
use self::stake::Staked;
use self::work::Worked;
use crate::config::{Config, RegistrationRule};
use crate::ethereum::chain::Chain;
use crate::mailbox::deposits::Deposits;
use crate::store::{Payment, Store};

/// The price of an account.
pub struct Price(Option<Box<dyn Rule>>);

/// Why an account is not paid for.
#[derive(Debug)]
pub enum Unpaid {
    /// This is to be paid first.
    Priced(wire::Price),
    /// That can't be found out now.
    Unsure(Unsure),
}

impl From<Unsure> for Unpaid {
    fn from(error: Unsure) -> Self {
        Self::Unsure(error)
    }
}

impl Price {
    /// What the operator has chosen; challenges are made under `key`.
    pub fn of(
        config: &Config,
        key: zeroize::Zeroizing<[u8; 32]>,
        chain: Arc<Chain>,
        store: Arc<dyn Store>,
    ) -> Self {
        Self(match config.registration {
            RegistrationRule::Open => None,
            RegistrationRule::Invitation => Some(Box::new(Invited)),
            RegistrationRule::Work => Some(Box::new(Worked::new(key, config.registration_work_bits))),
            RegistrationRule::Deposit(wanted) => {
                let (chain_id, deposits) = (config.chain_id, Deposits::new(config.chain_id));
                Some(Box::new(Staked { chain, store, chain_id, wanted, deposits }))
            }
            RegistrationRule::Closed => Some(Box::new(Closed)),
        })
    }

    /// What the store has to use up with the account; `None` where accounts cost nothing. `paid` is what came along.
    ///
    /// # Errors
    /// [`Unpaid`].
    pub async fn take(
        &self,
        account: Address,
        paid: Option<&str>,
        now: u64,
    ) -> Result<Option<Payment>, Unpaid> {
        let Some(rule) = &self.0 else { return Ok(None) };
        let payment = match paid {
            Some(paid) => rule.accept(account, paid, now).await?,
            None => None,
        };
        match payment {
            Some(payment) => Ok(Some(payment)),
            None => Err(self.again(account, now).await),
        }
    }

    /// What is asked of who has shown something that does not pay, or is used up.
    pub async fn again(&self, account: Address, now: u64) -> Unpaid {
        let Some(rule) = &self.0 else { return Unpaid::Priced(wire::Price::Closed) };
        rule.price(account, now).await.map_or_else(Unpaid::Unsure, Unpaid::Priced)
    }
}

/// Nobody is let in.
struct Closed;

#[async_trait::async_trait]
impl Rule for Closed {
    async fn price(&self, _: Address, _: u64) -> Result<wire::Price, Unsure> {
        Ok(wire::Price::Closed)
    }

    async fn accept(&self, _: Address, _: &str, _: u64) -> Result<Option<Payment>, Unsure> {
        Ok(None)
    }
}
