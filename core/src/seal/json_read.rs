//! JSON text into values (RFC 8259).
//!
//! Reads what `serde_json::from_str` reads, and refuses what it refuses; the tests compare the two. It is here for the
//! element: serde_json's reader and its exact doubles take 14 KB more after brotli, while the page has doubles
//! already ([`number`](super::json_number)), and it can't read the halves of surrogate pairs that JavaScript
//! writes.

use serde_json::{Map, Number, Value};

use super::json_number;
use super::json_text::{FIRST_SURROGATE, MASK, is_low, is_mask, unit_of};

/// Objects and arrays within each other, at most.
const MAX_DEPTH: usize = 127;

/// Reads JSON text; `None` if it is none, or nested more than 127 deep, or holds a number above the range of doubles
/// or half of a surrogate pair.
pub fn parse(text: &str) -> Option<Value> {
    parse_masked(text).filter(|(_, masked)| !masked).map(|(value, _)| value)
}

/// Reads JSON text; tells whether halves of surrogate pairs in it are masked
/// ([`json_text`](super::json_text)). `None` if it is no JSON, or can't be masked.
pub(crate) fn parse_masked(text: &str) -> Option<(Value, bool)> {
    let mut reader = Reader { rest: text, masked: false, unmaskable: false };
    let value = reader.value(MAX_DEPTH)?;
    reader.skip_space();
    if !reader.rest.is_empty() || reader.masked && (reader.unmaskable || text.chars().any(is_mask)) {
        return None;
    }
    Some((value, reader.masked))
}

struct Reader<'a> {
    rest: &'a str,
    /// Half of a surrogate pair was read.
    masked: bool,
    /// An escape stands for a character that the halves are masked with.
    unmaskable: bool,
}

impl<'a> Reader<'a> {
    /// A value with at most `depth` objects and arrays within each other.
    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip_space();
        if self.take("{") {
            let mut members = Map::new();
            self.elements("}", depth, |this, depth| {
                this.skip_space();
                let name = this.string()?;
                this.skip_space();
                this.expect(":")?;
                members.insert(name, this.value(depth)?);
                Some(())
            })?;
            return Some(Value::Object(members));
        }
        if self.take("[") {
            let mut items = Vec::new();
            self.elements("]", depth, |this, depth| {
                items.push(this.value(depth)?);
                Some(())
            })?;
            return Some(Value::Array(items));
        }
        if self.rest.starts_with('"') {
            return self.string().map(Value::String);
        }
        if self.take("true") {
            return Some(Value::Bool(true));
        }
        if self.take("false") {
            return Some(Value::Bool(false));
        }
        if self.take("null") {
            return Some(Value::Null);
        }
        self.number().map(Value::Number)
    }

    /// What follows an opening bracket, up to the closing one: elements with commas between them.
    fn elements(
        &mut self,
        close: &str,
        depth: usize,
        mut element: impl FnMut(&mut Self, usize) -> Option<()>,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.skip_space();
        if self.take(close) {
            return Some(());
        }
        loop {
            element(self, depth)?;
            self.skip_space();
            if self.take(close) {
                return Some(());
            }
            self.expect(",")?;
        }
    }

    fn string(&mut self) -> Option<String> {
        self.expect("\"")?;
        let mut out = String::new();
        loop {
            out.push_str(self.cut(plain(self.rest.as_bytes()))?);
            if self.take("\"") {
                return Some(out);
            }
            out.push(self.escape()?);
        }
    }

    /// A character written as an escape. Half of a surrogate pair is masked.
    fn escape(&mut self) -> Option<char> {
        let Some(unit) = unit_of(self.rest) else {
            self.expect("\\")?;
            return Some(match self.cut(1)? {
                "b" => '\u{8}',
                "f" => '\u{c}',
                "n" => '\n',
                "r" => '\r',
                "t" => '\t',
                "\"" => '"',
                "\\" => '\\',
                "/" => '/',
                _ => return None,
            });
        };
        self.cut(6)?;
        let unit = u32::from(unit);
        if !(FIRST_SURROGATE..0xe000).contains(&unit) {
            return char::from_u32(unit);
        }
        let low = unit_of(self.rest).filter(|_| unit < 0xdc00).filter(|low| is_low(*low));
        let Some(low) = low else {
            self.masked = true;
            return char::from_u32(unit - FIRST_SURROGATE + MASK);
        };
        self.cut(6)?;
        let c = char::from_u32(0x1_0000 + ((unit - FIRST_SURROGATE) << 10) + (u32::from(low) - 0xdc00))?;
        self.unmaskable |= is_mask(c);
        Some(c)
    }

    fn number(&mut self) -> Option<Number> {
        let text = self.rest;
        let negative = self.take("-");
        if !self.take("0") {
            self.digits()?;
        }
        let mut whole = true;
        if self.take(".") {
            self.digits()?;
            whole = false;
        }
        if self.take("e") || self.take("E") {
            let _ = self.take("+") || self.take("-");
            self.digits()?;
            whole = false;
        }
        let text = &text[..text.len() - self.rest.len()];
        if whole && negative {
            // Minus zero is a double.
            if let Some(number) = text.parse::<i64>().ok().filter(|number| *number != 0) {
                return Some(number.into());
            }
        } else if whole && let Ok(number) = text.parse::<u64>() {
            return Some(number.into());
        }
        // No number is made from what is infinite.
        Number::from_f64(json_number::read(text))
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.count(|byte| byte.is_ascii_digit());
        self.cut(count).filter(|digits| !digits.is_empty()).map(|_| ())
    }

    fn skip_space(&mut self) {
        let count = self.count(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r'));
        self.rest = &self.rest[count..];
    }

    /// How many bytes in front are of a kind.
    fn count(&self, kind: impl Fn(u8) -> bool) -> usize {
        self.rest.bytes().take_while(|byte| kind(*byte)).count()
    }

    /// Takes so many bytes, if they are whole characters.
    fn cut(&mut self, count: usize) -> Option<&'a str> {
        let (cut, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(cut)
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        self.take(text).then_some(())
    }
}

