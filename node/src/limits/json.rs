//! Reading JSON of strangers without building more than it is worth.
//!
//! A tree of values takes up to a hundred times the bytes of its text: a map costs 600 bytes for the seven of
//! `{"":0},`. So what is large is read raw or into types that keep what they need, and where a tree is built the values
//! are counted first.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The most values in a document that is read into a tree: profiles, settings, subscriptions, a list of calls.
pub const MAX_VALUES: usize = 2000;
/// The most values in an envelope, which has eleven.
pub const MAX_ENVELOPE_VALUES: usize = 64;

/// Whether a JSON text has at most so many values, names of members not counted. A text that is no JSON is taken for
/// one here; whoever reads it finds out.
pub fn has_at_most(text: &str, values: usize) -> bool {
    let (mut in_string, mut escaped, mut count) = (false, false, 1_usize);
    for byte in text.bytes() {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'[' | b'{' | b',') => count += 1,
            _ => {}
        }
    }
    count <= values
}

/// The item at a place of a JSON array, as it is written; `None` if there is none, or the text is no array.
pub fn item(array: &str, place: usize) -> Option<&RawValue> {
    let mut deserializer = serde_json::Deserializer::from_str(array);
    let item = Item(place).deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(item)
}

struct Item(usize);

impl<'de> DeserializeSeed<'de> for Item {
    type Value = &'de RawValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Item {
    type Value = &'de RawValue;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an array with an item at {}", self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        for _ in 0..self.0 {
            items.next_element::<IgnoredAny>()?;
        }
        let item = items.next_element()?.ok_or_else(|| A::Error::custom("too short"))?;
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_and_what_stands_in_texts_is_not() {
        for (text, values) in
            [("1", 1), (r#"{"a":1,"b":[2,3]}"#, 5), (r#"["[,{","\"[,"]"#, 3), (r#""\\",""#, 2), ("", 1)]
        {
            assert!(has_at_most(text, values), "{text}");
            assert!(!has_at_most(text, values - 1), "{text}");
        }
        let many = format!("[{}0]", r#"{"":0},"#.repeat(100_000));
        assert!(!has_at_most(&many, MAX_VALUES));
    }

    #[test]
    fn an_item_is_given_as_it_is_written() {
        assert_eq!(item(r#"["event", {"a" : 1}, 2]"#, 1).map(RawValue::get), Some(r#"{"a" : 1}"#));
        assert_eq!(item("[]", 0).map(RawValue::get), None);
        assert_eq!(item(r#"{"0":1}"#, 0).map(RawValue::get), None);
        assert_eq!(item("[1] 2", 0).map(RawValue::get), None);
        assert_eq!(item("[1", 0).map(RawValue::get), None);
    }
}
