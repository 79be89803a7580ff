//! The profile that says which keys and delivery services an account uses, signed by the account's wallet.
//!
//! ```text
//! profile    = {publicEncryptionKey: base64(X25519), publicSigningKey: base64(Ed25519), deliveryServices: [name, …]}
//! signature  = personal_sign(account, "dm3.chat wants you register … <account> … dm3 Profile: " ‖ canonical(profile))
//! record     = data:application/json,canonical({profile, signature})
//! ```
//!
//! Source: the deployed library (`getProfileCreationMessage`, `checkUserProfile`); the specification has the bare
//! profile without a signature, which proves nothing and is not taken. The signature has no time and no end, so whoever
//! serves a profile can serve an older one: see [`SeenProfiles`](super::SeenProfiles).
//!
//! **Editions.** Who goes back to keys they had before signs another text than then: otherwise nobody could tell the
//! return from a copy of the former profile, which everybody has. The deployed clients and servers refuse a profile with
//! a further member, and take every name in `deliveryServices` for a delivery service; but a name means the same in
//! upper and lower case (ENSIP-1). So the letters count how often the account's profile was replaced:
//!
//! ```text
//! edition    = the number whose bit i is the i-th letter a–z of all delivery services: 0 lower case, 1 upper case
//!              ["ds.dm3.eth"] is edition 0, ["Ds.dm3.eth"] edition 1, ["dS.dm3.eth"] edition 2
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::wallet_signature::{RecoverError, eip191_hash, recover, spelled_alike};
use super::{Address, EnsName, PublicKeys};
use crate::seal::EncryptionKey;
use crate::seal::json::{self, canonical, canonical_object, object};
use crate::seal::signing::SigningKey;

/// The longest profile we read, in bytes of JSON.
const MAX_PROFILE: usize = 16 * 1024;
/// The most delivery services a profile may list.
const MAX_DELIVERY_SERVICES: usize = 16;

/// The most letters that count.
const MAX_EDITION_BITS: usize = 63;

/// Keys and delivery services of an account, in order of preference. Unknown members of a received profile are
/// kept: they are part of what was signed.
#[derive(Clone, Debug, PartialEq)]
pub struct UserProfile {
    json: Map<String, Value>,
    keys: PublicKeys,
}

/// A profile with a signature that nobody has checked yet.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedProfile {
    profile: UserProfile,
    signature: String,
}

/// A profile that is proven to be the one of an account: only this yields an encryption key.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedProfile {
    account: Address,
    signed: SignedProfile,
}

