//! Writing any type of message, after asking what the receiver's delivery services take.
//!
//! ```text
//! conditions(peer) ──▶ what each delivery service takes ──▶ write(conversation, conditions, draft) ──▶ outbox, or WriteError
//! ```

use super::{FindError, Session};
use crate::conversation::ConversationId;
use crate::delivery::ProfileExtension;
use crate::delivery::api::{self, ApiError, Properties};
use crate::device::StoredMessage;
use crate::identity::{Address, EnsName};
use crate::message::{DeliveryInformation, Draft, Header, MAX_MESSAGE, envelope_len};
use crate::ports::{Http as _, Ports, StoreError, Unreachable};
use crate::web::{HttpRequest, HttpResponse, Outage};

/// What one delivery service of a receiver says.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// The name at which the receiver's profile was found; it stands on the envelope.
    pub receiver: EnsName,
    /// The delivery service's ENS name.
    pub service: EnsName,
    /// What it takes.
    pub properties: Result<Properties, AskError>,
    /// What the receiver can read and demands.
    pub extension: Result<ProfileExtension, AskError>,
}

/// Why a delivery service did not tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It could not be looked up.
    #[error(transparent)]
    Find(#[from] FindError),
    /// It does not answer.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// It answers, but does not tell.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// Why a message was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The message itself is larger than dm3 allows.
    #[error("the message has {size} bytes, and dm3 allows fewer than {limit}; shorten it")]
    Overlong {
        /// Bytes of the signed message.
        size: usize,
        /// There must be fewer.
        limit: usize,
    },
    /// No delivery service of the receiver takes an envelope of this size.
    #[error(
        "the message would have {size} bytes, and the receiver's delivery service takes {limit}; shorten it"
    )]
    TooLarge {
        /// Bytes of the envelope.
        size: usize,
        /// What the most generous delivery service takes.
        limit: u64,
    },
    /// The receiver wants no messages of this type.
    #[error("the receiver does not want messages of type {0}")]
    Unwanted(String),
    /// The device does not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<P: Ports> Session<P> {
    /// Asks every delivery service of a peer what it takes, and what the peer can read and demands. Empty if the peer
    /// has no profile yet.
    ///
    /// # Errors
    /// [`FindError`] if the peer could not be looked up.
    pub async fn conditions(&self, peer: Address) -> Result<Vec<Conditions>, FindError> {
        let Some((name, profile)) = self.profile_of(peer, None).await? else { return Ok(Vec::new()) };
        let name = self.leading_to(peer, name).await?;
        let mut told = Vec::new();
        for service in self.directory.services_of(&profile).await.names {
            let (properties, extension) = match self.directory.delivery_service(&service).await {
                Ok(found) => {
                    let properties = api::get_properties(&found.url);
                    let properties = self.ask(&service, properties, api::parse_properties).await;
                    let extension = api::get_profile_extension(&found.url, &name);
                    (properties, self.ask(&service, extension, api::parse_profile_extension).await)
                }
                Err(error) => (Err(error.clone().into()), Err(error.into())),
            };
            let receiver = name.clone();
            told.push(Conditions { receiver, service, properties, extension });
        }
        Ok(told)
    }

    /// Asks a delivery service: directly, and through the node's proxy if that is not possible from here.
    async fn ask<T>(
        &self,
        service: &EnsName,
        request: HttpRequest,
        parse: impl Fn(&HttpResponse) -> Result<T, ApiError>,
    ) -> Result<T, AskError> {
        let (detours, host) = (&self.directory.detours, request.url.authority());
        let by_proxy = self.directory.message_proxy(host).is_some();
        let reply = if by_proxy && detours.is_needed(host) {
            Err(Unreachable { host: host.to_owned(), outage: Outage::NoAnswer })
        } else {
            self.ports().http().send(&request).await
        };
        if by_proxy && reply.is_err() {
            // What the page may not ask, the message itself need not try either.
            detours.note(host, true);
        }
        let proxy = self.directory.proxies_to(host).and_then(|proxies| proxies.service.as_ref());
        let reply = match (reply, proxy) {
            (Err(_), Some(proxy)) => {
                self.ports().http().send(&api::ask_through(proxy, service, &request)).await
            }
            (reply, _) => reply,
        };
        Ok(parse(&reply?)?)
    }

    /// Writes a message of any type: signs it and puts it into the outbox. It leaves with the next [`Self::flush`].
    /// What is refused here was neither signed nor kept. A delivery service that told nothing refuses nothing; without
    /// `conditions`, only dm3's own limit holds. The size is exactly that of the envelope that will be sent.
    ///
    /// # Errors
    /// [`WriteError`]: then it was not written.
    pub async fn write(
        &self,
        conversation: ConversationId,
        conditions: &[Conditions],
        make: impl FnOnce(Header) -> Draft,
    ) -> Result<StoredMessage, WriteError> {
        let draft = make(self.header(conversation).await?);
        self.check(conversation, &draft, conditions).await?;
        Ok(self.put_out(conversation, draft).await?)
    }

    /// Tells whether [`Self::write`] would write this. Nothing is signed or kept.
    ///
    /// # Errors
    /// [`WriteError`], as there.
    pub async fn would_write(
        &self,
        conversation: ConversationId,
        conditions: &[Conditions],
        make: impl FnOnce(Header) -> Draft,
    ) -> Result<(), WriteError> {
        let draft = make(self.header(conversation).await?);
        self.check(conversation, &draft, conditions).await
    }

    async fn check(
        &self,
        conversation: ConversationId,
        draft: &Draft,
        conditions: &[Conditions],
    ) -> Result<(), WriteError> {
        let message = draft.signed_len();
        if message >= MAX_MESSAGE {
            return Err(WriteError::Overlong { size: message, limit: MAX_MESSAGE });
        }
        let Some(first) = conditions.first() else { return Ok(()) };
        let kind = draft.wire_kind();
        let wanted = |told: &Conditions| told.extension.as_ref().map_or(true, |it| it.supports(kind));
        if !conditions.iter().any(wanted) {
            return Err(WriteError::Unwanted(kind.to_owned()));
        }
        let information = DeliveryInformation {
            from: self.alias.to_string(),
            to: first.receiver.to_string(),
            delivery_instruction: self.instruction(conversation, draft.reference().as_ref()).await?,
        };
        let size = envelope_len(message, &information);
        let limit = |told: &Conditions| {
            told.properties.as_ref().ok().and_then(|properties| properties.size_limit).unwrap_or(u64::MAX)
        };
        match conditions.iter().map(limit).max() {
            Some(limit) if size as u64 > limit => Err(WriteError::TooLarge { size, limit }),
            _ => Ok(()),
        }
    }
}
