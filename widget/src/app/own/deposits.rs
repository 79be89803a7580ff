//! What the account has at stake, wherever that is, and the way back. And what it offered for answers.

use std::collections::BTreeSet;

use dm3_core::attention::Payment;
use dm3_core::deposit::epoch_of;
use dm3_core::identity::Address;
use dm3_core::registry::deposits::Deposited;
use dm3_core::session::Askable;

use super::shown::{Held, Own, change_own};
use crate::app::driver::Active;
use crate::app::platform::Platform;
use crate::app::stake::Failure;
use crate::app::{attention, stake};

/// Finds out which deposits there are, then of which tokens; and which payments.
pub(super) async fn look<P: Platform>(at: &Active<P>) {
    look_at_deposits(at).await;
    let mut payments = Vec::new();
    for (payment, fate) in at.session().own_payments().await.unwrap_or_default() {
        payments.push(attention::known(at, payment, fate).await);
    }
    change_own(at, |shown: &mut Own| shown.payments = payments);
}

async fn look_at_deposits<P: Platform>(at: &Active<P>) {
    let own = match at.session().own_deposits().await {
        Ok(own) => own,
        Err(error) => {
            change_own(at, |shown: &mut Own| shown.deposits = Some(Err(error.into())));
            return;
        }
    };
    let epoch = epoch_of(at.session().now());
    let is_there = |standing| matches!(standing, Deposited::Open { .. } | Deposited::Leaving { .. });
    let held: Vec<_> = own.into_iter().filter(|own| is_there(own.standing)).collect();
    let held = held.into_iter().map(|own| Held { own, token: None, epoch, busy: false, failed: None });
    let held: Vec<Held> = held.collect();
    change_own(at, |shown: &mut Own| shown.deposits = Some(Ok(held.clone())));
    let contracts: BTreeSet<Address> = held.iter().map(|held| held.own.contract).collect();
    for contract in contracts {
        // Until they are known, the week is the device's, and the amount is in the token's smallest unit.
        let token = match at.session().directory().askable(contract).await {
            Ok(Some(Askable::Deposits { token, .. })) => Some(token),
            Ok(_) | Err(_) => None,
        };
        let epoch = at.session().epoch_at(contract).await.ok();
        change_held(at, |held| {
            if held.own.contract == contract {
                held.token.clone_from(&token);
                held.epoch = epoch.unwrap_or(held.epoch);
            }
        });
    }
}

/// Announces that one is to come back, or takes it.
pub(super) async fn take_back<P: Platform>(at: &Active<P>, contract: Address, key: Address) {
    let is_it = |held: &Held| (held.own.contract, held.own.key) == (contract, key);
    let mut wanted = None;
    change_held(at, |held| {
        if is_it(held) && !held.busy {
            (held.busy, held.failed) = (true, None);
            wanted = Some(held.own.clone());
        }
    });
    let Some(own) = wanted else { return };
    let failed = stake::take_back(at, &own).await.err();
    match failed {
        None => look(at).await,
        Some(failed) => change_held(at, |held| {
            if is_it(held) {
                (held.busy, held.failed) = (false, Some(failed.clone()));
            }
        }),
    }
}

/// Takes a payment back.
pub(super) async fn pay_back<P: Platform>(at: &Active<P>, payment: Payment) {
    // The conversation with its receiver may be doing so.
    if !at.paying.borrow_mut().insert(payment.receiver) {
        return;
    }
    change_own(at, |own: &mut Own| (own.paying, own.unpaid) = (Some(payment.clone()), None));
    let done = match stake::wallet(at) {
        Ok(wallet) => at.session().give_back(&wallet, &payment).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    at.paying.borrow_mut().remove(&payment.receiver);
    at.engine.keep();
    change_own(at, |own: &mut Own| (own.paying, own.unpaid) = (None, done.err()));
    look(at).await;
}

fn change_held<P: Platform>(at: &Active<P>, mut change: impl FnMut(&mut Held)) {
    change_own(at, |shown: &mut Own| {
        if let Some(Ok(all)) = &mut shown.deposits {
            all.iter_mut().for_each(&mut change);
        }
    });
}
