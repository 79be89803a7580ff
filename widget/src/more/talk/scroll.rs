//! Going through a long conversation. Only a stretch of it is in the page; which one follows where somebody goes, and what
//! they read stays where it is.
//!
//! ```text
//!  ┌─ .log-whole ───┐  stays as high as it is when older ones come: with it, what can be scrolled would become more, and
//!  │                │  browsers end a scrolling that is under way then
//!  ┌─ .log-content ─┐  nearly at its beginning: older ones are asked for
//!  │     entry      │
//!  │  ┌─ .log ───┐  │
//!  │  │  anchor  │  │  the first that is seen: when others come or go, it is put where it was
//!  │  └──────────┘  │
//!  └────────────────┘  nearly at its end: newer ones are asked for
//!      .room           takes the place of newer ones that are not in the page: it gives what comes and takes what
//!                      goes, so that the scroll position need not be changed while somebody scrolls
//! ```

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::Number;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement, MutationObserver, MutationObserverInit, ResizeObserver, ShadowRoot};

use super::grow::grow;
use crate::app::state::Apart;
use crate::app::{Act, App, Command, Stretch};
use crate::texts::{TalkWord, came, number, say};
use crate::view::attributes::{attrs, class};
use crate::view::icons::{Picture, icon};
use crate::view::{OnClick, part, when};

/// Who is farther from the end than this has gone up: pixels.
const AWAY: f64 = 120.0;
/// How near the end of what is in the page somebody comes before there is more: heights of the view, and pixels.
const NEAR: f64 = 4.0;
const NEAR_MOST: f64 = 2_400.0;
/// The least room below while there are newer messages that are not in the page: pixels.
const ROOM: f64 = 3_000.0;
/// The room above while there are older ones, and when it is given anew at the latest: pixels.
const ABOVE: f64 = 10_000.0;
const ABOVE_LEAST: f64 = 1_500.0;
/// So many heights of the view a conversation has at least for there to be room above.
const LONG: f64 = 2.0;
/// Who has not scrolled for so long does not scroll: milliseconds.
const STILL: f64 = 150.0;
/// How long something is not asked for again if nothing comes: milliseconds.
const PATIENCE: u64 = 500;
/// How long a screen reader is given to take what was put back for old: milliseconds.
const QUIET: u64 = 400;
/// What is there once a conversation was read: while it is, there are skeletons.
const STANDS: &str = ".log-content:not([role])";
/// The distance of the line above what was not seen from the upper edge: pixels.
const INSET: f64 = 8.0;

/// What somebody looks at.
#[derive(Clone)]
struct Anchor {
    /// The message, as the attribute says it.
    hash: String,
    /// Its distance from the end of the room, which no scrolling changes: pixels.
    distance: f64,
    /// Where the view was scrolled then.
    scroll: f64,
}

/// An element that is given its height.
struct Height {
    of: HtmlElement,
    /// Pixels; 0 is what the element makes of itself.
    given: Cell<f64>,
}

impl Height {
    fn new(of: Option<Element>) -> Option<Self> {
        Some(Self { of: of?.dyn_into().ok()?, given: Cell::new(0.0) })
    }

    fn give(&self, height: f64) {
        if self.given.replace(height) == height {
            return;
        }
        // By the browser: Rust's way to write such numbers is a tenth of this part. What can't be set leaves a jump, no more.
        let height = if height > 0.0 { Number::from(height).to_string_with_radix(10).ok() } else { None };
        let height = height.map(|height| format!("{}px", String::from(height))).unwrap_or_default();
        let _ = self.of.style().set_property("block-size", &height);
    }
}

/// Follows one conversation for as long as it is on the screen.
struct Follower {
    app: App,
    log: HtmlElement,
    /// The content that is watched.
    content: RefCell<Option<HtmlElement>>,
    resized: RefCell<Option<ResizeObserver>>,
    /// Stands for what is not there below.
    room: Height,
    /// Around all of it.
    whole: Height,
    /// When somebody has scrolled last.
    scrolled: Cell<f64>,
    /// The newest messages are on their way.
    to_newest: Cell<bool>,
    /// When something was asked for that has not come.
    asked: Cell<Option<f64>>,
    /// The focus was inside.
    focused: Cell<bool>,
    /// The first message that stands there.
    first: RefCell<Option<HtmlElement>>,
}

/// What the page calls.
struct Listening {
    follower: Rc<Follower>,
    scrolled: Closure<dyn FnMut()>,
    mutated: MutationObserver,
    _settles: Closure<dyn FnMut()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let scrolled = self.scrolled.as_ref().unchecked_ref();
        // Where it is gone already nothing is left to be ended. The elements may be used for what stands there next.
        let _ = self.follower.log.remove_event_listener_with_callback("scroll", scrolled);
        self.follower.hush();
        self.follower.room.give(0.0);
        self.follower.whole.give(0.0);
        self.mutated.disconnect();
        if let Some(resized) = &*self.follower.resized.borrow() {
            resized.disconnect();
        }
    }
}

