//! Profile links: a main profile, or an Ethereum account, vouches for the local profile that somebody has in one app.
//!
//! ```text
//! main profile   signature = Ed25519(its signing key, text)
//! account        signature = personal_sign(text)
//! ```
//!
//! The text is that of the deployed library (`createProfileLink`). Its verifier checks the signature alone; here the
//! time, the scope and the linked profile are checked too.

use serde_json::{Map, Value};

use super::wallet_signature::{RecoverError, recover};
use super::{Address, EnsName, NameError, VerifiedProfile};
use crate::seal::json::{self, MAX_INTEGER, canonical, integer, object};
use crate::seal::signing::{SignatureError, SigningSecret};

/// The longest link that is read, in bytes of JSON.
const MAX_LINK: usize = 8 * 1024;
/// The longest scope, in bytes.
const MAX_SCOPE: usize = 2048;
/// How far a clock may be behind that of who issued a link: seconds.
const SKEW: u64 = 300;

/// Who vouches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MainId {
    /// A dm3 profile, by its name.
    Profile(EnsName),
    /// An Ethereum account.
    Account(Address),
}

impl MainId {
    fn read(kind: &str, text: &str) -> Result<Self, LinkError> {
        let address = Address::parse_unchecked_case(text);
        match (kind, address) {
            ("ProfileLink", Err(_)) => Ok(Self::Profile(text.parse()?)),
            ("EthAddressLink", Ok(account)) => Ok(Self::Account(account)),
            ("EthAddressLink", Err(_)) => Err(LinkError::Form("mainId")),
            _ => Err(LinkError::Form("type")),
        }
    }
}

/// A link that nobody has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    main: MainId,
    /// As it was written: it is part of what is signed.
    main_text: String,
    linked_text: String,
    linked: EnsName,
    scope: String,
    issued_at: u64,
    expires_at: Option<u64>,
    nonce: u64,
}

/// A link with a signature that nobody has checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedLink {
    link: Link,
    signature: String,
}

/// A link that holds now, for the scope it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedLink(Link);

/// What a link must be about.
#[derive(Clone, Copy, Debug)]
pub struct LinkPurpose<'a> {
    /// The local profile.
    pub linked: &'a EnsName,
    /// The app, as in `https://app.example`.
    pub scope: &'a str,
    /// The time, in seconds since 1970.
    pub now: u64,
}

