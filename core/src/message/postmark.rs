//! The mark a delivery service puts on what it accepts.
//!
//! ```text
//!              deployed                                         specification
//! messageHash  keccak256(EIP-191(canonical(envelope.message)))  SHA-256(envelope.message)
//! time         incommingTimestamp                               incomingTimestamp
//! signature    Ed25519(delivery service, SHA-256 hex of canonical(postmark without signature))
//! ```
//!
//! Either hash and either spelling is read; the deployed ones are written. The specification adds a copy of the
//! delivery information, which is signed like every other member.

use serde_json::{Map, Value};

use super::{DeliveryInformation, Envelope, ReceivedEnvelope};
use crate::identity::wallet_signature::eip191_hash;
use crate::identity::{ProfileKeys, PublicKeys};
use crate::seal::json::{self, canonical, canonical_object, canonical_without};
use crate::seal::signing::{SignatureError, SigningKey};
use crate::seal::{EncryptionKey, Entropy, OpenError, SealError, open, seal, sha256_hex};

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
    json: Map<String, Value>,
}

/// Why a postmark proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostmarkError {
    /// It can't be opened with the receiver's key.
    #[error("the postmark can't be opened: {0}")]
    Open(#[from] OpenError),
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

/// What an envelope's postmark proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostmarkVerdict {
    /// A known delivery service accepted this very message.
    Valid(Postmark),
    /// It belongs to this message, but who signed it is not known.
    UnknownService(Postmark),
    /// It proves nothing.
    Invalid(PostmarkError),
    /// There is none.
    Absent,
}

impl Postmark {
    /// Marks an envelope.
    pub fn make(envelope: &Envelope, incoming_timestamp: u64, keys: &ProfileKeys) -> Self {
        let message_hash = deployed_hash(envelope.message());
        let mut json = Map::new();
        json.insert("incommingTimestamp".into(), incoming_timestamp.into());
        json.insert("messageHash".into(), message_hash.as_str().into());
        let signature = keys.signing.sign(&sha256_hex(&canonical_object(&json)));
        json.insert("signature".into(), signature.as_str().into());
        Self { incoming_timestamp, message_hash, signature, json }
    }

    /// The canonical JSON text.
    pub fn to_canonical(&self) -> String {
        canonical_object(&self.json)
    }

    /// The text of the postmark sealed for the receiver.
    ///
    /// # Errors
    /// [`SealError`]: then there is nothing that may leave.
    pub fn seal(&self, receiver: &EncryptionKey, entropy: &impl Entropy) -> Result<String, SealError> {
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
        let Some(Value::Object(json)) = json::parse(text) else { return Err(PostmarkError::Form) };
        let time = json.get("incommingTimestamp").or_else(|| json.get("incomingTimestamp"));
        let text = |member: &str| json.get(member).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            incoming_timestamp: time
                .and_then(Value::as_u64)
                .filter(|time| *time <= MAX_TIME)
                .ok_or(PostmarkError::Form)?,
            message_hash: text("messageHash").ok_or(PostmarkError::Form)?,
            signature: text("signature").ok_or(PostmarkError::Form)?,
            json,
        })
    }

    /// The copy of the delivery information, which only the specification's form has.
    pub fn delivery_information(&self) -> Option<DeliveryInformation> {
        serde_json::from_value(self.json.get("deliveryInformation")?.clone()).ok()
    }

    /// Checks that the delivery service marked this sealed message.
    ///
    /// # Errors
    /// [`PostmarkError`] saying what does not fit.
    pub fn verify(&self, sealed_message: &str, service: &PublicKeys) -> Result<(), PostmarkError> {
        self.check_hash(sealed_message)?;
        Ok(self.check_signature(&service.signing)?)
    }

    fn check_hash(&self, sealed_message: &str) -> Result<(), PostmarkError> {
        // Public hashes: nothing is learnt from how long the comparison takes.
        let specified = sha256_hex(sealed_message);
        let fits = self.message_hash == deployed_hash(sealed_message)
            || self.message_hash == specified
            || Some(self.message_hash.as_str()) == specified.strip_prefix("0x");
        if fits { Ok(()) } else { Err(PostmarkError::OtherMessage) }
    }

    fn check_signature(&self, service: &SigningKey) -> Result<(), SignatureError> {
        service.verify(&sha256_hex(&canonical_without(&self.json, "signature")), &self.signature)
    }
}

impl ReceivedEnvelope {
    /// What the postmark proves, if these are the signing keys of the delivery services that the receiver uses.
    /// `sealed_message` is the envelope's member `message` as it came.
    pub fn judge_postmark(
        &self,
        sealed_message: &str,
        receiver: &ProfileKeys,
        services: &[SigningKey],
    ) -> PostmarkVerdict {
        let Some(sealed) = self.postmark() else {
            return if self.has_postmark() {
                PostmarkVerdict::Invalid(PostmarkError::Form)
            } else {
                PostmarkVerdict::Absent
            };
        };
        let opened = open(sealed, &receiver.encryption).map_err(PostmarkError::Open);
        let postmark = opened.and_then(|text| Postmark::parse(&text));
        match postmark.and_then(|postmark| postmark.check_hash(sealed_message).map(|()| postmark)) {
            Err(error) => PostmarkVerdict::Invalid(error),
            Ok(postmark) if services.iter().any(|key| postmark.check_signature(key).is_ok()) => {
                PostmarkVerdict::Valid(postmark)
            }
            // Of a single delivery service it is certain which key it would have been.
            Ok(_) if services.len() == 1 => PostmarkVerdict::Invalid(SignatureError.into()),
            Ok(postmark) => PostmarkVerdict::UnknownService(postmark),
        }
    }
}

