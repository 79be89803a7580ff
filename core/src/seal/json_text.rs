//! JSON as text: cut into its elements without being understood, and with the escapes no Rust string can hold.
//!
//! JavaScript strings are UTF-16 and may contain half of a surrogate pair. `JSON.stringify` writes such a half as
//! `\ud800`, and the reference signs it like any other text. A Rust string can't hold it, so while a text is worked
//! on, U+10F800 to U+10FFFF stand for the 2048 halves. A text that uses these characters itself is not masked.

/// The first of the characters that stand for halves of surrogate pairs.
pub(super) const MASK: u32 = 0x10_f800;
/// The first half of a surrogate pair.
pub(super) const FIRST_SURROGATE: u32 = 0xd800;

/// The canonical text of a value whose halves of surrogate pairs are masked.
pub fn unmask(canonical: &str) -> String {
    let mut out = String::with_capacity(canonical.len());
    for c in canonical.chars() {
        if is_mask(c) {
            out.push_str("\\u");
            out.push_str(&hex::encode(((u32::from(c) - MASK + FIRST_SURROGATE) as u16).to_be_bytes()));
        } else {
            out.push(c);
        }
    }
    out
}

pub(super) fn is_mask(c: char) -> bool {
    u32::from(c) >= MASK
}

/// The UTF-16 unit at the start of a text, if it is written as `\uXXXX`.
pub(super) fn unit_of(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    if digits.starts_with('+') { None } else { u16::from_str_radix(digits, 16).ok() }
}

pub(super) fn is_low(unit: u16) -> bool {
    matches!(unit, 0xdc00..=0xdfff)
}

/// The elements of a JSON array or object as text; `brackets` says of which. Whether each is JSON is not looked
/// at: a lone surrogate or deep nesting in one of them must not make the others unreadable.
pub fn split_elements(text: &str, brackets: [char; 2]) -> Option<Vec<&str>> {
    let inner = text.trim().strip_prefix(brackets[0])?.strip_suffix(brackets[1])?;
    let (mut elements, rest) = elements_before(inner);
    let rest = rest?;
    if !elements.is_empty() || !rest.trim().is_empty() {
        elements.push(rest);
    }
    Some(elements)
}

/// The elements of a JSON array of which the beginning came alone: those that are there as a whole.
pub fn split_beginning(text: &str) -> Option<Vec<&str>> {
    text.trim().strip_prefix('[').map(|inner| elements_before(inner).0)
}

