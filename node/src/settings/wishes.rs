//! What an account sends to set its settings, in a strict form: whoever misspells a rule must learn that it would
//! not protect them.

use std::collections::HashMap;

use dm3_core::attention::Minimum;
use dm3_core::delivery::SpamRule;
use dm3_core::identity::{Address, EnsName};
use futures_util::StreamExt as _;
use futures_util::stream;
use serde::Deserialize;
use serde_json::Value;

use super::{ListedSender, Settings};
use crate::ethereum::names::{Names, NamesError};

/// The largest settings, in bytes.
const MAX_SETTINGS: usize = 128 * 1024;
/// The most rules.
const MAX_RULES: usize = 16;
/// The most entries of one list.
const MAX_LIST: usize = 1000;
/// The most names, which must be looked up, in both lists.
const MAX_NAMES: usize = 100;
/// How many of them are looked up at once.
const LOOKUPS_AT_ONCE: usize = 8;
/// The longest name, in bytes.
const MAX_NAME: usize = 255;
/// The most types of messages, and the longest.
const MAX_TYPES: usize = 32;
const MAX_TYPE: usize = 64;

/// Why settings are not taken.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not the form of settings.
    #[error("the settings are malformed: {0}")]
    Form(String),
    /// A rule that this server does not check.
    #[error("rule {0} is not one that is checked here, or lacks what it needs")]
    Rule(usize),
    /// Too much of something.
    #[error("there may be at most {most} {what}")]
    TooMany {
        /// How many there may be.
        most: usize,
        /// Of what.
        what: &'static str,
    },
    /// A name of a list leads nowhere.
    #[error("‘{0}’ is neither an address nor a name that leads to one")]
    Unresolvable(String),
    /// Names can't be looked up.
    #[error(transparent)]
    Names(#[from] NamesError),
}

/// Settings as they are sent. What is absent is as it is without settings.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wishes {
    #[serde(default)]
    spam_rules: Vec<Value>,
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    delivery: Delivery,
    #[serde(default)]
    attention: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Delivery {
    supported_message_types: Option<Vec<String>>,
    max_message_bytes: Option<u64>,
}

impl Wishes {
    /// Reads the JSON text of settings.
    ///
    /// # Errors
    /// [`SettingsError::Form`] and [`SettingsError::TooMany`].
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let too_many = |most, what| Err(SettingsError::TooMany { most, what });
        if text.len() > MAX_SETTINGS {
            return too_many(MAX_SETTINGS, "bytes of settings");
        }
        // A list of the members' values in their order would pass for a struct, too.
        if !text.trim_start().starts_with('{') {
            return Err(SettingsError::Form("they are a JSON object".to_owned()));
        }
        let wishes: Self =
            serde_json::from_str(text).map_err(|error| SettingsError::Form(error.to_string()))?;
        if wishes.spam_rules.len() > MAX_RULES {
            return too_many(MAX_RULES, "rules");
        }
        if wishes.allow.len() > MAX_LIST || wishes.deny.len() > MAX_LIST {
            return too_many(MAX_LIST, "entries in a list");
        }
        let types = wishes.delivery.supported_message_types.iter().flatten();
        let short = |text: &String| !text.is_empty() && text.len() <= MAX_TYPE && !text.contains('\0');
        if types.clone().count() > MAX_TYPES || !types.clone().all(short) {
            return too_many(MAX_TYPES, "short types of messages");
        }
        Ok(wishes)
    }

    /// Looks the names of the lists up. Deposits are checked on the chain with this number alone.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub async fn settle(self, names: &Names, chain_id: u64) -> Result<Settings, SettingsError> {
        let rules = self.spam_rules.iter().enumerate().map(|(n, rule)| checked_rule(n, rule, chain_id));
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        let mut to_look_up = Vec::new();
        for written in self.allow.iter().chain(&self.deny) {
            let name = parse_name(written)?;
            if names.own_address(&name).is_none() && !to_look_up.contains(&name) {
                to_look_up.push(name);
            }
        }
        if to_look_up.len() > MAX_NAMES {
            return Err(SettingsError::TooMany { most: MAX_NAMES, what: "names that are no addresses" });
        }
        let lookups = to_look_up.into_iter().map(|name| async move {
            let address = names.address_of(&name).await;
            (name, address)
        });
        let mut found = HashMap::new();
        let mut answers = stream::iter(lookups).buffer_unordered(LOOKUPS_AT_ONCE);
        while let Some((name, address)) = answers.next().await {
            found.insert(name, address?);
        }
        let list = |written: Vec<String>| {
            let entry = |written: String| {
                let name = parse_name(&written)?;
                let address = names.own_address(&name).or_else(|| found.get(&name).copied().flatten());
                match address {
                    Some(address) => Ok(ListedSender { written, address }),
                    None => Err(SettingsError::Unresolvable(written)),
                }
            };
            written.into_iter().map(entry).collect::<Result<Vec<_>, SettingsError>>()
        };
        Ok(Settings {
            rules,
            allow: list(self.allow)?,
            deny: list(self.deny)?,
            message_types: self.delivery.supported_message_types,
            max_message_bytes: self.delivery.max_message_bytes,
            attention: self.attention.map(|wish| checked_minimum(&wish)).transpose()?,
        })
    }
}

