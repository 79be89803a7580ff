//! A picture, as large as the element is.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use web_sys::EventTarget;

use super::received::{file_link, image};
use crate::app::App;
use crate::app::files::{Files, Item, Look};
use crate::more::focus::{element, focus, screen};
use crate::texts::{FilesWord, picture_named, say};
use crate::view::attributes::{attrs, class};
use crate::view::icons::{Picture, icon};
use crate::view::{OnClick, OnKey};

/// The picture that is shown large, if there is one.
pub(super) fn viewer(app: &App) -> Option<AnyView> {
    let item = Files::with(app.state, |files| {
        let (of, place) = files.large.as_ref()?;
        files.shown.get(of)?.get(*place).cloned()
    })?;
    let Item { look: Look::Picture { url, .. }, .. } = &item else { return None };
    let keys: OnKey = {
        let app = app.clone();
        Box::new(move |event: KeyboardEvent| {
            // The panel's own Escape would close the whole chat; nothing else behind it is to be reached.
            match event.key().as_str() {
                "Escape" => {
                    event.prevent_default();
                    event.stop_propagation();
                    close(&app, event.target());
                }
                "Tab" => {
                    event.prevent_default();
                    go_on(event.target());
                }
                _ => {}
            }
        })
    };
    let leave: OnClick = {
        let app = app.clone();
        Box::new(move |event: leptos::ev::MouseEvent| {
            let pressed = element(event.target());
            // The picture itself and the way to save it are no way out.
            if pressed.is_none_or(|it| it.closest("img, a").ok().flatten().is_none()) {
                close(&app, event.target());
            }
        })
    };
    let view = view! {
        <div {attrs(&[("class", "viewer"), ("role", "dialog"), ("aria-modal", "true"), ("aria-label", &picture_named(&item.name))])} on:keydown=keys on:click=leave>
            <button {attrs(&[("class", "icon-button viewer-close"), ("type", "button"), ("aria-label", say(FilesWord::Close))])}>
                {icon(Picture::Close)}
            </button>
            <div {class("viewer-picture")}>{image("", url, &picture_named(&item.name), None, Box::new(|_| ()))}</div>
            {file_link(url, &item)}
        </div>
    };
    Some(view.into_any())
}

fn close(app: &App, from: Option<EventTarget>) {
    let (opened, screen) = (Files::now(app.state).large, screen(from));
    Files::change(app.state, |files| files.large = None);
    if let (Some((of, place)), Some(screen)) = (opened, screen) {
        focus(&screen, &format!("[data-file=\"{of} {place}\"]"));
    }
}

/// Between the two things there are to be pressed.
fn go_on(from: Option<EventTarget>) {
    let Some(from) = element(from) else { return };
    let other = if from.tag_name().eq_ignore_ascii_case("a") { ".viewer-close" } else { "a.file" };
    if let Some(viewer) = from.closest(".viewer").ok().flatten() {
        focus(&viewer, other);
    }
}
