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
use crate::device::{
    Contact, MAX_FOUND_AT, MAX_SETTING, MessageRow, Notices, Place, SendState, Standing, StoredMessage,
};
use crate::identity::{Address, EnsName, SeenProfiles};
use crate::message::SignedMessage;
use crate::said::Said;
use crate::seal::json::{self, canonical, integer, object};
use crate::seal::{Entropy, SealError, sha256_hex};

/// The longest content that is read, in bytes of base64: a message of 20 MB as text within text.
pub const MAX_RECORD: usize = 64_000_000;
const VERSION: u8 = 1;
const NONCE: usize = 24;
const MIN_PADDED: usize = 1024;
/// The longest draft that is read, in bytes.
const MAX_DRAFT: usize = 100_000;

/// What an account keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A message with a peer.
    Message(StoredMessage),
    /// Somebody the account has a conversation with.
    Contact(ContactRecord),
    /// How far a conversation has been seen.
    ReadMarker(ReadMarker),
    /// What is being written in a conversation.
    Draft(DraftRecord),
    /// Something the person chose.
    Setting(Setting),
}

/// Somebody the account has a conversation with.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactRecord {
    /// Which conversation.
    pub conversation: ConversationId,
    /// A name that resolved to the address when it was last checked.
    pub name: Option<EnsName>,
    /// When the conversation was opened or last changed: milliseconds since 1970.
    pub touched: u64,
    /// Names at which the peer's profile was found or may be.
    pub found_at: Vec<EnsName>,
    /// The profiles that the peer was seen with.
    pub seen: SeenProfiles,
    /// What happened to the peer's names and keys.
    pub notices: Notices,
    /// What the account's owner has decided about the peer.
    pub standing: Standing,
    /// The newest message, if it is short and nothing was changed about it since: a list can be shown without reading
    /// every conversation.
    pub last: Option<StoredMessage>,
}

/// What is being written in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftRecord {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Empty if nothing is.
    pub text: String,
    /// When it was changed: milliseconds since 1970.
    pub changed: u64,
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

impl RecordError {
    /// Whether a later version of this program may have written it. That it did is not proven.
    pub const fn is_of_a_later_version(&self) -> bool {
        matches!(self, Self::Version(version) if *version > VERSION)
    }
}

