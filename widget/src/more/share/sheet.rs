//! What stands over a conversation, with all that can be pressed in it: the focus stays inside until it is left.

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, EventTarget, HtmlElement};

use crate::app::{Act, App, Command, ShareAsk};
use crate::more::focus::{element, focus, screen};
use crate::texts::{Word, say};
use crate::view::attributes::{attrs, class};
use crate::view::icons::{Picture, icon};
use crate::view::{OnClick, OnKey, is_input_method};

/// Everything that takes the focus.
const STOPS: &str = ".sheet input, .sheet button, .sheet a[href]";

/// A sheet with a title. `first` takes the focus; `after`, in the screen behind it, when it is left.
pub(super) fn sheet(app: &App, title: &str, first: &'static str, after: String, body: AnyView) -> AnyView {
    let place = NodeRef::<Div>::new();
    Effect::new(move |_: Option<()>| {
        if let Some(place) = place.get() {
            request_animation_frame(move || focus(&place, first));
        }
    });
    let keys: OnKey = {
        let (app, after) = (app.clone(), after.clone());
        Box::new(move |event: KeyboardEvent| {
            if is_input_method(&event) {
                return;
            }
            let back = match event.key().as_str() {
                "Escape" => {
                    leave(&app, event.target(), &after);
                    None
                }
                "Tab" => Some(event.shift_key()),
                "ArrowDown" => Some(false),
                "ArrowUp" => Some(true),
                _ => return,
            };
            // The panel's own Escape would close the whole chat; nothing else behind it is to be reached.
            event.prevent_default();
            event.stop_propagation();
            if let Some(back) = back {
                go_on(event.target(), back);
            }
        })
    };
    let close: OnClick = {
        let app = app.clone();
        Box::new(move |event: leptos::ev::MouseEvent| leave(&app, event.target(), &after))
    };
    view! {
        <div {attrs(&[("class", "sheet"), ("role", "dialog"), ("aria-modal", "true"), ("aria-label", title)])} node_ref=place on:keydown=keys>
            <div {class("sheet-top")}>
                <h3>{title.to_owned()}</h3>
                <button {attrs(&[("class", "icon-button sheet-close"), ("type", "button"), ("aria-label", say(Word::Close))])} on:click=close>
                    {icon(Picture::Close)}
                </button>
            </div>
            {body}
        </div>
    }
    .into_any()
}

fn leave(app: &App, from: Option<EventTarget>, after: &str) {
    let behind = screen(from);
    app.command(Command::act(Act::Share(ShareAsk::Leave)));
    if let Some(behind) = behind {
        focus(&behind, after);
    }
}

/// To what comes next, and from the last to the first.
fn go_on(from: Option<EventTarget>, back: bool) {
    let stops = |sheet: Element| sheet.query_selector_all(STOPS).ok();
    let Some(from) = element(from) else { return };
    let Some(stops) = from.closest(".screen").ok().flatten().and_then(stops) else { return };
    let count = stops.length() as i32;
    let is_here = |at: &i32| stops.get(*at as u32).is_some_and(|it| it.is_same_node(Some(&from)));
    let now = (0..count).find(is_here).unwrap_or(-1);
    let next = (now + if back { -1 } else { 1 }).rem_euclid(count.max(1));
    if let Some(next) = stops.get(next as u32).and_then(|next| next.dyn_into::<HtmlElement>().ok()) {
        let _ = next.focus();
    }
}
