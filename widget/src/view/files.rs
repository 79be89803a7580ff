//! The part for attachments, as the screen reaches it: it is loaded when there are some, or when somebody gives some.

use dm3_core::message::MessageHash;
use leptos::prelude::AnyView;

use crate::app::part::Loading;
use crate::app::{App, FilesPart};

/// Uses the part, now or once it is loaded. Boxed, so that the code that loads it exists once.
pub(super) fn load(app: &App, act: Box<dyn FnOnce(FilesPart)>) {
    app.parts.files.with(act);
}

/// Uses the part, if it is there.
pub(super) fn with_files(app: &App, by: impl FnOnce(FilesPart) -> AnyView) -> Option<AnyView> {
    match app.parts.files.state() {
        Loading::There(files) => Some(by(files)),
        Loading::Waiting | Loading::Missing(_) => None,
    }
}

/// The attachments of a message, once the part is there.
pub(super) fn shown_files(app: &App, of: &MessageHash) -> Option<AnyView> {
    if matches!(app.parts.files.state(), Loading::Waiting) {
        load(app, Box::new(|_| ()));
    }
    with_files(app, |files| (files.shown)(app, of))
}

/// Lets somebody choose files.
pub(super) fn choose(app: &App) {
    let given = app.clone();
    load(app, Box::new(move |files| (files.choose)(&given)));
}
