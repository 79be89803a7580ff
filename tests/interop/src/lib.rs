//! The core as JavaScript calls it, for the tests against the reference's libraries and for the benchmarks.
//!
//! Every function only converts and calls. What JavaScript passes as randomness is an argument here, so that both
//! sides can be given the same.

#![forbid(unsafe_code)]

mod crypto;
mod identity;
mod records;
mod registry;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wasm_bindgen::JsError;

/// 32 bytes from base64.
fn bytes32(base64: &str) -> Result<[u8; 32], JsError> {
    let bytes = STANDARD.decode(base64)?;
    bytes.try_into().map_err(|_| JsError::new("not 32 bytes in base64"))
}

/// Bytes from `0x…`.
fn bytes_of(hex: &str) -> Result<Vec<u8>, JsError> {
    Ok(hex::decode(hex.strip_prefix("0x").unwrap_or(hex))?)
}

fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}