/// How many bytes in front stand for themselves in a string. Eight at a time: sealed texts are long.
fn plain(bytes: &[u8]) -> usize {
    const EACH: u64 = u64::MAX / 0xff;
    const HIGH: u64 = EACH * 0x80;
    // Sets the high bit of each byte that is below `bound`, which is 0x80 at most; bytes after the first such one may
    // be marked too.
    let below = |eight: u64, bound: u64| eight.wrapping_sub(EACH * bound) & !eight & HIGH;
    let special = |eight: u64| {
        below(eight, 0x20)
            | below(eight ^ (EACH * u64::from(b'"')), 1)
            | below(eight ^ (EACH * u64::from(b'\\')), 1)
    };
    let mut count = 0;
    for chunk in bytes.chunks_exact(8) {
        let mut eight = [0; 8];
        eight.copy_from_slice(chunk);
        let found = special(u64::from_le_bytes(eight));
        if found != 0 {
            return count + found.trailing_zeros() as usize / 8;
        }
        count += 8;
    }
    let mut rest = [0; 8];
    let tail = &bytes[count..];
    rest[..tail.len()].copy_from_slice(tail);
    // The zeros behind the end are control characters.
    count + special(u64::from_le_bytes(rest)).trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reads_as_serde_json_does(text: &str) -> Result<(), TestCaseError> {
        prop_assert_eq!(parse(text), serde_json::from_str::<Value>(text).ok(), "{}", text);
        Ok(())
    }

    /// JSON texts with many spellings of the same, of depth four at most.
    fn json_text() -> impl Strategy<Value = String> {
        let string =
            "\"([a-cé\u{10ffff}\u{1f600}/]|\\\\[\"\\\\/bfnrt]|\\\\u[01dD][08bcdF][0-9a-fA-F]{2}){0,4}\"";
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            Just("false".to_owned()),
            "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
            any::<u64>().prop_map(|number| number.to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<u64>()
                .prop_map(f64::from_bits)
                .prop_filter("finite", |f| f.is_finite())
                .prop_map(|f| format!("{f:e}")),
            string,
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                (prop::collection::vec(inner.clone(), 0..4), "[ \n]?").prop_map(|(items, space)| {
                    format!("[{space}{}{space}]", items.join(&format!("{space},")))
                }),
                (prop::collection::vec((string, inner), 0..4), "[\t\r]?").prop_map(|(members, space)| {
                    let members: Vec<_> =
                        members.iter().map(|(name, value)| format!("{space}{name}{space}:{value}")).collect();
                    format!("{{{}{space}}}", members.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_json_is_read_as_serde_json_does(text in json_text()) {
            reads_as_serde_json_does(&text)?;
        }

        #[test]
        fn what_is_almost_json_is_read_as_serde_json_does(
            text in json_text(), at in any::<prop::sample::Index>(), with in "[-+.,:\"\\\\\\]\\[{}0eEu \u{1}é]{0,2}",
        ) {
            let chars: Vec<_> = text.chars().collect();
            let at = at.index(chars.len());
            let (before, after) = (chars[..at].iter().collect::<String>(), &chars[at..]);
            reads_as_serde_json_does(&format!("{before}{with}{}", after.iter().collect::<String>()))?;
            reads_as_serde_json_does(&format!("{before}{with}{}", after[1..].iter().collect::<String>()))?;
            reads_as_serde_json_does(&before)?;
        }

        #[test]
        fn any_text_is_read_as_serde_json_does(text in ".{0,8}") {
            reads_as_serde_json_does(&text)?;
        }
    }

    proptest! {
        #[test]
        fn plain_bytes_are_counted_eight_at_a_time_as_one_by_one(bytes in prop::collection::vec(
            prop_oneof![4 => 0x20_u8..=0xff, 1 => any::<u8>(), 1 => prop::sample::select(b"\"\\\x1f\x7f\x80".to_vec())], 0..40,
        )) {
            let expected = bytes.iter().take_while(|byte| **byte >= b' ' && **byte != b'"' && **byte != b'\\').count();
            prop_assert_eq!(plain(&bytes), expected);
        }
    }

    #[test]
    fn nesting_is_bounded_as_in_serde_json() {
        for depth in [126, 127, 128, 129, 100_000] {
            let text = "[".repeat(depth) + &"]".repeat(depth);
            assert_eq!(parse(&text).is_some(), depth <= 127, "{depth}");
            assert_eq!(serde_json::from_str::<Value>(&text).is_ok(), depth <= 127, "{depth}");
        }
    }

    #[test]
    fn halves_of_surrogate_pairs_are_masked_on_request_alone() {
        assert_eq!(parse(r#""\ud800""#), None);
        assert_eq!(parse_masked(r#""\ud800""#), Some((Value::String("\u{10f800}".into()), true)));
        assert_eq!(parse_masked(r#""\ud83d\ude00""#), Some((Value::String("\u{1f600}".into()), false)));
        // A text that holds a masking character itself can't be told from a masked one.
        assert_eq!(parse_masked("\"\u{10f800}\\ud800\""), None);
        assert_eq!(parse_masked(r#""\udbfe\udc00\ud800""#), None);
    }
}
