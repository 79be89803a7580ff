//! What somebody is about to send, in exactly the form of the deployed clients.
//!
//! ```text
//! Draft::text | reply | edit | delete | reaction | receipt | … ──sign──▶ SignedMessage
//! ```
//!
//! Each type of message has its own constructor, so that a draft that lacks what its type demands can't be made.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::context::CONTEXT;
use super::size::SIGNATURE;
use super::{
    Attachment, Context, Kind, MAX_ATTACHMENTS, MAX_INSTRUCTION, MAX_MESSAGE, MessageHash, SignedMessage,
};
use crate::attention::Payment;
use crate::deposit::SignedVoucher;
use crate::identity::EnsName;
use crate::seal::json::canonical_object;
use crate::seal::signing::SigningSecret;

/// The longest reaction, in bytes: an emoji with all its modifiers.
pub const MAX_REACTION: usize = 64;
/// The members of `metadata` that the protocol itself writes.
const OWN_METADATA: [&str; 10] = [
    CONTEXT,
    "from",
    "link",
    "referenceMessageHash",
    "replyDeliveryInstruction",
    "timestamp",
    "to",
    "type",
    Payment::MEMBER,
    SignedVoucher::MEMBER,
];

/// From whom, to whom, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The author's own address name.
    pub from: EnsName,
    /// The receiver's address name.
    pub to: EnsName,
    /// Milliseconds since 1970.
    pub timestamp: u64,
}

/// A message before it is signed.
#[derive(Clone, PartialEq)]
pub struct Draft(Map<String, Value>);

/// What a reaction is: one emoji, with all its modifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji(String);

impl FromStr for Emoji {
    type Err = DraftError;

    fn from_str(text: &str) -> Result<Self, DraftError> {
        if text.trim().is_empty() || text.len() > MAX_REACTION {
            return Err(DraftError::Reaction);
        }
        Ok(Self(text.to_owned()))
    }
}

/// What a receipt says about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It arrived at the receiver's client: `READ_RECEIVED`.
    Received,
    /// The receiver has seen it: `READ_OPENED`, as the deployed clients write it.
    Opened,
    /// The receiver has seen it: `READ_RECEIPT`, as the specification writes it. Deployed clients don't know it.
    Specified,
}

/// Why a draft can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// The type refers to another message, and none is given.
    #[error("a message of type {0} must refer to another message")]
    NoReference(Kind),
    /// A message of type `NEW` refers to none.
    #[error("a new message can't refer to another one; make it a reply")]
    Reference,
    /// A link message carries keys and names, not text alone.
    #[error("a message of type {0} needs link data")]
    NoLink(Kind),
    /// A reaction is one emoji: neither empty nor longer than 64 bytes.
    #[error("a reaction must be one emoji")]
    Reaction,
    /// The instruction is empty or longer than 4 KiB.
    #[error("the reply delivery instruction must have 1 to 4096 bytes")]
    Instruction,
    /// A member of this name belongs to the protocol.
    #[error("the metadata member ‘{0}’ belongs to the protocol; choose another name")]
    Reserved(String),
    /// More than can be listed.
    #[error("a message can't carry more than 256 attachments")]
    TooMany,
    /// A message of this type has no attachments.
    #[error("a message of type {0} can't carry attachments")]
    NoAttachments(Kind),
    /// More than the specification's 20 MB in all.
    #[error("the message has {size} bytes; at most {limit} are allowed")]
    TooLarge {
        /// Bytes of the signed message's JSON.
        size: usize,
        /// The most there may be.
        limit: usize,
    },
}

impl Draft {
    /// A text of its own (`NEW`). Markdown in it is left as it is.
    pub fn text(header: Header, text: &str) -> Self {
        Self::assemble(header, "NEW", None, text)
    }

    /// A text that answers another message (`REPLY`).
    pub fn reply(header: Header, to: &MessageHash, text: &str) -> Self {
        Self::assemble(header, "REPLY", Some(to), text)
    }

    /// A new text for an own message (`EDIT`): the message itself, or its latest edit.
    pub fn edit(header: Header, of: &MessageHash, text: &str) -> Self {
        Self::assemble(header, "EDIT", Some(of), text)
    }

    /// Asks to remove an own message or reaction (`DELETE_REQUEST`). Has neither text nor attachments.
    pub fn delete(header: Header, of: &MessageHash) -> Self {
        let mut draft = Self::assemble(header, "DELETE_REQUEST", Some(of), "");
        draft.0.remove("message");
        draft.0.remove("attachments");
        draft
    }

