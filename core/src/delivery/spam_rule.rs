//! What a receiver demands of those who write. A rule says something about the *verified* sender only: whoever
//! claims to be somebody else has no standing.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::decimal::decimal;
use crate::deposit::Terms;
use crate::identity::Address;
use crate::seal::json::object;

/// The most digits of an amount: those of 2^256.
const MAX_DIGITS: usize = 78;

/// One demand. All of a receiver's rules must be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpamRule {
    /// The sender's account has sent at least so many transactions.
    MinNonce(u64),
    /// The sender's account holds at least so many wei.
    MinBalance(Amount),
    /// The sender's account holds at least so much of an ERC-20 token, in its smallest unit.
    MinTokenBalance {
        /// The token's contract.
        token: Address,
        /// How much.
        amount: Amount,
    },
    /// The receiver knows the sender already.
    ContactsOnly,
    /// The sender promises slots of a deposit, which the receiver may burn.
    Deposit(Terms),
    /// A rule this version does not know, as it came: `{"rule": name, …}`.
    Other(Map<String, Value>),
}

/// A whole number of up to 256 bits, in decimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Amount(String);

/// Not a whole number in decimal digits, or one above 256 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a whole number of up to 78 digits")]
pub struct AmountError;

/// What is known about a sender. What is `None` or absent was not looked up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// How many transactions the account has sent.
    pub nonce: Option<u64>,
    /// What it holds, in wei.
    pub balance: Option<Amount>,
    /// What it holds of tokens.
    pub tokens: Vec<(Address, Amount)>,
    /// Whether the receiver knows it already.
    pub is_contact: Option<bool>,
    /// Whether it promises what these terms demand.
    pub deposits: Vec<(Terms, bool)>,
}

/// Whether a rule is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Met,
    /// It is not.
    Broken,
    /// Nobody can say: the rule is unknown, or what it asks for was not looked up.
    Unknown,
}

impl SpamRule {
    /// Whether a sender of this standing may write.
    pub fn check(&self, sender: &Standing) -> Verdict {
        let met = match self {
            Self::MinNonce(least) => sender.nonce.map(|nonce| nonce >= *least),
            Self::MinBalance(least) => sender.balance.as_ref().map(|balance| balance >= least),
            Self::MinTokenBalance { token, amount } => {
                sender.tokens.iter().find(|(held, _)| held == token).map(|(_, held)| held >= amount)
            }
            Self::ContactsOnly => sender.is_contact,
            Self::Deposit(terms) => {
                sender.deposits.iter().find(|(told, _)| told == terms).map(|(_, met)| *met)
            }
            Self::Other(_) => None,
        };
        match met {
            Some(true) => Verdict::Met,
            Some(false) => Verdict::Broken,
            None => Verdict::Unknown,
        }
    }

    /// An element of the extensible list: `{"rule": name, "value": …}`. Without a name it is none.
    pub fn from_json(value: &Value) -> Option<Self> {
        let members = value.as_object()?;
        let name = members.get("rule")?.as_str()?;
        let stated = members.get("value").unwrap_or(&Value::Null);
        let known = match name {
            "minTokenBalance" => token_rule(members.get("token"), Some(stated)),
            Terms::RULE => Terms::from_json(value).map(Self::Deposit),
            _ => Self::known(name, stated),
        };
        Some(known.unwrap_or_else(|| Self::Other(members.clone())))
    }

    /// The element of the extensible list.
    pub fn to_json(&self) -> Value {
        match self {
            Self::MinNonce(least) => object(vec![("rule", "minNonce".into()), ("value", (*least).into())]),
            Self::MinBalance(least) => {
                object(vec![("rule", "minBalance".into()), ("value", least.as_str().into())])
            }
            Self::MinTokenBalance { token, amount } => object(vec![
                ("rule", "minTokenBalance".into()),
                ("token", token.to_string().into()),
                ("value", amount.as_str().into()),
            ]),
            Self::ContactsOnly => object(vec![("rule", "contactsOnly".into())]),
            Self::Deposit(terms) => terms.to_json(),
            Self::Other(members) => members.clone().into(),
        }
    }

    /// A member of the deployed `spamFilterRules`.
    pub(super) fn of_member(name: &str, value: &Value) -> Self {
        let known = match name {
            "minTokenBalance" => token_rule(value.get("address"), value.get("amount")),
            _ => Self::known(name, value),
        };
        known.unwrap_or_else(|| {
            let rule = [("rule".to_owned(), name.into()), ("value".to_owned(), value.clone())];
            Self::Other(rule.into_iter().collect())
        })
    }

    /// The member of the deployed `spamFilterRules`, for the rules that have one.
    pub(super) fn deployed_member(&self) -> Option<(&str, Value)> {
        match self {
            Self::MinNonce(least) => Some(("minNonce", (*least).into())),
            Self::MinBalance(least) => Some(("minBalance", least.as_str().into())),
            Self::MinTokenBalance { token, amount } => {
                let members = vec![("address", token.to_string().into()), ("amount", amount.as_str().into())];
                Some(("minTokenBalance", object(members)))
            }
            Self::ContactsOnly | Self::Deposit(_) | Self::Other(_) => None,
        }
    }

