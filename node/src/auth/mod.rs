//! Who may read a mailbox: challenges answered with the profile key, and the tokens they earn.
//!
//! ```text
//! GET auth ──▶ challenge (bound to account and server, 15 minutes, single use)
//!                 │ signed with the profile's Ed25519 key
//! POST auth ──────▼──▶ session token (bound to name and address, 1 hour)
//! ```
//!
//! Challenge, session token and the receipt of a registration are three kinds of JWT, each under its own key,
//! so that none passes for another. The receipt has the form of the reference's token, which its clients
//! expect there, and opens nothing.

mod jwt;
mod token;

use dm3_core::identity::KeySeed;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use jwt::JwtError;
pub use token::{Session, Tokens};

/// The key that tokens are made under, derived from the delivery service's seed so that tokens stay valid
/// over a restart.
pub fn token_key(seed: &KeySeed) -> Zeroizing<[u8; 32]> {
    derive(seed.expose_secret(), "dm3-node token key v1")
}

/// HMAC-SHA256(key, the parts one after another). For tags that are compared in constant time or not at all.
pub fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mac = parts.iter().fold(hmac(key), |mac, part| mac.chain_update(part));
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA256(key, label): a key of its own for each use.
pub fn derive(key: &[u8; 32], label: &str) -> Zeroizing<[u8; 32]> {
    let mac = hmac(key).chain_update(label);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// HMAC-SHA256 under a key, which HMAC pads with zeros to a block of 64 bytes.
fn hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    KeyInit::new((&*block).into())
}
