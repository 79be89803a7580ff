//! The envelope a message travels in.
//!
//! ```text
//! EncryptionEnvelop { message: sealed for the receiver,
//!                     metadata { version, encryptionScheme, messageHash, signature,
//!                                deliveryInformation: sealed for the delivery service, who replaces it by
//!                                                     the plain object when it hands the envelope on },
//!                     postmark?: sealed for the receiver by the delivery service }
//! ```

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{MessageHash, SignedMessage};
use crate::identity::ProfileKeys;
use crate::seal::json::{self, canonical, canonical_object, canonical_without, object};
use crate::seal::signing::{SignatureError, SigningKey};
use crate::seal::{EncryptionKey, EncryptionSecret, Entropy, OpenError, SealError, Sealed, open, seal};

/// The longest envelope we read, in bytes of JSON: the specification's 20 MB, padded and in base64.
pub const MAX_ENVELOPE: usize = 28_000_000;

/// The cipher that every client and delivery service must accept.
pub(super) const ENCRYPTION_SCHEME: &str = "x25519-chacha20-poly1305";
/// The version of the envelope that is deployed.
pub(super) const VERSION: &str = "v1";

/// From whom and to whom: what a delivery service learns of a message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DeliveryInformation {
    /// The name of the sender, as claimed.
    pub from: String,
    /// The name of the receiver.
    pub to: String,
    /// For gateways; copied from the message that is answered.
    #[serde(rename = "deliveryInstruction")]
    pub delivery_instruction: Option<String>,
}

/// An envelope as a sender submits it, in the strict form of the deployed schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// The text of a [`Sealed`] message.
    message: String,
    metadata: Map<String, Value>,
}

/// What a delivery service puts together for the receiver.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    /// The envelope as it was submitted.
    pub envelope: Envelope,
    /// The opened delivery information.
    pub delivery_information: DeliveryInformation,
    /// The sealed postmark's text.
    pub postmark: String,
}

/// An envelope as a receiver gets it from a delivery service: in the deployed forms or the specified ones.
#[derive(Clone, Debug)]
pub struct ReceivedEnvelope {
    message: Sealed,
    claimed_hash: String,
    sender_hint: Option<String>,
    postmark: Option<Sealed>,
    has_postmark: bool,
}

