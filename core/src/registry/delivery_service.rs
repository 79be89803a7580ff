//! The profile of a delivery service, as its `network.dm3.deliveryService` record holds it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::seal::signing::SigningKey;
use crate::seal::{EncryptionKey, json};
use crate::web::{BaseUrl, UrlError};

/// The longest profile that is read, in bytes.
const MAX_PROFILE: usize = 64 * 1024;

/// Where a delivery service is and which keys it has. The record is not signed: it is as trustworthy
/// as the name it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryServiceProfile {
    /// Ed25519: verifies postmarks.
    pub signing_key: SigningKey,
    /// X25519: delivery information is sealed for it.
    pub encryption_key: EncryptionKey,
    /// Where its API is, such as `https://example.org/ds`.
    pub url: BaseUrl,
}

/// Why a record is not a delivery service's profile. Its operator must publish it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryServiceError {
    /// Not a JSON object, or one of more than 64 KiB.
    #[error("the profile of the delivery service is not a JSON object; its operator must publish it again")]
    Json,
    /// A member is absent or not a text.
    #[error("the profile of the delivery service lacks {0}; its operator must publish it again")]
    Missing(&'static str),
    /// A key is not 32 bytes in base64.
    #[error("{0} of the delivery service is not a key of 32 bytes in base64; its operator must repair it")]
    Key(&'static str),
    /// The address may not be called.
    #[error("the address of the delivery service can't be used: {0}")]
    Url(#[from] UrlError),
}

impl DeliveryServiceProfile {
    /// Reads the JSON that a record holds or links to. Unknown members are ignored.
    pub fn parse(text: &str) -> Result<Self, DeliveryServiceError> {
        if text.len() > MAX_PROFILE {
            return Err(DeliveryServiceError::Json);
        }
        let value = json::parse(text).ok_or(DeliveryServiceError::Json)?;
        if !value.is_object() {
            return Err(DeliveryServiceError::Json);
        }
        Ok(Self {
            signing_key: SigningKey::from_bytes(key(&value, "publicSigningKey")?),
            encryption_key: EncryptionKey::from_bytes(key(&value, "publicEncryptionKey")?),
            url: member(&value, "url")?.parse()?,
        })
    }

    /// The JSON that belongs into the record.
    pub fn to_json(&self) -> String {
        json::canonical(&json!({
            "publicSigningKey": STANDARD.encode(self.signing_key.as_bytes()),
            "publicEncryptionKey": STANDARD.encode(self.encryption_key.as_bytes()),
            "url": self.url.as_str(),
        }))
    }
}

fn member<'a>(value: &'a Value, name: &'static str) -> Result<&'a str, DeliveryServiceError> {
    value.get(name).and_then(Value::as_str).ok_or(DeliveryServiceError::Missing(name))
}

fn key(value: &Value, name: &'static str) -> Result<[u8; 32], DeliveryServiceError> {
    let bytes = STANDARD.decode(member(value, name)?).map_err(|_| DeliveryServiceError::Key(name))?;
    bytes.try_into().map_err(|_| DeliveryServiceError::Key(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(key: &str, url: &str) -> Result<DeliveryServiceProfile, DeliveryServiceError> {
        let value = json!({ "publicSigningKey": key, "publicEncryptionKey": key, "url": url, "more": 1 });
        DeliveryServiceProfile::parse(&value.to_string())
    }

    #[test]
    fn what_is_written_is_read() {
        let read = profile(&STANDARD.encode([5; 32]), "https://a.example/ds/").unwrap();
        assert_eq!(read.signing_key.as_bytes(), &[5; 32]);
        assert_eq!(read.url.as_str(), "https://a.example/ds");
        assert_eq!(DeliveryServiceProfile::parse(&read.to_json()), Ok(read));
    }

    #[test]
    fn each_defect_is_named() {
        let good = STANDARD.encode([5; 32]);
        assert_eq!(profile("AAAA", "https://a"), Err(DeliveryServiceError::Key("publicSigningKey")));
        assert_eq!(profile(&good, "http://a.example"), Err(UrlError::Insecure.into()));
        assert_eq!(profile(&good, "https://me:pw@a.example"), Err(UrlError::Credentials.into()));
        assert_eq!(
            DeliveryServiceProfile::parse("{}"),
            Err(DeliveryServiceError::Missing("publicSigningKey"))
        );
        assert_eq!(DeliveryServiceProfile::parse("[]"), Err(DeliveryServiceError::Json));
    }
}
