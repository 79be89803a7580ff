//! Our own records.
//!
//! ```text
//! text     = canonical({kind, id, conversation, …})          padded: 0x80, zeros
//! content  = base64(0x01 ‖ nonce ‖ XChaCha20-Poly1305(key("content"), nonce, padded, aad))
//! aad      = "dm3-chat record" ‖ 0x01 ‖ owner ‖ conversation's pseudonym ‖ record's pseudonym
//! record's pseudonym = HMAC(…, conversation ‖ kind ‖ id)      so it binds the kind too, and the server sees no kind
//! ```
//!
//! XChaCha20 (draft-irtf-cfrg-xchacha-03) takes nonces of 192 bits: several devices draw them at random for as long
//! as an account lives, without a counter in common. A random nonce of 96 bits would need a key for each record.
//!
//! A padded text is 1,024 bytes at least, and longer ones have a length of the Padmé series (PURBs, PoPETs 2019).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Pseudonym, StorageKeys};
use crate::conversation::ConversationId;
use crate::delivery::Refusal;
use crate::device::{MessageRow, SendState, StoredMessage};
use crate::identity::{Address, EnsName};
use crate::message::SignedMessage;
use crate::said::Said;
use crate::seal::json::{self, canonical, integer, object};
use crate::seal::{Entropy, SealError};

/// The longest content that is read, in bytes of base64: a message of 20 MB as text within text.
pub const MAX_RECORD: usize = 64_000_000;
const VERSION: u8 = 1;
const NONCE: usize = 24;
const MIN_PADDED: usize = 1024;
/// The longest name of a setting, in bytes.
const MAX_SETTING: usize = 128;

/// What an account keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A message with a peer.
    Message(StoredMessage),
    /// Somebody the account has a conversation with.
    Contact(ContactRecord),
    /// How far a conversation has been seen.
    ReadMarker(ReadMarker),
    /// Something the person chose.
    Setting(Setting),
}

/// Somebody the account has a conversation with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRecord {
    /// Which conversation.
    pub conversation: ConversationId,
    /// A name that resolved to the address when it was last checked.
    pub name: Option<EnsName>,
    /// When the name was checked: milliseconds since 1970.
    pub named: u64,
    /// When the conversation was opened or last changed: milliseconds since 1970.
    pub touched: u64,
}

/// How far a conversation has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadMarker {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Messages that arrived until then: milliseconds since 1970.
    pub read_until: u64,
}

/// Something the person chose.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// What.
    pub name: String,
    /// How.
    pub value: Value,
    /// When: milliseconds since 1970.
    pub changed: u64,
}

/// A record as the server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRecord {
    /// Under which conversation it is filed.
    pub conversation: Pseudonym,
    /// Its id there.
    pub id: Pseudonym,
    /// Base64.
    pub content: String,
}

/// What an opened record is.
#[derive(Clone, Debug, PartialEq)]
pub enum Opened {
    /// One that this version knows.
    Known(Box<Record>),
    /// Written by a later version: leave it where it is.
    Unknown {
        /// What it calls itself.
        kind: String,
    },
}

/// Why a record is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Longer than we read.
    #[error("the stored record is too large")]
    TooLarge,
    /// Of a later version of the whole format.
    #[error("the stored record has version {0}; update to read it")]
    Version(u8),
    /// Damaged, of another account, or moved: to another id or another conversation.
    #[error("the stored record was not written by this account at this place, or was changed")]
    NotOurs,
    /// Written by the account, but not of this form.
    #[error("the stored record is malformed: {0}")]
    Form(&'static str),
}

