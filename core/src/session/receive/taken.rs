//! When a delivery service took an envelope, by its postmark.

use serde_json::Value;

use crate::identity::EnsName;
use crate::message::{PostmarkError, PostmarkVerdict, ReceivedEnvelope};
use crate::ports::Ports;
use crate::seal::signing::SigningKey;
use crate::session::deadline::within;
use crate::session::{FindError, Home, Session};

/// How long the key of postmarks is waited for: milliseconds.
const KEY_PATIENCE: u32 = 2_000;

/// What a delivery service of the account signs postmarks with.
pub(super) enum ServiceKey {
    /// This.
    Known(SigningKey),
    /// It can't be looked up now.
    NotNow,
    /// Nobody knows.
    Missing,
}

impl<P: Ports> Session<P> {
    pub(super) async fn service_key(&self, home: &Home) -> ServiceKey {
        if let Some(key) = home.signing_key.get() {
            return ServiceKey::Known(key);
        }
        let found = self.look_up_key(&home.name).await;
        if let ServiceKey::Known(key) = found {
            home.signing_key.set(Some(key));
        }
        found
    }

    async fn look_up_key(&self, name: &EnsName) -> ServiceKey {
        match within(self.ports().clock(), KEY_PATIENCE, self.directory.delivery_service(name)).await {
            Some(Ok(service)) => ServiceKey::Known(service.signing_key),
            Some(Err(error)) if !FindError::is_temporary(&error) => ServiceKey::Missing,
            Some(Err(_)) | None => ServiceKey::NotNow,
        }
    }

    /// When `home` took an envelope, by the clock that leads, if its postmark says so. While the service's key can't be
    /// looked up, the postmark counts unproven: what a service lists it could also have signed, and in what order it
    /// lists is no order in which anything was said.
    pub(super) fn taken(
        &self,
        home: &Home,
        received: &ReceivedEnvelope,
        envelope: &Value,
        key: &ServiceKey,
    ) -> Option<u64> {
        let sealed = envelope.get("message").and_then(Value::as_str).unwrap_or_default();
        let keys = match key {
            ServiceKey::Known(key) => std::slice::from_ref(key),
            ServiceKey::NotNow | ServiceKey::Missing => &[],
        };
        match (received.judge_postmark(sealed, &self.keys, keys), key) {
            (PostmarkVerdict::Valid(postmark), _) => {
                self.learn_marked(home, postmark.incoming_timestamp);
                self.place_of(home, postmark.incoming_timestamp)
            }
            (PostmarkVerdict::UnknownService(postmark), ServiceKey::NotNow) => {
                self.place_of(home, postmark.incoming_timestamp)
            }
            (PostmarkVerdict::Invalid(PostmarkError::Signature(_)), _) => {
                // It may have changed keys.
                home.signing_key.set(None);
                None
            }
            _ => None,
        }
    }
}
