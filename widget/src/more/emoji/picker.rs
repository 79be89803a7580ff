//! What is seen of it: a field to search in, the groups, and what is found.

use std::sync::Arc;

use dm3_core::identity::Address;
use leptos::ev::{Event, KeyboardEvent, MouseEvent};
use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement};

use super::known::{Emojis, Known};
use crate::adapters::emoji::{fetch, last_used, note_used};
use crate::app::part::PartMissing;
use crate::app::state::Picking;
use crate::app::{Act, App, Command};
use crate::more::focus::{Row, element, focus, focus_later, has_keyboard, screen};
use crate::texts::{EmojiWord, Word, emoji_group, say};
use crate::view::attributes::{attrs, class};
use crate::view::icons::{Picture, icon};
use crate::view::states::could_not_load;
use crate::view::{OnClick, OnInput, OnKey, is_input_method, on_click, part, truth, when};

/// How wide one is: pixels, as in styles/emoji.css.
const CELL: i32 = 40;
/// Further ones are not searched for: bytes.
const LONGEST: usize = 100;

/// What the picker shows, for as long as it is open.
#[derive(Clone, Copy)]
struct Shown {
    query: RwSignal<String>,
    group: RwSignal<usize>,
    /// `None` while they are fetched.
    emojis: RwSignal<Option<Result<Arc<Emojis>, PartMissing>>>,
    /// Those that were chosen last, the latest first.
    used: RwSignal<Vec<String>>,
}

/// The picker.
pub(super) fn picker(app: &App) -> AnyView {
    let shown = Shown {
        query: RwSignal::new(String::new()),
        group: RwSignal::new(0),
        emojis: RwSignal::new(None),
        used: RwSignal::new(account(app).map(last_used).unwrap_or_default()),
    };
    load(shown);
    let field = NodeRef::<Input>::new();
    Effect::new(move |_| {
        let Some(dialog) = field.get().and_then(|field| field.closest(".emoji").ok().flatten()) else {
            return;
        };
        focus_first(dialog);
    });
    let typed: OnInput = Box::new(move |event: Event| {
        let typed = event_target_value(&event);
        let query = typed.get(..typed.floor_char_boundary(LONGEST)).unwrap_or_default();
        // By the browser, whose tables need not be loaded.
        shown.query.set(String::from(js_sys::JsString::from(query).to_lower_case()));
    });
    let chosen: OnClick = {
        let app = app.clone();
        Box::new(move |event: MouseEvent| {
            let cell = element(event.target()).and_then(|it| it.closest("[data-sign]").ok().flatten());
            if let Some((sign, cell)) = cell.and_then(|cell| Some((cell.get_attribute("data-sign")?, cell))) {
                choose(&app, &cell, sign);
            }
        })
    };
    let keys: OnKey = {
        let app = app.clone();
        Box::new(move |event: KeyboardEvent| pressed(&app, &event))
    };
    let leave = || {
        let app = app.clone();
        Box::new(move |event: MouseEvent| {
            if let Some(screen) = screen(event.target()) {
                close(&app, &screen);
            }
        }) as OnClick
    };
    view! {
        <div {class("emoji-behind")} on:click=leave()></div>
        <div {attrs(&[("class", "emoji"), ("role", "dialog"), ("aria-label", say(EmojiWord::Choose))])} on:keydown=keys on:click=chosen>
            <div {class("emoji-top")}>
                <input {attrs(&[("type", "search"), ("class", "emoji-search"), ("autocomplete", "off"), ("placeholder", say(EmojiWord::Search)), ("aria-label", say(EmojiWord::Search))])} node_ref=field on:input=typed />
                <button {attrs(&[("class", "icon-button"), ("type", "button"), ("aria-label", say(Word::Close))])} on:click=leave()>
                    {icon(Picture::Close)}
                </button>
            </div>
            {part(move || groups(shown))}
            {part(move || grid(shown))}
        </div>
    }
    .into_any()
}

/// Who chooses.
fn account(app: &App) -> Option<Address> {
    app.state.account.with_untracked(|account| account.as_ref().map(|person| person.address))
}

/// Gives the focus to what stands first in it.
fn focus_first(dialog: Element) {
    focus_later(dialog, if has_keyboard() { ".emoji-search" } else { ".emoji-top button" });
}

fn load(shown: Shown) {
    shown.emojis.set(None);
    spawn_local(async move {
        let fetched = fetch(&crate::texts::code()).await;
        // The picker may have been closed meanwhile.
        let _ = shown.emojis.try_set(Some(fetched.map(|text| Arc::new(Emojis::read(&text)))));
    });
}

