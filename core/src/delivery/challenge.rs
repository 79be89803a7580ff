//! The login challenge: the one text of a stranger that is ever signed with the profile key.
//!
//! The same key signs messages, profile links and name claims. A server that could choose the text
//! freely would get a message signed that its owner never wrote. So only text that can be nothing else
//! than a challenge for this very account becomes a [`Challenge`], and only a challenge is signed: a JSON
//! web token consists of letters, digits, `-`, `_` and two dots, which no JSON, no `alias: …` and no
//! link text does.

use std::fmt;
use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::identity::EnsName;
use crate::seal::json;
use crate::seal::signing::SigningSecret;
use crate::web::BaseUrl;

/// The longest challenge, in bytes. The reference's have about 310.
const MAX_CHALLENGE: usize = 2048;
/// The longest time a challenge may be valid, in seconds. The reference gives 15 minutes.
const MAX_LIFETIME: u64 = 24 * 60 * 60;
/// The last second that a date of ECMAScript can be in, since 1970.
const LAST_SECOND: u64 = 8_640_000_000_000;

/// A text that is certain to be a login challenge for one account.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    text: String,
    /// When it was made, by the server's clock: milliseconds since 1970, between these two.
    issued: RangeInclusive<u64>,
}

/// Why a server's text is not signed. The server is to blame, unless the text says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// Longer than 2 KiB.
    #[error("the server sent an overlong login challenge; it was not signed")]
    TooLong,
    /// Not a JSON web token.
    #[error("the server wants something signed that is no login challenge; it was not signed")]
    Form,
    /// A claim is absent or not what it must be.
    #[error("the server's login challenge lacks a valid ‘{0}’; it was not signed")]
    Claim(&'static str),
    /// Made for somebody else.
    #[error("the server sent a login challenge for another account; it was not signed")]
    OtherAccount,
    /// Made by another server, which this one passes on to get the answer.
    #[error("the server sent a login challenge of another server; it was not signed")]
    OtherServer,
    /// Valid for longer than a day.
    #[error("the server's login challenge would be valid for too long; it was not signed")]
    TooLasting,
}

impl Challenge {
    /// Checks that `text` is a challenge of `server` for `account`. How long it is valid is judged by its own times: this
    /// device's clock may be wrong, and whoever takes the answer goes by the clock that set them. Deployed servers don't
    /// say in `aud` (RFC 7519 section 4.1.3) that it is theirs.
    ///
    /// # Errors
    /// [`ChallengeError`]: then it must not be signed.
    pub fn parse(text: &str, server: &BaseUrl, account: &EnsName) -> Result<Self, ChallengeError> {
        if text.len() > MAX_CHALLENGE {
            return Err(ChallengeError::TooLong);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ChallengeError::Form);
        };
        let header = json_part(header)?;
        if !header.get("alg").is_some_and(Value::is_string) {
            return Err(ChallengeError::Form);
        }
        if signature.is_empty() || URL_SAFE_NO_PAD.decode(signature).is_err() {
            return Err(ChallengeError::Form);
        }
        let claims = json_part(claims)?;
        let claimed = claims.get("account").and_then(Value::as_str).and_then(|name| name.parse().ok());
        let claimed: EnsName = claimed.ok_or(ChallengeError::Claim("account"))?;
        if claimed != *account {
            return Err(ChallengeError::OtherAccount);
        }
        if let Some(audience) = claims.get("aud") {
            let audience = audience.as_str().ok_or(ChallengeError::Claim("aud"))?;
            let path = server.as_str().strip_prefix(audience);
            if !path.is_some_and(|path| path.is_empty() || path.starts_with('/')) {
                return Err(ChallengeError::OtherServer);
            }
        }
        if !claims.get("challenge").and_then(Value::as_str).is_some_and(is_uuid) {
            return Err(ChallengeError::Claim("challenge"));
        }
        let issued = claims.get("iat").and_then(moment).ok_or(ChallengeError::Claim("iat"))?;
        let begins = *issued.start() / 1000;
        let expires = claims.get("exp").and_then(Value::as_u64).filter(|expires| *expires > begins);
        if expires.ok_or(ChallengeError::Claim("exp"))? - begins > MAX_LIFETIME {
            return Err(ChallengeError::TooLasting);
        }
        Ok(Self { text: text.to_owned(), issued })
    }

    /// When the server made it, by its clock: milliseconds since 1970, between these two. Deployed servers give whole
    /// seconds; ours, fractions (RFC 7519 section 2, NumericDate).
    pub fn issued(&self) -> RangeInclusive<u64> {
        self.issued.clone()
    }

    /// The text that is signed and sent back.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The signature that proves the profile key, in base64.
    pub fn sign(&self, key: &SigningSecret) -> String {
        key.sign(&self.text)
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(…)")
    }
}

