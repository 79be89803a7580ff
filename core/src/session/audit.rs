//! A closer look at one envelope: what its postmark proves, whether its outside agrees with its inside, and how far
//! its time is off. Nothing is stored or acknowledged by it. Only the sender outside decides over a message as well
//! ([`Session::accept`]): delivery services judge senders by it. The receiver outside may be a name that has found
//! another owner meanwhile.

use serde_json::Value;

use super::{FindError, Home, Session};
use crate::identity::Address;
use crate::message::{
    AuthenticityError, EnvelopeError, MessageError, MessageHash, OpenedMessage, PostmarkVerdict,
    ReceivedEnvelope, Skew, Tolerance,
};
use crate::ports::Ports;
use crate::seal::OpenError;

/// What is known about an envelope whose author is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Who wrote it: show this name, not the one in the message.
    pub author: Address,
    /// The hash of the message, computed here.
    pub hash: MessageHash,
    /// Whether the envelope claims this hash for it.
    pub claims_its_hash: bool,
    /// Whether the sender outside is the author.
    pub sender: NameCheck,
    /// Whether the receiver outside is this account.
    pub receiver: NameCheck,
    /// What the delivery service's postmark proves.
    pub postmark: PostmarkVerdict,
    /// The claimed time, compared with that of a valid postmark, else with our clock.
    pub skew: Skew,
}

/// A name in the delivery information, compared by the address behind it. Names may differ where addresses agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameCheck {
    /// It leads to the same account.
    Agrees,
    /// It leads to another account: the delivery information was changed, or the message put into another envelope.
    Differs {
        /// The account it leads to.
        outside: Address,
    },
    /// It leads to no account.
    Unknown,
    /// There is none, or it is still sealed.
    Absent,
}

/// Why nothing can be said about an envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// It is no envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What was sealed is no message.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A name could not be looked up.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The message is not what it claims to be.
    #[error(transparent)]
    Authenticity(#[from] AuthenticityError),
}

impl<P: Ports> Session<P> {
    /// Looks closely at an envelope that `home` listed or pushed.
    ///
    /// # Errors
    /// [`AuditError`]: [`Session::accept`] would quarantine or postpone it.
    pub async fn audit(
        &self,
        home: &Home,
        envelope: &Value,
        tolerance: Tolerance,
    ) -> Result<Audit, AuditError> {
        let received = ReceivedEnvelope::from_json(envelope)?;
        let message = OpenedMessage::parse(&received.open(&self.keys)?)?;
        let sender = self.sender(message.claimed_sender()).await?;
        let receiver = self.directory.resolve(message.claimed_receiver()).await?;
        let authentic = message.authenticate(self.account, receiver, sender.profile())?;

        let services = match self.directory.delivery_service(&home.name).await {
            Ok(service) => vec![service.signing_key],
            Err(_) => Vec::new(),
        };
        let sealed = envelope.get("message").and_then(Value::as_str).unwrap_or_default();
        let postmark = received.judge_postmark(sealed, &self.keys, &services);
        let reference = match &postmark {
            PostmarkVerdict::Valid(postmark) => postmark.incoming_timestamp,
            _ => self.now(),
        };
        let outside = |member: &str| {
            let path = format!("/metadata/deliveryInformation/{member}");
            envelope.pointer(&path).and_then(Value::as_str).map(str::to_owned)
        };
        let hash = authentic.message().hash().clone();
        Ok(Audit {
            author: authentic.author(),
            claims_its_hash: received.claimed_reference().as_ref() == Some(&hash),
            sender: self.compare(outside("from"), authentic.author()).await?,
            receiver: self.compare(outside("to"), self.account).await?,
            postmark,
            skew: authentic.message().skew(reference, tolerance),
            hash,
        })
    }

    async fn compare(&self, name: Option<String>, inside: Address) -> Result<NameCheck, FindError> {
        let Some(name) = name else { return Ok(NameCheck::Absent) };
        Ok(match self.directory.resolve(&name).await {
            Ok(Some(outside)) if outside == inside => NameCheck::Agrees,
            Ok(Some(outside)) => NameCheck::Differs { outside },
            Ok(None) => NameCheck::Unknown,
            Err(error) if error.is_temporary() => return Err(error),
            Err(_) => NameCheck::Unknown,
        })
    }
}
