//! Asking CCIP-read gateways (EIP-3668) for clients whose page may not reach them.

use dm3_core::identity::Address;
use serde_json::{Value, json};

use super::{Proxies, REDIRECTS, TIME};
use crate::outgoing::{Bounds, OutgoingError, Use};

/// The longest address of a gateway, in bytes.
const MAX_TEMPLATE: usize = 2048;
/// The longest question, in bytes.
const MAX_QUESTION: usize = 12 * 1024;
/// The largest answer, in bytes: 256 KiB as hexadecimal digits and the JSON around them.
const MAX_ANSWER: usize = 2 * 256 * 1024 + 1024;

/// Why a gateway is not asked or gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum GatewayFault {
    /// Not a question that CCIP-read asks.
    #[error("a question has the gateway's address as ‘url’, and ‘sender’ and ‘data’ as EIP-3668 says")]
    Question,
    /// The gateway's address may not be called.
    #[error("the gateway can't be called: {0}")]
    Address(OutgoingError),
    /// It does not answer, or in no form that is read.
    #[error("the gateway does not answer: {0}")]
    Unreachable(OutgoingError),
    /// It refuses.
    #[error("the gateway answers with HTTP status {0}")]
    Status(u16),
    /// Its answer is not `{"data":"0x…"}`.
    #[error("the gateway's answer is not that of CCIP-read")]
    Answer,
}

impl Proxies {
    /// Asks the gateway at `template` as EIP-3668 says: a GET if it contains `{data}`, else a POST. Gives the
    /// answer's `data`.
    ///
    /// # Errors
    /// [`GatewayFault`].
    pub async fn gateway(&self, template: &str, sender: &str, data: &str) -> Result<String, GatewayFault> {
        let (url, body) = question(template, sender, data).ok_or(GatewayFault::Question)?;
        let bounds = Bounds { bytes: MAX_ANSWER, time: TIME, redirects: REDIRECTS };
        let fetched =
            self.outgoing.fetch(Use::Gateway, &url, body, bounds).await.map_err(|error| match error {
                OutgoingError::Url | OutgoingError::NotPublic => GatewayFault::Address(error),
                error => GatewayFault::Unreachable(error),
            })?;
        if !(200..300).contains(&fetched.status) {
            return Err(GatewayFault::Status(fetched.status));
        }
        let answer: Value = serde_json::from_slice(&fetched.body).map_err(|_| GatewayFault::Answer)?;
        let data = answer.get("data").and_then(Value::as_str).and_then(bytes).ok_or(GatewayFault::Answer)?;
        Ok(format!("0x{}", hex::encode(data)))
    }
}

/// The URL to call, and the body if it is a POST.
fn question(template: &str, sender: &str, data: &str) -> Option<(String, Option<String>)> {
    if template.len() > MAX_TEMPLATE || data.len() > 2 * MAX_QUESTION {
        return None;
    }
    let sender = Address::parse_unchecked_case(sender).ok()?.to_lower_hex();
    let data = format!("0x{}", hex::encode(bytes(data)?));
    let url = template.replace("{sender}", &sender).replace("{data}", &data);
    let body = (!template.contains("{data}")).then(|| json!({ "data": data, "sender": sender }).to_string());
    Some((url, body))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: &str = "0x00000000000C2E074eC69A0dFb2997BA6C7d2e1e";

    #[test]
    fn questions_are_put_as_eip_3668_says() {
        let lower = SENDER.to_lowercase();
        assert_eq!(
            question("https://g.example/{sender}/{data}.json", SENDER, "0xABcd"),
            Some((format!("https://g.example/{lower}/0xabcd.json"), None))
        );
        assert_eq!(
            question("https://g.example/{sender}", SENDER, "0x"),
            Some((
                format!("https://g.example/{lower}"),
                Some(format!(r#"{{"data":"0x","sender":"{lower}"}}"#))
            ))
        );
    }

    #[test]
    fn anything_else_is_no_question() {
        for (template, sender, data) in [
            ("https://g.example/{data}", "0x12", "0x00"),
            ("https://g.example/{data}", SENDER, "00"),
            ("https://g.example/{data}", SENDER, "0x0"),
            ("https://g.example/{data}", SENDER, "0x../../etc"),
            (&format!("https://g.example/{}", "a".repeat(MAX_TEMPLATE)), SENDER, "0x"),
            ("https://g.example/{data}", SENDER, &format!("0x{}", "00".repeat(MAX_QUESTION))),
        ] {
            assert_eq!(question(template, sender, data), None, "{template:.40} {sender} {data:.20}");
        }
    }
}
