//! Texts without what only their spelling tells apart. The browser knows how; its tables need not be carried along.

use js_sys::{JsString, RegExp};

/// Accents and the like, which stand behind their letters after NFKD, and the vowel signs of Arabic.
const MARKS: &str = "[\u{300}-\u{36f}\u{64b}-\u{652}]";

/// A text in small letters, without accents, and with one spelling for what looks alike (NFKD).
pub fn fold(text: &str) -> String {
    let small = JsString::from(text).to_lower_case().normalize("NFKD");
    small.replace_by_pattern(&RegExp::new(MARKS, "g"), "").into()
}
