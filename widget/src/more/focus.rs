//! Where the focus goes.

use leptos::prelude::{document, request_animation_frame};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, NodeList, ShadowRoot};

pub(super) use crate::view::focus::{element, focus, has_keyboard, screen};

/// For how many frames something that is on its way is waited for: five seconds of most displays.
const FRAMES: u16 = 300;

/// Gives the focus to an element that is about to be drawn.
pub(super) fn focus_later(within: Element, selector: &'static str) {
    request_animation_frame(move || focus(&within, selector));
}

/// The same where it takes a while, because something has to be read or written first. `from` may have the focus until then, or
/// what got it because what had it is gone (`widget/js/focus.js`), or nothing; whoever goes on elsewhere, also on the
/// page around, is left there.
pub(super) fn focus_when_drawn(within: Element, selector: &'static str, from: &'static str) {
    wait(within, selector, from, FRAMES);
}

fn wait(within: Element, selector: &'static str, from: &'static str, frames: u16) {
    request_animation_frame(move || {
        let is_elsewhere =
            |focused: Element| focused.matches(from) == Ok(false) && !focused.has_attribute("data-for-now");
        if focused(&within).is_some_and(is_elsewhere) {
            return;
        }
        match within.query_selector(selector).ok().flatten() {
            // After what gives the focus to a screen as soon as it stands.
            Some(_) => focus_later(within, selector),
            None if frames > 0 => wait(within, selector, from, frames - 1),
            None => {}
        }
    });
}

/// What has the focus in the element or on the page.
fn focused(within: &Element) -> Option<Element> {
    let root = within.get_root_node();
    let inside = root.dyn_ref::<ShadowRoot>().and_then(ShadowRoot::active_element);
    inside.or_else(|| document().active_element()).filter(|focused| focused.tag_name() != "BODY")
}

/// Where somebody goes on in a conversation who has not said that they want to write.
pub(super) fn place_to_write() -> &'static str {
    if has_keyboard() { ".composer textarea" } else { "h2[tabindex]" }
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
