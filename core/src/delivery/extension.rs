//! What a receiver can read, and what it demands of those who write: the profile extension.
//!
//! ```text
//! specification   {"encryptionScheme":[…],   "supportedMessageTypes":[…]}         also ‘supportedMesssageTypes’
//! deployed        {"encryptionAlgorithm":[…],"notSupportedMessageTypes":["NEW"]}  a default that says nothing
//! rules, early draft   {"minNonce":…, "minBalance":…, "minTokenBalance":…}
//! rules, deployed      {"spamFilterRules":{"minNonce":…,"minBalance":…,"minTokenBalance":{"address":…,"amount":…}}}
//! rules, extensible    {"spamRules":[{"rule":"minNonce","value":…}, {"rule":"contactsOnly"}, …]}
//! ```

use serde_json::{Map, Value};

use super::SpamRule;
use crate::attention::Minimum;
use crate::seal::json::object;

/// The most texts that are taken of any list.
const MAX_TEXTS: usize = 32;
/// The most rules that are taken.
const MAX_RULES: usize = 32;
/// The members in which rules stand by themselves, in the early draft and in `spamFilterRules`.
const NAMED_RULES: [&str; 3] = ["minNonce", "minBalance", "minTokenBalance"];
/// The members that are understood here.
const KNOWN: [&str; 7] = [
    "encryptionScheme",
    "encryptionAlgorithm",
    "supportedMessageTypes",
    "supportedMesssageTypes",
    "notSupportedMessageTypes",
    "spamFilterRules",
    "spamRules",
];

/// What a receiver can read and demands, as its delivery service tells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProfileExtension {
    /// The schemes the receiver prefers; empty means the default, which everybody understands.
    pub encryption_schemes: Vec<String>,
    /// Which types of messages the receiver wants.
    pub message_types: MessageTypes,
    /// What the receiver demands of those who write.
    pub rules: Vec<SpamRule>,
    /// Everything else, as it came.
    pub other: Map<String, Value>,
}

/// Which types of messages a receiver wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageTypes {
    /// All but these: the deployed form.
    AllBut(Vec<String>),
    /// These: the specification's form.
    Only(Vec<String>),
}

impl Default for MessageTypes {
    fn default() -> Self {
        Self::AllBut(Vec::new())
    }
}

impl ProfileExtension {
    /// What a payment has to be for the receiver to look at a request before others, if they say.
    pub fn attention(&self) -> Option<Minimum> {
        self.other.get(Minimum::MEMBER).and_then(Minimum::from_json)
    }

    /// Whether the receiver wants messages of this type, such as `REACTION`. `NEW` is always wanted.
    pub fn supports(&self, message_type: &str) -> bool {
        message_type == "NEW"
            || match &self.message_types {
                MessageTypes::AllBut(types) => !types.iter().any(|t| t == message_type),
                MessageTypes::Only(types) => types.iter().any(|t| t == message_type),
            }
    }

    /// Reads an extension in any of its forms. What can't be read says nothing.
    pub fn from_json(mut extension: Map<String, Value>) -> Self {
        let list = |names: &[&str]| names.iter().find_map(|name| extension.get(*name)).and_then(texts);
        // The deployed default is `notSupportedMessageTypes: ["NEW"]`, which taken at its word would forbid
        // all messages; NEW must always be supported, so it says nothing.
        let message_types = match list(&["supportedMessageTypes", "supportedMesssageTypes"]) {
            Some(only) => MessageTypes::Only(only),
            None => {
                let mut refused = list(&["notSupportedMessageTypes"]).unwrap_or_default();
                refused.retain(|message_type| message_type != "NEW");
                MessageTypes::AllBut(refused)
            }
        };
        let encryption_schemes = list(&["encryptionScheme", "encryptionAlgorithm"]).unwrap_or_default();
        let rules = rules_of(&extension);
        extension
            .retain(|member, _| !KNOWN.contains(&member.as_str()) && !NAMED_RULES.contains(&member.as_str()));
        Self { encryption_schemes, message_types, rules, other: extension }
    }

    /// The extension in the deployed and the specified spelling at once, for a delivery service to publish.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut extension = self.other.clone();
        let mut put = |member: &str, value: Value| extension.insert(member.to_owned(), value);
        if !self.encryption_schemes.is_empty() {
            put("encryptionScheme", self.encryption_schemes.clone().into());
            put("encryptionAlgorithm", self.encryption_schemes.clone().into());
        }
        match &self.message_types {
            MessageTypes::AllBut(types) => put("notSupportedMessageTypes", types.clone().into()),
            MessageTypes::Only(types) => put("supportedMessageTypes", types.clone().into()),
        };
        if !self.rules.is_empty() {
            let deployed: Vec<_> = self.rules.iter().filter_map(SpamRule::deployed_member).collect();
            if !deployed.is_empty() {
                put("spamFilterRules", object(deployed));
            }
            put("spamRules", self.rules.iter().map(SpamRule::to_json).collect());
        }
        extension
    }
}

