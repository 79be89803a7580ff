//! Whether somebody can see the page.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, VisibilityState};

/// Watches the page's visibility (Page Visibility of the HTML standard) until it is dropped.
pub struct Visibility {
    document: Option<Document>,
    on_change: Closure<dyn FnMut()>,
}

impl Visibility {
    /// Calls `on_change` when the page became visible or was hidden.
    pub fn watch(on_change: impl Fn() + 'static) -> Self {
        let on_change: Closure<dyn FnMut()> = Closure::new(on_change);
        let document = web_sys::window().and_then(|window| window.document());
        if let Some(document) = &document {
            // Fails for names that are no text.
            let _ = document
                .add_event_listener_with_callback("visibilitychange", on_change.as_ref().unchecked_ref());
        }
        Self { document, on_change }
    }

    /// Whether the page's tab is the chosen one, in a window that is not minimised.
    pub fn is_visible(&self) -> bool {
        self.document.as_ref().is_some_and(|document| document.visibility_state() == VisibilityState::Visible)
    }
}

impl Drop for Visibility {
    fn drop(&mut self) {
        if let Some(document) = &self.document {
            let _ = document.remove_event_listener_with_callback(
                "visibilitychange",
                self.on_change.as_ref().unchecked_ref(),
            );
        }
    }
}
