//! What deployed clients keep in the backend (`useStorage`).
//!
//! ```text
//! name       = base64(canonical({ciphertext, nonce}))
//! ciphertext = ChaCha20-Poly1305(X25519 secret key, nonce, text ‖ 0x80)
//! nonce      = first 12 bytes of SHA-256(owner's name): always the same
//! container  = base64(canonical(sealed for the own public key: {envelop, messageState, …}))
//! ```
//!
//! All names of an account share one key and one nonce, so whoever knows one of them and sees the others reads
//! them, and can forge names. They are lookup keys of the deployed clients, which is the only reason to write them.
//! Anybody can seal a container for a public key: what is in one is believed no more than what a delivery service
//! hands over.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::delivery::Refusal;
use crate::device::SendState;
use crate::identity::{EnsName, ProfileKeys};
use crate::message::{DeliveryInformation, MessageError, OpenedMessage, SignedMessage};
use crate::said::Said;
use crate::seal::json::{self, canonical, canonical_object, object};
use crate::seal::{
    EncryptionKey, EncryptionSecret, Entropy, OpenError, SealError, SealKey, Sealed, open, seal, sha256,
};

/// The longest encrypted name or profile location that is read, in bytes.
const MAX_NAME: usize = 64 * 1024;
/// The longest container that is read, in bytes: a message of 20 MB, twice in base64.
const MAX_CONTAINER: usize = 40_000_000;

/// Why a legacy record can't be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LegacyError {
    /// Longer than we read.
    #[error("the stored record is too large")]
    TooLarge,
    /// Not the base64 or JSON of such a record.
    #[error("the stored record is malformed: {0}")]
    Form(&'static str),
    /// Sealed for another key, or changed.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The message in it is none.
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// Contact names and profile locations in the deployed form. Insecure, see above: read with it, and write only
/// where a deployed client must find the record.
pub struct LegacyNames {
    key: SealKey,
    nonce: [u8; 12],
}

impl LegacyNames {
    /// For the account that is called `owner` there: its address name.
    pub fn new(secret: &EncryptionSecret, owner: &EnsName) -> Self {
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&sha256(owner.as_str().as_bytes())[..12]);
        Self { key: secret.legacy_storage_key(), nonce }
    }

    /// Encrypts a name or a profile location, always to the same text.
    ///
    /// # Errors
    /// [`SealError`]: then there is nothing that may leave.
    pub fn seal(&self, text: &str) -> Result<String, SealError> {
        let ciphertext = STANDARD.encode(self.key.seal(text.as_bytes(), &self.nonce, 1)?);
        let nonce = format!("0x{}", hex::encode(self.nonce));
        let json = object(vec![("ciphertext", ciphertext.into()), ("nonce", nonce.into())]);
        Ok(STANDARD.encode(canonical(&json)))
    }

    /// Reads what a deployed client wrote.
    ///
    /// # Errors
    /// [`LegacyError`] if another account wrote it, or something else.
    pub fn open(&self, text: &str) -> Result<Zeroizing<String>, LegacyError> {
        if text.len() > MAX_NAME {
            return Err(LegacyError::TooLarge);
        }
        let json = STANDARD.decode(text).map_err(|_| LegacyError::Form("no base64"))?;
        let json = String::from_utf8(json)
            .ok()
            .and_then(|json| json::parse(&json))
            .ok_or(LegacyError::Form("no JSON"))?;
        let member = |name| json.get(name).and_then(Value::as_str).ok_or(LegacyError::Form(name));
        let ciphertext =
            STANDARD.decode(member("ciphertext")?).map_err(|_| LegacyError::Form("ciphertext"))?;
        let mut nonce = [0; 12];
        let digits = member("nonce")?.strip_prefix("0x").ok_or(LegacyError::Form("nonce"))?;
        hex::decode_to_slice(digits, &mut nonce).map_err(|_| LegacyError::Form("nonce"))?;
        let text = String::from_utf8(self.key.open(&ciphertext, &nonce, 1)?);
        text.map(Zeroizing::new).map_err(|_| LegacyError::Open(OpenError::NotText))
    }
}

/// How far a message has come, as deployed clients number it (`messageState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum LegacyState {
    /// Written.
    Created = 0,
    /// Signed.
    Signed = 1,
    /// With a delivery service.
    Send = 2,
    /// Read by the receiver.
    Read = 3,
    /// Could not be delivered.
    FailedToSend = 4,
}

impl LegacyState {
    fn from_number(number: u64) -> Option<Self> {
        [Self::Created, Self::Signed, Self::Send, Self::Read, Self::FailedToSend]
            .get(usize::try_from(number).ok()?)
            .copied()
    }

    /// What it means for a message of the account itself; `halted` if it waits for a receiver without a profile.
    /// Deployed clients leave a message at [`Self::Created`] when a delivery service has taken it.
    pub fn send_state(self, halted: bool) -> SendState {
        match self {
            _ if halted => SendState::Waiting,
            Self::Created | Self::Signed | Self::Send | Self::Read => SendState::Accepted,
            Self::FailedToSend => SendState::Refused(Refusal::Unexplained(Said::default())),
        }
    }
}