/// The rules of all forms, each once.
fn rules_of(extension: &Map<String, Value>) -> Vec<SpamRule> {
    let mut rules = Vec::new();
    let mut add = |rule: SpamRule| {
        if rules.len() < MAX_RULES && !rules.contains(&rule) {
            rules.push(rule);
        }
    };
    if let Some(Value::Array(list)) = extension.get("spamRules") {
        list.iter().filter_map(SpamRule::from_json).for_each(&mut add);
    }
    if let Some(Value::Object(deployed)) = extension.get("spamFilterRules") {
        deployed
            .iter()
            .filter(|(_, value)| !value.is_null())
            .for_each(|(name, value)| add(SpamRule::of_member(name, value)));
    }
    for name in NAMED_RULES {
        if let Some(value) = extension.get(name).filter(|value| !value.is_null()) {
            add(SpamRule::of_member(name, value));
        }
    }
    rules
}

fn texts(value: &Value) -> Option<Vec<String>> {
    Some(value.as_array()?.iter().filter_map(Value::as_str).take(MAX_TEXTS).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::delivery::{Amount, Standing, Verdict};

    fn read(value: Value) -> ProfileExtension {
        let Value::Object(object) = value else { panic!("{value}") };
        ProfileExtension::from_json(object)
    }

    /// Weakness 32: taken at its word, the deployed default would forbid all mail.
    #[test]
    fn the_inverted_default_of_deployed_servers_forbids_nothing() {
        let extension = read(json!({ "notSupportedMessageTypes": ["NEW"] }));
        for message_type in ["NEW", "REPLY", "EDIT", "REACTION", "A_TYPE_OF_TOMORROW"] {
            assert!(extension.supports(message_type), "{message_type}");
        }
        assert_eq!(extension, ProfileExtension::default());
    }

    #[test]
    fn message_types_are_read_in_every_spelling() {
        for member in ["supportedMessageTypes", "supportedMesssageTypes"] {
            let extension = read(json!({ member: ["REPLY"] }));
            assert!(extension.supports("NEW") && extension.supports("REPLY") && !extension.supports("EDIT"));
        }
        let extension = read(json!({ "notSupportedMessageTypes": ["EDIT"] }));
        assert!(extension.supports("REPLY") && !extension.supports("EDIT"));
        for member in ["encryptionScheme", "encryptionAlgorithm"] {
            assert_eq!(read(json!({ member: ["a", 7, "b"] })).encryption_schemes, ["a", "b"]);
        }
    }

    #[test]
    fn rules_are_read_in_every_form() {
        let token = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        let expected = [
            SpamRule::MinNonce(2),
            SpamRule::MinBalance("1000000000000000000".parse().unwrap()),
            SpamRule::MinTokenBalance { token: token.parse().unwrap(), amount: Amount::from(5) },
        ];
        let members = json!({
            "minNonce": 2, "minBalance": "1000000000000000000",
            "minTokenBalance": { "address": token, "amount": "5" },
        });
        let list = json!({ "spamRules": [
            { "rule": "minNonce", "value": 2 },
            { "rule": "minBalance", "value": "1000000000000000000" },
            { "rule": "minTokenBalance", "token": token, "value": "5" },
        ] });
        for form in [json!({ "spamFilterRules": members }), list, members] {
            let rules = read(form.clone()).rules;
            assert!(
                rules.len() == 3 && expected.iter().all(|rule| rules.contains(rule)),
                "{form}: {rules:?}"
            );
        }
    }

    #[test]
    fn what_is_published_is_read_back_and_serves_deployed_readers_too() {
        let extension = ProfileExtension {
            encryption_schemes: vec!["x25519-chacha20-poly1305".into()],
            message_types: MessageTypes::AllBut(vec!["READ_OPENED".into()]),
            rules: vec![
                SpamRule::MinNonce(1),
                SpamRule::ContactsOnly,
                SpamRule::Other(
                    json!({ "rule": "captcha", "value": { "url": "…" } }).as_object().unwrap().clone(),
                ),
            ],
            other: json!({ "somethingNew": [1, 2] }).as_object().unwrap().clone(),
        };
        let json = extension.to_json();
        assert_eq!(json["spamFilterRules"], json!({ "minNonce": 1 }));
        assert_eq!(json["encryptionAlgorithm"], json["encryptionScheme"]);
        assert_eq!(ProfileExtension::from_json(json), extension);
    }

    #[test]
    fn a_rule_nobody_knows_is_kept_and_left_open() {
        let extension = read(json!({ "spamFilterRules": { "minNonce": "many", "stake": "10" } }));
        assert_eq!(extension.rules.len(), 2);
        for rule in &extension.rules {
            assert_eq!(rule.check(&Standing::default()), Verdict::Unknown, "{rule:?}");
        }
        let many: Vec<_> = (0..1000).map(|n| json!({ "rule": "minNonce", "value": n })).collect();
        assert_eq!(read(json!({ "spamRules": many })).rules.len(), MAX_RULES);
    }
}