impl Record {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Contact(_) => "contact",
            Self::ReadMarker(_) => "read-marker",
            Self::Setting(_) => "setting",
        }
    }

    /// What identifies it among those of its kind and conversation.
    fn id(&self) -> &str {
        match self {
            Self::Message(message) => message.hash().as_str(),
            Self::Contact(_) | Self::ReadMarker(_) => "",
            Self::Setting(setting) => &setting.name,
        }
    }

    fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Message(message) => Some(message.row().conversation),
            Self::Contact(contact) => Some(contact.conversation),
            Self::ReadMarker(marker) => Some(marker.conversation),
            Self::Setting(_) => None,
        }
    }

    /// Seals it anew; each time to another content under the same id.
    ///
    /// # Errors
    /// [`SealError`]: then there is nothing that may leave.
    pub fn seal(&self, keys: &StorageKeys, entropy: &impl Entropy) -> Result<SealedRecord, SealError> {
        let conversation = place(self.conversation(), keys);
        seal_text(&canonical(&self.to_json()), conversation, self.kind(), self.id(), keys, entropy)
    }

    fn to_json(&self) -> Value {
        let mut members = vec![("kind", self.kind().into()), ("id", self.id().into())];
        if let Some(ConversationId::Peer(peer)) = self.conversation() {
            members.push(("peer", peer.to_lower_hex().into()));
        }
        match self {
            Self::Message(message) => {
                let message = message.row();
                let state = match &message.state {
                    SendState::Waiting => "waiting".into(),
                    SendState::Accepted => "accepted".into(),
                    SendState::Received => "received".into(),
                    SendState::Refused(refusal) => {
                        object(vec![("refused", refusal.code().into()), ("value", refusal.value().into())])
                    }
                };
                members.extend([
                    ("author", message.author.to_lower_hex().into()),
                    ("time", message.time.into()),
                    ("arrived", message.arrived.into()),
                    ("state", state),
                    ("message", message.json.as_str().into()),
                ]);
            }
            Self::Contact(contact) => {
                let name = contact.name.as_ref().map_or(Value::Null, |name| name.as_str().into());
                let times = [("named", contact.named.into()), ("touched", contact.touched.into())];
                members.push(("name", name));
                members.extend(times);
            }
            Self::ReadMarker(marker) => members.push(("readUntil", marker.read_until.into())),
            Self::Setting(setting) => {
                members.extend([("value", setting.value.clone()), ("changed", setting.changed.into())]);
            }
        }
        object(members)
    }

    fn from_json(json: &Map<String, Value>, kind: &str, owner: Address) -> Result<Option<Self>, RecordError> {
        let text = |name| json.get(name).and_then(Value::as_str).ok_or(RecordError::Form(name));
        let time = |name| json.get(name).and_then(integer).ok_or(RecordError::Form(name));
        let address = |name| Address::parse_unchecked_case(text(name)?).map_err(|_| RecordError::Form(name));
        let conversation = || address("peer").map(ConversationId::Peer);
        Ok(Some(match kind {
            "message" => {
                let message =
                    SignedMessage::parse(text("message")?).map_err(|_| RecordError::Form("message"))?;
                let (author, peer) = (address("author")?, address("peer")?);
                if author != owner && author != peer {
                    return Err(RecordError::Form("author"));
                }
                let state = match json.get("state") {
                    Some(Value::String(state)) if state == "waiting" => SendState::Waiting,
                    Some(Value::String(state)) if state == "accepted" => SendState::Accepted,
                    Some(Value::String(state)) if state == "received" => SendState::Received,
                    Some(Value::Object(state)) => {
                        let refused = state.get("refused").and_then(Value::as_str);
                        let refused = refused.ok_or(RecordError::Form("state"))?;
                        SendState::Refused(match state.get("value").and_then(Value::as_str) {
                            Some(value) => Refusal::from_code(refused, value),
                            // Before there were codes, a sentence stood there.
                            None => Refusal::Unexplained(Said::new(refused)),
                        })
                    }
                    _ => return Err(RecordError::Form("state")),
                };
                if (state == SendState::Received) != (author == peer) {
                    return Err(RecordError::Form("state"));
                }
                let (conversation, arrived) = (ConversationId::Peer(peer), time("arrived")?);
                let row = MessageRow::new(&message, author, conversation, arrived, state);
                // Only the account's own keys can have sealed it here, after the author was proven.
                Self::Message(StoredMessage::kept(MessageRow { time: time("time")?, ..row }))
            }
            "contact" => {
                let name = match json.get("name") {
                    Some(Value::Null) => None,
                    Some(Value::String(name)) => Some(name.parse().map_err(|_| RecordError::Form("name"))?),
                    _ => return Err(RecordError::Form("name")),
                };
                let (named, touched) = (time("named")?, time("touched")?);
                Self::Contact(ContactRecord { conversation: conversation()?, name, named, touched })
            }
            "read-marker" => {
                Self::ReadMarker(ReadMarker { conversation: conversation()?, read_until: time("readUntil")? })
            }
            "setting" => {
                let name = text("id")?.to_owned();
                if name.len() > MAX_SETTING {
                    return Err(RecordError::Form("id"));
                }
                let value = json.get("value").ok_or(RecordError::Form("value"))?.clone();
                Self::Setting(Setting { name, value, changed: time("changed")? })
            }
            _ => return Ok(None),
        }))
    }
}

