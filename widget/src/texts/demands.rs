//! What somebody demands of those who write, and what that means for this account.

use dm3_core::delivery::{SpamRule, Verdict};

use super::words::{self, TalkWord};
use super::{say, short_address};

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