/// The elements that a comma follows, and what is behind them, if that is an element or empty.
fn elements_before(inner: &str) -> (Vec<&str>, Option<&str>) {
    let mut elements = Vec::new();
    let (mut depth, mut in_string, mut escaped, mut start) = (0_usize, false, false, 0);
    for (at, byte) in inner.bytes().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth == 0 => return (elements, None),
            b']' | b'}' => depth -= 1,
            b',' if depth == 0 => {
                elements.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    let rest = (!in_string && depth == 0).then(|| &inner[start..]);
    (elements, rest)
}

/// The text of a JSON object without one of its members, everything else byte for byte: what a signature in that
/// member covers if the author did not write canonical JSON. The member's name must be written without escapes.
pub fn without_member(text: &str, member: &str) -> Option<String> {
    let elements = split_elements(text, ['{', '}'])?;
    let mut kept = String::from("{");
    for element in elements {
        let name = element.trim_start().strip_prefix('"').and_then(|rest| rest.strip_prefix(member));
        if name.and_then(|rest| rest.strip_prefix('"')).is_some_and(|rest| rest.trim_start().starts_with(':'))
        {
            continue;
        }
        if kept.len() > 1 {
            kept.push(',');
        }
        kept.push_str(element);
    }
    kept.push('}');
    Some(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::seal::json::canonical;
    use crate::seal::json_read::parse_masked;

    fn through(text: &str) -> String {
        let (value, masked) = parse_masked(text).unwrap();
        let canonical = canonical(&value);
        if masked { unmask(&canonical) } else { canonical }
    }

    #[test]
    fn halves_of_surrogate_pairs_survive_as_javascript_writes_them() {
        for text in [
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\udfff\ud800x\udc00"}"#,
            r#"{"a":["\\\ud83d\\ude00","\ud800\u0001"]}"#,
        ] {
            assert_eq!(through(text), text);
        }
        assert_eq!(through(r#""\uD83D\uDE00\uDC00""#), "\"\u{1f600}\\udc00\"");
        assert_eq!(through(r#""\ud83d\ud83d\ude00""#), "\"\\ud83d\u{1f600}\"");
    }

    #[test]
    fn a_character_that_stands_for_a_half_is_never_taken_for_one() {
        for text in ["\"\u{10f800}\\ud800\"", r#""\udbff\udfff\ud800""#, r#""\udbfe\udc00\ud800""#] {
            assert_eq!(parse_masked(text), None, "{text}");
        }
        assert_eq!(through("\"\u{10ffff}\""), "\"\u{10ffff}\"");
    }

    #[test]
    fn broken_json_stays_broken() {
        for text in
            ["", "\"", "\"\\", "\"\\u\"", "\"\\ud8\"", "\"\\u+d80\"", "{\"a\":\"\\ud800\"", "\"\\ud800\\u\""]
        {
            assert_eq!(parse_masked(text), None, "{text}");
        }
    }

    #[test]
    fn of_a_beginning_every_whole_element_is_read() {
        for end in ["", "{", r#"{"c":["#, r#"{"c":"]"#, r#"{"c":"x\\"#, r#""x","#] {
            let text = format!(r#" [{{"a":"],"}},7, {end}"#);
            assert_eq!(split_beginning(&text).unwrap()[..2], [r#"{"a":"],"}"#, "7"], "{text}");
            assert_eq!(split_elements(&text, ['[', ']']), None);
        }
        assert_eq!(split_beginning("[{}"), Some(Vec::new()));
        assert_eq!(split_beginning(r#"[1,2],"next"#), Some(vec!["1"]));
        assert_eq!((split_beginning(""), split_beginning("{")), (None, None));
    }

    #[test]
    fn a_member_is_cut_out_and_the_rest_stays_as_it_is() {
        let cut = |text| without_member(text, "signature").unwrap();
        assert_eq!(cut(r#"{"a":1.0,"signature":"x"}"#), r#"{"a":1.0}"#);
        assert_eq!(cut(r#"{ "signature" : "x", "a": {"signature":1} }"#), r#"{ "a": {"signature":1} }"#);
        assert_eq!(
            cut(r#"{"signatures":1,"a":"\"signature\":"}"#),
            r#"{"signatures":1,"a":"\"signature\":"}"#
        );
        assert_eq!(cut("{}"), "{}");
        assert_eq!(without_member("[1]", "signature"), None);
    }

    proptest! {
        #[test]
        fn any_units_are_written_back_as_javascript_writes_them(units in proptest::collection::vec(any::<u16>(), 0..12)) {
            // Units that stand for themselves, as JSON.stringify writes them; the halves among them escaped.
            let expected: String = char::decode_utf16(units.iter().copied())
                .map(|c| match c {
                    Ok(c) => canonical(&Value::from(c.to_string())).trim_matches('"').to_owned(),
                    Err(half) => format!("\\u{:04x}", half.unpaired_surrogate()),
                })
                .collect();
            let whole: String = char::decode_utf16(units.iter().copied()).filter_map(Result::ok).collect();
            prop_assume!(!whole.contains(['"', '\\']) && !whole.chars().any(is_mask));
            let escaped: String = units.iter().map(|unit| format!("\\u{unit:04X}")).collect();
            prop_assert_eq!(through(&format!("\"{escaped}\"")), format!("\"{expected}\""));
        }

        #[test]
        fn hostile_text_never_panics(text in "[\\[\\]{},\"\\\\uéd8f0:a1 ]{0,60}") {
            let _ = parse_masked(&text);
            let _ = without_member(&text, "a");
            if let Ok(Value::Array(array)) = serde_json::from_str(&text) {
                prop_assert_eq!(split_elements(&text, ['[', ']']).map(|elements| elements.len()), Some(array.len()));
            }
        }
    }
}