/// The way back to the newest messages, for who has gone up; and what follows them meanwhile.
pub(super) fn newest(app: &App) -> AnyView {
    let (state, place) = (app.state, NodeRef::<Div>::new());
    let listening = StoredValue::new_local(None::<Listening>);
    grow(state, place);
    let app = app.clone();
    Effect::new(move |_: Option<()>| {
        let log = place.get().and_then(|place| place.previous_element_sibling());
        let log = log.and_then(|log| log.dyn_into::<HtmlElement>().ok());
        if let Some(listens) = log.and_then(|log| listen(&app, log)) {
            let follower = Rc::clone(&listens.follower);
            listening.set_value(Some(listens));
            follower.settle();
        }
    });
    let button = part(move || {
        let shown = when(state.away.with(|away| away.place > 0), || {
            let pressed: OnClick = Box::new(move |_| {
                listening.with_value(|it| it.iter().for_each(|it| it.follower.go_to_newest()));
            });
            let count = state.came.get();
            let words = when(count > 0, || view! { <span {class("sr")}>{came(count)}</span> }.into_any());
            let number = when(count > 0, || {
                view! { <b {attrs(&[("aria-hidden", "true")])}>{number(count)}</b> }.into_any()
            });
            view! {
                <div {attrs(&[("role", "status")])}>{words}</div>
                <button {attrs(&[("type", "button"), ("aria-label", say(TalkWord::Newest))])} on:click=pressed>
                    {icon(Picture::Down)}
                    {number}
                </button>
            }
            .into_any()
        });
        shown.into_any()
    });
    view! { <div {class("newest")} node_ref=place>{button}</div> }.into_any()
}

fn listen(app: &App, log: HtmlElement) -> Option<Listening> {
    let whole = Height::new(log.first_element_child())?;
    let room = Height::new(whole.of.first_element_child())?;
    let follower = Rc::new(Follower {
        app: app.clone(),
        log,
        room,
        whole,
        scrolled: Cell::new(0.0),
        content: RefCell::default(),
        resized: RefCell::default(),
        to_newest: Cell::new(false),
        asked: Cell::new(None),
        focused: Cell::new(false),
        first: RefCell::default(),
    });
    let scrolls = Rc::clone(&follower);
    let scrolled: Closure<dyn FnMut()> = Closure::new(move || {
        scrolls.scrolled.set(js_sys::Date::now());
        scrolls.look();
    });
    let settles = Rc::clone(&follower);
    let settles: Closure<dyn FnMut()> = Closure::new(move || settles.settle());
    let mutated = MutationObserver::new(settles.as_ref().unchecked_ref()).ok()?;
    let what = MutationObserverInit::new();
    what.set_child_list(true);
    what.set_subtree(true);
    mutated.observe_with_options(&follower.log, &what).ok()?;
    *follower.resized.borrow_mut() = ResizeObserver::new(settles.as_ref().unchecked_ref()).ok();
    follower.log.add_event_listener_with_callback("scroll", scrolled.as_ref().unchecked_ref()).ok()?;
    Some(Listening { follower, scrolled, mutated, _settles: settles })
}

impl Follower {
    /// There are older messages than are in the page, and newer ones.
    fn beyond(&self) -> (bool, bool) {
        let thread = self.app.state.thread;
        thread.with_untracked(|it| it.as_ref().map_or((false, false), |it| (it.more, it.newer)))
    }

    fn is_away(&self) -> bool {
        self.app.state.away.with_untracked(|away| away.place > 0)
    }

    fn anchor(&self) -> Option<Anchor> {
        self.app
            .state
            .away
            .with_untracked(|away| away.shown::<RefCell<Anchor>>().map(|it| it.borrow().clone()))
    }

    /// Nothing is drawn anew for this.
    fn set_anchor(&self, anchor: Anchor) {
        self.app.state.away.with_untracked(|away| {
            away.shown::<RefCell<Anchor>>().into_iter().for_each(|it| drop(it.replace(anchor.clone())));
        });
    }

    fn scroll(&self) -> f64 {
        f64::from(self.log.scroll_top())
    }

    fn scroll_to(&self, scroll: f64) {
        self.log.set_scroll_top(scroll.round() as i32);
    }

    fn find(&self, selector: &str) -> Option<HtmlElement> {
        self.log.query_selector(selector).ok().flatten()?.dyn_into().ok()
    }

