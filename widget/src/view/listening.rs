//! What is listened for on the whole element, and done by parts: files that are dropped or pasted, fingers, and Escape.

use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{ClipboardEvent, DragEvent, Event, HtmlElement};

use super::account::{escaped, pressed};
use super::files::load;
use super::talk::with_talk;
use crate::app::App;
use crate::app::state::Screen;

/// Listens for as long as it is held.
pub type Listening = Closure<dyn FnMut(Event)>;

/// Listens on the element into which the views are mounted.
pub fn listen(app: &App, root: &HtmlElement) -> Listening {
    let app = app.clone();
    let listening = Listening::new(move |event: Event| {
        let name = event.type_();
        if name == "pointerdown" {
            pressed(&app, &event);
        }
        if name == "keydown" {
            escaped(&app, &event);
        }
        if ["keydown", "pointerdown"].contains(&name.as_str()) {
            with_talk(&app, |talk| (talk.happened)(&app, &event));
            return;
        }
        if app.state.screen.with_untracked(|screen| *screen != Screen::Thread) {
            return;
        }
        let data = match event.dyn_ref::<DragEvent>() {
            Some(event) => event.data_transfer(),
            None => event.unchecked_ref::<ClipboardEvent>().clipboard_data(),
        };
        let Some(data) = data.filter(|data| data.types().includes(&"Files".into(), 0)) else { return };
        event.prevent_default();
        // Which ones, the browser tells when they are given.
        let files = data.files().filter(|_| name != "dragover");
        let files = files.map(|files| Array::from(&files)).unwrap_or_default();
        let given = app.clone();
        load(&app, Box::new(move |part| (part.given)(&given, &files)));
    });
    for name in ["paste", "drop", "dragover", "keydown", "pointerdown"] {
        // Fails for nothing that is a function.
        let _ = root.add_event_listener_with_callback(name, listening.as_ref().unchecked_ref());
    }
    listening
}
