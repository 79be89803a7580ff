//! What somebody is about to send.

use serde_json::{Map, Value};

use super::{Kind, MessageHash, SignedMessage};
use crate::identity::EnsName;
use crate::seal::json::canonical_object;
use crate::seal::signing::SigningSecret;

/// A message before it is signed.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The author's own address name.
    pub from: EnsName,
    /// The receiver's address name.
    pub to: EnsName,
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// What kind of message it is.
    pub kind: Kind,
    /// The message it refers to.
    pub reference: Option<MessageHash>,
    /// The text.
    pub text: String,
}

impl Draft {
    /// Signs the draft with the author's profile key. The form is that of the deployed clients: no `message`
    /// for a delete request, an empty list of attachments for everything else that has none.
    pub fn sign(self, key: &SigningSecret) -> SignedMessage {
        let mut metadata = Map::new();
        metadata.insert("from".into(), self.from.as_str().into());
        metadata.insert("to".into(), self.to.as_str().into());
        metadata.insert("timestamp".into(), self.timestamp.into());
        metadata.insert("type".into(), self.kind.to_string().into());
        if let Some(reference) = self.reference {
            metadata.insert("referenceMessageHash".into(), reference.as_str().into());
        }
        let mut message = Map::new();
        message.insert("metadata".into(), metadata.into());
        if self.kind != Kind::DeleteRequest {
            message.insert("message".into(), self.text.into());
            message.insert("attachments".into(), Value::Array(Vec::new()));
        }
        let signature = key.sign(&canonical_object(&message));
        SignedMessage::assemble(message, signature)
    }
}
