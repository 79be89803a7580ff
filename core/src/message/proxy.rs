//! A message for somebody else to deliver: sealed once, with one block of metadata for each of the receiver's
//! delivery services (the reference's `ProxyEnvelop`).
//!
//! ```text
//! {to, encryptedMessage, encryptionEnvelops: [{encryptionEnvelop: {metadata, postmark?}, deliveryServiceEnsName}]}
//! ```
//!
//! The proxy learns who gets the message, but nothing of it, and hides the sender's network address from the
//! delivery services.

use serde_json::{Map, Value};

use super::envelope::{MAX_ENVELOPE, seal_metadata, seal_text};
use super::{DeliveryInformation, Envelope, EnvelopeError, SignedMessage};
use crate::identity::{EnsName, ProfileKeys};
use crate::seal::json::{self, canonical, object};
use crate::seal::{EncryptionKey, Entropy, SealError};

/// The most delivery services one proxy envelope names.
pub const MAX_PROXY_SERVICES: usize = 16;

/// A message for a proxy.
#[derive(Clone, Debug, PartialEq)]
pub struct ProxyEnvelope {
    /// The receiver's name.
    pub to: String,
    /// In the order in which they are to be tried.
    envelopes: Vec<(EnsName, Envelope)>,
}

impl ProxyEnvelope {
    /// Seals a message for a receiver whose profile names these delivery services; at most
    /// [`MAX_PROXY_SERVICES`] of them are taken.
    ///
    /// # Errors
    /// [`SealError`]: then there is nothing that may leave.
    pub fn seal(
        message: &SignedMessage,
        information: &DeliveryInformation,
        receiver: &EncryptionKey,
        services: &[(EnsName, EncryptionKey)],
        author: &ProfileKeys,
        entropy: &impl Entropy,
    ) -> Result<Self, SealError> {
        let sealed = seal_text(message, receiver, entropy)?;
        let envelopes = services.iter().take(MAX_PROXY_SERVICES).map(|(name, key)| {
            let metadata = seal_metadata(message, information, key, author, entropy)?;
            Ok((name.clone(), Envelope::from_parts(sealed.clone(), metadata)))
        });
        Ok(Self { to: information.to.clone(), envelopes: envelopes.collect::<Result<_, _>>()? })
    }

