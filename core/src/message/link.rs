//! Linked profiles (DM3LPP): a local profile, made by one app, becomes part of the main profile of its owner.
//!
//! ```text
//! local ── LINK (keys, statement) ──▶ main ── LINK_ACCEPT (name, signature) ──▶ local
//! local ── LINK_RECOVER (statement) ──▶ main ── LINK_ACCEPT (…, keys) ──▶ local
//! signature = Ed25519(main profile, SHA-256 hex of linkMessage)   or over linkMessage itself, as deployed
//! ```
//!
//! These messages carry private keys. They are zeroised here, but not where the message itself is kept.

use std::fmt;

use serde_json::{Map, Value};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{AuthenticMessage, Draft, Header, Kind, SignedMessage};
use crate::identity::{Address, EnsName};
use crate::seal::json::{MAX_INTEGER, integer};
use crate::seal::sha256_hex;
use crate::seal::signing::SigningKey;

/// The longest text of any member, in bytes.
const MAX_MEMBER: usize = 4096;

/// What a link message says.
#[derive(Clone, PartialEq)]
pub struct LinkMessage {
    /// The name of the local profile.
    pub profile_name: EnsName,
    /// `0x` and the SHA-256 of the local profile.
    pub profile_hash: Option<String>,
    /// Until when the link holds: seconds since 1970.
    pub valid_until: Option<u64>,
    /// What the owner agreed to, in the manner of EIP-4361.
    pub statement: Option<String>,
    /// The signature of the statement, base64.
    pub signature: Option<String>,
    /// The local profile's keys.
    pub keys: Option<LinkKeys>,
    /// Which of the three messages it stands in.
    kind: Kind,
}

/// The private keys of a local profile. Zeroised when dropped, and in no log.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct LinkKeys {
    /// `profilePrivateKey`.
    pub profile: String,
    /// `walletPrivateKey`.
    pub wallet: Option<String>,
    /// What the keys were derived with.
    pub nonce: Option<String>,
}

/// A request for keys, of a known author, with a link that the main profile signed and that still holds. It yields
/// one answer: ask the owner before each.
pub struct VerifiedRecovery {
    link: LinkMessage,
    author: Address,
}

/// Why a link message is not acted upon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// A member is missing, too long or malformed.
    #[error("the link message lacks a valid ‘{0}’")]
    Member(&'static str),
    /// A request for keys that brings keys.
    #[error("a request to recover a link must not contain keys")]
    Keys,
    /// It is another kind of message.
    #[error("this is no request to recover a link")]
    OtherKind,
    /// The link's time is over.
    #[error("the link has expired; link the profile again")]
    Expired,
    /// The main profile did not sign it.
    #[error("the link was not signed by the main profile")]
    Signature,
    /// The answer would go to somebody else than who asked.
    #[error("the answer is addressed to somebody else than who asked")]
    OtherReceiver,
}

impl LinkMessage {
    /// A new link, which hands the local profile's keys to the main profile.
    pub fn new(
        profile_name: EnsName,
        profile_hash: String,
        valid_until: u64,
        statement: String,
        signature: String,
        keys: LinkKeys,
    ) -> Self {
        Self {
            profile_name,
            profile_hash: Some(profile_hash),
            valid_until: Some(valid_until),
            statement: Some(statement),
            signature: Some(signature),
            keys: Some(keys),
            kind: Kind::Link,
        }
    }

    /// The request for the keys of this link: everything but them.
    #[must_use]
    pub fn into_recovery(mut self) -> Self {
        self.keys = None;
        self.kind = Kind::LinkRecover;
        self
    }

    /// The confirmation of a link: its name and its signature alone.
    #[must_use]
    pub fn into_acceptance(self) -> Self {
        let (profile_hash, valid_until, statement, keys) = (None, None, None, None);
        Self { profile_hash, valid_until, statement, keys, kind: Kind::LinkAccept, ..self }
    }

