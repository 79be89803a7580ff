//! What an account wants of a node of ours: rules for those who write, and who may write whatever the rules say
//! (`docs/node-security.md`, Spam rules).

use serde_json::{Map, Value};

use super::SpamRule;
use super::api::ApiError;
use super::reply::check;
use crate::attention::Minimum;
use crate::identity::EnsName;
use crate::seal::json::{self, canonical};
use crate::web::{BaseUrl, HttpRequest, HttpResponse, SessionToken};

/// The longest document that is read, in bytes: somewhat more than a node takes.
const MAX_DOCUMENT: usize = 256 * 1024;

/// The document as the node has it. It is written as a whole, so what is not understood here stays as it came.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wishes(Map<String, Value>);

impl Wishes {
    /// What those have to meet who write and are not [allowed](Self::allowed).
    pub fn rules(&self) -> Vec<SpamRule> {
        self.list("spamRules").filter_map(SpamRule::from_json).collect()
    }

    /// Demands this from now on.
    pub fn demand(&mut self, rules: &[SpamRule]) {
        self.0.insert("spamRules".to_owned(), rules.iter().map(SpamRule::to_json).collect());
    }

    /// Who may write whatever the rules say: names and addresses, as they were written.
    pub fn allowed(&self) -> Vec<String> {
        self.list("allow").filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Lets these write from now on.
    pub fn allow(&mut self, allowed: Vec<String>) {
        self.0.insert("allow".to_owned(), allowed.into_iter().map(Value::String).collect());
    }

    /// What a payment has to be for a request to be looked at before others.
    pub fn attention(&self) -> Option<Minimum> {
        self.0.get(Minimum::MEMBER).and_then(Minimum::from_json)
    }

    /// Looks at such requests before others from now on, or at none.
    pub fn want_attention(&mut self, minimum: Option<&Minimum>) {
        match minimum {
            Some(minimum) => self.0.insert(Minimum::MEMBER.to_owned(), minimum.to_json()),
            None => self.0.remove(Minimum::MEMBER),
        };
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten()
    }
}

/// Asks a node what an account wants. `settings` is what its description names.
pub fn get_wishes(settings: &BaseUrl, account: &EnsName, token: &SessionToken) -> HttpRequest {
    HttpRequest::get(settings.join(&[account.as_str()])).with_bearer(token)
}

/// Replaces what an account wants.
pub fn put_wishes(
    settings: &BaseUrl,
    account: &EnsName,
    token: &SessionToken,
    wishes: &Wishes,
) -> HttpRequest {
    let body = canonical(&Value::Object(wishes.0.clone()));
    HttpRequest::put(settings.join(&[account.as_str()]), body).with_bearer(token)
}

/// Reads the reply to [`get_wishes`] and [`put_wishes`].
///
/// # Errors
/// [`ApiError`].
pub fn parse_wishes(reply: &HttpResponse) -> Result<Wishes, ApiError> {
    check(reply)?;
    let document = if reply.body.len() > MAX_DOCUMENT { None } else { json::parse(&reply.body) };
    match document {
        Some(Value::Object(members)) => Ok(Wishes(members)),
        _ => Err(ApiError::Garbled("no settings")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(document: &Value) -> Result<Wishes, ApiError> {
        parse_wishes(&HttpResponse::new(200, document.to_string()))
    }

    #[test]
    fn what_is_not_understood_is_written_as_it_came() {
        let wishes = read(&json!({
            "spamRules": [{ "rule": "minNonce", "value": 2 }, { "rule": "deposit", "slots": 3 }, 7],
            "allow": ["alice.eth"],
            "deny": ["0x01"],
            "delivery": { "maxMessageBytes": 5, "supportedMessageTypes": null },
        }));
        let mut wishes = wishes.unwrap();
        assert_eq!(wishes.rules().len(), 2);
        assert_eq!(wishes.allowed(), ["alice.eth"]);
        wishes.demand(&[wishes.rules().pop().unwrap(), SpamRule::ContactsOnly]);
        wishes.allow(vec!["bob.eth".to_owned()]);
        let address = crate::identity::Address::from_bytes([7; 20]);
        let minimum = Minimum { chain: 1, contract: address, token: address, amount: 5 };
        wishes.want_attention(Some(&minimum));
        assert_eq!(wishes.attention(), Some(minimum));
        wishes.want_attention(None);
        let url = "https://a.example/ds/settings".parse().unwrap();
        let token = SessionToken::new("secret").unwrap();
        let request = put_wishes(&url, &"me.eth".parse().unwrap(), &token, &wishes);
        assert_eq!(request.url.as_str(), "https://a.example/ds/settings/me.eth");
        let sent: Value = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
        assert_eq!(
            sent,
            json!({
                "spamRules": [{ "rule": "deposit", "slots": 3 }, { "rule": "contactsOnly" }],
                "allow": ["bob.eth"],
                "deny": ["0x01"],
                "delivery": { "maxMessageBytes": 5, "supportedMessageTypes": null },
            })
        );
    }

    #[test]
    fn what_is_no_document_is_none() {
        assert_eq!(read(&json!([])), Err(ApiError::Garbled("no settings")));
        assert!(parse_wishes(&HttpResponse::new(200, " ".repeat(MAX_DOCUMENT + 1))).is_err());
        assert!(parse_wishes(&HttpResponse::new(404, String::new())).is_err());
        assert_eq!(read(&json!({ "allow": 7 })).map(|wishes| wishes.allowed()), Ok(Vec::new()));
    }
}
