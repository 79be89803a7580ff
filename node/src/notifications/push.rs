//! Web push (RFC 8030), encrypted to the browser (RFC 8291) and signed by this node (VAPID, RFC 8292).
//!
//! `web-push-native` 0.5 (MIT or Apache-2.0) encrypts without OpenSSL. Its own VAPID is left out: it brings a
//! token library with an implementation of RSA that has an open advisory, and it forgets the port in the
//! audience. The token is one signature by the P-256 that is there anyway.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{GeneralPurposeConfig, URL_SAFE_NO_PAD};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{RequestBuilder, Url};
use serde::Deserialize;
use serde_json::json;
use web_push_native::p256::PublicKey;
use web_push_native::p256::ecdsa::signature::Signer;
use web_push_native::p256::ecdsa::{Signature, SigningKey};
use web_push_native::{Auth, encrypt};

/// How long a push service keeps a notification for a browser that is off, in seconds.
const TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a signature is valid; at most a day (RFC 8292, section 2).
const VAPID_VALID: Duration = Duration::from_secs(12 * 60 * 60);
/// A later notification takes an undelivered one's place (RFC 8030, section 5.4).
const TOPIC: &str = "dm3-new-message";
/// The longest subscription, in bytes of JSON.
const MAX_SUBSCRIPTION: usize = 4096;
/// Browsers write base64 without padding, libraries with it.
const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a notification was not handed over. Never shows the subscription, whose URL is a secret.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The notification can't be encrypted.
    #[error("the notification can't be encrypted")]
    Encrypt,
    /// The push service can't be reached.
    #[error("the push service can't be reached: {0}")]
    Unreachable(reqwest::Error),
    /// The browser has unsubscribed: nothing will ever arrive there again.
    #[error("the browser has unsubscribed")]
    Gone,
    /// The push service refuses.
    #[error("the push service answered {0}")]
    Refused(u16),
}

/// Where a browser takes notifications.
pub struct Subscription {
    /// The push service's address for this browser.
    pub endpoint: Url,
    key: PublicKey,
    auth: Auth,
}

#[derive(Deserialize)]
struct SubscriptionIn {
    endpoint: String,
    keys: KeysIn,
}

#[derive(Deserialize)]
struct KeysIn {
    p256dh: String,
    auth: String,
}

impl Subscription {
    /// Reads what a browser's `PushSubscription.toJSON()` gives; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_SUBSCRIPTION {
            return None;
        }
        let read: SubscriptionIn = serde_json::from_str(text).ok()?;
        let key = ANY_PADDING.decode(read.keys.p256dh).ok()?;
        let auth = ANY_PADDING.decode(read.keys.auth).ok()?;
        Some(Self {
            endpoint: read.endpoint.parse().ok()?,
            key: PublicKey::from_sec1_bytes(&key).ok()?,
            auth: Auth::from_exact_iter(auth)?,
        })
    }
}

/// Why notifications can't be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VapidError {
    /// Not a key.
    #[error("the key is not a P-256 key, 32 bytes in base64 for URLs")]
    Key,
    /// Nobody to complain to, which push services refuse.
    #[error("the contact is neither mailto:… nor https://…")]
    Contact,
}

/// Signs this node's notifications, so that push services know who sends them.
#[derive(Clone)]
pub struct Vapid {
    key: SigningKey,
    contact: String,
}

impl Vapid {
    /// Reads a key, 32 bytes in base64 for URLs.
    ///
    /// # Errors
    /// [`VapidError`].
    pub fn new(key: &str, contact: &str) -> Result<Self, VapidError> {
        let bytes = zeroize::Zeroizing::new(ANY_PADDING.decode(key.trim()).map_err(|_| VapidError::Key)?);
        // The library pads shorter ones.
        let key = SigningKey::from_slice(&bytes).ok().filter(|_| bytes.len() == 32).ok_or(VapidError::Key)?;
        let address = contact.strip_prefix("mailto:").or_else(|| contact.strip_prefix("https://"));
        if address.is_none_or(str::is_empty) {
            return Err(VapidError::Contact);
        }
        Ok(Self { key, contact: contact.to_owned() })
    }

    /// Who push services complain to.
    pub fn contact(&self) -> &str {
        &self.contact
    }

