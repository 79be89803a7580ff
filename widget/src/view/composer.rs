//! Where messages are written.

use leptos::ev::{Event, KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use web_sys::EventTarget;

use super::attributes::{VALUE, attrs};
use super::emoji::pick;
use super::files::choose;
use super::focus::{focus, screen};
use super::icons::{Picture, icon};
use super::names::shorten_name;
use super::panel::note;
use super::talk::with_talk;
use super::{OnClick, OnInput, OnKey, is_input_method, on_click, truth};
use crate::app::state::Picking;
use crate::app::{App, Command};
use crate::texts::{self, Word, say};

/// The text field and its button.
pub fn composer(app: &App, name: &str) -> AnyView {
    let text = app.state.text;
    let empty = match app.state.files.with(|files| files.place) {
        0 => text.with(|text| text.trim().is_empty()),
        files => files > 1,
    };
    let typed: OnKey = {
        let app = app.clone();
        Box::new(move |event: KeyboardEvent| {
            if is_input_method(&event) {
                return;
            }
            if event.key() == "Enter" && !event.shift_key() {
                event.prevent_default();
                send(&app, event.target());
            } else {
                with_talk(&app, |talk| (talk.typed)(&app, &event));
            }
        })
    };
    let input: OnInput = {
        let app = app.clone();
        Box::new(move |event: Event| {
            let typed = event_target_value(&event);
            app.state.unsent.set(None);
            app.state.text.set(typed.clone());
            app.command(Command::Typed(typed));
        })
    };
    let unsent = app.state.unsent.with(|fault| fault.as_ref().map(texts::fault));
    let unsent = unsent.map(|words| note("error error-inset", "alert", words));
    let pressed: OnClick = {
        let app = app.clone();
        Box::new(move |event: MouseEvent| send(&app, event.target()))
    };
    let attach = {
        let app = app.clone();
        on_click(move || choose(&app))
    };
    let emoji = {
        let app = app.clone();
        on_click(move || pick(&app, Picking::Text))
    };
    view! {
        {unsent}
        <div {attrs(&[("class", "composer"), ("part", "composer")])}>
            <button {attrs(&[("class", "icon-button"), ("type", "button"), ("aria-label", say(Word::Attach))])} on:click=attach>
                {icon(Picture::Clip)}
            </button>
            <button {attrs(&[("class", "icon-button"), ("type", "button"), ("aria-label", say(Word::Emoji))])} on:click=emoji>
                {icon(Picture::Smile)}
            </button>
            <div {attrs(&[("class", "write"), ("data-hint", &texts::message_field(&shorten_name(name)))])}>
                <textarea {attrs(&[("part", "input"), ("data-autofocus", "true"), ("dir", "auto"), ("enterkeyhint", "send"), ("aria-label", &texts::message_field(name)), ("placeholder", " "), ("rows", "1"), (VALUE, &text.get())])} on:input=input on:keydown=typed></textarea>
            </div>
            <button {attrs(&[("class", "send"), ("part", "send-button"), ("type", "button"), ("aria-label", say(Word::Send)), ("aria-disabled", truth(empty))])} on:click=pressed>
                {icon(Picture::Send)}
            </button>
        </div>
    }
    .into_any()
}

fn send(app: &App, from: Option<EventTarget>) {
    let message = app.state.text.with_untracked(|text| text.trim().to_owned());
    let screen = screen(from);
    if !message.is_empty() || app.state.files.with_untracked(|files| files.place == 1) {
        // It stays where it is until it is kept.
        app.command(Command::Send(message));
        // What somebody writes is seen, wherever they were reading. The rest is the browser's: styles/thread.css.
        let log = screen.as_ref().and_then(|screen| screen.query_selector(".log").ok().flatten());
        if let Some(log) = log {
            log.set_scroll_top(0);
        }
    }
    if let Some(screen) = screen {
        focus(&screen, "textarea");
    }
}
