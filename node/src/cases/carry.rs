//! Handing envelopes of accounts here to other delivery services, so that a page need not reach those and they
//! don't learn its visitors' addresses.
//!
//! The delivery service is named by its ENS name, whose record says where it is; so a client can't have the
//! node send anything to an address of its own choice.

use std::sync::Arc;

use dm3_core::delivery::{SpamRule, api};
use dm3_core::deposit::SignedVoucher;
use dm3_core::identity::EnsName;
use dm3_core::message::{Envelope, EnvelopeError, ProxyEnvelope};
use dm3_core::web::{BaseUrl, HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::submit::{SubmitError, read_voucher};
use crate::app::App;
use crate::ethereum::chain::ChainError;
use crate::outgoing::{Bounds, OutgoingError, Use};
use crate::proxy::{Proxies, TIME};

/// The largest answer of a delivery service, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// An envelope and the delivery service it is sealed for.
pub struct Parcel {
    /// The delivery service's ENS name.
    pub delivery_service: EnsName,
    /// The envelope.
    pub envelope: Envelope,
    /// What its sender has at stake.
    pub voucher: Option<SignedVoucher>,
}

/// What our own clients post.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OneEnvelope {
    delivery_service: EnsName,
    envelope: Value,
    #[serde(default)]
    voucher: Option<Value>,
}

/// What was posted can't be carried.
#[derive(Debug, thiserror::Error)]
pub enum PostingError {
    /// Neither of the two forms.
    #[error("post {{deliveryService, envelope, voucher?}} or {{to, encryptedMessage, encryptionEnvelops}}")]
    Form,
    /// An envelope is not one, or there are too many.
    #[error(transparent)]
    Envelope(EnvelopeError),
}

impl From<EnvelopeError> for PostingError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Json | EnvelopeError::Form("encryptedMessage") => Self::Form,
            error => Self::Envelope(error),
        }
    }
}

/// Reads what an account wants carried: `{deliveryService, envelope, voucher?}`, or the reference's `ProxyEnvelop`.
///
/// # Errors
/// [`PostingError`].
pub fn parcels(posted: &str) -> Result<Vec<Parcel>, PostingError> {
    if let Ok(OneEnvelope { delivery_service, envelope, voucher }) = serde_json::from_str(posted) {
        let text = match envelope {
            Value::String(text) => text,
            envelope => envelope.to_string(),
        };
        let envelope = Envelope::parse(&text).map_err(PostingError::Envelope)?;
        let voucher = voucher.and_then(|voucher| read_voucher(&voucher.to_string()));
        return Ok(vec![Parcel { delivery_service, envelope, voucher }]);
    }
    let envelopes = ProxyEnvelope::parse(posted)?.into_envelopes();
    Ok(envelopes
        .into_iter()
        .map(|(delivery_service, envelope)| Parcel { delivery_service, envelope, voucher: None })
        .collect())
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
    /// It refuses by a rule of the receiver's, and says by which.
    #[error("{}", api::SubmitError::Spam)]
    Demands(SpamRule),
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
            Self::Demands(_) | Self::Refused(api::SubmitError::Spam) => -32010,
            Self::Refused(api::SubmitError::TooLarge) => -32011,
            Self::Refused(api::SubmitError::Busy { .. }) => -32005,
            Self::Refused(api::SubmitError::Malformed(_)) => -32000,
            Self::Refused(api::SubmitError::Rejected(_)) => -32003,
            Self::Refused(api::SubmitError::Unexplained(_)) => -32007,
            Self::RefusedHere(error) => error.code(),
            Self::Refused(api::SubmitError::UnknownReceiver) => -32001,
            // Its operator may put it there again.
            Self::Unknown | Self::Refused(api::SubmitError::NotThere) => -32004,
            _ => -32002,
        }
    }
}

impl CarryError {
    fn to_json(&self) -> Value {
        let mut error = json!({ "code": self.code(), "message": self.to_string() });
        match self {
            Self::Demands(rule) => error["data"] = rule.to_json(),
            Self::RefusedHere(SubmitError::Spam(refusal)) => error["data"] = refusal.to_json(),
            _ => {}
        }
        error
    }
}

impl Carried {
    /// The answer to the client.
    pub fn to_json(&self) -> Value {
        let failed: Vec<_> = self
            .failed
            .iter()
            .map(|attempt| {
                json!({ "deliveryService": attempt.delivery_service, "error": attempt.error.to_json() })
            })
            .collect();
        json!({ "deliveryService": self.taken_by, "failed": failed })
    }
}

impl App {
    /// Offers a message to delivery services in their order, until one takes it.
    pub async fn carry(self: &Arc<Self>, parcels: Vec<Parcel>) -> Carried {
        let mut failed = Vec::new();
        for parcel in parcels {
            match self.hand_over(&parcel).await {
                Ok(()) => return Carried { taken_by: Some(parcel.delivery_service), failed },
                Err(error) => failed.push(Attempt { delivery_service: parcel.delivery_service, error }),
            }
        }
        Carried { taken_by: None, failed }
    }

    async fn hand_over(self: &Arc<Self>, parcel: &Parcel) -> Result<(), CarryError> {
        let Parcel { delivery_service: to, envelope, voucher } = parcel;
        if *to == self.config.name {
            return Ok(self.submit(Ok(envelope.clone()), voucher.clone()).await?);
        }
        let profile = self.names.chain().delivery_service(to).await?.ok_or(CarryError::Unknown)?;
        self.proxies.submit(&profile.url, envelope, voucher.as_ref()).await
    }
}

impl Proxies {
    async fn submit(
        &self,
        service: &BaseUrl,
        envelope: &Envelope,
        voucher: Option<&SignedVoucher>,
    ) -> Result<(), CarryError> {
        let HttpRequest { url, body, .. } = match voucher {
            Some(voucher) => api::submit_with(service, envelope, voucher),
            None => api::submit(service, envelope),
        };
        let bounds = Bounds { bytes: MAX_ANSWER, time: TIME, redirects: 0 };
        let reply: HttpResponse =
            self.outgoing.fetch(Use::Message, url.as_str(), body, bounds).await?.into_text()?;
        match api::unmet_rule(&reply) {
            Some(rule) => Err(CarryError::Demands(rule)),
            None => Ok(api::parse_submitted(&reply)?),
        }
    }
}
