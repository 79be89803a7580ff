//! Handing envelopes of accounts here to other delivery services, so that a page need not reach those and they
//! don't learn its visitors' addresses.
//!
//! The delivery service is named by its ENS name, whose record says where it is; so a client can't have the
//! node send anything to an address of its own choice.

use std::sync::Arc;

use dm3_core::delivery::api;
use dm3_core::delivery::{BaseUrl, HttpRequest, HttpResponse};
use dm3_core::identity::EnsName;
use dm3_core::message::{Envelope, EnvelopeError};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Proxies, TIME};
use crate::app::App;
use crate::chain::ChainError;
use crate::mailbox::SubmitError;
use crate::outgoing::{Bounds, OutgoingError};

/// The most delivery services that one message is offered to.
const MAX_PARCELS: usize = 8;
/// The largest answer of a delivery service, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// An envelope and the delivery service it is sealed for.
pub struct Parcel {
    /// The delivery service's ENS name.
    pub delivery_service: EnsName,
    /// The envelope.
    pub envelope: Envelope,
}

/// What is posted, in one of two forms.
#[derive(Deserialize)]
#[serde(untagged)]
enum Posting {
    One(OneEnvelope),
    Several(ProxyEnvelop),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OneEnvelope {
    delivery_service: EnsName,
    envelope: Value,
}

/// The reference's form: one sealed message, and the rest of an envelope for each delivery service.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyEnvelop {
    encrypted_message: String,
    encryption_envelops: Vec<Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    encryption_envelop: Map<String, Value>,
    delivery_service_ens_name: EnsName,
}

/// What was posted can't be carried.
#[derive(Debug, thiserror::Error)]
pub enum PostingError {
    /// Neither of the two forms.
    #[error("post {{deliveryService, envelope}} or {{encryptedMessage, encryptionEnvelops}}")]
    Form,
    /// No delivery service, or too many.
    #[error("name between 1 and {MAX_PARCELS} delivery services")]
    Services,
    /// An envelope is not one.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

/// Reads what an account wants carried: `{deliveryService, envelope}`, or the reference's `ProxyEnvelop`.
///
/// # Errors
/// [`PostingError`].
pub fn parcels(posted: &str) -> Result<Vec<Parcel>, PostingError> {
    let parcels = match serde_json::from_str(posted).map_err(|_| PostingError::Form)? {
        Posting::One(OneEnvelope { delivery_service, envelope }) => {
            let text = match envelope {
                Value::String(text) => text,
                envelope => envelope.to_string(),
            };
            vec![Parcel { delivery_service, envelope: Envelope::parse(&text)? }]
        }
        Posting::Several(ProxyEnvelop { encrypted_message, encryption_envelops }) => {
            if encryption_envelops.len() > MAX_PARCELS {
                return Err(PostingError::Services);
            }
            let whole = |part: Metadata| {
                let mut envelope = part.encryption_envelop;
                envelope.insert("message".to_owned(), encrypted_message.as_str().into());
                let envelope = Envelope::parse(&Value::from(envelope).to_string())?;
                Ok(Parcel { delivery_service: part.delivery_service_ens_name, envelope })
            };
            encryption_envelops.into_iter().map(whole).collect::<Result<Vec<_>, EnvelopeError>>()?
        }
    };
    if parcels.is_empty() { Err(PostingError::Services) } else { Ok(parcels) }
}

/// What became of a message.
#[derive(Debug)]
pub struct Carried {
    /// The delivery service that took it, if one did.
    pub taken_by: Option<EnsName>,
    /// Those that did not, in order.
    pub failed: Vec<Attempt>,
}

/// A delivery service that did not take a message.
#[derive(Debug)]
pub struct Attempt {
    /// Which one.
    pub delivery_service: EnsName,
    /// Why not.
    pub error: CarryError,
}

/// Why a delivery service did not take a message.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// It refuses.
    #[error(transparent)]
    Refused(#[from] api::SubmitError),
    /// This server is it, and refuses.
    #[error(transparent)]
    RefusedHere(#[from] SubmitError),
    /// Nothing by this name.
    #[error("there is no delivery service of this name")]
    Unknown,
    /// Its record can't be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// It can't be reached.
    #[error("the delivery service can't be reached: {0}")]
    Unreachable(#[from] OutgoingError),
}

impl CarryError {
    /// The code that JSON-RPC would have for it (the specification's appendix).
    const fn code(&self) -> i64 {
        match self {
            Self::Refused(api::SubmitError::Spam) => -32010,
            Self::Refused(api::SubmitError::TooLarge) => -32011,
            Self::Refused(api::SubmitError::Busy { .. }) => -32005,
            Self::Refused(api::SubmitError::Rejected(_) | api::SubmitError::Malformed(_)) => -32000,
            Self::RefusedHere(error) => error.code(),
            Self::Unknown | Self::Refused(api::SubmitError::NotThere | api::SubmitError::UnknownReceiver) => {
                -32001
            }
            _ => -32002,
        }
    }
}

impl Carried {
    /// The answer to the client.
    pub fn to_json(&self) -> Value {
        let failed: Vec<_> = self
            .failed
            .iter()
            .map(|attempt| {
                let error = json!({ "code": attempt.error.code(), "message": attempt.error.to_string() });
                json!({ "deliveryService": attempt.delivery_service, "error": error })
            })
            .collect();
        json!({ "deliveryService": self.taken_by, "failed": failed })
    }
}

impl App {
    /// Offers a message to delivery services in their order, until one takes it.
    pub async fn carry(self: &Arc<Self>, parcels: Vec<Parcel>) -> Carried {
        let mut failed = Vec::new();
        for Parcel { delivery_service, envelope } in parcels {
            match self.hand_over(&delivery_service, &envelope).await {
                Ok(()) => return Carried { taken_by: Some(delivery_service), failed },
                Err(error) => failed.push(Attempt { delivery_service, error }),
            }
        }
        Carried { taken_by: None, failed }
    }

    async fn hand_over(self: &Arc<Self>, to: &EnsName, envelope: &Envelope) -> Result<(), CarryError> {
        if *to == self.config.name {
            return Ok(self.submit(&envelope.to_canonical()).await?);
        }
        let profile = self.names.chain().delivery_service(to).await?.ok_or(CarryError::Unknown)?;
        self.proxies.submit(&profile.url, envelope).await
    }
}

impl Proxies {
    async fn submit(&self, service: &BaseUrl, envelope: &Envelope) -> Result<(), CarryError> {
        let HttpRequest { url, body, .. } = api::submit(service, envelope);
        let bounds = Bounds { bytes: MAX_ANSWER, time: TIME, redirects: 0 };
        let reply: HttpResponse = self.outgoing.fetch(url.as_str(), body, bounds).await?.into_text()?;
        Ok(api::parse_submitted(&reply)?)
    }
}
