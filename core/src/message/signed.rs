//! A message with its author's signature, kept as the JSON that was signed.
//!
//! ```text
//! signature    = Ed25519(author, canonical(message without signature))
//! messageHash  = SHA-256(canonical(message))
//! ```
//!
//! Source: the deployed library `lib/messaging`. The specification signs with ECDSA over the hash; its deployed clients
//! do not.
//!
//! An author who writes numbers differently than JavaScript signs another text than the canonical one. So the text
//! is kept as it came as well, and the signature may cover it, without the member `signature`, byte for byte. The
//! hash is that of the canonical text in any case: however a message is spelt, it is one message.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::context::CONTEXT;
use super::{Context, Kind, MAX_ATTACHMENTS, ReceivedAttachment};
use crate::attention::Payment;
use crate::deposit::SignedVoucher;
use crate::seal::json::{canonical_object, canonical_without};
use crate::seal::json_read::parse_masked;
use crate::seal::json_text::{unmask, without_member};
use crate::seal::sha256_hex;
use crate::seal::signing::{SignatureError, SigningKey};

/// The longest message text we read, in bytes of JSON: the specification's 20 MB.
pub const MAX_MESSAGE: usize = 20_000_000;
/// The longest `replyDeliveryInstruction` that is written or passed on, in bytes. The specification names none.
pub const MAX_INSTRUCTION: usize = 4096;

/// `0x` and 64 digits: the SHA-256 of a signed message, by which other messages refer to it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageHash(String);

/// A message as its author signed it. Unknown members are kept: they are part of what was signed.
#[derive(Clone, PartialEq)]
pub struct SignedMessage {
    json: Map<String, Value>,
    hash: MessageHash,
    /// The text as it came, if that is not the canonical one.
    original: Option<String>,
    /// Characters stand for halves of surrogate pairs.
    masked: bool,
}

/// Why a text is no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Longer than 20 MB.
    #[error("the message is too large")]
    TooLarge,
    /// A member is missing or has the wrong type.
    #[error("the message is malformed: {0}")]
    Form(&'static str),
}

impl SignedMessage {
    /// Puts a signature to the members that it covers.
    pub(super) fn assemble(mut json: Map<String, Value>, signature: String) -> Self {
        json.insert("signature".into(), signature.into());
        let hash = MessageHash(sha256_hex(&canonical_object(&json)));
        Self { json, hash, original: None, masked: false }
    }

    /// Reads the JSON text of a message.
    ///
    /// # Errors
    /// [`MessageError`] naming the member that is wrong.
    pub fn parse(text: &str) -> Result<Self, MessageError> {
        if text.len() > MAX_MESSAGE {
            return Err(MessageError::TooLarge);
        }
        let (value, masked) = parse_masked(text).ok_or(MessageError::Form("no JSON"))?;
        let Value::Object(json) = value else { return Err(MessageError::Form("no object")) };
        let mut this = Self { json, hash: MessageHash(String::new()), original: None, masked };
        let canonical = this.to_canonical();
        this.hash = MessageHash(sha256_hex(&canonical));
        this.original = (canonical != text).then(|| text.to_owned());
        if !this.json.get("signature").is_some_and(Value::is_string) {
            return Err(MessageError::Form("signature"));
        }
        let metadata = this.metadata().ok_or(MessageError::Form("metadata"))?;
        for member in ["to", "from", "type"] {
            if !metadata.get(member).is_some_and(Value::is_string) {
                return Err(MessageError::Form(member));
            }
        }
        if !metadata.get("timestamp").is_some_and(|time| time.is_number() || digits(time).is_some()) {
            return Err(MessageError::Form("timestamp"));
        }
        if this.json.get("message").is_some_and(|m| !m.is_string() && !m.is_null()) {
            return Err(MessageError::Form("message"));
        }
        Ok(this)
    }

    pub(super) fn metadata(&self) -> Option<&Map<String, Value>> {
        self.json.get("metadata").and_then(Value::as_object)
    }

    fn metadata_text(&self, member: &str) -> &str {
        self.metadata().and_then(|m| m.get(member)).and_then(Value::as_str).unwrap_or_default()
    }

    /// Checks the author's signature.
    ///
    /// # Errors
    /// [`SignatureError`] if it was made with another key or over another text.
    pub fn check_signature(&self, key: &SigningKey) -> Result<(), SignatureError> {
        self.verify(key).map(|_| ())
    }

    /// The message in the spelling that its signature covers; the canonical one if that will do.
    pub(super) fn verified(mut self, key: &SigningKey) -> Result<Self, SignatureError> {
        if self.verify(key)? {
            self.original = None;
        }
        Ok(self)
    }

    /// Whether the signature covers the canonical text, or else the original one.
    fn verify(&self, key: &SigningKey) -> Result<bool, SignatureError> {
        let signature = self.json.get("signature").and_then(Value::as_str).ok_or(SignatureError)?;
        let canonical = self.unmasked(canonical_without(&self.json, "signature"));
        match key.verify(&canonical, signature) {
            Ok(()) => Ok(true),
            Err(error) => {
                let original = self.original.as_deref().and_then(|text| without_member(text, "signature"));
                key.verify(&original.ok_or(error)?, signature).map(|()| false)
            }
        }
    }

