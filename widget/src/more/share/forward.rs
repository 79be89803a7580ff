//! To whom a message is forwarded.

use dm3_core::device::Trust;
use dm3_core::message::MessageHash;
use leptos::ev::{Event, KeyboardEvent};
use leptos::prelude::*;

use super::sheet::sheet;
use crate::app::fault::Fault;
use crate::app::state::{BubbleContent, ConversationRow, State};
use crate::app::{Act, App, Command, ShareAsk};
use crate::texts::{self, ShareWord, say};
use crate::view::attributes::{attrs, class};
use crate::view::panel::note;
use crate::view::person::{person_avatar, person_name};
use crate::view::{OnInput, OnKey, is_input_method, part, sends};

/// How many are listed; who is looked for is found among all.
const MAX_LISTED: usize = 40;

/// The conversations to choose from.
pub(super) fn forward(app: &App, of: &MessageHash, fault: Option<&Fault>) -> AnyView {
    let state = app.state;
    let Some(text) = forwarded(state, of) else { return ().into_any() };
    let query = state.seeking;
    let entered: OnInput = Box::new(move |event: Event| query.set(event_target_value(&event)));
    let pressed: OnKey = {
        let (app, text) = (app.clone(), text.clone());
        Box::new(move |event: KeyboardEvent| {
            if event.key() == "Enter" && !is_input_method(&event) {
                event.prevent_default();
                let first = matching(state, &query.get_untracked()).into_iter().next();
                // Nobody is chosen who was not looked for.
                if let Some(first) = first.filter(|_| !query.get_untracked().trim().is_empty()) {
                    app.command(to(&first, &text));
                }
            }
        })
    };
    let rows = {
        let app = app.clone();
        part(move || {
            let found = matching(state, &query.get());
            if found.is_empty() {
                return note("status", "status", say(ShareWord::Nobody).to_owned());
            }
            let row = |row: &ConversationRow| {
                view! {
                    <li>
                        <button {attrs(&[("class", "row"), ("type", "button")])} on:click=sends(&app, to(row, &text))>
                            {person_avatar(&row.peer, true)}
                            <span {class("row-body")}>
                                <span {class("row-top")}>{person_name(&row.peer)}</span>
                            </span>
                        </button>
                    </li>
                }
            };
            view! { <ul {class("sheet-list")}>{found.iter().map(row).collect::<Vec<_>>()}</ul> }.into_any()
        })
    };
    let fault = fault.map(|fault| note("error error-inset", "alert", texts::fault(fault)));
    let label = say(ShareWord::Find);
    let body = view! {
        <input {attrs(&[("class", "sheet-field"), ("type", "search"), ("placeholder", label), ("aria-label", label), ("autocomplete", "off"), ("spellcheck", "false"), ("maxlength", "300")])} on:input=entered on:keydown=pressed />
        {fault}
        {rows}
    };
    let after = format!("[data-of=\"{of}\"]");
    sheet(app, say(ShareWord::ForwardTo), ".sheet-field", after, body.into_any())
}

fn to(row: &ConversationRow, text: &str) -> Command {
    Command::act(Act::Share(ShareAsk::To { peer: row.peer.address, text: text.to_owned() }))
}

/// As every client shows it: words that say what it is, and the message as a quotation.
fn forwarded(state: State, of: &MessageHash) -> Option<String> {
    state.thread.with_untracked(|thread| {
        let mut bubbles = thread.as_ref()?.messages.as_ref()?.iter();
        let BubbleContent::Text { text, .. } = &bubbles.find(|bubble| bubble.hash == *of)?.content else {
            return None;
        };
        let lines = text.split('\n').flat_map(|line| ["\n> ", line]);
        Some([say(ShareWord::Forwarded)].into_iter().chain(lines).collect())
    })
}

/// Those who are welcome and meant by what was typed.
fn matching(state: State, typed: &str) -> Vec<ConversationRow> {
    let wanted = typed.trim().to_ascii_lowercase();
    let is_meant = |row: &&ConversationRow| {
        let name = row.peer.name.as_ref();
        row.standing.trust == Trust::Accepted
            && (wanted.is_empty()
                || name.is_some_and(|name| name.to_ascii_lowercase().contains(&wanted))
                || row.peer.address.to_lower_hex().contains(&wanted))
    };
    state
        .conversations
        .with(|rows| rows.iter().flatten().filter(is_meant).take(MAX_LISTED).cloned().collect())
}
