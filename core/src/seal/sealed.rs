//! The scheme `x25519-chacha20-poly1305`: a text sealed for one receiver by a fresh key pair.
//!
//! ```text
//! text ──pad to 2048──▶ ChaCha20-Poly1305(k, nonce) ──▶ {"ciphertext","ephemPublicKey","nonce"}
//! k = crypto_kx(ephemeral secret, receiver's public key).tx
//! ```
//!
//! The ephemeral key says nothing about who sealed; authenticity comes from the signature inside. Source: the deployed
//! library (`encryptAsymmetric`); the specification names the scheme, but reads as if the sender's own key were used.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::aead::PEER_BLOCK;
use super::error::{OpenError, SealError};
use super::json;
use super::{EncryptionKey, EncryptionSecret, Entropy};

/// A sealed text as it travels. `Display` is its JSON text with sorted members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    ciphertext: Vec<u8>,
    ephemeral: EncryptionKey,
    nonce: [u8; 12],
}

/// Seals `text` for `receiver`.
///
/// # Errors
/// [`SealError`]: then there is nothing that may leave.
pub fn seal(text: &str, receiver: &EncryptionKey, entropy: &impl Entropy) -> Result<Sealed, SealError> {
    let mut seed = Zeroizing::new([0; 32]);
    entropy.fill(seed.as_mut());
    let mut nonce = [0; 12];
    entropy.fill(&mut nonce);
    let ephemeral = EncryptionSecret::derive(&seed);
    let key = ephemeral.sending_key(receiver)?;
    let ciphertext = key.seal(text.as_bytes(), &nonce, PEER_BLOCK)?;
    Ok(Sealed { ciphertext, ephemeral: ephemeral.public(), nonce })
}

/// The length of the JSON text of a sealed text of `length` bytes.
pub const fn sealed_len(length: usize) -> usize {
    let ciphertext = (length / PEER_BLOCK + 1) * PEER_BLOCK + 16;
    let frame = r#"{"ciphertext":"","ephemPublicKey":"","nonce":"0x"}"#.len();
    frame + ciphertext.div_ceil(3) * 4 + 44 + 24
}

/// Opens what was sealed for `receiver`.
///
/// # Errors
/// [`OpenError::NotForThisKey`] for another receiver or a changed ciphertext.
pub fn open(sealed: &Sealed, receiver: &EncryptionSecret) -> Result<Zeroizing<String>, OpenError> {
    let key = receiver.receiving_key(&sealed.ephemeral)?;
    let plaintext = key.open(&sealed.ciphertext, &sealed.nonce, PEER_BLOCK)?;
    String::from_utf8(plaintext).map(Zeroizing::new).map_err(|_| OpenError::NotText)
}

impl Sealed {
    /// Reads the JSON text of a sealed text.
    ///
    /// # Errors
    /// [`OpenError::Form`] naming the member that is wrong.
    pub fn parse(json: &str) -> Result<Self, OpenError> {
        let no_object = OpenError::Form("no such JSON object");
        let Some(Value::Object(parts)) = json::parse(json) else { return Err(no_object) };
        let (Some(ciphertext), Some(ephemeral), Some(nonce_text)) =
            (text(&parts, "ciphertext"), text(&parts, "ephemPublicKey"), text(&parts, "nonce"))
        else {
            return Err(no_object);
        };
        let ciphertext = STANDARD.decode(ciphertext).map_err(|_| OpenError::Form("ciphertext"))?;
        let ephemeral = STANDARD
            .decode(ephemeral)
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .ok_or(OpenError::Form("ephemPublicKey"))?;
        let mut nonce = [0; 12];
        let digits = nonce_text.strip_prefix("0x").ok_or(OpenError::Form("nonce"))?;
        hex::decode_to_slice(digits, &mut nonce).map_err(|_| OpenError::Form("nonce"))?;
        Ok(Self { ciphertext, ephemeral: EncryptionKey::from_bytes(ephemeral), nonce })
    }
}

fn text<'a>(object: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    object.get(member).and_then(Value::as_str)
}

impl std::fmt::Display for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Base64 and hexadecimal need no escaping, and the members stand in sorted order.
        write!(
            f,
            r#"{{"ciphertext":"{}","ephemPublicKey":"{}","nonce":"0x{}"}}"#,
            STANDARD.encode(&self.ciphertext),
            STANDARD.encode(self.ephemeral.as_bytes()),
            hex::encode(self.nonce)
        )
    }
}