fn deployed_hash(sealed_message: &str) -> String {
    let quoted = canonical(&Value::from(sealed_message));
    format!("0x{}", hex::encode(eip191_hash(quoted.as_bytes())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity::KeySeed;
    use crate::message::{Draft, Header};
    use crate::testing::SeededEntropy;

    fn keys(seed: u8) -> ProfileKeys {
        ProfileKeys::derive(&KeySeed::from_bytes([seed; 32]))
    }

    fn envelope() -> Envelope {
        let header = Header { from: "a.eth".parse().unwrap(), to: "b.eth".parse().unwrap(), timestamp: 1 };
        let message = Draft::text(header, "x").sign(&keys(1).signing);
        let information =
            DeliveryInformation { from: "a.eth".into(), to: "b.eth".into(), delivery_instruction: None };
        let (receiver, service) = (keys(2).public().encryption, keys(3).public().encryption);
        Envelope::seal(&message, &information, &receiver, &service, &keys(1), &SeededEntropy::new(1)).unwrap()
    }

    fn signed(mut postmark: Value, service: &ProfileKeys) -> String {
        postmark["signature"] = service.signing.sign(&sha256_hex(&canonical(&postmark))).into();
        postmark.to_string()
    }

    /// Weakness 33: specification and code differ in every member.
    #[test]
    fn postmarks_of_the_specification_and_of_the_code_are_verified() {
        let envelope = envelope();
        let specified = sha256_hex(envelope.message());
        for hash in [deployed_hash(envelope.message()), specified.clone(), specified[2..].to_owned()] {
            for time in ["incommingTimestamp", "incomingTimestamp"] {
                let information = json!({ "from": "a.eth", "to": "b.eth" });
                let text = signed(
                    json!({ time: 7, "messageHash": hash, "deliveryInformation": information, "more": 1.5 }),
                    &keys(3),
                );
                let postmark = Postmark::parse(&text).unwrap();
                assert_eq!(postmark.verify(envelope.message(), &keys(3).public()), Ok(()));
                assert_eq!(postmark.incoming_timestamp, 7);
                assert_eq!(postmark.delivery_information().unwrap().from, "a.eth");
                assert_eq!(
                    postmark.verify(envelope.message(), &keys(4).public()),
                    Err(PostmarkError::Signature(SignatureError))
                );
                assert_eq!(postmark.verify("x", &keys(3).public()), Err(PostmarkError::OtherMessage));
            }
        }
    }

    #[test]
    fn what_a_postmark_proves_is_told() {
        let envelope = envelope();
        let receiver = keys(2);
        let (us, them) = (keys(3).public().signing, keys(4).public().signing);
        let judge = |postmark: Option<Value>, services: &[SigningKey]| {
            let mut json: Value = serde_json::from_str(&envelope.to_canonical()).unwrap();
            if let Some(postmark) = postmark {
                json["postmark"] = postmark;
            }
            let received = ReceivedEnvelope::from_json(&json).unwrap();
            received.judge_postmark(envelope.message(), &receiver, services)
        };
        let mark = Postmark::make(&envelope, 7, &keys(3));
        let sealed =
            || Some(mark.seal(&receiver.public().encryption, &SeededEntropy::new(2)).unwrap().into());
        assert_eq!(judge(None, &[us]), PostmarkVerdict::Absent);
        assert_eq!(judge(sealed(), &[them, us]), PostmarkVerdict::Valid(mark.clone()));
        assert_eq!(judge(sealed(), &[]), PostmarkVerdict::UnknownService(mark.clone()));
        let invalid = |error: PostmarkError| PostmarkVerdict::Invalid(error);
        assert_eq!(judge(sealed(), &[them]), invalid(SignatureError.into()));
        for garbage in [json!("garbage"), json!(7)] {
            assert_eq!(judge(Some(garbage), &[us]), invalid(PostmarkError::Form));
        }
        let other = mark.seal(&keys(5).public().encryption, &SeededEntropy::new(3)).unwrap();
        assert_eq!(judge(Some(other.into()), &[us]), invalid(OpenError::NotForThisKey.into()));
        let text = signed(json!({ "incommingTimestamp": 7, "messageHash": "0x00" }), &keys(3));
        let other = seal(&text, &receiver.public().encryption, &SeededEntropy::new(4)).unwrap().to_string();
        assert_eq!(judge(Some(other.into()), &[us]), invalid(PostmarkError::OtherMessage));
    }

    #[test]
    fn a_time_that_no_date_has_is_refused() {
        let postmark =
            |time: u64| format!(r#"{{"incomingTimestamp":{time},"messageHash":"","signature":""}}"#);
        assert!(Postmark::parse(&postmark(MAX_TIME)).is_ok());
        assert_eq!(Postmark::parse(&postmark(MAX_TIME + 1)), Err(PostmarkError::Form));
        assert_eq!(Postmark::parse(&postmark(u64::MAX)), Err(PostmarkError::Form));
    }
}
