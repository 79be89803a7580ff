//! Work that an account's device does for it.
//!
//! challenge = until "-" HMAC(key, account ‖ until ‖ bits): the node remembers none. It is good for the account that it was made
//! for, for some minutes, and once.

use dm3_core::delivery as wire;
use dm3_core::identity::Address;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::rule::{Rule, Unsure};
use crate::auth::mac;
use crate::store::Payment;

/// How long a challenge may be worked on, in seconds.
const SECONDS: u64 = 15 * 60;

/// Takes whose device has worked.
pub(super) struct Worked {
    key: Zeroizing<[u8; 32]>,
    bits: u8,
}

impl Worked {
    pub(super) const fn new(key: Zeroizing<[u8; 32]>, bits: u8) -> Self {
        Self { key, bits }
    }

    fn challenge(&self, account: Address, until: u64) -> String {
        let tag = mac(&self.key, &[account.as_bytes(), &until.to_be_bytes(), &[self.bits]]);
        format!("{until}-{}", hex::encode(&tag[..16]))
    }

    fn payment_of(&self, account: Address, paid: &str, now: u64) -> Option<Payment> {
        let wire::Payment::Work(work, number) = wire::Payment::parse(paid, self.bits)? else { return None };
        let until: u64 = work.challenge().split_once('-')?.0.parse().ok()?;
        if !(now..=now + SECONDS).contains(&until) {
            return None;
        }
        let made = self.challenge(account, until);
        let own: bool = made.as_bytes().ct_eq(work.challenge().as_bytes()).into();
        let id = format!("work {made}");
        (own && work.is_done_by(number)).then_some(Payment::Once { id, expires_at: until })
    }
}

#[async_trait::async_trait]
impl Rule for Worked {
    async fn price(&self, account: Address, now: u64) -> Result<wire::Price, Unsure> {
        let work = wire::Work::new(&self.challenge(account, now + SECONDS), self.bits);
        Ok(work.map_or(wire::Price::Closed, wire::Price::Work))
    }

    async fn accept(&self, account: Address, paid: &str, now: u64) -> Result<Option<Payment>, Unsure> {
        Ok(self.payment_of(account, paid, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_398_894;

    async fn found(rule: &Worked, account: Address) -> String {
        let Ok(wire::Price::Work(work)) = rule.price(account, NOW).await else { panic!("no work") };
        let number = work.search(0, u32::MAX).unwrap();
        wire::Payment::Work(work, number).to_bearer().unwrap().expose().to_owned()
    }

    #[tokio::test]
    async fn work_is_good_for_one_account_for_some_minutes_and_under_the_same_key_and_bits() {
        let rule = |key: u8, bits| Worked::new(Zeroizing::new([key; 32]), bits);
        let account = |n: u8| Address::from_bytes([n; 20]);
        let paid = found(&rule(1, 8), account(1)).await;
        assert!(rule(1, 8).payment_of(account(1), &paid, NOW).is_some());
        assert!(rule(1, 8).payment_of(account(1), &paid, NOW + SECONDS).is_some());
        assert!(rule(1, 8).payment_of(account(1), &paid, NOW + SECONDS + 1).is_none(), "too late");
        assert!(rule(1, 8).payment_of(account(1), &paid, NOW - 1).is_none(), "made in the future");
        assert!(rule(1, 8).payment_of(account(2), &paid, NOW).is_none(), "for another account");
        assert!(rule(2, 8).payment_of(account(1), &paid, NOW).is_none(), "by another node");
        assert!(rule(1, 9).payment_of(account(1), &paid, NOW).is_none(), "for less work");
        let (challenge, number) = paid.rsplit_once('.').unwrap();
        let less = number.parse::<u64>().unwrap() + 1;
        assert!(rule(1, 24).payment_of(account(1), &format!("{challenge}.{less}"), NOW).is_none());
        assert!(rule(1, 8).payment_of(account(1), "work.99999999999999999999-aa.1", NOW).is_none());
    }
}
