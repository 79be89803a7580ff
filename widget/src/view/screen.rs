//! Which screen stands, whether the list stands beside it, and where the focus goes when another takes its place.

use std::cell::RefCell;
use std::rc::Rc;

use dm3_core::identity::Address;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, HtmlElement, Node};

use super::attributes::class;
use super::focus::{element, has_keyboard};
use super::list::{list, row_of};
use super::panel::slot;
use super::rows::rows;
use super::site::FORM;
use super::states::{failed, finding, nothing_open, part_missing, starting};
use super::thread::thread;
use super::{OnClick, on_click, part, when};
use crate::app::part::{Loading, Part};
use crate::app::search_texts::KEPT;
use crate::app::state::{Apart, Screen, SignIn, SignInStep, State, ThreadState, Way};
use crate::app::{App, Command, ScreenPart};

/// For how many frames a screen that is on its way is waited for to take the focus: five seconds of most displays.
const FRAMES: u16 = 300;

/// A screen without what changes while it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Starting,
    /// Its steps are one place; where something is explained or asked for in between, that is another.
    SignIn(Aside),
    List,
    /// Another peer is another place: nothing typed for one may be left over for the next.
    Thread(Option<Address>),
    /// Each of its steps is another. It may stand over somebody's conversation.
    Backup(u8, Option<Address>),
    /// What is set, and what there is to know of somebody, to whom something may have been typed.
    Settings(u8, Option<Address>),
    Failed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Aside {
    None,
    Ways(Option<Way>),
    Code,
    /// The node wants something at stake.
    Stake,
    /// To the page's only contact it is written first.
    Form,
}

impl Aside {
    fn of(state: State, at: &SignIn) -> Self {
        match &at.step {
            SignInStep::OtherKeys(ways) => Self::Ways(ways.way),
            SignInStep::KeepCode { .. } => Self::Code,
            SignInStep::Stake(_) => Self::Stake,
            SignInStep::Connect { .. } if is_form(state, at) => Self::Form,
            SignInStep::Connect { .. }
            | SignInStep::CreateKeys { .. }
            | SignInStep::PublishProfile { .. }
            | SignInStep::Finishing => Self::None,
        }
    }
}

impl Place {
    /// To whom something is typed there, or will be again.
    fn writes_to(self) -> Option<Address> {
        match self {
            Self::Thread(peer) | Self::Settings(_, peer) | Self::Backup(_, peer) => peer,
            _ => None,
        }
    }

    /// Whether the list stands: alone, or beside it where there is room.
    fn has_list(self, wide: bool) -> bool {
        match self {
            Self::List => true,
            Self::Thread(_) | Self::Backup(..) | Self::Settings(..) => wide,
            Self::Starting | Self::SignIn(_) | Self::Failed => false,
        }
    }

    fn of(state: State) -> Self {
        state.screen.with(|screen| match screen {
            Screen::Starting => Self::Starting,
            Screen::SignIn(at) => Self::SignIn(Aside::of(state, at)),
            Screen::List => Self::List,
            Screen::Thread => Self::Thread(peer(state)),
            Screen::Backup(at) => Self::Backup(at.place, peer(state)),
            Screen::Settings(at) => Self::Settings(at.place, peer(state)),
            Screen::Failed(_) => Self::Failed,
        })
    }
}

/// Whether somebody writes to the page's only contact before they sign in.
fn is_form(state: State, at: &SignIn) -> bool {
    let begins = state.locked.get() && state.form.with(|form| form.place == 0);
    begins && at.busy.is_none() && at.error.is_none() && state.to.with(Option::is_some)
}

fn peer(state: State) -> Option<Address> {
    state.thread.with(peer_in)
}

/// With whom.
fn peer_in(thread: &Option<ThreadState>) -> Option<Address> {
    thread.as_ref().map(|thread| thread.peer.address)
}

