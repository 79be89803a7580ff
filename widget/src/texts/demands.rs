//! What somebody demands of those who write, and what that means for this account.

use dm3_core::delivery::{Amount, SpamRule, Verdict};
use dm3_core::session::{Askable, Token};

use super::words::{self, TalkWord};
use super::{say, short_address};

/// So much of a token, in its smallest unit, as people write it; of one that is not known, as it is.
pub fn tokens(amount: &Amount, token: Option<&Token>) -> String {
    let Some(token) = token else { return amount.as_str().to_owned() };
    let called = token.symbol.clone().unwrap_or_else(|| short_address(token.address));
    format!("{} {called}", amount.in_units(token.decimals))
}

/// The same where what the rule is about was looked up.
pub fn demand_of(name: &str, rule: &SpamRule, known: &[Askable]) -> String {
    known
        .iter()
        .find_map(|known| match (rule, known) {
            (SpamRule::MinTokenBalance { token, amount }, Askable::Token(known))
                if known.address == *token =>
            {
                Some(words::talk_demands_coins(&tokens(amount, Some(known)), name))
            }
            (SpamRule::Deposit(terms), Askable::Deposits { contract, token, .. })
                if *contract == terms.contract =>
            {
                Some(words::stake_asks(&tokens(&Amount::from(terms.stake()?), Some(token)), name))
            }
            _ => None,
        })
        .unwrap_or_else(|| demand(name, rule, Verdict::Met))
}

/// A rule in words, and whether it is met.
pub fn demand(name: &str, rule: &SpamRule, verdict: Verdict) -> String {
    let (demand, lacks) = match rule {
        SpamRule::MinNonce(least) => {
            let least = usize::try_from(*least).unwrap_or(usize::MAX);
            (words::talk_demands_transactions(least, name), TalkWord::LacksTransactions)
        }
        SpamRule::MinBalance(least) => {
            let coins = least.in_coins() + " ETH";
            (words::talk_demands_coins(&coins, name), TalkWord::LacksHoldings)
        }
        SpamRule::MinTokenBalance { token, amount } => {
            let token = short_address(*token);
            (words::talk_demands_tokens(amount.as_str(), name, &token), TalkWord::LacksHoldings)
        }
        SpamRule::ContactsOnly => return words::talk_demands_contacts(name),
        SpamRule::Deposit(_) | SpamRule::Other(_) => return words::talk_demands_other(name),
    };
    match verdict {
        Verdict::Met => demand,
        Verdict::Broken => [&demand, say(lacks)].join(" "),
        Verdict::Unknown => [&demand, say(TalkWord::LacksUnknown)].join(" "),
    }
}