/// Why a link does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// More than 8 KiB.
    #[error("the profile link is too large")]
    TooLarge,
    /// A member is absent, or of another form.
    #[error("the profile link is malformed: {0}")]
    Form(&'static str),
    /// One of its names is none.
    #[error("the profile link names nobody: {0}")]
    Name(#[from] NameError),
    /// About another local profile.
    #[error("the profile link is about {0}")]
    OtherProfile(EnsName),
    /// For another app.
    #[error("the profile link is for another app: {0}")]
    OtherScope(String),
    /// By somebody else than was asked.
    #[error("the profile link is by {0}")]
    OtherMain(String),
    /// Issued in the future.
    #[error("the profile link is not valid yet; is the clock of this device right?")]
    NotYet,
    /// Its time is over.
    #[error("the profile link has expired; it must be made again")]
    Expired,
    /// Not signed with the main profile's key.
    #[error("the profile link was not signed by its main profile")]
    Signature(#[from] SignatureError),
    /// Not signed by a wallet in a form that can be checked.
    #[error("the signature of the profile link can't be checked: {0}")]
    Recover(#[from] RecoverError),
}

impl Link {
    /// A link that is issued at `issued_at`, in seconds since 1970, and holds for `lifetime` seconds, or until it is
    /// replaced. The nonce is the app's to choose.
    ///
    /// # Errors
    /// [`LinkError::Form`] if the scope can't stand in one line, or a number is above [`MAX_INTEGER`] and would not
    /// be read as it is signed.
    pub fn new(
        main: MainId,
        linked: EnsName,
        scope: &str,
        issued_at: u64,
        lifetime: Option<u64>,
        nonce: u64,
    ) -> Result<Self, LinkError> {
        let main_text = match &main {
            MainId::Profile(name) => name.to_string(),
            MainId::Account(account) => account.to_string(),
        };
        let expires_at = lifetime.map(|seconds| issued_at.saturating_add(seconds));
        let linked_text = linked.to_string();
        let scope = one_line(scope, "scopeUri")?;
        for (member, number) in
            [("issuedAt", issued_at), ("expirationTime", expires_at.unwrap_or(0)), ("nonce", nonce)]
        {
            if number > MAX_INTEGER {
                return Err(LinkError::Form(member));
            }
        }
        Ok(Self { main, main_text, linked_text, linked, scope, issued_at, expires_at, nonce })
    }

    /// Reads the exact [text](Self::message) that is signed.
    ///
    /// # Errors
    /// [`LinkError`] if it is any other text.
    pub fn read(text: &str) -> Result<Self, LinkError> {
        let mut lines = text.split('\n');
        let mut line = |begin: &str| {
            let line = lines.next().and_then(|line| line.strip_prefix(begin));
            line.ok_or(LinkError::Form("text"))
        };
        let number = |text: &str, member| {
            let number = text.parse().ok().filter(|number| *number <= MAX_INTEGER);
            number.ok_or(LinkError::Form(member))
        };
        line("dm3 Profile Link:")?;
        let asked = line("")?.rsplit_once(" wants you to link your local dm3 profile with your ");
        let (scope, _) = asked.ok_or(LinkError::Form("scopeUri"))?;
        line("")?;
        let main_text = one_line(line("Main ID: ")?, "mainId")?;
        let main = MainId::read(line("Main ID Type: ")?, &main_text)?;
        let linked_text = one_line(line("Linked Profile Name: ")?, "linkedProfile")?;
        let link = Self {
            main,
            main_text,
            linked: linked_text.parse()?,
            linked_text,
            scope: one_line(scope, "scopeUri")?,
            nonce: number(line("Nonce: ")?, "nonce")?,
            issued_at: number(line("Issued At: ")?, "issuedAt")?,
            expires_at: match line("Expiration Time: ")? {
                "null" => None,
                time => Some(number(time, "expirationTime")?),
            },
        };
        // Whatever else stands in it, or is spelt otherwise, is nothing that was agreed to here.
        if link.message() == text { Ok(link) } else { Err(LinkError::Form("text")) }
    }

    /// Who vouches.
    pub fn main(&self) -> &MainId {
        &self.main
    }

    /// For whom.
    pub fn linked(&self) -> &EnsName {
        &self.linked
    }

    /// When it ends, in seconds since 1970.
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// The exact text that is signed.
    pub fn message(&self) -> String {
        let whose = match self.main {
            MainId::Profile(_) => "main dm3 profile",
            MainId::Account(_) => "Ethereum address",
        };
        let expires = self.expires_at.map_or_else(|| "null".to_owned(), |time| time.to_string());
        format!(
            "dm3 Profile Link:\n{} wants you to link your local dm3 profile with your {whose}.\n\n\
             Main ID: {}\nMain ID Type: {}\nLinked Profile Name: {}\nNonce: {}\nIssued At: {}\nExpiration Time: {expires}",
            self.scope,
            self.main_text,
            self.kind(),
            self.linked_text,
            self.nonce,
            self.issued_at
        )
    }

    fn kind(&self) -> &'static str {
        match self.main {
            MainId::Profile(_) => "ProfileLink",
            MainId::Account(_) => "EthAddressLink",
        }
    }

    /// Signs with the main profile's key.
    pub fn sign(self, key: &SigningSecret) -> SignedLink {
        let signature = key.sign(&self.message());
        SignedLink { link: self, signature }
    }

    /// The link with a wallet's signature of its [message](Self::message).
    pub fn signed(self, signature: String) -> SignedLink {
        SignedLink { link: self, signature }
    }
}

impl SignedLink {
    /// Reads the JSON of a signed link.
    ///
    /// # Errors
    /// [`LinkError::Form`] naming the member that is wrong.
    pub fn parse(json: &str) -> Result<Self, LinkError> {
        if json.len() > MAX_LINK {
            return Err(LinkError::TooLarge);
        }
        let value = json::parse(json).ok_or(LinkError::Form("no JSON"))?;
        let signature = value.get("signature").and_then(Value::as_str).ok_or(LinkError::Form("signature"))?;
        let link =
            value.get("profileLink").and_then(Value::as_object).ok_or(LinkError::Form("profileLink"))?;
        let main_text = text(link, "mainId")?;
        let main = MainId::read(&text(link, "type")?, &main_text)?;
        let number = |member| link.get(member).and_then(integer).ok_or(LinkError::Form(member));
        let expires_at = match link.get("expirationTime") {
            None | Some(Value::Null) => None,
            Some(_) => Some(number("expirationTime")?),
        };
        let linked_text = text(link, "linkedProfile")?;
        let link = Link {
            main,
            main_text,
            linked: linked_text.parse()?,
            linked_text,
            scope: text(link, "scopeUri")?,
            issued_at: number("issuedAt")?,
            expires_at,
            nonce: number("nonce")?,
        };
        Ok(Self { link, signature: signature.to_owned() })
    }

    /// The canonical JSON text.
    pub fn to_canonical(&self) -> String {
        let link = &self.link;
        canonical(&object(vec![
            (
                "profileLink",
                object(vec![
                    ("type", link.kind().into()),
                    ("mainId", link.main_text.as_str().into()),
                    ("linkedProfile", link.linked_text.as_str().into()),
                    ("scopeUri", link.scope.as_str().into()),
                    ("issuedAt", link.issued_at.into()),
                    ("expirationTime", link.expires_at.into()),
                    ("nonce", link.nonce.into()),
                ]),
            ),
            ("signature", self.signature.as_str().into()),
        ]))
    }

    /// What it says, unproven.
    pub fn claimed(&self) -> &Link {
        &self.link
    }

    /// Proves that a main profile vouches. The profile must be the one that was found at its name.
    ///
    /// # Errors
    /// [`LinkError`] if somebody else signed, for something else, or its time is over.
    pub fn verify_by_profile(
        self,
        name: &EnsName,
        profile: &VerifiedProfile,
        purpose: LinkPurpose<'_>,
    ) -> Result<VerifiedLink, LinkError> {
        if self.link.main != MainId::Profile(name.clone()) {
            return Err(LinkError::OtherMain(self.link.main_text));
        }
        self.link.check(purpose)?;
        profile.keys().signing.verify(&self.link.message(), &self.signature)?;
        Ok(VerifiedLink(self.link))
    }

    /// Proves that the account that it names vouches.
    ///
    /// # Errors
    /// [`LinkError`] if somebody else signed, for something else, or its time is over.
    pub fn verify_by_account(
        self,
        account: Address,
        purpose: LinkPurpose<'_>,
    ) -> Result<VerifiedLink, LinkError> {
        self.link.check(purpose)?;
        let signer = recover(&self.link.message(), &self.signature)?;
        if self.link.main != MainId::Account(account) || signer != account {
            return Err(LinkError::OtherMain(signer.to_string()));
        }
        Ok(VerifiedLink(self.link))
    }
}

impl Link {
    fn check(&self, purpose: LinkPurpose<'_>) -> Result<(), LinkError> {
        if self.linked != *purpose.linked {
            return Err(LinkError::OtherProfile(self.linked.clone()));
        }
        if self.scope != purpose.scope {
            return Err(LinkError::OtherScope(self.scope.clone()));
        }
        if self.issued_at > purpose.now.saturating_add(SKEW) {
            return Err(LinkError::NotYet);
        }
        if self.expires_at.is_some_and(|end| end <= purpose.now || end <= self.issued_at) {
            return Err(LinkError::Expired);
        }
        Ok(())
    }
}

impl VerifiedLink {
    /// What is proven.
    pub fn link(&self) -> &Link {
        &self.0
    }
}

fn text(object: &Map<String, Value>, member: &'static str) -> Result<String, LinkError> {
    let text = object.get(member).and_then(Value::as_str).ok_or(LinkError::Form(member))?;
    one_line(text, member)
}

/// Another line could change the meaning of the text that is signed.
fn one_line(text: &str, member: &'static str) -> Result<String, LinkError> {
    let sound = !text.is_empty() && text.len() <= MAX_SCOPE && !text.chars().any(char::is_control);
    if sound { Ok(text.to_owned()) } else { Err(LinkError::Form(member)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::{KeySeed, ProfileKeys, UserProfile};
    use crate::ports::Wallet as _;
    use crate::testing::TestWallet;

    const SCOPE: &str = "https://app.example";
    const NOW: u64 = 1_800_000_000;

    fn name(text: &str) -> EnsName {
        text.parse().unwrap()
    }

    fn wallet_sign(wallet: &TestWallet, text: &str) -> String {
        pollster::block_on(wallet.sign_text(wallet.address(), text)).unwrap()
    }

    /// alice's keys, and her profile.
    fn main_profile() -> (ProfileKeys, VerifiedProfile) {
        let wallet = TestWallet::of("alice");
        let keys = ProfileKeys::derive(&KeySeed::derive("alice"));
        let profile = UserProfile::new(keys.public(), vec![]);
        let signature = wallet_sign(&wallet, &profile.registration_message(wallet.address()));
        let verified = profile.signed(signature).verify(wallet.address()).unwrap();
        (keys, verified)
    }

    fn link(main: MainId, lifetime: Option<u64>) -> Link {
        Link::new(main, name("local.app.eth"), SCOPE, NOW, lifetime, 3).unwrap()
    }

    #[test]
    fn a_main_profile_vouches_with_its_key() {
        let (keys, profile) = main_profile();
        let (main, linked) = (name("alice.eth"), name("local.app.eth"));
        let signed = link(MainId::Profile(main.clone()), Some(60)).sign(&keys.signing);
        let signed = SignedLink::parse(&signed.to_canonical()).unwrap();
        let at = |now| LinkPurpose { linked: &linked, scope: SCOPE, now };
        let verify = |link: &SignedLink, purpose| link.clone().verify_by_profile(&main, &profile, purpose);
        assert_eq!(verify(&signed, at(NOW)).unwrap().link(), signed.claimed());

        assert_eq!(verify(&signed, at(NOW + 60)), Err(LinkError::Expired));
        assert_eq!(verify(&signed, at(NOW - SKEW - 1)), Err(LinkError::NotYet));
        assert!(verify(&signed, at(NOW - SKEW)).is_ok());
        let other = LinkPurpose { scope: "https://evil.example", ..at(NOW) };
        assert_eq!(verify(&signed, other), Err(LinkError::OtherScope(SCOPE.into())));
        let other = LinkPurpose { linked: &main, ..at(NOW) };
        assert_eq!(verify(&signed, other), Err(LinkError::OtherProfile(linked.clone())));
        let elsewhere = signed.clone().verify_by_profile(&name("bob.eth"), &profile, at(NOW));
        assert_eq!(elsewhere, Err(LinkError::OtherMain("alice.eth".into())));
        let forged = SignedLink { link: link(MainId::Profile(main.clone()), Some(99)), ..signed };
        assert_eq!(verify(&forged, at(NOW)), Err(LinkError::Signature(SignatureError)));
    }

    /// It would be signed as it is and read as another one.
    #[test]
    fn a_number_that_would_be_rounded_on_its_way_is_refused() {
        let (main, linked) = (MainId::Profile(name("alice.eth")), name("local.app.eth"));
        let link =
            |issued, lifetime, nonce| Link::new(main.clone(), linked.clone(), SCOPE, issued, lifetime, nonce);
        assert!(link(NOW, None, MAX_INTEGER).is_ok());
        assert_eq!(link(NOW, None, MAX_INTEGER + 1), Err(LinkError::Form("nonce")));
        assert_eq!(link(NOW, Some(u64::MAX), 0), Err(LinkError::Form("expirationTime")));
        assert_eq!(link(MAX_INTEGER + 1, None, 0), Err(LinkError::Form("issuedAt")));
        let (keys, _) = main_profile();
        let signed = link(NOW, None, 9_007_199_254_740_991).unwrap().sign(&keys.signing).to_canonical();
        assert!(SignedLink::parse(&signed).is_ok());
        let rounded = signed.replace("9007199254740991", "9007199254740993");
        assert_eq!(SignedLink::parse(&rounded), Err(LinkError::Form("nonce")));
    }

    #[test]
    fn an_account_vouches_with_its_wallet() {
        let (alice, mallory) = (TestWallet::of("alice"), TestWallet::of("mallory"));
        let linked = name("local.app.eth");
        let purpose = LinkPurpose { linked: &linked, scope: SCOPE, now: NOW };
        let unsigned = link(MainId::Account(alice.address()), None);
        let signed = unsigned.clone().signed(wallet_sign(&alice, &unsigned.message()));
        let signed = SignedLink::parse(&signed.to_canonical()).unwrap();
        assert!(signed.clone().verify_by_account(alice.address(), purpose).is_ok());
        assert!(signed.verify_by_account(mallory.address(), purpose).is_err());
        let forged = unsigned.clone().signed(wallet_sign(&mallory, &unsigned.message()));
        let expected = LinkError::OtherMain(mallory.address().to_string());
        assert_eq!(forged.verify_by_account(alice.address(), purpose), Err(expected));
    }

    #[test]
    fn what_would_add_a_line_to_the_signed_text_is_refused() {
        let bad =
            Link::new(MainId::Account(Address::ZERO), name("a.eth"), "https://a\nMain ID: x", 0, None, 0);
        assert_eq!(bad, Err(LinkError::Form("scopeUri")));
        let valid = link(MainId::Account(Address::ZERO), None).signed("0x".into()).to_canonical();
        for (from, to) in [
            ("https://app.example", "https://app.example\\nNonce: 1"),
            ("EthAddressLink", "ProfileLink"),
            ("\"nonce\":3", "\"nonce\":\"3\""),
            ("\"expirationTime\":null", "\"expirationTime\":-1"),
            ("local.app.eth", "local..eth"),
        ] {
            assert!(valid.contains(from), "{from}");
            assert!(SignedLink::parse(&valid.replace(from, to)).is_err(), "{to}");
        }
        assert_eq!(SignedLink::parse(&" ".repeat(MAX_LINK + 1)), Err(LinkError::TooLarge));
    }

    #[test]
    fn a_text_that_is_signed_is_read_as_it_is_or_not_at_all() {
        let link = link(MainId::Profile(name("alice.eth")), Some(60));
        let text = link.message();
        assert_eq!(Link::read(&text), Ok(link));
        for (from, to) in [
            ("dm3 Profile Link:\n", ""),
            ("main dm3 profile.", "Ethereum address."),
            ("main dm3 profile.", "main dm3 profile"),
            ("ProfileLink", "EthAddressLink"),
            ("local.app.eth", "local..eth"),
            ("Nonce: 3", "Nonce: 03"),
            ("Nonce: 3", "Nonce: +3"),
            ("Nonce: 3\n", "Nonce: 3\n\n"),
            ("Nonce: 3\n", ""),
            ("Issued At: 1", "Issued At: 9007199254740993"),
            ("Expiration Time: ", "Expiration Time: never"),
        ] {
            assert!(text.contains(from), "{from}");
            assert!(Link::read(&text.replacen(from, to, 1)).is_err(), "{to}");
        }
        assert!(Link::read(&format!("{text}\n")).is_err() && Link::read("").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            account: Option<[u8; 20]>, issued_at in 0..(1_u64 << 53) - (1 << 40),
            lifetime in proptest::option::of(0..1_u64 << 40), nonce in 0..1_u64 << 53, scope in "[ -~]{1,40}",
        ) {
            let main = account.map_or_else(|| MainId::Profile(name("a.eth")), |a| MainId::Account(Address::from_bytes(a)));
            let signed = Link::new(main, name("b.eth"), &scope, issued_at, lifetime, nonce).unwrap().signed("0xab".into());
            prop_assert_eq!(Link::read(&signed.claimed().message()), Ok(signed.claimed().clone()));
            prop_assert_eq!(SignedLink::parse(&signed.to_canonical()), Ok(signed));
        }
    }
}