fn parse_name(written: &str) -> Result<EnsName, SettingsError> {
    let unresolvable = || SettingsError::Unresolvable(written.chars().take(MAX_NAME).collect());
    if written.len() > MAX_NAME {
        return Err(unresolvable());
    }
    // An address in capital letters is one all the same.
    match Address::parse_unchecked_case(written) {
        Ok(address) => address.to_lower_hex().parse(),
        Err(_) => written.parse(),
    }
    .map_err(|_| unresolvable())
}

/// What a payment has to be, with nothing beside it.
fn checked_minimum(wish: &Value) -> Result<Minimum, SettingsError> {
    let minimum = Minimum::from_json(wish).filter(|minimum| has_nothing_more(wish, &minimum.to_json()));
    minimum.ok_or_else(|| SettingsError::Form("attention is {chain, contract, token, amount}".to_owned()))
}

/// Whether all members are understood.
fn has_nothing_more(written: &Value, understood: &Value) -> bool {
    let members = written.as_object().into_iter().flatten();
    members.into_iter().all(|(member, _)| understood.get(member).is_some())
}

/// A rule that is checked here, with nothing in it that is not.
fn checked_rule(n: usize, rule: &Value, chain_id: u64) -> Result<SpamRule, SettingsError> {
    let is_checked = |rule: &SpamRule| match rule {
        SpamRule::Deposit(terms) => terms.chain == chain_id,
        SpamRule::Other(_) => false,
        _ => true,
    };
    let parsed = SpamRule::from_json(rule).filter(is_checked);
    let parsed = parsed.ok_or(SettingsError::Rule(n))?;
    if has_nothing_more(rule, &parsed.to_json()) { Ok(parsed) } else { Err(SettingsError::Rule(n)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(rule: &Value) -> Result<SpamRule, String> {
        checked_rule(0, rule, 1).map_err(|error| error.to_string())
    }

    #[test]
    fn a_rule_that_would_not_be_checked_is_refused() {
        assert_eq!(rule(&json!({ "rule": "minNonce", "value": 2 })), Ok(SpamRule::MinNonce(2)));
        assert_eq!(rule(&json!({ "rule": "contactsOnly" })), Ok(SpamRule::ContactsOnly));
        for wrong in [
            json!({ "rule": "minNonse", "value": 2 }),
            json!({ "rule": "minNonce" }),
            json!({ "rule": "minNonce", "value": "many" }),
            json!({ "rule": "minNonce", "value": 2, "valeu": 3 }),
            json!({ "rule": "minTokenBalance", "value": "2" }),
            json!({ "rule": "captcha" }),
            json!("minNonce"),
            json!({}),
        ] {
            assert!(rule(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_member_is_refused_and_named() {
        let error = Wishes::parse(r#"{"denny":[]}"#).unwrap_err().to_string();
        assert!(error.contains("denny"), "{error}");
        assert!(Wishes::parse(r#"{"delivery":{"maxBytes":1}}"#).is_err());
        assert!(Wishes::parse("{}").is_ok());
    }

    #[test]
    fn everything_is_bounded() {
        let list = |n: usize| json!({ "deny": vec!["0x0"; n] }).to_string();
        assert!(Wishes::parse(&list(MAX_LIST)).is_ok());
        assert!(matches!(Wishes::parse(&list(MAX_LIST + 1)), Err(SettingsError::TooMany { .. })));
        let rules = json!({ "spamRules": vec![json!({ "rule": "contactsOnly" }); MAX_RULES + 1] });
        assert!(matches!(Wishes::parse(&rules.to_string()), Err(SettingsError::TooMany { .. })));
        let types = json!({ "delivery": { "supportedMessageTypes": ["\0"] } });
        assert!(Wishes::parse(&types.to_string()).is_err());
        assert!(Wishes::parse(&" ".repeat(MAX_SETTINGS + 1)).is_err());
    }
}