    /// Which of the three messages it stands in.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Reads the member `link` of a message's metadata.
    pub(super) fn read(message: &SignedMessage) -> Result<Self, LinkError> {
        let link =
            message.metadata_member("link").and_then(Value::as_object).ok_or(LinkError::Member("link"))?;
        let text = |member: &'static str| match link.get(member) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() <= MAX_MEMBER => Ok(Some(text.clone())),
            Some(_) => Err(LinkError::Member(member)),
        };
        let name = text("profileName")?.and_then(|name| name.parse().ok());
        let keys = match text("profilePrivateKey")? {
            Some(profile) => {
                Some(LinkKeys { profile, wallet: text("walletPrivateKey")?, nonce: text("nonce")? })
            }
            None => None,
        };
        let read = Self {
            profile_name: name.ok_or(LinkError::Member("profileName"))?,
            profile_hash: text("profileHash")?,
            valid_until: link.get("validUntil").and_then(integer),
            statement: text("linkMessage")?,
            signature: text("signature")?,
            keys,
            kind: message.kind(),
        };
        read.check()?;
        Ok(read)
    }

    /// Each kind demands other members.
    fn check(&self) -> Result<(), LinkError> {
        let demand = |there: bool, member| if there { Ok(()) } else { Err(LinkError::Member(member)) };
        demand(self.signature.is_some(), "signature")?;
        if self.kind == Kind::LinkAccept {
            return Ok(());
        }
        demand(self.profile_hash.is_some(), "profileHash")?;
        demand(self.valid_until.is_some_and(|until| until <= MAX_INTEGER), "validUntil")?;
        demand(self.statement.is_some(), "linkMessage")?;
        match self.kind {
            Kind::Link => demand(self.keys.is_some(), "profilePrivateKey"),
            _ if self.keys.is_some() => Err(LinkError::Keys),
            _ => Ok(()),
        }
    }

    /// Checks that the main profile signed the statement, and that the link still holds at `now`, in seconds since
    /// 1970.
    ///
    /// # Errors
    /// [`LinkError::Signature`] or [`LinkError::Expired`].
    pub fn verify(&self, main: &SigningKey, now: u64) -> Result<(), LinkError> {
        let statement = self.statement.as_deref().ok_or(LinkError::Member("linkMessage"))?;
        let signature = self.signature.as_deref().ok_or(LinkError::Member("signature"))?;
        main.verify(&sha256_hex(statement), signature)
            .or_else(|_| main.verify(statement, signature))
            .map_err(|_| LinkError::Signature)?;
        if self.valid_until.ok_or(LinkError::Member("validUntil"))? <= now {
            return Err(LinkError::Expired);
        }
        Ok(())
    }

    fn to_json(&self) -> Value {
        let mut link = Map::new();
        let keys = self.keys.as_ref();
        for (member, text) in [
            ("profileName", Some(self.profile_name.as_str())),
            ("profileHash", self.profile_hash.as_deref()),
            ("linkMessage", self.statement.as_deref()),
            ("signature", self.signature.as_deref()),
            ("profilePrivateKey", keys.map(|keys| keys.profile.as_str())),
            ("walletPrivateKey", keys.and_then(|keys| keys.wallet.as_deref())),
            ("nonce", keys.and_then(|keys| keys.nonce.as_deref())),
        ] {
            if let Some(text) = text {
                link.insert(member.to_owned(), text.into());
            }
        }
        if let Some(until) = self.valid_until {
            link.insert("validUntil".to_owned(), until.into());
        }
        link.into()
    }
}

impl AuthenticMessage {
    /// A request for the keys of a link that this account's main profile signed. Without that signature anybody who
    /// saw a link message could ask.
    ///
    /// # Errors
    /// [`LinkError`] if it is no such request, or the link is not ours or over. `now` in seconds since 1970.
    pub fn verify_recovery(&self, main: &SigningKey, now: u64) -> Result<VerifiedRecovery, LinkError> {
        if self.message().kind() != Kind::LinkRecover {
            return Err(LinkError::OtherKind);
        }
        let link = LinkMessage::read(self.message())?;
        link.verify(main, now)?;
        Ok(VerifiedRecovery { link, author: self.author() })
    }
}

impl VerifiedRecovery {
    /// Whose keys are asked for.
    pub fn profile_name(&self) -> &EnsName {
        &self.link.profile_name
    }

    /// Who asked; the answer goes to nobody else.
    pub fn author(&self) -> Address {
        self.author
    }
}

impl Draft {
    /// A link message (`LINK`, `LINK_RECOVER`, or `LINK_ACCEPT` without keys), with a text for those who don't know
    /// the type.
    ///
    /// # Errors
    /// [`LinkError`] if a member is missing, or it would give keys away.
    pub fn link(header: Header, link: &LinkMessage, fallback: &str) -> Result<Self, LinkError> {
        link.check()?;
        if link.kind == Kind::LinkAccept && link.keys.is_some() {
            return Err(LinkError::Keys);
        }
        Ok(Self::assemble(header, link.kind.as_wire(), None, fallback).with_member("link", link.to_json()))
    }