impl Record {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Contact(_) => "contact",
            Self::ReadMarker(_) => "read-marker",
            Self::Draft(_) => "draft",
            Self::Setting(_) => "setting",
        }
    }

    /// What identifies it among those of its kind at its place.
    fn id(&self) -> String {
        match self {
            Self::Message(message) => message.hash().to_string(),
            Self::Contact(ContactRecord { conversation, .. })
            | Self::ReadMarker(ReadMarker { conversation, .. })
            | Self::Draft(DraftRecord { conversation, .. }) => conversation.to_string(),
            Self::Setting(setting) => setting.name.clone(),
        }
    }

    fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Message(message) => Some(message.row().conversation),
            Self::Contact(contact) => Some(contact.conversation),
            Self::ReadMarker(marker) => Some(marker.conversation),
            Self::Draft(draft) => Some(draft.conversation),
            Self::Setting(_) => None,
        }
    }

    /// Where it is filed. What a list of conversations needs is together with what belongs to the account.
    fn place(&self, keys: &StorageKeys) -> Pseudonym {
        match self {
            Self::Message(message) => keys.conversation(message.row().conversation),
            Self::Contact(_) | Self::ReadMarker(_) | Self::Draft(_) | Self::Setting(_) => keys.account(),
        }
    }

    /// Where it is filed, and under which id.
    pub fn key(&self, keys: &StorageKeys) -> (Pseudonym, Pseudonym) {
        let place = self.place(keys);
        (place, keys.record(&place, self.kind(), &self.id()))
    }

    /// Tells whether two records say the same: 16 digits of a hash of their text.
    pub(crate) fn digest(&self) -> String {
        let mut digest = sha256_hex(&canonical(&self.to_json()));
        digest.truncate(18);
        digest
    }

    /// Seals it anew; each time to another content under the same id.
    ///
    /// # Errors
    /// [`SealError`]: then there is nothing that may leave.
    pub fn seal(&self, keys: &StorageKeys, entropy: &impl Entropy) -> Result<SealedRecord, SealError> {
        let text = canonical(&self.to_json());
        seal_text(&text, self.place(keys), self.kind(), &self.id(), keys, entropy)
    }

    /// Its canonical text, unsealed.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(canonical(&self.to_json()))
    }

    /// Reads what the account's own keys had sealed; none if this version does not know its kind.
    pub(super) fn read(json: &Map<String, Value>, owner: Address) -> Result<Option<Self>, RecordError> {
        let kind = json.get("kind").and_then(Value::as_str).ok_or(RecordError::Form("kind"))?;
        Self::from_json(json, kind, owner)
    }

    fn to_json(&self) -> Value {
        let mut members = vec![("kind", self.kind().into()), ("id", self.id().into())];
        if let Some(ConversationId::Peer(peer)) = self.conversation() {
            members.push(("peer", peer.to_lower_hex().into()));
        }
        match self {
            Self::Message(message) => members.extend(message_members(message.row())),
            Self::Contact(contact) => {
                let name = contact.name.as_ref().map_or(Value::Null, |name| name.as_str().into());
                let found_at = contact.found_at.iter().map(|name| name.as_str().into()).collect();
                members.extend([
                    ("name", name),
                    ("touched", contact.touched.into()),
                    ("foundAt", Value::Array(found_at)),
                    ("seen", contact.seen.to_json().into()),
                    ("notices", contact.notices.to_json().into()),
                    ("standing", contact.standing.to_json()),
                ]);
                if let Some(last) = &contact.last {
                    members.push(("last", object(message_members(last.row()))));
                }
            }
            Self::ReadMarker(marker) => members.push(("readUntil", marker.read_until.into())),
            Self::Draft(draft) => {
                members.extend([("text", draft.text.as_str().into()), ("changed", draft.changed.into())]);
            }
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
            "message" => Self::Message(read_message(json, address("peer")?, owner)?),
            "contact" => {
                let normalised = |name: &str| EnsName::from_normalised(name);
                let name = match json.get("name") {
                    Some(Value::Null) => None,
                    Some(Value::String(name)) => {
                        Some(normalised(name).map_err(|_| RecordError::Form("name"))?)
                    }
                    _ => return Err(RecordError::Form("name")),
                };
                let conversation = conversation()?;
                let found_at = json.get("foundAt").and_then(Value::as_array).into_iter().flatten();
                let found_at = found_at.filter_map(|name| normalised(name.as_str()?).ok());
                let last = match json.get("last").and_then(Value::as_object) {
                    Some(last) => Some(read_message(last, conversation.peer(), owner)?),
                    None => None,
                };
                Self::Contact(ContactRecord {
                    conversation,
                    name,
                    touched: time("touched")?,
                    found_at: found_at.take(MAX_FOUND_AT).collect(),
                    seen: SeenProfiles::parse(text("seen")?).map_err(|_| RecordError::Form("seen"))?,
                    notices: Notices::parse(text("notices")?),
                    standing: json.get("standing").and_then(Standing::from_json).unwrap_or_default(),
                    last,
                })
            }
            "draft" => {
                let text = text("text")?;
                if text.len() > MAX_DRAFT {
                    return Err(RecordError::Form("text"));
                }
                let (text, changed) = (text.to_owned(), time("changed")?);
                Self::Draft(DraftRecord { conversation: conversation()?, text, changed })
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
        if record.id() != id || record.place(keys) != self.conversation {
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
/// - contact: the one that was touched last; of its last message, the later one.
/// - read marker: the later one.
/// - draft and setting: the one changed last; of one time, the greater text.
pub fn merge(a: &Record, b: &Record) -> Option<Record> {
    if a.kind() != b.kind() || a.id() != b.id() || a.conversation() != b.conversation() {
        return None;
    }
    Some(match (a, b) {
        (Record::Message(a), Record::Message(b)) => {
            let (a, b) = (a.row(), b.row());
            let state = if b.state.is_further_than(&a.state) { &b.state } else { &a.state };
            let (place, taken) = (a.place.min(b.place), a.taken.min(b.taken));
            let arrived = a.arrived.min(b.arrived);
            // Both were proven before they were kept.
            Record::Message(StoredMessage::kept(MessageRow {
                place,
                taken,
                arrived,
                state: state.clone(),
                ..a.clone()
            }))
        }
        (Record::Contact(a), Record::Contact(b)) => Record::Contact(merge_contacts(a, b)),
        (Record::ReadMarker(a), Record::ReadMarker(b)) => {
            Record::ReadMarker(ReadMarker { read_until: a.read_until.max(b.read_until), ..*a })
        }
        (Record::Draft(a), Record::Draft(b)) => {
            Record::Draft(if (a.changed, &a.text) >= (b.changed, &b.text) { a.clone() } else { b.clone() })
        }
        (Record::Setting(a), Record::Setting(b)) => {
            let stamp = |setting: &Setting| (setting.changed, canonical(&setting.value));
            Record::Setting(if stamp(a) >= stamp(b) { a.clone() } else { b.clone() })
        }
        _ => return None,
    })
}

/// The later one counts as a whole, but for the last message and for what was decided, which are the later of both.
fn merge_contacts(a: &ContactRecord, b: &ContactRecord) -> ContactRecord {
    let weight = |contact: &ContactRecord| {
        let plain = ContactRecord { last: None, standing: Standing::default(), ..contact.clone() };
        let text = canonical(&Record::Contact(plain).to_json());
        (contact.touched, text)
    };
    let later = if weight(a) >= weight(b) { a } else { b };
    let last = |contact: &ContactRecord| {
        let row = contact.last.as_ref()?.row();
        let waits = row.state == SendState::Waiting;
        Some((row.position(), !waits, canonical(&object(message_members(row)))))
    };
    let last = if last(a) >= last(b) { &a.last } else { &b.last };
    let standing = a.standing.or_later(b.standing);
    ContactRecord { last: last.clone(), standing, ..later.clone() }
}

impl ContactRecord {
    /// What is kept of a conversation, and its newest message.
    pub fn new(contact: &Contact, last: Option<StoredMessage>) -> Self {
        let Contact { conversation, name, found_at, seen, notices, touched, standing, .. } = contact.clone();
        Self { conversation, name, touched, found_at, seen, notices, standing, last }
    }
}

fn message_members(message: &MessageRow) -> Vec<(&'static str, Value)> {
    let state = match &message.state {
        SendState::Waiting => "waiting".into(),
        SendState::Accepted => "accepted".into(),
        SendState::Received => "received".into(),
        SendState::Refused(refusal) => {
            object(vec![("refused", refusal.code().into()), ("value", refusal.value().into())])
        }
    };
    let mut members = vec![
        ("author", message.author.to_lower_hex().into()),
        ("time", message.place.time().into()),
        ("arrived", message.arrived.into()),
        ("state", state),
        ("message", message.json.as_str().into()),
    ];
    if message.place.part() > 0 {
        members.push(("part", message.place.part().into()));
    }
    if message.taken != message.place {
        members.push(("taken", vec![message.taken.time(), message.taken.part()].into()));
    }
    members
}

fn read_message(
    json: &Map<String, Value>,
    peer: Address,
    owner: Address,
) -> Result<StoredMessage, RecordError> {
    let text = |name| json.get(name).and_then(Value::as_str).ok_or(RecordError::Form(name));
    let time = |name| json.get(name).and_then(integer).ok_or(RecordError::Form(name));
    let message = SignedMessage::parse(text("message")?).map_err(|_| RecordError::Form("message"))?;
    let author = Address::parse_unchecked_case(text("author")?).map_err(|_| RecordError::Form("author"))?;
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
    let part = json.get("part").map_or(Some(0), integer);
    let place = Place::within(time("time")?, part.ok_or(RecordError::Form("part"))?);
    let place = place.ok_or(RecordError::Form("part"))?;
    let taken = match json.get("taken").and_then(Value::as_array).map(Vec::as_slice) {
        Some([time, part]) => {
            integer(time).zip(integer(part)).and_then(|(time, part)| Place::within(time, part))
        }
        _ => None,
    };
    Ok(StoredMessage::kept(row).at(taken.unwrap_or(place)).moved_to(place))
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