fn groups(shown: Shown) -> AnyView {
    let Some(Ok(emojis)) = shown.emojis.get() else { return ().into_any() };
    let searches = shown.query.with(|query| !query.trim().is_empty());
    let each = emojis.groups().enumerate().map(|(number, group)| {
        let is_shown = !searches && shown.group.get() == number;
        let sign = emojis.of(number).first().map(|known| known.sign.clone()).unwrap_or_default();
        let choose = on_click(move || {
            shown.query.set(String::new());
            shown.group.set(number);
        });
        view! {
            <button {attrs(&[("type", "button"), ("role", "tab"), ("tabindex", if is_shown || (searches && number == 0) { "0" } else { "-1" }), ("aria-selected", truth(is_shown)), ("aria-label", emoji_group(group)), ("title", emoji_group(group))])} on:click=choose>
                {sign}
            </button>
        }
        .into_any()
    });
    view! {
        <div {attrs(&[("class", "emoji-groups"), ("role", "tablist"), ("aria-label", say(EmojiWord::Groups))])}>
            {each.collect::<Vec<_>>()}
        </div>
    }
    .into_any()
}

fn grid(shown: Shown) -> AnyView {
    let emojis = match shown.emojis.get() {
        None => {
            return view! { <div {attrs(&[("class", "emoji-grid"), ("role", "status"), ("aria-label", say(Word::Loading))])}></div> }
                .into_any();
        }
        Some(Err(why)) => {
            let again = move |event: MouseEvent| {
                // The button goes, and the keys of the picker are for what has the focus in it.
                let dialog = element(event.target()).and_then(|it| it.closest(".emoji").ok().flatten());
                dialog.into_iter().for_each(focus_first);
                load(shown);
            };
            return could_not_load(why, Box::new(again));
        }
        Some(Ok(emojis)) => emojis,
    };
    let query = shown.query.get();
    let found = (!query.trim().is_empty()).then(|| emojis.find(&query));
    let known = found.as_deref().unwrap_or_else(|| emojis.of(shown.group.get()));
    if known.is_empty() {
        return view! { <p {attrs(&[("class", "emoji-none"), ("role", "status")])}>{say(EmojiWord::None)}</p> }
            .into_any();
    }
    // Above the first group.
    let is_first = query.trim().is_empty() && shown.group.get() == 0;
    let used = if is_first { shown.used.with(|used| emojis.these(used)) } else { Vec::new() };
    let title = |words: &'static str| {
        when(!used.is_empty(), || view! { <p {class("emoji-title")}>{words}</p> }.into_any())
    };
    let (above, below) = (title(say(EmojiWord::Used)), title(say(EmojiWord::Smileys)));
    let mut cells =
        used.iter().chain(known).enumerate().map(|(place, known)| cell(place, known, place < used.len()));
    let last = cells.by_ref().take(used.len()).collect::<Vec<_>>();
    view! {
        <div {attrs(&[("class", "emoji-grid"), ("role", "group"), ("aria-label", say(EmojiWord::Choose))])}>
            {above}
            {last}
            {below}
            {cells.collect::<Vec<_>>()}
        </div>
    }
    .into_any()
}

fn cell(place: usize, known: &Known, is_used: bool) -> AnyView {
    view! {
        <button {attrs(&[("type", "button"), ("tabindex", if place == 0 { "0" } else { "-1" }), ("data-sign", &known.sign), ("data-used", if is_used { "true" } else { "" }), ("aria-label", &known.name), ("title", &known.name)])}>
            {known.sign.clone()}
        </button>
    }
    .into_any()
}

/// Arrows go through what is shown, Enter in the field takes the first that was found, Escape closes.
fn pressed(app: &App, event: &KeyboardEvent) {
    if is_input_method(event) {
        return;
    }
    let Some(target) = element(event.target()) else { return };
    let (Some(screen), Some(dialog)) = (screen(event.target()), target.closest(".emoji").ok().flatten())
    else {
        return;
    };
    let key = event.key();
    let is_in = |selector: &str| target.closest(selector).ok().flatten().is_some();
    let (in_field, in_groups) = (target.tag_name() == "INPUT", is_in(".emoji-groups"));
    if key == "Escape" {
        event.prevent_default();
        // The panel's own Escape would close the whole chat.
        event.stop_propagation();
        return close(app, &screen);
    }
    if in_field {
        let first = dialog.query_selector("[data-sign]").ok().flatten();
        match (key.as_str(), first) {
            ("ArrowDown", Some(_)) => {
                event.prevent_default();
                focus(&dialog, "[data-sign]");
            }
            ("Enter", Some(first)) => {
                event.prevent_default();
                if let Some(sign) = first.get_attribute("data-sign") {
                    choose(app, &first, sign);
                }
            }
            _ => {}
        }
        return;
    }
    let all = if in_groups { ".emoji-groups button" } else { "[data-sign]" };
    let lines = Lines {
        columns: columns(&dialog),
        above: Row::of(&dialog, "[data-used]").map_or(0, |row| row.count()),
    };
    let Some(all) = Row::of(&dialog, all) else { return };
    let Some(now) = all.place(&target) else { return };
    let forwards = if target.matches(":dir(rtl)").unwrap_or_default() { -1 } else { 1 };
    let next = match key.as_str() {
        "ArrowRight" => now + forwards,
        "ArrowLeft" => now - forwards,
        "ArrowDown" if in_groups => {
            event.prevent_default();
            return focus(&dialog, "[data-sign]");
        }
        "ArrowDown" => lines.below(now),
        "ArrowUp" if in_groups => now - 1,
        "ArrowUp" => match lines.over(now) {
            Some(over) => over,
            None => {
                event.prevent_default();
                return focus(&dialog, ".emoji-search");
            }
        },
        "Home" => 0,
        "End" => all.count() - 1,
        _ => return,
    };
    event.prevent_default();
    if let Some(next) = all.focus(next)
        && in_groups
    {
        next.click();
        focus(&dialog, "[aria-selected=true]");
    }
}

