//! A report about somebody: what is in it, said before anybody has it, and the ways to take it along.

use dm3_core::device::Trust;
use dm3_core::session::Decision;
use leptos::ev::MouseEvent;
use leptos::prelude::*;

use super::sheet::sheet;
use crate::app::share::Report;
use crate::app::{Act, App, Command, ShareAsk};
use crate::more::clipboard::copy;
use crate::more::focus::{focus, screen};
use crate::texts::{ShareWord, TalkWord, report_explained, say};
use crate::view::attributes::{attrs, class};
use crate::view::names::display_name;
use crate::view::{OnClick, on_click, part};

/// What the file is called.
const NAME: &str = "dm3-report.json";
/// What has the focus when the sheet is left.
const AFTER: &str = "h2 .who";

/// What there is to know and to do.
pub(super) fn report(app: &App, made: Report) -> AnyView {
    let shown = app
        .state
        .thread
        .with_untracked(|thread| thread.as_ref().map(|thread| (thread.peer.clone(), thread.standing.trust)));
    let Some((peer, trust)) = shown else { return ().into_any() };
    let explained = report_explained(made.messages, &display_name(&peer));
    let save = made.url.map(|url| {
        view! {
            <a {attrs(&[("class", "button"), ("download", NAME), ("href", &url)])}>{say(ShareWord::Save)}</a>
        }
    });
    let copied = app.state.copied;
    let press = {
        let text = made.text;
        on_click(move || copy(text.to_string(), Box::new(move |done| copied.set(done))))
    };
    let label = part(move || say(if copied.get() { ShareWord::Copied } else { ShareWord::Copy }).into_any());
    let block = (trust != Trust::Blocked).then(|| {
        let app = app.clone();
        let block: OnClick = Box::new(move |event: MouseEvent| {
            app.command(Command::act(Act::Share(ShareAsk::Leave)));
            app.command(Command::Decide(peer.address, Decision::Block));
            // All of it goes.
            screen(event.target()).iter().for_each(|screen| focus(screen, AFTER));
        });
        view! {
            <button {attrs(&[("class", "button button-bad"), ("type", "button")])} on:click=block>
                {say(TalkWord::Block)}
            </button>
        }
    });
    let body = view! {
        <div {class("sheet-body")}>
            <p>{explained}</p>
            <p>{say(ShareWord::ReportWhom)}</p>
            <div {class("sheet-actions")}>
                {save}
                <button {attrs(&[("class", "button button-quiet"), ("type", "button")])} on:click=press>
                    <span {attrs(&[("aria-live", "polite")])}>{label}</span>
                </button>
                {block}
            </div>
        </div>
    };
    sheet(app, say(ShareWord::Report), ".sheet .button", AFTER.to_owned(), body.into_any())
}
