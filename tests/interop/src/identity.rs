//! Addresses, names, keys, profiles and wallet signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dm3_core::identity::wallet_signature::{eip191_hash, recover};
use dm3_core::identity::{Address, EnsName, KeySeed, ProfileKeys, SignedProfile, UserProfile, key_message};
use wasm_bindgen::prelude::*;

use crate::hex_of;

/// The EIP-55 form of an address in any case.
#[wasm_bindgen(js_name = checksummed)]
pub fn checksummed(address: &str) -> Result<String, JsError> {
    Ok(Address::parse_unchecked_case(address)?.to_string())
}

/// Whether a text is an address, as a person may type it: mixed case only with the right checksum.
#[wasm_bindgen(js_name = isAddress)]
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

/// The normal form of a name.
#[wasm_bindgen]
pub fn normalize(name: &str) -> Result<String, JsError> {
    Ok(name.parse::<EnsName>()?.as_str().to_owned())
}

/// The node of a name in the ENS registry.
#[wasm_bindgen]
pub fn namehash(name: &str) -> Result<String, JsError> {
    Ok(hex_of(&name.parse::<EnsName>()?.namehash()))
}

/// The DNS encoding of a name.
#[wasm_bindgen(js_name = dnsEncode)]
pub fn dns_encode(name: &str) -> Result<String, JsError> {
    Ok(hex_of(&name.parse::<EnsName>()?.dns_encoded()))
}

/// The text whose signature the keys follow from.
#[wasm_bindgen(js_name = keyMessage)]
pub fn key_message_of(account: &str, nonce: &str) -> Result<String, JsError> {
    Ok(key_message(account.parse()?, nonce))
}

/// The seed that follows from the text of a wallet's signature, in base64.
#[wasm_bindgen(js_name = seedOf)]
pub fn seed_of(signature: &str) -> String {
    STANDARD.encode(KeySeed::derive(signature).expose_secret())
}

/// The hash that `personal_sign` signs.
#[wasm_bindgen(js_name = eip191Hash)]
pub fn eip191_hash_of(message: &str) -> String {
    hex_of(&eip191_hash(message.as_bytes()))
}

/// The account that signed a text with `personal_sign`.
#[wasm_bindgen(js_name = recoverSigner)]
pub fn recover_signer(message: &str, signature: &str) -> Result<String, JsError> {
    Ok(recover(message, signature)?.to_string())
}

fn own_profile(seed: &str, services: Vec<String>, edition: Option<u32>) -> Result<UserProfile, JsError> {
    let keys = ProfileKeys::derive(&KeySeed::from_base64(seed)?).public();
    let services: Result<Vec<EnsName>, _> = services.iter().map(|name| name.parse()).collect();
    Ok(UserProfile::new(keys, services?).with_edition(edition.unwrap_or_default().into()))
}

/// The text a wallet signs to publish the profile of the keys of this seed.
#[wasm_bindgen(js_name = registrationMessage)]
pub fn registration_message(
    account: &str,
    seed: &str,
    services: Vec<String>,
    edition: Option<u32>,
) -> Result<String, JsError> {
    Ok(own_profile(seed, services, edition)?.registration_message(account.parse()?))
}

/// The canonical JSON of a signed profile.
#[wasm_bindgen(js_name = signedProfile)]
pub fn signed_profile(
    seed: &str,
    services: Vec<String>,
    signature: String,
    edition: Option<u32>,
) -> Result<String, JsError> {
    Ok(own_profile(seed, services, edition)?.signed(signature).to_canonical())
}

/// Verifies a signed profile for an account and returns its canonical JSON.
#[wasm_bindgen(js_name = verifyProfile)]
pub fn verify_profile(json: &str, account: &str) -> Result<String, JsError> {
    Ok(SignedProfile::parse(json)?.verify(account.parse()?)?.as_signed().to_canonical())
}
