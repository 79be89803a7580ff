//! Addresses as people compare them.

use dm3_core::identity::Address;

/// First and last four digits: `0x15d3…6A65`.
pub fn short_address(address: Address) -> String {
    let text = address.to_string();
    format!("{}…{}", &text[..6], &text[text.len() - 4..])
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test(unsupported = test)]
    fn addresses_show_both_ends() {
        let address = "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65".parse().expect("a valid address");
        assert_eq!(short_address(address), "0x15d3…6A65");
    }
}
