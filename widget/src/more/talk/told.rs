//! What is told of a conversation beside its messages: what happened to somebody's name or keys, and that a message was not sent.

use dm3_core::device::Notice;
use dm3_core::message::MessageHash;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::app::state::{Bubble, Delivery, State};
use crate::app::{App, Command, SettingsAsk};
use crate::more::focus::{focus_when_drawn, screen};
use crate::texts::{self, TalkWord, say};
use crate::view::attributes::attrs;
use crate::view::panel::note;
use crate::view::{OnClick, Part, part, when};

/// From what happened to the card of whom it happened to; other keys are compared there.
pub(super) fn way(app: &App, notice: &Notice) -> AnyView {
    let word = match notice {
        Notice::KeysChanged { .. } => TalkWord::Compare,
        Notice::NameMoved { .. } | Notice::NameGone { .. } => TalkWord::Details,
        // What there would be to compare is of the profile that came back.
        Notice::OldProfile { .. } => return ().into_any(),
    };
    let app = app.clone();
    let press: OnClick = Box::new(move |event: MouseEvent| {
        app.command(Command::settings(SettingsAsk::Card));
        if let Some(screen) = screen(event.target()).filter(|_| word == TalkWord::Compare) {
            focus_when_drawn(screen, ".group:has(.digits) h3", ".notice button, h2");
        }
    });
    view! { <button {attrs(&[("type", "button")])} on:click=press>{say(word)}</button> }.into_any()
}

/// Says that a message was not sent, once that is so. What failed before is read where it stands.
pub(super) fn failures(state: State) -> Part {
    let (mut under_way, mut words) = (Vec::<MessageHash>::new(), String::new());
    part(move || {
        state.thread.with(|thread| {
            let bubbles = || thread.iter().flat_map(|thread| thread.messages.iter().flatten());
            let is_under_way =
                |bubble: &&Bubble| matches!(bubble.delivery, Delivery::Waiting | Delivery::Sending);
            let has_failed = |bubble: &&Bubble| {
                matches!(bubble.delivery, Delivery::Failed(_)) && under_way.contains(&bubble.hash)
            };
            if let Some(failed) = bubbles().find(has_failed) {
                words = texts::delivery(&failed.delivery).unwrap_or_default();
            } else if bubbles().any(|bubble| is_under_way(&bubble)) {
                // The next one may fail for the same reason, and is told then.
                words.clear();
            }
            under_way = bubbles().filter(is_under_way).map(|bubble| bubble.hash.clone()).collect();
        });
        when(!words.is_empty(), || note("sr", "alert", words.clone())).into_any()
    })
}