fn json_part(part: &str) -> Result<Map<String, Value>, ChallengeError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| ChallengeError::Form)?;
    let text = String::from_utf8(bytes).map_err(|_| ChallengeError::Form)?;
    match json::parse(&text) {
        Some(Value::Object(object)) => Ok(object),
        _ => Err(ChallengeError::Form),
    }
}

/// What a time in seconds says in milliseconds: a whole one may have been any time of its second.
fn moment(seconds: &Value) -> Option<RangeInclusive<u64>> {
    if let Some(whole) = seconds.as_u64() {
        return (whole <= LAST_SECOND).then(|| whole * 1000..=whole * 1000 + 999);
    }
    let seconds = seconds.as_f64().filter(|seconds| (0.0..=LAST_SECOND as f64).contains(seconds))?;
    let milliseconds = (seconds * 1000.0).round() as u64;
    Some(milliseconds..=milliseconds)
}

/// `8-4-4-4-12` hexadecimal digits, of any version.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_795_398_896;
    const UUID: &str = "2d59fa59-0d26-4782-95c9-170d9287e875";

    fn parse(text: &str) -> Result<Challenge, ChallengeError> {
        let server = "https://dm3.example/ds".parse().unwrap();
        Challenge::parse(text, &server, &"alice.eth".parse().unwrap())
    }

    fn token(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(claims))
    }

    fn claims() -> Value {
        json!({ "account": "Alice.eth", "challenge": UUID, "iat": NOW, "nbf": NOW, "exp": NOW + 900 })
    }

    #[test]
    fn a_challenge_for_this_account_is_signed_as_it_stands() {
        let text = token(&claims());
        assert_eq!(parse(&text).unwrap().as_str(), text);
    }

    #[test]
    fn nothing_that_means_something_else_is_signed() {
        for text in [
            "",
            "..",
            "alias: alice.user.dm3.eth",
            "remove: alice.user.dm3.eth",
            "{\"message\":\"hi\",\"metadata\":{\"from\":\"a.eth\"}}",
            "dm3 Profile Link:\nhttps://a.example wants you to link",
            "0xf2f8e4e1301481b3d7f11127adc11f5f4cf5faa8261296501d7726206ba35a85",
        ] {
            assert_eq!(parse(text), Err(ChallengeError::Form), "{text}");
        }
        let good = token(&claims());
        for text in [format!("{good}.x"), format!(" {good}"), format!("{good}\n"), format!("{good}=")] {
            assert_eq!(parse(&text), Err(ChallengeError::Form), "{text}");
        }
        assert_eq!(parse(&"a".repeat(MAX_CHALLENGE + 1)), Err(ChallengeError::TooLong));
    }

    #[test]
    fn every_claim_is_checked() {
        let with = |member: &str, value: Value| {
            let mut claims = claims();
            claims[member] = value;
            parse(&token(&claims))
        };
        assert_eq!(with("account", json!("bob.eth")), Err(ChallengeError::OtherAccount));
        for audience in ["https://dm3.example", "https://dm3.example/ds"] {
            assert!(with("aud", json!(audience)).is_ok(), "{audience}");
        }
        for audience in
            ["https://other.example", "https://dm3.exampl", "https://dm3.example/d", "http://dm3.example"]
        {
            assert_eq!(with("aud", json!(audience)), Err(ChallengeError::OtherServer), "{audience}");
        }
        assert_eq!(with("aud", json!(["https://dm3.example"])), Err(ChallengeError::Claim("aud")));
        assert_eq!(with("account", json!(["alice.eth"])), Err(ChallengeError::Claim("account")));
        assert_eq!(
            with("challenge", json!("alias: x.user.dm3.eth")),
            Err(ChallengeError::Claim("challenge"))
        );
        assert_eq!(with("exp", json!(NOW)), Err(ChallengeError::Claim("exp")));
        assert_eq!(with("exp", json!(NOW + MAX_LIFETIME + 1)), Err(ChallengeError::TooLasting));
        assert_eq!(with("exp", json!("soon")), Err(ChallengeError::Claim("exp")));
        for never in [json!("now"), json!(-1), json!(1e300), json!(LAST_SECOND + 1), Value::Null] {
            assert_eq!(with("iat", never.clone()), Err(ChallengeError::Claim("iat")), "{never}");
        }
    }

    #[test]
    fn it_tells_when_the_server_made_it_whatever_this_devices_clock_says() {
        let issued = |iat: Value, exp: u64| {
            let mut claims = claims();
            claims["iat"] = iat;
            claims["exp"] = exp.into();
            parse(&token(&claims)).map(|challenge| challenge.issued())
        };
        assert_eq!(issued(json!(NOW), NOW + 900), Ok(NOW * 1000..=NOW * 1000 + 999));
        assert_eq!(issued(json!(1_795_398_896.123), NOW + 900), Ok(NOW * 1000 + 123..=NOW * 1000 + 123));
        assert_eq!(issued(json!(7), 900), Ok(7000..=7999), "a clock that begins in 1970 is as good");
        assert_eq!(issued(json!(7), NOW), Err(ChallengeError::TooLasting));
    }
}
