//! Which screen stands, and where the focus goes when another takes its place.

use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::identity::Address;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, HtmlElement, Node};

use super::attributes::class;
use super::list::list;
use super::states::{failed, part_missing, starting};
use super::thread::thread;
use super::{on_click, part};
use crate::app::App;
use crate::app::part::Loading;
use crate::app::state::{Screen, SignInStep, State, Way};

/// A screen without what changes while it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Starting,
    /// Its steps are one place; where something is explained or asked for in between, that is another.
    SignIn(Aside),
    List,
    /// Another peer is another place: nothing typed for one may be left over for the next.
    Thread(Option<Address>),
    /// Each of its steps is another.
    Backup(u8),
    Failed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Aside {
    None,
    Ways(Option<Way>),
    Code,
}

impl Aside {
    const fn of(step: &SignInStep) -> Self {
        match step {
            SignInStep::OtherKeys(ways) => Self::Ways(ways.way),
            SignInStep::KeepCode { .. } => Self::Code,
            SignInStep::Connect { .. }
            | SignInStep::CreateKeys { .. }
            | SignInStep::PublishProfile { .. }
            | SignInStep::Finishing => Self::None,
        }
    }
}

impl Place {
    fn of(state: State) -> Self {
        state.screen.with(|screen| match screen {
            Screen::Starting => Self::Starting,
            Screen::SignIn(at) => Self::SignIn(Aside::of(&at.step)),
            Screen::List => Self::List,
            Screen::Thread => {
                Self::Thread(state.thread.with(|t| t.as_ref().map(|thread| thread.peer.address)))
            }
            Screen::Backup(at) => Self::Backup(at.place),
            Screen::Failed(_) => Self::Failed,
        })
    }
}

/// Everything inside the panel.
#[component]
pub fn Chat(
    /// The element's handle.
    app: App,
) -> impl IntoView {
    let (state, parts) = (app.state, app.parts);
    // The panel's root while somebody is in it. A screen that changes by itself must not take the focus from
    // somebody who is elsewhere on the page.
    let engaged = Rc::new(RefCell::new(None::<HtmlElement>));
    let entered = {
        let engaged = Rc::clone(&engaged);
        on_focus(move |event| *engaged.borrow_mut() = root_of(&event))
    };
    let left = {
        let engaged = Rc::clone(&engaged);
        on_focus(move |event| {
            let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
            if to.is_some_and(|to| root_of(&event).is_some_and(|root| !root.contains(Some(&to)))) {
                *engaged.borrow_mut() = None;
            }
        })
    };
    Effect::new(move |before: Option<(Place, String)>| {
        let (place, draft) = (Place::of(state), state.draft.get());
        match before {
            // A page may offer another text while the conversation is open, but never over what somebody typed.
            Some((before, old_draft)) if before == place => {
                if draft != old_draft && state.text.with_untracked(|text| *text == old_draft) {
                    state.text.set(draft.clone());
                }
            }
            before => {
                state.query.set(String::new());
                state.menu.set(false);
                state.choosing.set(false);
                match place {
                    Place::SignIn(Aside::None) => parts.sign_in.ask(),
                    Place::SignIn(_) => parts.keys.ask(),
                    Place::Backup(_) => parts.backup.ask(),
                    _ => {}
                }
                let is_thread = matches!(place, Place::Thread(_));
                state.text.set(if is_thread { draft.clone() } else { String::new() });
                if let Some(root) = before.and_then(|_| engaged.borrow().clone()) {
                    request_animation_frame(move || focus_screen(&root));
                }
            }
        }
        (place, draft)
    });
    let screen = part(move || match state.screen.get() {
        Screen::Starting => starting(&app),
        Screen::SignIn(at) if Aside::of(&at.step) == Aside::None => match parts.sign_in.state() {
            Loading::There(part) => (part.view)(&app, at),
            Loading::Waiting => starting(&app),
            Loading::Missing(why) => part_missing(&app, why, on_click(move || parts.sign_in.ask())),
        },
        Screen::SignIn(at) => match parts.keys.state() {
            Loading::There(part) => (part.view)(&app, &at).unwrap_or_else(|| starting(&app)),
            Loading::Waiting => starting(&app),
            Loading::Missing(why) => part_missing(&app, why, on_click(move || parts.keys.ask())),
        },
        Screen::List => list(&app),
        Screen::Thread => thread(&app),
        Screen::Backup(at) => match parts.backup.state() {
            Loading::There(part) => (part.view)(&app, &at),
            Loading::Waiting => starting(&app),
            Loading::Missing(why) => part_missing(&app, why, on_click(move || parts.backup.ask())),
        },
        Screen::Failed(fault) => failed(&app, &fault),
    });
    view! {
        <div {class("screen")} on:focusin=entered on:focusout=left>
            {screen}
        </div>
    }
}

fn on_focus(act: impl FnMut(FocusEvent) + 'static) -> Box<dyn FnMut(FocusEvent)> {
    Box::new(act)
}

fn root_of(event: &FocusEvent) -> Option<HtmlElement> {
    let inside = event.target()?.dyn_into::<Element>().ok()?;
    inside.closest(".screen").ok()??.dyn_into().ok()
}

/// A field takes the focus only where that opens no on-screen keyboard; else the heading does.
fn focus_screen(root: &HtmlElement) {
    let fine = window().match_media("(pointer: fine)").ok().flatten().is_some_and(|query| query.matches());
    let field = if fine { root.query_selector("[data-autofocus]").ok().flatten() } else { None };
    let target = field.or_else(|| root.query_selector("h2[tabindex]").ok().flatten());
    if let Some(target) = target.and_then(|target| target.dyn_into::<HtmlElement>().ok()) {
        // An element that cannot take the focus leaves it where it is.
        let _ = target.focus();
    }
}
