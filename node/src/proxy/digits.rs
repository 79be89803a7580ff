//! Hexadecimal digits as JSON-RPC has them.

/// `0x` and digits, not longer than this in all.
pub(super) fn is_hex(text: &str, max: usize) -> bool {
    text.len() <= max
        && text.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}
