//! Where the focus goes.

use leptos::prelude::request_animation_frame;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlElement};

/// What was clicked, or had the focus.
pub(super) fn element(target: Option<EventTarget>) -> Option<Element> {
    target?.dyn_into().ok()
}

/// The screen around it.
pub(super) fn screen(target: Option<EventTarget>) -> Option<Element> {
    element(target)?.closest(".screen").ok()?
}

/// Gives the focus to an element.
pub(super) fn focus(within: &Element, selector: &str) {
    let target = within.query_selector(selector).ok().flatten();
    if let Some(target) = target.and_then(|target| target.dyn_into::<HtmlElement>().ok()) {
        // What can't take the focus leaves it where it is.
        let _ = target.focus();
    }
}

/// Gives the focus to an element that is about to be drawn.
pub(super) fn focus_later(within: Element, selector: &'static str) {
    request_animation_frame(move || focus(&within, selector));
}
