//! Bringing a text to the clipboard.

use leptos::prelude::{document, window};
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, HtmlDocument};

/// The event in which a page may say what is copied.
const COPY: &str = "copy";

/// Copies, and tells whether it was done.
pub(super) fn copy(text: String, told: Box<dyn FnOnce(bool)>) {
    let clipboard = window().navigator().clipboard();
    // Pages that were not fetched by https have none.
    let writing = (!clipboard.is_undefined()).then(|| clipboard.write_text(&text));
    spawn_local(async move {
        let written = match writing {
            Some(writing) => JsFuture::from(writing).await.is_ok(),
            None => false,
        };
        told(written || copy_by_command(text));
    });
}

/// The older way, which is open where the page's Permissions-Policy closes the other.
fn copy_by_command(text: String) -> bool {
    let Ok(document) = document().dyn_into::<HtmlDocument>() else { return false };
    let on_copy = Closure::<dyn FnMut(ClipboardEvent)>::new(move |event: ClipboardEvent| {
        let data = event.clipboard_data();
        if data.is_some_and(|data| data.set_data("text/plain", &text).is_ok()) {
            event.prevent_default();
        }
    });
    let on_copy = on_copy.as_ref().unchecked_ref();
    // Both fail for names that are no text.
    let _ = document.add_event_listener_with_callback_and_bool(COPY, on_copy, true);
    let copied = document.exec_command(COPY).unwrap_or(false);
    let _ = document.remove_event_listener_with_callback_and_bool(COPY, on_copy, true);
    copied
}
