//! What a delivery service tells of itself and of a receiver, for pages whose policy names their node alone.
//!
//! It is named by its ENS name, as where messages are handed over; two questions are asked, each built anew from what was
//! read; and of the answer the result alone passes, or that there is none.

use dm3_core::delivery::api;
use dm3_core::identity::EnsName;
use dm3_core::web::{BaseUrl, HttpRequest};
use serde_json::{Value, json};

use super::{Proxies, TIME};
use crate::outgoing::{Bounds, OutgoingError, Use};

/// The largest answer, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// What is asked of a delivery service.
#[derive(Debug, PartialEq, Eq)]
pub enum ServiceQuestion {
    /// What it takes: `dm3_getDeliveryServiceProperties`.
    Properties,
    /// What a receiver there can read and demands: `dm3_getProfileExtension`.
    Extension(EnsName),
}

/// Why it is not asked, or gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum ServiceFault {
    /// No delivery service by this name.
    #[error("there is no delivery service of this name")]
    Unknown,
    /// Its address may not be called.
    #[error("the delivery service can't be called: {0}")]
    Address(OutgoingError),
    /// It does not answer, or with too much.
    #[error("the delivery service does not answer: {0}")]
    Unreachable(OutgoingError),
    /// It refuses.
    #[error("the delivery service answers with HTTP status {0}")]
    Status(u16),
    /// What it answers is not the form of JSON-RPC.
    #[error("the delivery service's answer is not that of JSON-RPC")]
    Answer,
}

impl ServiceQuestion {
    /// Reads a question as it is put to a delivery service itself.
    pub fn read(question: &Value) -> Option<Self> {
        match question.get("method")?.as_str()? {
            "dm3_getDeliveryServiceProperties" => Some(Self::Properties),
            "dm3_getProfileExtension" => {
                let name = question.get("params")?.get(0)?.as_str()?;
                Some(Self::Extension(name.parse().ok()?))
            }
            _ => None,
        }
    }

    fn request(&self, service: &BaseUrl) -> HttpRequest {
        match self {
            Self::Properties => api::get_properties(service),
            Self::Extension(receiver) => api::get_profile_extension(service, receiver),
        }
    }
}

impl Proxies {
    /// Asks the delivery service at `service`. Gives an answer of JSON-RPC with its result, or with the error it gave.
    ///
    /// # Errors
    /// [`ServiceFault`].
    pub async fn ask_service(
        &self,
        service: &BaseUrl,
        question: &ServiceQuestion,
    ) -> Result<Value, ServiceFault> {
        let HttpRequest { url, body, .. } = question.request(service);
        let bounds = Bounds { bytes: MAX_ANSWER, time: TIME, redirects: 0 };
        let fetched = self.outgoing.fetch(Use::Gateway, url.as_str(), body, bounds).await;
        let fetched = fetched.map_err(|error| match error {
            OutgoingError::Url | OutgoingError::NotPublic => ServiceFault::Address(error),
            error => ServiceFault::Unreachable(error),
        })?;
        let answer: Option<Value> = serde_json::from_slice(&fetched.body).ok();
        if let Some(code) = answer.as_ref().and_then(|answer| answer.get("error")?.get("code")?.as_i64()) {
            let error = json!({ "code": code, "message": "the delivery service does not tell" });
            return Ok(json!({ "jsonrpc": "2.0", "id": 1, "error": error }));
        }
        if !(200..300).contains(&fetched.status) {
            return Err(ServiceFault::Status(fetched.status));
        }
        let result = answer.and_then(|mut answer| answer.get_mut("result").map(Value::take));
        // The reference's answers are JSON in a text.
        let result = match result {
            Some(Value::String(text)) => serde_json::from_str(&text).ok(),
            result => result,
        };
        let result = result.filter(Value::is_object).ok_or(ServiceFault::Answer)?;
        Ok(json!({ "jsonrpc": "2.0", "id": 1, "result": result }))
    }
}