    /// What has the focus in the element, and whether that is in the conversation.
    fn focus(&self) -> (bool, bool) {
        let root = self.log.get_root_node().dyn_into::<ShadowRoot>().ok();
        let focused = root.and_then(|root| root.active_element());
        (focused.is_some(), self.log.contains(focused.as_deref()))
    }

    /// Somebody has scrolled, or what is around them has changed.
    fn look(self: &Rc<Self>) {
        let Some(content) = self.content.borrow().clone() else { return };
        let (view, inside) = (self.log.get_bounding_client_rect(), content.get_bounding_client_rect());
        let ((more, newer), scroll) = (self.beyond(), self.scroll());
        if newer && self.room.given.get() < ROOM / 2.0 {
            self.settle();
        }
        let near = (view.height() * NEAR).min(NEAR_MOST);
        if self.to_newest.get() {
            return;
        } else if newer && scroll >= 0.0 {
            self.ask_for_newest();
        } else if newer && inside.bottom() < view.top() {
            let far = ((view.bottom() + view.top()) / 2.0 - inside.bottom()) / self.room.given.get().max(1.0);
            self.ask(Command::act(Act::Show(Stretch::Below((far * 1_000.0) as usize))));
        } else if newer && inside.bottom() - view.bottom() < near {
            self.ask(Command::act(Act::Show(Stretch::Newer)));
        } else if more && view.top() - inside.top() < near {
            self.ask(Command::LoadOlder);
        }
        self.focused.set(self.focus().1);
        self.note(&content, newer || scroll < -AWAY);
    }

    /// Notes what somebody looks at.
    fn note(self: &Rc<Self>, content: &Element, is_away: bool) {
        let (was_away, away) = (self.is_away(), self.app.state.away);
        if !is_away {
            if was_away {
                away.set(Apart::waiting());
                self.app.state.came.set(0);
                self.app.command(Command::act(Act::AtEnd));
                self.speak_again();
            }
            return;
        }
        let Some((hash, row)) = self.first_seen(content) else { return };
        let now = Anchor { hash, distance: self.distance(&row), scroll: self.scroll() };
        if was_away {
            self.set_anchor(now);
        } else {
            away.set(Apart::new(RefCell::new(now), 1));
            self.hush();
        }
    }

    fn distance(&self, row: &Element) -> f64 {
        self.room.of.get_bounding_client_rect().bottom() - row.get_bounding_client_rect().top()
    }

