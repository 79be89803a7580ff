//! Reading objects that others made. Getters and proxies may throw, texts may be endless.

use js_sys::{JsString, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// A member; `undefined` if it can't be read.
pub fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// A text of at most `max` UTF-16 units. Nothing longer is copied.
pub fn text(value: &JsValue, max: u32) -> Option<String> {
    let text = value.dyn_ref::<JsString>()?;
    (text.length() <= max).then(|| text.into())
}

/// The first `max` characters of a text, on one line and without characters that turn or hide others.
pub fn clean(text: &str, max: usize) -> String {
    let shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let text: String = text.chars().filter(shown).take(max).collect();
    text.trim().to_owned()
}

/// The beginning of a text that may be long.
pub fn beginning(value: &JsValue, max: u32) -> Option<String> {
    let text = value.dyn_ref::<JsString>()?;
    Some(text.slice(0, max).into())
}