    /// An emoji on a message (`REACTION`).
    pub fn reaction(header: Header, on: &MessageHash, emoji: &Emoji) -> Self {
        Self::assemble(header, "REACTION", Some(on), &emoji.0)
    }

    /// Tells what became of a message of the other side. Its text is its type, as the deployed clients write it.
    pub fn receipt(header: Header, of: &MessageHash, receipt: Receipt) -> Self {
        let kind = match receipt {
            Receipt::Received => "READ_RECEIVED",
            Receipt::Opened => "READ_OPENED",
            Receipt::Specified => "READ_RECEIPT",
        };
        Self::assemble(header, kind, Some(of), kind)
    }

    /// Asks the other side to send a message again (`RESEND_REQUEST`).
    pub fn resend_request(header: Header, of: &MessageHash) -> Self {
        Self::assemble(header, "RESEND_REQUEST", Some(of), "")
    }

    /// A message whose type is chosen at run time; a type that this version does not know is left as it is.
    ///
    /// # Errors
    /// [`DraftError`] if something is missing that the type demands, or given that it excludes.
    pub fn of_kind(
        header: Header,
        kind: Kind,
        reference: Option<&MessageHash>,
        text: &str,
    ) -> Result<Self, DraftError> {
        let needed = || reference.ok_or_else(|| DraftError::NoReference(kind.clone()));
        match &kind {
            Kind::New if reference.is_some() => Err(DraftError::Reference),
            Kind::New => Ok(Self::text(header, text)),
            Kind::Reply => Ok(Self::reply(header, needed()?, text)),
            Kind::Edit => Ok(Self::edit(header, needed()?, text)),
            Kind::DeleteRequest => Ok(Self::delete(header, needed()?)),
            Kind::Reaction => Ok(Self::reaction(header, needed()?, &text.parse()?)),
            Kind::ReadReceived => Ok(Self::receipt(header, needed()?, Receipt::Received)),
            Kind::ReadOpened => Ok(Self::receipt(header, needed()?, Receipt::Opened)),
            Kind::ResendRequest => Ok(Self::resend_request(header, needed()?)),
            Kind::Link | Kind::LinkRecover | Kind::LinkAccept => Err(DraftError::NoLink(kind)),
            Kind::Other(wire) => Ok(Self::assemble(header, wire, reference, text)),
        }
    }

    /// Adds attachments to a text.
    ///
    /// # Errors
    /// [`DraftError`] if this type has none, or there are too many, or the message becomes larger than 20 MB.
    pub fn with_attachments(mut self, attachments: Vec<Attachment>) -> Result<Self, DraftError> {
        let kind = self.kind();
        let has_none = matches!(kind, Kind::Reaction | Kind::ReadReceived | Kind::ReadOpened);
        let list = match self.0.get_mut("attachments") {
            Some(Value::Array(list)) if !has_none => list,
            _ => return Err(DraftError::NoAttachments(kind)),
        };
        if list.len() + attachments.len() > MAX_ATTACHMENTS {
            return Err(DraftError::TooMany);
        }
        list.extend(attachments.into_iter().map(Attachment::into_json));
        match self.signed_len() {
            size if size < MAX_MESSAGE => Ok(self),
            size => Err(DraftError::TooLarge { size, limit: MAX_MESSAGE }),
        }
    }

    /// A text with further attachments, at most [`MAX_ATTACHMENTS`] in all. How large it may be is checked where it is
    /// written. What has no attachments stays as it is.
    #[must_use]
    pub fn carrying(mut self, attachments: Vec<Attachment>) -> Self {
        self.carry(attachments.into_iter().map(Attachment::into_json));
        self
    }

    /// The same with the attachments of another message, which an edit takes the place of.
    #[must_use]
    pub fn carrying_those_of(mut self, message: &SignedMessage) -> Self {
        self.carry(message.attachment_values().iter().cloned());
        self
    }

    /// The same, saying what the conversation is about that it begins.
    #[must_use]
    pub fn about(self, context: Option<&Context>) -> Self {
        match context.map(Context::line).filter(|line| !line.is_empty()) {
            Some(line) => self.with_member(CONTEXT, line.into()),
            None => self,
        }
    }

    /// The same with a voucher for a receiver who demands a deposit. Any kind of message can carry one; deployed clients
    /// keep it and pass over it.
    #[must_use]
    pub fn with_voucher(self, voucher: &SignedVoucher) -> Self {
        self.vouched(Some(voucher.to_json()))
    }

