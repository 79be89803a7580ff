//! What these screens are made of, and those that come after them.

use leptos::ev::{MouseEvent, SubmitEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlFormElement, HtmlInputElement};

use crate::app::{App, Command, SettingsAsk};
use crate::more::focus::{element, focus};
use crate::texts::{SettingsWord, say};
use crate::view::attributes::{attrs, class};
use crate::view::panel::{back_button, header};
use crate::view::{OnClick, sends, truth};

/// A screen whose header leads back to where it was asked for.
pub(crate) fn screen(app: &App, title: SettingsWord, body: AnyView) -> AnyView {
    screen_of(app, say(title), body)
}

/// A header that leads back, and what is below it.
pub(crate) fn screen_of(app: &App, title: &'static str, body: AnyView) -> AnyView {
    let content = view! {
        {back_button(app)}
        <div {class("title")}>
            <h2 {attrs(&[("tabindex", "-1")])}>{title}</h2>
        </div>
    };
    view! {
        {header(app, "header", content.into_any())}
        <div {class("settings")}>{body}</div>
    }
    .into_any()
}

/// A group with a heading.
pub(crate) fn group(title: SettingsWord, body: AnyView) -> AnyView {
    group_of(say(title), body)
}

/// A group with a heading, which takes the focus when what had it is gone.
pub(crate) fn group_of(title: &'static str, body: AnyView) -> AnyView {
    view! {
        <section {class("group")}>
            <h3 {attrs(&[("tabindex", "-1")])}>{title}</h3>
            <div {class("group-card")}>{body}</div>
        </section>
    }
    .into_any()
}

/// A click that sends one command, by a button that goes with it: the heading of its group has the focus then.
pub(crate) fn sends_and_goes(app: &App, command: Command) -> OnClick {
    let app = app.clone();
    Box::new(move |event: MouseEvent| {
        let section = element(event.target()).and_then(|pressed| pressed.closest("section").ok().flatten());
        section.iter().for_each(|section| focus(section, "h3"));
        app.command(command.clone());
    })
}

/// What explains a group.
pub(crate) fn hint(word: SettingsWord) -> AnyView {
    hint_of(say(word).to_owned())
}

/// What explains a group, in words that were put together.
pub(crate) fn hint_of(words: String) -> AnyView {
    view! { <p {class("group-hint")}>{words}</p> }.into_any()
}

/// Why something was not done, or is not known.
pub(crate) fn failed(words: String) -> AnyView {
    view! { <p {attrs(&[("class", "group-hint setting-wrong"), ("role", "alert")])}>{words}</p> }.into_any()
}

/// Two lines: what it is, and what there is to know of it.
pub(crate) fn fact(title: String, words: String, classes: &str) -> AnyView {
    view! {
        <div {class("setting")}>
            <div {class("setting-body")}>
                <b {attrs(&[("dir", "auto")])}>{title}</b>
                <p {class(classes)}>{words}</p>
            </div>
        </div>
    }
    .into_any()
}

/// Something that is so or not.
pub(super) fn switch(
    app: &App,
    is_on: bool,
    turn: SettingsAsk,
    label: SettingsWord,
    help: SettingsWord,
) -> AnyView {
    view! {
        <button {attrs(&[("class", "setting switch"), ("type", "button"), ("role", "switch"), ("aria-checked", truth(is_on))])} on:click=sends(app, Command::settings(turn))>
            <span {class("setting-body")}>
                <b>{say(label)}</b>
                <span {class("setting-help")}>{say(help)}</span>
            </span>
            <span {class("switch-track")}></span>
        </button>
    }
    .into_any()
}

/// Attributes of a field.
pub(crate) type Attributes = &'static [(&'static str, &'static str)];

/// Of the address of a contract.
pub(crate) const ADDRESS: Attributes = &[
    ("autocomplete", "off"),
    ("spellcheck", "false"),
    ("maxlength", "60"),
    ("placeholder", "0x…"),
    ("dir", "ltr"),
];

/// A field, what stands behind it, and what is done with what was typed. Nothing is done twice, or with nothing.
pub(crate) fn form(
    app: &App,
    busy: bool,
    label: &str,
    field: &[(&'static str, &str)],
    behind: Option<String>,
    action: &'static str,
    ask: Box<dyn Fn(String) -> Command>,
) -> AnyView {
    let app = app.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let form = event.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
        let typed = form.and_then(|form| form.query_selector("input").ok().flatten());
        let typed = typed.and_then(|field| field.dyn_into::<HtmlInputElement>().ok());
        let typed = typed.map(|field| field.value()).unwrap_or_default();
        if !busy && !typed.trim().is_empty() {
            app.command(ask(typed));
        }
    };
    let mut attributes = vec![("class", "setting-field setting-field-wide"), ("aria-label", label)];
    attributes.extend_from_slice(field);
    let behind = behind
        .map(|words| view! { <span {attrs(&[("class", "setting-behind"), ("dir", "ltr")])}>{words}</span> });
    view! {
        <form {attrs(&[("class", "setting"), ("novalidate", "novalidate")])} on:submit=submit>
            <span {attrs(&[("class", "setting-label"), ("aria-hidden", "true")])}>{label.to_owned()}</span>
            <span {attrs(&[("class", "setting-body setting-typed"), ("dir", "ltr")])}>
                <input {attrs(&attributes)} />
                {behind}
            </span>
            <button {attrs(&[("class", "setting-act"), ("type", "submit"), ("aria-disabled", truth(busy))])}>{action}</button>
        </form>
    }
    .into_any()
}
