//! Profile links, and what deployed clients keep in the backend.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dm3_core::identity::{Address, EnsName, Link, LinkPurpose, MainId, SignedLink, SignedProfile};
use dm3_core::registry::ProfileLocation;
use dm3_core::seal::EncryptionSecret;
use dm3_core::seal::signing::SigningSecret;
use dm3_core::storage::{LegacyContainer, LegacyNames};
use wasm_bindgen::prelude::*;

use crate::bytes32;
use crate::crypto::Prepared;

/// A profile link: whom it is by, for whom, and when.
#[wasm_bindgen]
pub struct ProfileLink(Link);

#[wasm_bindgen]
impl ProfileLink {
    /// By a name or an address. `lifetime` in seconds.
    #[wasm_bindgen(js_name = of)]
    pub fn of(
        main: &str,
        linked: &str,
        scope: &str,
        issued_at: u64,
        lifetime: Option<u64>,
        nonce: u64,
    ) -> Result<ProfileLink, JsError> {
        let main = match main.parse::<Address>() {
            Ok(account) => MainId::Account(account),
            Err(_) => MainId::Profile(main.parse()?),
        };
        Ok(Self(Link::new(main, linked.parse()?, scope, issued_at, lifetime, nonce)?))
    }

    /// The text that is signed.
    pub fn message(&self) -> String {
        self.0.message()
    }

    /// The canonical JSON of the link, signed with the key of a seed in base64.
    pub fn sign(&self, seed: &str) -> Result<String, JsError> {
        Ok(self.0.clone().sign(&SigningSecret::derive(&bytes32(seed)?)).to_canonical())
    }

    /// The canonical JSON of the link with a wallet's signature.
    pub fn signed(&self, signature: &str) -> String {
        self.0.clone().signed(signature.to_owned()).to_canonical()
    }
}

/// Verifies a link by an account, and returns the text that was signed.
#[wasm_bindgen(js_name = verifyLinkByAccount)]
pub fn verify_link_by_account(
    json: &str,
    account: &str,
    linked: &str,
    scope: &str,
    now: u64,
) -> Result<String, JsError> {
    let linked = linked.parse()?;
    let purpose = LinkPurpose { linked: &linked, scope, now };
    let link = SignedLink::parse(json)?.verify_by_account(account.parse()?, purpose)?;
    Ok(link.link().message())
}

/// Verifies a link by a profile that was found at its name, and returns the text that was signed.
#[wasm_bindgen(js_name = verifyLinkByProfile)]
pub fn verify_link_by_profile(
    json: &str,
    name: &str,
    profile: &str,
    account: &str,
    linked: &str,
    scope: &str,
    now: u64,
) -> Result<String, JsError> {
    let linked = linked.parse()?;
    let purpose = LinkPurpose { linked: &linked, scope, now };
    let profile = SignedProfile::parse(profile)?.verify(account.parse()?)?;
    let link = SignedLink::parse(json)?.verify_by_profile(&name.parse()?, &profile, purpose)?;
    Ok(link.link().message())
}

/// Whether the record of a profile that is kept elsewhere vouches for this text.
#[wasm_bindgen(js_name = recordVouchesFor)]
pub fn record_vouches_for(record: &str, json: &str) -> Result<bool, JsError> {
    match ProfileLocation::parse(record)? {
        ProfileLocation::Web(link) => Ok(link.check(json).is_ok()),
        _ => Err(JsError::new("not a link")),
    }
}

fn legacy_names(secret: &str, owner: &str) -> Result<LegacyNames, JsError> {
    let owner: EnsName = owner.parse()?;
    Ok(LegacyNames::new(&EncryptionSecret::from_bytes(bytes32(secret)?), &owner))
}

/// A name as deployed clients file it; `secret` is the private key in base64.
#[wasm_bindgen(js_name = sealName)]
pub fn seal_name(secret: &str, owner: &str, name: &str) -> Result<String, JsError> {
    Ok(legacy_names(secret, owner)?.seal(name)?)
}

/// What [`seal_name`] was given.
#[wasm_bindgen(js_name = openName)]
pub fn open_name(secret: &str, owner: &str, sealed: &str) -> Result<String, JsError> {
    Ok(legacy_names(secret, owner)?.open(sealed)?.to_string())
}

/// The hash that a container claims, and the container sealed anew with 44 random bytes.
#[wasm_bindgen(js_name = resealContainer)]
pub fn reseal_container(secret: &str, container: &str, random: &[u8]) -> Result<Vec<String>, JsError> {
    if random.len() != 44 {
        return Err(JsError::new("44 random bytes are needed"));
    }
    let secret = EncryptionSecret::from_bytes(bytes32(secret)?);
    let opened = LegacyContainer::open(container, &secret)?;
    let again = opened.seal(&secret.public(), &Prepared::new(random))?;
    // What is in base64 is the JSON of a sealed text.
    let json = String::from_utf8(STANDARD.decode(again)?)?;
    Ok(vec![opened.claimed_hash().unwrap_or_default().to_owned(), json])
}