/// Why an envelope is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Longer than we read.
    #[error("the envelope is too large")]
    TooLarge,
    /// No JSON at all.
    #[error("the envelope is no JSON")]
    Json,
    /// JSON of another shape.
    #[error("the envelope is malformed: {0}")]
    Form(&'static str),
    /// Sealed for somebody else, or damaged.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl Envelope {
    /// Seals a message for its receiver and its delivery information for one delivery service.
    ///
    /// # Errors
    /// [`SealError`]: then there is nothing that may leave.
    pub fn seal(
        message: &SignedMessage,
        delivery_information: &DeliveryInformation,
        receiver: &EncryptionKey,
        delivery_service: &EncryptionKey,
        author: &ProfileKeys,
        entropy: &impl Entropy,
    ) -> Result<Self, SealError> {
        let metadata = seal_metadata(message, delivery_information, delivery_service, author, entropy)?;
        Ok(Self { message: seal_text(message, receiver, entropy)?, metadata })
    }

    /// Reads a submitted envelope in the strict form of the deployed schema: no other members than those.
    ///
    /// # Errors
    /// [`EnvelopeError::Json`] or [`EnvelopeError::Form`].
    pub fn parse(text: &str) -> Result<Self, EnvelopeError> {
        if text.len() > MAX_ENVELOPE {
            return Err(EnvelopeError::TooLarge);
        }
        let value = json::parse(text).ok_or(EnvelopeError::Json)?;
        let Value::Object(object) = value else { return Err(EnvelopeError::Form("no object")) };
        Self::from_json(object)
    }

    pub(super) const fn from_parts(message: String, metadata: Map<String, Value>) -> Self {
        Self { message, metadata }
    }

    pub(super) const fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    /// Checks the members of an envelope as [`Self::parse`] does.
    pub(super) fn from_json(mut object: Map<String, Value>) -> Result<Self, EnvelopeError> {
        let Some(Value::String(message)) = object.remove("message") else {
            return Err(EnvelopeError::Form("message"));
        };
        let Some(Value::Object(metadata)) = object.remove("metadata") else {
            return Err(EnvelopeError::Form("metadata"));
        };
        if object.remove("postmark").is_some_and(|postmark| !postmark.is_string()) {
            return Err(EnvelopeError::Form("postmark"));
        }
        if !object.is_empty() {
            return Err(EnvelopeError::Form("unknown member"));
        }
        const REQUIRED: [&str; 4] = ["deliveryInformation", "messageHash", "signature", "version"];
        if !REQUIRED.iter().all(|member| metadata.get(*member).is_some_and(Value::is_string)) {
            return Err(EnvelopeError::Form("metadata"));
        }
        let known = |(key, value): (&String, &Value)| {
            REQUIRED.contains(&key.as_str()) || (key == "encryptionScheme" && value.is_string())
        };
        if !metadata.iter().all(known) {
            return Err(EnvelopeError::Form("unknown member of metadata"));
        }
        Ok(Self { message, metadata })
    }

    /// The canonical JSON text: what is submitted, and whose UTF-8 length counts against size limits.
    pub fn to_canonical(&self) -> String {
        canonical(&object(vec![
            ("message", self.message.as_str().into()),
            ("metadata", self.metadata.clone().into()),
        ]))
    }

    /// Opens the delivery information with the delivery service's key.
    ///
    /// # Errors
    /// [`EnvelopeError::Open`] if it was sealed for another delivery service.
    pub fn open_delivery_information(
        &self,
        key: &EncryptionSecret,
    ) -> Result<DeliveryInformation, EnvelopeError> {
        let sealed = Sealed::parse(self.metadata_text("deliveryInformation"))?;
        let text = open(&sealed, key)?;
        serde_json::from_str(&text).map_err(|_| EnvelopeError::Form("deliveryInformation"))
    }

    /// The sealed message's text.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The hash its sender claims for the message. Nothing proves it before the message is opened.
    pub fn claimed_hash(&self) -> &str {
        self.metadata_text("messageHash")
    }

    /// Checks the envelope's own signature.
    ///
    /// # Errors
    /// [`SignatureError`] if another key made it.
    pub fn check_signature(&self, key: &SigningKey) -> Result<(), SignatureError> {
        key.verify(&self.signed_text(), self.metadata_text("signature"))
    }

    /// What the envelope's own signature covers: the metadata alone, whichever sealed message comes with it.
    pub fn signed_text(&self) -> String {
        canonical_without(&self.metadata, "signature")
    }

    fn metadata_text(&self, member: &str) -> &str {
        self.metadata.get(member).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The sealed message's text, which is the same for all delivery services.
pub(super) fn seal_text(
    message: &SignedMessage,
    receiver: &EncryptionKey,
    entropy: &impl Entropy,
) -> Result<String, SealError> {
    seal(&message.to_text(), receiver, entropy).map(|sealed| sealed.to_string())
}

/// The envelope's metadata for one delivery service.
pub(super) fn seal_metadata(
    message: &SignedMessage,
    delivery_information: &DeliveryInformation,
    delivery_service: &EncryptionKey,
    author: &ProfileKeys,
    entropy: &impl Entropy,
) -> Result<Map<String, Value>, SealError> {
    let information = seal(&delivery_information.to_text(), delivery_service, entropy)?;
    let mut metadata = Map::new();
    metadata.insert("deliveryInformation".into(), information.to_string().into());
    metadata.insert("encryptionScheme".into(), ENCRYPTION_SCHEME.into());
    metadata.insert("messageHash".into(), message.hash().as_str().into());
    metadata.insert("version".into(), VERSION.into());
    let signature = author.signing.sign(&canonical_object(&metadata));
    metadata.insert("signature".into(), signature.into());
    Ok(metadata)
}

impl DeliveryInformation {
    /// The canonical JSON text, which is sealed.
    pub(super) fn to_text(&self) -> String {
        canonical(&self.to_json())
    }

    fn to_json(&self) -> Value {
        let mut members = vec![("from", self.from.as_str().into()), ("to", self.to.as_str().into())];
        if let Some(instruction) = &self.delivery_instruction {
            members.push(("deliveryInstruction", instruction.as_str().into()));
        }
        object(members)
    }
}

impl Delivered {
    /// The JSON that receivers get: the delivery information in the open, and the postmark.
    pub fn to_json(&self) -> Value {
        let mut metadata = self.envelope.metadata.clone();
        metadata.insert("deliveryInformation".into(), self.delivery_information.to_json());
        object(vec![
            ("message", self.envelope.message.as_str().into()),
            ("metadata", metadata.into()),
            ("postmark", self.postmark.as_str().into()),
        ])
    }
}

impl ReceivedEnvelope {
    /// Reads what a delivery service handed over. Unknown members are ignored here: nothing of an envelope but
    /// the sealed message is believed.
    ///
    /// # Errors
    /// [`EnvelopeError::Form`] naming the member that is wrong.
    pub fn from_json(value: &Value) -> Result<Self, EnvelopeError> {
        let text = value.get("message").and_then(Value::as_str).ok_or(EnvelopeError::Form("message"))?;
        if text.len() > MAX_ENVELOPE {
            return Err(EnvelopeError::TooLarge);
        }
        let message = Sealed::parse(text)?;
        let metadata = value.get("metadata");
        let member = |name: &str| metadata.and_then(|m| m.get(name));
        let claimed_hash =
            member("messageHash").and_then(Value::as_str).unwrap_or_default().chars().take(128).collect();
        let sender_hint = member("deliveryInformation")
            .and_then(|information| information.get("from"))
            .and_then(Value::as_str)
            .map(str::to_owned);
        let mark = value.get("postmark").filter(|mark| !mark.is_null());
        let postmark = mark.and_then(Value::as_str).and_then(|text| Sealed::parse(text).ok());
        Ok(Self { message, claimed_hash, sender_hint, postmark, has_postmark: mark.is_some() })
    }

    /// Opens the message.
    ///
    /// # Errors
    /// [`OpenError::NotForThisKey`] if it was sealed for somebody else.
    pub fn open(&self, keys: &ProfileKeys) -> Result<String, OpenError> {
        open(&self.message, &keys.encryption).map(|text| text.to_string())
    }

    /// The hash under which the delivery service knows the envelope; needed to acknowledge it.
    pub fn claimed_hash(&self) -> &str {
        &self.claimed_hash
    }

    /// The hash as a reference, if it has the form of one.
    pub fn claimed_reference(&self) -> Option<MessageHash> {
        self.claimed_hash.parse().ok()
    }

    /// The sender's name as the delivery service filed the envelope; needed to acknowledge it.
    pub fn sender_hint(&self) -> Option<&str> {
        self.sender_hint.as_deref()
    }

    /// Something stands where a postmark should, whether it is one or not.
    pub(super) const fn has_postmark(&self) -> bool {
        self.has_postmark
    }

    /// The sealed postmark.
    pub fn postmark(&self) -> Option<&Sealed> {
        self.postmark.as_ref()
    }
}