    /// Reads a proxy envelope, each envelope in it in the strict form of the deployed schema.
    ///
    /// # Errors
    /// [`EnvelopeError`] saying what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, EnvelopeError> {
        if text.len() > MAX_ENVELOPE {
            return Err(EnvelopeError::TooLarge);
        }
        let value = json::parse(text).ok_or(EnvelopeError::Json)?;
        let text = |value: &Value, member| value.get(member).and_then(Value::as_str).map(str::to_owned);
        let message = text(&value, "encryptedMessage").ok_or(EnvelopeError::Form("encryptedMessage"))?;
        let list = value.get("encryptionEnvelops").and_then(Value::as_array);
        let list = list.ok_or(EnvelopeError::Form("encryptionEnvelops"))?;
        if list.is_empty() || list.len() > MAX_PROXY_SERVICES {
            return Err(EnvelopeError::Form("encryptionEnvelops"));
        }
        let mut envelopes = Vec::with_capacity(list.len());
        for entry in list {
            let name = text(entry, "deliveryServiceEnsName").and_then(|name| name.parse().ok());
            let name = name.ok_or(EnvelopeError::Form("deliveryServiceEnsName"))?;
            let Some(Value::Object(envelope)) = entry.get("encryptionEnvelop") else {
                return Err(EnvelopeError::Form("encryptionEnvelop"));
            };
            if envelope.contains_key("message") {
                return Err(EnvelopeError::Form("unknown member"));
            }
            let mut whole = envelope.clone();
            whole.insert("message".to_owned(), message.as_str().into());
            envelopes.push((name, Envelope::from_json(whole)?));
        }
        Ok(Self { to: text(&value, "to").ok_or(EnvelopeError::Form("to"))?, envelopes })
    }

    /// The canonical JSON text.
    pub fn to_canonical(&self) -> String {
        let message = self.envelopes.first().map(|(_, envelope)| envelope.message()).unwrap_or_default();
        let entry = |(name, envelope): &(EnsName, Envelope)| {
            let metadata: &Map<String, Value> = envelope.metadata();
            object(vec![
                ("deliveryServiceEnsName", name.as_str().into()),
                ("encryptionEnvelop", object(vec![("metadata", metadata.clone().into())])),
            ])
        };
        canonical(&object(vec![
            ("encryptedMessage", message.into()),
            ("encryptionEnvelops", self.envelopes.iter().map(entry).collect()),
            ("to", self.to.as_str().into()),
        ]))
    }

    /// The envelopes and the delivery services they are for, in the order in which they are to be tried: stop at the
    /// first that accepts.
    pub fn into_envelopes(self) -> Vec<(EnsName, Envelope)> {
        self.envelopes
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity::KeySeed;
    use crate::message::{Draft, Header, OpenedMessage, ReceivedEnvelope};
    use crate::testing::SeededEntropy;

    fn keys(seed: u8) -> ProfileKeys {
        ProfileKeys::derive(&KeySeed::from_bytes([seed; 32]))
    }

    fn sealed(services: usize) -> (SignedMessage, ProxyEnvelope) {
        let header = Header { from: "a.eth".parse().unwrap(), to: "b.eth".parse().unwrap(), timestamp: 1 };
        let message = Draft::text(header, "hello").sign(&keys(1).signing);
        let information =
            DeliveryInformation { from: "a.eth".into(), to: "b.eth".into(), delivery_instruction: None };
        let service =
            |n: usize| (format!("ds{n}.eth").parse().unwrap(), keys(10 + n as u8).public().encryption);
        let services: Vec<_> = (0..services).map(service).collect();
        let receiver = keys(2).public().encryption;
        let entropy = SeededEntropy::new(1);
        let proxy = ProxyEnvelope::seal(&message, &information, &receiver, &services, &keys(1), &entropy);
        (message, proxy.unwrap())
    }

    #[test]
    fn each_delivery_service_gets_its_own_envelope_of_one_sealed_message() {
        let (message, proxy) = sealed(3);
        let envelopes = ProxyEnvelope::parse(&proxy.to_canonical()).unwrap().into_envelopes();
        assert_eq!(envelopes.len(), 3);
        for (n, (name, envelope)) in envelopes.iter().enumerate() {
            assert_eq!(name.as_str(), format!("ds{n}.eth"));
            assert_eq!(envelope.message(), envelopes[0].1.message());
            assert!(envelope.check_signature(&keys(1).public().signing).is_ok());
            let service = keys(10 + n as u8);
            assert_eq!(envelope.open_delivery_information(&service.encryption).unwrap().to, "b.eth");
            let received = serde_json::from_str(&envelope.to_canonical()).unwrap();
            let text = ReceivedEnvelope::from_json(&received).unwrap().open(&keys(2)).unwrap();
            assert_eq!(OpenedMessage::parse(&text).unwrap().as_signed(), &message);
        }
    }

    #[test]
    fn a_proxy_takes_no_more_than_it_can_check() {
        assert_eq!(sealed(MAX_PROXY_SERVICES + 1).1.into_envelopes().len(), MAX_PROXY_SERVICES);
        let whole: Value = serde_json::from_str(&sealed(1).1.to_canonical()).unwrap();
        let with = |path: &str, value: Value| {
            let mut changed = whole.clone();
            *changed.pointer_mut(path).unwrap() = value;
            ProxyEnvelope::parse(&changed.to_string())
        };
        let entry = whole["encryptionEnvelops"][0].clone();
        let form = |member| Err(EnvelopeError::Form(member));
        assert_eq!(with("/encryptionEnvelops", json!(vec![entry; 17])), form("encryptionEnvelops"));
        assert_eq!(with("/encryptionEnvelops", json!([])), form("encryptionEnvelops"));
        assert_eq!(with("/to", json!(7)), form("to"));
        assert_eq!(with("/encryptedMessage", json!({})), form("encryptedMessage"));
        assert_eq!(
            with("/encryptionEnvelops/0/deliveryServiceEnsName", json!("a..eth")),
            form("deliveryServiceEnsName")
        );
        let smuggled = json!({ "metadata": {}, "message": "another" });
        assert_eq!(with("/encryptionEnvelops/0/encryptionEnvelop", smuggled), form("unknown member"));
        let more = json!({ "metadata": { "more": 1 } });
        assert_eq!(with("/encryptionEnvelops/0/encryptionEnvelop", more), form("metadata"));
        assert_eq!(ProxyEnvelope::parse("x"), Err(EnvelopeError::Json));
    }
}