    /// What browsers are given as `applicationServerKey`.
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.verifying_key().to_encoded_point(false).as_bytes())
    }

    /// The `Authorization` for an endpoint.
    fn authorization(&self, endpoint: &Url, now: u64) -> String {
        let claims = json!({
            "aud": endpoint.origin().ascii_serialization(),
            "exp": now + VAPID_VALID.as_secs(),
            "sub": self.contact,
        });
        let header = URL_SAFE_NO_PAD.encode(br#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature: Signature = self.key.sign(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
        format!("vapid t={signed}.{signature}, k={}", self.public_key())
    }

    /// Hands a notification over to the browser's push service. `request` is a POST to the subscription's endpoint;
    /// `now` is in seconds since 1970.
    ///
    /// # Errors
    /// [`PushError`].
    pub async fn send(
        &self,
        request: RequestBuilder,
        subscription: &Subscription,
        payload: &str,
        now: u64,
    ) -> Result<(), PushError> {
        let body = encrypt(payload.as_bytes().to_vec(), &subscription.key, &subscription.auth)
            .map_err(|_| PushError::Encrypt)?;
        let answer = request
            .header(AUTHORIZATION, self.authorization(&subscription.endpoint, now))
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .header("ttl", TTL.as_secs())
            .header("topic", TOPIC)
            .header("urgency", "normal")
            .body(body)
            .send()
            .await
            .map_err(|error| PushError::Unreachable(error.without_url()))?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            404 | 410 => Err(PushError::Gone),
            other => Err(PushError::Refused(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use web_push_native::p256::ecdsa::VerifyingKey;
    use web_push_native::p256::ecdsa::signature::Verifier;

    use super::*;

    const KEY: &str = "RS0WdYWWo1HajXg3NZR1olzCf31i-ZBGDkFyCs7j1jw";
    const P256DH: &str =
        "BLn9b-VR0ca83knDNZ32dCHGyjJp-1riX9ZTN40MqV8K_LpQmLqxC_DoHvqvFXO_nGdAB4W9dogZb_sM-uV4JbY";

    fn subscription(endpoint: &str, p256dh: &str, auth: &str) -> String {
        json!({ "endpoint": endpoint, "expirationTime": null, "keys": { "p256dh": p256dh, "auth": auth } })
            .to_string()
    }

    #[test]
    fn a_browsers_subscription_is_read_and_nothing_else() {
        let good = subscription("https://push.example/a/b", P256DH, "_ordMnz7uTCmrpBTeUV4Bw");
        assert_eq!(Subscription::parse(&good).unwrap().endpoint.as_str(), "https://push.example/a/b");
        assert!(
            Subscription::parse(&subscription("https://p.example/", P256DH, "_ordMnz7uTCmrpBTeUV4Bw=="))
                .is_some()
        );
        for bad in [
            "",
            "{}",
            "\"x\"",
            &subscription("push.example", P256DH, "_ordMnz7uTCmrpBTeUV4Bw"),
            &subscription("https://push.example/", "a", "b"),
            &subscription("https://push.example/", P256DH, "_ordMnz7uTCmrpBTeUV4"),
            &subscription("https://push.example/", &P256DH[..80], "_ordMnz7uTCmrpBTeUV4Bw"),
            &subscription(
                &format!("https://push.example/{}", "x".repeat(5000)),
                P256DH,
                "_ordMnz7uTCmrpBTeUV4Bw",
            ),
        ] {
            assert!(Subscription::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_signature_names_the_push_service_with_its_port_and_ends_within_a_day() {
        let vapid = Vapid::new(KEY, "mailto:ops@example.org").unwrap();
        let endpoint = "https://push.example:8443/x?y".parse().unwrap();
        let value = vapid.authorization(&endpoint, 1_000_000);
        let (token, key) = value.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(
            claims,
            json!({ "aud": "https://push.example:8443", "exp": 1_043_200, "sub": "mailto:ops@example.org" })
        );
        let key = VerifyingKey::from_sec1_bytes(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap();
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        assert!(key.verify(signed.as_bytes(), &signature).is_ok());
    }

    #[test]
    fn what_is_no_key_or_no_contact_is_refused() {
        for key in ["x", &KEY[..40]] {
            assert_eq!(Vapid::new(key, "mailto:ops@example.org").err(), Some(VapidError::Key));
        }
        for contact in ["ops@example.org", "mailto:", ""] {
            assert_eq!(Vapid::new(KEY, contact).err(), Some(VapidError::Contact));
        }
    }
}
