//! What a receiver wants: rules against spam and preferences for delivery.
//!
//! ```text
//! PUT settings ─▶ Wishes (strict form) ─▶ names looked up ─▶ Settings, stored as JSON
//!                                                             ├─▶ profile extension: what senders should know
//!                                                             └─▶ spam: what is checked on the verified sender
//! ```

mod wishes;

use dm3_core::attention::Minimum;
use dm3_core::delivery::{MessageTypes, ProfileExtension, SpamRule};
use dm3_core::identity::Address;
use serde_json::{Map, Value, json};

use crate::store::{Store, StoreError};

pub use wishes::{SettingsError, Wishes};

/// The scheme that everybody understands.
const ENCRYPTION_SCHEME: &str = "x25519-chacha20-poly1305";

/// What an account wants, with every name of its lists looked up. The default is to take everything.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// What a sender must fulfil, unless it is on the allow list.
    pub rules: Vec<SpamRule>,
    /// Who may always write.
    pub allow: Vec<ListedSender>,
    /// Who may never write.
    pub deny: Vec<ListedSender>,
    /// The types of messages the account's clients understand, if they say.
    pub message_types: Option<Vec<String>>,
    /// The largest envelope it takes, in bytes, if that is less than the server does.
    pub max_message_bytes: Option<u64>,
    /// What a payment has to be for a request to be looked at before others, if it says.
    pub attention: Option<Minimum>,
}

/// Somebody on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSender {
    /// As the account wrote it: a name or an address.
    pub written: String,
    /// Who that was when the list was set.
    pub address: Address,
}

impl Settings {
    /// Whether anything is demanded of senders, so that one who can't be verified is refused.
    pub fn has_rules(&self) -> bool {
        !self.rules.is_empty() || !self.deny.is_empty()
    }

    /// Whether somebody may always write.
    pub fn allows(&self, sender: Address) -> bool {
        self.allow.iter().any(|entry| entry.address == sender)
    }

    /// What the account gets to see: as it wrote it, every member there.
    pub fn to_json(&self) -> Value {
        let list =
            |entries: &[ListedSender]| entries.iter().map(|entry| entry.written.clone()).collect::<Vec<_>>();
        let mut told = json!({
            "spamRules": self.rules.iter().map(SpamRule::to_json).collect::<Vec<_>>(),
            "allow": list(&self.allow),
            "deny": list(&self.deny),
            "delivery": {
                "supportedMessageTypes": self.message_types,
                "maxMessageBytes": self.max_message_bytes,
            },
        });
        if let Some(minimum) = &self.attention {
            told[Minimum::MEMBER] = minimum.to_json();
        }
        told
    }

    /// What is stored: the same, with the addresses.
    pub fn to_stored(&self) -> String {
        let list = |entries: &[ListedSender]| {
            entries.iter().map(|entry| json!([entry.written, entry.address])).collect::<Vec<_>>()
        };
        let mut stored = self.to_json();
        stored["allow"] = list(&self.allow).into();
        stored["deny"] = list(&self.deny).into();
        stored.to_string()
    }

    /// Reads what is stored; `None` if it is damaged.
    pub fn from_stored(text: &str) -> Option<Self> {
        let stored: Value = serde_json::from_str(text).ok()?;
        let entry = |value: &Value| {
            let address = Address::parse_unchecked_case(value.get(1)?.as_str()?).ok()?;
            Some(ListedSender { written: value.get(0)?.as_str()?.to_owned(), address })
        };
        let list = |name: &str| stored.get(name)?.as_array()?.iter().map(entry).collect::<Option<Vec<_>>>();
        let rules = stored.get("spamRules")?.as_array()?.iter().map(SpamRule::from_json);
        let delivery = stored.get("delivery")?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let message_types = match delivery.get("supportedMessageTypes")? {
            Value::Null => None,
            types => Some(types.as_array()?.iter().map(text).collect::<Option<_>>()?),
        };
        Some(Self {
            rules: rules.collect::<Option<_>>()?,
            allow: list("allow")?,
            deny: list("deny")?,
            message_types,
            max_message_bytes: delivery.get("maxMessageBytes")?.as_u64(),
            // Settings of before had none.
            attention: match stored.get(Minimum::MEMBER) {
                None => None,
                Some(minimum) => Some(Minimum::from_json(minimum)?),
            },
        })
    }

