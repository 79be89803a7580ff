//! Where the focus goes.

use leptos::prelude::request_animation_frame;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlElement, NodeList};

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

/// Things that arrows lead through, in the order of the page.
pub(super) struct Row(NodeList);

impl Row {
    /// Those within an element that fit a selector.
    pub(super) fn of(within: &Element, selector: &str) -> Option<Self> {
        within.query_selector_all(selector).ok().map(Self)
    }

    pub(super) fn count(&self) -> i32 {
        self.0.length().cast_signed()
    }

    /// Where among them an element stands.
    pub(super) fn place(&self, of: &Element) -> Option<i32> {
        (0..self.count()).find(|place| self.at(*place).is_some_and(|it| it.is_same_node(Some(of))))
    }

    /// Gives the focus to the one at a place, if there is one.
    pub(super) fn focus(&self, place: i32) -> Option<HtmlElement> {
        let it = self.at(place)?.dyn_into::<HtmlElement>().ok()?;
        // What can't take the focus leaves it where it is.
        let _ = it.focus();
        Some(it)
    }

    fn at(&self, place: i32) -> Option<web_sys::Node> {
        self.0.get(u32::try_from(place).ok()?)
    }
}