impl SealedRecord {
    /// Opens what this account wrote at this place.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn open(&self, keys: &StorageKeys) -> Result<Opened, RecordError> {
        if self.content.len() > MAX_RECORD {
            return Err(RecordError::TooLarge);
        }
        let bytes = STANDARD.decode(&self.content).map_err(|_| RecordError::Form("no base64"))?;
        let (version, rest) = bytes.split_first().ok_or(RecordError::Form("empty"))?;
        if *version != VERSION {
            return Err(RecordError::Version(*version));
        }
        let (nonce, sealed) = rest.split_at_checked(NONCE).ok_or(RecordError::Form("too short"))?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| RecordError::Form("nonce"))?;
        let aad = self.aad(keys);
        let opened = cipher(keys).decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: &aad });
        let padded = Zeroizing::new(opened.map_err(|_| RecordError::NotOurs)?);
        let end = padded.iter().rposition(|byte| *byte != 0).filter(|end| padded[*end] == 0x80);
        let end =
            end.filter(|end| padded.len() == padded_length(end + 1)).ok_or(RecordError::Form("padding"))?;
        let Some(Value::Object(json)) = str::from_utf8(&padded[..end]).ok().and_then(json::parse) else {
            return Err(RecordError::Form("no object"));
        };
        let text = |name| json.get(name).and_then(Value::as_str).ok_or(RecordError::Form(name));
        let (kind, id) = (text("kind")?, text("id")?);
        if keys.record(&self.conversation, kind, id) != self.id {
            return Err(RecordError::NotOurs);
        }
        let Some(record) = Record::from_json(&json, kind, keys.owner())? else {
            return Ok(Opened::Unknown { kind: kind.to_owned() });
        };
        // What the record is about must be where it is filed.
        if record.id() != id || place(record.conversation(), keys) != self.conversation {
            return Err(RecordError::NotOurs);
        }
        Ok(Opened::Known(Box::new(record)))
    }

    fn aad(&self, keys: &StorageKeys) -> Vec<u8> {
        let owner = keys.owner();
        let parts: [&[u8]; 5] = [
            b"dm3-chat record",
            &[VERSION],
            owner.as_bytes(),
            self.conversation.as_bytes(),
            self.id.as_bytes(),
        ];
        parts.concat()
    }
}

/// What two devices wrote about one thing, as one; `None` if it is not one thing. Whichever comes first, and
/// however often, the result is the same:
///
/// - message: the earlier place; accepted before refused before waiting.
/// - contact: the name that was checked last; the later touch.
/// - read marker: the later one.
/// - setting: the one changed last; of one time, the greater value.
pub fn merge(a: &Record, b: &Record) -> Option<Record> {
    if a.kind() != b.kind() || a.id() != b.id() || a.conversation() != b.conversation() {
        return None;
    }
    Some(match (a, b) {
        (Record::Message(a), Record::Message(b)) => {
            let (a, b) = (a.row(), b.row());
            let state = if b.state.is_further_than(&a.state) { &b.state } else { &a.state };
            let (time, arrived) = (a.time.min(b.time), a.arrived.min(b.arrived));
            // Both were proven before they were kept.
            Record::Message(StoredMessage::kept(MessageRow {
                time,
                arrived,
                state: state.clone(),
                ..a.clone()
            }))
        }
        (Record::Contact(a), Record::Contact(b)) => {
            let later = if (a.named, &a.name) >= (b.named, &b.name) { a } else { b };
            Record::Contact(ContactRecord { touched: a.touched.max(b.touched), ..later.clone() })
        }
        (Record::ReadMarker(a), Record::ReadMarker(b)) => {
            Record::ReadMarker(ReadMarker { read_until: a.read_until.max(b.read_until), ..*a })
        }
        (Record::Setting(a), Record::Setting(b)) => {
            let stamp = |setting: &Setting| (setting.changed, canonical(&setting.value));
            Record::Setting(if stamp(a) >= stamp(b) { a.clone() } else { b.clone() })
        }
        _ => return None,
    })
}

fn place(conversation: Option<ConversationId>, keys: &StorageKeys) -> Pseudonym {
    conversation.map_or_else(|| keys.account(), |conversation| keys.conversation(conversation))
}

fn cipher(keys: &StorageKeys) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*keys.content()))
}

fn seal_text(
    text: &str,
    conversation: Pseudonym,
    kind: &str,
    id: &str,
    keys: &StorageKeys,
    entropy: &impl Entropy,
) -> Result<SealedRecord, SealError> {
    let id = keys.record(&conversation, kind, id);
    let mut sealed = SealedRecord { conversation, id, content: String::new() };
    let mut padded = Zeroizing::new(Vec::with_capacity(padded_length(text.len() + 1)));
    padded.extend_from_slice(text.as_bytes());
    padded.push(0x80);
    padded.resize(padded_length(text.len() + 1), 0);
    let mut nonce = [0; NONCE];
    entropy.fill(&mut nonce);
    let payload = Payload { msg: &padded, aad: &sealed.aad(keys) };
    let ciphertext = cipher(keys).encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Cipher)?;
    sealed.content = STANDARD.encode([&[VERSION], &nonce[..], &ciphertext].concat());
    Ok(sealed)
}

/// Padmé: the length rounded up so that it has no more significant bits than its exponent has.
fn padded_length(length: usize) -> usize {
    let length = length.max(MIN_PADDED);
    let exponent = length.ilog2();
    let free = exponent - (exponent.ilog2() + 1);
    length.next_multiple_of(1 << free)
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