    /// What senders are told, in the deployed form and the specified one. Who is on a list is nobody's business.
    pub fn extension(&self) -> Map<String, Value> {
        let message_types = match &self.message_types {
            // The reference's default lists NEW as not supported, which would forbid all mail.
            None => MessageTypes::AllBut(Vec::new()),
            Some(types) => MessageTypes::Only(types.clone()),
        };
        let extension = ProfileExtension {
            encryption_schemes: vec![ENCRYPTION_SCHEME.to_owned()],
            message_types,
            rules: self.rules.clone(),
            other: Map::new(),
        };
        let mut published = extension.to_json();
        // Deployed readers take it for granted.
        published.entry("notSupportedMessageTypes").or_insert_with(|| json!([]));
        if let Some(most) = self.max_message_bytes {
            published.insert("maxMessageBytes".into(), most.into());
        }
        if let Some(minimum) = &self.attention {
            published.insert(Minimum::MEMBER.into(), minimum.to_json());
        }
        published
    }
}

/// What an account wants.
///
/// # Errors
/// [`StoreError`].
pub async fn read(store: &dyn Store, account: Address) -> Result<Settings, StoreError> {
    match store.settings(account).await? {
        None => Ok(Settings::default()),
        Some(text) => Settings::from_stored(&text).ok_or(StoreError::Damaged("settings can't be read back")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let entry = |written: &str, n| ListedSender {
            written: written.into(),
            address: Address::from_bytes([n; 20]),
        };
        Settings {
            rules: vec![
                SpamRule::MinNonce(2),
                SpamRule::MinBalance("1000000000000000000".parse().unwrap()),
                SpamRule::MinTokenBalance {
                    token: Address::from_bytes([9; 20]),
                    amount: "5".parse().unwrap(),
                },
                SpamRule::ContactsOnly,
            ],
            allow: vec![entry("alice.eth", 1)],
            deny: vec![entry("0x0202020202020202020202020202020202020202", 2)],
            message_types: Some(vec!["NEW".into(), "REPLY".into()]),
            max_message_bytes: Some(50_000),
            attention: Some(Minimum {
                chain: 1,
                contract: Address::from_bytes([7; 20]),
                token: Address::from_bytes([9; 20]),
                amount: 500,
            }),
        }
    }

    #[test]
    fn what_is_stored_is_read_back() {
        for settings in [Settings::default(), settings()] {
            assert_eq!(Settings::from_stored(&settings.to_stored()), Some(settings));
        }
        for damaged in ["", "{}", r#"{"spamRules":[7],"allow":[],"deny":[],"delivery":{}}"#] {
            assert_eq!(Settings::from_stored(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn senders_learn_the_rules_in_both_forms_and_nobody_on_the_lists() {
        let published = Value::from(settings().extension());
        assert_eq!(published["spamFilterRules"]["minNonce"], 2);
        assert_eq!(published["spamFilterRules"]["minTokenBalance"]["amount"], "5");
        assert_eq!(published["spamRules"][3]["rule"], "contactsOnly");
        assert_eq!(published["supportedMessageTypes"], json!(["NEW", "REPLY"]));
        assert_eq!(published["notSupportedMessageTypes"], json!([]));
        assert_eq!(published["attention"]["amount"], "500");
        let text = published.to_string();
        assert!(!text.contains("alice") && !text.contains("0x0202"), "{text}");
    }

    #[test]
    fn without_settings_nothing_is_demanded() {
        let settings = Settings::default();
        assert!(!settings.has_rules());
        assert_eq!(
            Value::from(settings.extension()),
            json!({
                "encryptionScheme": [ENCRYPTION_SCHEME],
                "encryptionAlgorithm": [ENCRYPTION_SCHEME],
                "notSupportedMessageTypes": [],
            })
        );
    }
}
