//! What both screens are made of.

use leptos::prelude::*;

use crate::app::{App, Command, SettingsAsk};
use crate::texts::{SettingsWord, Word, say};
use crate::view::attributes::{attrs, class};
use crate::view::icons::{Picture, icon};
use crate::view::panel::header;
use crate::view::{sends, truth};

/// A header that leads back, and what is below it.
pub(super) fn screen(app: &App, title: SettingsWord, body: AnyView) -> AnyView {
    let content = view! {
        <button {attrs(&[("class", "icon-button back"), ("type", "button"), ("aria-label", say(Word::Back))])} on:click=sends(app, Command::Settings(SettingsAsk::Leave))>
            {icon(Picture::Back)}
        </button>
        <div {class("title")}>
            <h2 {attrs(&[("tabindex", "-1")])}>{say(title)}</h2>
        </div>
    };
    view! {
        {header(app, "header", content.into_any())}
        <div {class("settings")}>{body}</div>
    }
    .into_any()
}

/// A group with a heading, which takes the focus when what had it is gone.
pub(super) fn group(title: SettingsWord, body: AnyView) -> AnyView {
    view! {
        <section {class("group")}>
            <h3 {attrs(&[("tabindex", "-1")])}>{say(title)}</h3>
            <div {class("group-card")}>{body}</div>
        </section>
    }
    .into_any()
}

/// What explains a group.
pub(super) fn hint(word: SettingsWord) -> AnyView {
    view! { <p {class("group-hint")}>{say(word)}</p> }.into_any()
}

/// Why something was not done, or is not known.
pub(super) fn failed(words: String) -> AnyView {
    view! { <p {attrs(&[("class", "group-hint setting-wrong"), ("role", "alert")])}>{words}</p> }.into_any()
}

/// Two lines: what it is, and what there is to know of it.
pub(super) fn fact(title: String, words: String, classes: &str) -> AnyView {
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
        <button {attrs(&[("class", "setting switch"), ("type", "button"), ("role", "switch"), ("aria-checked", truth(is_on))])} on:click=sends(app, Command::Settings(turn))>
            <span {class("setting-body")}>
                <b>{say(label)}</b>
                <span {class("setting-help")}>{say(help)}</span>
            </span>
            <span {class("switch-track")}></span>
        </button>
    }
    .into_any()
}
