//! What a conversation is about. Nothing of it is loaded, whatever it names.

use dm3_core::device::Trust;
use dm3_core::message::{Context, Subject};
use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::app::state::State;
use crate::app::{Act, App, Command, ShareAsk};
use crate::more::focus::{focus, place_to_write, screen};
use crate::texts::{ShareWord, say, share_token, short_address};
use crate::view::OnClick;
use crate::view::attributes::{attrs, class};
use crate::view::icons::{Picture, icon};

/// What it is about: what it is called, and where it is.
pub(super) fn card(app: &App, about: &Context) -> AnyView {
    let line = about.line();
    if line.is_empty() {
        return ().into_any();
    }
    let title = title(about);
    let place = match about.subject() {
        // Nothing of a stranger leads anywhere.
        Subject::Page(link) if is_welcome(app.state) => {
            let leads = view! {
                <a {attrs(&[("href", link.address()), ("target", "_blank"), ("rel", "noopener noreferrer nofollow ugc")])}>
                    {link.address().to_owned()}
                </a>
            };
            Some(leads.into_any())
        }
        Subject::Page(_) | Subject::Token { .. } => Some(line.into_any()),
        Subject::Words => None,
    };
    let place = place
        .map(|place| view! { <span {attrs(&[("class", "about-place"), ("dir", "ltr")])}>{place}</span> });
    view! {
        <div {attrs(&[("class", "about"), ("role", "group"), ("aria-label", say(ShareWord::About))])}>
            <span {class("about-label")}>{say(ShareWord::About)}</span>
            <bdi {class("about-title")}>{title}</bdi>
            {place}
        </div>
    }
    .into_any()
}

/// The same at the top of a conversation that is not begun yet.
pub(super) fn top(app: &App) -> AnyView {
    let card = pending_about(app.state).map(|about| card(app, &about));
    view! { <div {class("about-top")}>{card}</div> }.into_any()
}

/// That it goes along with what is sent next, with a way to leave it out.
pub(super) fn pending(app: &App) -> AnyView {
    let Some(about) = pending_about(app.state).filter(|_| is_welcome(app.state)) else {
        return ().into_any();
    };
    let leave: OnClick = {
        let app = app.clone();
        Box::new(move |event: MouseEvent| {
            app.command(Command::act(Act::Share(ShareAsk::LeaveOut)));
            // The button goes.
            screen(event.target()).iter().for_each(|screen| focus(screen, place_to_write()));
        })
    };
    view! {
        <div {attrs(&[("class", "composing about-pending"), ("role", "note")])}>
            <div>
                <b>{say(ShareWord::Pending)}</b>
                <span {attrs(&[("dir", "auto")])}>{title(&about)}</span>
            </div>
            <button {attrs(&[("class", "icon-button"), ("type", "button"), ("aria-label", say(ShareWord::LeaveOut)), ("title", say(ShareWord::LeaveOut))])} on:click=leave>
                {icon(Picture::Close)}
            </button>
        </div>
    }
    .into_any()
}

fn pending_about(state: State) -> Option<Context> {
    state.thread.with(|thread| thread.as_ref()?.about.clone())
}

fn is_welcome(state: State) -> bool {
    state.thread.with(|thread| thread.as_ref().is_some_and(|it| it.standing.trust == Trust::Accepted))
}

/// What it is called.
fn title(about: &Context) -> String {
    match about.subject() {
        Subject::Page(link) => link.place().to_owned(),
        Subject::Token { contract, number } => share_token(&short_address(contract), &number),
        Subject::Words => about.line(),
    }
}
