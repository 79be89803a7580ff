//! The field grows with what is in it, where the browser does not see to that (`field-sizing`).

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::app::state::State;

/// Follows what is typed into the field of the screen in which `place` stands.
pub(super) fn grow(state: State, place: NodeRef<Div>) {
    Effect::new(move |_: Option<()>| {
        state.text.with(|_| ());
        let screen = place.get().and_then(|place| place.closest(".screen").ok().flatten());
        let field = screen.and_then(|screen| screen.query_selector(".composer textarea").ok().flatten());
        if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
            // Once the text is in it.
            request_animation_frame(move || fit(&field));
        }
    });
}

/// Makes it as high as its text; the styles say how high at most.
fn fit(field: &HtmlElement) {
    let styles = window().get_computed_style(field).ok().flatten();
    let sizing = styles.and_then(|styles| styles.get_property_value("field-sizing").ok());
    if sizing.is_some_and(|sizing| sizing == "content") {
        return;
    }
    let style = field.style();
    // What can't be set leaves it as high as it is.
    let _ = style.set_property("block-size", "auto");
    let borders = field.offset_height() - field.client_height();
    let _ = style.set_property("block-size", &format!("{}px", field.scroll_height() + borders));
}
