//! The three kinds of token this server makes.

use dm3_core::identity::{Address, EnsName};
use serde::{Deserialize, Serialize};

use super::derive;
use super::jwt::{Jwt, JwtError};

/// How long a challenge may be answered, in seconds.
const CHALLENGE_SECONDS: u64 = 15 * 60;
/// How far the clocks of the processes that share a key may be apart, in seconds (RFC 7519, section 4.1.5).
const LEEWAY_SECONDS: u64 = 60;
/// How long a session lasts, in seconds.
const SESSION_SECONDS: u64 = 60 * 60;

/// What a client must sign to sign in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Challenge {
    /// The name that signs in.
    pub account: EnsName,
    /// The server that made it, and alone takes its answer (RFC 7519 section 4.1.3).
    aud: String,
    /// Unique to this challenge.
    pub challenge: String,
    /// When it was made, in seconds since 1970 and parts of one: clients put their clocks right by it.
    iat: f64,
    nbf: u64,
    /// When it ends, in seconds since 1970.
    pub exp: u64,
}

/// Who a session belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The name that signed in.
    pub account: EnsName,
    /// The address that name belonged to then: the mailbox.
    pub address: Address,
    /// The epoch of the account then: with another the session is over.
    #[serde(default)]
    pub epoch: u64,
    iat: u64,
    nbf: u64,
    /// When it ends, in seconds since 1970.
    pub exp: u64,
}

#[derive(Serialize)]
struct Receipt<'a> {
    account: &'a str,
    iat: u64,
    nbf: u64,
    exp: u64,
}

/// Makes and reads tokens. All times are seconds since 1970.
pub struct Tokens {
    challenges: Jwt,
    sessions: Jwt,
    receipts: Jwt,
    audience: String,
}

impl Tokens {
    /// Derives a key for each kind of token, and takes those of the key before. Challenges are for the server at
    /// `audience`.
    pub fn new(key: &[u8; 32], previous: Option<&[u8; 32]>, audience: &str) -> Self {
        let kind = |label| Jwt::new(derive(key, label), previous.map(|key| derive(key, label)));
        Self {
            challenges: kind("challenge"),
            sessions: kind("session"),
            receipts: kind("registration receipt"),
            audience: audience.to_owned(),
        }
    }

    /// A new challenge for an account, made now, in milliseconds since 1970.
    pub fn make_challenge(&self, account: EnsName, now_ms: u64) -> Result<String, serde_json::Error> {
        let challenge = uuid::Uuid::new_v4().to_string();
        let now = now_ms / 1000;
        let exp = now + CHALLENGE_SECONDS;
        let aud = self.audience.clone();
        self.challenges.make(&Challenge {
            account,
            aud,
            challenge,
            iat: now_ms as f64 / 1000.0,
            nbf: now,
            exp,
        })
    }

    /// Reads a challenge that comes back.
    ///
    /// # Errors
    /// [`JwtError`] if it was not made here, is for another server or its time is over.
    pub fn challenge(&self, token: &str, now: u64) -> Result<Challenge, JwtError> {
        let challenge: Challenge = self.challenges.read(token)?;
        in_time(challenge.nbf, challenge.exp, now)?;
        if challenge.aud != self.audience {
            return Err(JwtError::Audience);
        }
        Ok(challenge)
    }

    /// The token of a session that begins now. Only for those who answered a challenge.
    pub fn make_session(
        &self,
        account: EnsName,
        address: Address,
        epoch: u64,
        now: u64,
    ) -> Result<String, serde_json::Error> {
        let exp = now + SESSION_SECONDS;
        self.sessions.make(&Session { account, address, epoch, iat: now, nbf: now, exp })
    }

    /// Reads a session's token.
    ///
    /// # Errors
    /// [`JwtError`] if it was not made here or its time is over.
    pub fn session(&self, token: &str, now: u64) -> Result<Session, JwtError> {
        let session: Session = self.sessions.read(token)?;
        in_time(session.nbf, session.exp, now)?;
        Ok(session)
    }

    /// What a registration is answered with: of a token's form, but valid for nothing.
    pub fn make_receipt(&self, account: &str, now: u64) -> Result<String, serde_json::Error> {
        self.receipts.make(&Receipt { account, iat: now, nbf: now, exp: now + SESSION_SECONDS })
    }
}

