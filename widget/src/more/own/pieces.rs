//! What this screen is made of.

use leptos::prelude::*;

use crate::app::{Command, OwnAsk, SettingsAsk};
use crate::more::settings::pieces::{Attributes, group_of, hint_of};
use crate::texts::{OwnWord, say};

/// A group with a heading.
pub(super) fn group(title: OwnWord, body: AnyView) -> AnyView {
    group_of(say(title), body)
}

/// What explains a group.
pub(super) fn hint(word: OwnWord) -> AnyView {
    hint_of(say(word).to_owned())
}

/// A field for an ENS name.
pub(super) const ENS_NAME: Attributes = &[
    ("autocapitalize", "none"),
    ("autocomplete", "off"),
    ("spellcheck", "false"),
    ("maxlength", "253"),
    ("placeholder", "….eth"),
    ("dir", "ltr"),
];

/// What is asked for.
pub(super) fn ask(ask: OwnAsk) -> Command {
    Command::settings(SettingsAsk::Own(ask))
}