    /// Answers a request for keys, which the owner has agreed to. `domain` is that of address names, such as
    /// `addr.dm3.eth`.
    ///
    /// # Errors
    /// [`LinkError::OtherReceiver`] if it is not addressed to who asked.
    pub fn link_keys(
        header: Header,
        request: VerifiedRecovery,
        keys: LinkKeys,
        domain: &EnsName,
    ) -> Result<Self, LinkError> {
        if header.to != EnsName::of_address(request.author, domain) {
            return Err(LinkError::OtherReceiver);
        }
        let answer = LinkMessage { keys: Some(keys), kind: Kind::LinkAccept, ..request.link };
        Ok(Self::assemble(header, answer.kind.as_wire(), None, "").with_member("link", answer.to_json()))
    }
}

impl fmt::Debug for LinkMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkMessage({} {})", self.kind, self.profile_name)
    }
}

impl fmt::Debug for LinkKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKeys(…)")
    }
}

impl fmt::Debug for VerifiedRecovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedRecovery({} {})", self.link.profile_name, self.author)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Content;
    use crate::seal::signing::SigningSecret;

    const NOW: u64 = 1_000;
    const LOCAL: Address = Address::from_bytes([1; 20]);

    fn domain() -> EnsName {
        "addr.dm3.eth".parse().unwrap()
    }

    fn header() -> Header {
        let name = |byte| EnsName::of_address(Address::from_bytes([byte; 20]), &domain());
        Header { from: name(2), to: name(1), timestamp: 1 }
    }

    fn main() -> SigningSecret {
        SigningSecret::derive(&[9; 32])
    }

    fn keys() -> LinkKeys {
        LinkKeys { profile: "secret".into(), wallet: None, nonce: Some("7".into()) }
    }

    fn link() -> LinkMessage {
        let statement = "https://app.example wants you to link …".to_owned();
        let signature = main().sign(&sha256_hex(&statement));
        let name = "0x01.addr.app.eth".parse().unwrap();
        LinkMessage::new(name, sha256_hex("profile"), NOW + 1, statement, signature, keys())
    }

    fn received(draft: Draft) -> AuthenticMessage {
        AuthenticMessage::sign(draft, LOCAL, &main())
    }

    #[test]
    fn a_link_is_read_as_it_was_written() {
        for link in [link(), link().into_recovery(), link().into_acceptance()] {
            let message = Draft::link(header(), &link, "please link").unwrap().sign(&main());
            let Ok(Content::Link(read)) = message.content() else { panic!("{link:?}") };
            assert_eq!((&*read, message.kind(), message.text()), (&link, link.kind().clone(), "please link"));
        }
        assert!(!format!("{:?}", link()).contains("secret") && !format!("{:?}", keys()).contains("secret"));
    }

    #[test]
    fn each_link_message_needs_what_it_is_made_of() {
        let mut without = link();
        without.keys = None;
        assert_eq!(Draft::link(header(), &without, ""), Err(LinkError::Member("profilePrivateKey")));
        let mut with = link().into_recovery();
        with.keys = Some(keys());
        assert_eq!(Draft::link(header(), &with, ""), Err(LinkError::Keys));
        let mut with = link().into_acceptance();
        with.keys = Some(keys());
        assert_eq!(Draft::link(header(), &with, ""), Err(LinkError::Keys), "keys leave by an answer only");
    }

    /// Weakness 36: whoever could get a forged request answered would get the keys.
    #[test]
    fn keys_are_given_for_a_signed_unexpired_request_to_who_asked() {
        let request = received(Draft::link(header(), &link().into_recovery(), "").unwrap());
        let ours = main().public();
        let verified = request.verify_recovery(&ours, NOW).unwrap();
        assert_eq!(verified.author(), LOCAL);
        let answer = Draft::link_keys(header(), verified, keys(), &domain()).unwrap().sign(&main());
        let Ok(Content::Link(answer)) = answer.content() else { panic!() };
        assert_eq!((answer.kind(), answer.keys.clone()), (&Kind::LinkAccept, Some(keys())));

        let other = SigningSecret::derive(&[8; 32]).public();
        assert_eq!(request.verify_recovery(&other, NOW).unwrap_err(), LinkError::Signature);
        assert_eq!(request.verify_recovery(&ours, NOW + 1).unwrap_err(), LinkError::Expired);
        let no_request = received(Draft::link(header(), &link(), "").unwrap());
        assert_eq!(no_request.verify_recovery(&ours, NOW).unwrap_err(), LinkError::OtherKind);

        let elsewhere = Header { to: "mallory.eth".parse().unwrap(), ..header() };
        let verified = request.verify_recovery(&ours, NOW).unwrap();
        let answer = Draft::link_keys(elsewhere, verified, keys(), &domain());
        assert_eq!(answer, Err(LinkError::OtherReceiver));
    }
}
