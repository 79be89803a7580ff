//! A push service (RFC 8030) and a browser that has subscribed at it: what a node sends is checked and decrypted
//! with nothing of the node's own (RFC 8188, RFC 8291, RFC 8292).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes128Gcm, KeyInit as _, Nonce};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use web_push_native::p256::ecdh::diffie_hellman;
use web_push_native::p256::ecdsa::signature::Verifier as _;
use web_push_native::p256::ecdsa::{Signature, VerifyingKey};
use web_push_native::p256::elliptic_curve::sec1::ToEncodedPoint as _;
use web_push_native::p256::{PublicKey, SecretKey};

const PATIENCE: Duration = Duration::from_secs(60);

/// What a node has sent.
pub struct Pushed {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

pub struct PushService {
    pub url: String,
    pushed: mpsc::UnboundedReceiver<Pushed>,
}

impl PushService {
    /// Subscriptions below `/gone` have ended.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, pushed) = mpsc::unbounded_channel();
        let router = Router::new().fallback(take).with_state(sender);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, pushed }
    }

    /// The next notification.
    pub async fn pushed(&mut self) -> Pushed {
        tokio::time::timeout(PATIENCE, self.pushed.recv()).await.expect("a push in time").unwrap()
    }
}

async fn take(
    State(sender): State<mpsc::UnboundedSender<Pushed>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let path = uri.path().to_owned();
    let gone = path.starts_with("/gone");
    let _ = sender.send(Pushed { path, headers, body: body.to_vec() });
    if gone { StatusCode::GONE } else { StatusCode::CREATED }
}

/// A browser's subscription, with its secrets.
pub struct Browser {
    key: SecretKey,
    auth: Vec<u8>,
}

impl Browser {
    pub fn new() -> Self {
        let mut bytes = [0; 48];
        getrandom::fill(&mut bytes).unwrap();
        // Far below the order of the curve.
        bytes[0] = 1;
        Self::of(&bytes[..32], &bytes[32..])
    }

    pub fn of(key: &[u8], auth: &[u8]) -> Self {
        Self { key: SecretKey::from_slice(key).unwrap(), auth: auth.to_vec() }
    }

    pub fn subscription(&self, endpoint: &str) -> Value {
        let key = URL_SAFE_NO_PAD.encode(self.public());
        let auth = URL_SAFE_NO_PAD.encode(&self.auth);
        json!({ "endpoint": endpoint, "expirationTime": null, "keys": { "p256dh": key, "auth": auth } })
    }

    fn public(&self) -> Vec<u8> {
        self.key.public_key().to_encoded_point(false).as_bytes().to_vec()
    }

    /// The text of a notification of one record.
    pub fn decrypt(&self, body: &[u8]) -> String {
        let (salt, rest) = body.split_at(16);
        let (size, rest) = rest.split_at(4);
        let (sender, sealed) = rest[1..].split_at(usize::from(rest[0]));
        assert!(sealed.len() <= u32::from_be_bytes(size.try_into().unwrap()) as usize, "one record");
        let shared = diffie_hellman(
            self.key.to_nonzero_scalar(),
            PublicKey::from_sec1_bytes(sender).unwrap().as_affine(),
        );
        let info = [b"WebPush: info\0".as_slice(), &self.public(), sender].concat();
        let input = hkdf(&self.auth, shared.raw_secret_bytes(), &info, 32);
        let key = hkdf(salt, &input, b"Content-Encoding: aes128gcm\0", 16);
        let nonce = hkdf(salt, &input, b"Content-Encoding: nonce\0", 12);
        let cipher = Aes128Gcm::new_from_slice(&key).unwrap();
        let mut padded = cipher.decrypt(Nonce::from_slice(&nonce), sealed).expect("sealed for this browser");
        while padded.last() == Some(&0) {
            padded.pop();
        }
        assert_eq!(padded.pop(), Some(2), "the last record");
        String::from_utf8(padded).unwrap()
    }
}

/// HKDF (RFC 5869) with SHA-256, for at most 32 bytes.
fn hkdf(salt: &[u8], input: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    let mac = |key: &[u8], parts: &[&[u8]]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().to_vec()
    };
    let key = mac(salt, &[input]);
    mac(&key, &[info, &[1]])[..length].to_vec()
}

/// The claims of a notification's VAPID token, after its signature by `key` is verified.
pub fn vapid_claims(headers: &HeaderMap, key: &str) -> Value {
    let value = headers["authorization"].to_str().unwrap();
    let (token, sent) = value.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(sent, key, "the key that browsers were given");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let json =
        |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    assert_eq!(json(head)["alg"], "ES256");
    let key = VerifyingKey::from_sec1_bytes(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap();
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    key.verify(signed.as_bytes(), &signature).expect("signed by the node's key");
    let claims = json(claims);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let end = claims["exp"].as_u64().unwrap();
    assert!(end > now && end <= now + 24 * 60 * 60, "{claims}");
    claims
}
