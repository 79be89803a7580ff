//! Back to the list by a swipe from the edge where lines begin, as phones have it.

use std::cell::RefCell;

use leptos::prelude::window;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, PointerEvent};

use crate::app::state::Screen;
use crate::app::{App, Command};
use crate::more::focus::element;
use crate::view::listening::Listening;

/// How near to the edge it begins, in pixels.
const EDGE: f64 = 32.0;
/// How far a finger moves before it is known where it goes.
const SLACK: f64 = 8.0;
/// How far it has to go, of the screen's width.
const FAR: f64 = 0.3;

thread_local! {
    /// The one that is going on, or was the last.
    static SWIPE: RefCell<Option<Listening>> = const { RefCell::new(None) };
}

/// What ends it, and what goes on.
const EVENTS: [&str; 3] = ["pointermove", "pointerup", "pointercancel"];

/// A finger came down somewhere.
pub(super) fn touched(app: &App, event: &Event) {
    let Some(begin) = event.dyn_ref::<PointerEvent>() else { return };
    let screen = element(event.target()).and_then(|target| target.closest(".main").ok().flatten());
    let Some(screen) = screen.and_then(|screen| screen.dyn_into::<HtmlElement>().ok()) else { return };
    let inside = screen.get_bounding_client_rect();
    // The other way round where lines begin at the right.
    let (sign, edge) = match screen.matches(":dir(rtl)") {
        Ok(true) => (-1.0, inside.right()),
        _ => (1.0, inside.left()),
    };
    let (x, y) = (f64::from(begin.client_x()), f64::from(begin.client_y()));
    let is_thread = app.state.screen.with_untracked(|screen| *screen == Screen::Thread);
    if begin.pointer_type() != "touch"
        || !is_thread
        || app.state.wide.get_untracked()
        || (x - edge) * sign > EDGE
    {
        return;
    }
    let (app, width) = (app.clone(), inside.width());
    let still = window()
        .match_media("(prefers-reduced-motion: reduce)")
        .ok()
        .flatten()
        .is_some_and(|it| it.matches());
    let (moved, mut sideways) = (screen.clone(), false);
    let listening = Listening::new(move |event: Event| {
        let Some(now) = event.dyn_ref::<PointerEvent>() else { return };
        let far = (f64::from(now.client_x()) - x) * sign;
        let down = (f64::from(now.client_y()) - y).abs();
        let goes_on = event.type_() == "pointermove" && (sideways || down < SLACK);
        sideways |= far > SLACK && far > down;
        if !goes_on {
            stop(&moved);
            if sideways && event.type_() == "pointerup" && far > width * FAR {
                app.command(Command::Back);
            }
        } else if sideways && !still {
            let style = moved.style();
            // A style that the browser does not take leaves the screen where it is.
            let _ = style.set_property("transition", "none");
            let _ = style.set_property("transform", &format!("translateX({}px)", far.max(0.0) * sign));
        }
    });
    for name in EVENTS {
        // Fails for nothing that is a function.
        let _ = screen.add_event_listener_with_callback(name, listening.as_ref().unchecked_ref());
    }
    SWIPE.with(|swipe| swipe.replace(Some(listening)));
}

/// The screen goes back to its place, and nothing is followed any more.
fn stop(screen: &HtmlElement) {
    for name in ["transition", "transform"] {
        let _ = screen.style().remove_property(name);
    }
    SWIPE.with_borrow(|swipe| {
        let Some(swipe) = swipe else { return };
        for name in EVENTS {
            let _ = screen.remove_event_listener_with_callback(name, swipe.as_ref().unchecked_ref());
        }
    });
}