    /// The same with what [`SignedVoucher::to_json`] gave, if it is there.
    #[must_use]
    pub fn vouched(self, voucher: Option<Value>) -> Self {
        match voucher {
            Some(voucher) => self.with_member(SignedVoucher::MEMBER, voucher),
            None => self,
        }
    }

    /// The same with a payment for an answer, which its author has offered in its contract.
    #[must_use]
    pub fn with_payment(self, payment: &Payment) -> Self {
        self.paying(Some(payment.to_json()))
    }

    /// The same with what [`Payment::to_json`] gave, if it is there.
    #[must_use]
    pub fn paying(self, payment: Option<Value>) -> Self {
        match payment {
            Some(payment) => self.with_member(Payment::MEMBER, payment),
            None => self,
        }
    }

    fn carry(&mut self, attachments: impl Iterator<Item = Value>) {
        if let Some(Value::Array(list)) = self.0.get_mut("attachments") {
            let room = MAX_ATTACHMENTS.saturating_sub(list.len());
            list.extend(attachments.take(room));
        }
    }

    /// What type it is.
    pub fn kind(&self) -> Kind {
        Kind::from_wire(self.wire_kind())
    }

    /// Its type as it will be written.
    pub fn wire_kind(&self) -> &str {
        self.metadata_text("type")
    }

    /// The message it refers to.
    pub fn reference(&self) -> Option<MessageHash> {
        self.metadata_text("referenceMessageHash").parse().ok()
    }

    fn metadata_text(&self, member: &str) -> &str {
        let metadata = self.0.get("metadata").and_then(Value::as_object);
        metadata.and_then(|m| m.get(member)).and_then(Value::as_str).unwrap_or_default()
    }

    /// The length of the signed message's JSON, in bytes: for [`super::envelope_len`].
    pub fn signed_len(&self) -> usize {
        canonical_object(&self.0).len() + ",\"signature\":\"\"".len() + SIGNATURE
    }

    /// Asks for this text to be copied into the `deliveryInstruction` of every reply.
    ///
    /// # Errors
    /// [`DraftError::Instruction`] if it is empty or too long.
    pub fn with_reply_instruction(self, instruction: &str) -> Result<Self, DraftError> {
        if instruction.is_empty() || instruction.len() > MAX_INSTRUCTION {
            return Err(DraftError::Instruction);
        }
        Ok(self.with_member("replyDeliveryInstruction", instruction.into()))
    }

    /// Adds a member to the metadata. Data of extensions belongs there: it is encrypted, and the envelope's own
    /// metadata may have no further members.
    ///
    /// # Errors
    /// [`DraftError::Reserved`] if the protocol itself uses the name.
    pub fn with_metadata(self, member: &str, value: Value) -> Result<Self, DraftError> {
        if OWN_METADATA.contains(&member) {
            return Err(DraftError::Reserved(member.to_owned()));
        }
        Ok(self.with_member(member, value))
    }

    /// Signs the draft with the author's profile key.
    pub fn sign(self, key: &SigningSecret) -> SignedMessage {
        let signature = key.sign(&canonical_object(&self.0));
        SignedMessage::assemble(self.0, signature)
    }

    /// An empty list of attachments belongs to everything that has none but could.
    pub(super) fn assemble(header: Header, kind: &str, reference: Option<&MessageHash>, text: &str) -> Self {
        let mut metadata = Map::new();
        metadata.insert("from".into(), header.from.as_str().into());
        metadata.insert("to".into(), header.to.as_str().into());
        metadata.insert("timestamp".into(), header.timestamp.into());
        metadata.insert("type".into(), kind.into());
        if let Some(reference) = reference {
            metadata.insert("referenceMessageHash".into(), reference.as_str().into());
        }
        let mut message = Map::new();
        message.insert("attachments".into(), Value::Array(Vec::new()));
        message.insert("message".into(), text.into());
        message.insert("metadata".into(), metadata.into());
        Self(message)
    }

    /// The same about another message.
    pub(crate) fn referring_to(self, message: &MessageHash) -> Self {
        self.with_member("referenceMessageHash", message.as_str().into())
    }

    pub(super) fn with_member(mut self, member: &str, value: Value) -> Self {
        if let Some(Value::Object(metadata)) = self.0.get_mut("metadata") {
            metadata.insert(member.to_owned(), value);
        }
        self
    }
}

impl fmt::Debug for Draft {
    /// Neither text nor keys of a message belong into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({})", self.kind())
    }
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
