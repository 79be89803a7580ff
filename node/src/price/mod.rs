//! What a new account costs, and whether it was paid.
//!
//! ```text
//! registration without an account here ─▶ dyn Rule ─┬─ unpaid ─▶ the price, told in the refusal
//!                                                   └─ paid ───▶ store::Payment, used up in the transaction that makes the account
//! ```
//!
//! **Another rule**, such as a deposit that the chain knows of: a file here with an `impl Rule`, which may ask the chain; its word in
//! `config::RegistrationRule` and in [`Price::of`]; what it asks for and takes in `dm3_core::delivery`'s `Price` and `Payment`. What
//! may be used once goes into `store::Payment::Once`.

mod invitation;
mod rule;
mod work;

use dm3_core::delivery as wire;
use dm3_core::identity::Address;

use self::invitation::Invited;
pub use self::invitation::{code_hash, make_code};
use self::rule::Rule;
use self::work::Worked;
use crate::config::{Config, RegistrationRule};
use crate::store::Payment;

/// The price of an account.
pub struct Price(Option<Box<dyn Rule>>);

/// What is to be paid first.
#[derive(Debug)]
pub struct Unpaid(pub wire::Price);

impl Price {
    /// What the operator has chosen; challenges are made under `key`.
    pub fn of(config: &Config, key: zeroize::Zeroizing<[u8; 32]>) -> Self {
        Self(match config.registration {
            RegistrationRule::Open => None,
            RegistrationRule::Invitation => Some(Box::new(Invited)),
            RegistrationRule::Work => Some(Box::new(Worked::new(key, config.registration_work_bits))),
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
            Some(paid) => rule.accept(account, paid, now).await,
            None => None,
        };
        payment.map(Some).ok_or_else(|| Unpaid(rule.price(account, now)))
    }

    /// What is asked of who has shown something that is used up.
    pub fn again(&self, account: Address, now: u64) -> Unpaid {
        Unpaid(self.0.as_ref().map_or(wire::Price::Closed, |rule| rule.price(account, now)))
    }
}

/// Nobody is let in.
struct Closed;

#[async_trait::async_trait]
impl Rule for Closed {
    fn price(&self, _: Address, _: u64) -> wire::Price {
        wire::Price::Closed
    }

    async fn accept(&self, _: Address, _: &str, _: u64) -> Option<Payment> {
        None
    }
}
