//! Whether two answers are the same.

use dm3_core::registry::abi::Tuple;
use serde_json::Value;

/// Members that differ from one run to the next, so only their form is compared.
const OF_THE_MOMENT: [&str; 3] = ["updatedAt", "conversationId", "sid"];

/// In what two JSON values differ, if they do: members, values, their order in lists.
pub fn difference(recorded: &Value, ours: &Value) -> Option<String> {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            let (theirs, own): (Vec<_>, Vec<_>) = (recorded.keys().collect(), ours.keys().collect());
            if theirs != own {
                return Some(format!("members {own:?} instead of {theirs:?}"));
            }
            recorded.iter().find_map(|(key, value)| {
                let other = &ours[key];
                let found = match key.as_str() {
                    // Encrypted anew each time, with the time of delivery in it.
                    "postmark" => forms_differ(&parsed(value)?, &parsed(other)?),
                    // Signed anew each time.
                    "data" if is_signed_answer(value) => gateway(value, other),
                    key if OF_THE_MOMENT.contains(&key) => forms_differ(value, other),
                    _ => difference(value, other),
                };
                found.map(|what| format!("{key}: {what}"))
            })
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            if recorded.len() != ours.len() {
                return Some(format!("{} elements instead of {}", ours.len(), recorded.len()));
            }
            let pairs = recorded.iter().zip(ours).enumerate();
            let mut found = pairs.filter_map(|(n, (recorded, ours))| Some((n, difference(recorded, ours)?)));
            found.next().map(|(n, what)| format!("[{n}] {what}"))
        }
        (Value::String(recorded), Value::String(ours)) if recorded != ours => {
            // JSON text within JSON.
            match (parsed(recorded), parsed(ours)) {
                (Some(recorded), Some(ours)) => difference(&recorded, &ours),
                _ if is_token(recorded) && is_token(ours) => None,
                _ => Some(format!("{ours:?} instead of {recorded:?}")),
            }
        }
        _ => (recorded != ours).then(|| format!("{ours} instead of {recorded}")),
    }
}

/// Whether a text is a JWT: three parts.
pub fn is_token(text: &str) -> bool {
    text.split('.').count() == 3 && text.starts_with("eyJ")
}

fn parsed(text: impl AsText) -> Option<Value> {
    serde_json::from_str(text.as_text()?).ok().filter(|value: &Value| value.is_object() || value.is_array())
}

trait AsText {
    fn as_text(&self) -> Option<&str>;
}

impl AsText for &Value {
    fn as_text(&self) -> Option<&str> {
        self.as_str()
    }
}

impl AsText for &String {
    fn as_text(&self) -> Option<&str> {
        Some(self)
    }
}

/// Whether the members differ, or of texts, where which kind of character stands.
fn forms_differ(recorded: &Value, ours: &Value) -> Option<String> {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            let (theirs, own): (Vec<_>, Vec<_>) = (recorded.keys().collect(), ours.keys().collect());
            (theirs != own).then(|| format!("members {own:?} instead of {theirs:?}"))
        }
        (Value::String(recorded), Value::String(ours)) => {
            let marks = |text: &str| text.chars().filter(|c| "-:.TZ".contains(*c)).collect::<String>();
            let differ = recorded.starts_with("20") && marks(recorded) != marks(ours) || ours.is_empty();
            differ.then(|| format!("{ours:?} is not of the form of {recorded:?}"))
        }
        _ => Some(format!("{ours} instead of {recorded}")),
    }
}

/// Whether this is a gateway's answer: a result, until when it holds, a signature.
fn is_signed_answer(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() > 400 && text.starts_with("0x"))
}

/// The signed answers of two gateways: the same result, still valid.
fn gateway(recorded: &Value, ours: &Value) -> Option<String> {
    let bytes = |value: &Value| hex::decode(value.as_str()?.strip_prefix("0x")?).ok();
    let (Some(recorded), Some(ours)) = (bytes(recorded), bytes(ours)) else {
        return Some(format!("{ours} is not an answer"));
    };
    let result = |bytes: &[u8]| Tuple::new(bytes).unwrap().bytes(0).unwrap().to_owned();
    let differ = result(&recorded) != result(&ours);
    differ.then(|| {
        format!("the result {} instead of {}", hex::encode(result(&ours)), hex::encode(result(&recorded)))
    })
}
