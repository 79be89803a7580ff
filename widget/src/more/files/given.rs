//! Files that somebody chooses, drops or pastes.

use std::cell::Cell;
use std::time::Duration;

use dm3_core::device::Trust;
use js_sys::Array;
use leptos::prelude::{document, set_timeout};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, File, HtmlInputElement};

use crate::app::files::{Content, Files, Given};
use crate::app::state::{Composing, ThreadState};
use crate::app::{App, Command, FilesAsk};

/// So long files are not held above the conversation any more if the browser does not say that they are.
const HOVERS: Duration = Duration::from_millis(700);

thread_local! {
    /// Counts what the browser says of files that are held above the conversation.
    static HOVER: Cell<u64> = const { Cell::new(0) };
}

/// Files were given; none: some are held above the conversation.
pub(super) fn given(app: &App, files: &Array) {
    if !takes_files(app) {
        return;
    }
    if files.length() == 0 {
        return hover(app);
    }
    Files::change(app.state, |files| files.hovering = false);
    let given = files.iter().filter_map(|file| Some(as_given(file.dyn_into().ok()?))).collect();
    app.command(Command::files(FilesAsk::Attach(given)));
}

/// Whether there is a message that they could go with.
fn takes_files(app: &App) -> bool {
    let is_edit = app.state.composing.with_untracked(|it| matches!(it, Composing::Edit { .. }));
    let is_welcome = |it: &ThreadState| it.standing.trust == Trust::Accepted;
    !is_edit && app.state.thread.with_untracked(|thread| thread.as_ref().is_some_and(is_welcome))
}

fn hover(app: &App) {
    let now = HOVER.get() + 1;
    HOVER.set(now);
    if !Files::now(app.state).hovering {
        Files::change(app.state, |files| files.hovering = true);
    }
    let state = app.state;
    let end = move || {
        if HOVER.get() == now && Files::now(state).hovering {
            Files::change(state, |files| files.hovering = false);
        }
    };
    set_timeout(end, HOVERS);
}

fn as_given(file: File) -> Given {
    let (name, claimed, size) = (file.name(), file.type_(), file.size());
    Given { name, claimed, size, content: Content::Page(file) }
}

/// Lets somebody choose files.
pub(super) fn choose(app: &App) {
    if !takes_files(app) {
        return;
    }
    let Ok(field) = document().create_element("input") else { return };
    let field: HtmlInputElement = field.unchecked_into();
    field.set_type("file");
    field.set_multiple(true);
    let app = app.clone();
    let chosen = Closure::once_into_js(move |event: Event| {
        let field = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(files) = field.and_then(|field| field.files()) {
            given(&app, &Array::from(&files));
        }
    });
    // Fails for nothing that is a function.
    let _ = field.add_event_listener_with_callback("change", chosen.unchecked_ref());
    field.click();
}
