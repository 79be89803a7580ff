//! What somebody demands of those who write, and what that means for this account.

use dm3_core::delivery::{Amount, SpamRule, Verdict};
use dm3_core::identity::Address;
use dm3_core::session::{Askable, Demand, Token};

use super::spoken::{decimal, number};
use super::words::{self, TalkWord};
use super::{say, short_address};

/// How many places behind the point are shown of what an account holds, and how many at least behind zeros.
const PLACES: usize = 6;
const TELLING: usize = 2;

/// So much of a token, in its smallest unit, as people write it; of one that is not known, as it is.
pub fn tokens(amount: &Amount, token: Option<&Token>) -> String {
    let Some(token) = token else { return amount.as_str().to_owned() };
    units(amount.in_units(token.decimals), token)
}

fn units(digits: String, token: &Token) -> String {
    let called = token.symbol.clone().unwrap_or_else(|| short_address(token.address));
    format!("{} {called}", decimal(&digits))
}

/// So many coins of the chain.
pub fn coins(digits: &str) -> String {
    decimal(digits) + " ETH"
}

/// A rule in words: the same for who sets it and for who writes. `known` is what was looked up of what rules are about.
pub fn demand_of(name: &str, rule: &SpamRule, known: &[Askable]) -> String {
    let found = known.iter().find_map(|known| match (rule, known) {
        (SpamRule::MinTokenBalance { token, amount }, Askable::Token(known)) if known.address == *token => {
            Some(words::talk_demands_coins(&tokens(amount, Some(known)), name))
        }
        (SpamRule::Deposit(terms), Askable::Deposits { contract, token, .. })
            if *contract == terms.contract =>
        {
            Some(words::stake_asks(&tokens(&Amount::from(terms.stake()?), Some(token)), name))
        }
        _ => None,
    });
    found.unwrap_or_else(|| match rule {
        SpamRule::MinNonce(least) => {
            let least = usize::try_from(*least).unwrap_or(usize::MAX);
            words::talk_demands_transactions(least, name)
        }
        SpamRule::MinBalance(least) => words::talk_demands_coins(&coins(&least.in_coins()), name),
        SpamRule::MinTokenBalance { token, amount } => {
            words::talk_demands_tokens(amount.as_str(), name, &short_address(*token))
        }
        SpamRule::ContactsOnly => words::talk_demands_contacts(name),
        SpamRule::Deposit(_) | SpamRule::Other(_) => words::talk_demands_other(name),
    })
}

/// What this account lacks of a demand that it does not meet, which says how it can be met; or that this can't be found out
/// now. Nothing where nobody could do anything about it here.
pub fn lacks(account: Address, demand: &Demand) -> Option<String> {
    let account = short_address(account);
    let Demand { rule, verdict, held, token } = demand;
    let held = match verdict {
        Verdict::Met => return None,
        Verdict::Broken => held.as_ref(),
        Verdict::Unknown => None,
    };
    Some(match (rule, held) {
        (SpamRule::MinNonce(least), Some(sent)) => {
            let sent = sent.as_str().parse().unwrap_or(usize::MAX);
            words::talk_has_sent(&account, sent, &number(*least as f64))
        }
        (SpamRule::MinBalance(least), Some(held)) => {
            let (held, least) = (coins(&shortened(&held.in_coins())), coins(&least.in_coins()));
            words::talk_has_holdings(&account, &least, &held)
        }
        (SpamRule::MinTokenBalance { token: contract, amount }, Some(held)) => {
            let held = match token {
                Some(token) => units(shortened(&held.in_units(token.decimals)), token),
                None => held.as_str().to_owned(),
            };
            // Its whole address: anybody can make a token that is called as another one.
            let contract = contract.to_string();
            words::talk_has_tokens(&account, &tokens(amount, token.as_ref()), &held, &contract)
        }
        (SpamRule::MinNonce(_) | SpamRule::MinBalance(_) | SpamRule::MinTokenBalance { .. }, None) => {
            say(TalkWord::LacksUnknown).to_owned()
        }
        (SpamRule::ContactsOnly | SpamRule::Deposit(_) | SpamRule::Other(_), _) => return None,
    })
}

