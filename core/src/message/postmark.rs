//! The mark a delivery service puts on what it accepts.
//!
//! ```text
//! messageHash = keccak256(EIP-191(canonical(envelope.message)))   the JSON-quoted text of the sealed message
//! signature   = Ed25519(delivery service, SHA-256 hex of canonical({incommingTimestamp, messageHash}))
//! ```
//!
//! `incommingTimestamp` is the deployed spelling.

use serde_json::{Value, json};

use super::Envelope;
use crate::identity::wallet_signature::eip191_hash;
use crate::identity::{ProfileKeys, PublicKeys};
use crate::seal::json::canonical;
use crate::seal::signing::SignatureError;
use crate::seal::{EncryptionKey, Entropy, OpenError, seal, sha256_hex};

/// The longest postmark that is read, in bytes. The deployed ones have 250.
const MAX_POSTMARK: usize = 16 * 1024;
/// The last moment that a date of ECMAScript can be, in milliseconds. Beyond 2^53 another number would be written
/// than was read.
const MAX_TIME: u64 = 8_640_000_000_000_000;

/// An opened postmark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postmark {
    /// When the delivery service accepted the envelope: milliseconds since 1970, by its clock.
    pub incoming_timestamp: u64,
    /// The hash of the sealed message.
    pub message_hash: String,
    /// The delivery service's signature, base64.
    pub signature: String,
}

/// Why a postmark proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostmarkError {
    /// Not the JSON of a postmark, in neither spelling.
    #[error("the postmark is malformed")]
    Form,
    /// It belongs to another message.
    #[error("the postmark belongs to another message")]
    OtherMessage,
    /// The delivery service did not sign it.
    #[error("the postmark was not signed by the delivery service")]
    Signature(#[from] SignatureError),
}

impl Postmark {
    /// Marks an envelope.
    pub fn make(envelope: &Envelope, incoming_timestamp: u64, keys: &ProfileKeys) -> Self {
        let message_hash = hash_of(envelope.message());
        let signature = keys.signing.sign(&signed_text(incoming_timestamp, &message_hash));
        Self { incoming_timestamp, message_hash, signature }
    }

    /// The canonical JSON text, in the deployed spelling.
    pub fn to_canonical(&self) -> String {
        canonical(&json!({
            "incommingTimestamp": self.incoming_timestamp,
            "messageHash": self.message_hash,
            "signature": self.signature,
        }))
    }

    /// The text of the postmark sealed for the receiver.
    ///
    /// # Errors
    /// [`OpenError::WeakKey`] if the receiver's key is unusable.
    pub fn seal(&self, receiver: &EncryptionKey, entropy: &impl Entropy) -> Result<String, OpenError> {
        seal(&self.to_canonical(), receiver, entropy).map(|sealed| sealed.to_string())
    }

    /// Reads an opened postmark in either spelling.
    ///
    /// # Errors
    /// [`PostmarkError::Form`].
    pub fn parse(text: &str) -> Result<Self, PostmarkError> {
        if text.len() > MAX_POSTMARK {
            return Err(PostmarkError::Form);
        }
        let value: Value = serde_json::from_str(text).map_err(|_| PostmarkError::Form)?;
        let time = value.get("incommingTimestamp").or_else(|| value.get("incomingTimestamp"));
        let text = |member: &str| value.get(member).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            incoming_timestamp: time
                .and_then(Value::as_u64)
                .filter(|time| *time <= MAX_TIME)
                .ok_or(PostmarkError::Form)?,
            message_hash: text("messageHash").ok_or(PostmarkError::Form)?,
            signature: text("signature").ok_or(PostmarkError::Form)?,
        })
    }

    /// Checks that the delivery service marked this sealed message.
    ///
    /// # Errors
    /// [`PostmarkError`] saying what does not fit.
    pub fn verify(&self, sealed_message: &str, service: &PublicKeys) -> Result<(), PostmarkError> {
        if self.message_hash != hash_of(sealed_message) {
            return Err(PostmarkError::OtherMessage);
        }
        let text = signed_text(self.incoming_timestamp, &self.message_hash);
        Ok(service.signing.verify(&text, &self.signature)?)
    }
}

fn hash_of(sealed_message: &str) -> String {
    let quoted = canonical(&Value::from(sealed_message));
    format!("0x{}", hex::encode(eip191_hash(quoted.as_bytes())))
}

fn signed_text(incoming_timestamp: u64, message_hash: &str) -> String {
    sha256_hex(&canonical(&json!({ "incommingTimestamp": incoming_timestamp, "messageHash": message_hash })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_no_date_has_is_refused() {
        let postmark =
            |time: u64| format!(r#"{{"incomingTimestamp":{time},"messageHash":"","signature":""}}"#);
        assert!(Postmark::parse(&postmark(MAX_TIME)).is_ok());
        assert_eq!(Postmark::parse(&postmark(MAX_TIME + 1)), Err(PostmarkError::Form));
        assert_eq!(Postmark::parse(&postmark(u64::MAX)), Err(PostmarkError::Form));
    }
}
