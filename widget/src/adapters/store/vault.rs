//! Key seeds at rest: `AES-256-GCM(seed)` under a key that scripts can use but never read.
//!
//! ```text
//! [nonce (12 bytes), ciphertext ‖ tag]    additional data: "dm3-chat key seed of 0x…owner"
//! ```
//!
//! Whoever copies the database files has no seed; whoever runs scripts in the page's origin can open it.

use dm3_core::Said;
use dm3_core::identity::{Address, KeySeed};
use dm3_core::ports::StoreError;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AesGcmParams, AesKeyGenParams, CryptoKey, SubtleCrypto};
use zeroize::Zeroizing;

const ALGORITHM: &str = "AES-GCM";

/// A new key; its bytes never leave the browser.
pub async fn new_random_key() -> Result<CryptoKey, StoreError> {
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let algorithm = AesKeyGenParams::new(ALGORITHM, 256);
    let key = subtle()?.generate_key_with_object(&algorithm, false, &usages).map_err(unavailable)?;
    as_key(JsFuture::from(key).await.map_err(unavailable)?)
}

/// What the database gave, if it is a key.
pub fn as_key(value: JsValue) -> Result<CryptoKey, StoreError> {
    value.dyn_into().map_err(|_| StoreError::Damaged)
}

/// Seals a seed for the database.
pub async fn wrap(key: &CryptoKey, owner: Address, seed: &KeySeed) -> Result<JsValue, StoreError> {
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce).map_err(|_| StoreError::Unavailable(Said::default()))?;
    let nonce = Uint8Array::from(nonce.as_slice());
    // WebCrypto copies the bytes before it returns.
    let sealed = subtle()?
        .encrypt_with_object_and_u8_array(&parameters(&nonce, owner), key, &seed.to_kept())
        .map_err(unavailable)?;
    let sealed = JsFuture::from(sealed).await.map_err(unavailable)?;
    Ok(Array::of2(&nonce, &Uint8Array::new(&sealed)).into())
}

/// Opens a sealed seed.
pub async fn unwrap(key: &CryptoKey, owner: Address, sealed: &JsValue) -> Result<KeySeed, StoreError> {
    let damaged = |_| StoreError::Damaged;
    let parts: &Array = sealed.dyn_ref().ok_or(()).map_err(|()| JsValue::NULL).map_err(damaged)?;
    let nonce = parts.get(0).dyn_into().map_err(damaged)?;
    let sealed: Uint8Array = parts.get(1).dyn_into().map_err(damaged)?;
    let opened = subtle()?
        .decrypt_with_object_and_js_u8_array(&parameters(&nonce, owner), key, &sealed)
        .map_err(unavailable)?;
    let opened = Uint8Array::new(&JsFuture::from(opened).await.map_err(damaged)?);
    let seed = Zeroizing::new(opened.to_vec());
    opened.fill(0, 0, opened.length());
    KeySeed::from_kept(&seed).map_err(|_| damaged(JsValue::NULL))
}

fn parameters(nonce: &Uint8Array, owner: Address) -> AesGcmParams {
    let parameters = AesGcmParams::new_with_u8_array(ALGORITHM, nonce);
    let context = format!("dm3-chat key seed of {owner}");
    parameters.set_additional_data_u8_array(&Uint8Array::from(context.as_bytes()));
    parameters
}

fn subtle() -> Result<SubtleCrypto, StoreError> {
    let window = web_sys::window().ok_or_else(|| StoreError::Unavailable(Said::default()))?;
    let subtle = window.crypto().map_err(unavailable)?.subtle();
    // Pages without https have none.
    if subtle.is_undefined() {
        return Err(StoreError::Insecure);
    }
    Ok(subtle)
}

fn unavailable(error: JsValue) -> StoreError {
    let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    StoreError::Unavailable(Said::new(&message.unwrap_or_default()))
}