/// A number with few places behind the point, cut off rather than rounded: what is not enough is never shown to be.
fn shortened(number: &str) -> String {
    let Some((whole, places)) = number.split_once('.') else { return number.to_owned() };
    let zeros = places.len() - places.trim_start_matches('0').len();
    let kept = places.get(..PLACES.max(zeros + TELLING)).unwrap_or(places);
    format!("{whole}.{}", kept.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use js_sys::Array;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::super::speak;
    use super::*;

    const TOKEN: Address = Address::from_bytes([0x6b; 20]);

    fn dai() -> Token {
        Token { address: TOKEN, symbol: Some("DAI".to_owned()), decimals: 18 }
    }

    fn of(number: &str) -> Amount {
        number.parse().expect("a number")
    }

    fn told(rule: SpamRule, held: &str, token: Option<Token>) -> String {
        let demand = Demand { rule, verdict: Verdict::Broken, held: Some(of(held)), token };
        lacks(Address::from_bytes([0x12; 20]), &demand).expect("it is not met")
    }

    #[wasm_bindgen_test]
    fn a_demand_reads_the_same_for_who_sets_it_and_for_who_writes_in_what_people_count() {
        let rule = SpamRule::MinTokenBalance { token: TOKEN, amount: of("5000000000000000000") };
        let told = demand_of("bob.eth", &rule, &[Askable::Token(dai())]);
        assert_eq!(told, "bob.eth takes messages only from wallets that hold at least 5 DAI.");
        // Another token says nothing about this one.
        let other = Token { address: Address::from_bytes([1; 20]), ..dai() };
        let told = demand_of("bob.eth", &rule, &[Askable::Token(other)]);
        let raw = format!("at least 5000000000000000000 units of the token {}.", short_address(TOKEN));
        assert!(told.contains(&raw), "{told}");
    }

    #[wasm_bindgen_test]
    fn amounts_are_written_as_the_language_writes_numbers() {
        let unmet = SpamRule::MinBalance(of("4999000000000000000"));
        for (language, written) in [("de", "4,999 ETH"), ("ar-EG", "٤٫٩٩٩ ETH"), ("", "4.999 ETH")] {
            speak(language.to_owned(), Array::of2(&Array::new(), &Array::new()));
            let told = told(unmet.clone(), "0", None);
            assert!(told.contains(written), "{told}");
            assert_eq!(tokens(&of("4999000000000000000"), Some(&dai())), written.replace("ETH", "DAI"));
        }
    }

    #[wasm_bindgen_test]
    fn how_a_demand_can_be_met_is_told_with_what_the_account_has() {
        let account = "Your account 0x1212…1212";
        let coins = told(SpamRule::MinBalance(of("1000000000000000000")), "200000012345678901", None);
        assert_eq!(coins, format!("{account} holds 0.2 ETH now; it needs 1 ETH on Ethereum."));
        let rule = SpamRule::MinTokenBalance { token: TOKEN, amount: of("5000000000000000000") };
        let expected = |held: &str, needs: &str| {
            format!("{account} holds {held} now; it needs {needs} on Ethereum, of the token at {TOKEN}.")
        };
        assert_eq!(told(rule, "4999999999999999999", Some(dai())), expected("4.999999 DAI", "5 DAI"));
        // What counts in whole pieces, and says of itself nothing, as collections do.
        let rule = SpamRule::MinTokenBalance { token: TOKEN, amount: of("1") };
        assert_eq!(told(rule, "0", None), expected("0", "1"));
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn of_what_could_not_be_found_out_nothing_is_claimed() {
        let account = Address::from_bytes([0x12; 20]);
        let demand = |rule| Demand { rule, verdict: Verdict::Unknown, held: None, token: None };
        let told = lacks(account, &demand(SpamRule::MinNonce(5)));
        assert_eq!(told.as_deref(), Some("Whether yours does can’t be checked now."));
        assert_eq!(lacks(account, &demand(SpamRule::ContactsOnly)), None);
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn numbers_are_cut_off_where_they_tell_nothing_more() {
        for (number, shown) in [
            ("12", "12"),
            ("0.5", "0.5"),
            ("0.9999999999", "0.999999"),
            ("3.0000001", "3.0000001"),
            ("0.000000000000000123", "0.00000000000000012"),
        ] {
            assert_eq!(shortened(number), shown);
        }
    }
}