/// The lines of the grid: above the others, and beginning anew, stand those that were chosen last.
struct Lines {
    columns: i32,
    above: i32,
}

impl Lines {
    fn below(&self, place: i32) -> i32 {
        self.at(self.cell(place) + self.columns)
    }

    /// Nothing in the first line.
    fn over(&self, place: i32) -> Option<i32> {
        let over = self.cell(place) - self.columns;
        (over >= 0).then(|| self.at(over))
    }

    /// How many cells are empty behind those above.
    const fn empty(&self) -> i32 {
        (self.columns - self.above % self.columns) % self.columns
    }

    const fn cell(&self, place: i32) -> i32 {
        if place < self.above { place } else { place + self.empty() }
    }

    /// What stands in a cell; where it is empty, what stands before it.
    fn at(&self, cell: i32) -> i32 {
        if cell < self.above { cell } else { (cell - self.empty()).max(self.above - 1) }
    }
}

/// How many stand beside each other.
fn columns(dialog: &Element) -> i32 {
    let grid = dialog.query_selector(".emoji-grid").ok().flatten();
    grid.map_or(1, |grid| (grid.client_width() / CELL).max(1))
}

/// Takes an emoji, and goes back to where it was asked for.
fn choose(app: &App, cell: &Element, sign: String) {
    let Some(screen) = cell.closest(".screen").ok().flatten() else { return };
    let picking = app.state.picking.get_untracked();
    if let Some(account) = account(app) {
        note_used(account, &sign);
    }
    close(app, &screen);
    match picking {
        Some(Picking::Text) => write(&screen, &sign),
        Some(Picking::Reaction(to)) => app.command(Command::act(Act::React { to, emoji: sign })),
        None => {}
    }
}

/// Writes it where the caret stands, as somebody who types.
fn write(screen: &Element, sign: &str) {
    let field = screen.query_selector(".composer textarea").ok().flatten();
    let Some(field) = field.and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok()) else { return };
    let end = field.value().encode_utf16().count() as u32;
    let start = field.selection_start().ok().flatten().unwrap_or(end);
    let until = field.selection_end().ok().flatten().unwrap_or(end);
    // Fails for nothing that is within the text.
    let _ = field.set_range_text_with_start_and_end_and_mode(sign, start, until, "end");
    if let Ok(event) = Event::new("input") {
        event.init_event_with_bubbles("input", true);
        let _ = field.dispatch_event(&event);
    }
}

fn close(app: &App, screen: &Element) {
    let back = match app.state.picking.get_untracked() {
        Some(Picking::Reaction(of)) => format!("[data-of=\"{of}\"]"),
        Some(Picking::Text) | None => ".composer textarea".to_owned(),
    };
    app.state.picking.set(None);
    focus(screen, &back);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many above, in lines of four: where the arrows lead from each place.
    fn arrows(above: i32, places: i32) -> (Vec<i32>, Vec<Option<i32>>) {
        let lines = Lines { columns: 4, above };
        (0..places).map(|place| (lines.below(place), lines.over(place))).unzip()
    }

    #[test]
    fn arrows_go_up_and_down_by_what_is_seen() {
        assert_eq!(arrows(0, 5), (vec![4, 5, 6, 7, 8], vec![None, None, None, None, Some(0)]));
        // ab..
        // cdef
        // g
        let (below, over) = arrows(2, 7);
        assert_eq!(below, [2, 3, 6, 7, 8, 9, 10]);
        assert_eq!(over, [None, None, Some(0), Some(1), Some(1), Some(1), Some(2)]);
        let (below, over) = arrows(4, 5);
        assert_eq!((below[3], below[4], over[3], over[4]), (7, 8, None, Some(0)));
    }
}