/// Why a profile can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Longer than 16 KiB.
    #[error("the profile is too large")]
    TooLarge,
    /// Not the JSON of a signed profile.
    #[error("the profile is malformed: {0}")]
    Form(&'static str),
    /// Signed by a wallet we can't check.
    #[error("the profile's signature can't be checked: {0}")]
    Signature(#[from] RecoverError),
    /// Signed by another account.
    #[error("the profile was signed by {signer}, not by {account}")]
    OtherSigner {
        /// Who should have signed.
        account: Address,
        /// Who did.
        signer: Address,
    },
}

impl UserProfile {
    /// A new profile.
    pub fn new(keys: PublicKeys, delivery_services: Vec<EnsName>) -> Self {
        let mut json = Map::new();
        json.insert("deliveryServices".into(), delivery_services.iter().map(EnsName::as_str).collect());
        json.insert("publicEncryptionKey".into(), STANDARD.encode(keys.encryption.as_bytes()).into());
        json.insert("publicSigningKey".into(), STANDARD.encode(keys.signing.as_bytes()).into());
        Self { json, keys }
    }

    fn from_json(value: Value) -> Result<Self, ProfileError> {
        let Value::Object(json) = value else { return Err(ProfileError::Form("profile")) };
        let key = |member: &'static str| {
            let text = json.get(member).and_then(Value::as_str).ok_or(ProfileError::Form(member))?;
            let bytes = STANDARD.decode(text).map_err(|_| ProfileError::Form(member))?;
            <[u8; 32]>::try_from(bytes).map_err(|_| ProfileError::Form(member))
        };
        let keys = PublicKeys {
            signing: SigningKey::from_bytes(key("publicSigningKey")?),
            encryption: EncryptionKey::from_bytes(key("publicEncryptionKey")?),
        };
        json.get("deliveryServices")
            .and_then(Value::as_array)
            .filter(|list| list.len() <= MAX_DELIVERY_SERVICES && list.iter().all(Value::is_string))
            .ok_or(ProfileError::Form("deliveryServices"))?;
        Ok(Self { json, keys })
    }

    /// How often the account's profile was replaced before this one, as far as it says so. Begins anew when there are
    /// no more letters to count with: `ds.dm3.eth` has 7, which make 128 editions.
    pub fn edition(&self) -> u64 {
        let mut letters = String::new();
        for name in self.listed() {
            letters.push_str(name);
        }
        counted(&letters)
    }

    /// The same profile as another edition: the number of the one it replaces, and one more. One that these names have too
    /// few letters for is edition 0: any other that is lower would look like an old profile.
    pub fn with_edition(mut self, edition: u64) -> Self {
        let mut letters = 0;
        let mut list: Value =
            self.listed().map(|name| Value::from(spelled(name, edition, &mut letters))).collect();
        if edition >> letters > 0 {
            list = self.listed().map(|name| Value::from(spelled(name, 0, &mut 0))).collect();
        }
        self.json.insert("deliveryServices".into(), list);
        self
    }

    /// The same keys, and whatever else is in it, with these delivery services, as the edition after this one. Names that
    /// nobody can read stay as they are, behind the others. `None` if these names have too few letters to count the
    /// editions so far.
    pub fn with_services(&self, services: &[EnsName], unread: &[String]) -> Option<Self> {
        // Without what iterates elsewhere: only one part of the element does this.
        let mut names = Vec::new();
        for name in services {
            names.push(name.as_str());
        }
        for name in unread {
            names.push(name);
        }
        let edition = self.edition().checked_add(1)?;
        let (mut listed, mut before) = (Vec::new(), 0);
        for name in names {
            listed.push(Value::from(spelled(name, edition, &mut before)));
        }
        let mut next = self.clone();
        next.json.insert("deliveryServices".into(), Value::Array(listed));
        Some(next).filter(|_| edition >> before == 0)
    }

    /// The delivery services as they are spelled. Which names they are may take tables that are not here.
    pub fn listed(&self) -> impl Iterator<Item = &str> {
        self.json
            .get("deliveryServices")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    /// The text the account's wallet signs to publish this profile.
    pub fn registration_message(&self, account: Address) -> String {
        format!(
            "dm3.chat wants you register your dm3 profile with your Ethereum account:\n{account}\n\n\
             This is required only once!\n\
             (There is no paid transaction initiated. The signature is used off-chain only.)\n\n\
             URI: https://dm3.chat\nVersion: 1\ndm3 Profile: {}",
            canonical_object(&self.json)
        )
    }

    /// The profile with a wallet's signature of its [registration message](Self::registration_message).
    pub fn signed(self, signature: String) -> SignedProfile {
        SignedProfile { profile: self, signature }
    }

    /// The published keys.
    pub fn keys(&self) -> PublicKeys {
        self.keys
    }
}

/// What the letters of all names, one behind the other, count to.
fn counted(letters: &str) -> u64 {
    let (mut edition, mut before) = (0, 0);
    for letter in letters.chars() {
        if letter.is_ascii_alphabetic() && before < MAX_EDITION_BITS {
            edition |= u64::from(letter.is_ascii_uppercase()) << before;
            before += 1;
        }
    }
    edition
}

/// A name as it counts, with so many letters before it.
fn spelled(name: &str, edition: u64, before: &mut usize) -> String {
    let mut spelled = String::new();
    for letter in name.chars() {
        let counts = letter.is_ascii_alphabetic() && *before < MAX_EDITION_BITS;
        spelled.push(match counts {
            true if edition >> *before & 1 == 1 => letter.to_ascii_uppercase(),
            true => letter.to_ascii_lowercase(),
            false => letter,
        });
        *before += usize::from(counts);
    }
    spelled
}

impl SignedProfile {
    /// Reads the JSON of a signed profile.
    ///
    /// # Errors
    /// [`ProfileError::Form`] naming the member that is wrong.
    pub fn parse(json: &str) -> Result<Self, ProfileError> {
        if json.len() > MAX_PROFILE {
            return Err(ProfileError::TooLarge);
        }
        Self::from_json(json::parse(json).ok_or(ProfileError::Form("no JSON"))?)
    }

    /// Reads a signed profile from parsed JSON.
    ///
    /// # Errors
    /// As [`SignedProfile::parse`].
    pub fn from_json(value: Value) -> Result<Self, ProfileError> {
        let Value::Object(mut object) = value else { return Err(ProfileError::Form("no object")) };
        // Removing a member would bring the code that mends a tree, which nothing else needs so early.
        let mut take = |member: &str| object.get_mut(member).map(Value::take).unwrap_or_default();
        let Value::String(signature) = take("signature") else {
            return Err(ProfileError::Form("signature"));
        };
        let profile = UserProfile::from_json(take("profile"))?;
        Ok(Self { profile, signature })
    }

    /// What is signed, whoever signed it.
    pub fn profile(&self) -> &UserProfile {
        &self.profile
    }

    /// The same with the signature in the spelling that wallets mostly write, if it is an ordinary account's.
    pub(super) fn spelled_alike(&self) -> Self {
        Self { profile: self.profile.clone(), signature: spelled_alike(&self.signature) }
    }

    /// The canonical JSON value, as it is published.
    pub fn to_json(&self) -> Value {
        object(vec![
            ("profile", self.profile.json.clone().into()),
            ("signature", self.signature.as_str().into()),
        ])
    }

    /// The canonical JSON text, as it is published and hashed.
    pub fn to_canonical(&self) -> String {
        canonical(&self.to_json())
    }

    /// Proves that `account` signed this profile.
    ///
    /// # Errors
    /// [`ProfileError::OtherSigner`] if somebody else did.
    pub fn verify(self, account: Address) -> Result<VerifiedProfile, ProfileError> {
        let signer = recover(&self.profile.registration_message(account), &self.signature)?;
        if signer != account {
            return Err(ProfileError::OtherSigner { account, signer });
        }
        Ok(VerifiedProfile { account, signed: self })
    }

    /// The hash that `account` must have signed, and the signature: what a smart account is asked about.
    pub(crate) fn claim(&self, account: Address) -> ([u8; 32], &str) {
        (eip191_hash(self.profile.registration_message(account).as_bytes()), &self.signature)
    }

    /// For the room that asked the account's own contract, which accepted the [claim](Self::claim).
    pub(crate) fn accepted_by(self, account: Address) -> VerifiedProfile {
        VerifiedProfile { account, signed: self }
    }
}

impl VerifiedProfile {
    /// The account that signed.
    pub fn account(&self) -> Address {
        self.account
    }

    /// The keys the account uses.
    pub fn keys(&self) -> PublicKeys {
        self.signed.profile.keys
    }

    /// Names of the delivery services that take messages for the account, the preferred one first: those that can be read
    /// without asking a [normaliser](crate::ports::Normaliser). One that we can't read does not make the others unusable.
    pub fn delivery_services(&self) -> Vec<EnsName> {
        self.signed.profile.listed().filter_map(|name| name.parse().ok()).collect()
    }

    /// The profile as it was signed.
    pub fn as_signed(&self) -> &SignedProfile {
        &self.signed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::identity::{KeySeed, ProfileKeys};

    fn profile(services: &[&str]) -> UserProfile {
        let keys = ProfileKeys::derive(&KeySeed::derive("keys")).public();
        UserProfile::new(keys, services.iter().map(|name| name.parse().unwrap()).collect())
    }

    fn spelled(profile: &UserProfile) -> Vec<&str> {
        profile.listed().collect()
    }

    #[test]
    fn the_first_edition_is_the_text_that_every_client_publishes() {
        let first = profile(&["ds.dm3.eth"]);
        assert_eq!((first.edition(), spelled(&first)), (0, vec!["ds.dm3.eth"]));
        assert_eq!(first.clone().with_edition(0), first);
    }

    #[test]
    fn each_edition_is_another_text_about_the_same_services() {
        let first = profile(&["ds.dm3.eth", "ds2.eth"]);
        assert_eq!(spelled(&first.clone().with_edition(1)), ["Ds.dm3.eth", "ds2.eth"]);
        assert_eq!(spelled(&first.clone().with_edition(6)), ["dS.Dm3.eth", "ds2.eth"]);
        assert_eq!(spelled(&first.clone().with_edition(1 << 7)), ["ds.dm3.eth", "Ds2.eth"]);
        let (account, mut texts) = (Address::ZERO, std::collections::BTreeSet::new());
        for edition in 0..1 << 12 {
            let next = first.clone().with_edition(edition);
            assert_eq!(next.edition(), edition);
            assert!(texts.insert(next.registration_message(account)));
            let again = UserProfile::from_json(next.json.clone().into()).unwrap();
            assert_eq!(again.edition(), edition);
            let names = |profile: &UserProfile| {
                spelled(profile).iter().map(|name| name.to_ascii_lowercase()).collect::<Vec<_>>()
            };
            assert_eq!(names(&again), names(&first));
        }
        for too_high in [1 << 12, (1 << 12) + 5] {
            assert_eq!(first.clone().with_edition(too_high).edition(), 0, "it begins anew");
        }
    }

    #[test]
    fn other_services_are_a_later_edition_of_a_profile_of_which_all_else_stays() {
        let mut json = profile(&["ds.eth"]).json;
        json.insert("deliveryServices".into(), serde_json::json!(["Ds.eth", "un..read"]));
        json.insert("more".into(), 7.into());
        let first = UserProfile::from_json(json.into()).unwrap();
        let names: Vec<EnsName> = ["two.eth", "ds.eth"].iter().map(|name| name.parse().unwrap()).collect();
        let next = first.with_services(&names, &["un..read".to_owned()]).unwrap();
        assert_eq!(spelled(&next), ["tWo.eth", "ds.eth", "un..read"]);
        assert_eq!((first.edition(), next.edition()), (1, 2));
        assert_eq!(next.keys, first.keys);
        assert_eq!(next.json["more"], 7);
        let again = UserProfile::from_json(next.json.clone().into()).unwrap();
        assert_eq!(again, next);
    }

    #[test]
    fn services_whose_names_can_t_count_the_editions_are_none() {
        let counted = |edition, services: &[&str]| {
            let names: Vec<EnsName> = services.iter().map(|name| name.parse().unwrap()).collect();
            profile(&["ds.dm3.eth"])
                .with_edition(edition)
                .with_services(&names, &[])
                .map(|next| next.edition())
        };
        assert_eq!(counted(30, &["ds.eth"]), Some(31));
        assert_eq!(counted(31, &["ds.eth"]), None);
        assert_eq!(counted(31, &["ds.eth", "ds.dm3.eth"]), Some(32));
    }

    proptest! {
        #[test]
        fn an_edition_survives_being_published(names in proptest::collection::vec("[a-z0-9]{1,9}\\.eth", 0..16), edition: u64) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let published = profile(&names).with_edition(edition);
            let again = SignedProfile::parse(&published.clone().signed("0x".into()).to_canonical()).unwrap();
            prop_assert_eq!(again.profile().edition(), published.edition());
            prop_assert_eq!(again.profile(), &published);
            let letters = names.iter().flat_map(|name| name.chars()).filter(char::is_ascii_alphabetic);
            let bits = letters.take(MAX_EDITION_BITS).count();
            prop_assert_eq!(published.edition(), if edition >> bits == 0 { edition } else { 0 });
        }
    }
}
