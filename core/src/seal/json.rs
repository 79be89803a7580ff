//! The exact JSON text that is hashed and signed.
//!
//! The reference serialises with npm's `safe-stable-stringify`: compact, members sorted by UTF-16 code units
//! at every level, strings and numbers as `JSON.stringify` writes them (ECMA-262 §25.5.2). Every number is a
//! double there, so an integer above 2^53 is rounded here too.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::json_number;
pub use super::json_read::parse;

/// The canonical text of a value.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

/// The greatest whole number that everybody reads alike, 2^53 − 1 (RFC 8259 §6): greater ones may be rounded on the
/// way, by [`canonical`] too.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// A whole number that everybody reads alike.
pub fn integer(value: &Value) -> Option<u64> {
    value.as_u64().filter(|number| *number <= MAX_INTEGER)
}

/// An amount in decimal digits alone: larger numbers than everybody reads alike.
pub fn amount(text: &str) -> Option<u128> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The canonical text of an object.
pub fn canonical_object(object: &Map<String, Value>) -> String {
    let mut out = String::new();
    write_object(&mut out, object, None);
    out
}

/// An object of these members. Unlike `json!`, and `canonical` unlike `to_string`, this needs no serialiser, whose
/// code would be larger in the element.
pub fn object(members: Vec<(&str, Value)>) -> Value {
    let mut object = Map::new();
    for (key, value) in members {
        object.insert(key.to_owned(), value);
    }
    Value::Object(object)
}

/// The canonical text of an object without one of its members: what its own signature covers.
pub fn canonical_without(object: &Map<String, Value>, member: &str) -> String {
    let mut out = String::new();
    write_object(&mut out, object, Some(member));
    out
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            // Every number of serde_json has a double; without one, JavaScript would have read an infinity.
            match number.as_f64().filter(|double| double.is_finite()) {
                Some(double) => json_number::write(out, double),
                None => out.push_str("null"),
            }
        }
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(object) => write_object(out, object, None),
    }
}

fn write_object(out: &mut String, object: &Map<String, Value>, without: Option<&str>) {
    out.push('{');
    // The map is sorted by UTF-8 bytes. UTF-16 units sort alike up to U+DFFF, whose bytes are below EE.
    if object.keys().all(|key| key.bytes().all(|byte| byte < 0xee)) {
        for (key, value) in object {
            write_member(out, key, value, without);
        }
    } else {
        // Sorted by another such map, as no other sorting code is in the element.
        let mut order = Map::new();
        for key in object.keys() {
            order.insert(key.chars().map(utf16_rank).collect(), key.as_str().into());
        }
        for key in order.values().filter_map(Value::as_str) {
            if let Some(value) = object.get(key) {
                write_member(out, key, value, without);
            }
        }
    }
    out.push('}');
}

fn write_member(out: &mut String, key: &str, value: &Value, without: Option<&str>) {
    if without == Some(key) {
        return;
    }
    // No value ends with an opening brace.
    if !out.ends_with('{') {
        out.push(',');
    }
    write_string(out, key);
    out.push(':');
    write_value(out, value);
}

/// Renumbers characters so that their order is that of their UTF-16 units: surrogate pairs, D800 to DFFF, stand
/// before U+E000 to U+FFFF. Each number is used once.
fn utf16_rank(c: char) -> char {
    let rank = match c {
        '\u{e000}'..='\u{ffff}' => u32::from(c) + 0x10_0000,
        '\u{10000}'.. => u32::from(c) - 0x2000,
        _ => return c,
    };
    char::from_u32(rank).unwrap_or(c)
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canon(text: &str) -> String {
        canonical(&parse(text).unwrap())
    }

    #[test]
    fn numbers_are_written_like_javascript_does() {
        for (given, expected) in [
            ("-0", "0"),
            ("1.0", "1"),
            ("1e16", "10000000000000000"),
            ("1e21", "1e+21"),
            ("1e-6", "0.000001"),
            ("1e-7", "1e-7"),
            ("9007199254740993", "9007199254740992"),
            ("123456789012345680000", "123456789012345680000"),
            ("5e-324", "5e-324"),
        ] {
            assert_eq!(canon(given), expected, "{given}");
        }
    }

    proptest! {
        #[test]
        fn every_double_is_written_like_javascript_does(bits: u64) {
            let double = f64::from_bits(bits);
            prop_assume!(double.is_finite());
            let number = serde_json::Number::from_f64(double).unwrap();
            let expected = ryu_js::Buffer::new().format_finite(double).to_owned();
            prop_assert_eq!(canonical(&Value::Number(number)), expected);
        }

        #[test]
        fn every_short_decimal_is_written_like_javascript_does(digits in 1u64..100_000, exponent in -30i32..30) {
            let double: f64 = format!("{digits}e{exponent}").parse().unwrap();
            let number = serde_json::Number::from_f64(double).unwrap();
            let expected = ryu_js::Buffer::new().format_finite(double).to_owned();
            prop_assert_eq!(canonical(&Value::Number(number)), expected);
        }
    }

    #[test]
    fn members_are_sorted_by_utf_16_units() {
        assert_eq!(canon(r#"{"b":1,"a":{"9":0,"10":0}}"#), r#"{"a":{"10":0,"9":0},"b":1}"#);
        // A surrogate pair (U+1F600) sorts before U+FB01, unlike by code point.
        assert_eq!(canon("{\"\u{fb01}\":1,\"\u{1f600}\":2}"), "{\"\u{1f600}\":2,\"\u{fb01}\":1}");
    }

    proptest! {
        #[test]
        fn any_members_are_sorted_by_utf_16_units(
            keys in proptest::collection::btree_set("[a\u{d7ff}\u{e000}-\u{e002}\u{ffff}\u{10000}\u{1f600}\u{10ffff}]{0,3}", 0..20),
        ) {
            let object: Map<_, _> = keys.iter().map(|key| (key.clone(), Value::Null)).collect();
            let mut sorted: Vec<_> = keys.iter().filter(|key| *key != "a").collect();
            sorted.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
            let members: Vec<_> = sorted.iter().map(|key| format!("\"{key}\":null")).collect();
            prop_assert_eq!(canonical_without(&object, "a"), format!("{{{}}}", members.join(",")));
        }
    }

    #[test]
    fn strings_are_escaped_like_json_stringify_does() {
        assert_eq!(
            canon(r#""\u0000\u001f\u007f\u2028\/\"\\\b\f\n\r\t""#),
            "\"\\u0000\\u001f\u{7f}\u{2028}/\\\"\\\\\\b\\f\\n\\r\\t\""
        );
    }
}
