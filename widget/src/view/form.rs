//! What screens on which something is typed and decided have in common.

use leptos::prelude::*;

use super::attributes::attrs;
use super::{OnClick, truth};

/// For fields of secrets: nothing typed there is guessed, corrected or remembered by the browser.
pub const VERBATIM: [(&str, &str); 4] =
    [("autocomplete", "off"), ("autocapitalize", "none"), ("spellcheck", "false"), ("dir", "ltr")];

/// What goes on. One that is blocked says so, and can still be reached.
pub fn button(label: &'static str, blocked: bool, press: OnClick) -> AnyView {
    view! {
        <button {attrs(&[("class", "button"), ("type", "button"), ("aria-disabled", truth(blocked))])} on:click=press>
            {label}
        </button>
    }
    .into_any()
}

/// A way beside.
pub fn link(label: &'static str, press: OnClick) -> AnyView {
    view! {
        <button {attrs(&[("class", "link"), ("type", "button")])} on:click=press>
            {label}
        </button>
    }
    .into_any()
}