    /// The first message whose beginning is seen.
    fn first_seen(&self, content: &Element) -> Option<(String, Element)> {
        let (view, rows) = (self.log.get_bounding_client_rect(), content.children());
        let (mut low, mut high) = (0, rows.length());
        while low < high {
            let middle = low + (high - low) / 2;
            if rows.item(middle)?.get_bounding_client_rect().top() < view.top() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let (after, before) = (low..rows.length(), (0..low).rev());
        after.chain(before).find_map(|place| {
            let row = rows.item(place)?;
            Some((row.get_attribute("data-of")?, row))
        })
    }

    /// Asks for messages, unless they are on their way.
    fn ask(self: &Rc<Self>, command: Command) {
        let now = js_sys::Date::now();
        if self.asked.get().is_none_or(|asked| now - asked > PATIENCE as f64) {
            self.asked.set(Some(now));
            self.app.command(command);
            let follower = Rc::clone(self);
            let give_up = move || {
                // Nothing comes: nobody is left where nothing stands.
                if follower.asked.get() == Some(now) {
                    follower.whole.give(0.0);
                }
            };
            set_timeout(give_up, Duration::from_millis(PATIENCE));
        }
    }

    /// All of it stays as high as it is, for as long as somebody scrolls.
    fn make_room(&self, content: &HtmlElement, more: bool) {
        let (view, inside) =
            (f64::from(self.log.client_height()), content.get_bounding_client_rect().height());
        if !more || inside < LONG * view {
            return self.whole.give(0.0);
        }
        let stands = inside + self.room.given.get();
        let above = self.whole.given.get() - stands;
        let is_still = js_sys::Date::now() - self.scrolled.get() > STILL;
        if above < ABOVE_LEAST || (is_still && !(ABOVE / 2.0..=ABOVE * 2.0).contains(&above)) {
            self.whole.give(stands + ABOVE);
        }
    }

    fn ask_for_newest(&self) {
        self.to_newest.set(true);
        self.app.command(Command::act(Act::Show(Stretch::Newest)));
    }

    fn go_to_newest(&self) {
        // The button goes, and the focus must not go with it.
        let _ = self.log.focus();
        if self.beyond().1 {
            self.ask_for_newest();
        } else {
            self.log.set_scroll_top(0);
            self.enter();
        }
    }

    /// Who went to the newest messages by keyboard is at the last of them.
    fn enter(&self) {
        let last = self.find(".entry:last-child").filter(|_| self.log.matches(":focus") == Ok(true));
        let _ = last.map(|last| last.focus());
    }

    /// Something in the conversation has come, gone or changed its size: what somebody looks at stays where it is.
    fn settle(self: &Rc<Self>) {
        // Until there are messages, what stands there is none of them.
        let Some(content) = self.find(".log-content:has(> .entry)") else {
            if self.find(STANDS).is_some() {
                self.speak_again()
            } else {
                self.hush()
            }
            return;
        };
        let is_known = self.content.borrow().as_ref() == Some(&content);
        if !is_known {
            self.begin(&content);
        }
        let first = self.find(".entry");
        let before = self.first.replace(first.clone());
        // Older ones have come before it.
        if is_known && before != first && before.is_some_and(|before| before.is_connected()) {
            self.hush();
            self.speak_again();
        }
        self.asked.set(None);
        let (more, newer) = self.beyond();
        if self.to_newest.get() && !newer {
            self.to_newest.set(false);
            self.room.give(0.0);
            self.make_room(&content, more);
            self.log.set_scroll_top(0);
            self.note(&content, false);
            self.enter();
        } else if newer || self.is_away() {
            self.hold(&content, newer);
            self.make_room(&content, more);
            self.look();
        } else {
            self.room.give(0.0);
            self.make_room(&content, more);
        }
        if self.focused.get() && !self.focus().0 {
            // What had the focus is not in the page any more.
            let _ = self.log.focus();
        }
    }

    /// A conversation is shown for the first time, or again: at what was not seen, or where it was left.
    fn begin(self: &Rc<Self>, content: &HtmlElement) {
        self.content.replace(Some(content.clone()));
        self.room.give(0.0);
        // A page of them comes from the account's node; one alone is what somebody says now.
        if self.find(".entry ~ .entry").is_some() {
            self.hush();
        }
        if let Some(resized) = &*self.resized.borrow() {
            resized.disconnect();
            resized.observe(content);
        }
        if let Some(left) = self.anchor() {
            let scroll = self.scroll();
            let distance = left.distance + left.scroll - scroll;
            self.set_anchor(Anchor { distance, scroll, ..left });
            self.hush();
        } else if let Some(unseen) = self.find(".unseen") {
            let (view, line) = (self.log.get_bounding_client_rect(), unseen.get_bounding_client_rect());
            if line.top() < view.top() {
                self.scroll_to(self.scroll() + line.top() - view.top() - INSET);
                self.look();
            }
        }
        self.speak_again();
    }

    /// Puts what somebody looks at where it was.
    fn hold(&self, content: &HtmlElement, newer: bool) {
        let (anchor, scroll) = (self.anchor(), self.scroll());
        let row = anchor.as_ref().and_then(|it| self.find(&format!("[data-of=\"{}\"]", it.hash)));
        let (moved, left) = match (row, anchor) {
            (Some(row), Some(Anchor { distance, scroll: before, .. })) => {
                // Where there is too little now, the browser has scrolled by itself.
                let top = f64::from(self.log.client_height() - self.log.scroll_height()) + 1.0;
                let left = if scroll <= top { scroll.min(before) } else { scroll };
                (distance - self.distance(&row), left)
            }
            // All is new: its middle is what somebody asked for.
            _ => {
                let (view, rows) = (self.log.get_bounding_client_rect(), content.children());
                let Some(row) = rows.item(rows.length() / 2).map(|row| row.get_bounding_client_rect()) else {
                    return;
                };
                ((row.top() + row.bottom() - view.top() - view.bottom()) / 2.0, scroll)
            }
        };
        let wanted = self.room.given.get() + moved;
        let height = if newer { wanted.max(ROOM) } else { 0.0 };
        self.room.give(height);
        let stays = left - (height - wanted);
        // Less nobody sees, and it would end a scrolling that is under way.
        if (stays - scroll).abs() >= 1.0 {
            self.scroll_to(stays);
        }
    }

    /// What stood there before, or is put back, is no news: a screen reader says nothing of it.
    fn hush(&self) {
        let _ = self.log.set_attribute("aria-live", "off");
    }

    /// What comes from now on is said, unless somebody has gone up or it is another conversation by then.
    fn speak_again(self: &Rc<Self>) {
        let follower = Rc::downgrade(self);
        let speak = move || {
            // The element may be gone by then, and its state with it.
            let follower = follower.upgrade().filter(|it| it.log.is_connected());
            let follower = follower.filter(|it| !it.is_away() && it.find(STANDS).is_some());
            let _ = follower.map(|it| it.log.remove_attribute("aria-live"));
        };
        set_timeout(speak, Duration::from_millis(QUIET));
    }
}
