//! What the composer is for: a new message, an answer, or an edit.

use dm3_core::delivery::Verdict;
use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::*;

use crate::app::state::{Bubble, BubbleContent, Composing};
use crate::app::{App, Command};
use crate::more::focus::{focus, screen};
use crate::texts::{TalkWord, quoted, say};
use crate::view::OnClick;
use crate::view::attention::{ABOVE, payments};
use crate::view::attributes::attrs;
use crate::view::icons::{Picture, icon};
use crate::view::stake::{DEMANDS, at_stake};

/// Escape ends an answer or an edit; an arrow in an empty field edits what was written last.
pub(super) fn typed(app: &App, event: &KeyboardEvent) {
    let is_new = app.state.composing.with_untracked(|composing| *composing == Composing::New);
    match event.key().as_str() {
        "Escape" if !is_new => {
            // The panel's own Escape would close the whole chat.
            event.prevent_default();
            stop_composing(app);
        }
        "ArrowUp" if is_new && app.state.text.with_untracked(String::is_empty) => {
            let last = app.state.thread.with_untracked(|thread| {
                // Of what is not shown nothing is edited.
                let bubbles = thread.as_ref().filter(|thread| !thread.newer)?.messages.as_ref()?;
                bubbles.iter().rev().find(|bubble| bubble.own && is_text(bubble)).cloned()
            });
            if let Some(last) = last {
                event.prevent_default();
                edit(app, &last);
            }
        }
        _ => {}
    }
}

fn is_text(bubble: &Bubble) -> bool {
    matches!(bubble.content, BubbleContent::Text { .. })
}

pub(super) fn edit(app: &App, bubble: &Bubble) {
    let BubbleContent::Text { text, .. } = &bubble.content else { return };
    let before = match app.state.composing.get_untracked() {
        Composing::Edit { before, .. } => before,
        Composing::New | Composing::Reply(_) => app.state.text.get_untracked(),
    };
    app.state.text.set(text.clone());
    compose(app, Composing::Edit { version: bubble.version.clone(), before });
}

pub(super) fn answer(app: &App, bubble: &Bubble) {
    stop_edit(app);
    compose(app, bubble.quote().map_or(Composing::New, Composing::Reply));
}

pub(super) fn stop_composing(app: &App) {
    stop_edit(app);
    compose(app, Composing::New);
}

fn stop_edit(app: &App) {
    if let Composing::Edit { before, .. } = app.state.composing.get_untracked() {
        app.state.text.set(before);
    }
}

/// What the composer is for is kept with what stands in it.
fn compose(app: &App, composing: Composing) {
    app.state.composing.set(composing);
    app.command(Command::Typed(app.state.text.get_untracked()));
}

/// What the peer demands of those who write, as far as the account may not meet it; payments for answers; and what the
/// composer is for.
pub(super) fn composing(app: &App) -> AnyView {
    view! { {demands(app)} {payments(app, ABOVE)} {purpose(app)} }.into_any()
}

fn demands(app: &App) -> Option<AnyView> {
    let is_unmet = app.state.thread.with(|thread| {
        let demands = thread.as_ref().map(|thread| thread.demands.as_slice()).unwrap_or_default();
        demands.iter().any(|demand| demand.verdict != Verdict::Met)
    });
    if is_unmet { at_stake(app, DEMANDS) } else { None }
}

/// What the composer is for, with a way back.
fn purpose(app: &App) -> AnyView {
    let (words, text) = match app.state.composing.get() {
        Composing::New => return ().into_any(),
        Composing::Reply(quote) => {
            let whom = if quote.own { TalkWord::AnswerToYou } else { TalkWord::AnswerTo };
            (whom, quoted(&quote.shown))
        }
        Composing::Edit { .. } => (TalkWord::Editing, String::new()),
    };
    let stop = {
        let app = app.clone();
        let stop: OnClick = Box::new(move |event: MouseEvent| {
            let screen = screen(event.target());
            stop_composing(&app);
            // The button goes.
            screen.iter().for_each(|screen| focus(screen, ".composer textarea"));
        });
        stop
    };
    view! {
        <div {attrs(&[("class", "composing"), ("role", "status")])}>
            <div>
                <b>{say(words)}</b>
                <span {attrs(&[("dir", "auto")])}>{text}</span>
            </div>
            <button {attrs(&[("class", "icon-button"), ("type", "button"), ("aria-label", say(TalkWord::Stop))])} on:click=stop>
                {icon(Picture::Close)}
            </button>
        </div>
    }
    .into_any()
}
