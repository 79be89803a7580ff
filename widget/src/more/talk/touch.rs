//! What fingers do, as phones have it: a swipe from the edge where lines begin leads back, and one that stays on a message says
//! what can be done with it.

use std::cell::RefCell;

use gloo_timers::callback::Timeout;
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, PointerEvent};

use super::hold;
use super::menu::{meant, open_menu};
use crate::app::{App, back};
use crate::more::focus::element;
use crate::view::listening::Listening;

/// How near to the edge it begins, in pixels.
const EDGE: f64 = 32.0;
/// How far a finger moves before it is known where it goes.
const SLACK: f64 = 8.0;
/// How far it has to go, of the screen's width.
const FAR: f64 = 0.3;
/// How long a finger stays on a message: milliseconds, as phones have it.
const LONG: u32 = 500;
/// What has a menu of the browser's own.
const OTHERS: &str = "a, img, audio, video";

thread_local! {
    /// The one that is going on, or was the last.
    static SWIPE: RefCell<Option<Listening>> = const { RefCell::new(None) };
}

/// What ends it, and what goes on.
const EVENTS: [&str; 3] = ["pointermove", "pointerup", "pointercancel"];

/// A finger came down somewhere.
pub(super) fn touched(app: &App, event: &Event) {
    let Some(begin) = event.dyn_ref::<PointerEvent>() else { return };
    hold::begin();
    let screen = element(event.target()).and_then(|target| target.closest(".main").ok().flatten());
    let Some(screen) = screen.and_then(|screen| screen.dyn_into::<HtmlElement>().ok()) else { return };
    let inside = screen.get_bounding_client_rect();
    // The other way round where lines begin at the right.
    let (sign, edge) = match screen.matches(":dir(rtl)") {
        Ok(true) => (-1.0, inside.right()),
        _ => (1.0, inside.left()),
    };
    let (x, y) = (f64::from(begin.client_x()), f64::from(begin.client_y()));
    if begin.pointer_type() != "touch" {
        return;
    }
    let leads_back = !app.state.wide.get_untracked() && back(app.state).is_some();
    let is_swipe = leads_back && (x - edge) * sign <= EDGE;
    let mut held = wait(app, event, &screen);
    if !is_swipe && held.is_none() {
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
        if event.type_() != "pointermove" || far.abs().max(down) > SLACK {
            held = None;
        }
        let goes_on =
            event.type_() == "pointermove" && (sideways || down < SLACK) && (is_swipe || held.is_some());
        sideways |= is_swipe && far > SLACK && far > down;
        if !goes_on {
            let leads_back = sideways && event.type_() == "pointerup" && far > width * FAR;
            stop(&moved, leads_back);
            if leads_back {
                back(app.state).into_iter().for_each(|back| app.command(back));
            }
        } else if sideways && !still {
            let style = moved.style();
            // A style that the browser does not take leaves the screen where it is.
            let _ = style.set_property("transition", "none");
            let far = (far.max(0.0) * sign) as i32;
            let _ = style.set_property("transform", &format!("translateX({far}px)"));
        }
    });
    for name in EVENTS {
        // Fails for nothing that is a function.
        let _ = screen.add_event_listener_with_callback(name, listening.as_ref().unchecked_ref());
    }
    SWIPE.with(|swipe| swipe.replace(Some(listening)));
}

/// Opens the menu of the message under a finger, unless it is dropped before.
fn wait(app: &App, event: &Event, screen: &Element) -> Option<Timeout> {
    let under = element(event.target())?;
    let message = under.closest(".message").ok()??;
    if !matches!(under.closest(OTHERS), Ok(None)) {
        return None;
    }
    let (app, hash, screen) = (app.clone(), meant(&message)?, screen.clone());
    Some(Timeout::new(LONG, move || {
        // It may have been drawn anew meanwhile: it was accepted, or read.
        let message = screen.query_selector(&format!("[data-of=\"{hash}\"] .message")).ok().flatten();
        if let Some(message) = message {
            hold::opened();
            open_menu(&app, hash, &message);
        }
    }))
}

/// The screen goes back to its place, and nothing is followed any more.
fn stop(screen: &HtmlElement, leads_back: bool) {
    if leads_back {
        // What stands there next is there at once, for the next finger, too: it does not slide in.
        let _ = screen.style().remove_property("transform");
        screen.offset_width();
    }
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
