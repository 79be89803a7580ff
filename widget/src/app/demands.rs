//! What is demanded of those who write: rules at the node, and what is known of the contracts that they name.
//!
//! ```text
//! LookAt(address) ──chain──▶ Found(token | deposits) ──DemandOf(number)──▶ one rule more ──▶ node
//! ```

use dm3_core::delivery::{Amount, SpamRule};
use dm3_core::deposit::{Slots, Terms};
use dm3_core::identity::Address;
use dm3_core::session::Askable;

use super::command::Numbered;
use super::driver::Active;
use super::fault::Fault;
use super::platform::Platform;
use super::settings::{Asking, Demands, SETTINGS, Settings, change};

/// The most contracts of rules that are looked up.
const MOST: usize = 8;

/// Finds out what is demanded now.
pub(super) async fn look<P: Platform>(at: Active<P>) {
    let rules = at.session().own_demands().await;
    let named: Vec<_> = rules.iter().flatten().flatten().filter_map(contract_of).take(MOST).collect();
    let demands = rules
        .map(|rules| Demands { rules, failed: None, known: Vec::new(), asking: Asking::None, misread: None })
        .map_err(Fault::from);
    change(&at, SETTINGS, |shown: &mut Settings| shown.demands = Some(demands));
    for contract in named {
        // Until it is known, the rule is shown without.
        if let Ok(Some(found)) = at.session().directory().askable(contract).await {
            change_demands(&at, |demands| demands.known.push(found));
        }
    }
}

/// Demands this, and nothing else.
pub(super) async fn demand<P: Platform>(at: &Active<P>, rules: Vec<SpamRule>) {
    let failed = at.session().demand(&rules).await.err().map(Fault::from);
    change_demands(at, |demands| {
        if failed.is_none() {
            demands.rules = Some(rules);
            demands.misread = None;
        }
        demands.failed = failed;
    });
    at.engine.keep();
}

/// Keeps what was typed and is no number, so that whoever typed it reads why nothing was changed, and can mend it.
pub(super) fn misread<P: Platform>(at: &Active<P>, rule: Numbered, typed: String) {
    change_demands(at, |demands| demands.misread = Some((rule, typed)));
}

/// Finds out what is at an address.
pub(super) async fn look_at<P: Platform>(at: &Active<P>, typed: &str) {
    let Ok(contract) = typed.trim().parse::<Address>() else {
        return change_demands(at, |demands| demands.asking = Asking::NoAddress);
    };
    let searching = Asking::Searching(contract);
    change_demands(at, |demands| demands.asking = searching.clone());
    let found = match at.session().directory().askable(contract).await {
        Ok(Some(found)) => Asking::Found(found, None),
        Ok(None) => Asking::Neither,
        Err(_) => Asking::Unknown,
    };
    change_demands(at, |demands| {
        // Another one may have been asked about meanwhile.
        if demands.asking == searching {
            demands.asking = found;
        }
    });
}

/// Demands so much of what was found, in place of what was demanded of it before.
pub(super) async fn demand_of<P: Platform>(at: &Active<P>, typed: &str) {
    let mut shown = None;
    change_demands(at, |demands| shown = Some(demands.clone()));
    let Some(Demands { asking: Asking::Found(found, _), rules: Some(mut rules), .. }) = shown else { return };
    let Some(rule) = rule(&found, typed) else {
        return change_demands(at, |demands| demands.asking = Asking::Found(found, Some(typed.to_owned())));
    };
    // Of deposits one contract alone can be demanded.
    rules.retain(|other| match (&rule, other) {
        (SpamRule::Deposit(_), SpamRule::Deposit(_)) => false,
        _ => contract_of(other) != contract_of(&rule),
    });
    rules.push(rule);
    demand(at, rules).await;
    change_demands(at, |demands| {
        if demands.failed.is_none() {
            demands.known.push(found);
            demands.asking = Asking::None;
        }
    });
}

fn rule(of: &Askable, typed: &str) -> Option<SpamRule> {
    match of {
        Askable::Token(token) => {
            let amount = Amount::of_units(typed, token.decimals).ok()?;
            let wanted = amount != Amount::from(0);
            wanted.then_some(SpamRule::MinTokenBalance { token: token.address, amount })
        }
        Askable::Deposits { chain, contract, token, slot } => {
            let slots = typed.trim().parse().ok()?;
            Slots::new(0, slots)?;
            let (chain, contract, slot) = (*chain, *contract, *slot);
            Some(SpamRule::Deposit(Terms { chain, contract, token: token.address, slot, slots }))
        }
    }
}

/// The contract that a rule is about.
fn contract_of(rule: &SpamRule) -> Option<Address> {
    match rule {
        SpamRule::MinTokenBalance { token, .. } => Some(*token),
        SpamRule::Deposit(terms) => Some(terms.contract),
        SpamRule::MinNonce(_) | SpamRule::MinBalance(_) | SpamRule::ContactsOnly | SpamRule::Other(_) => None,
    }
}

fn change_demands<P: Platform>(at: &Active<P>, of: impl FnOnce(&mut Demands)) {
    change(at, SETTINGS, |shown: &mut Settings| {
        if let Some(Ok(demands)) = &mut shown.demands {
            of(demands);
        }
    });
}
