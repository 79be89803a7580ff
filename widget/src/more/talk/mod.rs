//! What can be done with messages, and what their texts look like.

mod composing;
mod grow;
mod hold;
mod menu;
mod scroll;
mod text;
mod told;
mod touch;

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement};

use self::composing::{composing, typed};
use self::menu::{meant, menu, open_menu};
use self::scroll::newest;
use self::text::text;
use self::told::{failures, way};
use self::touch::touched;
use crate::adapters::page::Page;
use crate::adapters::parts::part;
use crate::app::part::Loader;
use crate::app::{Act, Active, App, Command, TalkPart, TalkSteps, back};
use crate::more::focus::{Row, element};
use crate::view::is_input_method;

thread_local! {
    pub(super) static LOADER: Loader<TalkPart> = Loader::new(table);
}

part!(fn table in talk("talk") -> TalkPart = TalkPart { text, menu, composing, below, way, clicked, pressed, typed, happened });
part!(fn steps in talk("talk") -> TalkSteps<Active<Page>> = TalkSteps::new());

/// What stands below the conversation.
fn below(app: &App) -> AnyView {
    view! { {newest(app)} {failures(app.state)} }.into_any()
}

/// Escape leads back from what is open, unless the panel can be closed: then that is what it does. Fingers swipe.
fn happened(app: &App, event: &Event) {
    let Some(key) = event.dyn_ref::<KeyboardEvent>() else { return touched(app, event) };
    let is_free = key.key() == "Escape" && !key.default_prevented() && !is_input_method(key);
    let is_open =
        element(event.target()).is_some_and(|target| matches!(target.closest(".main"), Ok(Some(_))));
    if !is_free || !is_open || app.state.closable.get_untracked() {
        return;
    }
    back(app.state).into_iter().for_each(|back| app.command(back));
}

fn clicked(app: &App, event: &MouseEvent) {
    if hold::is_end() {
        return;
    }
    let pressed = element(event.target()).and_then(|target| target.closest("[data-act]").ok().flatten());
    let was_open =
        app.state.acting.with_untracked(|acting| acting.as_ref().map(|acting| acting.hash.clone()));
    if was_open.is_some() {
        app.state.acting.set(None);
    }
    let Some(pressed) = pressed else { return };
    let Some(hash) = meant(&pressed) else { return };
    match pressed.get_attribute("data-act").as_deref() {
        Some("menu") if was_open.as_ref() != Some(&hash) => open_menu(app, hash, &pressed),
        Some("all") => {
            // The button goes.
            let row =
                pressed.closest(".entry").ok().flatten().and_then(|row| row.dyn_into::<HtmlElement>().ok());
            let _ = row.map(|row| row.focus());
            app.state.whole.update(|whole| whole.push_str(&hash.to_string()));
        }
        Some("react") => {
            let emoji = pressed.get_attribute("data-emoji").unwrap_or_default();
            app.command(Command::act(Act::React { to: hash, emoji }));
        }
        Some("quote") => {
            let quoted = pressed.get_attribute("data-quoted").and_then(|quoted| quoted.parse().ok());
            quoted.into_iter().for_each(|quoted| app.command(Command::act(Act::Find(quoted))));
        }
        _ => {}
    }
}

/// Arrows go from message to message; Enter says what can be done with one.
fn pressed(app: &App, event: &KeyboardEvent) {
    let Some(target) = element(event.target()) else { return };
    let key = event.key();
    let row = target.closest(".entry").ok().flatten();
    let is_row = row.as_ref().is_some_and(|row| row.is_same_node(Some(&target)));
    match key.as_str() {
        "Enter" | " " | "ContextMenu" if is_row => {
            let button = row.and_then(|row| row.query_selector("[data-act=menu]").ok().flatten());
            if let Some((button, hash)) = button.and_then(|it| Some((it.clone(), meant(&it)?))) {
                event.prevent_default();
                open_menu(app, hash, &button);
            }
        }
        "ArrowUp" | "ArrowDown" | "Home" | "End" => {
            let Some(log) = target.closest(".log").ok().flatten() else { return };
            let newer = app.state.thread.with_untracked(|it| it.as_ref().is_some_and(|it| it.newer));
            if newer && key == "End" {
                event.prevent_default();
                // There the newest are shown, and entered.
                log.set_scroll_top(0);
                let _ = log.dyn_into::<HtmlElement>().map(|log| log.focus());
                return;
            }
            let Some(rows) = Row::of(&log, ".entry") else { return };
            let next = match (key.as_str(), row.and_then(|row| rows.place(&row))) {
                ("ArrowUp", Some(now)) => now - 1,
                ("ArrowDown", Some(now)) => now + 1,
                ("Home", _) => 0,
                _ => rows.count() - 1,
            };
            if rows.focus(next).is_some() {
                event.prevent_default();
            }
        }
        _ => {}
    }
}
