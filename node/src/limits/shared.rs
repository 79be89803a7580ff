//! What is counted in the database, for all processes that share it: what guards somebody else – whom a mail reaches, who
//! wants a name – must not be as many times what an operator chose as there are processes, nor begin anew with each start.

use std::time::Duration;

use dm3_core::seal::sha256;

use super::{Allowances, DAY, HOUR, Payer, Taker as _, TooMany, seconds_rounded_up};
use crate::store::Rate;

/// How much of it is allowed.
#[derive(Debug, Clone, Copy)]
pub struct Shared(Allowances);

impl Shared {
    /// As the operator chose.
    pub const fn new(allowances: Allowances) -> Self {
        Self(allowances)
    }

    /// What a one-time code counts as that is sent to `recipient`.
    pub fn code(&self, payer: Payer, recipient: &str) -> Vec<Rate> {
        let Self(Allowances { codes_to, codes_from, codes, .. }) = *self;
        let mut rates = of_payer("codes from", payer, codes_from, HOUR);
        rates.extend(rate("codes to", &whose_mail(recipient), codes_to, DAY));
        rates.extend(rate("codes", "", codes, HOUR));
        rates
    }

    /// What a name counts as that is claimed.
    pub fn name(&self, payer: Payer) -> Vec<Rate> {
        of_payer("names", payer, self.0.names, DAY)
    }
}

impl TooMany {
    /// Of what is free again in so many milliseconds.
    pub fn for_ms(ms: u64) -> Self {
        Self { retry_after: seconds_rounded_up(Duration::from_millis(ms)) }
    }
}

/// Of each of the networks that somebody is in.
fn of_payer(what: &str, payer: Payer, most: u32, time: Duration) -> Vec<Rate> {
    let share = |(payer, times): (Payer, usize)| {
        let Payer::Client(client) = payer else { return None };
        let times = u32::try_from(times).unwrap_or(u32::MAX);
        rate(what, &client.to_string(), most.saturating_mul(times), time)
    };
    payer.shares().into_iter().filter_map(share).collect()
}

/// `None` where there is no limit.
fn rate(what: &str, whom: &str, most: u32, time: Duration) -> Option<Rate> {
    let pause = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).checked_div(most.into())?.max(1);
    Some(Rate { key: sha256(format!("{what}\0{whom}").as_bytes()), pause, most })
}

/// Whom mail reaches: however the address is written, whatever stands behind a plus in it, and wherever dots stand, which
/// many hosts do not see. Two people whose addresses differ in dots alone share a limit, and nothing else.
fn whose_mail(address: &str) -> String {
    let address = address.trim().to_lowercase();
    match address.rsplit_once('@') {
        Some((local, host)) => {
            let local = local.split('+').next().unwrap_or_default().replace('.', "");
            format!("{local}@{host}")
        }
        None => address,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Client;
    use super::super::tests::NONE;
    use super::*;

    fn payer(text: &str) -> Payer {
        Payer::Client(Client::of(text.parse().unwrap()))
    }

    #[test]
    fn codes_are_counted_by_whom_they_reach() {
        let limits = Shared::new(Allowances { codes_to: 2, ..NONE });
        let victim = limits.code(Payer::Node, "victim+1@example.org");
        assert_eq!(victim, limits.code(payer("192.0.2.1"), " Victim@example.org"));
        assert_eq!((victim.len(), victim[0].pause, victim[0].most), (1, 43_200_000, 2));
        assert_eq!(victim, limits.code(Payer::Node, "v.ic.tim@example.org"), "many hosts see no dots");
        assert_ne!(victim, limits.code(Payer::Node, "another@example.org"));
    }

    #[test]
    fn who_has_many_networks_is_counted_by_each_that_holds_them() {
        let limits = Shared::new(Allowances { names: 10, ..NONE });
        let (one, other) = (limits.name(payer("2a00:1:0:1::1")), limits.name(payer("2a00:1:0:2::1")));
        assert_eq!(one.iter().map(|rate| rate.most).collect::<Vec<_>>(), [10, 40, 160]);
        assert_ne!(one[0], other[0]);
        assert_eq!(one[1..], other[1..]);
        assert_eq!(limits.name(payer("192.0.2.1")).len(), 1);
    }

    #[test]
    fn zero_is_no_limit() {
        assert_eq!(Shared::new(NONE).code(payer("192.0.2.1"), "a@example.org"), []);
    }
}