    fn unmasked(&self, canonical: String) -> String {
        if self.masked { unmask(&canonical) } else { canonical }
    }

    /// The hash by which others refer to this message: computed here, never taken from the sender.
    pub fn hash(&self) -> &MessageHash {
        &self.hash
    }

    /// What kind of message it is.
    pub fn kind(&self) -> Kind {
        Kind::from_wire(self.metadata_text("type"))
    }

    /// The type as it came.
    pub(super) fn wire_kind(&self) -> &str {
        self.metadata_text("type")
    }

    /// The text; empty for kinds that have none. Markdown in it is the reader's business. Half of a surrogate pair,
    /// which only JavaScript can write, is a private-use character here.
    pub fn text(&self) -> &str {
        self.json.get("message").and_then(Value::as_str).unwrap_or_default()
    }

    /// The name the sender claims.
    pub fn from(&self) -> &str {
        self.metadata_text("from")
    }

    /// The name the message is addressed to.
    pub fn to(&self) -> &str {
        self.metadata_text("to")
    }

    /// When the sender says it was written: milliseconds since 1970. Chosen by the sender.
    pub fn timestamp(&self) -> u64 {
        let Some(time) = self.metadata().and_then(|m| m.get("timestamp")) else { return 0 };
        // A negative, huge or fractional claim saturates.
        digits(time).unwrap_or_else(|| time.as_f64().unwrap_or_default() as u64)
    }

    /// The message this one answers, edits, deletes or reacts to.
    pub fn reference(&self) -> Option<MessageHash> {
        self.metadata_text("referenceMessageHash").parse().ok()
    }

    /// How many attachments it carries.
    pub fn attachments(&self) -> usize {
        self.json.get("attachments").and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// The attachments as their sender described them, at most [`MAX_ATTACHMENTS`]; what is none is left out.
    pub fn attachment_list(&self) -> impl Iterator<Item = ReceivedAttachment<'_>> {
        self.attachment_values().iter().filter_map(ReceivedAttachment::from_json).take(MAX_ATTACHMENTS)
    }

    /// The attachments as they came.
    pub(super) fn attachment_values(&self) -> &[Value] {
        self.json.get("attachments").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// What every reply must carry as its `deliveryInstruction`, unread and unchanged; none if it is longer than
    /// [`MAX_INSTRUCTION`].
    pub fn reply_delivery_instruction(&self) -> Option<&str> {
        let instruction = self.metadata_text("replyDeliveryInstruction");
        (!instruction.is_empty() && instruction.len() <= MAX_INSTRUCTION).then_some(instruction)
    }

    /// What the conversation is about that it begins, as its author says.
    pub fn context(&self) -> Option<Context> {
        Context::new(self.metadata_text(CONTEXT))
    }

    /// The voucher that its author gave along, if there is one. Nobody has looked at its signature.
    pub fn voucher(&self) -> Option<SignedVoucher> {
        SignedVoucher::from_json(self.metadata_member(SignedVoucher::MEMBER)?)
    }

    /// The payment that its author names, if there is one. The contract alone says what is held.
    pub fn payment(&self) -> Option<Payment> {
        Payment::from_json(self.metadata_member(Payment::MEMBER)?)
    }

    /// A member of the metadata that the protocol does not know: data of extensions.
    pub fn metadata_member(&self, member: &str) -> Option<&Value> {
        self.metadata()?.get(member)
    }

    /// The canonical JSON text, which is hashed.
    pub fn to_canonical(&self) -> String {
        self.unmasked(canonical_object(&self.json))
    }

    /// The JSON text to keep and to hand on: as it came, or the canonical one once its signature is known to cover
    /// that.
    pub fn to_text(&self) -> String {
        self.original.clone().unwrap_or_else(|| self.to_canonical())
    }
}

impl fmt::Debug for SignedMessage {
    /// Neither text nor keys of a message belong into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedMessage({} {})", self.kind(), self.hash)
    }
}

impl MessageHash {
    /// The one that sorts before all others.
    pub(crate) fn least() -> Self {
        Self(format!("0x{:064x}", 0))
    }

    /// The 32 bytes of the hash.
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        // The constructors let only such digits through.
        let _ = hex::decode_to_slice(&self.0[2..], &mut bytes);
        bytes
    }

    /// `0x` and 64 lower-case digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MessageHash {
    type Err = MessageError;

    fn from_str(text: &str) -> Result<Self, MessageError> {
        let digits = text.strip_prefix("0x").ok_or(MessageError::Form("hash"))?;
        let hex = digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hex { Ok(Self(text.to_owned())) } else { Err(MessageError::Form("hash")) }
    }
}

impl fmt::Display for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MessageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for MessageHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for MessageHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A number that was written as a text, as some clients write the time: up to 16 digits.
fn digits(value: &Value) -> Option<u64> {
    let text =
        value.as_str().filter(|text| text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

#[cfg(test)]
#[path = "signed_tests.rs"]
mod tests;
