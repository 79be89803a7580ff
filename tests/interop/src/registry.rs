//! Calls, results and records of the registry.

use dm3_core::identity::{Address, EnsName};
use dm3_core::registry::abi::{Arg, Tuple, encode};
use dm3_core::registry::{data_uri, ens};
use wasm_bindgen::prelude::*;

use crate::{bytes_of, hex_of};

/// The JSON text in a `data:application/json` URI.
#[wasm_bindgen(js_name = jsonOfDataUri)]
pub fn json_of_data_uri(uri: &str) -> Result<String, JsError> {
    Ok(data_uri::json_of(uri)?)
}

/// The data URI of a JSON text.
#[wasm_bindgen(js_name = dataUriOfJson)]
pub fn data_uri_of_json(json: &str) -> String {
    data_uri::of_json(json)
}

/// `resolve(dns name, text(node, key))`.
#[wasm_bindgen(js_name = resolveTextCall)]
pub fn resolve_text_call(name: &str, key: &str) -> Result<String, JsError> {
    let name: EnsName = name.parse()?;
    Ok(hex_of(&ens::resolve_call(&name, &ens::text_call(&name, key))))
}

/// `resolve(dns name, addr(node))`.
#[wasm_bindgen(js_name = resolveAddrCall)]
pub fn resolve_addr_call(name: &str) -> Result<String, JsError> {
    let name: EnsName = name.parse()?;
    Ok(hex_of(&ens::resolve_call(&name, &ens::addr_call(&name))))
}

/// `(address, uint64, string, bytes, string[])`.
#[wasm_bindgen(js_name = abiEncode)]
pub fn abi_encode(
    address: &str,
    number: u64,
    text: &str,
    bytes: &[u8],
    texts: Vec<String>,
) -> Result<String, JsError> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Ok(hex_of(&encode(&[
        Arg::Address(address.parse()?),
        Arg::Uint(number),
        Arg::Bytes(text.as_bytes()),
        Arg::Bytes(bytes),
        Arg::Strings(&texts),
    ])))
}

/// What [`abi_encode`] was given, read back from its bytes.
#[wasm_bindgen]
pub struct Decoded {
    address: Address,
    number: u64,
    text: String,
    bytes: Vec<u8>,
    texts: Vec<String>,
}

#[wasm_bindgen]
impl Decoded {
    /// Reads the tuple.
    #[wasm_bindgen(js_name = of)]
    pub fn of(data: &str) -> Result<Decoded, JsError> {
        let data = bytes_of(data)?;
        let tuple = Tuple::new(&data)?;
        Ok(Self {
            address: tuple.address(0)?,
            number: tuple.uint(1)?,
            text: tuple.string(2)?.to_owned(),
            bytes: tuple.bytes(3)?.to_vec(),
            texts: tuple.strings(4)?.into_iter().map(str::to_owned).collect(),
        })
    }

    /// In its EIP-55 form.
    #[wasm_bindgen(getter)]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// As a BigInt.
    #[wasm_bindgen(getter)]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The string.
    #[wasm_bindgen(getter)]
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// As hexadecimal.
    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> String {
        hex_of(&self.bytes)
    }

    /// The array of strings.
    #[wasm_bindgen(getter)]
    pub fn texts(&self) -> Vec<String> {
        self.texts.clone()
    }
}
