//! What is asked of payments for answers: it stands at the node, which tells it to who writes.
//!
//! ```text
//! typed ──▶ a contract that holds payments ──▶ a token ──▶ an amount of it ──▶ node
//! ```

use dm3_core::attention::Minimum;
use dm3_core::delivery::Amount;
use dm3_core::identity::Address;

use super::driver::Active;
use super::fault::Fault;
use super::platform::Platform;
use super::settings::{Asked, Next, Wrong, change_settings};

/// Finds out what is asked now.
pub(super) async fn look<P: Platform>(at: Active<P>) {
    let told = at.session().own_attention().await;
    let wanted = told.as_ref().ok().cloned().flatten().flatten();
    let asked = told.map_err(Fault::from).map(|told| Asked {
        nowhere: told.is_none(),
        minimum: wanted.clone().map(|minimum| (minimum, None)),
        ..Asked::default()
    });
    change_settings(&at, |shown| shown.payments = Some(asked));
    let Some(minimum) = wanted else { return };
    // Until it is known, it is told without.
    if let Ok(token) = at.session().directory().token(minimum.token).await {
        change_asked(&at, |asked| {
            if let Some((_, known)) = asked.minimum.as_mut().filter(|(shown, _)| *shown == minimum) {
                *known = token;
            }
        });
    }
}

/// Takes what was typed for what was asked next.
pub(super) async fn typed<P: Platform>(at: &Active<P>, typed: &str) {
    let mut next = None;
    change_asked(at, |asked| {
        if !asked.busy {
            next = Some(asked.next.clone());
            (asked.busy, asked.wrong) = (true, None);
        }
    });
    let found = match next {
        None => return,
        Some(Next::Contract) => contract(at, typed).await,
        Some(Next::Token(contract)) => token(at, contract, typed).await,
        Some(Next::Amount(contract, token)) => match amount(typed, token.decimals) {
            Some(amount) => {
                let chain = at.session().directory().discovery().chain_id;
                let minimum = Minimum { chain, contract, token: token.address, amount };
                change_asked(at, |asked| asked.busy = false);
                want(at, Some(minimum)).await;
                return change_asked(at, |asked| {
                    if let Some((_, known)) = &mut asked.minimum {
                        *known = Some(token);
                    }
                });
            }
            None => Err(Wrong::Number),
        },
    };
    change_asked(at, |asked| {
        asked.busy = false;
        match found {
            Ok(next) => asked.next = next,
            Err(wrong) => asked.wrong = Some(wrong),
        }
    });
}

async fn contract<P: Platform>(at: &Active<P>, typed: &str) -> Result<Next, Wrong> {
    let contract = address(typed)?;
    match at.session().directory().holds_payments(contract).await {
        Ok(true) => Ok(Next::Token(contract)),
        Ok(false) => Err(Wrong::Contract),
        Err(_) => Err(Wrong::Unknown),
    }
}

async fn token<P: Platform>(at: &Active<P>, contract: Address, typed: &str) -> Result<Next, Wrong> {
    match at.session().directory().token(address(typed)?).await {
        Ok(Some(token)) => Ok(Next::Amount(contract, token)),
        Ok(None) => Err(Wrong::Token),
        Err(_) => Err(Wrong::Unknown),
    }
}

fn address(typed: &str) -> Result<Address, Wrong> {
    typed.trim().parse().map_err(|_| Wrong::Address)
}

/// So much of a token, in its smallest unit; more than nothing.
fn amount(typed: &str, decimals: u8) -> Option<u128> {
    Amount::of_units(typed, decimals).ok()?.as_str().parse().ok().filter(|amount| *amount > 0)
}

/// Asks for this from now on, or for nothing.
pub(super) async fn want<P: Platform>(at: &Active<P>, minimum: Option<Minimum>) {
    change_asked(at, |asked| (asked.busy, asked.wrong) = (true, None));
    let failed = at.session().want_attention(minimum.clone()).await.err().map(Fault::from);
    change_asked(at, |asked| {
        if failed.is_none() {
            asked.minimum = minimum.map(|minimum| (minimum, None));
            asked.next = Next::Contract;
        }
        (asked.busy, asked.failed) = (false, failed);
    });
    at.engine.keep();
}

fn change_asked<P: Platform>(at: &Active<P>, of: impl FnOnce(&mut Asked)) {
    change_settings(at, |shown| {
        if let Some(Ok(asked)) = &mut shown.payments {
            of(asked);
        }
    });
}
