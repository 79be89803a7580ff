//! When the browser is online again.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::Window;

/// Listens to the window's `online` event (HTML standard, "Browser state") until it is dropped.
pub struct Online {
    window: Option<Window>,
    on_online: Closure<dyn FnMut()>,
}

impl Online {
    /// Calls `on_online` when the browser has a network again.
    pub fn watch(on_online: impl Fn() + 'static) -> Self {
        let on_online: Closure<dyn FnMut()> = Closure::new(on_online);
        let window = web_sys::window();
        if let Some(window) = &window {
            // Fails for names that are no text.
            let _ = window.add_event_listener_with_callback("online", on_online.as_ref().unchecked_ref());
        }
        Self { window, on_online }
    }
}

impl Drop for Online {
    fn drop(&mut self) {
        if let Some(window) = &self.window {
            let _ =
                window.remove_event_listener_with_callback("online", self.on_online.as_ref().unchecked_ref());
        }
    }
}