/// A screen of a part.
pub(crate) fn of_part(app: &App, part: Part<ScreenPart>, at: &Apart) -> AnyView {
    match part.state() {
        Loading::There(part) => (part.view)(app, at),
        Loading::Waiting => starting(app),
        Loading::Missing(why) => part_missing(app, why, on_click(move || part.ask())),
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
        on_focus(move |event| *engaged.borrow_mut() = element(event.target()).as_ref().and_then(root_of))
    };
    let left = {
        let engaged = Rc::clone(&engaged);
        on_focus(move |event| {
            let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
            if to.is_some_and(|to| {
                element(event.target())
                    .as_ref()
                    .and_then(root_of)
                    .is_some_and(|root| !root.contains(Some(&to)))
            }) {
                *engaged.borrow_mut() = None;
            }
        })
    };
    let looks_again = app.clone();
    Effect::new(move |before: Option<(Place, String, u32)>| {
        let (place, draft, drawn) = (Place::of(state), state.draft.get(), state.drawn.get());
        let listed = place.has_list(state.wide.get()) && !state.locked.get();
        if state.listed.get_untracked() != listed {
            state.listed.set(listed);
        }
        let refocus = |left: Option<Address>| {
            if let Some(root) = engaged.borrow().clone() {
                focus_when_drawn(root, state, place, left, FRAMES);
            }
        };
        match before {
            // A page may offer another text while somebody writes before signing in, but never over what they typed.
            Some((before, old_draft, drawn_before)) if before == place => {
                if drawn != drawn_before {
                    refocus(None);
                }
                let is_form = matches!(place, Place::SignIn(Aside::Form));
                if is_form && draft != old_draft && state.text.with_untracked(|text| *text == old_draft) {
                    state.text.set(draft.clone());
                }
            }
            before => {
                // Who opens a message that was found has the others beside it, or when they come back.
                let is_kept = place.has_list(true) && state.texts.with_untracked(|it| it.place == KEPT);
                if !is_kept {
                    state.query.set(String::new());
                    state.texts.set(Apart::waiting());
                } else if place == Place::List {
                    // Something of it may have been deleted meanwhile, or its author blocked.
                    looks_again.command(Command::LookUp(state.query.get_untracked()));
                }
                state.menu.set(false);
                state.acting.set(None);
                state.picking.set(None);
                state.choosing.set(false);
                match place {
                    Place::SignIn(Aside::None) => parts.sign_in.ask(),
                    Place::SignIn(Aside::Form) => parts.site.ask(),
                    Place::SignIn(_) => parts.keys.ask(),
                    Place::Backup(..) => {
                        parts.backup.ask();
                        // Escape and fingers lead back there, too.
                        parts.talk.ask();
                    }
                    Place::Settings(..) => {
                        parts.settings.ask();
                        parts.talk.ask();
                    }
                    Place::Thread(_) => parts.talk.ask(),
                    _ => {}
                }
                // Who looks at somebody they write to comes back to what they typed.
                let before_it = before.as_ref().map(|(before, ..)| *before);
                if place.writes_to().is_none() || before_it.and_then(Place::writes_to) != place.writes_to() {
                    // In a conversation it comes with its messages.
                    let is_form = matches!(place, Place::SignIn(Aside::Form));
                    state.text.set(if is_form { draft.clone() } else { String::new() });
                }
                if let Some(before) = before_it {
                    refocus(before.writes_to());
                }
            }
        }
        (place, draft, drawn)
    });
    // Drawn anew it is another type of view, of which no element stays.
    let panes = part(move || match state.drawn.get() % 2 {
        0 => panes(&app),
        _ => Some(panes(&app)).into_any(),
    });
    view! {
        <div {class("panes")} on:focusin=entered on:focusout=left>
            {panes}
        </div>
        {slot("footer", None)}
    }
}

