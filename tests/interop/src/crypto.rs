//! Canonical JSON, hashes, sealing and signatures.

use std::cell::Cell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dm3_core::seal::signing::{SigningKey, SigningSecret};
use dm3_core::seal::{EncryptionKey, EncryptionSecret, Entropy, Sealed, json, open, seal, sha256_hex};
use wasm_bindgen::prelude::*;
use x25519_dalek::{PublicKey, StaticSecret};

use crate::bytes32;

/// Gives out prepared bytes: the seed of the ephemeral key, then the nonce.
pub struct Prepared<'a>(Cell<&'a [u8]>);

impl<'a> Prepared<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(Cell::new(bytes))
    }
}

impl Entropy for Prepared<'_> {
    fn fill(&self, bytes: &mut [u8]) {
        let (now, later) = self.0.get().split_at(bytes.len());
        bytes.copy_from_slice(now);
        self.0.set(later);
    }
}

/// A private key that opens, with its public half computed once.
#[wasm_bindgen]
pub struct Receiver(EncryptionSecret);

#[wasm_bindgen]
impl Receiver {
    /// The key pair of a seed in base64.
    #[wasm_bindgen(js_name = ofSeed)]
    pub fn of_seed(seed: &str) -> Result<Receiver, JsError> {
        Ok(Self(EncryptionSecret::derive(&bytes32(seed)?)))
    }

    /// Wraps a private key in base64.
    #[wasm_bindgen(js_name = ofSecret)]
    pub fn of_secret(secret: &str) -> Result<Receiver, JsError> {
        Ok(Self(EncryptionSecret::from_bytes(bytes32(secret)?)))
    }

    /// The public key in base64.
    #[wasm_bindgen(js_name = publicKey)]
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.0.public().as_bytes())
    }

    /// Opens the JSON text of a sealed text.
    pub fn open(&self, sealed: &str) -> Result<String, JsError> {
        Ok(open(&Sealed::parse(sealed)?, &self.0)?.to_string())
    }
}

/// A private key that signs.
#[wasm_bindgen]
pub struct Signer(SigningSecret);

#[wasm_bindgen]
impl Signer {
    /// The key pair of a seed in base64.
    #[wasm_bindgen(js_name = ofSeed)]
    pub fn of_seed(seed: &str) -> Result<Signer, JsError> {
        Ok(Self(SigningSecret::derive(&bytes32(seed)?)))
    }

    /// The public key in base64.
    #[wasm_bindgen(js_name = publicKey)]
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.0.public().as_bytes())
    }

    /// The signature of a text, in base64.
    pub fn sign(&self, text: &str) -> String {
        self.0.sign(text)
    }
}

/// Whether a text was signed with this key, both in base64.
#[wasm_bindgen(js_name = verifies)]
pub fn verifies(public_key: &str, text: &str, signature: &str) -> Result<bool, JsError> {
    Ok(SigningKey::from_bytes(bytes32(public_key)?).verify(text, signature).is_ok())
}

/// The JSON text of a sealed text; `random` is the seed of the ephemeral key (32 bytes) and the nonce (12).
#[wasm_bindgen(js_name = seal)]
pub fn seal_text(text: &str, receiver: &str, random: &[u8]) -> Result<String, JsError> {
    if random.len() != 44 {
        return Err(JsError::new("44 random bytes are needed"));
    }
    let entropy = Prepared::new(random);
    Ok(seal(text, &EncryptionKey::from_bytes(bytes32(receiver)?), &entropy)?.to_string())
}

/// The canonical text of a JSON text.
#[wasm_bindgen]
pub fn canonical(text: &str) -> Result<String, JsError> {
    let value = json::parse(text).ok_or_else(|| JsError::new("no JSON, or none that the core reads"))?;
    Ok(json::canonical(&value))
}

/// `0x…` of the SHA-256 of a text.
#[wasm_bindgen(js_name = sha256Hex)]
pub fn sha256_of(text: &str) -> String {
    sha256_hex(text)
}

/// The public key of a secret one, as the core makes it for each sealed text.
#[wasm_bindgen(js_name = publicKeyOf)]
pub fn public_key_of(secret: &[u8]) -> Result<Vec<u8>, JsError> {
    Ok(EncryptionSecret::from_bytes(secret.try_into()?).public().as_bytes().to_vec())
}

/// The same by x25519-dalek alone.
#[wasm_bindgen(js_name = libraryPublicKeyOf)]
pub fn library_public_key_of(secret: &[u8]) -> Result<Vec<u8>, JsError> {
    let secret = StaticSecret::from(<[u8; 32]>::try_from(secret)?);
    Ok(PublicKey::from(&secret).to_bytes().to_vec())
}

/// The plain function of RFC 7748: what a secret and a public key agree on.
#[wasm_bindgen(js_name = x25519)]
pub fn x25519_of(secret: &[u8], public: &[u8]) -> Result<Vec<u8>, JsError> {
    Ok(x25519_dalek::x25519(secret.try_into()?, public.try_into()?).to_vec())
}