fn in_time(nbf: u64, exp: u64, now: u64) -> Result<(), JwtError> {
    if now + LEEWAY_SECONDS < nbf {
        Err(JwtError::NotActive)
    } else if now >= exp {
        Err(JwtError::Expired)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_398_894;
    const NOW_MS: u64 = NOW * 1000 + 123;

    const HERE: &str = "https://dm3.example";

    fn name() -> EnsName {
        "alice.eth".parse().unwrap()
    }

    #[test]
    fn no_kind_of_token_passes_for_another() {
        let tokens = Tokens::new(&[1; 32], None, HERE);
        let challenge = tokens.make_challenge(name(), NOW_MS).unwrap();
        let session = tokens.make_session(name(), Address::ZERO, 0, NOW).unwrap();
        let receipt = tokens.make_receipt("alice.eth", NOW).unwrap();
        assert!(tokens.challenge(&challenge, NOW).is_ok());
        assert!(tokens.session(&session, NOW).is_ok());
        for other in [&challenge, &receipt] {
            assert_eq!(tokens.session(other, NOW), Err(JwtError::Signature));
        }
        for other in [&session, &receipt] {
            assert_eq!(tokens.challenge(other, NOW), Err(JwtError::Signature));
        }
    }

    #[test]
    fn challenges_end_after_fifteen_minutes_and_sessions_after_an_hour() {
        let tokens = Tokens::new(&[1; 32], None, HERE);
        let challenge = tokens.make_challenge(name(), NOW_MS).unwrap();
        let session = tokens.make_session(name(), Address::ZERO, 0, NOW).unwrap();
        assert!(tokens.challenge(&challenge, NOW + 899).is_ok());
        assert_eq!(tokens.challenge(&challenge, NOW + 900), Err(JwtError::Expired));
        assert!(tokens.session(&session, NOW + 3599).is_ok());
        assert_eq!(tokens.session(&session, NOW + 3600), Err(JwtError::Expired));
        assert_eq!(tokens.session(&session, NOW - 61), Err(JwtError::NotActive));
        // Another process's clock may be a little behind.
        assert!(tokens.session(&session, NOW - 60).is_ok());
    }

    #[test]
    fn a_challenge_tells_its_millisecond() {
        use dm3_core::delivery::Challenge;
        let tokens = Tokens::new(&[1; 32], None, HERE);
        for milliseconds in [0, 1, 123, 999] {
            let text = tokens.make_challenge(name(), NOW * 1000 + milliseconds).unwrap();
            let read = Challenge::parse(&text, &HERE.parse().unwrap(), &name()).unwrap();
            assert_eq!(read.issued(), NOW * 1000 + milliseconds..=NOW * 1000 + milliseconds);
        }
    }

    #[test]
    fn a_challenge_is_for_the_server_that_made_it() {
        let challenge = Tokens::new(&[1; 32], None, HERE).make_challenge(name(), NOW_MS).unwrap();
        let other = Tokens::new(&[1; 32], None, "https://other.example");
        assert_eq!(other.challenge(&challenge, NOW), Err(JwtError::Audience));
    }

    #[test]
    fn tokens_of_the_key_before_hold_while_it_is_named() {
        let before = Tokens::new(&[1; 32], None, HERE);
        let challenge = before.make_challenge(name(), NOW_MS).unwrap();
        let session = before.make_session(name(), Address::ZERO, 0, NOW).unwrap();
        let during = Tokens::new(&[2; 32], Some(&[1; 32]), HERE);
        assert!(during.challenge(&challenge, NOW).is_ok() && during.session(&session, NOW).is_ok());
        assert_eq!(during.session(&challenge, NOW), Err(JwtError::Signature));
        let after = Tokens::new(&[2; 32], None, HERE);
        assert_eq!(after.session(&session, NOW), Err(JwtError::Signature));
        // What is made is made under the new key.
        let session = during.make_session(name(), Address::ZERO, 0, NOW).unwrap();
        assert!(after.session(&session, NOW).is_ok());
        assert_eq!(before.session(&session, NOW), Err(JwtError::Signature));
    }

    #[test]
    fn every_challenge_is_another() {
        let tokens = Tokens::new(&[1; 32], None, HERE);
        let id = |token: &str| tokens.challenge(token, NOW).unwrap().challenge;
        let first = tokens.make_challenge(name(), NOW_MS).unwrap();
        let second = tokens.make_challenge(name(), NOW_MS).unwrap();
        assert_ne!(id(&first), id(&second));
    }
}
