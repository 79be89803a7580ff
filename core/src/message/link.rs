//! Linked profiles (DM3LPP): a local profile, made by one app, becomes part of the main profile of its owner.
//!
//! ```text
//! local ── LINK (keys, statement) ──▶ main ── LINK_ACCEPT (name, signature) ──▶ local
//! local ── LINK_RECOVER (statement) ──▶ main ── LINK_ACCEPT (…, keys) ──▶ local
//! signature = Ed25519(main profile, SHA-256 hex of linkMessage)   or over linkMessage itself, as deployed
//! ```
//!
//! The statement that the specification describes does not name the local profile, and the same key signs every message.
//! So it counts only if it is the text of a profile link ([`Link`]): that names the profile, and until when.
//!
//! These messages carry private keys. They are zeroised here, but not where the message itself is kept.

use std::fmt;

use serde_json::{Map, Value};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{AuthenticMessage, Draft, Header, Kind, SignedMessage};
use crate::identity::{Address, EnsName, Link, MainId};
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
    /// `0x` and the SHA-256 of the local profile, as its sender says: no statement names it.
    pub profile_hash: Option<String>,
    /// Until when the link holds: seconds since 1970.
    pub valid_until: Option<u64>,
    /// What the owner agreed to: the text of a profile link.
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
    /// What was signed is no statement of a main profile about a local one.
    #[error("what was signed is no agreement to link a profile")]
    Statement,
    /// What was signed is about another local profile.
    #[error("what was signed is about {0}")]
    OtherProfile(EnsName),
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

    /// Checks that the main profile signed the statement, that it is about this local profile, and that the link still
    /// holds at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// [`LinkError`], such as [`LinkError::Signature`] or [`LinkError::Expired`].
    pub fn verify(&self, main: &SigningKey, now: u64) -> Result<(), LinkError> {
        let text = self.statement.as_deref().ok_or(LinkError::Member("linkMessage"))?;
        let signature = self.signature.as_deref().ok_or(LinkError::Member("signature"))?;
        // The same key signs every message: whoever has one has a signed text.
        let statement = Link::read(text).ok().filter(|link| matches!(link.main(), MainId::Profile(_)));
        let statement = statement.ok_or(LinkError::Statement)?;
        main.verify(&sha256_hex(text), signature)
            .or_else(|_| main.verify(text, signature))
            .map_err(|_| LinkError::Signature)?;
        if *statement.linked() != self.profile_name {
            return Err(LinkError::OtherProfile(statement.linked().clone()));
        }
        let until = statement.expires_at().filter(|until| Some(*until) == self.valid_until);
        if until.ok_or(LinkError::Member("validUntil"))? <= now {
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
        let answer = LinkMessage { keys: Some(keys), ..request.link.into_acceptance() };
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

    fn local() -> EnsName {
        "0x01.addr.app.eth".parse().unwrap()
    }

    /// What the owner agrees to, until a second from now.
    fn statement(main: MainId) -> String {
        Link::new(main, local(), "https://app.example", NOW - 1, Some(2), 7).unwrap().message()
    }

    fn link() -> LinkMessage {
        let statement = statement(MainId::Profile("bob.eth".parse().unwrap()));
        let signature = main().sign(&sha256_hex(&statement));
        LinkMessage::new(local(), sha256_hex("profile"), NOW + 1, statement, signature, keys())
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

        assert_eq!(
            (answer.profile_hash, answer.statement),
            (None, None),
            "what the other only claims is not repeated"
        );

        let elsewhere = Header { to: "mallory.eth".parse().unwrap(), ..header() };
        let verified = request.verify_recovery(&ours, NOW).unwrap();
        let answer = Draft::link_keys(elsewhere, verified, keys(), &domain());
        assert_eq!(answer, Err(LinkError::OtherReceiver));
    }

    #[test]
    fn whatever_else_the_main_profile_signed_gives_no_keys() {
        let ask = |link: LinkMessage| {
            let request = received(Draft::link(header(), &link.into_recovery(), "").unwrap());
            request.verify_recovery(&main().public(), NOW).map(|request| request.profile_name().clone())
        };
        assert_eq!(ask(link()), Ok(local()));
        let account = statement(MainId::Account(LOCAL));
        let longer = format!("{}\nand more", link().statement.unwrap());
        let message = r#"{"message":"hello","metadata":{"from":"bob.eth","timestamp":1,"to":"mallory.eth","type":"NEW"}}"#;
        for text in [message, "alias: bob.user.dm3.eth", &longer, &account] {
            for signature in [main().sign(text), main().sign(&sha256_hex(text))] {
                let forged =
                    LinkMessage { statement: Some(text.into()), signature: Some(signature), ..link() };
                assert_eq!(ask(forged), Err(LinkError::Statement), "{text}");
            }
        }
        let other = LinkMessage { profile_name: "0x02.addr.app.eth".parse().unwrap(), ..link() };
        assert_eq!(
            ask(other),
            Err(LinkError::OtherProfile(local())),
            "one's own link leads to no other profile"
        );
        let longer = LinkMessage { valid_until: Some(NOW + 1_000), ..link() };
        assert_eq!(ask(longer), Err(LinkError::Member("validUntil")), "a link holds as long as was agreed");
        let plain = main().sign(&link().statement.unwrap());
        assert_eq!(ask(LinkMessage { signature: Some(plain), ..link() }), Ok(local()), "as deployed");
    }
}
