//! What is to be sent with a message, above the composer.

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use super::received::image;
use super::viewer::viewer;
use crate::app::files::{Attached, Files, Refused, Room};
use crate::app::state::Composing;
use crate::app::{App, Command, FilesAsk, OwnAsk, SettingsAsk};
use crate::more::focus::{focus_later, screen};
use crate::texts::{
    FilesWord, file_in_words, file_size, make_smaller, not_attached, remove_file, say, sending_file,
    too_large_by,
};
use crate::view::attributes::{attrs, class};
use crate::view::form::link;
use crate::view::icons::{Picture, icon};
use crate::view::panel::note;
use crate::view::{OnClick, sends, when};

/// What is attached, whether it can be sent, and what is to be done about it; and the picture that is shown large.
pub(super) fn strip(app: &App) -> AnyView {
    let edits = app.state.composing.with(|it| matches!(it, Composing::Edit { .. }));
    let (attached, room, sending) =
        Files::with(app.state, |files| (files.attached.clone(), files.room, files.sending));
    let (refused, hovering) = Files::with(app.state, |files| (files.refused, files.hovering));
    let list = when(!edits && !attached.is_empty(), || {
        let each = attached.iter().map(|attached| one(app, attached)).collect::<Vec<_>>();
        view! {
            <ul {attrs(&[("class", "strip"), ("aria-label", say(FilesWord::Attached))])}>{each}</ul>
            {match sending {
                Some(percent) => Some(sending_view(app, percent)),
                None => room_view(app, room),
            }}
        }
        .into_any()
    });
    let refused = refused.filter(|_| !edits);
    let refused = refused.map(|why| {
        // Your account shows how much there is, and what would give more.
        let show = Command::settings(SettingsAsk::Own(OwnAsk::Show));
        let more = (why == Refused::NoRoom).then(|| link(say(FilesWord::Room), sends(app, show)));
        view! { {note("error error-inset", "alert", not_attached(why).to_owned())} {more} }
    });
    let hovering = when(hovering, || {
        view! { <div {class("dropping")}>{icon(Picture::Clip)}<b>{say(FilesWord::Drop)}</b></div> }.into_any()
    });
    view! { {list} {refused} {hovering} {viewer(app)} }.into_any()
}

fn one(app: &App, attached: &Attached) -> AnyView {
    let number = attached.number;
    let remove = asks(app, FilesAsk::Remove(number));
    let (words, url, tells) = match &attached.ready {
        Some(ready) => (file_size(ready.bytes.bytes().len()), ready.url.clone(), ready.tells),
        None => (say(FilesWord::Preparing).to_owned(), None, false),
    };
    let sign = match url {
        Some(url) => image("file-sign", &url, "", None, Box::new(|_| ())),
        None => view! { <span {class("file-sign")}>{icon(Picture::Clip)}</span> }.into_any(),
    };
    let tells =
        when(tells, || view! { <span {class("file-tells")}>{say(FilesWord::Tells)}</span> }.into_any());
    view! {
        <li {class("file")}>
            {sign}
            <span {class("file-body")}>
                <b {attrs(&[("title", &attached.name)])}><bdi>{attached.name.clone()}</bdi></b>
                <span {attrs(&[("role", if attached.ready.is_none() { "status" } else { "" })])}>{words}</span>
                {tells}
            </span>
            <button {attrs(&[("class", "icon-button"), ("type", "button"), ("aria-label", &remove_file(&attached.name))])} on:click=remove>
                {icon(Picture::Close)}
            </button>
        </li>
    }
    .into_any()
}

/// Asks for something by a button that goes with it: it goes on in the field.
fn asks(app: &App, ask: FilesAsk) -> OnClick {
    let (app, command) = (app.clone(), Command::files(ask));
    Box::new(move |event: MouseEvent| {
        app.command(command.clone());
        if let Some(screen) = screen(event.target()) {
            focus_later(screen, "textarea");
        }
    })
}

/// How far it is on its way to the node.
fn sending_view(app: &App, percent: u8) -> AnyView {
    view! {
        <div {attrs(&[("class", "strip-note strip-lacks"), ("role", "status")])}>
            <span>{sending_file(percent)}</span>
            <button {attrs(&[("type", "button")])} on:click=asks(app, FilesAsk::Stop)>
                {say(FilesWord::Stop)}
            </button>
        </div>
    }
    .into_any()
}

fn room_view(app: &App, room: Room) -> Option<AnyView> {
    match room {
        Room::Enough => None,
        Room::Weighing => Some(note("strip-note", "status", say(FilesWord::Weighing).to_owned())),
        Room::Lacking { by, smaller, node } => {
            let shrink = smaller.map(|bytes| {
                view! {
                    <button {attrs(&[("type", "button")])} on:click=asks(app, FilesAsk::Shrink)>
                        {make_smaller(bytes)}
                    </button>
                }
            });
            let through = node.then(|| {
                view! {
                    <button {attrs(&[("type", "button")])} on:click=asks(app, FilesAsk::ThroughNode(file_in_words()))>
                        {say(FilesWord::ThroughNode)}
                    </button>
                }
            });
            let view = view! {
                <div {attrs(&[("class", "strip-note strip-lacks"), ("role", "alert")])}>
                    <span>{too_large_by(by)}</span>
                    {shrink}
                    {through}
                </div>
            };
            Some(view.into_any())
        }
    }
}