/// A message as deployed clients store it. Unknown members are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct LegacyContainer(Map<String, Value>);

impl LegacyContainer {
    /// The container of a message of the account itself.
    pub fn new(
        message: &SignedMessage,
        information: &DeliveryInformation,
        author: &ProfileKeys,
        state: LegacyState,
    ) -> Self {
        let mut metadata = metadata(message, information);
        let signature = author.signing.sign(&canonical_object(&metadata));
        metadata.insert("signature".into(), signature.into());
        Self::of(message, metadata, state)
    }

    /// The container of a message of somebody else. Its envelope is gone, and with it the signature of the envelope's
    /// metadata, which nobody checks in what is stored; deployed clients leave it empty as well where there is none.
    pub fn received(message: &SignedMessage, information: &DeliveryInformation, state: LegacyState) -> Self {
        let mut metadata = metadata(message, information);
        metadata.insert("signature".into(), "".into());
        Self::of(message, metadata, state)
    }

    fn of(message: &SignedMessage, metadata: Map<String, Value>, state: LegacyState) -> Self {
        let message = json::parse(&message.to_text()).unwrap_or_default();
        let envelope = object(vec![("message", message), ("metadata", metadata.into())]);
        let mut json = Map::new();
        json.insert("envelop".into(), envelope);
        json.insert("reactions".into(), Value::Array(Vec::new()));
        Self(json).with_state(state)
    }

    /// The same in another state; whatever else is in it stays.
    #[must_use]
    pub fn with_state(mut self, state: LegacyState) -> Self {
        self.0.insert("messageState".into(), (state as u8).into());
        self
    }

    /// Opens what was sealed for the account.
    ///
    /// # Errors
    /// [`LegacyError`].
    pub fn open(container: &str, secret: &EncryptionSecret) -> Result<Self, LegacyError> {
        if container.len() > MAX_CONTAINER {
            return Err(LegacyError::TooLarge);
        }
        let sealed = STANDARD.decode(container).map_err(|_| LegacyError::Form("no base64"))?;
        let sealed = String::from_utf8(sealed).map_err(|_| LegacyError::Form("no text"))?;
        let text = open(&Sealed::parse(&sealed)?, secret)?;
        let this = match json::parse(&text) {
            Some(Value::Object(json)) => Self(json),
            _ => return Err(LegacyError::Form("no object")),
        };
        let state = this.0.get("messageState").and_then(Value::as_u64);
        state.and_then(LegacyState::from_number).ok_or(LegacyError::Form("messageState"))?;
        this.message()?;
        Ok(this)
    }

    /// Seals it for the account's own key.
    ///
    /// # Errors
    /// [`SealError`]: then there is nothing that may leave.
    pub fn seal(&self, own: &EncryptionKey, entropy: &impl Entropy) -> Result<String, SealError> {
        Ok(STANDARD.encode(seal(&canonical_object(&self.0), own, entropy)?.to_string()))
    }

    /// The message. Nobody vouches for it yet: authenticate it like one that came in.
    ///
    /// # Errors
    /// [`LegacyError::Message`] if it is none.
    pub fn message(&self) -> Result<OpenedMessage, LegacyError> {
        let message = self.0.get("envelop").and_then(|envelope| envelope.get("message"));
        Ok(OpenedMessage::parse(&canonical(message.unwrap_or(&Value::Null)))?)
    }

    /// The hash the record claims: of the message, or, in records of old clients, `encryptedMessageHash`. Good for
    /// finding what old references mean, and for nothing else.
    pub fn claimed_hash(&self) -> Option<&str> {
        let metadata = self.0.get("envelop")?.get("metadata")?;
        metadata.get("messageHash").or_else(|| metadata.get("encryptedMessageHash"))?.as_str()
    }

    /// How far it has come.
    pub fn state(&self) -> LegacyState {
        let number = self.0.get("messageState").and_then(Value::as_u64);
        number.and_then(LegacyState::from_number).unwrap_or(LegacyState::Created)
    }
}

/// An envelope's metadata without its signature.
fn metadata(message: &SignedMessage, information: &DeliveryInformation) -> Map<String, Value> {
    let mut delivery =
        vec![("from", information.from.as_str().into()), ("to", information.to.as_str().into())];
    if let Some(instruction) = &information.delivery_instruction {
        delivery.push(("deliveryInstruction", instruction.as_str().into()));
    }
    let mut metadata = Map::new();
    metadata.insert("deliveryInformation".into(), object(delivery));
    metadata.insert("encryptionScheme".into(), "x25519-chacha20-poly1305".into());
    metadata.insert("messageHash".into(), message.hash().as_str().into());
    metadata.insert("version".into(), "v1".into());
    metadata
}
