//! What a message says, by its type.

use super::{
    Kind, LinkError, LinkMessage, MAX_REACTION, MessageHash, Receipt, ReceivedAttachment, SignedMessage,
};

/// The content of a message. Nothing is proven by it: who wrote it is told by [`super::AuthenticMessage`].
#[derive(Debug)]
pub enum Content<'a> {
    /// `NEW`.
    Text(Body<'a>),
    /// `REPLY`.
    Reply {
        /// The message it answers.
        to: MessageHash,
        /// The answer.
        body: Body<'a>,
    },
    /// `EDIT`.
    Edit {
        /// The message it replaces, or the latest edit of it.
        of: MessageHash,
        /// What stands there from now on.
        body: Body<'a>,
    },
    /// `DELETE_REQUEST`.
    Delete {
        /// The message to remove.
        of: MessageHash,
    },
    /// `REACTION`.
    Reaction {
        /// The message that is reacted to.
        on: MessageHash,
        /// One emoji.
        emoji: &'a str,
    },
    /// `READ_RECEIVED`, `READ_OPENED` or `READ_RECEIPT`.
    Receipt {
        /// The message it is about.
        of: MessageHash,
        /// What became of it.
        receipt: Receipt,
    },
    /// `RESEND_REQUEST`.
    ResendRequest {
        /// The message that is missed.
        of: MessageHash,
    },
    /// `LINK`, `LINK_RECOVER` or `LINK_ACCEPT`.
    Link(Box<LinkMessage>),
    /// A type this version does not know.
    Other {
        /// The type as it came.
        kind: &'a str,
        /// The message it refers to, if any.
        reference: Option<MessageHash>,
        /// Its text, which may be made for those who don't know the type.
        body: Body<'a>,
    },
}

/// Text and attachments.
#[derive(Clone, Debug, PartialEq)]
pub struct Body<'a> {
    /// The text; Markdown is left in it.
    pub text: &'a str,
    /// The attachments.
    pub attachments: Vec<ReceivedAttachment<'a>>,
}

/// Why a message does not say what its type demands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// It refers to no message. A reply or an edit can still be shown as a text of its own, as the specification
    /// demands.
    #[error("the message of type {0} refers to no other message")]
    NoReference(Kind),
    /// The reaction is no emoji.
    #[error("the reaction is no emoji")]
    Reaction,
    /// The link data are wrong.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl SignedMessage {
    /// Reads the content by the message's type.
    ///
    /// # Errors
    /// [`ContentError`] if the type demands something that is not there.
    pub fn content(&self) -> Result<Content<'_>, ContentError> {
        let kind = self.kind();
        let needed = || self.reference().ok_or_else(|| ContentError::NoReference(kind.clone()));
        Ok(match &kind {
            Kind::New => Content::Text(self.body()),
            Kind::Reply => Content::Reply { to: needed()?, body: self.body() },
            Kind::Edit => Content::Edit { of: needed()?, body: self.body() },
            Kind::DeleteRequest => Content::Delete { of: needed()? },
            Kind::Reaction => {
                let (on, emoji) = (needed()?, self.text());
                if emoji.trim().is_empty() || emoji.len() > MAX_REACTION {
                    return Err(ContentError::Reaction);
                }
                Content::Reaction { on, emoji }
            }
            Kind::ReadReceived => Content::Receipt { of: needed()?, receipt: Receipt::Received },
            Kind::ReadOpened => {
                let specified = self.wire_kind() == "READ_RECEIPT";
                let receipt = if specified { Receipt::Specified } else { Receipt::Opened };
                Content::Receipt { of: needed()?, receipt }
            }
            Kind::ResendRequest => Content::ResendRequest { of: needed()? },
            Kind::Link | Kind::LinkRecover | Kind::LinkAccept => {
                Content::Link(Box::new(LinkMessage::read(self)?))
            }
            Kind::Other(_) => {
                Content::Other { kind: self.wire_kind(), reference: self.reference(), body: self.body() }
            }
        })
    }

    fn body(&self) -> Body<'_> {
        Body { text: self.text(), attachments: self.attachment_list().collect() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn message(kind: &str, reference: Option<&str>, text: Value) -> SignedMessage {
        let mut json = json!({
            "message": text, "signature": "",
            "attachments": ["https://a.example/x", { "data": "data:,x", "name": "x", "id": 1 }, { "name": "none" }, 7],
            "metadata": { "from": "a", "to": "b", "timestamp": 1, "type": kind },
        });
        if let Some(reference) = reference {
            json["metadata"]["referenceMessageHash"] = reference.into();
        }
        SignedMessage::parse(&json.to_string()).unwrap()
    }

    #[test]
    fn every_type_is_read_as_what_it_is() {
        let hash = format!("0x{}", "1".repeat(64));
        let referring = |kind| message(kind, Some(&hash), "👍".into());
        assert!(matches!(
            message("NEW", None, "hi".into()).content(),
            Ok(Content::Text(Body { text: "hi", .. }))
        ));
        assert!(matches!(referring("REPLY").content(), Ok(Content::Reply { .. })));
        assert!(matches!(referring("EDIT").content(), Ok(Content::Edit { .. })));
        assert!(matches!(referring("DELETE_REQUEST").content(), Ok(Content::Delete { .. })));
        assert!(matches!(referring("REACTION").content(), Ok(Content::Reaction { emoji: "👍", .. })));
        for (kind, expected) in [
            ("READ_RECEIVED", Receipt::Received),
            ("READ_OPENED", Receipt::Opened),
            ("READ_RECEIPT", Receipt::Specified),
        ] {
            let message = referring(kind);
            let Ok(Content::Receipt { receipt, .. }) = message.content() else { panic!("{kind}") };
            assert_eq!(receipt, expected);
        }
        assert!(matches!(referring("RESEND_REQUEST").content(), Ok(Content::ResendRequest { .. })));
        assert!(matches!(
            referring("POLL").content(),
            Ok(Content::Other { kind: "POLL", reference: Some(_), .. })
        ));
    }

    #[test]
    fn what_lacks_its_reference_says_so() {
        for kind in ["REPLY", "EDIT", "DELETE_REQUEST", "REACTION", "READ_OPENED", "RESEND_REQUEST"] {
            for reference in [None, Some("0x1"), Some("")] {
                let error = message(kind, reference, "👍".into()).content().unwrap_err();
                assert_eq!(error, ContentError::NoReference(Kind::from_wire(kind)));
            }
        }
        let hash = format!("0x{}", "1".repeat(64));
        for text in ["", "a whole sentence, of which nobody would say that it is one single emoji"] {
            let error = message("REACTION", Some(&hash), text.into()).content().unwrap_err();
            assert_eq!(error, ContentError::Reaction);
        }
    }

    #[test]
    fn attachments_are_read_as_objects_and_as_bare_addresses() {
        let message = message("NEW", None, Value::Null);
        let Ok(Content::Text(body)) = message.content() else { panic!() };
        assert_eq!(body.text, "");
        let [bare, object] = body.attachments.as_slice() else { panic!("{:?}", body.attachments) };
        assert_eq!((bare.name, bare.address), (None, "https://a.example/x"));
        assert_eq!((object.name, object.member("id")), (Some("x"), Some(&json!(1))));
    }
}
