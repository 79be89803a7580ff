//! What the window tells: that the network is back, that the page was left or is there again.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, Window};

/// Listens to an event of the window until it is dropped.
pub struct WindowListener {
    window: Option<Window>,
    name: &'static str,
    on_event: Closure<dyn FnMut(Event)>,
}

impl WindowListener {
    /// Calls `on_event` with each event of this name.
    pub fn new(name: &'static str, on_event: impl FnMut(Event) + 'static) -> Self {
        let on_event: Closure<dyn FnMut(Event)> = Closure::new(on_event);
        let window = web_sys::window();
        if let Some(window) = &window {
            // Fails for names that are no text.
            let _ = window.add_event_listener_with_callback(name, on_event.as_ref().unchecked_ref());
        }
        Self { window, name, on_event }
    }
}

impl Drop for WindowListener {
    fn drop(&mut self) {
        if let Some(window) = &self.window {
            let _ =
                window.remove_event_listener_with_callback(self.name, self.on_event.as_ref().unchecked_ref());
        }
    }
}