    fn known(name: &str, value: &Value) -> Option<Self> {
        match name {
            "minNonce" => value.as_u64().or_else(|| value.as_str()?.parse().ok()).map(Self::MinNonce),
            "minBalance" => Amount::from_json(value).map(Self::MinBalance),
            "contactsOnly" => Some(Self::ContactsOnly),
            _ => None,
        }
    }
}

fn token_rule(token: Option<&Value>, amount: Option<&Value>) -> Option<SpamRule> {
    let token = Address::parse_unchecked_case(token?.as_str()?).ok()?;
    Some(SpamRule::MinTokenBalance { token, amount: Amount::from_json(amount?)? })
}

impl Amount {
    /// The decimal digits, without leading zeros.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A number as the EVM has it.
    pub fn from_be_bytes(word: [u8; 32]) -> Self {
        Self(decimal(word))
    }

    fn from_json(value: &Value) -> Option<Self> {
        value.as_u64().map(|number| Self::from(u128::from(number))).or_else(|| value.as_str()?.parse().ok())
    }
}

impl From<u128> for Amount {
    fn from(number: u128) -> Self {
        Self(number.to_string())
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let digits = text.trim_start_matches('0');
        if text.is_empty() || digits.len() > MAX_DIGITS || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(AmountError);
        }
        Ok(Self(if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        // Without leading zeros the longer number is the larger one.
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn amounts_are_ordered_like_the_numbers_they_are(a: u64, b: u64, zeros in 0usize..4) {
            let padded: Amount = format!("{}{a}", "0".repeat(zeros)).parse().unwrap();
            prop_assert_eq!(&padded, &Amount::from(u128::from(a)));
            prop_assert_eq!(padded.cmp(&Amount::from(u128::from(b))), a.cmp(&b));
        }
    }

    proptest! {
        #[test]
        fn a_word_is_the_number_it_is(number: u128) {
            let mut word = [0; 32];
            word[16..].copy_from_slice(&number.to_be_bytes());
            prop_assert_eq!(Amount::from_be_bytes(word).to_string(), number.to_string());
        }
    }

    #[test]
    fn only_whole_numbers_are_amounts() {
        for text in ["", "-1", "1.5", "1e18", "0x10", " 1", &"9".repeat(79)] {
            assert_eq!(text.parse::<Amount>(), Err(AmountError), "{text}");
        }
        assert_eq!("000".parse::<Amount>().unwrap().as_str(), "0");
    }

    fn terms(slots: u16) -> Terms {
        let (contract, token) = (Address::from_bytes([8; 20]), Address::from_bytes([9; 20]));
        Terms { chain: 1, contract, token, slot: 1000, slots }
    }

    #[test]
    fn a_deposit_is_demanded_in_the_extensible_list_alone() {
        let rule = SpamRule::Deposit(terms(3));
        assert_eq!(SpamRule::from_json(&rule.to_json()), Some(rule.clone()));
        assert_eq!(rule.deployed_member(), None);
        // What nobody could meet, or read, is no rule this version knows.
        for (member, value) in
            [("slots", "0"), ("slots", "257"), ("slot", r#""0""#), ("slot", "1"), ("token", "1")]
        {
            let mut json = rule.to_json();
            json[member] = serde_json::from_str(value).unwrap();
            assert!(matches!(SpamRule::from_json(&json), Some(SpamRule::Other(_))), "{member} {value}");
        }
    }

    #[test]
    fn a_rule_is_met_broken_or_undecided() {
        let token = Address::from_bytes([7; 20]);
        let sender = Standing {
            nonce: Some(3),
            balance: Some(Amount::from(10)),
            tokens: vec![(token, Amount::from(1))],
            is_contact: Some(false),
            deposits: vec![(terms(3), true), (terms(4), false)],
        };
        let token_rule = |amount| SpamRule::MinTokenBalance { token, amount: Amount::from(amount) };
        for (rule, verdict) in [
            (SpamRule::MinNonce(3), Verdict::Met),
            (SpamRule::MinNonce(4), Verdict::Broken),
            (SpamRule::MinBalance(Amount::from(10)), Verdict::Met),
            (SpamRule::MinBalance(Amount::from(11)), Verdict::Broken),
            (token_rule(1), Verdict::Met),
            (token_rule(2), Verdict::Broken),
            (SpamRule::ContactsOnly, Verdict::Broken),
            (SpamRule::Deposit(terms(3)), Verdict::Met),
            (SpamRule::Deposit(terms(4)), Verdict::Broken),
        ] {
            assert_eq!(rule.check(&sender), verdict, "{rule:?}");
            assert_eq!(rule.check(&Standing::default()), Verdict::Unknown, "{rule:?}");
        }
    }
}
