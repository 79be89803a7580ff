//! Where the focus goes.

use leptos::prelude::window;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlElement};

/// What was clicked, or had the focus.
pub fn element(target: Option<EventTarget>) -> Option<Element> {
    target?.dyn_into().ok()
}

/// The screen around it.
pub fn screen(target: Option<EventTarget>) -> Option<Element> {
    element(target)?.closest(".screen").ok()?
}

/// Gives the focus to an element.
pub fn focus(within: &Element, selector: &str) {
    let target = within.query_selector(selector).ok().flatten();
    if let Some(target) = target.and_then(|target| target.dyn_into::<HtmlElement>().ok()) {
        // What can't take the focus leaves it where it is.
        let _ = target.focus();
    }
}

/// Whether a field that gets the focus leaves the screen as it is: elsewhere a keyboard would cover half of it.
pub fn has_keyboard() -> bool {
    window().match_media("(pointer: fine)").ok().flatten().is_some_and(|query| query.matches())
}
