//! JSON Web Tokens with HS256 and nothing else (RFC 7519, RFC 7515).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::hmac;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 4096;
/// `{"alg":"HS256","typ":"JWT"}`: the only header that is written or read.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// Why a token is refused. The texts are those of the reference's library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Not a token of the one form we make.
    #[error("jwt malformed")]
    Malformed,
    /// Made under another key, or changed.
    #[error("invalid signature")]
    Signature,
    /// Made for another server.
    #[error("jwt audience invalid")]
    Audience,
    /// Past its end.
    #[error("jwt expired")]
    Expired,
    /// Before its beginning.
    #[error("jwt not active")]
    NotActive,
}

/// Makes tokens of one kind, and reads them.
pub(super) struct Jwt {
    key: Zeroizing<[u8; 32]>,
    previous: Option<Zeroizing<[u8; 32]>>,
}

impl Jwt {
    /// Makes them under `key`, and reads those that were made under `previous` as well.
    pub(super) fn new(key: Zeroizing<[u8; 32]>, previous: Option<Zeroizing<[u8; 32]>>) -> Self {
        Self { key, previous }
    }

    pub(super) fn make<T: Serialize>(&self, claims: &T) -> Result<String, serde_json::Error> {
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?);
        let signed = format!("{HEADER}.{claims}");
        let tag = URL_SAFE_NO_PAD.encode(mac(&self.key, &signed).finalize().into_bytes());
        Ok(format!("{signed}.{tag}"))
    }

    /// The claims of a token made here; times are for the caller to check.
    pub(super) fn read<T: DeserializeOwned>(&self, token: &str) -> Result<T, JwtError> {
        if token.len() > MAX_TOKEN {
            return Err(JwtError::Malformed);
        }
        let (signed, tag) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(JwtError::Malformed)?;
        if header != HEADER || claims.contains('.') {
            return Err(JwtError::Malformed);
        }
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| JwtError::Malformed)?;
        // Compares in constant time.
        let made_under = |key| mac(key, signed).verify_slice(&tag).is_ok();
        if !made_under(&self.key) && !self.previous.as_ref().is_some_and(|key| made_under(key)) {
            return Err(JwtError::Signature);
        }
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| JwtError::Malformed)?;
        serde_json::from_slice(&claims).map_err(|_| JwtError::Malformed)
    }
}

fn mac(key: &[u8; 32], signed: &str) -> Hmac<Sha256> {
    hmac(key).chain_update(signed)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn agrees_with_the_example_of_jwt_io() {
        let mut key = [0; 32];
        // HMAC pads short keys with zeros, so this is the key "your-256-bit-secret".
        key[..19].copy_from_slice(b"your-256-bit-secret");
        let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
        let claims: Value = Jwt::new(Zeroizing::new(key), None).read(token).unwrap();
        assert_eq!(claims["name"], "John Doe");
    }

    #[test]
    fn a_changed_token_or_another_algorithm_is_refused() {
        let jwt = Jwt::new(Zeroizing::new([7; 32]), None);
        let token = jwt.make(&json!({ "a": 1 })).unwrap();
        assert_eq!(jwt.read::<Value>(&token), Ok(json!({ "a": 1 })));
        assert_eq!(Jwt::new(Zeroizing::new([8; 32]), None).read::<Value>(&token), Err(JwtError::Signature));
        let claims = URL_SAFE_NO_PAD.encode(r#"{"a":2}"#);
        let tag = token.rsplit_once('.').unwrap().1;
        assert_eq!(jwt.read::<Value>(&format!("{HEADER}.{claims}.{tag}")), Err(JwtError::Signature));
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        assert_eq!(jwt.read::<Value>(&format!("{none}.{claims}.")), Err(JwtError::Malformed));
        for text in ["", "x", "a.b", "..", "a.b.c.d", &"a.".repeat(5000)] {
            assert_eq!(jwt.read::<Value>(text), Err(JwtError::Malformed), "{text:.20}");
        }
    }
}