/// The list, as far as it stands, and what is open.
fn panes(app: &App) -> AnyView {
    let (state, parts) = (app.state, app.parts);
    let side = {
        let app = app.clone();
        part(move || when(state.listed.get(), || list(&app)).into_any()).into_any()
    };
    let app = app.clone();
    let main = part(move || match state.screen.get() {
        Screen::Starting => starting(&app),
        Screen::SignIn(at) if Aside::of(state, &at) == Aside::Form => {
            of_part(&app, parts.site, &Apart::at(FORM))
        }
        Screen::SignIn(at) if Aside::of(state, &at) == Aside::None => match parts.sign_in.state() {
            Loading::There(part) => (part.view)(&app, at),
            Loading::Waiting => starting(&app),
            Loading::Missing(why) => part_missing(&app, why, on_click(move || parts.sign_in.ask())),
        },
        Screen::SignIn(at) => match parts.keys.state() {
            Loading::There(part) => (part.view)(&app, &at).unwrap_or_else(|| starting(&app)),
            Loading::Waiting => starting(&app),
            Loading::Missing(why) => part_missing(&app, why, on_click(move || parts.keys.ask())),
        },
        Screen::List if state.locked.get() => finding(&app),
        Screen::List => when(state.wide.get(), || nothing_open(&app)).into_any(),
        // Another peer's is another screen, which begins at its end.
        Screen::Thread => {
            let (app, peer) = (app.clone(), state.thread.with_untracked(peer_in));
            let key = peer.map(|peer| peer.to_lower_hex()).unwrap_or_default();
            rows(vec![key], Box::new(move |_| thread(&app)))
        }
        Screen::Backup(at) => of_part(&app, parts.backup, &at),
        Screen::Settings(at) => of_part(&app, parts.settings, &at),
        Screen::Failed(fault) => failed(&app, &fault),
    })
    .into_any();
    // Whoever chooses the row of what is open already wants to go on there.
    let again: OnClick = Box::new(move |event| {
        let pressed = element(event.target());
        if let Some(root) = pressed.filter(is_row_of_open).and_then(|pressed| root_of(&pressed)) {
            request_animation_frame(move || {
                focus_screen(&root, Place::of(state), None);
            });
        }
    });
    view! {
        <div {class("screen side")} on:click=again>{side}</div>
        <div {class("screen main")}>{main}</div>
    }
    .into_any()
}

fn on_focus(act: impl FnMut(FocusEvent) + 'static) -> Box<dyn FnMut(FocusEvent)> {
    Box::new(act)
}

fn is_row_of_open(pressed: &Element) -> bool {
    pressed.closest(".row[aria-current]").is_ok_and(|row| row.is_some())
}

/// Everything that stands in the panel: the list, and what is open.
fn root_of(inside: &Element) -> Option<HtmlElement> {
    inside.closest(".panes").ok()??.dyn_into().ok()
}

/// The same once it is drawn: its part may still be on its way. Until then whoever goes on elsewhere is left there.
fn focus_when_drawn(root: HtmlElement, state: State, place: Place, left: Option<Address>, frames: u16) {
    request_animation_frame(move || {
        let is_elsewhere = frames < FRAMES && matches!(root.query_selector(":focus"), Ok(Some(_)));
        let stands = untrack(|| Place::of(state)) == place;
        if stands && !is_elsewhere && !focus_screen(&root, place, left) && frames > 0 {
            focus_when_drawn(root, state, place, left, frames - 1);
        }
    });
}

/// A field takes the focus only where that opens no on-screen keyboard; else the heading does. Who comes back from a
/// conversation goes on at its row. Tells whether there is one of these.
fn focus_screen(root: &HtmlElement, place: Place, left: Option<Address>) -> bool {
    let find = |selector: &str| root.query_selector(selector).ok().flatten();
    let (field, heading) = match place {
        Place::List => (".side [data-autofocus]", ".side h2[tabindex]"),
        _ => (".main [data-autofocus]", ".main h2[tabindex]"),
    };
    let row = left.filter(|_| place == Place::List).and_then(|left| find(&row_of(left)));
    let field = if has_keyboard() { find(field) } else { None };
    let target = row.or(field).or_else(|| find(heading));
    let target = target.and_then(|target| target.dyn_into::<HtmlElement>().ok());
    if let Some(target) = &target {
        // An element that cannot take the focus leaves it where it is.
        let _ = target.focus();
    }
    target.is_some()
}
